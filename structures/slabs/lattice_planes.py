"""Planes of a crystal: which are worth cutting, and which are the same by symmetry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..symmetry import MillerIndex, equivalents, laue_group, primitive_cell, reduced_index

if TYPE_CHECKING:
    from ase import Atoms


def planar_cell_area(crystal: Atoms, miller_index: MillerIndex) -> float:
    """Return the area of the smallest cell of a lattice plane, Å².

    Parameters
    ----------
    crystal
        Any cell; the index is in its axes.
    miller_index
        Without a common divisor.
    """
    primitive = primitive_cell(crystal).cell
    normal = np.asarray(miller_index) @ crystal.cell.reciprocal()
    return float(primitive.volume) * _shortest_along(normal, primitive.array)


def _shortest_along(normal: np.ndarray, primitive: np.ndarray) -> float:
    """Return the length, 1/Å, of the shortest vector of the primitive reciprocal lattice along the normal."""
    # Its coefficients share no divisor.
    coefficients = np.rint(primitive @ normal * 12).astype(int)
    return float(np.gcd.reduce(coefficients) / 12 / np.linalg.norm(normal)) ** -1


def densest_planes(conventional: Atoms, count: int) -> list[MillerIndex]:
    """Return the planes with the widest spacing of lattice planes, which cost the least to cut (Bravais' rule).

    Parameters
    ----------
    conventional
        The standard conventional cell; the indices are in its axes.
    count
        How many; indices are 0, 1 and -1, so that there may be fewer.
    """
    from pymatgen.core.surface import get_symmetrically_distinct_miller_indices
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(conventional)
    primitive = primitive_cell(conventional).cell.array
    reciprocal = structure.lattice.reciprocal_lattice_crystallographic.matrix

    def spacing(miller_index: MillerIndex) -> float:
        return _shortest_along(np.asarray(miller_index) @ reciprocal, primitive)

    distinct = get_symmetrically_distinct_miller_indices(structure, 1)
    found = [(index[0], index[1], index[2]) for index in distinct]
    return sorted(found, key=lambda index: (spacing(index), index))[:count]


def distinct_planes(
    crystal: Atoms, planes: Sequence[MillerIndex], *, symprec: float | None = None
) -> list[MillerIndex]:
    """Return the planes without those that symmetry turns into an earlier one, or into its opposite face.

    Parameters
    ----------
    crystal
        Any cell; the indices are in its axes.
    planes
        Miller indices.
    symprec
        Å within which atoms are symmetry equivalent; None is that of `relaxed_symprec`.
    """
    rotations = laue_group(crystal, symprec)
    kept: list[MillerIndex] = []
    seen: set[MillerIndex] = set()
    for plane in map(reduced_index, planes):
        if plane not in seen:
            kept.append(plane)
            seen |= equivalents(plane, rotations)
    return kept
