"""Registries of a coherent interface: where the film sits along the plane, of all that are worth an energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..slabs.planar_frame import lateral_images, with_images
from .contact import Contact
from .lattice_continuation import continuations

if TYPE_CHECKING:
    from ase import Atoms

    from .coherent import CoherentInterface

# Points of the grid along each edge of the substrate's smallest cell: hollows of square, hexagonal and rectangular
# layers, at halves, thirds and quarters, are among them.
DIVISIONS = 12
_COARSE = slice(None, None, 3)  # of the grid that fills up
_COMPARED = 6.0  # Å: registries alike in all distances up to here are the same
_ALIKE = 0.05  # Å
_BASIN = 1.0  # Å: hollows of a close-packed layer are 1.6 Å apart


@dataclass(frozen=True, eq=False)
class Registry:
    """One placement of the film: the interface, and whether the two crystals are one there."""

    atoms: Atoms
    continues: bool = False


def registries(interface: CoherentInterface, count: int) -> list[Registry]:
    """Return the interface with the film shifted along the plane, in up to ``count`` different ways.

    Taken in this order, each way once:

    1. the film where the lattice of the substrate goes on: of a crystal on itself, its continuation;
    2. where it sits deepest, its atoms in hollows of the substrate: local minima of the height in which two atoms just
       touch, at the shortest distance that their elements have in the two crystals;
    3. lowest atoms of the film above highest ones of the substrate, and above the middle of two and of three of them;
    4. points of a regular grid.

    Within 2, 3 and 4 the deepest come first. The gap is that in which atoms just touch, or that of the layers of the
    crystal which is continued. Which is the lowest in energy, only energies decide.

    Parameters
    ----------
    interface
        As built by :func:`~amalgamics.structures.interfaces.coherent.coherent_interfaces`.
    count
        Most registries to return, 1 or more.

    Returns
    -------
    list of Registry
        Cell, order and tags of ``interface.atoms``, whose height in the cell changes with the gap.
    """
    contact = Contact(interface.atoms)
    found: list[Registry] = []
    seen: list[np.ndarray] = []
    for shift, lift, continues in _shifts(contact, interface):
        placed = _placed(interface.atoms, contact.film, shift, lift)
        fingerprint = _cross_distances(placed, contact.film, contact.solid)
        if any(len(each) == len(fingerprint) and np.abs(each - fingerprint).max() < _ALIKE for each in seen):
            continue
        seen.append(fingerprint)
        found.append(Registry(placed, continues))
        if len(found) == count:
            break
    return found


def deepest(atoms: Atoms, cell: np.ndarray) -> Atoms:
    """Return an interface with the film where it sits deepest, each atom with a radius of its own.

    Of a thin layer of another crystal, whose first relaxation finds its place.

    Parameters
    ----------
    atoms
        Substrate under film.
    cell
        In-plane vectors of the substrate's smallest cell, shape (2, 2).
    """
    contact = Contact(atoms, by_atom=True)
    z = atoms.positions[:, 2]
    highest, lowest = contact.solid[z[contact.solid].argmax()], contact.film[z[contact.film].argmin()]
    points = _grid(atoms.positions[highest, :2] - atoms.positions[lowest, :2], cell).reshape(-1, 2)
    lifts = contact.lifts(points)
    best = int(_local_minima(lifts, cell)[0])
    return _placed(atoms, contact.film, points[best], float(lifts[best]))


def _grid(start: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Shifts over a cell, shape (DIVISIONS, DIVISIONS, 2)."""
    steps = np.stack(np.meshgrid(*[np.arange(DIVISIONS) / DIVISIONS] * 2, indexing="ij"), axis=-1)
    found: np.ndarray = start + steps @ cell
    return found


def _shifts(contact: Contact, interface: CoherentInterface) -> Iterator[tuple[np.ndarray, float, bool]]:
    """Shifts of the film (2,), how far it moves up (Å), and whether one crystal results, in the order of trial."""
    for displacement, continues in continuations(contact, interface.substrate_step):
        shift = displacement[:2]
        yield shift, float(displacement[2] if continues else contact.lifts(shift[None])[0]), continues
    cell, positions = interface.substrate_cell, interface.atoms.positions
    # Counted from where two atoms face each other, so that the grid meets the points of high symmetry.
    facing = positions[contact.highest[0], :2] - positions[contact.lowest[0], :2]
    points = _grid(facing, cell)
    flat = points.reshape(-1, 2)
    minima = [contact.settle(flat[index]) for index in _local_minima(contact.lifts(flat), cell)]
    for shift, lift in sorted(minima, key=lambda item: round(item[1], 3)):
        yield shift, lift, False
    for shifts in (_high_symmetry(contact), points[_COARSE, _COARSE].reshape(-1, 2)):
        lifts = contact.lifts(shifts)
        for index in np.argsort(np.round(lifts, 3), kind="stable"):
            yield shifts[index], float(lifts[index]), False


def _local_minima(heights: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Indices of the points of the periodic grid with none lower within ``_BASIN``, lowest first."""
    points = np.stack(np.meshgrid(*[np.arange(DIVISIONS)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    apart = (points[:, None, :] - points[None, :, :])[:, :, None, :] / DIVISIONS @ cell
    near = (np.linalg.norm(apart + lateral_images(cell, _BASIN), axis=-1) < _BASIN).any(axis=-1)
    lowest = np.flatnonzero(~(near & (heights[None, :] < heights[:, None] - 1e-9)).any(axis=1))
    ordered: np.ndarray = lowest[np.argsort(np.round(heights[lowest], 6), kind="stable")]
    return ordered


def _high_symmetry(contact: Contact) -> np.ndarray:
    """Shifts that put a lowest atom of the film above one, two or three highest ones of the substrate, shape (m, 2)."""
    from scipy.spatial import Delaunay

    positions, cell = contact.atoms.positions, contact.atoms.cell.array
    own = positions[contact.highest]
    reach = float(np.linalg.norm(cell[:2], axis=1).max())
    points = np.unique(np.round(with_images(own, cell, reach)[0][:, :2], 6), axis=0)
    triangles = points[Delaunay(points).simplices]
    middles = 0.5 * (triangles + np.roll(triangles, 1, axis=1)).reshape(-1, 2)
    sites = np.concatenate([own[:, :2], middles, triangles.mean(axis=1)])
    scaled = sites @ np.linalg.inv(cell[:2, :2])
    inside = sites[((scaled > -1e-3) & (scaled < 1 - 1e-3)).all(axis=1)]
    shifts: np.ndarray = (inside[None, :, :] - positions[contact.lowest][:, None, :2]).reshape(-1, 2)
    return shifts


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
    """Distances between atoms of the two crystals, sorted by the pair of elements and by length."""
    z = atoms.positions[:, 2]
    film = film[z[film] < z[solid].max() + _COMPARED]
    solid = solid[z[solid] > z[film].min() - _COMPARED]
    apart = atoms.positions[film][:, None, :] - atoms.positions[solid][None, :, :]
    images = lateral_images(atoms.cell.array, _COMPARED)[:, :2]
    lateral = apart[:, :, None, :2] + images
    distance = np.sqrt((lateral**2).sum(axis=-1) + apart[:, :, None, 2] ** 2)
    # Far more than any distance between one pair of elements and the next.
    pairs = 1e3 * (1e3 * atoms.numbers[film][:, None, None] + atoms.numbers[solid][None, :, None])
    found: np.ndarray = np.sort((distance + pairs)[distance < _COMPARED])
    return found
