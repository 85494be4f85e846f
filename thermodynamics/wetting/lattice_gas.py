"""Lattice gas of solute atoms at an interface: what they do to its energy, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..checks import finite, finite_array, not_negative, positive
from ..uncertainty import standard_draws
from ..units import BOLTZMANN_EV_PER_K, EV_PER_A2

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_OWNER = "lattice gas"
_A2_PER_NM2 = 100.0


@dataclass(frozen=True)
class LatticeGas:
    """States of one interface cell with 0, 1, 2, ... solute atoms, in exchange with a reservoir.

        Z(mu) = sum_s g_s exp[-(Delta E_s - n_s Delta mu) / kT]
        gamma(mu) - gamma(-inf) = -(kT/A) ln Z
        Gamma(mu) = <n> / A = -d gamma / d mu

    Delta E of a state with n atoms is E(n) - E(0) - n e_ref, and Delta mu = mu - mu_ref with the same reference: for
    e_ref of one solute in the bulk liquid, mu_ref is the standard potential at infinite dilution, Delta mu = kT ln x
    in a dilute solution. The same object serves an interface with a solid and the surface towards the vapour. One
    state with one atom is Langmuir's isotherm and Szyszkowski's equation.

    Attributes
    ----------
    area
        Å^2 of the cell.
    counts
        n of each state; exactly one state has 0.
    delta_energies
        Delta E, eV, the same length; 0 for the empty state.
    degeneracies
        g, equivalent arrangements per cell; 1 for the empty state. Several states may have the same n.
    covariance
        Of the means of ``delta_energies``, eV^2, square, without the error of the reference; None when taken as exact.
    corrections
        What was added to ``delta_energies``, in words; every result derived from them should repeat it.
    degrees_of_freedom
        Samples behind the covariance less one: draws are Student's t; None for a known covariance, normal draws.
    error_known
        False where a single sample leaves the covariance unknown; a wetting model refuses such a gas.
    reference_error
        Standard error of e_ref, eV: it is in every state, n times, and the same in every gas with that reference, so
        that it cancels in the difference of two of them.

    Raises
    ------
    InputError
        Lengths that differ, no empty state or several, an energy not finite, a degeneracy or area not positive, or a
        covariance that is not one.
    """

    area: float
    counts: tuple[int, ...]
    delta_energies: tuple[float, ...]
    degeneracies: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...] | None = None
    corrections: tuple[str, ...] = ()
    degrees_of_freedom: float | None = None
    error_known: bool = True
    reference_error: float = 0.0

    def __post_init__(self) -> None:
        positive(_OWNER, "area", self.area)
        for name in ("delta_energies", "degeneracies"):
            if len(getattr(self, name)) != len(self.counts):
                raise InputError(
                    f"{_OWNER}: {len(getattr(self, name))} {name} for {len(self.counts)} counts; give one for each"
                )
        for count, energy, degeneracy in zip(self.counts, self.delta_energies, self.degeneracies, strict=True):
            if isinstance(count, bool) or int(count) != count or count < 0:
                raise InputError(f"{_OWNER}: counts holds {count!r}; atoms are counted 0, 1, 2, ...")
            finite(_OWNER, f"delta_energies for {count} atoms", energy)
            positive(_OWNER, f"degeneracies for {count} atoms", degeneracy)
        empty = [i for i, count in enumerate(self.counts) if count == 0]
        if len(empty) != 1 or self.delta_energies[empty[0]] != 0.0 or self.degeneracies[empty[0]] != 1.0:
            raise InputError(
                f"{_OWNER}: counts is {self.counts!r}; there must be one empty state, of energy 0 and degeneracy 1"
            )
        if len(self.counts) < 2:
            raise InputError(f"{_OWNER}: there is only the empty state; give at least one with a solute atom")
        if self.covariance is not None:
            _check_covariance(self.covariance, len(self.counts))
        if self.degrees_of_freedom is not None:
            positive(_OWNER, "degrees_of_freedom", self.degrees_of_freedom)
        not_negative(_OWNER, "standard error per atom", self.reference_error)

    @classmethod
    def from_series(
        cls,
        area: float,
        delta_energies: Sequence[float],
        degeneracies: Sequence[float] | None = None,
        *,
        standard_errors: Sequence[float] | None = None,
        standard_error_per_atom: float = 0.0,
        degrees_of_freedom: float | None = None,
    ) -> LatticeGas:
        """Return the gas with one state for each of n = 1, 2, ..., N atoms.

        Parameters
        ----------
        area
            Å^2.
        delta_energies
            Delta E_1 ... Delta E_N, eV.
        degeneracies
            g_1 ... g_N; by default N sites of one kind, g_n = N! / n! (N - n)!.
        standard_errors
            Of each energy, eV, independent of one another.
        standard_error_per_atom
            Of the reference e_ref, eV: an error that all states share, n times in each.
        degrees_of_freedom
            Of the errors; None for the normal distribution.
        """
        energies = finite_array(_OWNER, "delta_energies", delta_energies, ndim=1)
        n_sites = len(energies)
        if degeneracies is None:
            degeneracies = [comb(n_sites, n) for n in range(1, n_sites + 1)]
        errors = finite_array(
            _OWNER, "standard_errors", np.zeros(n_sites) if standard_errors is None else standard_errors
        )
        if errors.shape != energies.shape or np.any(errors < 0.0):
            raise InputError(f"{_OWNER}: standard_errors is {standard_errors!r}; give one of 0 or more for each energy")
        return cls(
            area,
            tuple(range(n_sites + 1)),
            (0.0, *energies.tolist()),
            (1.0, *(float(g) for g in degeneracies)),
            _as_tuples(np.diag(np.concatenate([[0.0], errors]) ** 2)),
            degrees_of_freedom=degrees_of_freedom,
            reference_error=standard_error_per_atom,
        )

    @property
    def standard_errors(self) -> tuple[float, ...]:
        """Standard error of each of ``delta_energies``, that of the reference included, eV."""
        return tuple(float(error) for error in np.sqrt(np.diag(self.total_covariance())))

    def total_covariance(self) -> NDArray[np.float64]:
        """Return the covariance of ``delta_energies`` with the error of the reference, eV^2, (n_states, n_states)."""
        own = np.zeros((len(self.counts),) * 2) if self.covariance is None else np.asarray(self.covariance)
        return own + _shared_covariance(np.asarray(self.counts), self.reference_error)

    @property
    def saturation_per_nm2(self) -> float:
        """Coverage of the fullest state."""
        return max(self.counts) / self.area * _A2_PER_NM2

    def corrected(self, correction: float | Sequence[float], label: str, *, standard_error: float = 0.0) -> LatticeGas:
        """Return the gas with a labelled correction, e.g. from single points with density functional theory.

        Parameters
        ----------
        correction
            eV per solute atom (a number: n times it is added to each state), or eV for each state in the order of
            ``counts``, 0 for the empty one.
        label
            What it is; kept in ``corrections``.
        standard_error
            eV per solute atom.

        Raises
        ------
        InputError
            Empty label, a correction of the wrong length, or one that is not finite.
        """
        if not label.strip():
            raise InputError(f"{_OWNER}: the label of a correction is empty; say what it is")
        counts = np.asarray(self.counts)
        shift = finite_array(_OWNER, "correction", correction)
        if shift.ndim == 0:
            shift = shift * counts
        if shift.shape != counts.shape:
            raise InputError(
                f"{_OWNER}: correction has {shift.size} values for {len(counts)} states; give one for each"
            )
        covariance = np.zeros((len(counts),) * 2) if self.covariance is None else np.asarray(self.covariance)
        return replace(
            self,
            delta_energies=tuple(float(energy) for energy in np.asarray(self.delta_energies) + shift),
            covariance=_as_tuples(covariance + _shared_covariance(counts, standard_error)),
            corrections=(*self.corrections, label),
        )

    def evaluate(
        self, delta_mu: ArrayLike, temperature_K: float, energies: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return ln Z and the probability of each state.

        Parameters
        ----------
        delta_mu
            mu - mu_ref, eV, any shape; minus infinity is a reservoir without solute.
        temperature_K
            Temperature.
        energies
            Used in place of ``delta_energies``, eV, shape (..., n_states), where the leading axes broadcast with
            ``delta_mu``; for uncertainty.

        Returns
        -------
        tuple of ndarray
            ln Z in the (broadcast) shape of ``delta_mu``, and probabilities with one more axis, the states.

        Raises
        ------
        InputError
            Temperature not positive, or delta_mu not a number or plus infinity.
        """
        kT = BOLTZMANN_EV_PER_K * positive(_OWNER, "temperature_K", temperature_K)
        mu = np.asarray(delta_mu, dtype=float)[..., None]
        if np.any(np.isnan(mu)) or np.any(mu == np.inf):
            raise InputError(f"{_OWNER}: delta_mu is {delta_mu!r}; it must be finite, or minus infinity without solute")
        counts = np.asarray(self.counts, dtype=float)
        with np.errstate(invalid="ignore"):
            gain = np.where(counts == 0.0, 0.0, counts * mu)
        exponents = np.log(self.degeneracies) + (gain - (self.delta_energies if energies is None else energies)) / kT
        # There are few states and many rows: state by state, with the states outside, is several times as fast.
        of_states = np.ascontiguousarray(np.moveaxis(exponents, -1, 0))
        largest = of_states.max(axis=0)
        of_states -= largest  # sums of exponentials around the largest one never overflow
        weights = np.exp(of_states, out=of_states)
        total = weights.sum(axis=0)
        weights /= total
        return largest + np.log(total), np.ascontiguousarray(np.moveaxis(weights, 0, -1))

    def gamma_change_J_m2(self, delta_mu: ArrayLike, temperature_K: float) -> NDArray[np.float64]:
        """Return gamma(mu) - gamma(without solute), never positive, in the shape of ``delta_mu`` (eV)."""
        log_sum, _ = self.evaluate(delta_mu, temperature_K)
        return self.gamma_from_log_sum(log_sum, temperature_K)

    def gamma_from_log_sum(self, log_sum: NDArray[np.float64], temperature_K: float) -> NDArray[np.float64]:
        """Return -(kT/A) ln Z in J/m2."""
        return np.asarray(-BOLTZMANN_EV_PER_K * temperature_K / self.area * log_sum * EV_PER_A2)

    def coverage_per_nm2(self, delta_mu: ArrayLike, temperature_K: float) -> NDArray[np.float64]:
        """Return Gamma, atoms per nm^2, in the shape of ``delta_mu`` (eV)."""
        _, probabilities = self.evaluate(delta_mu, temperature_K)
        return self.coverage_from_probabilities(probabilities)

    def coverage_from_probabilities(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return atoms per nm^2 for probabilities of the states (last axis)."""
        return np.asarray(probabilities @ np.asarray(self.counts, dtype=float) / self.area * _A2_PER_NM2)

    def delta_mu(self, coverage_per_nm2: ArrayLike, temperature_K: float) -> NDArray[np.float64]:
        """Return the chemical potential mu - mu_ref (eV) that holds a coverage: the inverse of coverage_per_nm2.

        Raises
        ------
        InputError
            A coverage not between 0 and :attr:`saturation_per_nm2`, ends excluded.
        """
        wanted = finite_array(_OWNER, "coverage_per_nm2", coverage_per_nm2)
        if np.any(wanted <= 0.0) or np.any(wanted >= self.saturation_per_nm2):
            raise InputError(
                f"{_OWNER}: coverage_per_nm2 is {coverage_per_nm2!r}; "
                f"it must lie between 0 and {self.saturation_per_nm2:.4g}"
            )
        span = float(np.ptp(self.delta_energies)) + 100.0 * BOLTZMANN_EV_PER_K * temperature_K
        low, high = np.full(wanted.shape, -span), np.full(wanted.shape, span)
        for _ in range(100):
            middle = 0.5 * (low + high)
            too_full = self.coverage_per_nm2(middle, temperature_K) > wanted
            low, high = np.where(too_full, low, middle), np.where(too_full, middle, high)
        return np.asarray(0.5 * (low + high))

    def draw_energies(
        self, rng: np.random.Generator, n_draws: int, reference: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return energies drawn from the normal or Student's distribution of their means, eV, (n_draws, n_states).

        ``reference``, shape (n_draws,), are the draws of e_ref in units of its error, where another gas shares them.
        """
        if reference is None:
            reference = standard_draws(rng, (n_draws, 1), self.degrees_of_freedom)[:, 0]
        shift = np.multiply.outer(reference * self.reference_error, np.asarray(self.counts, dtype=float))
        means = np.tile(self.delta_energies, (n_draws, 1)) - shift
        if self.covariance is None:
            return np.asarray(means)
        values, vectors = np.linalg.eigh(np.asarray(self.covariance))
        scale = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(means + standard_draws(rng, (n_draws, len(values)), self.degrees_of_freedom) @ scale.T)


def _shared_covariance(counts: NDArray[np.int_], standard_error_per_atom: float) -> NDArray[np.float64]:
    error = not_negative(_OWNER, "standard error per atom", standard_error_per_atom)
    return np.asarray(np.outer(counts, counts) * error**2)


def _as_tuples(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in matrix)


def _check_covariance(covariance: Sequence[Sequence[float]], n_states: int) -> None:
    matrix = finite_array(_OWNER, "covariance", covariance, ndim=2)
    if matrix.shape != (n_states, n_states):
        raise InputError(f"{_OWNER}: covariance has shape {matrix.shape}; it must be {n_states} by {n_states}")
    smallest = np.linalg.eigvalsh(matrix).min()
    if not np.allclose(matrix, matrix.T) or smallest < -1e-9 * max(1e-12, float(np.abs(matrix).max())):
        raise InputError(f"{_OWNER}: covariance is not symmetric with eigenvalues of 0 or more")
