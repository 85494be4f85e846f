"""``amalgamics wetting`` on a study whose energies are made up, and bad wetting inputs to ``amalgamics run``."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from amalgamics.cli.main import main
from amalgamics.structures.library.liquids import get_liquid

KEYS = {
    "substrate",
    "termination",
    "solute",
    "solvent",
    "potential",
    "temperature_K",
    "gamma_LV_J_m2",
    "work_of_adhesion_J_m2",
    "curve",
    "mode",
    "corrections",
    "confidence",
}
LIMITS = ("fresh", "equilibrated")
TOLERANCE = 0.1


@pytest.fixture
def amalgamics(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty directory; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        output, errors = capsys.readouterr()
        return int(ended.value.code or 0), output, errors

    return run


@pytest.fixture
def wetting(amalgamics, made_up_study):
    """Run ``amalgamics wetting`` on the made-up study."""
    made_up_study(filled=True)
    return lambda *arguments: amalgamics("wetting", *arguments)


def as_json(result: tuple[int, str, str]) -> dict[str, Any]:
    code, output, errors = result
    assert code == 0, errors
    return json.loads(output)


def pure_angle(found: dict[str, Any]) -> float:
    (pure,) = [point for point in found["curve"] if point["x"] == 0]
    assert pure["theta_fresh_deg"] == pure["theta_equilibrated_deg"] or pure["theta_equilibrated_deg"] is None
    return float(pure["theta_fresh_deg"])


def test_json_has_the_documented_keys(wetting):
    found = as_json(wetting("--json"))
    assert set(found) >= KEYS
    names = {
        f"{key}{end}" for limit in LIMITS for key in (f"theta_{limit}",) for end in ("_deg", "_low_deg", "_high_deg")
    }
    names |= {f"work_of_adhesion_{limit}_J_m2" for limit in LIMITS} | {"gamma_SL_change_J_m2", "gamma_SV_change_J_m2"}
    assert all(set(point) >= names and "theta_deg" not in point for point in found["curve"])
    assert (found["substrate"], found["termination"], found["potential"]) == ("LLTO", "TiO2", "emt")
    assert (found["solute"], found["solvent"], found["mode"]) == ("Li", "Hg", "predicted")
    assert found["temperature_K"] == 298.15
    assert found["work_of_adhesion_J_m2"] == pytest.approx(0.3, abs=1e-6)
    assert found["gamma_LV_J_m2"] == pytest.approx(get_liquid("Hg").surface_tension_J_m2, abs=1e-3)
    assert found["curve"][0]["x"] == 0
    assert found["curve"][0]["voltage_V"] is None
    assert {1e-7, 1e-6, 1e-5, 3e-5, 1e-4, 1e-3, 0.0133} <= {point["x"] for point in found["curve"]}


def test_the_curve_is_monotonous_and_inside_its_band(wetting):
    curve = as_json(wetting("--json"))["curve"]
    angles = np.array([point["theta_fresh_deg"] for point in curve])
    assert (np.diff(angles) <= 1e-6).all()
    lows, highs = (np.array([point[f"theta_fresh_{end}_deg"] for point in curve]) for end in ("low", "high"))
    assert (lows <= angles).all()
    assert (angles <= highs).all()
    voltages = [point["voltage_V"] for point in curve[1:]]
    assert voltages == sorted(voltages, reverse=True)


def test_surface_tension_and_temperature_are_asked_for(wetting):
    given = as_json(wetting("--json", "--gamma-lv", "0.4", "--temperature", "320"))
    assert given["gamma_LV_J_m2"] == 0.4
    assert given["temperature_K"] == 320
    assert np.cos(np.radians(pure_angle(given))) == pytest.approx(0.3 / 0.4 - 1, abs=1e-6)
    assert any("320 K" in warning for warning in given["warnings"])


def test_calibration_says_so_and_keeps_the_fall(wetting):
    predicted, measured = as_json(wetting("--json")), as_json(wetting("--json", "--calibrate", "120"))
    assert (predicted["mode"], measured["mode"]) == ("predicted", "calibrated")
    assert pure_angle(measured) == pytest.approx(120)
    # the solute lowers gamma_SL by as much
    changes = [[point["gamma_SL_change_J_m2"] for point in found["curve"]] for found in (predicted, measured)]
    assert changes[0] == pytest.approx(changes[1])


def test_a_small_drop_holds_less_solute(wetting):
    endless = as_json(wetting("--json", "--x", "2e-4"))
    small = as_json(wetting("--json", "--x", "2e-4", "--drop-radius", "1e-5"))
    angles = [
        next(point["theta_fresh_deg"] for point in found["curve"] if point["x"] == 2e-4) for found in (endless, small)
    ]
    assert angles[0] < angles[1] - TOLERANCE


def test_the_drop_beside_the_endless_supply_is_that_of_its_radius(wetting):
    endless, asked = (as_json(wetting("--json", *given)) for given in ((), ("--drop-radius", "0.5")))
    beside = endless["finite_drop"]
    assert beside["drop_radius_mm"] == asked["conditions"]["drop_radius_mm"] == 0.5
    assert beside["x"] == [point["x"] for point in endless["curve"]]
    by_x = {point["x"]: point for point in asked["curve"]}
    for limit in ("fresh", "equilibrated"):
        expected = [by_x[x][f"theta_{limit}_deg"] for x in beside["x"]]
        assert beside[f"theta_{limit}_deg"] == pytest.approx(expected, abs=1e-9)
    assert asked["finite_drop"] is None  # the curve itself is that of a drop


def test_csv_carries_its_conditions(wetting):
    given = ("--drop-radius", "0.5", "--roughness", "1.2", "--calibrate", "140", "--temperature", "350")
    for arguments, expected in {
        given: ("calibrated", "350.0", "0.5", "0.0", "1.2", "140.0"),
        (): ("predicted", "298.15", "", "", "1.0", ""),  # no radius: an endless supply
    }.items():
        rows = list(csv.DictReader(io.StringIO(wetting("--csv", *arguments)[1])))
        names = ("mode", "temperature_K", "drop_radius_mm", "absorbed_per_nm2", "roughness", "calibrated_angle_deg")
        assert {tuple(row[name] for name in names) for row in rows} == {expected}


def test_csv_is_the_curve_with_all_its_digits(wetting):
    code, output, _ = wetting("--csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(output)))
    curve = as_json(wetting("--json"))["curve"]
    assert list(rows[0])[: len(curve[0])] == list(curve[0])
    assert [float(row["x"]) for row in rows] == [point["x"] for point in curve]
    assert [float(row["theta_fresh_deg"]) for row in rows] == [point["theta_fresh_deg"] for point in curve]
    assert rows[0]["voltage_V"] == ""


def test_the_table_shows_the_compositions_that_matter(wetting):
    code, output, errors = wetting("--x", "2e-4")
    assert code == 0
    assert "Li in Hg on LLTO, TiO2, emt" in output
    assert "θ equilibrated (°)" in output
    assert "θ fresh (°)" in output
    shown = [line.split()[0] for line in output.splitlines() if line.strip()[:1].isdigit()]
    assert shown == ["0", "1e-07", "1e-06", "1e-05", "3e-05", "0.0001", "0.0002", "0.001", "0.0133"]
    assert all(line.startswith("note: ") for line in errors.splitlines())


def test_the_title_names_drop_roughness_and_calibration(wetting):
    code, output, _ = wetting("--drop-radius", "0.5", "--roughness", "1.2", "--calibrate", "140")
    assert code == 0
    title = "Li in Hg on LLTO, TiO2, emt, drop of 0.5 mm, roughness 1.2, calibrated to 140°"
    assert title in " ".join(output.split())


def test_terminations_and_potentials_are_picked(wetting, made_up_study):
    made_up_study().fill(termination="LaLiO2", adhesion=0.5)
    both = as_json(wetting("--json"))
    assert {member["termination"] for member in both["members"]} == {"TiO2", "LaLiO2"}
    one = as_json(wetting("--json", "--termination", "LaLiO2", "--potential", "emt"))
    assert one["termination"] == "LaLiO2"
    assert [member["termination"] for member in one["members"]] == ["LaLiO2"]
    assert pure_angle(one) < pure_angle(both)


def test_a_report_is_written_when_asked(wetting, tmp_path):
    code, output, _ = wetting("--output", "again")
    assert code == 0
    assert "again/report.html" in output
    page = (tmp_path / "again" / "report.html").read_text()
    assert "LLTO" in page
    assert json.loads((tmp_path / "again" / "wetting.json").read_text())["substrate"] == "LLTO"


def test_a_surface_that_is_not_wetted_says_so(amalgamics, made_up_study):
    made_up_study().fill(adhesion=0.05, deltas=(0.4, 0.9))
    found = as_json(amalgamics("wetting", "--json"))
    assert "wets" not in found["headline"].replace("does not wet", "")
    assert all(point["theta_fresh_deg"] > 120 for point in found["curve"])


def test_a_film_that_failed_is_named(wetting, made_up_study):
    made_up_study().add("interface", 0.0, failed="film evaporated: 2 of its 12 atoms left it", seed=9, frame=0)
    _, _, errors = wetting()
    assert "film evaporated" in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--termination", "nonsense"], ["termination 'nonsense'", "TiO2"]),
        (["--potential", "chgnet"], ["potential 'chgnet'", "emt"]),
        (["--substrate", "LLT"], ["substrate 'LLT'", "'LLTO'"]),
        (["--study", "nonsense"], ["study 'nonsense'", "12345678"]),
        (["--solute", "Na"], ["solute 'Na'", "Li"]),
        (["--gamma-lv", "-1"], ["-1"]),
        (["--gamma-lv", "much"], ["gamma-lv", "number"]),
        (["--temperature", "0"], ["temperature"]),
        (["--temperature", "nan"], ["temperature"]),
        (["--temperature", "900"], ["Hg is liquid from"]),
        (["--drop-radius", "-1"], ["radius_mm", "-1"]),
        (["--roughness", "0.5"], ["roughness", "0.5"]),
        (["--calibrate", "200"], ["200"]),
        (["--x", "2"], ["mole fractions", "2.0"]),
        (["--x", "-0.1"], ["mole fractions", "-0.1"]),
        (["--computed-solution"], ["hull of Li-Hg"]),
        (["--terminaton", "TiO2"], ["terminaton"]),
    ],
    ids=" ".join,
)
def test_bad_options_are_one_line_and_exit_two(wetting, arguments, told):
    code, output, errors = wetting(*arguments)
    assert (code, output) == (2, "")
    assert len(errors.strip().splitlines()) == 1
    assert all(part in errors for part in told), errors


def test_without_a_study_it_says_what_to_run(amalgamics, made_up_study):
    code, _, errors = amalgamics("wetting")
    assert code == 2
    assert "no structure database" in errors
    made_up_study().add_crystals()
    code, _, errors = amalgamics("wetting")
    assert code == 2
    assert "first, e.g. amalgamics run" in errors


JOB = """
name: bad
systems: [Cu-Au]
potential: emt
wetting:
  substrate: {file: Ni.cif}
  solvent: Au
  solute: Cu
  temperature_K: 1400
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("  solute: Cu", "  solutte: Cu", "unknown key 'wetting.solutte'"),
        ("{file: Ni.cif}", "LLTTO", "'LLTO'"),
        ("{file: Ni.cif}", "{file: none.cif}", "none.cif"),
        ("{file: Ni.cif}", "{file: Ni.cif, termination: TiO2}", "there are Ni"),
        ("  solute: Cu", "  solute: Li", "hull of Li-Au"),
        ("systems: [Cu-Au]", "systems: [Ag-Au]", "hull of Cu-Au"),
        ("solute: Cu", "solute: Cu\n  min_slab_size: 6", "thinner than two cutoffs"),
        ("temperature_K: 1400", "temperature_K: 300", "Au is solid"),
    ],
)
def test_a_bad_wetting_input_ends_before_any_compute(amalgamics, tmp_path, before, after, told):
    bulk("Ni", cubic=True).write(tmp_path / "Ni.cif")
    (tmp_path / "job.yaml").write_text(JOB.replace(before, after))
    there = sorted(tmp_path.iterdir())
    for verb in ("run", "submit"):
        code, output, errors = amalgamics(verb, "job.yaml")
        assert (code, output) == (2, "")
        assert told in errors
        assert len(errors.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == there


def test_help_is_complete(amalgamics):
    code, shown, _ = amalgamics("wetting", "--help")
    assert code == 0
    for option in ("--temperature", "--gamma-lv", "--drop-radius", "--calibrate", "--termination", "--json", "--csv"):
        assert option in shown
