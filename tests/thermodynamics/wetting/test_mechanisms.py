"""Mechanisms of wetting held against observations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.wetting.contact_angle import young_dupre_angle_deg
from amalgamics.thermodynamics.wetting.mechanisms import (
    Adhesion,
    AngleBand,
    Mechanism,
    agreements,
    angle_band,
    fall_of_angle,
)
from amalgamics.thermodynamics.wetting.panel_errors import AdhesionErrors

OBSERVED = {0.0: "does not wet", 3e-5: "wets better", 0.0133: "wets fully"}
GAMMA = 0.4855


def mechanism(*angles: tuple[float, float, float] | None) -> Mechanism:
    bands = [None if one is None else AngleBand(*one) for one in angles]
    return Mechanism("any", "nothing", dict(zip(OBSERVED, bands, strict=True)))


def test_a_drop_that_stands_then_sinks_then_spreads_meets_all() -> None:
    spreading = mechanism((110.0, 100.0, 120.0), (60.0, 50.0, 70.0), (0.0, 0.0, 5.0))
    found = agreements(spreading, OBSERVED)
    assert spreading.spreads
    assert [(one.met, one.certain) for one in found] == [(True, True)] * 3


def test_a_band_on_both_sides_is_not_certain() -> None:
    unsure = mechanism((95.0, 80.0, 120.0), (94.0, 60.0, 110.0), (95.0, 5.0, 160.0))
    found = agreements(unsure, OBSERVED)
    assert [(one.met, one.certain) for one in found] == [(True, False), (False, False), (False, False)]
    assert unsure.spreads is False


def test_what_was_not_computed_is_not_judged() -> None:
    found = agreements(mechanism(None, (60.0, 60.0, 60.0), None), OBSERVED)
    assert [one.met for one in found] == [None, None, None]


def test_a_change_that_no_eye_sees_is_no_better_wetting() -> None:
    found = agreements(mechanism((110.0,) * 3, (107.0,) * 3, (0.0,) * 3), OBSERVED)
    assert (found[1].met, found[1].certain) == (False, True)


def test_an_observation_in_other_words_is_refused() -> None:
    with pytest.raises(InputError, match="wets fully"):
        agreements(mechanism((110.0,) * 3, None, None), {0.0: "hardly wets"})


@given(st.lists(st.floats(-0.2, 1.5), min_size=1, max_size=6))
def test_the_band_holds_the_angle_of_every_work(works: list[float]) -> None:
    band = angle_band({f"method {number}": work for number, work in enumerate(works)}, GAMMA)
    angles = [float(young_dupre_angle_deg(work, GAMMA)) for work in works]
    assert band.theta_deg == angles[0]
    assert (band.low_deg, band.high_deg) == (min(angles), max(angles))


@given(st.floats(0.0, 0.9), st.floats(-0.2, 0.4), st.floats(0.0, 0.2))
def test_the_error_of_a_method_widens_its_band_and_leaves_the_angle(work: float, mean: float, scatter: float) -> None:
    errors = AdhesionErrors(4, mean, abs(mean), scatter, 0.0, 0.0)
    plain, wider = angle_band({"a": work}, GAMMA), angle_band({"a": work}, GAMMA, {"a": errors})
    assert wider.theta_deg == plain.theta_deg
    assert wider.low_deg <= plain.low_deg
    assert wider.high_deg >= plain.high_deg


def test_a_band_needs_a_work_and_a_probability() -> None:
    with pytest.raises(InputError, match="no work"):
        angle_band({}, GAMMA)
    with pytest.raises(InputError, match=r"confidence is 1\.5"):
        angle_band({"a": 0.2}, GAMMA, confidence=1.5)


@pytest.mark.parametrize("band", [(90.0, 100.0, 110.0), (90.0, 80.0, 85.0), (190.0, 100.0, 200.0)])
def test_a_band_that_is_none_is_refused(band: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="not a band"):
        AngleBand(*band)


@given(st.floats(0.05, 0.8), st.floats(-0.04, 0.04), st.floats(0.0, 0.3), st.floats(0.0, 0.1))
def test_a_fall_has_the_sign_of_the_work_whatever_the_method_errs(
    work: float, gain: float, mean: float, scatter: float
) -> None:
    errors = {"a": AdhesionErrors(5, mean, mean, scatter, 0.0, 0.0)}
    fall = fall_of_angle({"a": Adhesion(work, GAMMA)}, {"a": Adhesion(work + gain, GAMMA)}, errors)
    assert fall is not None
    assert fall.low_deg <= fall.value_deg <= fall.high_deg
    assert fall.low_deg >= -1e-9 if gain >= 0.0 else fall.high_deg <= 1e-9


def test_methods_of_one_state_alone_have_no_fall() -> None:
    assert fall_of_angle({"a": Adhesion(0.3, GAMMA)}, {"b": Adhesion(0.3, GAMMA)}) is None
