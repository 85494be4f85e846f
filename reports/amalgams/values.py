"""The numbers of the electrochemistry sections: electrodes, solubilities and amalgam potentials, beside measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import ion_charge
from ...thermodynamics.amalgams.choose_solution import MEASURED, solution_for, solution_warning
from ...thermodynamics.amalgams.dilute import standard_potential
from ...thermodynamics.amalgams.electrochemistry import MetalElectrode, amalgam_potential, list_electrodes
from ...thermodynamics.amalgams.solubility import (
    Solubility,
    SolubilityComparison,
    compare_solubility,
    liquidus_for,
    list_solubilities,
    saturating_solid,
    solubility_at,
)
from ...thermodynamics.hulls.hull import Hull
from ...thermodynamics.hulls.voltage import voltage_profile

MERCURY = "Hg"
_SAME_TEMPERATURE_K = 0.5


@dataclass(frozen=True)
class SolubilityRow:
    """How much of a metal mercury dissolves.

    Attributes
    ----------
    measured
        With its temperature, 25 °C.
    at_temperature
        Mole fraction at the wanted temperature, by the measured liquidus or the heat of solution; None where that is
        the temperature of the measurement.
    compared
        What the hull gives at the temperature of the measurement; None without a hull or a measured potential.
    regular
        Mole fraction at the wanted temperature by the regular solution with the solids of the hull.
    """

    measured: Solubility
    at_temperature: float | None = None
    compared: SolubilityComparison | None = None
    regular: float | None = None


@dataclass(frozen=True)
class PlateauRow:
    """Potential of a mercury electrode that begins to form a solid, V against the pure metal.

    Attributes
    ----------
    metal, system, electrons_per_ion
        E.g. ``Li``, ``Li-Hg`` and 1.
    compound
        Formula of the solid that the saturated liquid is in equilibrium with.
    plateau_V
        First plateau of the hull: mercury as in the hull, solid unless the hull says otherwise. None without compound.
    saturated_V
        The same with liquid mercury at the wanted temperature.
    measured_V, measured_SHE_V
        Of the measured saturated amalgam, the second on the hydrogen scale and at 25 °C only; None where there is none.
    measured_source
        Of it; empty without.
    """

    metal: str
    system: str
    electrons_per_ion: int
    compound: str
    plateau_V: float | None
    saturated_V: float
    measured_V: float | None = None
    measured_SHE_V: float | None = None
    measured_source: str = ""

    @property
    def deviation_V(self) -> float | None:
        """Computed minus measured potential of the saturated amalgam."""
        return None if self.measured_V is None else self.saturated_V - self.measured_V


@dataclass(frozen=True)
class ElectrochemistryValues:
    """All of it, at one temperature; ``warnings`` say what is missing and why."""

    temperature_K: float
    electrodes: tuple[MetalElectrode, ...]
    solubilities: tuple[SolubilityRow, ...]
    plateaus: tuple[PlateauRow, ...] = ()
    amalgams: tuple[tuple[str, Hull], ...] = ()
    warnings: tuple[str, ...] = ()


def electrochemistry_values(hulls: Sequence[Hull], temperature_K: float = ROOM_TEMPERATURE_K) -> ElectrochemistryValues:
    """Gather the measured values and, for the metals that a hull has with mercury, the computed ones.

    Parameters
    ----------
    hulls
        Of any systems; those without mercury are left out, and of larger ones each pair with mercury is taken.
    temperature_K
        Of the liquid.
    """
    warnings: list[str] = []
    amalgams = _amalgams(hulls)
    solubilities = tuple(
        _solubility(one, amalgams.get(one.metal), temperature_K, warnings) for one in list_solubilities()
    )
    plateaus = []
    for metal, hull in amalgams.items():
        charge = ion_charge(metal)
        if charge is None:
            warnings.append(f"{hull.system}: no potential, the charge of the {metal} ion is not known here")
            continue
        try:
            plateaus.append(_plateau(hull, metal, charge, temperature_K, warnings))
        except InputError as error:
            warnings.append(f"{hull.system}: no potential, {error}")
    return ElectrochemistryValues(
        temperature_K,
        tuple(list_electrodes()),
        solubilities,
        tuple(plateaus),
        tuple(amalgams.items()),
        tuple(dict.fromkeys(warnings)),
    )


def is_other_temperature(temperature_K: float, reference_K: float = ROOM_TEMPERATURE_K) -> bool:
    """Whether a temperature is not that of the measurements."""
    return abs(temperature_K - reference_K) > _SAME_TEMPERATURE_K


def _amalgams(hulls: Sequence[Hull]) -> dict[str, Hull]:
    """The hull of each metal with mercury, binary hulls first."""
    found: dict[str, Hull] = {}
    for hull in sorted(hulls, key=lambda item: len(item.elements)):
        if MERCURY not in hull.elements:
            continue
        for metal in hull.elements:
            if metal != MERCURY and metal not in found:
                found[metal] = hull if len(hull.elements) == 2 else hull.subsystem(f"{metal}-{MERCURY}")
    return found


def _solubility(known: Solubility, hull: Hull | None, temperature_K: float, warnings: list[str]) -> SolubilityRow:
    metal = known.metal
    at_temperature = compared = regular = None
    if is_other_temperature(temperature_K, known.temperature_K):
        at_temperature = _saturation(metal, temperature_K, warnings)
        regular = None if hull is None else _regular(hull, metal, temperature_K, warnings)
    if hull is not None and (metal, MERCURY) in MEASURED:
        emf = MEASURED[metal, MERCURY]
        try:
            mu = standard_potential(emf)
            compared = compare_solubility(hull, metal, mu, ln_gamma_slope=emf.ln_gamma_slope)
        except InputError as error:
            warnings.append(f"{hull.system}: no computed solubility, {error}")
    return SolubilityRow(known, at_temperature, compared, regular)


def _saturation(metal: str, temperature_K: float, warnings: list[str]) -> float | None:
    """Mole fraction by the measured liquidus or heat of solution."""
    try:
        return solubility_at(metal, temperature_K)[0]
    except InputError as error:
        warnings.append(f"{metal} in {MERCURY}: no solubility at {temperature_K:g} K, {error}")
        return None


def _regular(hull: Hull, metal: str, temperature_K: float, warnings: list[str]) -> float | None:
    try:
        solid, _ = saturating_solid(hull, metal, temperature_K)
        return liquidus_for(metal, "regular", hull=hull).saturation(solid, temperature_K)
    except InputError as error:
        warnings.append(f"{hull.system}: no regular solution, {error}")
        return None


def _plateau(hull: Hull, metal: str, charge: int, temperature_K: float, warnings: list[str]) -> PlateauRow:
    steps = voltage_profile(hull, metal, electrons_per_ion=charge).steps
    solid, mu = saturating_solid(hull, metal, temperature_K)
    measured = shown = None
    source = ""
    if (metal, MERCURY) in MEASURED:
        try:
            solution = solution_for(metal, MERCURY, temperature_K)
            point = amalgam_potential(solution, metal, [solution.x_saturation])[0]
            measured, shown, source = point.voltage_V, point.potential_V_SHE, solution.source
            if (warning := solution_warning(metal, MERCURY, temperature_K)) is not None:
                warnings.append(warning)
        except InputError as error:
            warnings.append(f"{hull.system}: no measured potential, {error}")
    plateau = steps[0].voltage_V if steps else None
    return PlateauRow(metal, hull.system, charge, solid.formula, plateau, -mu / charge, measured, shown, source)
