"""The picture of the self-healing map."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from amalgamics.errors import InputError
from amalgamics.reports.amalgams.self_healing_png import SIZE_INCHES, self_healing_png
from amalgamics.reports.figures.style import DPI
from amalgamics.thermodynamics.amalgams.liquidus import VantHoffLiquidus
from amalgamics.thermodynamics.amalgams.self_healing import self_healing_map
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull

HULL = build_hull(
    "Li-Hg",
    [
        PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 23.3),
        PhaseEntry("LiHg3", "LiHg3", {"Li": 1, "Hg": 3}, -0.235, 20.3),
        PhaseEntry("LiHg", "LiHg", {"Li": 1, "Hg": 1}, -0.40, 17.8),
        PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 21.6),
    ],
)
LIQUIDUS = VantHoffLiquidus("Li", 0.0133, 298.15, 11.0)


def healing(n_x: int = 21):
    return self_healing_map(HULL, "Li", LIQUIDUS, np.linspace(0, 0.6, n_x), np.linspace(220.0, 550.0, 12))


def test_picture_has_its_size_and_all_three_fields() -> None:
    picture = np.asarray(imread(io.BytesIO(self_healing_png(healing(), subtitle="$x$")), format="png"))[..., :3]
    assert picture.shape[:2] == (SIZE_INCHES[1] * DPI, SIZE_INCHES[0] * DPI)
    for colour in ((0xDC, 0xEC, 0xF5), (0xF8, 0xE3, 0xC9), (0xE3, 0xDD, 0xD4), (0xC2, 0x41, 0x0C)):
        assert np.mean(np.all(np.abs(picture - np.array(colour) / 255) < 0.02, axis=-1)) > 5e-4
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert np.all(edge > 0.99)


def test_one_point_is_no_picture() -> None:
    with pytest.raises(InputError, match="compositions"):
        self_healing_png(healing(1))
