"""The static picture of the curve."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from amalgamics.reports.hull_png import DPI
from amalgamics.reports.wetting_png import SIZE_INCHES, wetting_png


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png), format="png"))[..., :3]


@pytest.fixture(scope="module")
def picture(wetting):
    return pixels(wetting_png(wetting))


def test_size_and_white_border(picture):
    assert picture.shape[:2] == (SIZE_INCHES[1] * DPI, SIZE_INCHES[0] * DPI)
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert np.all(edge > 0.99)


def test_it_holds_curve_band_and_other_sets(picture):
    def share(colour: str) -> float:
        target = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return float(np.mean(np.all(np.abs(picture - target) < 0.03, axis=-1)))

    assert share("#ffffff") > 0.6
    assert share("#0b5c8a") > 0.003  # the curve and the angles
    assert share("#dfe9ef") > 0.03  # the band
    assert share("#a48eb9") > 0.0003  # another parameter set, translucent over the band


@pytest.mark.parametrize(
    "case",
    [
        {"sets": [("TiO2", "emt", 0.0, (5.0, 5.0, 5.0))]},  # 180°
        {"sets": [("TiO2", "emt", 0.38, (-1.9, -3.1, -4.2))], "dilute": (), "observed": {}},  # spreads
        {"substrate": r"$\frac{$", "observed": {0.0: "$x_$"}},
    ],
)
def test_extremes_and_odd_texts_are_drawn(make_wetting, case):
    drawn = pixels(wetting_png(make_wetting(**case)))
    assert drawn.std() > 0.05
    for edge in (drawn[:, :3], drawn[:, -3:]):
        assert np.all(edge > 0.99)
