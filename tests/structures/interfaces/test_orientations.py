"""Ways to lay a film on a substrate: how many there are, and that they differ."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.structures.interfaces.cell_matching import match_cells
from amalgamics.structures.interfaces.coherent import coherent_interfaces, flip
from amalgamics.structures.interfaces.orientations import (
    is_own_mirror_image,
    orientations,
    planar_symmetry,
    strain_states,
)
from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.slab import get_slab

COPPER = bulk("Cu", a=3.6, cubic=True)


def oblique(a: float, b: float, angle_deg: float, points: list[tuple[float, float, float]]) -> Atoms:
    """A layer without any symmetry of its own but that of the points."""
    turn = np.radians(angle_deg)
    cell = [[a, 0, 0], [b * np.cos(turn), b * np.sin(turn), 0], [0, 0, 20]]
    symbols = ["H", "He", "Li", "Be"][: len(points)]
    return Atoms(symbols, cell=cell, scaled_positions=points, pbc=True)


CHIRAL = [(0.0, 0.0, 0.0), (0.3, 0.0, 0.05), (0.0, 0.2, 0.1)]


@pytest.mark.parametrize(
    ("plane", "count"), [((1, 0, 0), 1), ((1, 1, 0), 1), ((1, 1, 1), 2), ((2, 1, 0), 2), ((3, 1, 1), 2), ((3, 3, 1), 2)]
)
def test_ways_of_a_cubic_metal_on_itself(plane, count) -> None:
    """One where the plane has a twofold axis along its normal, else the crystal and its twin."""
    found = coherent_interfaces(COPPER, COPPER, plane, plane)
    assert [one.orientation for one in found] == list(range(count))
    assert {one.strain_state for one in found} == {0}
    assert all(one.max_strain < 1e-6 for one in found)


@settings(max_examples=20, deadline=None)
@given(st.floats(2.8, 4.0), st.floats(2.8, 4.0), st.floats(65, 85), st.floats(-0.02, 0.02), st.booleans())
def test_each_way_fits_the_cell_and_strains_alike(a, b, angle, strain, mirror) -> None:
    film, base = oblique(a, b, angle, CHIRAL), oblique(a * (1 + strain), b, angle, CHIRAL)
    match = match_cells(film, base, max_area=18.0)[0]
    found = orientations(film, base, match, mirror=mirror)
    assert len(found) >= 2  # half a turn always fits
    turns = [one.deformation @ np.linalg.inv(match.deformation) for one in found]
    assert any(np.allclose(turn, -np.eye(2), atol=1e-6) for turn in turns)
    for one in found:
        upper, lower = one.film @ np.array(film.cell)[:2, :2], one.substrate @ np.array(base.cell)[:2, :2]
        np.testing.assert_allclose(upper @ one.deformation.T, lower, atol=1e-8)
        assert one.area == match.area
        np.testing.assert_allclose(
            np.linalg.svd(one.deformation, compute_uv=False),
            np.linalg.svd(match.deformation, compute_uv=False),
            atol=1e-3,
        )
        assert mirror or np.linalg.det(one.deformation) > 0


def test_a_square_cell_takes_a_layer_without_symmetry_eight_ways() -> None:
    film = oblique(3.0, 3.0, 90, CHIRAL)
    match = match_cells(film, film, max_area=9.5)[0]
    assert len(orientations(film, film, match, mirror=False)) == 4
    assert len(orientations(film, film, match, mirror=True)) == 8
    # On a plain square they all are the same.
    plain = oblique(3.0, 3.0, 90, [(0, 0, 0)])
    assert len(orientations(film, plain, match, mirror=True)) == 1


def test_turned_by_a_quarter_a_film_is_strained_along_another_direction() -> None:
    film, base = oblique(3.0, 3.0, 90, CHIRAL), oblique(3.06, 2.94, 90, CHIRAL)
    found = orientations(film, base, match_cells(film, base, max_area=9.5)[0], mirror=False)
    stretched = [round(float(np.linalg.norm(one.deformation[:, 0])), 3) for one in found]
    assert sorted(stretched) == [0.98, 0.98, 1.02, 1.02]
    states = strain_states(found, film)
    assert len(set(states)) == 2
    for one, state in zip(stretched, states, strict=True):
        assert stretched[state] == one


def test_symmetry_in_the_plane() -> None:
    orders = {plane: len(planar_symmetry(get_slab(COPPER, plane).atoms)) for plane in [(1, 0, 0), (1, 1, 1), (2, 1, 0)]}
    assert orders == {(1, 0, 0): 8, (1, 1, 1): 6, (2, 1, 0): 2}
    slab = flip(get_slab(COPPER, (2, 1, 0)).atoms)
    for operation in planar_symmetry(slab):
        np.testing.assert_allclose(operation @ operation.T, np.eye(2), atol=1e-9)


def test_crystals_that_are_their_own_mirror_image() -> None:
    assert is_own_mirror_image(COPPER)
    assert is_own_mirror_image(get_phase("HgS_beta").atoms())  # zincblende
    assert not is_own_mirror_image(get_phase("SiO2_quartz").atoms())
    assert not is_own_mirror_image(get_phase("HgS_alpha").atoms())
