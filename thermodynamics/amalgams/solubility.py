"""Solubility of metals in mercury: measured, the liquidus that follows from it, and the computed one beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...errors import InputError, unknown_name
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import metal as metal_facts
from ...reference.metals import symbols_with
from ...reference.published import decompositions
from ...structures.compositions import parse_formula, same_composition
from ..checks import finite, positive
from ..hulls.finite_temperature import liquid_name
from ..hulls.fusion import get_fusion
from ..hulls.hull import Hull, HullPhase
from ..units import BOLTZMANN_EV_PER_K
from .dilute import computed_solubility
from .liquidus import Liquidus, TabulatedLiquidus, VantHoffLiquidus, host_of, regular_liquidus

LIQUIDUS_MODELS = ("measured", "vant_hoff", "regular")
_REQUIRED = ("solubility_in_mercury", "heat_of_solution_in_mercury")
_SAME_TEMPERATURE_K = 0.5


@dataclass(frozen=True)
class Solubility:
    """A measured solubility in mercury.

    Attributes
    ----------
    metal
        Element symbol.
    x, uncertainty
        Mole fraction of the saturated liquid.
    temperature_K
        Its temperature.
    heat_of_solution_kJ_mol, heat_uncertainty_kJ_mol
        Per mol of metal that dissolves from the solid in equilibrium with the liquid.
    source, confidence
        Of the solubility; ``checked``, ``recalled`` or ``derived``.
    heat_source, heat_confidence
        The same for the heat.
    points
        Further points (K, mole fraction) of the measured liquidus, rising; may be empty.
    points_source, points_confidence
        Where they come from; empty without points.
    """

    metal: str
    x: float
    uncertainty: float
    temperature_K: float
    heat_of_solution_kJ_mol: float
    heat_uncertainty_kJ_mol: float
    source: str
    confidence: str
    heat_source: str
    heat_confidence: str
    points: tuple[tuple[float, float], ...] = ()
    points_source: str = ""
    points_confidence: str = ""


@dataclass(frozen=True)
class SolubilityComparison:
    """Measured beside computed solubility.

    Attributes
    ----------
    metal
        Element symbol.
    measured
        The measured solubility.
    computed
        Mole fraction.
    solid
        Formula of the solid it is in equilibrium with.
    factor
        Computed over measured.
    energy_error
        kT ln(factor), eV: the error in the energy of solution that would explain it.
    """

    metal: str
    measured: Solubility
    computed: float
    solid: str
    factor: float
    energy_error: float


def list_solubilities() -> list[Solubility]:
    """List the metals whose solubility in mercury is known, in the order of the data file."""
    return [get_solubility(symbol) for symbol in symbols_with(*_REQUIRED)]


def get_solubility(metal: str) -> Solubility:
    """Return the solubility of a metal in mercury.

    Raises
    ------
    InputError
        For a metal that is not listed; the message names those that are.
    """
    listed = symbols_with(*_REQUIRED)
    if metal not in listed:
        raise InputError(unknown_name("metal with a solubility in mercury", str(metal), listed))
    one = metal_facts(metal)
    x, heat, liquidus = one.known(_REQUIRED[0]), one.known(_REQUIRED[1]), one.liquidus_in_mercury
    return Solubility(
        metal=metal,
        x=x.value,
        uncertainty=x.uncertainty or 0.0,
        temperature_K=ROOM_TEMPERATURE_K if x.temperature_K is None else x.temperature_K,
        heat_of_solution_kJ_mol=heat.value,
        heat_uncertainty_kJ_mol=heat.uncertainty or 0.0,
        source=x.source,
        confidence=x.confidence,
        heat_source=heat.source,
        heat_confidence=heat.confidence,
        points=liquidus.points if liquidus else (),
        points_source=liquidus.source if liquidus else "",
        points_confidence=liquidus.confidence if liquidus else "",
    )


def decomposition_temperature(amounts: Mapping[str, float]) -> float | None:
    """Return the temperature (K) at which a compound of this composition is gone; None where it is not known."""
    found = (
        item for key, item in decompositions().items() if same_composition(parse_formula(item.formula or key), amounts)
    )
    return next((item.value for item in found), None)


def solubility_at(metal: str, temperature_K: float) -> tuple[float, str]:
    """Return the measured solubility in mercury at a temperature (mole fraction), and where it comes from.

    At the temperature of the measurement that is the listed value; elsewhere the liquidus that :func:`liquidus_for`
    takes by default carries it over, which the source says.

    Parameters
    ----------
    metal
        One of :func:`list_solubilities`.
    temperature_K
        Temperature.

    Raises
    ------
    InputError
        For a metal that is not listed, or a temperature that is not positive.
    """
    known = get_solubility(metal)
    kelvin = positive(f"solubility of {metal}", "temperature_K", temperature_K)
    if abs(kelvin - known.temperature_K) <= _SAME_TEMPERATURE_K:
        return known.x, f"{known.source}, {known.confidence}"
    # Neither liquidus asks which solid it is.
    solid = HullPhase(
        metal, metal, {metal: 1.0}, 0.0, 1.0, formation_energy_per_atom=0.0, e_above_hull=0.0, stable=True
    )
    how = f"carried from {known.temperature_K:g} K with a heat of solution of {known.heat_of_solution_kJ_mol:g} kJ/mol"
    if known.points:
        how = f"measured liquidus, {known.points_source}, {known.points_confidence}"
    source = f"{known.source}, {known.confidence}; at {kelvin:g} K: {how}"
    return liquidus_for(metal).saturation(solid, kelvin), source


def liquidus_for(
    metal: str,
    model: Literal["measured", "vant_hoff", "regular"] | None = None,
    *,
    heat_of_solution_kJ_mol: float | None = None,
    hull: Hull | None = None,
) -> Liquidus:
    """Return the mercury-rich liquidus of a metal.

    Parameters
    ----------
    metal
        One of :func:`list_solubilities`.
    model
        ``measured``: points of the liquidus together with the solubility at 25 °C. ``vant_hoff``: that solubility and
        a heat of solution. ``regular``: the regular solution with that solubility. None takes ``measured`` where
        there are points and ``vant_hoff`` elsewhere.
    heat_of_solution_kJ_mol
        For ``vant_hoff``; None takes the listed one.
    hull
        For ``regular``: the solids of the system.

    Raises
    ------
    InputError
        Unknown metal or model, no measured points, or an argument missing or not meant for the model.
    """
    known = get_solubility(metal)
    if model is None:
        model = "measured" if known.points and heat_of_solution_kJ_mol is None and hull is None else "vant_hoff"
    if model not in LIQUIDUS_MODELS:
        raise InputError(unknown_name("liquidus model", str(model), LIQUIDUS_MODELS))
    if heat_of_solution_kJ_mol is not None and model != "vant_hoff":
        raise InputError(f"liquidus of {metal}: heat_of_solution_kJ_mol belongs to 'vant_hoff', not to {model!r}")
    if (hull is not None) != (model == "regular"):
        raise InputError(f"liquidus of {metal}: model {model!r}; 'regular' needs a hull and the others take none")
    if hull is not None:
        _check_mercury(hull, metal)
        return regular_liquidus(hull, metal, known.x, known.temperature_K)
    if model == "measured":
        return _tabulated(known)
    heat = known.heat_of_solution_kJ_mol if heat_of_solution_kJ_mol is None else heat_of_solution_kJ_mol
    origin = known.heat_source if heat_of_solution_kJ_mol is None else "given"
    source = f"{known.source}; heat of solution {heat:g} kJ/mol: {origin}"
    return VantHoffLiquidus(metal, known.x, known.temperature_K, heat, source)


def compare_solubility(
    hull: Hull, metal: str, mu_infinity: float, *, ln_gamma_slope: float = 0.0
) -> SolubilityComparison:
    """Return the solubility that an energy of solution and a hull give, beside the measured one.

    Parameters
    ----------
    hull
        Metal and mercury; mercury solid (its heat of fusion is added) or liquid.
    metal
        One of :func:`list_solubilities`.
    mu_infinity
        Standard chemical potential of the metal at infinite dilution in mercury, eV relative to the pure solid,
        computed from what one atom costs in liquid mercury or taken from a measured electromotive force.
    ln_gamma_slope
        Slope of ln gamma; 0 is Henry's law.

    Raises
    ------
    InputError
        Unknown metal, hull not of it and mercury, or a number not finite.
    """
    measured = get_solubility(metal)
    finite("solubility", "mu_infinity", mu_infinity)
    _check_mercury(hull, metal)
    solid, mu_solid = saturating_solid(hull, metal, measured.temperature_K)
    computed = computed_solubility(mu_infinity, mu_solid, measured.temperature_K, ln_gamma_slope=ln_gamma_slope)
    factor = computed / measured.x
    error = BOLTZMANN_EV_PER_K * measured.temperature_K * math.log(factor) if factor > 0.0 else -math.inf
    return SolubilityComparison(metal, measured, computed, solid.formula, factor, error)


def saturating_solid(hull: Hull, metal: str, temperature_K: float) -> tuple[HullPhase, float]:
    """Return the solid that limits the solubility, and the chemical potential of the metal there.

        mu = [G_f - (1 - y) mu_Hg] / y,    mu_Hg = G(liquid) - G(solid) of mercury, 0 when the hull's is liquid

    over the stable solids with mole fraction y; the lowest mu precipitates first.

    Returns
    -------
    tuple
        The phase, and mu in eV relative to the pure metal.

    Raises
    ------
    InputError
        Hull not binary, ``metal`` not in it, unknown heat of fusion, or temperature not positive.
    """
    host = host_of(hull, metal)
    positive("saturation", "temperature_K", temperature_K)
    host_is_liquid = any(phase.name == liquid_name(host) for phase in hull.stable)
    mu_host = 0.0 if host_is_liquid else min(get_fusion(host).free_energy(temperature_K), 0.0)

    def potential(phase: HullPhase) -> float:
        share = phase.fraction(metal)
        return (phase.formation_energy_per_atom - (1.0 - share) * mu_host) / share

    solid = min((phase for phase in hull.stable if phase.fraction(metal) > 0.0), key=potential)
    return solid, potential(solid)


def saturated_emf(
    hull: Hull, metal: str, temperature_K: float, *, electrons_per_ion: int = 1
) -> tuple[HullPhase, float]:
    """Return the solid that saturates the liquid host, and the voltage of that liquid against the pure metal.

        E = -mu / (n e) = E_solid + a dG_fus(T) / (n e)    for a compound M(host)_a

    with mu of :func:`saturating_solid`, E_solid the first plateau of the hull of solids and dG_fus = G(liquid) -
    G(solid) of the host. Above the melting point of the host dG_fus is negative: the liquid is the lower state, less is
    gained by forming the compound from it, and the voltage is lower than from the solid. The entropy of formation of
    the compound and the activity of the host in the saturated liquid are left out.

    Parameters
    ----------
    hull
        Metal and host.
    metal
        The dissolved one.
    temperature_K
        Of the liquid.
    electrons_per_ion
        Charge of the ion.

    Returns
    -------
    tuple
        The phase, the metal itself where no compound is stable beside the liquid; and E in V, which is 0 then.

    Raises
    ------
    InputError
        As for :func:`saturating_solid`, or a charge below 1.
    """
    positive("saturated amalgam", "electrons_per_ion", electrons_per_ion)
    solid, mu = saturating_solid(hull, metal, temperature_K)
    return solid, max(0.0, -mu / electrons_per_ion)


def _check_mercury(hull: Hull, metal: str) -> None:
    host = host_of(hull, metal)
    if host != "Hg":
        raise InputError(
            f"solubility of {metal}: the hull is {hull.system}; the solubilities are those in Hg, not {host}"
        )


def _tabulated(known: Solubility) -> TabulatedLiquidus:
    if not known.points:
        raise InputError(f"liquidus of {known.metal}: no measured points; use model 'vant_hoff' or 'regular'")
    points = sorted((*known.points, (known.temperature_K, known.x)))
    return TabulatedLiquidus(known.metal, tuple(points), f"{known.points_source}; {known.source}")
