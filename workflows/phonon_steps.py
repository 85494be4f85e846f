"""Phonons of one phase, by need: a tight relaxation, the phonons, and on request those at several volumes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ase.calculators.singlepoint import SinglePointCalculator

from ..calculators.phonon_supercell import idealised_primitive
from ..calculators.phonon_volumes import VolumePoint, phonons_at_volumes
from ..calculators.phonons import PhononError, run_phonons
from ..calculators.registry import get_potential
from ..calculators.relaxation import RelaxationError, RelaxationResult
from ..errors import InputError
from .calculations import Calculations
from .candidates import Candidate
from .database import SYMPREC
from .fingerprint import fingerprint
from .wetting_study import atoms_of

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .database import StructureDatabase
    from .phonon_spec import PhononSection

STUDY = "phonons"
CRYSTAL, PHONONS, QUASI_HARMONIC = "crystal", "phonons", "quasi-harmonic"
ROLES = (CRYSTAL, PHONONS, QUASI_HARMONIC)
# Of frequencies (THz) and force constants (eV/Å^2) in the database: exact to 1e-7 eV in a free energy.
_DECIMALS = 6


@dataclass(frozen=True)
class PhononStudy:
    """The phonons of one section of an input, with one potential.

    They are kept out of the hulls of the database (their rows are of kind ``solid``) and are found by their labels:
    ``role`` tells the relaxed ``crystal``, its ``phonons`` and those at several volumes (``quasi-harmonic``) apart,
    ``substrate`` is the name of the phase, and ``study`` is a key of the settings.
    """

    section: PhononSection
    potential: str
    database: StructureDatabase

    @property
    def key(self) -> str:
        """What rows with the same settings have in common."""
        content = json.dumps([self.section.settings().as_dict(), self.section.relaxation().as_dict()], sort_keys=True)
        return f"{STUDY}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    def compute(self, row: AtomsRow) -> None:
        """Compute what is not in the database yet for the phase of a relaxed row; failures are stored too."""
        candidate = self._crystal(row)
        settings = self.section.relaxation()
        crystal = Calculations(self.database, self.potential, settings).relax(candidate, relax_cell=True)
        if not crystal.converged:
            return
        self._find_or(self._result(row, crystal, PHONONS), crystal, self._phonons)
        if self.section.quasi_harmonic:
            self._find_or(self._result(row, crystal, QUASI_HARMONIC), crystal, self._volumes)

    def find(self, row: AtomsRow) -> dict[str, AtomsRow]:
        """Return what the database has for the phase of a relaxed row, by role."""
        potential = get_potential(self.potential)
        candidate = self._crystal(row)
        key = fingerprint(candidate.atoms, potential, self.section.relaxation(), candidate.labels)
        crystal = self.database.find(key)
        if crystal is None:
            return {}
        found = {CRYSTAL: crystal}
        if crystal.converged:
            for role in (PHONONS, QUASI_HARMONIC):
                result = self._result(row, crystal, role)
                stored = self.database.find(fingerprint(result.atoms, potential, None, result.labels))
                if stored is not None:
                    found[role] = stored
        return found

    def is_complete(self, row: AtomsRow) -> bool:
        """Whether nothing is left to compute for the phase."""
        found = self.find(row)
        if CRYSTAL not in found:
            return False
        return not found[CRYSTAL].converged or self.roles <= found.keys()

    @property
    def roles(self) -> set[str]:
        """Roles of the rows that a phase ends up with."""
        return set(ROLES) if self.section.quasi_harmonic else {CRYSTAL, PHONONS}

    def _crystal(self, row: AtomsRow) -> Candidate:
        """The relaxed phase, its atoms moved to the sites of its space group, as the start of a tighter relaxation."""
        return Candidate(
            name=f"{row.name}, relaxed for phonons",
            kind="solid",
            atoms=idealised_primitive(atoms_of(row), SYMPREC),
            source=_source(row),
            labels={"study": STUDY, "role": CRYSTAL, "substrate": row.name},
        )

    def _result(self, row: AtomsRow, crystal: AtomsRow, role: str) -> Candidate:
        return Candidate(
            name=f"{row.name}, {role}",
            kind="solid",
            atoms=atoms_of(crystal),
            source=_source(row),
            labels={"study": self.key, "role": role, "substrate": row.name},
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
        phonons = run_phonons(atoms, self.potential, self.section.settings())
        return {"phonons": phonons.as_dict(_DECIMALS), "phonon_settings": self.section.settings().as_dict()}

    def _volumes(self, atoms: Atoms) -> dict[str, Any]:
        settings = self.section.settings()
        relaxation = replace(self.section.relaxation(), relax_cell=False)
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
