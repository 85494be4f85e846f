"""Errors of computed works of adhesion against measured angles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.reference.adhesion_panel import adhesion_panel
from amalgamics.reference.contact_angles import contact_angles
from amalgamics.structures.library.phases import get_phase
from amalgamics.thermodynamics.wetting.contact_angle import work_from_angle_J_m2
from amalgamics.thermodynamics.wetting.panel_errors import (
    AdhesionErrors,
    Comparison,
    adhesion_errors,
    known_errors,
    leading_method,
)

GAMMA = 0.4855
angles = st.floats(20.0, 160.0)
shifts = st.floats(-0.01, 0.01)


def exact(angle_deg: float, shift: float = 0.0) -> Comparison:
    work = float(work_from_angle_J_m2(angle_deg, GAMMA)) + shift
    return Comparison("solid", work, angle_deg, angle_deg)


@given(st.lists(angles, min_size=1, max_size=6))
def test_a_model_that_meets_every_angle_has_no_error(measured: list[float]) -> None:
    found = adhesion_errors([exact(angle) for angle in measured], GAMMA)
    assert found.mean_J_m2 == pytest.approx(0.0, abs=1e-12)
    assert found.mean_absolute_deg == pytest.approx(0.0, abs=1e-6)


@given(st.lists(angles, min_size=2, max_size=6), shifts)
def test_a_shift_of_all_solids_is_the_mean_and_no_scatter(measured: list[float], shift: float) -> None:
    found = adhesion_errors([exact(angle, shift) for angle in measured], GAMMA)
    assert found.mean_J_m2 == pytest.approx(shift, abs=1e-12)
    assert found.mean_absolute_J_m2 == pytest.approx(abs(shift), abs=1e-12)
    assert found.scatter_J_m2 == pytest.approx(0.0, abs=1e-12)
    assert found.root_mean_square_J_m2 == pytest.approx(abs(shift), abs=1e-12)


@given(st.lists(st.tuples(angles, shifts), min_size=1, max_size=8))
def test_mean_and_scatter_make_up_the_root_mean_square(solids: list[tuple[float, float]]) -> None:
    found = adhesion_errors([exact(angle, shift) for angle, shift in solids], GAMMA)
    square = sum(shift**2 for _, shift in solids) / len(solids)
    assert found.root_mean_square_J_m2 == pytest.approx(math.sqrt(square), abs=1e-12)


def test_too_much_adhesion_means_too_small_an_angle() -> None:
    found = adhesion_errors([exact(120.0, 0.1)], GAMMA)
    assert found.mean_J_m2 > 0.0
    assert found.mean_deg < 0.0


def test_one_solid_shows_no_scatter() -> None:
    found = adhesion_errors([exact(120.0, 0.1)], GAMMA)
    assert (found.n_solids, found.scatter_J_m2) == (1, None)
    assert found.mean_deg == pytest.approx(math.degrees(math.acos(-0.5 + 0.1 / GAMMA)) - 120.0)


def test_a_range_counts_with_its_middle() -> None:
    wide = Comparison("glass", float(work_from_angle_J_m2(137.5, GAMMA)), 135.0, 140.0)
    assert wide.work_error_J_m2(GAMMA) == pytest.approx(0.0, abs=1e-12)
    assert wide.angle_error_deg(GAMMA) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("low", "high"), [(150.0, 140.0), (-1.0, 10.0), (170.0, 181.0)])
def test_an_impossible_angle_is_refused(low: float, high: float) -> None:
    with pytest.raises(InputError, match="glass"):
        Comparison("glass", 0.2, low, high)


def test_nothing_measured_is_refused() -> None:
    with pytest.raises(InputError, match="measured angle"):
        adhesion_errors([], GAMMA)


def test_errors_of_one_more_solid_have_the_moments_of_their_parts() -> None:
    """Uniform share of the mean, and Student's t whose variance is nu / (nu - 2), about it."""
    errors = AdhesionErrors(12, 0.3, 0.3, 0.05, 0.0, 0.0)
    drawn = errors.draws_J_m2(np.random.default_rng(0), 200_000)
    assert drawn.mean() == pytest.approx(0.15, abs=0.001)
    variance = 0.3**2 / 12 + 0.05**2 * (1 + 1 / 12) * 11 / 9
    assert drawn.std() == pytest.approx(math.sqrt(variance), rel=0.01)


def test_a_method_that_errs_alike_everywhere_errs_by_a_share_of_that() -> None:
    drawn = AdhesionErrors(4, 0.2, 0.2, 0.0, 0.0, 0.0).draws_J_m2(np.random.default_rng(0), 1000)
    assert drawn.min() >= 0.0
    assert drawn.max() <= 0.2


def test_errors_on_one_solid_say_nothing_of_the_next() -> None:
    errors = adhesion_errors([exact(120.0, 0.01)], GAMMA)
    with pytest.raises(InputError, match="at least two"):
        errors.draws_J_m2(np.random.default_rng(0), 10)


def test_the_stored_panel_is_that_of_measured_angles() -> None:
    """Its angles are those of the file of measurements, and every method is compared on the same solids."""
    panel = adhesion_panel("Hg")
    methods = {name for entry in panel for name in entry.works_J_m2}
    for entry in panel:
        known = contact_angles("Hg", get_phase(entry.solid).formula) + contact_angles("Hg", entry.solid)
        assert entry.angle_deg in {one.bounds_deg for one in known}
        assert set(entry.works_J_m2) == methods
    assert known_errors("chgnet+d3").n_solids == len(panel)
    assert known_errors("emt") is None
    assert known_errors("chgnet+d3", "Ga") is None


def test_the_three_body_term_brings_d3_nearer() -> None:
    assert known_errors("chgnet+d3atm").mean_J_m2 < known_errors("chgnet+d3").mean_J_m2


def test_the_method_that_errs_least_leads_among_those_of_one_model() -> None:
    names = ["7net-0+d3", "7net-0+d4", "7net-0+d3atm", "chgnet-r2scan+d4"]
    assert leading_method(names) == "7net-0+d3atm"
    assert leading_method(["emt", *names]) == "emt"
    assert leading_method(names, "Ga") == "7net-0+d3"
    assert leading_method([]) == ""
