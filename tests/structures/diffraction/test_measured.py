"""Reading measured patterns and laying computed ones over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.structures.diffraction.measured import MeasuredPattern, overlay, read_pattern
from amalgamics.structures.diffraction.patterns import DiffractionError, powder_pattern, profile

PATTERN = powder_pattern(bulk("Al"), two_theta_range=(30.0, 80.0))
ANGLES = np.linspace(25.0, 85.0, 1201)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xy", "10.0 5\n10.5 7\n11.0 6\n"),
        ("a.csv", "2theta,intensity\n10.0,5\n10.5,7\n11.0,6\n"),
        ("a.csv", "Winkel;Zählrate\n10,0;5\n10,5;7,0\n11,0;6\n"),
        ("a.dat", "# made\n! by\n\n  10.0\t5\t0.1\n10.5\t7\t0.1\n// end\n11.0\t6\t0.1\n"),
        ("a.XY", "\ufeff10.0 5e0\r\n10.5 7\r\n11.0 6"),
    ],
)
def test_formats(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    pattern = read_pattern(path)
    assert pattern.two_theta_deg.tolist() == [10.0, 10.5, 11.0]
    assert pattern.intensity.tolist() == [5.0, 7.0, 6.0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.raw", "10 5", "format '.raw'"),
        ("a.xy", "10 5\n11 6", "2 points"),
        ("a.xy", "nothing here", "0 points"),
        ("a.xy", "10 5\n11 six\n12 7", "line 2: '11 six'"),
        ("a.xy", "10 5\n11 nan\n12 7", "line 2"),
        ("a.xy", "10 5\n9 6\n12 7", "line 2: 2θ falls from 10 to 9"),
        ("a.xy", "10 5\n11 6\n190 7", "line 3: 2θ is 190"),
        ("a.xy", "10 5\n11\n12 7", "line 2"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DiffractionError, match=message):
        read_pattern(path)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(DiffractionError, match="cannot be read"):
        read_pattern(tmp_path / "none.xy")
    (tmp_path / "binary.xy").write_bytes(b"\xff\xfe\x80\x81")
    with pytest.raises(DiffractionError, match="not a text file"):
        read_pattern(tmp_path / "binary.xy")


@settings(deadline=None, max_examples=30)
@given(st.floats(1e-3, 1e4), st.floats(0.0, 1e3))
def test_scale_and_background_are_recovered(scale: float, background: float) -> None:
    measured = MeasuredPattern("made", ANGLES, background + scale * profile(PATTERN, ANGLES))
    result = overlay(measured, PATTERN)
    assert result.scale == pytest.approx(scale, rel=1e-6)
    assert result.background == pytest.approx(background, rel=1e-6, abs=1e-6 * scale * PATTERN.strongest.intensity)
    assert result.r_weighted == pytest.approx(0.0, abs=1e-6)
    assert result.measured.two_theta_deg.min() >= 30.0
    assert result.measured.two_theta_deg.max() <= 80.0


def test_difference_is_measured_minus_computed() -> None:
    counts = np.random.default_rng(1).poisson(20 + profile(PATTERN, ANGLES)).astype(float)
    result = overlay(MeasuredPattern("made", ANGLES, counts), PATTERN, fit_background=False)
    assert result.background == 0.0
    assert result.measured.intensity == pytest.approx(result.computed + result.difference)
    assert 0.0 < result.r_weighted < 1.0


def test_scale_is_never_negative() -> None:
    upside_down = MeasuredPattern("made", ANGLES, 1000.0 - profile(PATTERN, ANGLES))
    assert overlay(upside_down, PATTERN).scale == 0.0


def test_ranges_must_overlap() -> None:
    with pytest.raises(DiffractionError, match="0 points lie in"):
        overlay(MeasuredPattern("made", np.array([5.0, 6.0, 7.0]), np.ones(3)), PATTERN)
