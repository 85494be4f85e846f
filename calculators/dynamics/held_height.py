"""A film whose centre of mass keeps its height, while its atoms move as they will."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.constraints import FixConstraint


class HeldHeight(FixConstraint):
    """Holds the height (z) of the centre of mass of some atoms.

    A small film that nothing binds drifts away, and its free translation, kT ln(room) / A, is no part of an adhesion.
    Held at a height s it feels the mean force F(s), and the integral of -F is the potential of mean force: the
    constraint is linear in the positions, so that no further term arises.

    Parameters
    ----------
    indices
        The atoms.
    """

    def __init__(self, indices: Any) -> None:
        self.index = np.asarray(indices, dtype=int)

    def get_indices(self) -> np.ndarray:
        """Return the atoms; each of them can move."""
        return self.index

    def get_removed_dof(self, atoms: Atoms) -> int:  # noqa: ARG002 - as ASE calls it
        """Return the degrees of freedom taken away."""
        return 1

    def adjust_positions(self, atoms: Atoms, new: np.ndarray) -> None:
        """Put the centre of mass of ``new`` where that of ``atoms`` is."""
        masses = atoms.get_masses()[self.index]
        new[self.index, 2] -= masses @ (new - atoms.positions)[self.index, 2] / masses.sum()

    def adjust_momenta(self, atoms: Atoms, momenta: np.ndarray) -> None:
        """Take away the velocity of the centre of mass along z."""
        self._remove_sum(atoms, momenta)

    def adjust_forces(self, atoms: Atoms, forces: np.ndarray) -> None:
        """Take away the force on the centre of mass along z, from each atom by its mass."""
        self._remove_sum(atoms, forces)

    def todict(self) -> dict[str, Any]:
        """Return name and atoms, as ASE's constraints do."""
        return {"name": "HeldHeight", "kwargs": {"indices": self.index.tolist()}}

    def _remove_sum(self, atoms: Atoms, vectors: np.ndarray) -> None:
        masses = atoms.get_masses()[self.index]
        vectors[self.index, 2] -= masses * (vectors[self.index, 2].sum() / masses.sum())
