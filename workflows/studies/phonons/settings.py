"""The ``phonons`` section of a workflow input: whose vibrations, how exactly, and at which temperatures."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ....calculators.phonons.finite_displacements import PhononSettings
from ....calculators.potentials.names import get_potential
from ....calculators.relaxation.relax import RelaxationSettings
from ....errors import InputError
from ..phase_names import check_names_of_job
from ..settings import PotentialField, StudySettings, one_or_more

if TYPE_CHECKING:
    from ....thermodynamics.hulls.finite_temperature import HullTreatment
    from ...spec import WorkflowSpec

DEFAULT_TEMPERATURES_K = (0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 298.15, 350.0, 400.0)
DEFAULT_TREATMENT: HullTreatment = "absolute"


def _ascending(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(set(values)))


class Role(StrEnum):
    """What a row of a phonon study is."""

    CRYSTAL = "crystal"
    PHONONS = "phonons"
    QUASI_HARMONIC = "quasi-harmonic"


class PhononStudySettings(StudySettings):
    """Phonons of crystals, and the hulls of their free energies.

    Attributes
    ----------
    phases
        ``stable``: all phases on the hulls of the job, and those of the phase library up to ``max_e_above_hull`` above;
        or a list of names or formulas of structures of the job (a formula stands for the lowest structure), to which
        the elements are added that their hull needs.
    max_e_above_hull
        eV/atom; a phase this far above the hull may come onto it at some temperature.
    min_length
        Smallest distance between an atom and its image in the supercell, Å.
    displacement
        How far atoms are displaced, Å.
    fmax, max_steps
        Of the relaxation before; eV/Å.
    temperatures_K
        Of the hulls; the order does not matter.
    imaginary
        What the hulls make of phases with imaginary modes: ``absolute`` frequencies, ``skip`` the modes, ``leave_out``
        the phases, or ``refuse``.
    quasi_harmonic
        Whether phonons at seven volumes give the thermal expansion too.
    potential
        Another one than that of the job.
    """

    phases: Annotated[Literal["stable"] | tuple[str, ...], one_or_more("stable")] = "stable"
    max_e_above_hull: Annotated[float, Field(ge=0, le=1)] = 0.03
    min_length: Annotated[float, Field(gt=0, le=60)] = 11.0
    displacement: Annotated[float, Field(gt=0, le=0.2)] = 0.01
    fmax: Annotated[float, Field(gt=0, le=0.05)] = 0.005
    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 1000
    temperatures_K: Annotated[
        tuple[Annotated[float, Field(ge=0, le=5000)], ...], Field(min_length=1), AfterValidator(_ascending)
    ] = DEFAULT_TEMPERATURES_K
    imaginary: Literal["refuse", "skip", "absolute", "leave_out"] = DEFAULT_TREATMENT
    quasi_harmonic: bool = False
    potential: PotentialField | None = None

    @model_validator(mode="after")
    def _enough(self) -> PhononStudySettings:
        if not self.phases:
            raise ValueError("phases: give at least one name, or leave it out for the stable phases")
        if self.quasi_harmonic and len(self.temperatures_K) < 2:
            raise ValueError("quasi_harmonic: thermal expansion needs at least two temperatures_K")
        return self

    def identity(self) -> Any:
        """Return how phonons are computed, and of crystals relaxed how."""
        return [self.settings().as_dict(), self.relaxation().as_dict()]

    def relaxation(self) -> RelaxationSettings:
        """Return how crystals are relaxed before: tightly, with their symmetry kept."""
        return RelaxationSettings(fmax=self.fmax, max_steps=self.max_steps, keep_symmetry=True)

    def settings(self) -> PhononSettings:
        """Return how phonons are computed."""
        return PhononSettings(min_supercell_length=self.min_length, displacement=self.displacement)

    def potential_of(self, spec: WorkflowSpec) -> str:
        """Return the potential of the phonons: the section's own, or that of the job."""
        return self.potential or spec.potential

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse what the fields alone cannot tell.

        Raises
        ------
        InputError
            The potential does not cover an element or is not installed, cells are not relaxed, or the job has no
            structure of a name.
        """
        if not spec.relaxation.relax_cell:
            raise InputError("phonons: they belong to relaxed cells; set relaxation.relax_cell")
        if self.potential is not None:
            potential = get_potential(self.potential)
            potential.check_elements(spec.elements)
            potential.check_available()
        if self.phases != "stable":
            check_names_of_job(spec, self.phases, "phonons.phases")
