"""Means and standard errors: groups, sums, and blocking of correlated series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.uncertainty import (
    Estimate,
    average,
    average_over_groups,
    block_average,
    linear_combination,
    standard_draws,
)

values = st.floats(-10.0, 10.0)


def correlated(n: int, phi: float, seed: int = 1) -> np.ndarray:
    """Autoregressive series of variance 1 and correlation phi per step."""
    rng = np.random.default_rng(seed)
    series = np.empty(n)
    series[0] = rng.standard_normal()
    kicks = rng.standard_normal(n) * math.sqrt(1.0 - phi**2)
    for i in range(1, n):
        series[i] = phi * series[i - 1] + kicks[i]
    return series


def test_average_by_hand() -> None:
    estimate = average([1.0, 2.0, 3.0])
    assert estimate.mean == pytest.approx(2.0)
    assert estimate.standard_error == pytest.approx(1.0 / math.sqrt(3.0))
    assert estimate.n_samples == 3


def test_one_sample_has_no_error() -> None:
    assert average([1.0]) == Estimate(1.0, None, 1)


def test_seeds_are_the_samples_not_their_quenches() -> None:
    """Ten identical quenches of each seed say no more than one."""
    once = average_over_groups({"1": [1.0], "2": [3.0]})
    often = average_over_groups({"1": [1.0] * 10, "2": [3.0] * 10})
    assert often == once == Estimate(2.0, 1.0, 2)


def test_a_single_seed_falls_back_to_its_quenches() -> None:
    assert average_over_groups({"1": [1.0, 2.0, 3.0]}) == average([1.0, 2.0, 3.0])


@given(st.lists(st.tuples(values, values, st.floats(0.0, 2.0)), min_size=1, max_size=5))
def test_independent_errors_add_in_quadrature(terms: list[tuple[float, float, float]]) -> None:
    total = linear_combination([(c, Estimate(mean, error, 5)) for c, mean, error in terms])
    assert total.mean == pytest.approx(sum(c * mean for c, mean, _ in terms))
    assert total.standard_error == pytest.approx(math.sqrt(sum((c * error) ** 2 for c, _, error in terms)))


def test_one_unknown_error_makes_the_sum_unknown() -> None:
    assert linear_combination([(1.0, Estimate(1.0, 0.1, 3)), (-1.0, Estimate(2.0))]).standard_error is None


@pytest.mark.parametrize(("degrees", "expected"), [(1, 12.71), (2, 4.303), (7, 2.365), (None, 1.960)])
def test_draws_reach_as_far_as_student_says(degrees: int | None, expected: float) -> None:
    draws = standard_draws(np.random.default_rng(0), (200_000, 1), degrees)
    assert np.quantile(np.abs(draws), 0.95) == pytest.approx(expected, rel=0.03)


def test_one_draw_has_one_error() -> None:
    """All quantities of a draw are stretched alike, so that their ratios stay those of normal draws."""
    draws = standard_draws(np.random.default_rng(0), (50, 3), 1)
    normal = np.random.default_rng(0).standard_normal((50, 3))
    stretch = draws / normal
    assert stretch == pytest.approx(np.broadcast_to(stretch[:, :1], stretch.shape))
    assert np.ptp(stretch[:, 0]) > 1.0


def test_normal_draws_are_those_of_the_generator() -> None:
    assert standard_draws(np.random.default_rng(4), (5, 2), None) == pytest.approx(
        np.random.default_rng(4).standard_normal((5, 2))
    )


def test_degrees_of_freedom_of_an_estimate() -> None:
    assert average([1.0, 2.0, 4.0]).degrees_of_freedom == 2
    assert average([1.0]).degrees_of_freedom is None
    assert Estimate(1.0, 0.1).degrees_of_freedom is None


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_blocking_finds_the_error_of_a_correlated_series(phi: float) -> None:
    n = 2**14
    block = block_average(correlated(n, phi))
    assert block.converged
    assert block.standard_error == pytest.approx(math.sqrt((1.0 + phi) / (1.0 - phi) / n), rel=0.2)
    assert abs(block.mean) < 4.0 * block.standard_error
    assert abs(block.drift_over_error) < 3.0


def test_correlation_makes_the_naive_error_too_small() -> None:
    series = correlated(2**12, 0.95)
    naive = average(series).standard_error
    assert naive is not None
    assert block_average(series).standard_error > 3.0 * naive


def test_a_series_shorter_than_its_correlation_is_not_converged() -> None:
    block = block_average(np.cumsum(np.random.default_rng(0).standard_normal(64)))
    assert not block.converged


def test_a_drift_shows() -> None:
    noise = np.random.default_rng(0).standard_normal(1024)
    assert abs(block_average(noise).drift_over_error) < 3.0
    assert block_average(noise + np.where(np.arange(1024) < 512, 0.0, 2.0)).drift_over_error > 10.0


def test_a_constant_series_is_exact() -> None:
    block = block_average([-0.1] * 100)
    assert (block.standard_error, block.converged, block.block_length) == (0.0, True, 1)
    assert block.mean == pytest.approx(-0.1)


@given(st.floats(-1e3, 1e3), st.floats(0.1, 10.0))
def test_blocking_follows_shift_and_scale(shift: float, scale: float) -> None:
    series = correlated(256, 0.6)
    original, moved = block_average(series), block_average(shift + scale * series)
    assert moved.mean == pytest.approx(shift + scale * original.mean)
    assert moved.standard_error == pytest.approx(scale * original.standard_error, rel=1e-6)
    assert moved.estimate.n_samples == 256 // moved.block_length


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: block_average([1.0] * 15), "16"),
        (lambda: block_average([float("nan")] * 20), "finite"),
        (lambda: average([]), "empty"),
        (lambda: average_over_groups({}), "no groups"),
        (lambda: average_over_groups({"a": []}), "'a'"),
        (lambda: linear_combination([]), "no terms"),
        (lambda: Estimate(1.0, -0.1), "standard_error"),
        (lambda: Estimate(float("inf")), "mean"),
        (lambda: Estimate(1.0, n_samples=0), "n_samples"),
        (lambda: standard_draws(np.random.default_rng(0), (2, 1), 0), "degrees_of_freedom"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
