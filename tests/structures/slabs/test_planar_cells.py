"""Vectors in a plane: the shortest pair of a lattice, and its images."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.structures.slabs.planar_cells import EXCHANGE, TURN, reduce_planar, shortest_pair, smallest_supercell
from amalgamics.structures.slabs.planar_frame import lateral_images, planar_area, planar_widths

lengths, angles = st.floats(1.0, 6.0), st.floats(20.0, 160.0)
shears = st.integers(-3, 3)


def plane(a: float, b: float, angle_deg: float, shear: int = 0) -> np.ndarray:
    turn = np.radians(angle_deg)
    vectors = np.array([[a, 0.0], [b * np.cos(turn), b * np.sin(turn)]])
    return np.array([[1, shear], [0, 1]]) @ vectors


@given(lengths, lengths, angles, shears, st.sampled_from([TURN, EXCHANGE]))
def test_no_vector_of_the_lattice_is_shorter_than_the_pair(a, b, angle, shear, swap) -> None:
    basis = plane(a, b, angle, shear)
    change = shortest_pair(basis, swap)
    assert round(np.linalg.det(change)) in ((1,) if swap is TURN else (1, -1))
    first, second = change @ basis
    steps = np.array([step for step in itertools.product(range(-3, 4), repeat=2) if any(step)])
    found = np.sort(np.linalg.norm(steps @ (change @ basis), axis=1))
    assert np.linalg.norm(first) == pytest.approx(found[0])
    assert np.linalg.norm(first) <= np.linalg.norm(second) * (1 + 1e-9)
    # The component along the first lies within half of it, so no multiple of it shortens the second.
    share = first @ second / (first @ first)
    assert -0.5 - 1e-6 < share < 0.5 + 1e-6


@given(lengths, lengths, angles, shears)
def test_a_reduced_pair_is_obtuse_and_keeps_area_and_handedness(a, b, angle, shear) -> None:
    basis = plane(a, b, angle, shear)
    change = reduce_planar(basis)
    assert round(np.linalg.det(change)) == 1
    first, second = change @ basis
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert -0.5 - 1e-6 < cosine < 1e-6
    assert np.linalg.det(change @ basis) == pytest.approx(np.linalg.det(basis))


@pytest.mark.parametrize("angle", [60.0, 120.0])
def test_a_hexagonal_lattice_comes_out_alike_from_either_setting(angle) -> None:
    """Both short pairs are equally short there: rounding noise must not decide between them."""
    for noise in (-1e-13, 0.0, 1e-13):
        first, second = reduce_planar(plane(3.0, 3.0 + noise, angle)) @ plane(3.0, 3.0 + noise, angle)
        assert first @ second == pytest.approx(-4.5)


@given(lengths, lengths, st.floats(50.0, 130.0), st.floats(0.5, 9.0))
def test_every_image_within_reach_is_listed(a, b, angle, reach) -> None:
    vectors = plane(a, b, angle)
    cell = np.diag([0.0, 0.0, 20.0])
    cell[:2, :2] = vectors
    images = lateral_images(cell, reach)
    assert images.shape[1] == 3
    np.testing.assert_allclose(images[:, :2], lateral_images(vectors, reach))
    listed = {tuple(step) for step in np.round(images[:, :2] @ np.linalg.inv(vectors)).astype(int)}
    far = int(np.ceil(reach / min(planar_widths(vectors)))) + 2
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) @ vectors
    for step in itertools.product(range(-far, far + 1), repeat=2):
        # From some corner of the cell to the nearest corner of the image.
        shift = np.array(step) @ vectors
        apart = np.linalg.norm((corners + shift)[:, None] - corners[None], axis=-1).min()
        assert apart > reach - 1e-9 or step in listed


def test_twice_the_area_of_a_square_is_a_square_turned() -> None:
    square = np.eye(3) * 3.0
    matrix = smallest_supercell(square, 4.2)
    assert planar_area(matrix @ square[:2, :2]) == pytest.approx(18.0)
