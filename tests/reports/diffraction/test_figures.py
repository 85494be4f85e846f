"""Pictures of powder patterns."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from amalgamics.errors import InputError
from amalgamics.reports.diffraction.figures import overlay_png, patterns_png
from amalgamics.structures.diffraction.measured import MeasuredPattern, overlay
from amalgamics.structures.diffraction.patterns import mix_patterns, powder_pattern, profile
from amalgamics.structures.diffraction.references import list_powder_references
from amalgamics.structures.library.phases import get_phase


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png), format="png"))[..., :3]


def share(picture: np.ndarray, red: int, green: int, blue: int) -> float:
    return float(np.mean(np.all(np.abs(picture - np.array([red, green, blue]) / 255) < 0.02, axis=-1)))


@pytest.fixture(scope="module")
def patterns():
    return [powder_pattern(get_phase(key)) for key in ("Au6Hg5", "LiHg")]


def test_one_panel_per_pattern_with_published_lines(patterns) -> None:
    one, two = (pixels(patterns_png(patterns[:n], references=list_powder_references())) for n in (1, 2))
    assert two.shape[0] - one.shape[0] == 350
    assert share(one, 0x0B, 0x5C, 0x8A) > 1e-3
    assert share(one, 0xC2, 0x41, 0x0C) > 1e-5
    assert share(pixels(patterns_png(patterns[:1])), 0xC2, 0x41, 0x0C) == 0.0


def test_lines_of_a_mixture_carry_the_colour_of_their_phase(patterns) -> None:
    picture = pixels(patterns_png([mix_patterns(patterns, [1, 1])], title="$mixture$"))
    assert share(picture, 0x0B, 0x5C, 0x8A) > 1e-5
    assert share(picture, 0x9C, 0x66, 0x44) > 1e-5


def test_patterns_must_fit_together(patterns) -> None:
    other = powder_pattern(get_phase("LiHg"), radiation="CuKa1")
    for wrong in ([], [patterns[0], other]):
        with pytest.raises(InputError, match="same radiation"):
            patterns_png(wrong)


def test_overlay_shows_points_and_curve(patterns) -> None:
    angles = np.arange(15.0, 80.0, 0.05)
    measured = MeasuredPattern("sample.xy", angles, 20.0 + profile(patterns[1], angles))
    picture = pixels(overlay_png(overlay(measured, patterns[1]), patterns[1], "sample"))
    assert share(picture, 0xC2, 0x41, 0x0C) > 1e-3
    assert share(picture, 0x1F, 0x29, 0x33) > 1e-4
