"""Sentences say what the numbers say, in which limit, also when the outcome is not the hoped-for one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from amalgamics.errors import InputError
from amalgamics.reports.wetting.findings import origins, paragraphs
from amalgamics.reports.wetting.reduction import reduction_card, sentences
from amalgamics.reports.wetting.wording import (
    composition,
    degree_range,
    face,
    key_points,
    saturation,
    set_name,
    threshold,
)
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.wetting.curve import Limit
from amalgamics.thermodynamics.wetting.model import WettingModel, calibrated

WEAK = ("TiO2", "chgnet+d3", 0.10, (-0.10, -0.10, 0.20), (-0.10, -0.10, 0.20))


@pytest.fixture(scope="module")
def weak(make_wetting):
    """Neither adhesion nor segregation to speak of."""
    return make_wetting([WEAK])


def test_paragraphs_tell_what_is_robust_and_what_depends_on_the_limit(wetting):
    text = " ".join(paragraphs(wetting))
    last = wetting.curve.at(0.0133)
    assert f"−{abs(last.fresh.gamma_SL_change_J_m2):.3f} J/m²" in text
    assert f"−{abs(last.equilibrated.gamma_SV_change_J_m2):.3f} J/m²" in text
    assert "holds whatever the dry face does" in text
    gains = [
        p.work_of_adhesion_J_m2 - wetting.curve.points[0].fresh.work_of_adhesion_J_m2
        for p in (last.fresh, last.equilibrated)
    ]
    for gain in gains:
        assert f"{gain:+.3f} J/m²" in text
    assert "depends on the limit" in text


def test_paragraphs_tell_dispersion_coverage_spread_and_faces(wetting):
    text = " ".join(paragraphs(wetting))
    assert "92 % is dispersion" in text
    assert "0.4855" in text
    assert "W_ad(0) lies between 0.36 (7net-0+d3) and 0.51 (chgnet+d3) J/m²" in text
    assert "With the same 0, 1, 2, 3 and 4 atoms of lithium on the dry face and under the liquid" in text
    assert "in the fresh limit" in text
    assert "in the equilibrated limit" in text
    assert "on LaLiO₂ it is" in text
    assert "missing alike at liquid–vapour and at liquid–solid" in text


def test_95_percent_is_never_said_of_the_model_band(wetting, weak):
    for report in (wetting, weak):
        for text in paragraphs(report):
            assert all(before.rstrip().endswith("statistical") for before in re.split(r"95 ?%", text)[:-1])
    assert "its band is statistical" in " ".join(paragraphs(weak))


def test_without_dry_faces_it_says_what_to_do(fresh_only):
    text = " ".join(paragraphs(fresh_only))
    assert "running the job again adds them in minutes" in text
    assert "only the fresh limit is known, a lower bound" in text
    assert "W(n)" not in text


def test_one_parameter_set_is_called_one(weak):
    text = " ".join(paragraphs(weak))
    assert "One parameter set only" in text
    assert "in neither limit lithium gathers" in text


def test_calibrated_is_said_everywhere(wetting):
    member = calibrated(wetting.default.parameters, 140.0, 0.4855)
    curve = WettingModel(LI_IN_HG, wetting.gamma_LV, (member,), n_draws=5).curve([p.x for p in wetting.curve.points])
    own = replace(wetting.default, parameters=member, curve=curve)
    report = replace(wetting, faces=(replace(wetting.faces[0], members=(own,), curve=curve),))
    assert "calibrated" in " ".join(paragraphs(report))
    measured = dict(origins(report))["Measured"]
    assert any("calibrated" in statement for statement in measured)
    assert not any("nothing is fitted" in s for _, statements in origins(report) for s in statements)


def test_origins_name_their_sources_and_what_each_limit_takes_gamma_SV_for(wetting, with_curve):
    kinds = dict(origins(wetting))
    assert any("experiment" in statement for statement in kinds["Measured"])
    assert any("10.1021/j100849a040" in statement for statement in kinds["Measured"])
    assert any("on the dry face, chgnet+d3" in statement for statement in kinds["Computed"])
    for limit in Limit:
        assert any(s.startswith(f"{limit} limit:") and "γ_SV" in s for s in kinds["Assumed"])
    computed = with_curve(wetting, replace(wetting.curve, gamma_LV_source="computed, chgnet+d3"))
    assert any("γ_LV" in statement for statement in dict(origins(computed))["Computed"])


def test_the_reacting_solid_comes_with_its_energy_against_adsorption(wetting):
    card = reduction_card(wetting)
    text = " ".join(card.paragraphs)
    fall = abs(wetting.curve.at(0.0133).fresh.gamma_SL_change_J_m2)
    assert "below the reduction onset of LLTO, 1.75 V vs Li/Li⁺" in text
    assert (
        f"gains 1.08 J/m² and takes up 25 Li per nm²; all adsorption at the interface changes γ_SL by {fall:.2f}"
        in text
    )
    assert f"{fall / 1.08:.2g} nm of reacted solid" in text
    assert "before the solid reacts" in card.title
    unknown = tuple(replace(point, energy_per_nm_J_m2=None) for point in wetting.reduction.points)
    published = replace(wetting, reduction=replace(wetting.reduction, points=unknown))
    assert "was not computed" in " ".join(reduction_card(published).paragraphs)


def test_a_stable_solid_has_no_card(wetting, fresh_only):
    stable = replace(wetting, reduction=replace(wetting.reduction, onset_V=0.5))
    assert reduction_card(stable) is None
    assert sentences(stable) == ()
    assert any("lies lower" in s for s in dict(origins(stable))["Assumed"])
    assert any("is not known here" in s for s in dict(origins(replace(wetting, reduction=None)))["Assumed"])
    assert "minutes" in sentences(replace(fresh_only, reduction=None))[0]


def test_key_points_are_those_named_and_those_observed(wetting):
    assert [key.x for key in key_points(wetting)] == [0.0, 3e-5, 0.0133]
    assert [key.observed for key in key_points(wetting)] == ["does not wet", "wets better", "wets fully"]
    assert [key.x for key in key_points(replace(wetting, key_x=(0.0, 0.0133)))] == [0.0, 3e-5, 0.0133]
    assert [key.observed for key in key_points(replace(wetting, observed={}))] == ["", "", ""]


def test_a_composition_off_the_grid_is_refused(wetting):
    for change in ({"observed": {0.002: "wets"}}, {"key_x": (0.0, 0.002)}):
        with pytest.raises(InputError, match=r"x = 0\.002 is not among its points"):
            key_points(replace(wetting, **change))


def test_saturation_and_threshold(weak, make_wetting, fresh_only):
    slow = make_wetting([("TiO2", "chgnet+d3", 0.38, (-0.40, -0.90, -1.30), (-0.1, -0.1, 0.2))])
    assert saturation(slow.curve) == pytest.approx(0.0133)
    assert all(threshold(weak.curve, limit) is None for limit in Limit)
    assert threshold(fresh_only.curve, Limit.EQUILIBRATED) is None
    x, bound = threshold(slow.curve, Limit.FRESH)
    assert not bound
    before = max((p for p in slow.curve.points if p.x <= x), key=lambda p: p.x)
    after = min((p for p in slow.curve.points if p.x >= x), key=lambda p: p.x)
    assert after.fresh.theta_deg <= 90.0 <= before.fresh.theta_deg


@pytest.mark.parametrize(
    ("x", "text"), [(0.0, "0 % Li"), (3e-5, "0.003 % Li"), (0.0133, "1.33 % Li"), (1e-7, "100 ppb Li")]
)
def test_compositions_read_well(x, text):
    assert composition(x, "Li") == text


def test_names():
    assert face("Li3PS4", (0, 1, -1)) == "Li₃PS₄(01−1)"
    assert set_name("TiO2, 7net-0+d3") == "TiO₂, 7net-0+d3"
    assert re.fullmatch("chgnet.d3", set_name("chgnet+d3"))
    assert degree_range(0.0, 0.2) == "0°"
