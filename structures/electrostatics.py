"""Electrostatic energy of point charges as a polynomial of those that vary, for many arrangements of one lattice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure


class ChargePolynomial:
    """Ewald energy E(q) = q M q + L q + C of a cell whose charges q on some sites vary, eV.

    Parameters
    ----------
    structure
        All sites; what is on those that vary does not matter.
    charges
        Of the sites that are fixed, e, shape (sites,); those that vary are ignored.
    varying
        Indices of the sites that vary, in the order of q.

    Notes
    -----
    A cell that is not neutral gets a uniform background.
    """

    def __init__(self, structure: Structure, charges: Sequence[float], varying: Sequence[int]) -> None:
        from pymatgen.analysis.ewald import EwaldSummation

        unit = structure.copy()
        # With charge 1 on every site the terms of the energy are those of unit charges.
        unit.add_oxidation_state_by_site([1.0] * len(unit))
        matrix = np.asarray(EwaldSummation(unit).total_energy_matrix)
        chosen = np.asarray(varying, dtype=int)
        others = np.setdiff1d(np.arange(len(unit)), chosen)
        fixed = np.asarray(charges, dtype=float)[others]
        self.pairs: NDArray[np.float64] = matrix[np.ix_(chosen, chosen)]
        self.linear: NDArray[np.float64] = 2.0 * matrix[np.ix_(chosen, others)] @ fixed
        self.constant = float(fixed @ matrix[np.ix_(others, others)] @ fixed)

    def energies(self, charges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the energies of arrangements, eV per cell, shape (n,); ``charges`` has shape (n, varying sites)."""
        found: NDArray[np.float64] = ((charges @ self.pairs) * charges).sum(axis=1)
        return found + charges @ self.linear + self.constant

    def descend(self, charges: NDArray[np.float64], groups: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Exchange the two charges of one group that lowers the energy most, until none does.

        Parameters
        ----------
        charges
            Of one arrangement, e, shape (varying sites,).
        groups
            Sites among which charges may be exchanged, as places in ``charges``.
        """
        while True:
            pairs = [(i, j) for group in groups for i, j in combinations(group, 2) if charges[i] != charges[j]]
            if not pairs:
                return charges
            trials = np.tile(charges, (len(pairs), 1))
            rows, (i, j) = np.arange(len(pairs)), np.array(pairs).T
            trials[rows, i], trials[rows, j] = charges[j], charges[i]
            energies = self.energies(trials)
            if energies.min() >= self.energies(charges[None])[0] - 1e-9:
                return charges
            charges = trials[energies.argmin()]
