"""Planes of crystals: the densest first, equivalent ones once."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.structures.slabs.lattice_planes import densest_planes, distinct_planes
from amalgamics.structures.symmetry import conventional_cell

L10 = Atoms("CuAu", cell=[2.8, 2.8, 3.6], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)


def test_the_conventional_cell_of_fcc_is_the_cube() -> None:
    cell = conventional_cell(bulk("Al", a=4.05)).atoms
    assert len(cell) == 4
    assert cell.cell.cellpar() == pytest.approx([4.05] * 3 + [90] * 3)


@pytest.mark.parametrize(("symbol", "order"), [("Al", [(1, 1, 1), (1, 0, 0), (1, 1, 0)]), ("Na", [(1, 1, 0)])])
def test_the_densest_planes_come_first(symbol: str, order: list[tuple[int, int, int]]) -> None:
    assert densest_planes(conventional_cell(bulk(symbol)).atoms, len(order)) == order


def test_equivalent_planes_are_kept_once() -> None:
    cube = bulk("Al", cubic=True)
    assert distinct_planes(cube, [(1, 0, 0), (0, 0, -1), (1, 1, 0), (0, 1, -1), (2, 0, 0)]) == [(1, 0, 0), (1, 1, 0)]
    assert distinct_planes(L10, [(1, 0, 0), (0, 0, 1), (0, 1, 0)]) == [(1, 0, 0), (0, 0, 1)]


def test_the_planes_of_a_hexagonal_crystal_are_told_apart() -> None:
    assert distinct_planes(bulk("Mg"), [(1, 0, 0), (0, 1, 0), (-1, 1, 0), (1, 1, 0)]) == [(1, 0, 0), (1, 1, 0)]
