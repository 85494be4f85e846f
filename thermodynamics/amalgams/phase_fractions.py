"""The lever rule between a liquid metal and the solids of a hull: which phases there are, and how much of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from ...errors import InputError, unknown_name
from ...structures.library.liquids import get_liquid
from ..checks import positive
from ..hulls.finite_temperature import liquid_name
from ..hulls.hull import Hull, HullPhase
from ..hulls.voltage import molar_mass
from ..units import N_A
from .liquidus import Liquidus, host_of
from .solubility import decomposition_temperature

State = Literal["liquid", "solid"]
CM3_MOL_PER_A3 = N_A * 1e-24
"""1 Å³ per atom in cm³/mol: 0.602."""


@dataclass(frozen=True)
class PhasePoint:
    """A phase at one composition.

    Attributes
    ----------
    name
        Of the phase in the hull, or that of the liquid.
    formula
        Reduced formula; of a liquid, the element it mostly consists of.
    state
        ``liquid`` or ``solid``.
    x
        Mole fraction of the metal.
    volume_per_atom
        Å³.
    """

    name: str
    formula: str
    state: State
    x: float
    volume_per_atom: float


@dataclass(frozen=True)
class PhaseAmount:
    """How much there is of a phase: shares of all atoms, of the mass and of the volume."""

    phase: PhasePoint
    atom_fraction: float
    mass_fraction: float
    volume_fraction: float


@dataclass(frozen=True)
class PhaseMixture:
    """The phases in equilibrium at an overall composition, poorest in the metal first: one or two.

    Attributes
    ----------
    metal, host
        The metal and the liquid metal it is mixed with.
    x
        Overall mole fraction of the metal.
    temperature_K
        Temperature.
    amounts
        Their fractions sum to 1 each.
    """

    metal: str
    host: str
    x: float
    temperature_K: float
    amounts: tuple[PhaseAmount, ...]

    @property
    def liquid_fraction(self) -> float:
        """Share of all atoms that are in a liquid."""
        return sum(amount.atom_fraction for amount in self.amounts if amount.phase.state == "liquid")

    @property
    def liquid_mass_fraction(self) -> float:
        """Share of the mass that is liquid."""
        return sum(amount.mass_fraction for amount in self.amounts if amount.phase.state == "liquid")

    @property
    def solid_volume_fraction(self) -> float:
        """Share of the volume that is solid: what decides whether grains float or lock."""
        return sum(amount.volume_fraction for amount in self.amounts if amount.phase.state == "solid")


@dataclass(frozen=True)
class Isotherm:
    """The phases of a metal and mercury at one temperature.

    Attributes
    ----------
    metal, host
        E.g. ``Li`` and ``Hg``.
    temperature_K
        Temperature.
    corners
        Phases at fixed composition from the host to the metal; neighbours coexist between their compositions. The
        first is the saturated liquid, or the solid host below its melting point.
    liquid_volume
        Volume per atom (Å³) of the host-rich liquid at a mole fraction.
    """

    metal: str
    host: str
    temperature_K: float
    corners: tuple[PhasePoint, ...]
    liquid_volume: Callable[[float], float]

    @property
    def x_saturation(self) -> float | None:
        """Mole fraction of the saturated liquid; None when the host is solid."""
        return self.corners[0].x if self.corners[0].state == "liquid" else None

    @cached_property
    def _names(self) -> dict[str, PhasePoint]:
        return {corner.name: corner for corner in self.corners}

    def corner(self, name: str) -> PhasePoint:
        """Return a corner by the name or, where only one has it, by the formula of its phase.

        Raises
        ------
        InputError
            There is none, or several have the formula.
        """
        if name in self._names:
            return self._names[name]
        found = [corner for corner in self.corners if corner.formula == name]
        if len(found) != 1:
            what = f"phase of {self.metal}-{self.host} at {self.temperature_K:g} K"
            raise InputError(unknown_name(what, name, self._names))
        return found[0]

    def mixture(self, x: float) -> PhaseMixture:
        """Return which phases there are at the overall mole fraction ``x``, and how much of each.

        Raises
        ------
        InputError
            ``x`` is not in [0, 1].
        """
        points = self._points(checked_fraction(self.metal, x))
        shares = _lever(points, x)
        masses = [share * self._mass(point.x) for share, point in zip(shares, points, strict=True)]
        volumes = [share * point.volume_per_atom for share, point in zip(shares, points, strict=True)]
        mass, volume = sum(masses), sum(volumes)
        amounts = tuple(
            PhaseAmount(point, share, m / mass, v / volume)
            for point, share, m, v in zip(points, shares, masses, volumes, strict=True)
        )
        return PhaseMixture(self.metal, self.host, float(x), self.temperature_K, amounts)

    def _points(self, x: float) -> list[PhasePoint]:
        first = self.corners[0]
        if first.state == "liquid" and x <= first.x:
            return [PhasePoint(first.name, first.formula, "liquid", x, self.liquid_volume(x))]
        for corner in self.corners:
            if corner.x == x:
                return [corner]
        return next([poor, rich] for poor, rich in pairwise(self.corners) if poor.x < x < rich.x)

    def _mass(self, x: float) -> float:
        return x * molar_mass(self.metal) + (1.0 - x) * molar_mass(self.host)


def isotherm(
    hull: Hull,
    metal: str,
    temperature_K: float,
    liquidus: Liquidus,
    *,
    decompositions_K: Mapping[str, float] | None = None,
) -> Isotherm:
    """Return the phases of a metal and a liquid host at one temperature.

    Between the melting and the decomposition of its phases the picture is that of a phase diagram with line compounds:

    * the host is liquid above its melting point and holds metal up to ``liquidus``;
    * the liquid is in equilibrium with the solid in which the metal is least soluble, and solids poorer in metal than
      that one have dissolved;
    * the metal is liquid above its melting point, as a pure liquid: what it dissolves of the host is left out;
    * a compound disappears at its decomposition temperature.

    Parameters
    ----------
    hull
        Of two elements; its stable phases are the solids, at every temperature.
    metal
        The element that is dissolved, e.g. ``Li``; the other one is the host.
    temperature_K
        Temperature.
    liquidus
        How much metal the liquid host holds.
    decompositions_K
        Temperature above which a compound is gone, by reduced formula; None takes the measured ones.

    Raises
    ------
    InputError
        Hull not binary, unknown metal, a liquidus of another one, melting point not known, or temperature not positive.
    """
    host = host_of(hull, metal)
    if (other := getattr(liquidus, "metal", metal)) != metal:  # a liquidus of one's own may not say
        raise InputError(f"{metal} in {hull.system}: the liquidus is that of {other}")
    kelvin = positive("phase fractions", "temperature_K", temperature_K)
    host_liquid, metal_liquid = get_liquid(host), get_liquid(metal)
    solids = [phase for phase in _one_per_composition(hull, metal) if _exists(phase, kelvin, decompositions_K)]
    solid_metal = kelvin < metal_liquid.melting_point_K
    candidates = [phase for phase in solids if phase.fraction(metal) > 0.0 and (solid_metal or not phase.is_element)]

    v_host = 1.0 / host_liquid.number_density(kelvin)
    v_metal = 1.0 / metal_liquid.number_density(max(kelvin, metal_liquid.melting_point_K))

    def liquid_volume(x: float) -> float:
        return (1.0 - x) * v_host + x * v_metal

    if kelvin < host_liquid.melting_point_K:
        first = _point(next(phase for phase in solids if phase.fraction(metal) == 0.0), metal)
    else:
        x_saturation, candidates = _saturation(liquidus, candidates, metal, kelvin)
        first = PhasePoint(liquid_name(host), host, "liquid", x_saturation, liquid_volume(x_saturation))
    corners = [first, *(_point(phase, metal) for phase in candidates)]
    if not solid_metal and first.x < 1.0:
        corners.append(PhasePoint(liquid_name(metal), metal, "liquid", 1.0, v_metal))
    return Isotherm(metal, host, kelvin, tuple(corners), liquid_volume)


def phase_fractions(
    hull: Hull,
    metal: str,
    x: float,
    temperature_K: float,
    liquidus: Liquidus,
    *,
    decompositions_K: Mapping[str, float] | None = None,
) -> PhaseMixture:
    """Return how much liquid and solid there is at the overall mole fraction ``x``; see :func:`isotherm`."""
    return isotherm(hull, metal, temperature_K, liquidus, decompositions_K=decompositions_K).mixture(x)


def _saturation(
    liquidus: Liquidus, solids: list[HullPhase], metal: str, kelvin: float
) -> tuple[float, list[HullPhase]]:
    """Solubility, and the solids that remain beside the liquid, poorest in the metal first."""
    limits = [min(liquidus.saturation(solid, kelvin), solid.fraction(metal)) for solid in solids]
    remaining = [i for i, solid in enumerate(solids) if limits[i] < solid.fraction(metal)]
    if not remaining:
        return 1.0, []
    first = min(remaining, key=lambda i: (limits[i], solids[i].fraction(metal)))
    return limits[first], solids[first:]


def _one_per_composition(hull: Hull, metal: str) -> list[HullPhase]:
    """Stable phases from the host to the metal; of several with the same composition, the lowest in energy."""
    chosen: dict[float, HullPhase] = {}
    for phase in sorted(hull.stable, key=lambda phase: phase.energy_per_atom):
        chosen.setdefault(round(phase.fraction(metal), 9), phase)
    return [chosen[x] for x in sorted(chosen)]


def _exists(phase: HullPhase, kelvin: float, decompositions_K: Mapping[str, float] | None) -> bool:
    if phase.is_element:
        return True
    if decompositions_K is None:
        limit = decomposition_temperature(phase.composition)
    else:
        limit = decompositions_K.get(phase.formula)
    return limit is None or kelvin < limit


def _point(phase: HullPhase, metal: str) -> PhasePoint:
    return PhasePoint(phase.name, phase.formula, "solid", phase.fraction(metal), phase.volume_per_atom)


def _lever(points: list[PhasePoint], x: float) -> list[float]:
    if len(points) == 1:
        return [1.0]
    poor, rich = points
    share = (x - poor.x) / (rich.x - poor.x)
    return [1.0 - share, share]


def checked_fraction(metal: str, x: float) -> float:
    """Return the mole fraction of a metal as it is.

    Raises
    ------
    InputError
        ``x`` is not in [0, 1].
    """
    if isinstance(x, bool) or not 0.0 <= x <= 1.0:
        raise InputError(f"mole fraction of {metal} is {x!r}; it must lie in [0, 1]")
    return x
