"""Upright cells: a and b in the xy plane, c along z, with the solid at the bottom and vacuum at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

# A wider empty band across the cell is a vacuum; between two layers of a crystal there is less.
VACUUM_BAND = 5.0


def check_upright(atoms: Atoms, name: str = "cell") -> None:
    """Refuse a cell whose c does not point along z, or whose a and b leave the xy plane.

    Raises
    ------
    InputError
        Naming the cell.
    """
    cell = np.asarray(atoms.cell)
    off = max(np.abs(cell[:2, 2]).max(), np.abs(cell[2, :2]).max())
    if off > 1e-6 * max(1.0, np.abs(cell).max()) or planar_area(cell) < 1e-3 or cell[2, 2] <= 0:
        rows = np.array2string(cell, precision=3, separator=", ").replace("\n", "")
        raise InputError(f"{name} {rows} must have a and b in the xy plane and c along +z")


def planar_area(cell: np.ndarray) -> float:
    """Area a × b of a cell (3, 3) or of its in-plane vectors (2, 2), Å^2."""
    cell = np.asarray(cell, dtype=float)
    return float(abs(cell[0, 0] * cell[1, 1] - cell[0, 1] * cell[1, 0]))


def planar_widths(cell: np.ndarray) -> tuple[float, float]:
    """Distances between opposite edges of the in-plane cell, Å."""
    cell = np.asarray(cell, dtype=float)
    area = planar_area(cell)
    return area / float(np.linalg.norm(cell[1, :2])), area / float(np.linalg.norm(cell[0, :2]))


def rotation_to_x(vector: np.ndarray) -> np.ndarray:
    """Rotation about z, shape (3, 3), that lays an in-plane vector (2,) along x."""
    x, y = vector
    length = float(np.hypot(x, y))
    return np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, length]]) / length


def join_across_boundary(atoms: Atoms) -> Atoms:
    """Return a copy whose vacuum lies at the top: layers that wrapped around the cell return to the rest.

    Cells without a vacuum come back unchanged.
    """
    joined: Atoms = atoms.copy()
    height = joined.cell[2, 2]
    z = joined.positions[:, 2]
    levels = np.sort(z)
    gaps = np.diff(levels)
    if len(gaps) == 0 or gaps.max() < VACUUM_BAND or levels[-1] - levels[0] > height:
        return joined
    around = levels[0] + height - levels[-1]
    if gaps.max() > around:
        above = z > levels[gaps.argmax()] + 0.5 * gaps.max()
        joined.positions[above, 2] -= height
    return joined


def lateral_images(cell: np.ndarray, reach: float) -> np.ndarray:
    """Lattice vectors of all in-plane images that lie within ``reach`` Å of a point of the cell.

    Parameters
    ----------
    cell
        Upright cell (3, 3), or its in-plane vectors (2, 2).
    reach
        Å.

    Returns
    -------
    ndarray
        Shape (m, 3) for a cell, (m, 2) for two vectors; the zero vector is among them.
    """
    counts = [int(np.ceil(reach / width)) + 1 for width in planar_widths(cell)]
    grid = np.array([(i, j) for i in range(-counts[0], counts[0] + 1) for j in range(-counts[1], counts[1] + 1)])
    found: np.ndarray = grid @ np.asarray(cell, dtype=float)[:2]
    return found


def with_images(positions: np.ndarray, cell: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (m, 3) of atoms and their in-plane images around the cell, and the atom (m,) each belongs to.

    Atoms are wrapped in the plane, and images further than ``reach`` Å outside the cell are left out.
    """
    cell = np.asarray(cell, dtype=float)
    inverse = np.linalg.inv(cell[:2, :2])
    fractional = positions[:, :2] @ inverse
    wrapped = positions.copy()
    wrapped[:, :2] = (fractional % 1.0) @ cell[:2, :2]
    shifts = lateral_images(cell, reach)
    points = (wrapped[None] + shifts[:, None]).reshape(-1, 3)
    owners = np.tile(np.arange(len(positions)), len(shifts))
    margin = reach / np.array(planar_widths(cell))
    place = points[:, :2] @ inverse
    near = ((place > -margin) & (place < 1 + margin)).all(axis=1)
    return points[near], owners[near]
