"""Energy of a convex hull at many compositions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOLERANCE = 1e-6
"""How far, in barycentric coordinates, a composition may lie outside the facet it is assigned to."""

_CHUNK = 4_000_000
"""Numbers held at once while compositions are compared with facets (32 MB)."""


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
