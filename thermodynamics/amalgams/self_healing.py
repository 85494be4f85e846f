"""Where an amalgam electrode is liquid, paste or solid, and what stripping and plating do at its interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...errors import InputError
from ..checks import finite_array
from ..hulls.hull import Hull
from .liquidus import Liquidus
from .phase_fractions import CM3_MOL_PER_A3, Isotherm, PhaseMixture, PhasePoint, checked_fraction, isotherm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Consistency = Literal["liquid", "paste", "solid"]
CONSISTENCIES: tuple[Consistency, ...] = ("liquid", "paste", "solid")


@dataclass(frozen=True)
class ConsistencyLimits:
    """Limits of the solid volume fraction between liquid, paste and solid.

    Attributes
    ----------
    paste_from
        From here on it is a paste. At a tenth of solid, suspended grains make the liquid a third more viscous.
    solid_from
        From here on it is a solid: 0.64, random close packing of equal spheres, where grains lock and liquid only
        fills the pores between them.

    Raises
    ------
    InputError
        Not 0 < paste_from < solid_from <= 1.
    """

    paste_from: float = 0.10
    solid_from: float = 0.64

    def __post_init__(self) -> None:
        if not 0.0 < self.paste_from < self.solid_from <= 1.0:
            raise InputError(
                f"consistency: paste_from is {self.paste_from!r} and solid_from {self.solid_from!r}; "
                "0 < paste_from < solid_from <= 1 is needed"
            )

    def classify(self, solid_volume_fraction: float) -> Consistency:
        """Return ``liquid``, ``paste`` or ``solid``."""
        if solid_volume_fraction < self.paste_from:
            return "liquid"
        return "paste" if solid_volume_fraction < self.solid_from else "solid"


DEFAULT_LIMITS = ConsistencyLimits()


@dataclass(frozen=True)
class InterfaceStep:
    """What the electrode turns into what: ``poor`` into ``rich`` on plating, back on stripping.

    Attributes
    ----------
    poor, rich
        The phases at the two ends, poor and rich in the metal.
    volume_change_percent
        Of plating, at constant host, in % of ``poor``; None when ``rich`` is the pure metal.
    molar_volume_cm3
        Volume that one mol of plated metal adds.
    """

    poor: PhasePoint
    rich: PhasePoint
    volume_change_percent: float | None
    molar_volume_cm3: float

    @property
    def stripping_volume_change_percent(self) -> float | None:
        """Of stripping, in % of ``rich``; None when that is the pure metal."""
        if self.volume_change_percent is None:
            return None
        growth = self.volume_change_percent / 100.0
        return -100.0 * growth / (1.0 + growth)


@dataclass(frozen=True)
class SelfHealingMap:
    """Liquid, paste or solid against overall composition and temperature.

    Attributes
    ----------
    metal, host
        E.g. ``Li`` and ``Hg``.
    compositions
        Overall mole fractions of the metal, shape (n_x,).
    temperatures_K
        Shape (n_T,).
    isotherms
        One per temperature.
    liquid_fraction, liquid_mass_fraction, solid_volume_fraction
        Shape (n_T, n_x): of the atoms, the mass and the volume.
    consistency
        ``liquid``, ``paste`` or ``solid``, shape (n_T, n_x).
    limits
        Between them.
    source
        Of the liquidus.
    """

    metal: str
    host: str
    compositions: NDArray[np.float64]
    temperatures_K: NDArray[np.float64]
    isotherms: tuple[Isotherm, ...]
    liquid_fraction: NDArray[np.float64]
    liquid_mass_fraction: NDArray[np.float64]
    solid_volume_fraction: NDArray[np.float64]
    consistency: NDArray[np.str_]
    limits: ConsistencyLimits
    source: str

    @property
    def x_saturation(self) -> NDArray[np.float64]:
        """Mole fraction of the saturated liquid at each temperature; NaN where the host is solid."""
        return np.array([np.nan if item.x_saturation is None else item.x_saturation for item in self.isotherms])


def consistency(mixture: PhaseMixture, limits: ConsistencyLimits = DEFAULT_LIMITS) -> Consistency:
    """Return whether a mixture is ``liquid``, ``paste`` or ``solid``."""
    return limits.classify(mixture.solid_volume_fraction)


def composition_range(curve: Isotherm, limits: ConsistencyLimits = DEFAULT_LIMITS) -> dict[Consistency, float]:
    """Return the overall mole fraction at which paste and solid begin on the host-rich side; 1 where they never do.

    A frozen host is ``solid`` from 0 on.

    Parameters
    ----------
    curve
        The phases at one temperature.
    limits
        Volume fractions of solid at which the mixture is a paste, and a solid.
    """
    first = curve.corners[0]
    if first.state == "solid":
        return {"liquid": 0.0, "paste": 0.0, "solid": 0.0}
    found: dict[Consistency, float] = {"liquid": 0.0}
    starts: tuple[tuple[Consistency, float], ...] = (("paste", limits.paste_from), ("solid", limits.solid_from))
    for name, wanted in starts:
        found[name] = _x_at_solid_volume(curve, wanted)
    return found


def self_healing_map(
    hull: Hull,
    metal: str,
    liquidus: Liquidus,
    compositions: ArrayLike,
    temperatures_K: ArrayLike,
    *,
    limits: ConsistencyLimits = DEFAULT_LIMITS,
    decompositions_K: Mapping[str, float] | None = None,
) -> SelfHealingMap:
    """Return liquid fraction and consistency on a grid of overall compositions and temperatures.

    Parameters
    ----------
    hull, metal, liquidus, decompositions_K
        As for :func:`~amalgamics.thermodynamics.amalgams.phase_fractions.isotherm`.
    compositions
        Mole fractions of the metal, shape (n_x,).
    temperatures_K
        Shape (n_T,).
    limits
        Between liquid, paste and solid.

    Raises
    ------
    InputError
        As for the isotherm, a mole fraction outside [0, 1], or an empty grid.
    """
    xs = finite_array("self-healing map", "compositions", compositions, ndim=1)
    kelvins = finite_array("self-healing map", "temperatures_K", temperatures_K, ndim=1)
    if xs.size == 0 or kelvins.size == 0:
        raise InputError("self-healing map: give at least one composition and one temperature")
    curves = tuple(
        isotherm(hull, metal, float(kelvin), liquidus, decompositions_K=decompositions_K) for kelvin in kelvins
    )
    mixtures = [[curve.mixture(float(x)) for x in xs] for curve in curves]
    solid = np.array([[item.solid_volume_fraction for item in row] for row in mixtures])
    return SelfHealingMap(
        metal=metal,
        host=curves[0].host,
        compositions=xs,
        temperatures_K=kelvins,
        isotherms=curves,
        liquid_fraction=np.array([[item.liquid_fraction for item in row] for row in mixtures]),
        liquid_mass_fraction=np.array([[item.liquid_mass_fraction for item in row] for row in mixtures]),
        solid_volume_fraction=solid,
        consistency=np.array([[limits.classify(value) for value in row] for row in solid]),
        limits=limits,
        source=liquidus.source,
    )


def interface_steps(curve: Isotherm) -> list[InterfaceStep]:
    """Return all steps from the pure host to the pure metal: the liquid fills up first, then solid follows solid.

    Parameters
    ----------
    curve
        The phases at one temperature.
    """
    ends = list(curve.corners)
    if ends[0].state == "liquid" and ends[0].x > 0.0:
        pure = PhasePoint(ends[0].name, ends[0].formula, "liquid", 0.0, curve.liquid_volume(0.0))
        ends.insert(0, pure)
    return [_step(poor, rich) for poor, rich in pairwise(ends)]


def interface_at(curve: Isotherm, x: float) -> tuple[InterfaceStep | None, InterfaceStep | None]:
    """Return what happens at the interface at an overall composition when metal is stripped, and when it is plated.

    Between two phases both steps are the same and the interface alternates between them; at the composition of a
    phase, stripping makes the phase below and plating the one above. None at the ends, where there is nothing to strip
    or nothing left to fill.

    Parameters
    ----------
    curve
        The phases at one temperature.
    x
        Overall mole fraction of the metal.

    Raises
    ------
    InputError
        ``x`` is not in [0, 1].
    """
    checked_fraction(curve.metal, x)
    steps = interface_steps(curve)
    stripping = next((step for step in steps if step.poor.x < x <= step.rich.x), None)
    plating = next((step for step in steps if step.poor.x <= x < step.rich.x), None)
    return stripping, plating


def step_between(curve: Isotherm, first: str, second: str) -> InterfaceStep:
    """Return the step between two phases of an isotherm, even where equilibrium has others between them.

    E.g. LiHg3 and Li3Hg, which are seen together after cycling although LiHg lies between.

    Parameters
    ----------
    curve
        The phases at one temperature.
    first, second
        Names or formulas of two of them, in any order.

    Raises
    ------
    InputError
        An unknown phase, or twice the same composition.
    """
    poor, rich = sorted((curve.corner(first), curve.corner(second)), key=lambda point: point.x)
    if poor.x == rich.x:
        raise InputError(f"interface: {first} and {second} have the same composition; there is no step between them")
    return _step(poor, rich)


def _step(poor: PhasePoint, rich: PhasePoint) -> InterfaceStep:
    if rich.x == 1.0:
        return InterfaceStep(poor, rich, None, rich.volume_per_atom * CM3_MOL_PER_A3)
    per_host_poor, per_host_rich = (point.volume_per_atom / (1.0 - point.x) for point in (poor, rich))
    plated = rich.x / (1.0 - rich.x) - poor.x / (1.0 - poor.x)
    change = per_host_rich - per_host_poor
    return InterfaceStep(poor, rich, 100.0 * change / per_host_poor, change / plated * CM3_MOL_PER_A3)


def _x_at_solid_volume(curve: Isotherm, wanted: float) -> float:
    """Overall mole fraction at which solid takes up the ``wanted`` share of the volume, coming from the host."""
    if len(curve.corners) == 1:
        return 1.0
    liquid, solid = curve.corners[:2]
    if solid.state == "liquid":
        return 1.0
    atoms_liquid, atoms_solid = (1.0 - wanted) / liquid.volume_per_atom, wanted / solid.volume_per_atom
    return (atoms_liquid * liquid.x + atoms_solid * solid.x) / (atoms_liquid + atoms_solid)
