"""Energy against volume of crystals: their bulk moduli. The smallest study, and the pattern for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ...calculators.relaxation.relax import RelaxationSettings
from ...errors import InputError
from ...thermodynamics.vibrations.quasi_harmonic import MIN_VOLUMES, fit_vinet
from ..database.candidates import Candidate
from ..database.rows import atoms_of
from .base import Step, Study, numbered, step
from .phase_names import check_names_of_job
from .settings import StudySettings, one_or_more

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...reports.equation_of_state import EquationOfState
    from ...reports.sections import ReportSection
    from ..spec import WorkflowSpec


class EquationOfStateSettings(StudySettings):
    """Crystals compressed and stretched alike in all directions, with their atoms relaxed.

    Attributes
    ----------
    phases
        ``stable`` (all phases on the hulls of the job), or names or formulas of its structures.
    max_strain
        Largest relative change of a length.
    n_volumes
        How many, evenly spaced in length.
    fmax
        Of the relaxation at each volume, eV/Å.
    """

    phases: Annotated[Literal["stable"] | Annotated[tuple[str, ...], Field(min_length=1)], one_or_more("stable")] = (
        "stable"
    )
    max_strain: Annotated[float, Field(ge=1e-3, le=0.1)] = 0.02
    n_volumes: Annotated[int, Field(ge=MIN_VOLUMES, le=51)] = 7
    fmax: Annotated[float, Field(gt=0, le=0.1)] = 0.01

    def identity(self) -> Any:
        """Return all but whose volumes they are."""
        return self.model_dump(mode="json", exclude={"phases"})

    def relaxation(self) -> RelaxationSettings:
        """Return how atoms are relaxed at each volume."""
        return RelaxationSettings(fmax=self.fmax, relax_cell=False)

    def check(self, spec: WorkflowSpec) -> None:
        """Refuse energies in cells that are not relaxed, which have their minimum elsewhere, and unknown names.

        Raises
        ------
        InputError
            ``relaxation.relax_cell`` is off, or the job has no structure of a name.
        """
        if not spec.relaxation.relax_cell:
            raise InputError("equation_of_state: it starts from relaxed cells; set relaxation.relax_cell")
        if self.phases != "stable":
            check_names_of_job(spec, self.phases, "equation_of_state.phases")


class Role(StrEnum):
    """What a row of the study is."""

    VOLUME = "volume"


@dataclass(frozen=True)
class EquationsOfState:
    """What was found, and which crystals have none and why."""

    found: list[EquationOfState]
    problems: list[str]


class EquationOfStateStudy(Study[EquationOfStateSettings, EquationsOfState]):
    """Bulk moduli of the crystals of a job."""

    name: ClassVar = "equation of state"
    section: ClassVar = "equation_of_state"
    settings_class: ClassVar = EquationOfStateSettings

    @cached_property
    def phases(self) -> list[AtomsRow]:
        """The relaxed crystals that are asked for."""
        if self.settings.phases == "stable":
            names = [phase.name for hull in self.job.hulls for phase in hull.stable]
        else:
            names = list(self.settings.phases)
        found = [row for name in names if (row := self.job.crystal(name)) is not None]
        return list({row.fingerprint: row for row in found}.values())  # a name and its formula are one crystal

    def plan(self) -> Sequence[Step]:
        """Return a step for each crystal of which a volume is missing."""
        count = self.settings.n_volumes
        return [
            Step("compress", f"volumes of {row.name}", numbered(row.name, count), {"key": row.fingerprint})
            for row in self.phases
            if len(self.stored(self._volumes(row))) < count
        ]

    @step
    def compress(self, key: str) -> None:
        """Relax the atoms of one crystal at each volume."""
        for candidate in self._volumes(self.database.get(key)):
            self.calculations().relax(candidate)

    def computed(self) -> list[AtomsRow]:
        """Return the volumes of this job's crystals."""
        return [one for row in self.phases for one in self.stored(self._volumes(row))]

    def results(self) -> EquationsOfState:
        """Return the equation of state of each crystal."""
        from ...reports.equation_of_state import EquationOfState

        found, problems = [], []
        for row in self.phases:
            good = [one for one in self.stored(self._volumes(row)) if one.converged]
            volumes = tuple(float(one.volume_per_atom) for one in good)
            energies = tuple(float(one.energy_per_atom) for one in good)
            try:
                fit = fit_vinet(volumes, energies)
            except InputError as error:
                problems.append(f"{row.name}: {error}")
            else:
                found.append(EquationOfState(row.name, row.reduced_formula, self.potential, volumes, energies, fit))
        return EquationsOfState(found, problems)

    def sections(self, results: EquationsOfState) -> Sequence[ReportSection]:
        """Return the table of bulk moduli, with a picture."""
        from ...reports.equation_of_state import equation_of_state_section

        return [equation_of_state_section(results.found, warnings=results.problems)]

    def _volumes(self, row: AtomsRow) -> list[Candidate]:
        """The crystal at each volume."""
        made = []
        for strain in np.linspace(-self.settings.max_strain, self.settings.max_strain, self.settings.n_volumes):
            atoms = atoms_of(row)
            atoms.set_cell(atoms.cell * (1.0 + strain), scale_atoms=True)
            labels: dict[str, str | int] = {"study": self.key, "role": Role.VOLUME.value, "substrate": row.name}
            title = f"{row.name}, lengths {100 * strain:+.2f} %"
            made.append(Candidate(title, "solid", atoms, f"the relaxed {row.name}, strained", labels=labels))
        return made
