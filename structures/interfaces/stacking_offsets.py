"""Registries of a coherent interface: where the film sits along the plane, found by letting hard spheres settle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..slabs.planar_frame import lateral_images
from ..tags import LIQUID, is_solid

if TYPE_CHECKING:
    from ase import Atoms

    from .coherent import CoherentInterface

# Points of the grid along each edge of the substrate's smallest cell: hollows of square, hexagonal and rectangular
# layers, at halves, thirds and quarters, are among them.
DIVISIONS = 12
_CONTACT_DEPTH = 4.0  # Å: layers further from the interface do not touch the other crystal
_COMPARED = 6.0  # Å: registries alike in all distances up to here are the same
_ALIKE = 0.05  # Å
_BASIN = 1.0  # Å: hollows of a close-packed layer are 1.6 Å apart


def registries(interface: CoherentInterface, count: int) -> list[Atoms]:
    """Return the interface with the film shifted to where it sits deepest, in up to ``count`` different ways.

    Shifted along the plane over the smallest cell of the substrate, the film comes closest where its atoms nestle into
    hollows of the substrate. Each local minimum of that height is one registry; the gap is such that atoms just touch,
    each with half the distance to its nearest neighbour in its own crystal. Between registries that sit equally deep,
    as the two hollows of a close-packed layer do, only energies decide.

    Parameters
    ----------
    interface
        As built by :func:`~amalgamics.structures.interfaces.coherent.coherent_interfaces`.
    count
        Most registries to return, 1 or more.

    Returns
    -------
    list of Atoms
        Deepest first; cell, order and tags of ``interface.atoms``, whose height in the cell changes with the gap.
    """
    atoms = interface.atoms
    film, solid = np.flatnonzero(atoms.get_tags() == LIQUID), np.flatnonzero(is_solid(atoms.get_tags()))
    radii = np.empty(len(atoms))
    for part in (film, solid):
        radii[part] = 0.5 * _nearest_distances(atoms[part])
    points = np.stack(np.meshgrid(*[np.arange(DIVISIONS) / DIVISIONS] * 2, indexing="ij"), axis=-1)
    # Counted from where two atoms face each other, so that the grid meets the points of high symmetry.
    z = atoms.positions[:, 2]
    facing = atoms.positions[solid[z[solid].argmax()], :2] - atoms.positions[film[z[film].argmin()], :2]
    shifts = facing + points @ interface.substrate_cell
    lifts = _lifts(atoms, film, solid, radii, shifts.reshape(-1, 2)).reshape(DIVISIONS, DIVISIONS)
    found: list[Atoms] = []
    seen: list[np.ndarray] = []
    for row, column in _local_minima(lifts, interface.substrate_cell):
        placed = _placed(atoms, film, shifts[row, column], lifts[row, column])
        fingerprint = _cross_distances(placed, film, solid)
        if any(len(each) == len(fingerprint) and np.abs(each - fingerprint).max() < _ALIKE for each in seen):
            continue
        seen.append(fingerprint)
        found.append(placed)
        if len(found) == count:
            break
    return found


def _nearest_distances(atoms: Atoms) -> np.ndarray:
    from ase.neighborlist import neighbor_list

    nearest = np.full(len(atoms), np.inf)
    index, distance = neighbor_list("id", atoms, 5.0)
    np.minimum.at(nearest, index, distance)
    return np.where(np.isfinite(nearest), nearest, 3.0)


def _lifts(atoms: Atoms, film: np.ndarray, solid: np.ndarray, radii: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """How far the film has to move up (negative: may move down) until its first atom touches, shape (n_shifts,)."""
    z = atoms.positions[:, 2]
    low = film[z[film] < z[film].min() + _CONTACT_DEPTH]
    top = solid[z[solid] > z[solid].max() - _CONTACT_DEPTH]
    contact = radii[low][:, None] + radii[top][None, :]
    rise = z[top][None, :] - z[low][:, None]
    apart = (atoms.positions[low][:, None, :2] - atoms.positions[top][None, :, :2])[:, :, None, :]
    apart = apart + lateral_images(atoms.cell.array, float(contact.max()))[:, :2]
    lifts = np.empty(len(shifts))
    for number, shift in enumerate(shifts):
        squared = contact[:, :, None] ** 2 - ((apart + shift) ** 2).sum(axis=-1)
        needed = np.where(squared > 0, rise[:, :, None] + np.sqrt(np.maximum(squared, 0.0)), -np.inf)
        lifts[number] = needed.max()
    return lifts


def _local_minima(heights: np.ndarray, cell: np.ndarray) -> list[tuple[int, int]]:
    """Points of the periodic grid with none lower within ``_BASIN``, lowest first."""
    points = np.stack(np.meshgrid(*[np.arange(DIVISIONS)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    apart = (points[:, None, :] - points[None, :, :])[:, :, None, :] / DIVISIONS @ cell
    near = (np.linalg.norm(apart + lateral_images(cell, _BASIN), axis=-1) < _BASIN).any(axis=-1)
    flat = heights.ravel()
    lowest = np.flatnonzero(~(near & (flat[None, :] < flat[:, None] - 1e-9)).any(axis=1))
    order = lowest[np.argsort(np.round(flat[lowest], 6), kind="stable")]
    return [(int(row), int(column)) for row, column in points[order]]


def _placed(atoms: Atoms, film: np.ndarray, shift: np.ndarray, lift: float) -> Atoms:
    placed: Atoms = atoms.copy()
    placed.positions[film, :2] += shift
    placed.positions[film, 2] += lift
    cell = placed.cell.array.copy()
    cell[2, 2] += lift  # the vacuum keeps its width
    placed.set_cell(cell, scale_atoms=False)
    placed.wrap(pbc=[True, True, False])
    return placed


def _cross_distances(atoms: Atoms, film: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """Sorted distances between atoms of the two crystals."""
    apart = atoms.positions[film][:, None, :] - atoms.positions[solid][None, :, :]
    images = lateral_images(atoms.cell.array, _COMPARED)[:, :2]
    lateral = apart[:, :, None, :2] + images
    distance = np.sqrt((lateral**2).sum(axis=-1) + apart[:, :, None, 2] ** 2).ravel()
    return np.sort(distance[distance < _COMPARED])
