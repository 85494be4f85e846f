"""Common in-plane cells of two slabs: supercells of either that differ by a small strain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ..slabs.planar_cells import EXCHANGE, shortest_pair
from ..slabs.planar_frame import check_upright, planar_area

if TYPE_CHECKING:
    from ase import Atoms


_EQUAL_STRAIN = 1e-4  # principal strains that differ less are equal


@dataclass(frozen=True, eq=False)
class CellMatch:
    """A common cell: integer combinations (2, 2) of the in-plane vectors of film and substrate, and the strain."""

    film: np.ndarray
    substrate: np.ndarray
    deformation: np.ndarray
    area: float

    @property
    def strain(self) -> np.ndarray:
        """Green-Lagrange strain of the film, shape (2, 2)."""
        found: np.ndarray = 0.5 * (self.deformation.T @ self.deformation - np.eye(2))
        return found

    @property
    def max_strain(self) -> float:
        """Largest relative change of a length."""
        return float(np.abs(np.linalg.svd(self.deformation, compute_uv=False) - 1).max())

    @property
    def von_mises_strain(self) -> float:
        """Von Mises equivalent of the strain, with no strain along the normal."""
        full = np.zeros((3, 3))
        full[:2, :2] = self.strain
        deviator = full - np.trace(full) / 3 * np.eye(3)
        return float(math.sqrt(2 / 3 * (deviator**2).sum()))


@dataclass(frozen=True, eq=False)
class _Supercell:
    """Integer combinations (2, 2) of a slab's vectors, and the reduced right-handed vectors (2, 2) they give."""

    combination: np.ndarray
    vectors: np.ndarray
    lengths: np.ndarray


def match_cells(film: Atoms, substrate: Atoms, *, max_area: float = 200.0, max_strain: float = 0.05) -> list[CellMatch]:
    """List common in-plane cells of two slabs, smallest first; one of each area and pair of principal strains.

    All supercells of either up to that area are compared, as Zur and McGill do (doi 10.1063/1.333084); the film may
    turn freely in the plane, but is not mirrored.

    Parameters
    ----------
    film, substrate
        Slabs in upright cells.
    max_area
        Å^2, of the substrate's cell.
    max_strain
        Largest relative change of a length of the film.
    """
    check_upright(film, "film cell")
    check_upright(substrate, "substrate cell")
    upper, lower = np.array(film.cell)[:2, :2], np.array(substrate.cell)[:2, :2]
    film_area, substrate_area = planar_area(upper), planar_area(lower)
    distinct: dict[tuple[float, ...], CellMatch] = {}
    films: dict[int, list[_Supercell]] = {}
    for count in range(1, int((max_area + 1e-6) / substrate_area) + 1):
        area = count * substrate_area
        least = math.ceil(area / film_area / (1 + max_strain) ** 2 - 1e-6)
        most = math.floor(area / film_area / max(1 - max_strain, 1e-3) ** 2 + 1e-6)
        bases = _supercells(lower, count) if most >= max(least, 1) else []
        for film_count in range(max(least, 1), most + 1):
            if film_count not in films:
                films[film_count] = _supercells(upper, film_count)
            for top, base in product(films[film_count], bases):
                # A strain changes the lengths of the shortest vectors no more than any other.
                ratios = base.lengths / top.lengths
                if np.abs(ratios - 1).max() > max_strain + 1e-9:
                    continue
                match = _least_strain(top, base, area)
                if match.max_strain <= max_strain + 1e-9:
                    stretches = np.linalg.svd(match.deformation, compute_uv=False)
                    distinct.setdefault((round(area, 3), *np.round(stretches, 5)), match)
    return sorted(distinct.values(), key=lambda match: (round(match.area, 3), match.max_strain))


def all_matches(film: Atoms, substrate: Atoms, match: CellMatch, *, mirror: bool) -> list[CellMatch]:
    """List all ways to pair supercells of two slabs with the area and the principal strains of ``match``.

    Parameters
    ----------
    film, substrate
        Slabs in upright cells.
    match
        One of :func:`match_cells` of them.
    mirror
        Also ways that reflect the film in the plane; the determinant of their deformation is negative.

    Returns
    -------
    list of CellMatch
        Unreflected ones first.
    """
    tops = _every_supercell(np.array(film.cell)[:2, :2], round(abs(np.linalg.det(match.film))))
    bases = _every_supercell(np.array(substrate.cell)[:2, :2], round(abs(np.linalg.det(match.substrate))))
    wanted = np.linalg.svd(match.deformation, compute_uv=False)
    changes = np.concatenate([_CHANGES, _CHANGES @ np.diag([1, -1])]) if mirror else _CHANGES
    found = []
    for top, base in product(tops, bases):
        if np.abs(base.lengths / top.lengths - 1).max() > np.abs(wanted - 1).max() + _EQUAL_STRAIN:
            continue
        deformations = _deformations(changes @ top.vectors, base.vectors)
        stretches = np.linalg.svd(deformations, compute_uv=False)
        for index in np.flatnonzero(np.abs(stretches - wanted).max(axis=1) < _EQUAL_STRAIN):
            found.append(CellMatch(changes[index] @ top.combination, base.combination, deformations[index], match.area))
    return sorted(found, key=lambda item: bool(np.linalg.det(item.deformation) < 0))


def _supercells(basis: np.ndarray, count: int) -> list[_Supercell]:
    """Supercells of ``count`` cells, one of each shape."""
    found: dict[tuple[float, ...], _Supercell] = {}
    for cell in _every_supercell(basis, count):
        gram = cell.vectors @ cell.vectors.T
        found.setdefault(tuple(np.round(gram.ravel(), 4) + 0.0), cell)
    return list(found.values())


def _every_supercell(basis: np.ndarray, count: int) -> list[_Supercell]:
    """All supercells of ``count`` cells."""
    heights = [number for number in range(1, count + 1) if count % number == 0]
    return [
        _reduced(np.array([[count // height, offset], [0, height]]), basis)
        for height in heights
        for offset in range(height)
    ]


def _reduced(combination: np.ndarray, basis: np.ndarray) -> _Supercell:
    """Shortest vectors of the same lattice, right-handed."""
    combination = shortest_pair(combination @ basis, EXCHANGE) @ combination
    vectors = combination @ basis
    if np.linalg.det(vectors) < 0:
        combination = np.array([combination[0], -combination[1]])
    vectors = combination @ basis
    return _Supercell(combination, vectors, np.linalg.norm(vectors, axis=1))


# Two reduced bases of nearly the same lattice are at most such a change apart; the identity comes first.
_CHANGES = np.array(
    sorted(
        ([[a, b], [c, d]] for a, b, c, d in product((1, 0, -1), repeat=4) if a * d - b * c == 1),
        key=lambda change: abs(np.array(change) - np.eye(2)).sum(),
    )
)


def _least_strain(film: _Supercell, substrate: _Supercell, area: float) -> CellMatch:
    """Pair two supercells in the way that strains the film least."""
    deformations = _deformations(_CHANGES @ film.vectors, substrate.vectors)
    strains = np.abs(np.linalg.svd(deformations, compute_uv=False) - 1).max(axis=1)
    best = int(np.round(strains, 9).argmin())
    return CellMatch(_CHANGES[best] @ film.combination, substrate.combination, deformations[best], area)


def _deformations(starts: np.ndarray, target: np.ndarray) -> np.ndarray:
    """What takes each pair of vectors (m, 2, 2) to the pair ``target``, shape (m, 2, 2)."""
    found: np.ndarray = np.linalg.solve(starts, np.broadcast_to(target, starts.shape)).transpose(0, 2, 1)
    return found
