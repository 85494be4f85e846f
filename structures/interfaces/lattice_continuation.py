"""Where the lattice of a substrate goes on above its surface, and how to lay a film there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..slabs.planar_frame import with_images
from .contact import CONTACT_DEPTH

if TYPE_CHECKING:
    from ase import Atoms

    from .contact import Contact

_COINCIDING = 0.5  # Å: a film that is strained by a few per cent still follows the lattice over its first layers
_EXACT = 0.02  # Å
_HIGHEST_SITE = 4.0  # Å above the surface: gaps between layers are narrower
_MOST = 3


def continuations(contact: Contact, step: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """List displacements of the film that put its first layers on sites of the substrate's lattice.

    Parameters
    ----------
    contact
        The two crystals.
    step
        Lattice vector of the substrate that leads out of its surface, Å, shape (3,).

    Returns
    -------
    list
        Displacement (Å, shape (3,)) and whether film and substrate are one crystal after it. The more atoms of the
        film find a site, and one of their own element, the earlier, the nearest to the
        surface first; at most three.
    """
    sites, numbers = _sites(contact, step)
    atoms = contact.atoms
    surface = atoms.positions[contact.solid, 2].max()
    near = sites[sites[:, 2] < surface + _HIGHEST_SITE]
    own = atoms.positions[contact.low]
    found: list[tuple[float, bool, np.ndarray]] = []
    # One atom of the film is enough: wherever the film is to sit, that atom has a site.
    for displacement in near - atoms.positions[contact.lowest[0]]:
        distance, nearest = _nearest(own + displacement, sites, atoms)
        alike = numbers[nearest] == atoms.numbers[contact.low]
        score = float(np.where(distance < _COINCIDING, np.where(alike, 1.0, 0.5), 0.0).mean())
        exact = bool((alike & (distance < _EXACT)).all()) and _fills(own + displacement, sites, atoms)
        found.append((score, exact, displacement))
    found.sort(key=lambda item: (not item[1], -round(item[0], 3), round(item[2][2], 3)))
    return [(displacement, continues) for _, continues, displacement in found[:_MOST]]


def _fills(film: np.ndarray, sites: np.ndarray, atoms: Atoms) -> bool:
    """Whether the film leaves no free site between itself and the surface."""
    below = sites[sites[:, 2] < film[:, 2].min() + _EXACT]
    return bool((_nearest(below, film, atoms)[0] < _EXACT).all())


def _sites(contact: Contact, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Free sites of the substrate's lattice in one cell, near its surface and above, and their elements."""
    atoms = contact.atoms
    solid = atoms[contact.solid]
    depth = float(np.ptp(solid.positions[:, 2]))
    top = solid.positions[:, 2].max()
    times = np.arange(1, int(np.ceil((depth + 2 * CONTACT_DEPTH + _HIGHEST_SITE) / step[2])) + 1)
    points = (solid.positions[None] + times[:, None, None] * step).reshape(-1, 3)
    numbers = np.tile(solid.numbers, len(times))
    inside = (points[:, 2] > top - CONTACT_DEPTH) & (points[:, 2] < top + 2 * CONTACT_DEPTH + _HIGHEST_SITE)
    points, numbers = points[inside], numbers[inside]
    points, numbers = points[kept := _distinct(points, atoms)], numbers[kept]
    free = _nearest(points, solid.positions, atoms)[0] > _COINCIDING
    return points[free], numbers[free]


def _distinct(points: np.ndarray, atoms: Atoms) -> np.ndarray:
    """Indices of points that differ, in-plane images counted as the same."""
    from scipy.spatial import cKDTree

    around, owners = with_images(points, atoms.cell.array, 2.0)
    close = cKDTree(around).query_ball_point(_wrapped(points, atoms), _COINCIDING)
    return np.array([index for index, ball in enumerate(close) if owners[ball].min() == index], dtype=int)


def _wrapped(points: np.ndarray, atoms: Atoms) -> np.ndarray:
    plane = atoms.cell.array[:2, :2]
    wrapped = points.copy()
    wrapped[:, :2] = (points[:, :2] @ np.linalg.inv(plane) % 1.0) @ plane
    return wrapped


def _nearest(points: np.ndarray, others: np.ndarray, atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Distance from each point to the nearest of ``others`` or its images, and which one that is."""
    from scipy.spatial import cKDTree

    around, owners = with_images(others, atoms.cell.array, 2.0)
    distance, index = cKDTree(around).query(_wrapped(points, atoms))
    return distance, owners[index]
