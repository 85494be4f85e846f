"""Cells in a plane: reduced bases, and the smallest supercell of a wanted width."""

from __future__ import annotations

import math

import numpy as np

from .planar_frame import planar_area, planar_widths

TURN = np.array([[0, 1], [-1, 0]])
EXCHANGE = np.array([[0, 1], [1, 0]])
_SEARCH_LIMIT = 200  # cells, beyond which the plain repetition is taken


def shortest_pair(basis: np.ndarray, swap: np.ndarray = TURN) -> np.ndarray:
    """Return the integer matrix (2, 2) that turns two vectors (2, n) into the shortest pair of their lattice.

    Lagrange's reduction: the first vector of the result is no longer than the second, whose component along it is
    within half of its length, and positive where it is exactly half.

    Parameters
    ----------
    basis
        Two vectors.
    swap
        How they change places: `TURN` keeps the handedness, so that the determinant is 1, and `EXCHANGE` the signs.
    """
    start = np.array(basis, dtype=float)
    change = np.eye(2, dtype=int)
    while True:
        vectors = change @ start
        # Strictly shorter only, or two equal vectors would change places for ever.
        if vectors[1] @ vectors[1] < vectors[0] @ vectors[0] * (1 - 1e-9):
            change = swap @ change
            continue
        # Just below a half counts as one: both are as short, and rounding noise must not decide.
        multiple = math.ceil(float(vectors[0] @ vectors[1] / (vectors[0] @ vectors[0])) - 0.5 - 1e-9)
        if multiple == 0:
            return change
        change = np.array([[1, 0], [-multiple, 1]]) @ change


def reduce_planar(basis: np.ndarray) -> np.ndarray:
    """Return the integer matrix (2, 2) that turns two vectors (2, n) into the shortest pair, 90 to 120 degrees apart.

    The handedness is kept, so the determinant is 1.
    """
    change = shortest_pair(basis)
    first, second = change @ np.array(basis, dtype=float)
    return TURN @ change if first @ second > 1e-9 * (first @ first) else change


def smallest_supercell(cell: np.ndarray, min_width: float) -> np.ndarray:
    """Return the integer matrix (2, 2) of the smallest supercell that is at least ``min_width`` wide both ways.

    Among cells of the same area the widest is taken, then the one closest to a right angle. It need not be a
    repetition of the given cell: twice the area of a square one is a square turned by 45 degrees.

    Parameters
    ----------
    cell
        In-plane vectors, (2, 2) or the first rows of an upright cell (3, 3).
    min_width
        Distance between opposite edges, Å.
    """
    plane = np.asarray(cell, dtype=float)[:2, :2]
    area = planar_area(plane)
    wanted = min_width - 1e-6
    for n_cells in range(max(1, math.ceil(wanted * wanted / area - 1e-9)), _SEARCH_LIMIT + 1):
        best: tuple[tuple[float, float], np.ndarray] | None = None
        for form in _hermite_forms(n_cells):
            matrix = reduce_planar(form @ plane) @ form
            first, second = matrix @ plane
            width = min(planar_widths(np.array([first, second])))
            if width < wanted:
                continue
            cosine = abs(float(first @ second)) / math.sqrt(float(first @ first) * float(second @ second))
            score = (round(width, 4), round(-cosine, 4))
            if best is None or score > best[0]:
                best = (score, matrix)
        if best is not None:
            return best[1]
    widths = planar_widths(plane)
    return np.diag([math.ceil(wanted / width) for width in widths])


def _hermite_forms(n_cells: int) -> list[np.ndarray]:
    """One matrix for every sublattice of ``n_cells`` cells."""
    return [
        np.array([[first, shift], [0, n_cells // first]])
        for first in range(1, n_cells + 1)
        if n_cells % first == 0
        for shift in range(n_cells // first)
    ]
