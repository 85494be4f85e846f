"""Planes of crystals: the densest first, equivalent ones once."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.build import bulk
from ase.cell import Cell
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.lattice_planes import densest_planes, distinct_planes
from amalgamics.structures.symmetry import conventional_cell

CENTRINGS = {
    "P": [(0, 0, 0)],
    "I": [(0, 0, 0), (0.5, 0.5, 0.5)],
    "C": [(0, 0, 0), (0.5, 0.5, 0)],
    "F": [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)],
    "R": [(0, 0, 0), (2 / 3, 1 / 3, 1 / 3), (1 / 3, 2 / 3, 2 / 3)],
}
L10 = Atoms("CuAu", cell=[2.8, 2.8, 3.6], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)


def test_the_conventional_cell_of_fcc_is_the_cube() -> None:
    cell = conventional_cell(bulk("Al", a=4.05)).atoms
    assert len(cell) == 4
    assert cell.cell.cellpar() == pytest.approx([4.05] * 3 + [90] * 3)


@pytest.mark.parametrize(
    ("symbol", "order"),
    [
        ("Al", [(1, 1, 1), (1, 0, 0), (1, 1, 0), (3, 1, 1)]),
        ("Na", [(1, 1, 0), (1, 0, 0), (2, 1, 1), (3, 1, 0), (1, 1, 1)]),
        ("Mg", [(0, 0, 1), (1, 0, 0), (1, 0, 1), (1, 0, 2)]),
    ],
)
def test_the_densest_planes_come_first(symbol: str, order: list[tuple[int, int, int]]) -> None:
    assert densest_planes(conventional_cell(bulk(symbol)).atoms, len(order)) == order


def spacing(plane: tuple[int, int, int], cell: np.ndarray, centring: str) -> float:
    """Distance of neighbouring lattice planes, Å: the least step of plane times lattice vector, over its length."""
    steps = [round(6 * float(np.dot(plane, vector))) for vector in CENTRINGS[centring]]
    return math.gcd(6, *steps) / 6 / float(np.linalg.norm(np.linalg.inv(cell) @ plane))


def widest(crystal: Atoms, centring: str, least: float) -> list[float]:
    """Spacings of all distinct planes at least that wide, by brute force over their indices."""
    cell = crystal.cell.array
    # A plane of spacing d has no index beyond the length of that edge over d.
    limits = [int(length / least + 1e-6) for length in crystal.cell.lengths()]
    structure = (cell, crystal.get_scaled_positions(), crystal.numbers)
    rotations = spglib.get_symmetry_dataset(structure, symprec=0.01).rotations
    seen: set[tuple[int, ...]] = set()
    found = []
    for plane in itertools.product(*(range(-limit, limit + 1) for limit in limits)):
        if math.gcd(*plane) != 1 or plane in seen:
            continue
        seen |= {tuple((sign * np.array(plane) @ turn).tolist()) for turn in rotations for sign in (1, -1)}
        if (wide := spacing(plane, cell, centring)) > least * (1 - 1e-6):
            found.append(wide)
    return sorted(found, reverse=True)


@given(
    edges=st.tuples(*[st.floats(2.5, 9.0)] * 3),
    angles=st.tuples(*[st.floats(65.0, 115.0)] * 3),
    kind=st.sampled_from(["triclinic", "orthorhombic", "tetragonal", "cubic", "hexagonal"]),
    centring=st.sampled_from(["P", "I", "C", "F"]),
    count=st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_no_plane_is_wider_than_those_taken(
    edges: tuple[float, float, float], angles: tuple[float, float, float], kind: str, centring: str, count: int
) -> None:
    a, b, c = edges
    cellpar = {
        "triclinic": [a, b, c, *angles],
        "orthorhombic": [a, b, c, 90, 90, 90],
        "tetragonal": [a, a, c, 90, 90, 90],
        "cubic": [a, a, a, 90, 90, 90],
        "hexagonal": [a, a, c, 90, 90, 120],
    }[kind]
    centring = {"hexagonal": "R" if centring != "P" else "P"}.get(kind, centring)
    points = CENTRINGS[centring]
    crystal = Atoms(f"Cu{len(points)}", cell=Cell.fromcellpar(cellpar), scaled_positions=points, pbc=True)
    planes = densest_planes(crystal, count)
    taken = [spacing(plane, crystal.cell.array, centring) for plane in planes]
    assert len(set(planes)) == count
    np.testing.assert_allclose(taken, widest(crystal, centring, min(taken))[:count], rtol=2e-3)
    # None is another one turned.
    assert distinct_planes(crystal, planes, symprec=0.01) == planes


@pytest.mark.parametrize(("name", "centring"), [("Hg_alpha", "R"), ("Li_9R", "R"), ("S_alpha", "F"), ("MgHg2", "I")])
def test_no_plane_of_a_library_crystal_is_missed(name: str, centring: str) -> None:
    crystal = conventional_cell(get_phase(name).atoms()).atoms
    taken = [spacing(plane, crystal.cell.array, centring) for plane in densest_planes(crystal, 8)]
    np.testing.assert_allclose(taken, widest(crystal, centring, min(taken))[:8], rtol=1e-6)


def test_equivalent_planes_are_kept_once() -> None:
    cube = bulk("Al", cubic=True)
    assert distinct_planes(cube, [(1, 0, 0), (0, 0, -1), (1, 1, 0), (0, 1, -1), (2, 0, 0)]) == [(1, 0, 0), (1, 1, 0)]
    assert distinct_planes(L10, [(1, 0, 0), (0, 0, 1), (0, 1, 0)]) == [(1, 0, 0), (0, 0, 1)]


def test_the_planes_of_a_hexagonal_crystal_are_told_apart() -> None:
    assert distinct_planes(bulk("Mg"), [(1, 0, 0), (0, 1, 0), (-1, 1, 0), (1, 1, 0)]) == [(1, 0, 0), (1, 1, 0)]
