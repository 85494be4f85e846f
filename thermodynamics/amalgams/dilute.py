"""Chemical potential of a dilute solute, from its energy in the liquid or a measurement; computed solubility."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...errors import InputError
from ..checks import finite, not_negative, positive
from ..units import BOLTZMANN_EV_PER_K

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .measured_solutions import AmalgamEMF

_DILUTE = 1e-12
"""Mole fraction at which every solution obeys Henry's law."""


class Solution(Protocol):
    """What a wetting curve asks of a solution; :class:`~.measured_solutions.AmalgamEMF` has it too."""

    @property
    def x_saturation(self) -> float:
        """Mole fraction at which the solution is saturated."""

    @property
    def temperature_K(self) -> float:
        """Temperature it holds for."""

    @property
    def electrons_per_ion(self) -> int:
        """Electrons that go with one dissolved atom."""

    @property
    def source(self) -> str:
        """Where it comes from."""

    def chemical_potential(self, x: ArrayLike, /) -> NDArray[np.float64]:
        """Return the chemical potential at mole fractions, eV."""


@dataclass(frozen=True)
class DiluteSolution:
    """A solute with mu(x) = mu_inf + kT (ln x + a x), constant above ``x_saturation``.

    Attributes
    ----------
    mu_infinity
        Standard chemical potential at infinite dilution, eV, relative to the pure solute.
    temperature_K
        Temperature.
    x_saturation
        Mole fraction of the saturated liquid.
    ln_gamma_slope
        a; 0 is Henry's law.
    electrons_per_ion
        For voltages.
    source
        Where it comes from.

    Raises
    ------
    InputError
        A value not finite, temperature not positive, slope negative, solubility not in (0, 1], or electrons below 1.
    """

    mu_infinity: float
    temperature_K: float
    x_saturation: float
    ln_gamma_slope: float = 0.0
    electrons_per_ion: int = 1
    source: str = "computed"

    def __post_init__(self) -> None:
        finite("dilute solution", "mu_infinity", self.mu_infinity)
        positive("dilute solution", "temperature_K", self.temperature_K)
        not_negative("dilute solution", "ln_gamma_slope", self.ln_gamma_slope)
        _check_saturation(self.x_saturation, self.electrons_per_ion)

    @classmethod
    def from_emf(cls, emf: AmalgamEMF, temperature_K: float) -> DiluteSolution:
        """Return a measured amalgam carried to another temperature: only the mixing term kT (ln x + a x) follows.

        The standard potential, a and the solubility stay those of the measurement, which ``source`` says.
        """
        return cls(
            -emf.electrons_per_ion * emf.E0_V,
            temperature_K,
            emf.x_saturation,
            emf.ln_gamma_slope,
            emf.electrons_per_ion,
            f"{emf.source}, measured at {emf.temperature_K:g} K, carried to {temperature_K:g} K",
        )

    def chemical_potential(self, x: ArrayLike, /) -> NDArray[np.float64]:
        """Return mu at mole fraction(s) ``x``, eV relative to the pure solute; InputError outside (0, 1]."""
        fraction = np.minimum(_fraction(x), self.x_saturation)
        kT = BOLTZMANN_EV_PER_K * self.temperature_K
        return np.asarray(self.mu_infinity + kT * (np.log(fraction) + self.ln_gamma_slope * fraction))


def standard_potential(solution: Solution) -> float:
    """Return mu_inf, the limit of mu(x) - kT ln x for x to 0 (eV), on the solution's own zero."""
    kT = BOLTZMANN_EV_PER_K * solution.temperature_K
    return float(solution.chemical_potential(_DILUTE)) - kT * math.log(_DILUTE)


def computed_solubility(
    mu_infinity: float, mu_solid: float, temperature_K: float, *, ln_gamma_slope: float = 0.0
) -> float:
    """Return the mole fraction at which the liquid is in equilibrium with a solid: mu_inf + kT (ln x + a x) = mu_solid.

    Parameters
    ----------
    mu_infinity
        eV, as in :class:`DiluteSolution`.
    mu_solid
        eV on the same zero: chemical potential of the solute where the solid and the pure solvent coexist, e.g. minus
        the voltage of the first step of the hull's profile.
    temperature_K
        Temperature.
    ln_gamma_slope
        a.

    Returns
    -------
    float
        At most 1: nothing precipitates. An error of kT ln 10 (0.06 eV at 25 °C) in either energy is a factor of ten.

    Raises
    ------
    InputError
        A value not finite, temperature not positive, or slope negative.
    """
    from scipy.special import wrightomega

    kT = BOLTZMANN_EV_PER_K * positive("solubility", "temperature_K", temperature_K)
    slope = not_negative("solubility", "ln_gamma_slope", ln_gamma_slope)
    log_activity = (finite("solubility", "mu_solid", mu_solid) - finite("solubility", "mu_infinity", mu_infinity)) / kT
    if slope == 0.0:
        return math.exp(min(log_activity, 0.0))
    # w = a x solves w + ln w = c + ln a; then ln x = c - w, which also holds for a tiny slope.
    return math.exp(min(log_activity - float(wrightomega(log_activity + math.log(slope)).real), 0.0))


def _fraction(x: ArrayLike) -> NDArray[np.float64]:
    fraction = np.asarray(x, dtype=float)
    if not np.all((fraction > 0.0) & (fraction <= 1.0)):
        raise InputError(f"mole fraction of the solute is {x!r}; it must lie in (0, 1]")
    return fraction


def _check_saturation(x_saturation: float, electrons_per_ion: int) -> None:
    if not 0.0 < x_saturation <= 1.0:
        raise InputError(f"solution: x_saturation is {x_saturation!r}; it must lie in (0, 1]")
    if electrons_per_ion < 1:
        raise InputError(f"solution: electrons_per_ion is {electrons_per_ion!r}; it must be at least 1")
