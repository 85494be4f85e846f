"""The static picture of the curve."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from amalgamics.reports.figures.style import DPI
from amalgamics.reports.wetting.diagram import key_angles
from amalgamics.reports.wetting.drops_png import spaced
from amalgamics.reports.wetting.png import COLOURS, SIZE_INCHES, wetting_png
from amalgamics.reports.wetting.wording import key_points
from amalgamics.thermodynamics.wetting.curve import Limit


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png), format="png"))[..., :3]


@pytest.fixture(scope="module")
def picture(wetting):
    return pixels(wetting_png(wetting))


def test_size_and_white_border(picture):
    assert picture.shape[:2] == (SIZE_INCHES[1] * DPI, SIZE_INCHES[0] * DPI)
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert np.all(edge > 0.99)


def share(picture: np.ndarray, colour: str) -> float:
    target = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(np.mean(np.all(np.abs(picture - target) < 0.03, axis=-1)))


def test_it_holds_both_limits_and_their_bands(picture):
    assert share(picture, "#ffffff") > 0.5
    for colour in COLOURS.values():  # lines and the angles below the drops
        assert share(picture, colour) > 0.002
    assert share(picture, "#e1eaf0") > 0.01  # model band, equilibrated
    assert share(picture, "#f7e7e1") > 0.03  # model band, fresh


def test_a_limit_that_was_not_computed_is_not_drawn(fresh_only):
    drawn = pixels(wetting_png(fresh_only))
    assert share(drawn, "#e1eaf0") < 0.005
    assert share(drawn, COLOURS[Limit.FRESH]) > 0.002


@given(st.lists(st.floats(0.3, 8.7), min_size=1, max_size=5).map(sorted), st.floats(0.5, 2.0))
def test_texts_are_moved_apart_inside_the_picture(places, gap):
    moved = spaced(places, gap, 0.75, 7.95)
    room = min(gap, 7.2 / max(1, len(places) - 1))
    assert all(after - before >= room - 1e-9 for before, after in pairwise(moved))
    assert moved[0] >= 0.75 - 1e-9
    assert moved[-1] <= 7.95 + 1e-9


def test_texts_with_room_stay_where_they_are():
    assert spaced([1.3, 5.2, 7.9], 1.75, 0.75, 7.95) == [1.3, 5.2, 7.9]


def test_below_a_drop_stand_the_angles_of_both_limits(wetting, fresh_only):
    pure, trace, full = key_points(wetting)
    assert [(one.limit, one.word) for one in key_angles(pure)] == [(None, "either limit")]
    for key in (trace, full):
        found = key_angles(key)
        assert [one.limit for one in found] == [Limit.EQUILIBRATED, Limit.FRESH]
        assert [one.text for one in found] == [f"{key.point.of(one.limit).theta_deg:.0f}°" for one in found]
    missing = key_angles(key_points(fresh_only)[1])[0]
    assert (missing.theta_deg, missing.word) == (None, "equilibrated: not computed")


@pytest.mark.parametrize(
    "case",
    [
        {"sets": [("TiO2", "emt", 0.0, (5.0, 5.0, 5.0))]},  # 180°
        {
            "sets": [("TiO2", "emt", 0.38, (-1.9, -3.1, -4.2), (-1.9, -3.1, -4.2))],
            "dilute": (),
            "observed": {},
        },  # spreads
        {"substrate": r"$\frac{$", "observed": {0.0: "$x_$"}, "conditions_text": "$x_$"},
    ],
)
def test_extremes_and_odd_texts_are_drawn(make_wetting, case):
    drawn = pixels(wetting_png(make_wetting(**case)))
    assert drawn.std() > 0.05
    for edge in (drawn[:, :3], drawn[:, -3:]):
        assert np.all(edge > 0.99)
