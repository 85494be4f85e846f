"""Common cells of two slabs, against cells whose match is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.structures.interfaces.cell_matching import match_cells


def slab(a: float, b: float, angle_deg: float) -> Atoms:
    turn = np.radians(angle_deg)
    cell = [[a, 0, 0], [b * np.cos(turn), b * np.sin(turn), 0], [0, 0, 20]]
    return Atoms("H", cell=cell, pbc=True)


lengths = st.floats(2.5, 5.0)
angles = st.floats(60.0, 120.0)


@settings(max_examples=30, deadline=None)
@given(lengths, lengths, angles, st.sampled_from([((2, 1), (0, 1)), ((1, 1), (-1, 2)), ((3, 0), (1, 1))]))
def test_a_supercell_is_recognised(a: float, b: float, angle: float, change: tuple[Any, ...]) -> None:
    """A film whose cell is a supercell of the substrate, in other vectors and turned, fits without strain."""
    substrate = slab(a, b, angle)
    film = substrate.copy()
    cell = np.array(film.cell)
    cell[:2] = np.array(change) @ cell[:2]
    film.set_cell(cell)
    film.rotate(37, "z", rotate_cell=True)
    count = round(abs(np.linalg.det(change)))
    best = match_cells(film, substrate, max_area=(count + 0.1) * a * b)[0]
    assert best.max_strain == pytest.approx(0.0, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(lengths, lengths, angles, lengths, lengths, angles)
def test_each_match_is_what_it_says(a: float, b: float, first: float, c: float, d: float, second: float) -> None:
    film, substrate = slab(a, b, first), slab(c, d, second)
    for match in match_cells(film, substrate, max_area=60.0, max_strain=0.06):
        upper, lower = match.film @ np.array(film.cell)[:2, :2], match.substrate @ np.array(substrate.cell)[:2, :2]
        np.testing.assert_allclose(upper @ match.deformation.T, lower, atol=1e-8)
        assert np.linalg.det(match.deformation) > 0  # turned and strained, not mirrored
        assert abs(np.linalg.det(lower)) == pytest.approx(match.area)
        assert match.max_strain <= 0.06 + 1e-9
        assert match.area <= 60.0 + 1e-6


def test_an_oblique_cell_and_its_mirror_image_do_not_match() -> None:
    assert match_cells(slab(3.0, 4.1, 70), slab(3.0, 4.1, 70), max_area=13.0, max_strain=1e-3)
    assert not match_cells(slab(3.0, 4.1, 70), slab(3.0, 4.1, 110), max_area=13.0, max_strain=1e-3)


def test_a_square_on_a_square_matches_at_the_numbers_of_lattice_points() -> None:
    """Supercells of a square lattice that are squares have 1, 2, 4, 5, 8, 9, 10 cells: sums of two squares."""
    square = slab(3.0, 3.0, 90)
    unit = slab(3.0 * 5**0.5, 3.0 * 5**0.5, 90)  # matches with a single cell of its own only where 5 cells do
    best = match_cells(unit, square, max_area=9.0 * 5.1, max_strain=1e-4)
    assert best[0].area == pytest.approx(45.0)
    assert abs(np.linalg.det(best[0].film)) == pytest.approx(1.0)
