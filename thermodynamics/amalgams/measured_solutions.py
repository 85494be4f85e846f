"""A metal dissolved in liquid mercury: measured electromotive force and chemical potential against mole fraction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import ion_charge, metal
from ..units import BOLTZMANN_EV_PER_K

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class AmalgamEMF:
    """Measured cell M | Mⁿ⁺ | M(Hg): the voltage of a liquid amalgam against the pure metal.

        E(x) = E0 - (kT / n e) (ln x + a x),    mu(x) = -n e E(x)

    with x the mole fraction of the metal, a = d(ln gamma)/dx, and mu relative to the pure metal. Above ``x_saturation``
    a solid amalgam precipitates and both stay constant.

    Attributes
    ----------
    metal
        Element symbol.
    E0_V
        Standard potential on the infinite-dilution mole-fraction scale, V vs M/Mⁿ⁺.
    ln_gamma_slope
        a, the slope of the logarithm of the activity coefficient.
    x_saturation
        Mole fraction of the saturated liquid; the formula holds up to here.
    temperature_K
        Of the measurement; E0 and a hold only there.
    electrons_per_ion
        n.
    source
        DOI, or the publication.
    confidence
        ``checked`` (numbers compared with the source) or ``recalled`` (attributed to it, not compared).

    Raises
    ------
    InputError
        Slope, solubility, temperature or number of electrons not positive, or a solubility above 1.
    """

    metal: str
    E0_V: float
    ln_gamma_slope: float
    x_saturation: float
    temperature_K: float
    electrons_per_ion: int
    source: str
    confidence: str = "checked"

    def __post_init__(self) -> None:
        for name in ("ln_gamma_slope", "x_saturation", "temperature_K", "electrons_per_ion"):
            if not getattr(self, name) > 0:
                raise InputError(f"{self.metal} amalgam: {name} is {getattr(self, name)!r}; it must be positive")
        if self.x_saturation > 1:
            raise InputError(f"{self.metal} amalgam: x_saturation is {self.x_saturation!r}; it must lie in (0, 1]")

    @property
    def saturation_voltage_V(self) -> float:
        """V of the saturated liquid; computed, it is :func:`~.solubility.saturated_emf`."""
        return float(self.voltage_V(self.x_saturation))

    def voltage_V(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return E at mole fraction(s) ``x``, V vs M/Mⁿ⁺, in the shape of ``x``.

        Raises
        ------
        InputError
            A mole fraction not in (0, 1].
        """
        fraction = np.asarray(x, dtype=float)
        if not np.all((fraction > 0.0) & (fraction <= 1.0)):
            raise InputError(f"mole fraction of {self.metal} in Hg is {x!r}; it must lie in (0, 1]")
        fraction = np.minimum(fraction, self.x_saturation)
        return np.asarray(self.E0_V - self._thermal_V() * (np.log(fraction) + self.ln_gamma_slope * fraction))

    def chemical_potential(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return mu at mole fraction(s) ``x``, eV per atom relative to the pure metal."""
        return -self.electrons_per_ion * self.voltage_V(x)

    def mole_fraction(self, voltage_V: ArrayLike) -> NDArray[np.float64]:
        """Return the mole fraction(s) of the liquid that shows ``voltage_V``; the saturated one below the plateau.

        Raises
        ------
        InputError
            A voltage that is not finite.
        """
        from scipy.special import lambertw

        voltage = np.asarray(voltage_V, dtype=float)
        if not np.all(np.isfinite(voltage)):
            raise InputError(f"voltage of {self.metal} in Hg is {voltage_V!r}; it must be finite")
        voltage = np.maximum(voltage, self.saturation_voltage_V)
        # ln x + a x = c, so a x exp(a x) = a exp(c).
        activity = np.exp((self.E0_V - voltage) / self._thermal_V())
        fraction = lambertw(self.ln_gamma_slope * activity).real / self.ln_gamma_slope
        return np.asarray(np.minimum(fraction, self.x_saturation))

    def _thermal_V(self) -> float:
        """k T / (n e) in V."""
        return BOLTZMANN_EV_PER_K * self.temperature_K / self.electrons_per_ion


def amalgam_emf(symbol: str) -> AmalgamEMF:
    """Return the measured cell of a metal and its amalgam.

    Raises
    ------
    InputError
        The metal is not listed, or its standard potential, activity slope or solubility is not known.
    """
    one = metal(symbol)
    E0, slope = one.known("standard_emf_in_mercury"), one.known("activity_slope_in_mercury")
    return AmalgamEMF(
        metal=symbol,
        E0_V=E0.value,
        # Published as log10 with three digits; so many the natural logarithm keeps.
        ln_gamma_slope=round(math.log(10.0) * slope.value, 1),
        x_saturation=one.known("solubility_in_mercury").value,
        temperature_K=ROOM_TEMPERATURE_K if E0.temperature_K is None else E0.temperature_K,
        electrons_per_ion=ion_charge(symbol, 1),
        source=E0.source if E0.doi is None else f"doi:{E0.doi}",
        confidence=E0.confidence,
    )


LI_IN_HG = amalgam_emf("Li")
"""Lithium amalgam at 25 °C, up to its solubility of 1.33 at.% (Cogley and Butler, J. Phys. Chem. 72, 1017 (1968))."""

NA_IN_HG = amalgam_emf("Na")
"""Sodium amalgam at 25 °C, to be used with care: E0 (within 0.01 V) follows from 0.845 V at 0.206 wt% and a slope
log10 gamma = 15 x; solubility 5.3 at.% (within 0.2). None of the three was compared with its source."""
