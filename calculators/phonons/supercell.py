"""The supercell for phonons: symmetric, long enough in every direction, and no larger than it has to be."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms

from ...errors import InputError
from ...structures.symmetry import idealised_cells

_SAME_LENGTH = 1e-3
"""Relative difference below which two cell vectors count as equal by symmetry."""


@dataclass(frozen=True)
class Supercell:
    """A unit cell and how often it is repeated.

    Attributes
    ----------
    unit_cell
        Primitive or conventional cell, idealised to its space group.
    repeats
        Times along each of its vectors.
    shortest_image
        Distance between an atom and its nearest periodic image in the supercell, Å.
    space_group
        International symbol.
    """

    unit_cell: Atoms
    repeats: tuple[int, int, int]
    shortest_image: float
    space_group: str

    @property
    def n_atoms(self) -> int:
        """Atoms in the supercell."""
        return len(self.unit_cell) * int(np.prod(self.repeats))


def choose_supercell(atoms: Atoms, min_length: float, *, symprec: float = 0.01) -> Supercell:
    """Return the smallest supercell in which no atom is closer to its own image than ``min_length``.

    Both the primitive and the conventional cell are tried. Vectors of equal length are repeated equally often, so that
    the supercell keeps the symmetry and needs few displacements. Repeats are even (or 1), so that waves of the zone
    boundary fit in: interpolated there from odd supercells, soft branches come out wrong by as much as 1 THz (bcc Li).

    Parameters
    ----------
    atoms
        A crystal; it is brought to the standard setting of its space group, which may turn it in space.
    min_length
        Å.
    symprec
        Distance up to which atoms count as equivalent, Å.

    Raises
    ------
    InputError
        Not a crystal, or its symmetry cannot be determined.
    """
    if not (len(atoms) and atoms.pbc.all() and atoms.cell.rank == 3):
        raise InputError(
            f"atoms: phonons need a crystal, periodic in three directions; {atoms.symbols} has pbc {atoms.pbc.tolist()}"
        )
    cells, space_group = _standard_cells(atoms, symprec)
    options = []
    for cell in cells:
        repeats, length = _fewest_repeats(cell, min_length)
        options.append(Supercell(cell, repeats, length, space_group))
    return min(options, key=lambda option: (option.n_atoms, len(option.unit_cell)))


def idealised_primitive(atoms: Atoms, symprec: float) -> Atoms:
    """Return the primitive cell of a crystal, with the atoms moved to where its space group has them.

    Parameters
    ----------
    atoms
        A crystal.
    symprec
        Distance up to which atoms count as equivalent, Å: how far a relaxation may have left them from their sites.

    Raises
    ------
    InputError
        Its symmetry cannot be determined.
    """
    cells, _ = _standard_cells(atoms, symprec)
    return cells[0]


def shortest_lattice_vector(cell: np.ndarray) -> float:
    """Return the length of the shortest lattice vector, Å, of a cell of shape (3, 3)."""
    from ase.geometry import minkowski_reduce

    reduced, _ = minkowski_reduce(cell)
    return float(np.linalg.norm(reduced, axis=1).min())


def _standard_cells(atoms: Atoms, symprec: float) -> tuple[list[Atoms], str]:
    """Return the idealised primitive and conventional cell and the symbol of the space group."""
    try:
        return idealised_cells(atoms, symprec)
    except InputError:
        raise InputError(
            f"atoms: the symmetry of {atoms.symbols} cannot be found within symprec {symprec:g} Å; do atoms overlap?"
        ) from None


def _fewest_repeats(atoms: Atoms, min_length: float) -> tuple[tuple[int, int, int], float]:
    """Return the repeats of the smallest supercell and the distance between images in it, Å."""
    cell = atoms.cell.array
    lengths = atoms.cell.lengths()
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    # A lattice vector that has a component along vector i is at least repeats[i] * heights[i] long: this many will do.
    enough = int(np.ceil(min_length / heights.min() - 1e-9))
    tied = [(i, j) for i, j in ((0, 1), (0, 2), (1, 2)) if abs(lengths[i] / lengths[j] - 1.0) < _SAME_LENGTH]
    allowed = (1, *range(2, enough + 2, 2))
    candidates = [repeats for repeats in product(allowed, repeat=3) if all(repeats[i] == repeats[j] for i, j in tied)]
    for repeats in sorted(candidates, key=lambda item: (int(np.prod(item)), max(item))):
        length = shortest_lattice_vector(cell * np.array(repeats)[:, None])
        if length >= min_length - 1e-6:
            break
    return (repeats[0], repeats[1], repeats[2]), length
