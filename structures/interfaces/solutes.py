"""Solute atoms in a film: swapped in, inserted, and the places where there is room for one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, covalent_radii

from ...errors import InputError, unknown_name
from ..compositions import ELEMENTS
from ..packing import separate
from ..slabs.planar_frame import check_upright, with_images
from ..tags import LIQUID, SOLUTE, film_mask, is_solid

if TYPE_CHECKING:
    from ase import Atoms

# A new solute keeps this fraction of the sum of covalent radii from every other atom: 2.0 Å for Li and Hg.
CLEARANCE = 0.78
_GRID_SPACING = 0.35  # Å, of the search for voids


def insert_solute(atoms: Atoms, symbol: str, position: np.ndarray, *, clearance: float = CLEARANCE) -> Atoms:
    """Add a solute atom at a position; liquid atoms in its way are pushed aside as little as needed.

    The solid stays where it is: where it is too close, the solute is lifted until it rests on the solid.

    Parameters
    ----------
    atoms
        Film or interface with tags.
    symbol
        Element of the solute.
    position
        Å, shape (3,).
    clearance
        Least distance to every atom, as a fraction of the sum of covalent radii.

    Returns
    -------
    Atoms
        A copy with the solute as its last atom, tagged ``SOLUTE``.

    Raises
    ------
    InputError
        For an unknown element or a position that is not three numbers.
    """
    from ase import Atom
    from ase.geometry import get_distances

    _check_element(symbol)
    place = np.array(position, dtype=float)
    if place.shape != (3,) or not np.isfinite(place).all():
        raise InputError(f"position {position!r} of the solute must be three numbers in Å")
    result: Atoms = atoms.copy()
    radii = clearance * covalent_radii[[*atoms.numbers, atomic_numbers[symbol]]]
    near = get_distances(place[None], atoms.positions, cell=atoms.cell, pbc=atoms.pbc)[1][0]
    solid = is_solid(atoms.get_tags())
    if (near < radii[:-1] + radii[-1])[solid].any():
        place[2] = resting_heights(atoms[solid], place[None, :2], (radii[:-1] + radii[-1])[solid])[0][0] + 1e-6
    if (near < 1e-3).any():
        place[2] += 0.01  # two atoms in one place have no direction in which to part
    result.append(Atom(symbol, place, tag=SOLUTE))
    # A pushed liquid atom takes nearly all of a push against the solute, which stays in the place chosen for it.
    mobility = np.select([result.get_tags() == LIQUID, result.get_tags() == SOLUTE], [1.0, 0.02], 0.0)
    result.set_positions(separate(result, radii, mobility)[0], apply_constraint=False)
    return result


def _check_element(symbol: str) -> None:
    if symbol not in ELEMENTS:
        raise InputError(unknown_name("element", str(symbol), ELEMENTS))


def film_voids(
    atoms: Atoms, n: int, *, z_range: tuple[float, float] = (0.3, 0.7), min_distance: float = 2.0
) -> np.ndarray:
    """Find the largest voids of a film, as places for a solute.

    Parameters
    ----------
    atoms
        Film or interface with tags.
    n
        Number of positions.
    z_range
        Part of the film that is searched, as fractions of its height: 0 is its lowest atom, 1 its highest.
    min_distance
        Least distance between two positions, Å.

    Returns
    -------
    ndarray
        Positions, shape (n, 3), Å, in the cell, the largest void first. The size of a void is the distance from its
        centre to the nearest atom, less that atom's covalent radius.

    Raises
    ------
    InputError
        When the range is empty or holds fewer than ``n`` such positions.
    """
    low, high = z_range
    if not low <= high:
        raise InputError(f"z_range {z_range!r} must be two fractions, the lower one first")
    film_z = _film_positions(atoms)[:, 2]
    bottom, height = film_z.min(), np.ptp(film_z)
    levels = np.arange(bottom + low * height, bottom + high * height + 1e-9, _GRID_SPACING)
    columns = _plane_grid(atoms)
    points = np.array([[x, y, z] for z in levels for x, y in columns])
    from scipy.spatial import cKDTree

    images, owners = with_images(atoms.positions, np.asarray(atoms.cell), reach=8.0)
    radii = covalent_radii[atoms.numbers]
    room = np.full(len(points), np.inf)
    for radius in np.unique(radii):
        distances, _ = cKDTree(images[radii[owners] == radius]).query(points, distance_upper_bound=8.0)
        room = np.minimum(room, distances - radius)
    return _spread_out(points, -room, n, min_distance, np.asarray(atoms.cell), f"z_range {z_range}")


def surface_positions(atoms: Atoms, n: int, *, symbol: str = "Li", min_distance: float = 2.5) -> np.ndarray:
    """Find places on the free upper surface of a film where a solute atom comes to rest, the deepest first.

    Parameters
    ----------
    atoms
        Film or interface with tags.
    n
        Number of positions.
    symbol
        Element of the solute; it touches the film's atoms at the sum of covalent radii.
    min_distance
        Least distance between two positions, Å.

    Returns
    -------
    ndarray
        Positions, shape (n, 3), Å.

    Raises
    ------
    InputError
        When the surface has no room for ``n`` positions.
    """
    _check_element(symbol)
    _film_positions(atoms)
    contact = covalent_radii[atoms.numbers] + covalent_radii[atomic_numbers[symbol]]
    columns = _plane_grid(atoms)
    heights, touched = resting_heights(atoms, columns, contact)
    on_film = (touched >= 0) & film_mask(atoms)[touched]
    points = np.column_stack([columns, heights])[on_film]
    return _spread_out(points, points[:, 2], n, min_distance, np.asarray(atoms.cell), "the free surface")


def resting_heights(atoms: Atoms, columns: np.ndarray, contact: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower a ball onto the atoms from above: the height (m,) of its centre over each column, and what it touches.

    Parameters
    ----------
    atoms
        Upright cell.
    columns
        x and y, shape (m, 2), Å.
    contact
        Distance at which the ball touches each atom, Å, shape (n,).

    Returns
    -------
    (ndarray, ndarray)
        Heights, -inf where the ball falls through, and indices of the touched atoms, -1 there.
    """
    reach = float(contact.max())
    images, owners = with_images(atoms.positions, np.asarray(atoms.cell), reach)
    inside = np.asarray(columns) @ np.linalg.inv(np.asarray(atoms.cell)[:2, :2])
    columns = (inside % 1.0) @ np.asarray(atoms.cell)[:2, :2]
    heights, touched = np.empty(len(columns)), np.empty(len(columns), dtype=int)
    for chunk in np.array_split(np.arange(len(columns)), 1 + len(columns) * len(images) // 10**6):
        lateral = ((columns[chunk, None] - images[:, :2]) ** 2).sum(axis=2)
        below = contact[owners] ** 2 - lateral
        levels = np.where(below > 0, images[:, 2] + np.sqrt(np.maximum(below, 0.0)), -np.inf)
        highest = levels.argmax(axis=1)
        heights[chunk] = levels[np.arange(len(chunk)), highest]
        touched[chunk] = np.where(np.isfinite(heights[chunk]), owners[highest], -1)
    return heights, touched


def _film_positions(atoms: Atoms) -> np.ndarray:
    check_upright(atoms)
    film: np.ndarray = atoms.positions[film_mask(atoms)]
    if len(film) == 0:
        raise InputError(f"{atoms.symbols}: no atom is tagged as liquid")
    return film


def _plane_grid(atoms: Atoms) -> np.ndarray:
    """Points (m, 2) of a grid over the in-plane cell."""
    cell = np.asarray(atoms.cell)[:2, :2]
    counts = [max(1, math.ceil(np.linalg.norm(vector) / _GRID_SPACING)) for vector in cell]
    steps = [(np.arange(count) + 0.5) / count for count in counts]
    found: np.ndarray = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2) @ cell
    return found


def _spread_out(
    points: np.ndarray, score: np.ndarray, n: int, min_distance: float, cell: np.ndarray, where: str
) -> np.ndarray:
    """Pick the ``n`` points of lowest score that keep their distance from each other, images included."""
    from ase.geometry import get_distances

    if n < 1:
        raise InputError(f"n is {n}; ask for at least one position")
    chosen: list[np.ndarray] = []
    free = np.isfinite(score)
    order = np.argsort(score, kind="stable")
    for k in order:
        if not free[k]:
            continue
        chosen.append(points[k])
        if len(chosen) == n:
            return np.array(chosen)
        distances = get_distances(points[k : k + 1], points, cell=cell, pbc=[True, True, False])[1][0]
        free &= distances >= min_distance
    raise InputError(f"n is {n}, but {where} has room for {len(chosen)} positions {min_distance:g} Å apart")
