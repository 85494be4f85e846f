"""Miller indices of powder lines: the families of planes that contribute to each, by the Laue group of the crystal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..symmetry import MillerIndex, equivalents

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from ..symmetry import ConventionalCell

_SAME_ANGLE = 2e-5
"""Degrees of 2θ; pymatgen joins what lies within 1e-5 in one line."""
_LEAST_SHARE = 1e-4
"""Share of a line below which a family does not contribute: it is extinct, but for rounding."""


def line_families(
    cell: ConventionalCell, two_theta_deg: Sequence[float], wavelength: float
) -> list[tuple[MillerIndex, ...]]:
    """Return the families that contribute to each line, the strongest first, each by its customary index.

    Parameters
    ----------
    cell
        The crystal, idealised; the indices are in its axes.
    two_theta_deg
        Of the lines.
    wavelength
        Å.
    """
    if not len(two_theta_deg):
        return []
    points = _reciprocal_points(cell.lattice, 2.0 * math.sin(math.radians(max(two_theta_deg) / 2.0)) / wavelength)
    lengths = np.linalg.norm(points @ np.linalg.inv(cell.lattice).T, axis=1)
    angles = 2.0 * np.degrees(np.arcsin(np.minimum(0.5 * wavelength * lengths, 1.0)))
    order = np.argsort(angles)
    points, lengths, angles = points[order], lengths[order], angles[order]
    found = []
    for angle in two_theta_deg:
        near = slice(*np.searchsorted(angles, (angle - _SAME_ANGLE, angle + _SAME_ANGLE)))
        found.append(_families(cell, points[near], lengths[near]))
    return found


def _reciprocal_points(lattice: NDArray[np.float64], longest: float) -> NDArray[np.int_]:
    """All indices but (0, 0, 0) whose reciprocal vectors are no longer than ``longest`` (1/Å) or hardly so."""
    # |h| = |g . a| <= |g| |a|
    bounds = np.floor(longest * (1 + 1e-6) * np.linalg.norm(lattice, axis=1)).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in bounds), indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[np.any(grid != 0, axis=1)]
    inside: NDArray[np.int_] = grid[np.linalg.norm(grid @ np.linalg.inv(lattice).T, axis=1) <= longest * (1 + 1e-6)]
    return inside


def _families(
    cell: ConventionalCell, points: NDArray[np.int_], lengths: NDArray[np.float64]
) -> tuple[MillerIndex, ...]:
    strengths: dict[MillerIndex, float] = {}
    left = {tuple(point): float(length) for point, length in zip(points.tolist(), lengths, strict=True)}
    while left:
        point, length = next(iter(left.items()))
        members = equivalents(point, cell.rotations)
        for member in members:
            left.pop(member, None)
        left.pop(point, None)
        if cell.allows(point):
            name = cell.representative(point)
            strengths[name] = len(members) * _scattered(cell.structure, np.array(point), length)
    least = _LEAST_SHARE * max(strengths.values(), default=0.0)
    kept = [name for name, strength in strengths.items() if strength > least]
    return tuple(sorted(kept, key=lambda name: (-round(strengths[name], 6), tuple(-part for part in name))))


def _scattered(structure: Structure, point: NDArray[np.int_], length: float) -> float:
    """|F|², with the scattering factors of pymatgen."""
    from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS

    s2 = (0.5 * length) ** 2
    total = 0.0 + 0.0j
    for site in structure:
        phase = np.exp(2j * math.pi * float(site.frac_coords @ point))
        for element, share in site.species.items():
            a, b = np.array(ATOMIC_SCATTERING_PARAMS[element.symbol]).T
            total += share * phase * (element.Z - 41.78214 * s2 * float((a * np.exp(-b * s2)).sum()))
    return abs(total) ** 2
