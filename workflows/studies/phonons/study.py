"""Phonons of the phases of a job, by need: a tight relaxation, the phonons, and on request those at several volumes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ase.calculators.singlepoint import SinglePointCalculator

from ....calculators.phonons.finite_displacements import PhononError, run_phonons
from ....calculators.phonons.supercell import idealised_primitive
from ....calculators.phonons.volumes import VolumePoint, phonons_at_volumes
from ....calculators.potentials.names import get_potential
from ....calculators.relaxation.results import RelaxationError, RelaxationResult
from ....errors import InputError
from ....structures.symmetry_tolerances import relaxed_symprec
from ...database.candidates import Candidate
from ...database.fingerprint import fingerprint
from ...database.rows import atoms_of
from ..base import Step, Study, step
from .phases import phonon_phases
from .settings import PhononStudySettings, Role

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ....reports.phonons.model import ThermalSystem
    from ....reports.sections import ReportSection

# Of frequencies (THz) and force constants (eV/Å^2) in the database: exact to 1e-7 eV in a free energy.
_DECIMALS = 6


class PhononStudy(Study[PhononStudySettings, "list[ThermalSystem]"]):
    """The phonons of the phases of a job, with one potential.

    They are kept out of the hulls of the database (their rows are of kind ``solid``); ``substrate`` is the name of the
    phase.
    """

    name: ClassVar = "phonons"
    section: ClassVar = "phonons"
    settings_class: ClassVar = PhononStudySettings

    @property
    def potential(self) -> str:
        """Name of the potential: the section's own, or that of the job."""
        return self.settings.potential_of(self.job.spec)

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """Roles of the rows that a phase ends up with."""
        return tuple(Role) if self.settings.quasi_harmonic else (Role.CRYSTAL, Role.PHONONS)

    @cached_property
    def phases(self) -> dict[str, AtomsRow]:
        """The relaxed phases of the job whose phonons are asked for, by name."""
        return phonon_phases(self.job, self.settings)

    def plan(self) -> Sequence[Step]:
        """Return a step for each phase whose phonons are not in the database yet."""
        return [
            Step(
                method="compute",
                title=f"phonons of {row.name}",
                results=[f"{row.name}, {role}" for role in self.roles],
                arguments={"key": row.fingerprint},
            )
            for row in self.phases.values()
            if not self.is_complete(row)
        ]

    @step
    def compute(self, key: str) -> None:
        """Relax one phase tightly and compute its phonons; failures are stored too.

        Raises
        ------
        InputError
            The relaxation of the job with the fingerprint ``key`` is gone.
        """
        row = self.database.get(key)
        crystal = self.calculations().relax(self._crystal(row), relax_cell=True)
        if not crystal.converged:
            return
        self._find_or(self._result(row, crystal, Role.PHONONS), crystal, self._phonons)
        if self.settings.quasi_harmonic:
            self._find_or(self._result(row, crystal, Role.QUASI_HARMONIC), crystal, self._volumes)

    def find(self, row: AtomsRow) -> dict[str, AtomsRow]:
        """Return what the database has for the phase of a relaxed row, by role."""
        potential = get_potential(self.potential)
        crystal = self.calculations().find(self._crystal(row), relax_cell=True)
        if crystal is None:
            return {}
        found: dict[str, AtomsRow] = {Role.CRYSTAL: crystal}
        if crystal.converged:
            for role in (Role.PHONONS, Role.QUASI_HARMONIC):
                result = self._result(row, crystal, role)
                stored = self.database.find(fingerprint(result.atoms, potential, None, result.labels))
                if stored is not None:
                    found[role] = stored
        return found

    def is_complete(self, row: AtomsRow) -> bool:
        """Whether nothing is left to compute for the phase."""
        found = self.find(row)
        if Role.CRYSTAL not in found:
            return False
        return not found[Role.CRYSTAL].converged or set(self.roles) <= found.keys()

    def computed(self) -> list[AtomsRow]:
        """Return what there is of the phases of this job, with these settings."""
        return [row for phase in self.phases.values() for row in self.find(phase).values()]

    def results(self) -> list[ThermalSystem]:
        """Return each system of the job that has a compound among the phases, at the temperatures asked for."""
        from .analysis import thermal_systems

        return thermal_systems(self)

    def sections(self, results: list[ThermalSystem]) -> Sequence[ReportSection]:
        """Return dynamical stability, and the hulls at a temperature."""
        from ....reports.phonons.section import finite_temperature_sections

        return finite_temperature_sections(results)

    def _crystal(self, row: AtomsRow) -> Candidate:
        """The relaxed phase, its atoms moved to the sites of its space group, as the start of a tighter relaxation."""
        return Candidate(
            name=f"{row.name}, relaxed for phonons",
            kind="solid",
            atoms=idealised_primitive(atoms_of(row), relaxed_symprec(atoms_of(row))),
            source=_source(row),
            # Whatever phonons are computed of it, the relaxed crystal is the same.
            labels={"study": self.name, "role": Role.CRYSTAL.value, "substrate": row.name},
        )

    def _result(self, row: AtomsRow, crystal: AtomsRow, role: Role) -> Candidate:
        return Candidate(
            name=f"{row.name}, {role}",
            kind="solid",
            atoms=atoms_of(crystal),
            source=_source(row),
            labels={"study": self.key, "role": role.value, "substrate": row.name},
        )

    def _find_or(self, candidate: Candidate, crystal: AtomsRow, compute: Callable[[Atoms], dict[str, Any]]) -> None:
        potential = get_potential(self.potential)
        if self.database.find(fingerprint(candidate.atoms, potential, None, candidate.labels)) is not None:
            return
        outcome: RelaxationResult | RelaxationError
        data: dict[str, Any] = {}
        start = time.perf_counter()
        try:
            data = compute(candidate.atoms)
        except (PhononError, RelaxationError, InputError) as error:
            outcome = RelaxationError(str(error), candidate.atoms)
        else:
            atoms = candidate.atoms.copy()
            atoms.calc = SinglePointCalculator(atoms, energy=crystal.energy)
            seconds = time.perf_counter() - start
            outcome = RelaxationResult(atoms, crystal.energy, float("nan"), 0, 0, seconds)
        self.database.add(candidate, outcome, potential, None, more_data=data)

    def _phonons(self, atoms: Atoms) -> dict[str, Any]:
        settings = self.settings.settings()
        phonons = run_phonons(atoms, self.potential, settings)
        return {"phonons": phonons.as_dict(_DECIMALS), "phonon_settings": settings.as_dict()}

    def _volumes(self, atoms: Atoms) -> dict[str, Any]:
        settings = self.settings.settings()
        relaxation = replace(self.settings.relaxation(), relax_cell=False)
        points = phonons_at_volumes(atoms, self.potential, settings, relaxation=relaxation)
        return {"volumes": [_plain_point(point) for point in points], "phonon_settings": settings.as_dict()}


def _source(row: AtomsRow) -> str:
    return str(row.data["candidate"]["source"])


def _plain_point(point: VolumePoint) -> dict[str, Any]:
    """A volume as plain JSON, with its phonons but without their force constants, bands and density of states."""
    phonons = replace(point.phonons, bands=(), force_constants=None)
    lowest = point.phonons.lowest_frequency_THz
    frequencies, weights = phonons.modes
    return {
        "volume_per_atom": point.volume_per_atom,
        "energy_per_atom": point.energy_per_atom,
        "frequencies_THz": [round(float(value), _DECIMALS) for value in frequencies],
        "weights": [float(value) for value in weights],
        "tolerance_THz": phonons.stability_tolerance_THz,
        "lowest_frequency_THz": lowest,
    }
