"""Reading measured patterns and laying computed ones over them."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

import amalgamics
from amalgamics.structures.diffraction.measured import (
    SUFFIXES,
    MeasuredPattern,
    WavelengthError,
    overlay,
    read_pattern,
)
from amalgamics.structures.diffraction.patterns import powder_pattern, profile
from amalgamics.structures.diffraction.radiation import DiffractionError
from amalgamics.structures.diffraction.tables import read_table

PATTERN = powder_pattern(bulk("Al"), two_theta_range=(30.0, 80.0))
ANGLES = np.linspace(25.0, 85.0, 1201)


TITLED = "Winkel;Zählrate\n10,0;5\n10,5;7,0\n11,0;6\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xy", "10.0 5\n10.5 7\n11.0 6\n"),
        ("a.csv", "2theta,intensity\n10.0,5\n10.5,7\n11.0,6\n"),
        ("a.csv", TITLED),
        ("a.dat", "# made\n! by\n\n  10.0\t5\t0.1\n10.5\t7\t0.1\n// end\n11.0\t6\t0.1\n"),
        ("a.XY", "\ufeff10.0 5e0\r\n10.5 7\r\n11.0 6"),
        ("a.xy", "10,0\t5\n10,5\t7,0\n11,0\t6\n"),
        ("a.xy", "10,0   5\n10,5   7\n11,0   6\n"),
        ("a.xy", "10,0, 5,0\n10,5, 7\n11,0, 6\n"),
        ("a.xy", "10.0,   5\n10.5,7\n11.0,  6\n"),
        ("a.csv", '"10,0","5"\n"10,5","7"\n"11,0","6"\n'),
        ("a.csv", "Angle,TimePerStep,Intensity\n10.0,20,5\n10.5,20,7\n11.0,20,6\n"),
        ("a.csv", "Intensity,2theta\n5,10.0\n7,10.5\n6,11.0\n"),
        ("a.txt", "11.0 6\n10.5 7\n10.0 5\n"),
        ("a.xy", "1.00D+01 5.0d0\n10.5 7\n11 6\n# end\n\n\x1a"),
        ("a.xy", "10.0 5 # first\n10.5 7\n11.0 6  #last\n"),
        ("a.txt", "[Data]\nAngle,       Det1,\n   10.0000,   5.0,\n   10.5000,   7.0,\n   11.0000,   6.0,\n"),
        ("a.csv", "2theta,intensity\ndeg,cps\n10.0,5\n10.5,7\n11.0,6\n"),
        ("a.txt", "2theta\td\tI\n10.0\t8.8\t5\n10.5\t8.4\t7\n11.0\t8.0\t6\n"),
        ("a.xy", "3\n10.0 5\n10.5 7\n11.0 6\nend of the scan\n"),
        ("a.xy", "/* 1 2\n3 4 */\n' Anode: none\n10.0 5\r10.5 7\r11.0 6\r"),
        ("a.chi", "sample\n2-Theta Angle (Degrees)\nIntensity\n   3\n 10.0 5\n 10.5 7\n 11.0 6\n"),
        ("a.fxye", "title\nBANK 1 3 3 CONST 1000.0 50.0 0 0 FXYE\n1000.0 5 1\n1050.0 7 1\n1100.0 6 1\n"),
        ("a.txt", "*FILE_TYPE RAS\n10.0 5 1.0\n10.5 0.7 10.0\n11.0 6 1.0\n*RAS_INT_END\n"),
        ("a.ras", '*MEAS_SCAN_AXIS_X "TwoThetaTheta"\n*RAS_INT_START\n10.0 5 1\n10.5 7 1\n11.0 6 1\n*RAS_DATA_END'),
        ("a.uxd", "; made\n_DRIVE='COUPLED'\n_STEPSIZE=0.5\n_START=10.0\n_COUNTS\n 5 7\n 6\n"),
        ("a.uxd", "_DRIVE='2THETA'\n_2THETACOUNTS\n 10.0 5\n 10.5 7\n 11.0 6\n"),
    ],
)
def test_formats(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    pattern = read_pattern(path)
    assert pattern.two_theta_deg == pytest.approx([10.0, 10.5, 11.0])
    assert pattern.intensity == pytest.approx([5.0, 7.0, 6.0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TITLED.encode(encoding))
    assert read_pattern(path).two_theta_deg.tolist() == [10.0, 10.5, 11.0]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1000, 15000),
    st.lists(st.floats(0.1, 1e6), min_size=3, max_size=9),
    st.sampled_from(["\t", " ", "   ", ";", "; "]),
    st.sampled_from(["{:.2f}", "{:.5f}", "{:.6E}", "{:.0f}"]),
)
def test_a_decimal_comma_reads_as_a_point_does(start: int, counts: list[float], separator: str, form: str) -> None:
    angles = [(start + 2 * i) / 100 for i in range(len(counts))]
    text = "\n".join(f"{x:.2f}{separator}{form.format(y)}" for x, y in zip(angles, counts, strict=True))
    table = read_table(text.replace(".", ","), "made.xy")
    assert table.decimal_comma
    assert np.array_equal(table.values, read_table(text, "made.xy").values)
    assert table.values[:, 0].tolist() == angles


@pytest.mark.parametrize(
    ("header", "first", "expected"),
    [
        ("Q(1/A) I", 2.0, 2 * math.degrees(math.asin(1.5 * 2.0 / (4 * math.pi)))),
        ("# q_nm^-1   I", 20.0, 2 * math.degrees(math.asin(1.5 * 2.0 / (4 * math.pi)))),
        ("d (A), counts", 3.0, 2 * math.degrees(math.asin(1.5 / 6.0))),
        ("d [nm]; counts", 0.3, 2 * math.degrees(math.asin(1.5 / 6.0))),
        ("2Theta I", 2.0, 2.0),
    ],
)
def test_the_header_tells_what_the_axis_is(tmp_path: Path, header: str, first: float, expected: float) -> None:
    rows = [f"{factor * first} {counts}" for factor, counts in ((1.0, 5), (1.1, 6), (1.2, 7))]
    (tmp_path / "a.xy").write_text("\n".join([header, *rows]))
    pattern = read_pattern(tmp_path / "a.xy", wavelength=1.5)
    falling = header.startswith("d")
    assert pattern.two_theta_deg[-1 if falling else 0] == pytest.approx(expected)
    assert np.all(np.diff(pattern.two_theta_deg) > 0)
    assert pattern.intensity.tolist() == ([7, 6, 5] if falling else [5, 6, 7])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.raw", "10 5", "format '.raw'"),
        ("a.xy", "", "is empty"),
        ("a.xy", "10 5\n11 6", "2 points"),
        ("a.xy", "nothing here", "0 points"),
        ("a.xy", "10 5\n11 six\n12 7", "line 2: '11 six'"),
        ("a.xy", "10 5\n11 nan\n12 7", "line 2: '11 nan'"),
        ("a.xy", "10 inf\n11 5\n12 7\n13 8", "line 1: '10 inf'"),
        ("a.xy", "10 5\n11 6\n12 7\n13 ***", r"line 4: '13 \*\*\*'"),
        ("a.xy", "10 5\n11 6\n12 1e999", "line 3: .* not finite"),
        ("a.xy", "10 5\n9 6\n12 7", "line 2: 2θ goes from 10 to 9; it must rise"),
        ("a.xy", "12 5\n11 6\n11 7\n10 7", "line 3: 2θ goes from 11 to 11; it must fall"),
        ("a.xy", "10 5\n11 6\n190 7", "line 3: 2θ is 190"),
        ("a.xy", "10 5\n11\n12 7", "line 2: '11': 1 columns"),
        ("a.xy", "10\n11\n12", "line 1: '10' is one column"),
        ("a.xy", "10 5\n11 6\n12 7\nsecond\n10 5\n11 6\n12 7", "line 4: 'second'"),
        ("a.xy", "10 5\n11 -6\n12 7", "line 2: the intensity is -6"),
        ("a.xye", "10 5 1\n11 6 -1\n12 7 1", "line 2: the standard error is -1"),
        ("a.xye", "10 5 0\n11 6 0\n12 7 0", "all standard errors are 0"),
        ("a.xy", "10 0\n11 0\n12 0", "no intensity is above 0"),
        ("a.xy", "10 5\n11 6\n12\0 7", "line 3: it is not a text file"),
        ("a.xy", "10.00 1,234\n10.02 987\n10.04 5", "line 1: .*thousands"),
        ("a.xy", "10.00 987\n10.02 1,234\n10.04 5", "line 2: .*thousands"),
        ("a.csv", "10.00,1,234\n10.02,1,200\n10.04,1,100", "line 1: .*thousands"),
        ("a.csv", "10.00;1,234\n10.02;50\n10.04;1,100", "line 1: .*thousands"),
        ("a.xy", "10\t987\n11\t1,234\n12\t1,100", "line 2: .*thousands"),
        ("a.xy", "10.0 1 234\n11.0 1 567\n12.0 1 100", "line 1: .*thousands"),
        ("a.xy", "10,5\n11,6\n12,7", "line 1: '10,5': is the comma decimal"),
        ("a.csv", "10,5,50\n11,5,60\n12,5,70", "line 1: .*is the comma decimal"),
        ("a.csv", "10.0;;5\n11.0;6;5\n12.0;6;5", "line 1: .* column is empty"),
        ("a.xy", "1.5 5\n1.6 6\n5.1 7", "line 1: is the first column, 1.5 to 5.1, 2θ, q or d"),
        ("a.xy", "theta I\n10 5\n11 6\n12 7", "line 1: the header says 'theta'"),
        ("a.xy", "Q I\n1 5\n2 6\n3 7", "line 1: .*unit of q"),
        ("a.xy", "Q(1/A) I\n1 5\n2 6\n9 7", "line 4: q is 9, beyond the reach of 1.5 Å"),
        ("a.fxye", "BANK 1 3 3 CONST 1000 2 0 0 STD\n10 5 1\n11 6 1\n12 7 1", "line 1: of the records of GSAS"),
        ("a.ras", '*MEAS_SCAN_AXIS_X "Omega"\n10 5 1\n11 6 1\n12 7 1', "line 1: its axis is 'Omega'"),
        ("a.ras", "*RAS_INT_START\n10 5 1\n11 6 0\n12 7 1", "line 3: the factor of the attenuator"),
        ("a.uxd", "_DRIVE='OMEGA'\n_2THETACOUNTS\n10 5\n11 6\n12 7", "its drive is 'OMEGA'"),
        ("a.uxd", "_COUNTS\n1 2\n_COUNTS\n3 4", "2 ranges"),
        ("a.xrdml", "<xrdMeasurements>", "not XML"),
        ("a.rasx", "PK", "not an archive"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DiffractionError, match=message) as told:
        read_pattern(path, wavelength=1.5)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(DiffractionError, match="cannot be read"):
        read_pattern(tmp_path / "none.xy")
    with pytest.raises(DiffractionError, match="cannot be read"):
        read_pattern("nul\0.xy")
    (tmp_path / "folder.xy").mkdir()
    with pytest.raises(DiffractionError, match="not a file"):
        read_pattern(tmp_path / "folder.xy")
    (tmp_path / "binary.xy").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DiffractionError, match="line 1: it is not a text file"):
        read_pattern(tmp_path / "binary.xy")


def test_the_page_names_every_format() -> None:
    page = (Path(amalgamics.__file__).parent / "docs" / "diffraction.md").read_text(encoding="utf-8")
    assert [suffix for suffix in SUFFIXES if f"`{suffix}`" not in page] == []


def test_too_many_points_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "long.xy").write_text("10.0 5\n" * 300_000)
    with pytest.raises(DiffractionError, match="300000 lines"):
        read_pattern(tmp_path / "long.xy")


XRDML = """<?xml version="1.0" encoding="UTF-8"?>
<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/{version}" status="Completed">
 <xrdMeasurement measurementType="Scan" status="Completed">
  <usedWavelength intended="K-Alpha"><kAlpha1 unit="Angstrom">1.5405980</kAlpha1></usedWavelength>
  <scan appendNumber="0" mode="Continuous" scanAxis="Gonio" status="Completed"><dataPoints>
   <positions axis="2Theta" unit="deg">{positions}</positions>
   <positions axis="Omega" unit="deg"><startPosition>5.0</startPosition><endPosition>5.5</endPosition></positions>
   {data}
  </dataPoints></scan>
 </xrdMeasurement>
</xrdMeasurements>"""
ENDS = "<startPosition>10.0</startPosition><endPosition>11.0</endPosition>"


@pytest.mark.parametrize(
    ("version", "positions", "data", "expected"),
    [
        ("1.5", ENDS, '<intensities unit="counts">5 7 6</intensities>', [5, 7, 6]),
        # version 1 has corrected already for the attenuator
        (
            "1.5",
            ENDS,
            "<beamAttenuationFactors>1 9 1</beamAttenuationFactors><intensities>5 7 6</intensities>",
            [5, 7, 6],
        ),
        ("2.0", ENDS, "<beamAttenuationFactors>1 9 1</beamAttenuationFactors><counts>5 7 6</counts>", [5, 63, 6]),
        ("2.0", "<listPositions>10.0 10.5 11.0</listPositions>", "<counts>5 7 6</counts>", [5, 7, 6]),
        ("2.0", ENDS, "<countingTimes>1 2 3</countingTimes><counts>5 20 30</counts>", [10, 20, 20]),
    ],
)
def test_xrdml(tmp_path: Path, version: str, positions: str, data: str, expected: list[float]) -> None:
    (tmp_path / "a.xrdml").write_text(XRDML.format(version=version, positions=positions, data=data))
    pattern = read_pattern(tmp_path / "a.xrdml")
    assert pattern.two_theta_deg.tolist() == [10.0, 10.5, 11.0]
    assert pattern.intensity == pytest.approx(expected)
    assert pattern.wavelength == 1.540598


@pytest.mark.parametrize(
    ("positions", "data", "message"),
    [
        ("<commonPosition>20</commonPosition>", "<counts>5 7 6</counts>", "2θ does not move"),
        ("<listPositions>10 11</listPositions>", "<counts>5 7 6</counts>", "2 positions for 3"),
        (ENDS, "<counts>5 x 6</counts>", "'x' is not a number"),
        (ENDS, "<counts>5 -7 6</counts>", "point 2: the intensity is -7"),
        (ENDS, "", "neither intensities nor counts"),
        (ENDS, "<counts>5 7 6</counts></dataPoints></scan><scan><dataPoints>", "holds 2 scans"),
    ],
)
def test_xrdml_that_is_no_scan_of_two_theta(tmp_path: Path, positions: str, data: str, message: str) -> None:
    (tmp_path / "a.xrdml").write_text(XRDML.format(version="2.0", positions=positions, data=data))
    with pytest.raises(DiffractionError, match=message):
        read_pattern(tmp_path / "a.xrdml")


def write_rasx(path: Path, axis: str, profiles: int = 1) -> Path:
    conditions = f"<a><b><AxisName>{axis}</AxisName></b><WavelengthKalpha1>1.540593</WavelengthKalpha1></a>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("root.xml", "<a/>")
        for i in range(profiles):
            archive.writestr(f"Data{i}/Profile{i}.txt", "\ufeff10.0\t5\t1\r\n10.5\t7\t10\r\n11.0\t6\t1\r\n")
            archive.writestr(f"Data{i}/MesurementConditions{i}.xml", conditions)  # as Rigaku spells it
    return path


def test_rasx(tmp_path: Path) -> None:
    pattern = read_pattern(write_rasx(tmp_path / "a.rasx", "TwoThetaTheta"))
    assert pattern.two_theta_deg.tolist() == [10.0, 10.5, 11.0]
    assert pattern.intensity.tolist() == [5.0, 70.0, 6.0]
    assert pattern.wavelength == 1.540593
    with pytest.raises(DiffractionError, match="axis is 'Omega'"):
        read_pattern(write_rasx(tmp_path / "b.rasx", "Omega"))
    with pytest.raises(DiffractionError, match="2 profiles"):
        read_pattern(write_rasx(tmp_path / "c.rasx", "TwoTheta", profiles=2))


@pytest.mark.parametrize(
    ("header", "wavelength"),
    [
        ("K-Alpha1 wavelength,1.540598", 1.540598),
        ('*HW_XG_WAVE_LENGTH_ALPHA1 "1.540593"', 1.540593),
        ("# lambda = 0.0709 nm", 0.709),
        ("# Wavelength: 1.5406e-10", 1.5406),
        ('\'Id: "x" Anode: "Mo" Scantype: "Coupled"', 0.71073),
        ("# nothing", None),
    ],
)
def test_the_radiation_of_the_header(tmp_path: Path, header: str, wavelength: float | None) -> None:
    (tmp_path / "a.xy").write_text(f"{header}\n35 5\n36 6\n39 7\n")
    measured = read_pattern(tmp_path / "a.xy")
    assert measured.wavelength == (None if wavelength is None else pytest.approx(wavelength))
    if wavelength and wavelength < 1.0:
        with pytest.raises(WavelengthError, match="is measured with"):
            overlay(measured, PATTERN)
    else:
        assert overlay(measured, PATTERN).scale > 0.0


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


@settings(deadline=None, max_examples=20)
@given(st.floats(1e-6, 1e6))
def test_the_unit_of_the_intensity_does_not_matter(unit: float) -> None:
    counts = np.random.default_rng(2).poisson(20 + profile(PATTERN, ANGLES)).astype(float)
    one, other = (overlay(MeasuredPattern("made", ANGLES, factor * counts), PATTERN) for factor in (1.0, unit))
    assert other.r_weighted == pytest.approx(one.r_weighted)
    assert other.scale == pytest.approx(unit * one.scale)


def test_standard_errors_are_the_weights() -> None:
    """Points that are off by far, with errors as large, change nothing; with errors of 0 they are left out."""
    counts = 20.0 + 3.0 * profile(PATTERN, ANGLES)
    spoiled, errors = counts.copy(), np.full_like(counts, 0.1)
    spoiled[::7] += 5000.0
    assert overlay(MeasuredPattern("made", ANGLES, spoiled), PATTERN).r_weighted > 0.5
    for esd in (1e9, 0.0):
        errors[::7] = esd
        result = overlay(MeasuredPattern("made", ANGLES, spoiled, errors), PATTERN)
        assert result.scale == pytest.approx(3.0, rel=1e-6)
        assert result.r_weighted == pytest.approx(0.0, abs=1e-6)


def test_no_scale_of_zero_comes_out() -> None:
    upside_down = MeasuredPattern("made", ANGLES, 1000.0 - profile(PATTERN, ANGLES))
    with pytest.raises(DiffractionError, match="no scale fits"):
        overlay(upside_down, PATTERN)
    with pytest.raises(DiffractionError, match="no scale fits"):
        overlay(MeasuredPattern("made", ANGLES, np.full_like(ANGLES, 7.0)), PATTERN)
    between = np.linspace(50.0, 60.0, 20)  # of the lines 200 and 220
    with pytest.raises(DiffractionError, match="no line of Al lies where was measured, 2θ from 50 to 60"):
        overlay(MeasuredPattern("made", between, np.ones(20)), PATTERN)


def test_ranges_must_overlap() -> None:
    with pytest.raises(DiffractionError, match="0 points lie in"):
        overlay(MeasuredPattern("made", np.array([5.0, 6.0, 7.0]), np.ones(3)), PATTERN)
