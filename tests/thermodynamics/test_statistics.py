"""Correlated series with a known memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.statistics import (
    autocorrelation,
    correlated_mean,
    correlation,
)


def autoregressive(phi, n=40_000, seed=0):
    """x_t = phi x_(t-1) + noise: τ = (1 + phi) / (1 - phi) / 2."""
    from scipy.signal import lfilter

    noise = np.random.default_rng(seed).normal(size=n + 1000)
    return lfilter([1.0], [1.0, -phi], noise)[1000:]


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.5, 0.9, 0.98])
def test_the_time_of_an_autoregressive_series(phi):
    found = correlation(autoregressive(phi))
    exact = 0.5 * (1 + phi) / (1 - phi)
    assert found.time == pytest.approx(exact, abs=4 * found.error + 0.02)
    assert found.is_known
    assert found.n_independent == pytest.approx(found.n_values / max(1.0, 2 * found.time))


@pytest.mark.parametrize("phi", [0.0, 0.8, 0.95])
def test_the_error_of_the_mean_is_the_scatter_of_means(phi):
    means, errors = [], []
    for seed in range(200):
        estimate = correlated_mean(autoregressive(phi, 2000, seed))
        means.append(estimate.mean)
        errors.append(estimate.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.2)


def test_a_short_series_says_that_it_is():
    assert not correlation(autoregressive(0.98, 200)).is_known


def test_rho_by_fourier_is_that_of_the_sum():
    series = autoregressive(0.6, 50)
    centred = series - series.mean()
    direct = [float(centred[: 50 - lag] @ centred[lag:]) for lag in range(50)]
    assert np.allclose(autocorrelation(series), np.array(direct) / direct[0], atol=1e-12)


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e3))
def test_time_does_not_depend_on_zero_and_unit(zero, unit):
    series = autoregressive(0.7, 500)
    assert correlation(zero + unit * series).time == pytest.approx(correlation(series).time, rel=1e-6)


@given(st.floats(-1e6, 1e6))
def test_a_constant_has_no_error(value):
    estimate = correlated_mean([value] * 20)
    assert estimate.mean == pytest.approx(value)
    assert estimate.standard_error == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("series", [[1.0] * 7, [1.0] * 7 + [np.nan], [[1.0] * 8]])
def test_what_is_no_series_is_refused(series):
    with pytest.raises(InputError, match="correlation: series"):
        correlation(series)
