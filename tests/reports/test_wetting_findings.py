"""Sentences and verdicts say what the numbers say, also when the outcome is not the hoped-for one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.wetting_findings import origins, paragraphs, verdicts, wetting_headline
from amalgamics.reports.wetting_numbers import composition, face, key_points, saturation, set_name, threshold
from amalgamics.thermodynamics.lattice_gas import LatticeGas
from amalgamics.thermodynamics.solution import LI_IN_HG
from amalgamics.thermodynamics.wetting import WettingModel, calibrated
from amalgamics.thermodynamics.wetting_curve import AngleDifference

WEAK = ("TiO2", "chgnet+d3", 0.10, (-0.10, -0.10, 0.20))
STICKY = ("TiO2", "chgnet+d3", 0.60, (-1.20, -1.75, -1.90))


@pytest.fixture(scope="module")
def weak(make_wetting):
    """Neither adhesion nor segregation to speak of."""
    return make_wetting([WEAK])


def by_claim(report, text):
    return next(verdict for verdict in verdicts(report) if text in verdict.claim)


def test_headline_has_the_angles_of_the_observed_compositions(wetting):
    text = wetting_headline(wetting)
    first, *rest = (round(wetting.curve.at(x).theta_deg) for x in (0.0, 3e-5, 0.0133))
    assert text.startswith(f"Hg does not wet TiO₂-terminated LLTO(001) ({first}°)")
    assert f"{rest[0]}° with 0.003 % Li and {rest[1]}° with 1.33 % Li: Li makes it wet." in text


def test_headline_says_when_nothing_wets(weak):
    assert wetting_headline(weak).startswith("TiO₂-terminated LLTO(001) is not wetted")


def test_headline_says_when_the_pure_solvent_wets(make_wetting):
    assert wetting_headline(make_wetting([STICKY])).startswith("Hg already wets")


def test_all_observations_are_met_with_their_numbers(wetting):
    found = verdicts(wetting)
    assert [verdict.met for verdict in found] == [True] * 6
    fall = next(difference for (_, end), difference in wetting.falls if end == 3e-5)
    assert f"{fall.value_deg:.1f}°" in by_claim(wetting, "falls significantly").evidence


def test_missed_observations_are_named(weak):
    assert by_claim(weak, "pure Hg does not wet").met is True
    assert by_claim(weak, "the amalgam wets").met is False
    assert by_claim(weak, "the amalgam wets").word == "missed"
    assert by_claim(weak, "falls significantly").met is False


def test_a_fall_within_the_uncertainty_is_missed(wetting):
    falls = (((0.0, 3e-5), AngleDifference(5.0, -3.0, 12.0)),)
    verdict = by_claim(replace(wetting, falls=falls), "falls significantly")
    assert verdict.met is False
    assert "not more than the uncertainty" in verdict.evidence
    assert by_claim(replace(wetting, falls=()), "falls significantly").met is None


def test_a_side_that_the_band_leaves_open_is_said_so(wetting):
    points = tuple(replace(p, theta_high_deg=95.0) if p.x == 0.0133 else p for p in wetting.curve.points)
    report = replace(wetting, curve=replace(wetting.curve, points=points))
    assert by_claim(report, "the amalgam wets").word == "met, not beyond the uncertainty"
    assert "holds both outcomes" in wetting_headline(report)


def test_a_rise_and_a_drift_above_saturation_are_found(wetting):
    points = list(wetting.curve.points)
    points[-1] = replace(points[-1], theta_deg=points[-1].theta_deg + 7.0)
    report = replace(wetting, curve=replace(wetting.curve, points=tuple(points)))
    assert by_claim(report, "never rises").met is False
    assert "up by 7.0°" in by_claim(report, "never rises").evidence
    assert by_claim(report, "above saturation").met is False


def test_a_surface_active_solute_is_found(wetting):
    active = LatticeGas.from_series(59.0, [-0.6, -1.1], [4, 6])
    member = replace(wetting.default.parameters, vapour=active)
    curve = WettingModel(LI_IN_HG, wetting.gamma_LV, (member,), n_draws=5).curve()
    assert by_claim(replace(wetting, curve=curve), "surface-active").met is False
    bare = replace(wetting.default, parameters=replace(wetting.default.parameters, vapour=None))
    unknown = replace(wetting, vapour=None, members=(bare, *wetting.members[1:]))
    assert by_claim(unknown, "surface-active").word == "not evaluated"


def test_paragraphs_tell_driver_dispersion_and_spread(wetting):
    text = " ".join(paragraphs(wetting))
    last = wetting.curve.at(0.0133)
    assert f"−{abs(last.gamma_SL_change_J_m2):.3f} J/m²" in text
    assert "what drives the wetting is γ_SL" in text
    assert "92 % is dispersion" in text
    assert "0.4855" in text
    assert "Between potentials (chgnet+d3 and 7net-0+d3, TiO₂)" in text
    assert "Between terminations (TiO₂ and LaLiO₂, chgnet+d3)" in text


def test_one_parameter_set_is_called_one(weak):
    text = " ".join(paragraphs(weak))
    assert "One parameter set only" in text
    assert "does not gather" in text or "changes by" in text


def test_calibrated_is_said_everywhere(wetting):
    member = calibrated(wetting.default.parameters, 140.0, 0.4855)
    curve = WettingModel(LI_IN_HG, wetting.gamma_LV, (member,), n_draws=5).curve()
    report = replace(wetting, curve=curve, members=(replace(wetting.default, parameters=member, curve=curve),))
    assert wetting_headline(report).startswith("Calibrated, not predicted:")
    assert "calibrated" in " ".join(paragraphs(report))
    measured = dict(origins(report))["Measured"]
    assert any("calibrated" in statement for statement in measured)
    assert not any("nothing is fitted" in s for _, statements in origins(report) for s in statements)


def test_origins_name_their_sources(wetting):
    kinds = dict(origins(wetting))
    assert any("experiment" in statement for statement in kinds["Measured"])
    assert any("10.1021/j100849a040" in statement for statement in kinds["Measured"])
    assert any("chgnet+d3" in statement for statement in kinds["Computed"])
    computed = replace(wetting, curve=replace(wetting.curve, gamma_LV_source="computed, chgnet+d3"))
    assert any("γ_LV" in statement for statement in dict(origins(computed))["Computed"])


def test_without_observations_key_points_span_the_curve(make_wetting):
    report = make_wetting(observed={})
    keys = key_points(report)
    assert [keys[0].x, keys[-1].x] == [0.0, 0.0133]
    assert 1e-7 < keys[1].x < 0.0133
    assert not any("pure Hg does not wet" in verdict.claim for verdict in verdicts(report))


def test_an_observed_composition_off_the_grid_is_refused(wetting):
    with pytest.raises(InputError, match=r"x = 0\.002 is not among its points"):
        key_points(replace(wetting, observed={0.002: "wets"}))


def test_saturation_and_threshold(wetting, weak, make_wetting):
    assert saturation(wetting.curve) == pytest.approx(0.0133)
    assert threshold(wetting.curve) == (wetting.curve.points[1].x, True)
    assert threshold(weak.curve) is None
    slow = make_wetting([("TiO2", "chgnet+d3", 0.38, (-0.40, -0.90, -1.30))])
    x, bound = threshold(slow.curve)
    assert not bound
    before = max((p for p in slow.curve.points if p.x <= x), key=lambda p: p.x)
    after = min((p for p in slow.curve.points if p.x >= x), key=lambda p: p.x)
    assert after.theta_deg <= 90.0 <= before.theta_deg


@pytest.mark.parametrize(
    ("x", "text"), [(0.0, "0 % Li"), (3e-5, "0.003 % Li"), (0.0133, "1.33 % Li"), (1e-7, "100 ppb Li")]
)
def test_compositions_read_well(x, text):
    assert composition(x, "Li") == text


def test_names():
    assert face("Li3PS4", (0, 1, -1)) == "Li₃PS₄(01−1)"
    assert set_name("TiO2, 7net-0+d3") == "TiO₂, 7net-0+d3"
    assert re.fullmatch("chgnet.d3", set_name("chgnet+d3"))
