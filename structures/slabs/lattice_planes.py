"""Planes of a crystal: which are worth cutting, and which are the same by symmetry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..symmetry import MillerIndex, equivalents, laue_group, primitive_cell, reduced_index
from ..symmetry_tolerances import given_symprec
from .stacking import check_miller_index

if TYPE_CHECKING:
    from ase import Atoms

MAX_SLAB_ATOMS = 2000
"""Planes of high indices have large cells; slabs of more atoms are not cut unless a limit says so."""


def check_slab_size(
    crystal: Atoms,
    miller_index: Sequence[int],
    *,
    min_slab_size: float,
    n_sizes: int = 1,
    max_slab_atoms: int = MAX_SLAB_ATOMS,
    name: str = "miller_index",
) -> None:
    """Refuse slabs of too many atoms, by the least that the thickest of them can have: nothing is cut.

    Parameters
    ----------
    crystal
        Any cell; the plane is in its axes.
    miller_index
        Three whole numbers, or four hexagonal ones.
    min_slab_size, n_sizes
        Thickness of the thinnest slab (Å), and how many thicknesses.
    max_slab_atoms
        Most atoms of a slab.
    name
        Of the input that asks for the plane, for the message.

    Raises
    ------
    InputError
        The slab is larger, or the Miller index is none.
    """
    index = check_miller_index(miller_index, crystal)
    area = planar_cell_area(crystal, index)
    least = int(area * min_slab_size * len(crystal) / crystal.get_volume()) + n_sizes - 1
    if least > max_slab_atoms:
        which = f"the thickest of {n_sizes} slabs" if n_sizes > 1 else "a slab"
        raise InputError(
            f"{name}: {which} along {index}, from {min_slab_size:g} Å on, has at least {least} atoms on a face of"
            f" {area:.0f} Å², and max_slab_atoms is {max_slab_atoms}; give lower indices, fewer or thinner slabs, or a"
            " higher limit"
        )


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


def densest_planes(conventional: Atoms, count: int, *, symprec: float | None = None) -> list[MillerIndex]:
    """Return the planes with the widest spacing of lattice planes, which cost the least to cut (Bravais' rule).

    The spacing is that of the Bravais lattice: (200) of a body-centred crystal stands for (100), half as wide as the
    edge of its cube. Of equivalent planes one is kept, by the Laue group. Planes of one spacing, such as (221) and
    (300) of a cube, come in the order of their indices.

    Parameters
    ----------
    conventional
        The standard conventional cell; the indices are in its axes.
    count
        How many.
    symprec
        Å within which atoms are symmetry equivalent; None is that of `given_symprec`.

    References
    ----------
    J. D. H. Donnay and D. Harker, Am. Mineral. 22, 446 (1937): faces in the order of their spacing, centring counted.

    Examples
    --------
    >>> from ase.build import bulk
    >>> densest_planes(bulk("Li", "bcc", a=3.51, cubic=True), 5)
    [(1, 1, 0), (1, 0, 0), (2, 1, 1), (3, 1, 0), (1, 1, 1)]
    """
    symprec = given_symprec(conventional) if symprec is None else symprec
    primitive = np.asarray(primitive_cell(conventional, symprec).cell)
    # A sphere that holds about this many vectors of the reciprocal lattice; it grows until the planes in it are enough.
    radius = (2.0 * count / abs(np.linalg.det(primitive))) ** (1.0 / 3.0)
    while True:
        vectors = _reciprocal_vectors(primitive, radius)
        planes = _by_spacing(vectors, np.asarray(conventional.cell))
        found = distinct_planes(conventional, planes, symprec=symprec)
        if len(found) >= count:
            return found[:count]
        radius *= 1.3


def _reciprocal_vectors(lattice: np.ndarray, radius: float) -> np.ndarray:
    """All vectors of the reciprocal lattice up to a length (1/Å) that are no multiples of others, shape (n, 3)."""
    # A coefficient is the product with a lattice vector, so none is larger than the product of their lengths.
    limits = np.floor(radius * np.linalg.norm(lattice, axis=1) + 1e-9).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(-limit, limit + 1) for limit in limits), indexing="ij"), axis=-1)
    coefficients = grid.reshape(-1, 3)
    coefficients = coefficients[np.gcd.reduce(coefficients, axis=1) == 1]
    vectors = coefficients @ np.linalg.inv(lattice).T
    inside: np.ndarray = vectors[np.linalg.norm(vectors, axis=1) <= radius]
    return inside


def _by_spacing(vectors: np.ndarray, cell: np.ndarray) -> list[MillerIndex]:
    """Miller indices in a cell of the planes across vectors: widest spacing first, of equals the plainest indices."""
    indices = np.rint(vectors @ cell.T).astype(int)
    indices //= np.gcd.reduce(indices, axis=1)[:, None]
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths, kind="stable")
    # Noise of a relaxed cell tells equals apart; a step larger than it starts the next spacing.
    rank = np.cumsum(np.diff(lengths[order], prepend=0.0) > 1e-3 * lengths[order])
    planes = [(int(h), int(k), int(i)) for h, k, i in indices[order]]
    keyed = sorted(zip(rank.tolist(), planes, strict=True), key=lambda item: (item[0], *_plainness(item[1])))
    return [plane for _, plane in keyed]


def _plainness(plane: MillerIndex) -> tuple[int, ...]:
    """Sort key: few signs, low indices, high ones first: (1, 1, 0) goes before (0, 1, 1) and (1, -1, 0)."""
    return sum(index < 0 for index in plane), sum(map(abs, plane)), *(-index for index in plane)


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
        Å within which atoms are symmetry equivalent; None is that of `given_symprec`.
    """
    rotations = laue_group(crystal, symprec)
    kept: list[MillerIndex] = []
    seen: set[MillerIndex] = set()
    for plane in map(reduced_index, planes):
        if plane not in seen:
            kept.append(plane)
            seen |= equivalents(plane, rotations)
    return kept
