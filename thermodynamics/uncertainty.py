"""Means with standard errors: over quenches, over seeds, over a correlated time series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from .checks import finite, finite_array, not_negative, positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_SERIES_LENGTH = 16
"""Shortest time series that is blocked."""


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error, in the unit of the samples.

    Attributes
    ----------
    mean
        Best value.
    standard_error
        Of the mean; None where a single sample leaves it unknown.
    n_samples
        Independent samples behind it.

    Raises
    ------
    InputError
        Mean or error not finite, negative error, or no samples.
    """

    mean: float
    standard_error: float | None = None
    n_samples: int = 1

    def __post_init__(self) -> None:
        finite("estimate", "mean", self.mean)
        if self.standard_error is not None:
            not_negative("estimate", "standard_error", self.standard_error)
        if self.n_samples < 1:
            raise InputError(f"estimate: n_samples is {self.n_samples!r}; it must be at least 1")

    @property
    def degrees_of_freedom(self) -> int | None:
        """n - 1 of the samples that the error was estimated from; None without samples to estimate it from."""
        return self.n_samples - 1 if self.standard_error is not None and self.n_samples > 1 else None


@dataclass(frozen=True)
class BlockAverage:
    """Mean of a correlated series, with the standard error from blocking.

    Attributes
    ----------
    mean, standard_error
        In the unit of the series.
    n_values
        Length of the series.
    block_length
        Values per block at which the error stopped growing.
    converged
        Whether it did stop. If not, the series is too short for its correlation time and the error is a lower bound.
    drift_over_error
        Second half minus first half, in units of the expected error of that difference; beyond about 3 the series had
        not reached equilibrium.
    """

    mean: float
    standard_error: float
    n_values: int
    block_length: int
    converged: bool
    drift_over_error: float

    @property
    def estimate(self) -> Estimate:
        """The same as an :class:`Estimate`; its samples are the blocks."""
        return Estimate(self.mean, self.standard_error, max(1, self.n_values // self.block_length))


def average(samples: Sequence[float]) -> Estimate:
    """Return mean and standard error of independent samples, s / sqrt(n) with n - 1 degrees of freedom.

    Raises
    ------
    InputError
        No samples, or one that is not finite.
    """
    values = finite_array("average", "samples", samples, ndim=1)
    if not len(values):
        raise InputError("average: samples is empty; give at least one")
    error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
    return Estimate(float(values.mean()), error, len(values))


def average_over_groups(groups: Mapping[Any, Sequence[float]]) -> Estimate:
    """Return mean and standard error of samples in groups, such as quenches of several seeds.

    Quenches of one seed share their trajectory. With two groups or more the groups are therefore the samples: the mean
    of their means, and the error from the scatter of those. With one group the scatter inside it has to do.

    Raises
    ------
    InputError
        No groups, an empty group, or a value that is not finite.
    """
    if not groups:
        raise InputError("average over groups: there are no groups; give at least one")
    means = []
    for name, samples in groups.items():
        if not len(samples):
            raise InputError(f"average over groups: group {name!r} is empty; leave it out or give at least one sample")
        means.append(average(samples).mean)
    return average(next(iter(groups.values()))) if len(groups) == 1 else average(means)


def linear_combination(terms: Sequence[tuple[float, Estimate]]) -> Estimate:
    """Return the sum of coefficient times estimate, errors added in quadrature as independent.

    Raises
    ------
    InputError
        No terms, or a coefficient that is not finite.
    """
    if not terms:
        raise InputError("linear combination: there are no terms; give at least one")
    mean = math.fsum(finite("linear combination", "coefficient", c) * term.mean for c, term in terms)
    errors = [None if term.standard_error is None else c * term.standard_error for c, term in terms]
    known = [error for error in errors if error is not None]
    combined = math.hypot(*known) if len(known) == len(errors) else None
    return Estimate(mean, combined, min(term.n_samples for _, term in terms))


def standard_draws(
    rng: np.random.Generator, shape: tuple[int, int], degrees_of_freedom: float | None
) -> NDArray[np.float64]:
    """Return random draws of a mean in units of its standard error, shape (n_draws, n_quantities).

    An error from n samples is itself uncertain; with n - 1 degrees of freedom the draws are Student's t: the central
    95 % of two samples reach 12.7 standard errors, of three 4.3, of many 1.96. The quantities of one draw share the
    uncertainty of their common error (multivariate t).

    Parameters
    ----------
    rng
        Random numbers.
    shape
        Draws, quantities.
    degrees_of_freedom
        None for a known error: the normal distribution.

    Raises
    ------
    InputError
        Degrees of freedom not positive.
    """
    draws = rng.standard_normal(shape)
    if degrees_of_freedom is None:
        return draws
    nu = positive("draws", "degrees_of_freedom", degrees_of_freedom)
    return np.asarray(draws * np.sqrt(nu / rng.chisquare(nu, (shape[0], 1))))


def block_average(series: Sequence[float]) -> BlockAverage:
    """Return the mean of a correlated time series and its standard error from blocking.

    Neighbouring values are averaged pairwise again and again; the naive error grows until the blocks are independent
    [1]_. The block length B is the first power of two with B^3 > 2 n (SE_B / SE_1)^4 for a series of n values, which
    balances the remaining correlation against the noise of the error itself [2]_.

    Parameters
    ----------
    series
        Equally spaced values after equilibration, shape (n,), e.g. potential energies of an NVT run in eV.

    Raises
    ------
    InputError
        Fewer than 16 values, or one that is not finite.

    References
    ----------
    .. [1] H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91, 461 (1989), doi:10.1063/1.457480
    .. [2] R. M. Lee et al., Phys. Rev. E 83, 066706 (2011), doi:10.1103/PhysRevE.83.066706
    """
    values = finite_array("block average", "series", series, ndim=1)
    if len(values) < MIN_SERIES_LENGTH:
        raise InputError(f"block average: series has {len(values)} values; it must have at least {MIN_SERIES_LENGTH}")
    error, level, converged = _blocked(values)
    half = len(values) // 2
    halves = (values[:half], values[-half:])
    # Errors inside the halves: that of the whole series would count a drift as scatter.
    expected = math.hypot(*(_blocked(part)[0] for part in halves))
    drift = float(halves[1].mean() - halves[0].mean())
    return BlockAverage(
        mean=float(values.mean()),
        standard_error=error,
        n_values=len(values),
        block_length=2**level,
        converged=converged,
        drift_over_error=drift / expected if expected > 0.0 else 0.0,
    )


def _blocked(values: np.ndarray) -> tuple[float, int, bool]:
    """Standard error of the mean, the number of pairwise averagings behind it, and whether they sufficed."""
    errors = _errors_by_level(values)
    for level, error in enumerate(errors):
        if 8.0**level * errors[0] ** 4 >= 2.0 * len(values) * error**4:
            return error, level, True
    # An unconverged error only ever errs low, so the largest one seen is the least wrong.
    return max(errors), len(errors) - 1, False


def _errors_by_level(values: np.ndarray) -> list[float]:
    """Standard error of the mean from blocks of 1, 2, 4, ... values, down to four blocks."""
    # A constant series has no scatter; rounding in its mean must not make one.
    blocks = values - values[0]
    errors = []
    while len(blocks) >= 4:
        errors.append(float(blocks.std(ddof=1) / math.sqrt(len(blocks))))
        blocks = blocks[len(blocks) % 2 :].reshape(-1, 2).mean(axis=1)
    return errors
