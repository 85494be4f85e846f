"""Calculations by need: what the database has is taken from there, the rest is computed and stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ase.calculators.singlepoint import SinglePointCalculator

from ...calculators.potentials.energies import potential_energies
from ...calculators.potentials.names import get_potential
from ...calculators.relaxation.relax import RelaxationSettings, relax
from ...calculators.relaxation.results import RelaxationError, RelaxationResult
from ...errors import InputError
from .fingerprint import fingerprint

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .candidates import Candidate
    from .structure_database import StructureDatabase

Measure = Callable[[RelaxationResult], Mapping[str, float]]


class Calculations:
    """Relaxations and single points with one potential.

    Parameters
    ----------
    database
        Where results are looked for and kept.
    potential
        Name of the potential.
    settings
        How structures are relaxed.
    """

    def __init__(self, database: StructureDatabase, potential: str, settings: RelaxationSettings) -> None:
        self.database = database
        self.potential = get_potential(potential)
        self.settings = settings

    def relax(
        self,
        candidate: Candidate,
        *,
        measure: Measure | None = None,
        verify: Callable[[Atoms], None] | None = None,
        relax_cell: bool = False,
        **known: float,
    ) -> AtomsRow:
        """Return the row of the relaxed candidate.

        ``measure`` takes further numbers from the result, stored with it and with those that are ``known`` before. A
        relaxation that fails, or whose end ``verify`` refuses with an InputError, is stored as such: the row then has
        ``converged`` false.
        """
        settings = replace(self.settings, relax_cell=relax_cell)

        def compute() -> RelaxationResult | RelaxationError:
            try:
                result = relax(candidate.atoms, self.potential.name, settings)
                if verify:
                    verify(result.atoms)
            except RelaxationError as error:
                return error
            except InputError as error:
                return RelaxationError(str(error), candidate.atoms)
            return result

        return self._find_or(candidate, settings, compute, measure, known)

    def find(self, candidate: Candidate, *, relax_cell: bool = False) -> AtomsRow | None:
        """Return the row of the relaxed candidate where it is stored, failed or not; None where it is not."""
        settings = replace(self.settings, relax_cell=relax_cell)
        return self.database.find(fingerprint(candidate.atoms, self.potential, settings, candidate.labels))

    def single_point(
        self, candidate: Candidate, *, verify: Callable[[Atoms], None] | None = None, **known: float
    ) -> AtomsRow:
        """Return the row with the energy of the candidate as it is; ``verify`` and ``known`` as for :meth:`relax`."""

        def compute() -> RelaxationResult | RelaxationError:
            start = time.perf_counter()
            try:
                if verify:
                    verify(candidate.atoms)
            except InputError as error:
                return RelaxationError(str(error), candidate.atoms)
            energy = self.energy(candidate.atoms)
            atoms = candidate.atoms.copy()
            atoms.calc = SinglePointCalculator(atoms, energy=energy)
            return RelaxationResult(atoms, energy, float("nan"), 0, 1, time.perf_counter() - start)

        return self._find_or(candidate, None, compute, None, known)

    def energy(self, atoms: Atoms) -> float:
        """Return the energy of ``atoms`` (eV) without storing anything."""
        return float(self.energies([atoms])[0])

    def energies(self, structures: Sequence[Atoms]) -> np.ndarray:
        """Return the energies of structures, eV, shape (S,), without storing anything: in batches, without forces."""
        return potential_energies(structures, self.potential.name)

    def _find_or(
        self,
        candidate: Candidate,
        settings: RelaxationSettings | None,
        compute: Callable[[], RelaxationResult | RelaxationError],
        measure: Measure | None,
        known: Mapping[str, float],
    ) -> AtomsRow:
        key = fingerprint(candidate.atoms, self.potential, settings, candidate.labels)
        row = self.database.find(key)
        if row is None:
            outcome = compute()
            measured: dict[str, Any] = dict(known)
            if measure and not isinstance(outcome, RelaxationError):
                measured |= measure(outcome)
            self.database.add(candidate, outcome, self.potential, settings, **measured)
            row = self.database.find(key)
        if row is None:
            raise RuntimeError(f"{candidate.name}: stored, but not found again")
        return row
