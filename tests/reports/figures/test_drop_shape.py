"""Drops are true to their angle and keep their volume."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.reports.figures.drop_shape import drop_shape


@given(st.floats(2.0, 179.0))
def test_outline_meets_the_solid_at_the_angle(theta):
    shape = drop_shape(theta, 1.0, 1e9)
    points = shape.outline(4000)
    (x0, y0), (x1, y1) = points[0], points[1]
    assert y0 == pytest.approx(0.0, abs=1e-9 * shape.radius)
    slope = math.degrees(math.atan2(y1 - y0, x1 - x0))  # of the surface, leaving the contact line upwards
    assert 180.0 - slope == pytest.approx(theta, abs=0.1)


@given(st.floats(2.0, 180.0))
def test_volume_is_that_of_the_sphere(theta):
    shape = drop_shape(theta, 1.3, 1e9)
    r, h = shape.radius, shape.height
    assert math.pi * h**2 * (3.0 * r - h) / 3.0 == pytest.approx(4.0 / 3.0 * math.pi * 1.3**3, rel=1e-6)


@given(st.floats(0.0, 180.0), st.floats(0.2, 5.0))
def test_it_stays_in_its_room(theta, room):
    shape = drop_shape(theta, 1.0, room)
    assert max(abs(x) for x, _ in shape.outline()) <= room * (1.0 + 1e-9)


def test_the_ends():
    assert drop_shape(0.0, 1.0, 4.0).is_sheet
    assert drop_shape(180.0, 1.0, 4.0).height == pytest.approx(2.0)
    assert "0 1 1" in drop_shape(120.0, 10.0, 99.0).svg_path()
    assert "0 0 1" in drop_shape(60.0, 10.0, 99.0).svg_path()
