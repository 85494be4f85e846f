"""Orientations of a film in one common cell: turns and reflections that strain it equally, each distinct one once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..crystal_sites import find_dataset, spglib_cell
from ..symmetry_tolerances import RELAXED_SYMPREC
from .cell_matching import CellMatch, all_matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase import Atoms

_ALIKE = 2e-3  # of the entries of a deformation: two that differ less are the same


def orientations(film: Atoms, substrate: Atoms, match: CellMatch, *, mirror: bool) -> list[CellMatch]:
    """List the ways to lay a film on a substrate that fit the cell of ``match`` and strain the film equally.

    Turns (by 180° always, by 60°, 90° or 120° where the lattices allow) and, with ``mirror``, reflections of the
    film's lattice. Two that a symmetry of the film's or the substrate's slab turns into each other count once.

    Parameters
    ----------
    film, substrate
        Slabs in upright cells, as they were matched.
    match
        One of :func:`~amalgamics.structures.interfaces.cell_matching.match_cells`; the first of those returned.
    mirror
        Whether the film's crystal is its own mirror image, so that a reflected film is the same crystal.

    Examples
    --------
    Two close-packed layers continue each other or are twins, square ones have one way:

    >>> from ase.build import fcc100, fcc111
    >>> from amalgamics.structures.interfaces.cell_matching import match_cells
    >>> for build in (fcc111, fcc100):
    ...     slab = build("Cu", (1, 1, 4), vacuum=8.0, periodic=True)
    ...     print(len(orientations(slab, slab, match_cells(slab, slab, max_area=10.0)[0], mirror=True)))
    2
    1
    """
    own, base = planar_symmetry(film), planar_symmetry(substrate)
    found = [match]
    known = _images(match.deformation, own, base)
    for other in all_matches(film, substrate, match, mirror=mirror):
        if np.abs(known - other.deformation).max(axis=(1, 2)).min() > _ALIKE:
            found.append(other)
            known = np.concatenate([known, _images(other.deformation, own, base)])
    return found


def strain_states(matches: Sequence[CellMatch], film: Atoms) -> list[int]:
    """Return for each orientation the first one that strains the film's own lattice alike.

    The film alone has the same energy in both: they differ in how it lies, not in how it is strained.
    """
    own = planar_symmetry(film)
    stretches = [match.deformation.T @ match.deformation for match in matches]
    return [next(first for first, other in enumerate(stretches) if _same_stretch(one, other, own)) for one in stretches]


def _same_stretch(one: np.ndarray, other: np.ndarray, own: np.ndarray) -> bool:
    turned = own.transpose(0, 2, 1) @ other @ own
    return bool(np.abs(turned - one).max(axis=(1, 2)).min() < _ALIKE)


def _images(deformation: np.ndarray, own: np.ndarray, base: np.ndarray) -> np.ndarray:
    """All deformations equivalent to one by the symmetry of either slab, shape (m, 2, 2)."""
    images: np.ndarray = (base[:, None] @ deformation @ own[None]).reshape(-1, 2, 2)
    return images


def planar_symmetry(slab: Atoms) -> np.ndarray:
    """Return the turns and reflections in the plane that keep a slab, not turned over, shape (m, 2, 2), Cartesian."""
    dataset = find_dataset(spglib_cell(slab), RELAXED_SYMPREC)
    plane = np.array(slab.cell)[:2, :2].T
    operations = [] if dataset is None else [item for item in dataset.rotations if item[2, 2] == 1]
    found = [plane @ item[:2, :2] @ np.linalg.inv(plane) for item in operations]
    # Of a lattice that is symmetric within a tolerance only, the nearest orthogonal matrix counts.
    return np.array([_orthogonal(item) for item in found] or [np.eye(2)])


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrix)
    nearest: np.ndarray = left @ right
    return nearest


def is_own_mirror_image(crystal: Atoms) -> bool:
    """Return whether a crystal has a symmetry operation that changes handedness."""
    dataset = find_dataset(spglib_cell(crystal), RELAXED_SYMPREC)
    return dataset is not None and bool((np.linalg.det(dataset.rotations) < 0).any())
