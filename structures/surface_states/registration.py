"""The crystal that a slab was cut from, laid over the slab: where each atom belongs, and where the crystal went on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..slabs.planar_frame import check_upright
from ..symmetry import primitive_cell

if TYPE_CHECKING:
    from ase import Atoms

# Of lattice vectors, Å: slabs are cut from cells that were relaxed, or have a symmetry within such a tolerance.
_SAME_LENGTH = 0.05
_SYMPREC = 0.3
_BELONGS = 1.0  # Å, from an atom to its place in the crystal; atoms of a relaxed face move less
_MIN_MATCHED = 0.9  # fraction of the slab's atoms
_CLEAR = 0.4  # Å, mean distance below which no better orientation is looked for


@dataclass(frozen=True, eq=False)
class Registration:
    """A crystal turned and shifted onto a slab.

    Attributes
    ----------
    rotation
        Takes vectors of the crystal to those of the slab, ``v @ rotation.T``, shape (3, 3).
    places
        Where each atom of the slab belongs in the crystal, Å, shape (n, 3), in the frame of the slab.
    sites
        Index of that atom in the crystal, shape (n,).
    distance
        Mean distance of the atoms from their places, Å.
    """

    rotation: np.ndarray
    places: np.ndarray
    sites: np.ndarray
    distance: float


def register(slab: Atoms, bulk: Atoms) -> Registration:
    """Find how a slab lies in its crystal.

    The in-plane vectors of the slab are lattice vectors of the crystal; each pair of these that agrees in lengths and
    angle is tried, with the atom nearest to the middle of the slab on each atom of its element.

    Parameters
    ----------
    slab
        Cut from ``bulk``, relaxed or not, in an upright cell and not torn along z.
    bulk
        The crystal, any cell of it, relaxed as it was when the slab was cut.

    Raises
    ------
    InputError
        The slab is not one of this crystal; the message gives the share of atoms that fit.
    """
    check_upright(slab, "slab cell")
    if not set(slab.symbols) <= set(bulk.symbols):
        extra = ", ".join(sorted(set(slab.symbols) - set(bulk.symbols)))
        raise InputError(f"slab {slab.symbols} holds {extra}, which its crystal {bulk.symbols} does not")
    z = slab.positions[:, 2]
    counts = Counter(bulk.get_chemical_symbols())
    rarest = min(counts, key=lambda symbol: (symbol not in set(slab.symbols), counts[symbol]))
    ours = np.flatnonzero(slab.symbols == rarest)
    anchor = int(ours[np.abs(z[ours] - 0.5 * (z.min() + z.max())).argmin()])
    best, score = None, -np.inf
    for rotation in _orientations(slab, bulk):
        for target in np.flatnonzero(bulk.symbols == rarest):
            found, matched = _place(slab, bulk, rotation, anchor, int(target))
            if matched - found.distance > score:
                best, score = found, matched - found.distance
        if best is not None and score > 1 - _CLEAR:
            break
    if best is None or score + best.distance < _MIN_MATCHED:
        share = 0.0 if best is None else score + best.distance
        raise InputError(
            f"slab {slab.symbols} is not one of the crystal {bulk.symbols}: {share:.0%} of its atoms lie within "
            f"{_BELONGS:g} Å of their places, {_MIN_MATCHED:.0%} are needed; give the crystal it was cut from"
        )
    return best


def _orientations(slab: Atoms, bulk: Atoms) -> Iterator[np.ndarray]:
    """Rotations (3, 3) that take two lattice vectors of the crystal to those of the slab's plane."""
    first, second = np.asarray(slab.cell)[:2]
    lengths = np.linalg.norm([first, second], axis=1)
    vectors = _lattice_vectors(np.asarray(primitive_cell(bulk, _SYMPREC).cell), lengths.max() + _SAME_LENGTH)
    norms = np.linalg.norm(vectors, axis=1)
    along, across = (vectors[np.abs(norms - length) < _SAME_LENGTH] for length in lengths)
    target = _frame(first, second)
    for u in along:
        for v in across[np.abs(across @ u - first @ second) < _SAME_LENGTH * lengths.sum()]:
            yield target.T @ _frame(u, v)


def _lattice_vectors(cell: np.ndarray, longest: float) -> np.ndarray:
    counts = np.floor(longest * np.linalg.norm(np.linalg.inv(cell), axis=0) + 1e-6).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    vectors: np.ndarray = grid @ cell
    return np.asarray(vectors[np.linalg.norm(vectors, axis=1) < longest])


def _frame(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Orthonormal axes as rows: along the first vector, across it in the plane, and along the normal."""
    x, normal = first / np.linalg.norm(first), np.cross(first, second)
    z = normal / np.linalg.norm(normal)
    return np.array([x, np.cross(z, x), z])


def _place(slab: Atoms, bulk: Atoms, rotation: np.ndarray, anchor: int, target: int) -> tuple[Registration, float]:
    """Lay the crystal over the slab with one atom on another; and the share of the atoms that fit."""
    cell = np.asarray(bulk.cell)
    scaled = bulk.get_scaled_positions(wrap=False)
    moved = (slab.positions - slab.positions[anchor]) @ rotation @ np.linalg.inv(cell) + scaled[target]
    offsets = moved[:, None] - scaled[None]
    offsets = (offsets - np.round(offsets)) @ cell
    distances = np.linalg.norm(offsets, axis=2)
    distances[slab.numbers[:, None] != bulk.numbers[None]] = np.inf
    sites = distances.argmin(axis=1)
    rows = np.arange(len(slab))
    away, nearest = offsets[rows, sites] @ rotation.T, distances[rows, sites]
    fits = nearest < _BELONGS
    # The anchor itself may have moved.
    shift = np.median(away[fits], axis=0) if fits.any() else np.zeros(3)
    away = away - shift
    nearest = np.linalg.norm(away, axis=1)
    fits = nearest < _BELONGS
    mean = float(nearest[fits].mean()) if fits.any() else np.inf
    return Registration(rotation, slab.positions - away, sites, mean), float(fits.mean())
