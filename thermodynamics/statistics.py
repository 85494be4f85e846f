"""Correlated time series: how long they remember, how many independent values they hold, their mean and its error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .checks import finite_array, positive
from .uncertainty import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_WINDOW = 5.0  # correlation times that are summed: exp(-5) is left out, and the noise of the rest
_LEAST_VALUES = 8
_LEAST_TIMES = 20.0  # a series shorter than so many correlation times does not tell its own correlation time


@dataclass(frozen=True)
class Correlation:
    """How long a series remembers.

    Attributes
    ----------
    time
        Integrated autocorrelation time τ = 1/2 + Σ ρ(t), in steps of the series; 1/2 where nothing is remembered.
    error
        Its standard error.
    window
        Lag up to which ρ was summed.
    n_values
        Length of the series.
    """

    time: float
    error: float
    window: int
    n_values: int

    @property
    def inefficiency(self) -> float:
        """Values that are worth one independent value, g = 2 τ, at least 1."""
        return max(1.0, 2.0 * self.time)

    @property
    def n_independent(self) -> float:
        """Independent values that the series is worth, n / g."""
        return self.n_values / self.inefficiency

    @property
    def is_known(self) -> bool:
        """Whether the series is long enough to tell: if not, τ is a lower bound."""
        return self.n_values >= _LEAST_TIMES * self.time


def autocorrelation(series: ArrayLike) -> NDArray[np.float64]:
    """Return the normalised autocorrelation function ρ(t) of a series, for t = 0 to n - 1; 1 at t = 0.

    Raises
    ------
    InputError
        Too few values, or one that is not finite.
    """
    values = _checked(series)
    fluctuation = values - values.mean()
    n = len(values)
    power = np.abs(np.fft.rfft(fluctuation, 2 * n)) ** 2
    covariance = np.fft.irfft(power)[:n] / n
    # A constant series remembers nothing that matters; rounding must not make it remember.
    if covariance[0] <= (1e-14 * (np.abs(values).max() + 1e-300)) ** 2:
        return np.asarray(np.eye(1, n)[0])
    return np.asarray(covariance / covariance[0])


def correlation(series: ArrayLike, window: float = _WINDOW) -> Correlation:
    """Return the integrated autocorrelation time of a series, summed up to the first lag M >= ``window`` τ(M).

    The sum to all lags would be noise; the window balances what is left out against it [1]_. The error of τ is
    τ sqrt(2 (2 M + 1) / n).

    Parameters
    ----------
    series
        Equally spaced values at equilibrium, shape (n,), n >= 8.
    window
        Correlation times that are summed.

    Raises
    ------
    InputError
        Too few values, one that is not finite, or a window not positive.

    References
    ----------
    .. [1] A. Sokal, Monte Carlo Methods in Statistical Mechanics, in: Functional Integration (1997),
       doi:10.1007/978-1-4899-0319-8_6; N. Madras and A. D. Sokal, J. Stat. Phys. 50, 109 (1988), doi:10.1007/BF01022990
    """
    rho = autocorrelation(series)
    n = len(rho)
    times = np.cumsum(rho) - 0.5
    # At least as many lags as for τ = 1, or the sum would end at the first one of an anticorrelated series.
    wanted = positive("correlation", "window", window) * np.maximum(times, 1.0)
    beyond = np.flatnonzero(np.arange(n) >= wanted)
    last = int(beyond[0]) if len(beyond) else n - 1
    time = max(float(times[last]), 0.5 / n)
    return Correlation(time, time * math.sqrt(2.0 * (2.0 * last + 1.0) / n), last, n)


def correlated_mean(series: ArrayLike) -> Estimate:
    """Return the mean of a correlated series and its standard error, sqrt(g s^2 / n) with the inefficiency g.

    Raises
    ------
    InputError
        Too few values, or one that is not finite.
    """
    values = _checked(series)
    found = correlation(values)
    spread = float(values.std(ddof=1))
    error = spread * math.sqrt(found.inefficiency / len(values))
    return Estimate(float(values.mean()), error, max(2, int(found.n_independent)))


def _checked(series: ArrayLike) -> NDArray[np.float64]:
    values = finite_array("correlation", "series", series, ndim=1)
    if len(values) < _LEAST_VALUES:
        raise InputError(f"correlation: series has {len(values)} values; it must have at least {_LEAST_VALUES}")
    return values
