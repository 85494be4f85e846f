"""The headline and the verdicts on the observations, limit by limit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from amalgamics.reports.wetting.conclusions import (
    Verdict,
    limits_sentence,
    verdict_groups,
    verdicts,
    wetting_headline,
)
from amalgamics.reports.wetting.export import wetting_json
from amalgamics.reports.wetting.section import wetting_section
from amalgamics.reports.wetting.tables import composition_table
from amalgamics.reports.wetting.wording import angle, band
from amalgamics.tests.reports.wetting_examples import KEY_X
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.wetting.curve import AngleDifference, Limit
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel
from amalgamics.thermodynamics.wetting.outcome import wets

# Termination, potential, W_ad(0), energies under the liquid and on the dry face.
INERT = ("TiO2", "chgnet+d3", 0.10, (-0.10, -0.10, 0.20), (-0.10, -0.10, 0.20))
SPREADS = ("TiO2", "chgnet+d3", 0.40, (-1.60, -2.90, -4.00), (-0.10, -0.10, 0.20))
HALVES = ("TiO2", "chgnet+d3", 0.30, (-1.00, -1.70, -2.00), (-0.95, -1.50, -1.60))


def test_the_headline_is_plain(wetting):
    pure, last = wetting.curve.points[0], wetting.curve.at(0.0133)
    dry, fresh = (f"{angle(one.theta_deg)} ({band(one)})" for one in (last.equilibrated, last.fresh))
    assert wetting_headline(wetting) == (
        f"Pure mercury on TiO₂-terminated LLTO(001): {angle(pure.fresh.theta_deg)} ({band(pure.fresh)}). "
        f"Wets: {pure.wets}. With 1.33 % lithium, before the solid reacts: {dry} equilibrated, {fresh} fresh. "
        f"Wets: {last.wets}."
    )


def test_it_has_both_limits_at_both_ends(wetting):
    text = limits_sentence(wetting)
    for x in (3e-5, 0.0133):
        point = wetting.curve.at(x)
        assert angle(point.fresh.theta_deg) in text
        assert angle(point.equilibrated.theta_deg) in text
    assert "(equilibrated)" in text
    assert "(fresh)" in text
    assert "depends on the limit" in text


def test_angles_with_solute_are_those_before_the_reaction(wetting):
    assert "Before the solid reacts, the angle with 0.003 % lithium" in limits_sentence(wetting)
    stable = replace(wetting, reduction=replace(wetting.reduction, onset_V=0.5))
    assert "reacts" not in limits_sentence(stable)
    assert "reacts" not in limits_sentence(replace(wetting, reduction=None))


def test_the_fresh_limit_alone_is_a_bound_and_never_the_angle(fresh_only):
    text = limits_sentence(fresh_only)
    assert "a lower bound of the angle" in text
    assert "The equilibrated limit was not computed; running the job again adds it in minutes" in text
    assert "the angle with" not in text
    assert "fresh, a lower bound. Wets: " in wetting_headline(fresh_only)


def test_what_both_limits_share_is_said_of_both(make_wetting):
    assert "in both limits lithium hardly changes it" in limits_sentence(make_wetting([INERT]))
    same = ("TiO2", "chgnet+d3", 0.40, (-1.60, -2.90, -4.00), (3.0, 6.0, 9.0))
    assert "it spreads with lithium in both limits" in limits_sentence(make_wetting([same]))


def test_a_different_outcome_depends_on_the_limit(make_wetting):
    text = limits_sentence(make_wetting([HALVES], reduction=None))
    last = make_wetting([HALVES]).curve.at(0.0133)
    assert last.fresh.theta_deg < 90.0 < last.equilibrated.theta_deg
    assert "whether it wets with lithium depends on the limit" in text


@pytest.mark.parametrize("sets", [[INERT], [SPREADS], [HALVES], None])
def test_text_json_and_page_say_the_same_of_wetting(make_wetting, sets):
    report = make_wetting(sets) if sets else make_wetting()
    data, headline = wetting_json(report), wetting_headline(report)
    table = composition_table(report)
    column = [head.text for head in table.columns].index("wets")
    firsts = [row[column].text for row in table.rows if len(row) == len(table.columns)]
    found = [next(p["wets"] for p in data["curve"] if abs(p["x"] - x) <= 1e-9 * x) for x in KEY_X]
    assert firsts == found
    assert re.findall(r"Wets: (\w+)", headline) == [found[0], found[-1]]
    assert data["wets_definition"] in table.note


def test_what_wets_in_one_limit_only_is_undecided(wetting, fresh_only):
    last = wetting.curve.at(0.0133)
    assert last.fresh.theta_high_deg < 90.0
    assert (str(last.wets), str(wets((last.fresh.theta_low_deg, last.fresh.theta_high_deg)))) == ("undecided", "yes")
    # The fresh limit is a bound from below, which alone never shows that a solution wets.
    assert all(str(point.wets) != "yes" for point in fresh_only.curve.points if point.x > 0.0)


def test_the_band_of_one_set_is_called_statistical(make_wetting):
    facts = dict(wetting_section(make_wetting([INERT]), pictures=False).lead.facts)
    assert facts["in brackets"] == "statistical 95 % band"
    assert facts["supply"] == "endless lithium"


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
    text = limits_sentence(make_wetting(sets) if sets else make_wetting())
    assert "limit" in text
    assert all(str(limit) in text for limit in Limit) or "both limits" in text


WEAK = ("TiO2", "chgnet+d3", 0.10, (-0.10, -0.10, 0.20), (-0.10, -0.10, 0.20))


def by_claim(report, text, limit=None):
    return next(v for v in verdicts(report) if text in v.claim and (limit is None or v.limit is limit))


def group(report, text):
    return next(found for found in verdict_groups(verdicts(report)) if text in found.claim)


def test_every_claim_with_solute_stands_in_both_limits(wetting):
    for found in verdict_groups(verdicts(wetting)):
        limits = [verdict.limit for verdict in found.verdicts]
        assert limits in ([None], [Limit.FRESH, Limit.EQUILIBRATED])


def test_what_differs_between_the_limits_is_called_dependent(wetting):
    fall = group(wetting, "falls significantly")
    assert [verdict.met for verdict in fall.verdicts] == [True, False]
    assert fall.across == "depends on the limit"
    assert "before the solid reacts" in fall.claim
    for verdict in fall.verdicts:
        record = next(f for f in wetting.falls if f.x_to == 3e-5 and f.limit is verdict.limit)
        assert f"{record.difference.value_deg:.1f}°" in verdict.evidence


def test_what_holds_in_both_is_called_robust_and_only_so_far_as_it_is_certain(wetting):
    assert group(wetting, "stays constant").across == "holds in both limits"
    # The headline's set never rises, but others do: that is not certain.
    rises = by_claim(wetting, "never rises", Limit.EQUILIBRATED)
    assert (rises.met, rises.certain) == (True, False)
    assert "other sets" in rises.evidence
    wets = group(wetting, "the amalgam wets")
    assert [verdict.certain for verdict in wets.verdicts] == [True, False]
    assert wets.across == "holds in both limits, not beyond the uncertainty"


def test_a_limit_that_was_not_computed_is_not_evaluated(fresh_only):
    found = by_claim(fresh_only, "the amalgam wets", Limit.EQUILIBRATED)
    assert (found.met, found.word) == (None, "not evaluated")
    assert "not computed" in found.evidence
    assert group(fresh_only, "the amalgam wets").across == "one limit only"


def test_missed_observations_are_named(make_wetting):
    weak = make_wetting([WEAK])
    assert by_claim(weak, "pure mercury does not wet").met is True
    for limit in Limit:
        assert by_claim(weak, "the amalgam wets", limit).word == "missed"
        assert by_claim(weak, "falls significantly", limit).met is False
    assert group(weak, "the amalgam wets").across == "fails in both limits"


def test_a_fall_within_the_uncertainty_is_missed(wetting):
    fall = next(f for f in wetting.falls if f.x_to == 3e-5 and f.limit is Limit.FRESH)
    report = replace(wetting, falls=(replace(fall, difference=AngleDifference(5.0, -3.0, 12.0)),))
    assert by_claim(report, "falls significantly", Limit.FRESH).met is False
    assert "not more than the uncertainty" in by_claim(report, "falls significantly", Limit.FRESH).evidence
    assert by_claim(report, "falls significantly", Limit.EQUILIBRATED).met is None


@pytest.mark.parametrize("limit", list(Limit))
def test_a_rise_and_a_drift_above_saturation_are_found_in_their_limit(wetting, with_curve, limit):
    points = list(wetting.curve.points)
    drop = points[-1].of(limit)
    points[-1] = replace(points[-1], **{str(limit): replace(drop, theta_deg=drop.theta_deg + 7.0)})
    report = with_curve(wetting, replace(wetting.curve, points=tuple(points)))
    assert by_claim(report, "never rises", limit).met is False
    assert "up by 7.0°" in by_claim(report, "never rises", limit).evidence
    assert by_claim(report, "above saturation", limit).met is False
    other = next(one for one in Limit if one is not limit)
    assert by_claim(report, "never rises", other).met is True


def test_a_surface_active_solute_is_found(wetting, with_curve):
    active = LatticeGas.from_series(59.0, [-0.6, -1.1], [4, 6])
    member = replace(wetting.default.parameters, vapour=active)
    curve = WettingModel(LI_IN_HG, wetting.gamma_LV, (member,), n_draws=5).curve([p.x for p in wetting.curve.points])
    assert by_claim(with_curve(wetting, curve), "surface-active").met is False
    face = wetting.faces[0]
    bare = replace(face.members[0], parameters=replace(wetting.default.parameters, vapour=None))
    unknown = replace(wetting, vapour=None, faces=(replace(face, members=(bare, *face.members[1:])),))
    assert by_claim(unknown, "surface-active").word == "not evaluated"


def test_words():
    assert Verdict("c", True, "e", certain=False).word == "met, not beyond the uncertainty"
    assert Verdict("c", False, "e").word == "missed"
