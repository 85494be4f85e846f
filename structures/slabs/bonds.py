"""What hangs together: bonds between non-metals, which hold units such as PS4, and pieces of a slab or film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, covalent_radii

if TYPE_CHECKING:
    from ase import Atoms

# fmt: off
NON_METALS = frozenset([
    "H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Ge", "As", "Se", "Br", "Te", "I", "He", "Ne", "Ar", "Kr", "Xe",
])
# fmt: on
"""With the half-metals that bond covalently to them, as boron, silicon and germanium do in their compounds."""
BOND_FACTOR = 1.2  # times the sum of the covalent radii

_NUMBERS = np.array(sorted(atomic_numbers[symbol] for symbol in NON_METALS))


def is_nonmetal(numbers: np.ndarray) -> np.ndarray:
    """Return which atomic numbers are those of non-metals, in the shape of ``numbers``."""
    return np.isin(numbers, _NUMBERS)


def covalent_bonds(atoms: Atoms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find bonds between non-metals: distances below 1.2 times the sum of the covalent radii.

    Returns
    -------
    i, j : (m,)
        The two atoms; every bond is listed in both directions.
    shifts : (m, 3)
        Cells between them, whole numbers: the second end is at ``positions[j] + shifts @ cell``.
    """
    from ase.neighborlist import neighbor_list

    # Metals get no reach, so that only pairs of non-metals are found.
    reach = np.where(is_nonmetal(atoms.numbers), BOND_FACTOR * covalent_radii[atoms.numbers], 0.0)
    i, j, shifts, distances = neighbor_list("ijSd", atoms, reach)
    both = (reach[i] > 0) & (reach[j] > 0) & (distances < reach[i] + reach[j])
    return i[both], j[both], shifts[both]


def connected_pieces(atoms: Atoms, contact: float) -> np.ndarray:
    """Return the number of the piece that each atom belongs to, shape (n,).

    Atoms within ``contact`` times the sum of their covalent radii hang together. Contacts across the vacuum do not
    count: they would bring what flew off back to the underside.
    """
    from ase.neighborlist import neighbor_list
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    open_cell = atoms.copy()
    open_cell.pbc = [True, True, False]
    i, j = neighbor_list("ij", open_cell, contact * covalent_radii[atoms.numbers])
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(len(atoms), len(atoms)))
    return np.asarray(connected_components(graph, directed=False)[1])


def atom_names(atoms: Atoms, *indices: int | np.integer) -> str:
    """Return the first three of some atoms for a message: ``Hg (atom 4), Hg (atom 7)``."""
    first = ", ".join(f"{atoms.symbols[index]} (atom {index})" for index in indices[:3])
    return first + (", ..." if len(indices) > 3 else "")
