"""The facets of a convex hull over composition, and its energy at many compositions at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOLERANCE = 1e-6
"""How far, in barycentric coordinates, a composition may lie outside the facet it is assigned to."""

_CHUNK = 4_000_000
"""Numbers held at once while compositions are compared with facets (32 MB)."""

_LEAST_VOLUME = 1e-14
"""Determinant of the corners below which a facet covers no compositions; that of pymatgen's ``PhaseDiagram``."""


def lower_facets(fractions: NDArray[np.float64], energies: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the corners of the facets of the lower convex hull.

    Parameters
    ----------
    fractions
        Mole fractions of the phases, shape (n_phases, n_elements): each composition once, the elements among them.
    energies
        eV/atom, shape (n_phases,).

    Returns
    -------
    ndarray
        Positions of the phases, shape (n_facets, n_elements). Together the facets cover all compositions.

    Notes
    -----
    Of two elements they are the steps of a monotone chain [1]_. Of more they are those of Qhull, from the points that
    pymatgen's ``PhaseDiagram`` gives it: one high above all others belongs to every facet that looks upwards.

    References
    ----------
    .. [1] A. M. Andrew, Inf. Process. Lett. 9, 216 (1979), doi:10.1016/0020-0190(79)90072-3
    """
    n_phases, n_elements = fractions.shape
    if n_elements == 1:
        return np.array([[energies.argmin()]], dtype=np.intp)
    if n_elements == 2:
        chain = _lower_chain(fractions[:, 0].tolist(), energies.tolist())
        return np.array(list(pairwise(chain)), dtype=np.intp)
    # Not needed for two elements, and slower to import than their hull is to build.
    from scipy.spatial import ConvexHull

    above = np.full(n_elements, 1.0 / n_elements)
    above[-1] = max(0.0, energies.max()) + 2.0
    points = np.vstack([np.column_stack([fractions[:, 1:], energies]), above])
    facets = ConvexHull(points, qhull_options="Qt i").simplices
    below = facets[(facets < n_phases).all(axis=1)]
    corners = fractions[below]
    return np.asarray(below[np.abs(np.linalg.det(corners)) > _LEAST_VOLUME], dtype=np.intp)


def _lower_chain(x: Sequence[float], y: Sequence[float]) -> list[int]:
    """Return the positions of the points on the lower hull of a plane, from left to right."""
    chain: list[int] = []
    for point in sorted(range(len(x)), key=lambda i: x[i]):
        while len(chain) > 1:
            first, last = chain[-2:]
            rise = (x[last] - x[first]) * (y[point] - y[first]) - (y[last] - y[first]) * (x[point] - x[first])
            if rise > 0.0:  # the last point lies below the line between its neighbours
                break
            chain.pop()
        chain.append(point)
    return chain


def interpolate(
    fractions: NDArray[np.float64], energies: NDArray[np.float64], facets: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the energy of the hull at the composition of every phase.

    Parameters
    ----------
    fractions
        Mole fractions of the phases, shape (n_phases, n_elements).
    energies
        eV/atom, shape (n_phases,); only those of the corners are used.
    facets
        Positions of the phases at the corners of each facet, shape (n_facets, n_elements). Together the facets cover
        all compositions.

    Returns
    -------
    ndarray
        eV/atom, shape (n_phases,).

    Raises
    ------
    RuntimeError
        The facets leave a composition uncovered.

    Notes
    -----
    A phase belongs to the facet in which its smallest barycentric coordinate is largest. Interpolating there stays
    accurate where facets are slivers; extrapolating every facet and taking the highest value would not.
    """
    to_barycentric = np.linalg.inv(fractions[facets])  # (n_facets, n_elements, n_elements)
    corner_energies = energies[facets]
    result = np.empty(len(fractions))
    chunk = max(1, _CHUNK // facets.size)
    for start in range(0, len(fractions), chunk):
        weights = np.einsum("pe,fec->pfc", fractions[start : start + chunk], to_barycentric, optimize=True)
        smallest = weights.min(axis=2)
        facet = smallest.argmax(axis=1)
        rows = np.arange(len(facet))
        if smallest[rows, facet].min() < -_TOLERANCE:
            raise RuntimeError("a composition lies outside every facet of the hull")
        result[start : start + chunk] = (weights[rows, facet] * corner_energies[facet]).sum(axis=1)
    return result
