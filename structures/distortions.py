"""Small random displacements that take a crystal off a saddle point, such as the untilted octahedra of a perovskite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .crystal_sites import find_dataset

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, eq=False)
class Operation:
    """A symmetry operation x -> R x + t of a crystal, in fractions of its cell."""

    rotation: np.ndarray
    """R, (3, 3), integers."""
    translation: np.ndarray
    """t, (3,)."""
    image: np.ndarray
    """Index of the atom that each atom becomes, (n_atoms,)."""


def reversing_operations(crystal: Atoms, miller_index: Sequence[int], *, symprec: float = 0.01) -> list[Operation]:
    """Return the symmetry operations that turn the normal of a lattice plane round and are their own inverse.

    With any one of them kept, a crystal has no polarisation along that normal, and its slabs can have two faces alike.
    Of those that the symmetry of the crystal makes equivalent there is one.

    Parameters
    ----------
    crystal
        Periodic crystal.
    miller_index
        The plane, in the cell of ``crystal``.
    symprec
        Tolerance of the symmetry search, Å.
    """
    scaled = crystal.get_scaled_positions()
    symmetry = find_dataset((crystal.cell.array, scaled, crystal.numbers), symprec)
    if symmetry is None:
        return []
    plane = np.asarray(miller_index)
    rotations = symmetry.rotations
    keep_plane = [turn for turn in rotations if any(np.array_equal(plane @ turn, sign * plane) for sign in (1, -1))]
    operations: list[Operation] = []
    seen: set[bytes] = set()
    for rotation, translation in zip(rotations, symmetry.translations, strict=True):
        if not np.array_equal(plane @ rotation, -plane) or not np.array_equal(rotation @ rotation, np.eye(3)):
            continue
        image = _images(crystal, scaled @ rotation.T + translation)
        if rotation.tobytes() in seen or not np.array_equal(image[image], np.arange(len(crystal))):
            continue
        operations.append(Operation(rotation, translation, image))
        for turn in keep_plane:
            inverse = np.rint(np.linalg.inv(turn)).astype(rotation.dtype)
            seen.add(np.ascontiguousarray(turn @ rotation @ inverse).tobytes())
    return operations


def _images(crystal: Atoms, moved: np.ndarray) -> np.ndarray:
    """Index of the atom of the same element nearest to each of the moved ones."""
    offsets = moved[:, None, :] - crystal.get_scaled_positions()[None, :, :]
    distances = np.linalg.norm((offsets - np.rint(offsets)) @ crystal.cell.array, axis=-1)
    distances[crystal.numbers[:, None] != crystal.numbers[None, :]] = np.inf
    image: np.ndarray = distances.argmin(axis=1)
    return image


def rattled(crystal: Atoms, size: float, *, seed: int = 0, keep: Operation | None = None) -> Atoms:
    """Return a copy with every atom displaced at random, the symmetry operation ``keep`` and no other surely kept.

    Parameters
    ----------
    crystal
        Periodic crystal. Atoms that are off the symmetric places of ``keep`` are put there first.
    size
        Standard deviation of each Cartesian displacement, Å.
    seed
        Seed of the random displacements.
    keep
        One of :func:`reversing_operations`; None displaces freely.
    """
    atoms: Atoms = crystal.copy()
    displacements = np.random.default_rng(seed).normal(scale=size, size=(len(atoms), 3))
    if keep is None:
        atoms.positions += displacements
        return atoms
    cell = atoms.cell.array
    scaled = atoms.get_scaled_positions(wrap=False)
    moved = scaled @ keep.rotation.T + keep.translation
    # What the operation brings to each atom's place; the half sum of both is symmetric.
    offsets = moved[keep.image] - scaled
    atoms.positions += 0.5 * (offsets - np.rint(offsets)) @ cell
    turn = np.linalg.inv(cell) @ keep.rotation.T @ cell
    atoms.positions += (displacements + (displacements @ turn)[keep.image]) * 0.5**0.5
    return atoms
