"""How much metal liquid mercury holds: from measured points, a heat of solution, or a regular solution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...errors import InputError
from ..checks import finite, positive
from ..hulls.finite_temperature import liquid_name
from ..hulls.fusion import get_fusion
from ..hulls.hull import Hull, HullPhase
from ..units import BOLTZMANN_EV_PER_K, R

_SMALLEST = 1e-300


class Liquidus(Protocol):
    """What a lever rule asks of a liquid."""

    @property
    def source(self) -> str:
        """Where it comes from."""

    def saturation(self, solid: HullPhase, temperature_K: float, /) -> float:
        """Return the mole fraction of the metal in the liquid beside a solid."""


@dataclass(frozen=True)
class VantHoffLiquidus:
    """A solubility carried to other temperatures by a constant heat of solution.

        ln x(T) = ln x_ref - (H / R) (1/T - 1/T_ref)

    It is the same for every solid, and never above 1.

    Attributes
    ----------
    metal
        The dissolved metal.
    x_reference, reference_K
        Mole fraction of the saturated liquid at one temperature.
    heat_of_solution_kJ_mol
        H per mol of metal that dissolves from the solid.
    source
        Where both come from.

    Raises
    ------
    InputError
        Solubility not in (0, 1], temperature not positive, or heat not finite.
    """

    metal: str
    x_reference: float
    reference_K: float
    heat_of_solution_kJ_mol: float
    source: str = ""

    def __post_init__(self) -> None:
        _check_solubility(self.metal, self.x_reference)
        positive(f"liquidus of {self.metal}", "reference_K", self.reference_K)
        finite(f"liquidus of {self.metal}", "heat_of_solution_kJ_mol", self.heat_of_solution_kJ_mol)

    def saturation(self, solid: HullPhase, temperature_K: float, /) -> float:  # noqa: ARG002
        """Return the mole fraction of the saturated liquid, whatever the ``solid``."""
        kelvin = positive(f"liquidus of {self.metal}", "temperature_K", temperature_K)
        slope = 1000.0 * self.heat_of_solution_kJ_mol / R
        logarithm = math.log(self.x_reference) - slope * (1.0 / kelvin - 1.0 / self.reference_K)
        return math.exp(min(logarithm, 0.0))


@dataclass(frozen=True)
class TabulatedLiquidus:
    """A measured liquidus: ln x linear in 1/T between the points, and beyond them with the slope of the last two.

    Attributes
    ----------
    metal
        The dissolved metal.
    points
        (temperature in K, mole fraction), at least two, both rising.
    source
        Where they come from.

    Raises
    ------
    InputError
        Fewer than two points, not rising in temperature or in mole fraction, or a mole fraction not in (0, 1].
    """

    metal: str
    points: Sequence[tuple[float, float]]
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise InputError(f"liquidus of {self.metal}: {len(self.points)} points are given; at least 2 are needed")
        for kelvin, x in self.points:
            positive(f"liquidus of {self.metal}", "temperature_K", kelvin)
            _check_solubility(self.metal, x)
        steps = np.diff(np.asarray(self.points, dtype=float), axis=0)
        if not np.all(steps > 0.0):
            raise InputError(f"liquidus of {self.metal}: the points must rise in temperature and in mole fraction")

    def saturation(self, solid: HullPhase, temperature_K: float, /) -> float:  # noqa: ARG002
        """Return the mole fraction of the saturated liquid, whatever the ``solid``."""
        kelvin = positive(f"liquidus of {self.metal}", "temperature_K", temperature_K)
        inverse = -1.0 / np.array([point[0] for point in self.points])
        logarithm = np.log([point[1] for point in self.points])
        segment = int(np.clip(np.searchsorted(inverse, -1.0 / kelvin) - 1, 0, len(inverse) - 2))
        slope = (logarithm[segment + 1] - logarithm[segment]) / (inverse[segment + 1] - inverse[segment])
        return math.exp(min(float(logarithm[segment] + slope * (-1.0 / kelvin - inverse[segment])), 0.0))


@dataclass(frozen=True)
class RegularLiquidus:
    """A regular solution of the liquid metals in equilibrium with the solids of a hull.

        mu_M  = dG_M(T)  + kT ln x       + W (1 - x)^2
        mu_Hg = dG_Hg(T) + kT ln (1 - x) + W x^2

    with dG = G(liquid) - G(solid) of each element from its heat of fusion. The liquid is saturated where
    y mu_M + (1 - y) mu_Hg equals the energy of formation of the solid with mole fraction y.

    Energies of solids are those of the hull at every temperature: their entropy of formation is left out. So is the
    separation into two liquids, which a positive W above 2kT brings.

    Attributes
    ----------
    metal, host
        Solute and solvent; the heats of fusion of both must be known.
    interaction_eV
        W; negative where the liquids attract each other.
    source
        Where W comes from.

    Raises
    ------
    InputError
        Unknown heat of fusion, or W not finite.
    """

    metal: str
    host: str
    interaction_eV: float
    source: str = "regular solution"

    def __post_init__(self) -> None:
        finite(f"liquidus of {self.metal}", "interaction_eV", self.interaction_eV)
        get_fusion(self.metal)
        get_fusion(self.host)

    def excess(self, x: float, solid: HullPhase, temperature_K: float) -> float:
        """Return what dissolving ``solid`` in a liquid of mole fraction ``x`` costs, eV per atom.

        It is y mu_M + (1 - y) mu_Hg minus the energy of the solid: 0 at saturation, positive above.
        """
        kT = BOLTZMANN_EV_PER_K * temperature_K
        share = solid.fraction(self.metal)
        liquid = share * (get_fusion(self.metal).free_energy(temperature_K) + kT * math.log(x))
        liquid += share * self.interaction_eV * (1.0 - x) ** 2
        if share < 1.0:
            liquid += (1.0 - share) * (get_fusion(self.host).free_energy(temperature_K) + kT * math.log1p(-x))
            liquid += (1.0 - share) * self.interaction_eV * x**2
        return liquid - solid.formation_energy_per_atom

    def saturation(self, solid: HullPhase, temperature_K: float, /) -> float:
        """Return the mole fraction of the liquid saturated with ``solid``; that of the solid itself when it melts."""
        from scipy.optimize import brentq

        kelvin = positive(f"liquidus of {self.metal}", "temperature_K", temperature_K)
        share = solid.fraction(self.metal)
        top = min(share, self._spinodal(kelvin))
        if top == 1.0:
            if self.excess(1.0, solid, kelvin) <= 0.0:
                return 1.0
        elif self.excess(top, solid, kelvin) <= 0.0:
            return share if top == share else self._beyond_spinodal(solid, kelvin)
        low = math.log(_SMALLEST)
        if self.excess(_SMALLEST, solid, kelvin) >= 0.0:
            return _SMALLEST
        root = brentq(lambda log_x: self.excess(math.exp(log_x), solid, kelvin), low, math.log(top), xtol=1e-12)
        return math.exp(float(root))

    def _spinodal(self, temperature_K: float) -> float:
        """The lowest mole fraction at which the liquid is unstable; 1 without a miscibility gap."""
        ratio = 2.0 * BOLTZMANN_EV_PER_K * temperature_K / self.interaction_eV if self.interaction_eV > 0.0 else 4.0
        return 0.5 * (1.0 - math.sqrt(1.0 - ratio)) if ratio < 1.0 else 1.0

    def _beyond_spinodal(self, solid: HullPhase, kelvin: float) -> float:
        """Saturation on the metal-rich side of a miscibility gap, where the lean side does not reach it."""
        from scipy.optimize import brentq

        start, share = 1.0 - self._spinodal(kelvin), solid.fraction(self.metal)
        if share <= start or self.excess(share, solid, kelvin) <= 0.0:
            return share
        return float(brentq(self.excess, start, share, args=(solid, kelvin), xtol=1e-14))


def regular_liquidus(hull: Hull, metal: str, x_saturation: float, temperature_K: float) -> RegularLiquidus:
    """Return the regular solution whose solubility at one temperature is the measured one, with the solids of a hull.

    The interaction W is the one at which the most stable solid, and no other, is in equilibrium with the liquid.

    Parameters
    ----------
    hull
        Two elements, static energies; both elements as solids.
    metal
        The dissolved one.
    x_saturation
        Measured mole fraction of the saturated liquid.
    temperature_K
        Its temperature.

    Raises
    ------
    InputError
        Hull not binary or with a liquid reference, unknown metal or heat of fusion, or solubility not in (0, 1).
    """
    host = host_of(hull, metal)
    _check_solubility(metal, x_saturation)
    kelvin = positive(f"liquidus of {metal}", "temperature_K", temperature_K)
    if x_saturation == 1.0:
        raise InputError(f"liquidus of {metal}: the solubility is 1; a regular solution needs one below 1")
    liquids = {liquid_name(symbol) for symbol in hull.elements}
    found = [phase.name for phase in hull.stable if phase.name in liquids]
    if found:
        raise InputError(f"liquidus of {metal}: the hull holds {found[0]!r}; give one of solids only")
    ideal = RegularLiquidus(metal, host, 0.0)
    interactions = []
    for solid in hull.stable:
        share = solid.fraction(metal)
        if share > x_saturation:
            weight = share * (1.0 - x_saturation) ** 2 + (1.0 - share) * x_saturation**2
            interactions.append(-ideal.excess(x_saturation, solid, kelvin) / weight)
    source = f"regular solution with a solubility of {100.0 * x_saturation:.3g} at.% at {kelvin:g} K"
    return RegularLiquidus(metal, host, min(interactions), source)


def host_of(hull: Hull, metal: str) -> str:
    """Return the other element of a binary hull.

    Raises
    ------
    InputError
        The hull is not binary, or ``metal`` is not in it.
    """
    if len(hull.elements) != 2 or metal not in hull.elements:
        raise InputError(f"{metal} in {hull.system}: the hull must have two elements, {metal} one of them")
    return next(element for element in hull.elements if element != metal)


def _check_solubility(metal: str, x: float) -> None:
    if not 0.0 < x <= 1.0:
        raise InputError(f"liquidus of {metal}: the mole fraction is {x!r}; it must lie in (0, 1]")
