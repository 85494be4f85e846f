"""The headline names the limit of every angle, and what depends on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from amalgamics.reports.wetting.headline import wetting_headline
from amalgamics.reports.wetting.numbers import angle, band
from amalgamics.thermodynamics.wetting.curve import Limit

# Termination, potential, W_ad(0), energies under the liquid and on the dry face.
INERT = ("TiO2", "chgnet+d3", 0.10, (-0.10, -0.10, 0.20), (-0.10, -0.10, 0.20))
SPREADS = ("TiO2", "chgnet+d3", 0.40, (-1.60, -2.90, -4.00), (-0.10, -0.10, 0.20))
HALVES = ("TiO2", "chgnet+d3", 0.30, (-1.00, -1.70, -2.00), (-0.95, -1.50, -1.60))


def test_it_has_both_limits_at_both_ends(wetting):
    text = wetting_headline(wetting)
    pure = wetting.curve.points[0].fresh
    assert text.startswith(
        f"Pure mercury on TiO₂-terminated LLTO(001): {angle(pure.theta_deg)} (model band {band(pure)}"
    )
    for x in (3e-5, 0.0133):
        point = wetting.curve.at(x)
        assert angle(point.fresh.theta_deg) in text
        assert angle(point.equilibrated.theta_deg) in text
    assert "(equilibrated)" in text
    assert "(fresh)" in text
    assert "depends on the limit" in text


def test_angles_with_solute_are_those_before_the_reaction(wetting):
    assert "Before the solid reacts, the angle with 0.003 % lithium" in wetting_headline(wetting)
    stable = replace(wetting, reduction=replace(wetting.reduction, onset_V=0.5))
    assert "reacts" not in wetting_headline(stable)
    assert "reacts" not in wetting_headline(replace(wetting, reduction=None))


def test_the_fresh_limit_alone_is_a_bound_and_never_the_angle(fresh_only):
    text = wetting_headline(fresh_only)
    assert "a lower bound of the angle" in text
    assert "The equilibrated limit was not computed; running the job again adds it in minutes" in text
    assert "the angle with" not in text


def test_what_both_limits_share_is_said_of_both(make_wetting):
    assert "in both limits lithium hardly changes it" in wetting_headline(make_wetting([INERT]))
    same = ("TiO2", "chgnet+d3", 0.40, (-1.60, -2.90, -4.00), (3.0, 6.0, 9.0))
    assert "it spreads with lithium in both limits" in wetting_headline(make_wetting([same]))


def test_a_different_outcome_depends_on_the_limit(make_wetting):
    text = wetting_headline(make_wetting([HALVES], reduction=None))
    last = make_wetting([HALVES]).curve.at(0.0133)
    assert last.fresh.theta_deg < 90.0 < last.equilibrated.theta_deg
    assert "whether it wets with lithium depends on the limit" in text


def test_a_band_over_90_degrees_is_said_with_its_limit(wetting):
    text = wetting_headline(wetting)
    last = wetting.curve.at(0.0133)
    assert last.equilibrated.theta_high_deg > 90.0 > last.fresh.theta_high_deg
    assert f"The model band at 1.33 %, {band(last.equilibrated)} in the equilibrated limit, holds both outcomes" in text


def test_the_band_of_one_set_is_called_statistical(make_wetting):
    text = wetting_headline(make_wetting([INERT]))
    assert "statistical 95 % band" in text
    assert "model band" not in text


def test_conditions_and_calibration_stand_beside_the_angle(wetting, with_curve):
    report = with_curve(wetting, replace(wetting.curve, mode="calibrated"))
    text = wetting_headline(replace(report, conditions_text="drop of 0.5 mm, roughness 1.2, calibrated to 140°"))
    assert text.startswith("Calibrated, not predicted: Pure mercury on TiO₂-terminated LLTO(001) (drop of 0.5 mm, ")


def test_without_solute_there_is_one_angle(wetting):
    text = wetting_headline(replace(wetting, key_x=(0.0,), observed={}))
    assert "lithium" not in text
    assert "limit" not in text


@pytest.mark.parametrize("sets", [[INERT], [SPREADS], [HALVES], None])
def test_no_sentence_with_solute_is_without_a_limit(make_wetting, sets):
    text = wetting_headline(make_wetting(sets) if sets else make_wetting())
    assert "limit" in text.partition("). ")[2]
    assert all(str(limit) in text for limit in Limit) or "both limits" in text
