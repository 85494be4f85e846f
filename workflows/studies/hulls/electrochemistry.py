"""The electrochemistry of a set of hulls as plain JSON and as one row for each metal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....errors import InputError

if TYPE_CHECKING:
    from ....reports.amalgams.values import ElectrochemistryValues, PlateauRow, SolubilityRow
    from ....thermodynamics.amalgams.electrochemistry import MetalElectrode
    from ....thermodynamics.hulls.hull import Hull

_ELECTRODE = {
    "electrons_per_ion": "electrons_per_ion",
    "capacity_mAh_per_g": "capacity_mAh_per_g",
    "capacity_mAh_per_cm3": "capacity_mAh_per_cm3",
    "standard_potential_V_SHE": "standard_potential_V_SHE",
    "quoted_capacity_mAh_per_g": "quoted_capacity_mAh_per_g",
    "quoted_potential_V_SHE": "quoted_potential_V_SHE",
    "potential_warning": "warning",
}
_PLATEAU = {
    "plateau_V": "plateau_V",
    "saturated_V": "saturated_V",
    "measured_saturated_V": "measured_V",
    "measured_saturated_V_SHE": "measured_SHE_V",
}
_SOLUBILITY = (
    "solubility",
    "solubility_uncertainty",
    "solubility_confidence",
    "solubility_at_temperature",
    "solubility_computed",
    "solubility_regular",
    "solid",
)
METAL_COLUMNS = ("metal", *_ELECTRODE, *_SOLUBILITY, *_PLATEAU)
"""Keys of a row of `metal_rows`: mole fractions, V against the pure metal unless SHE is said."""


def metal_rows(values: ElectrochemistryValues) -> list[dict[str, Any]]:
    """Return one row for each metal that is an electrode or dissolves in mercury; None for what is not known."""
    electrodes = {one.symbol: one for one in values.electrodes}
    solubilities = {row.measured.metal: row for row in values.solubilities}
    plateaus = {row.metal: row for row in values.plateaus}
    metals = dict.fromkeys([*electrodes, *solubilities])
    return [_metal_row(one, electrodes.get(one), solubilities.get(one), plateaus.get(one)) for one in metals]


def electrochemistry_table(values: ElectrochemistryValues, potential: str | None) -> dict[str, Any]:
    """Return all values as plain JSON, with the interface steps of each amalgam; ``potential`` None without hulls."""
    return {
        "temperature_K": values.temperature_K,
        "potential": potential,
        "metals": metal_rows(values),
        "amalgams": [_amalgam(metal, hull, values.temperature_K) for metal, hull in values.amalgams],
        "warnings": list(values.warnings),
    }


def _metal_row(
    metal: str, electrode: MetalElectrode | None, dissolved: SolubilityRow | None, plateau: PlateauRow | None
) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(METAL_COLUMNS)
    row["metal"] = metal
    if electrode is not None:
        row.update({key: getattr(electrode, name) for key, name in _ELECTRODE.items()})
    if dissolved is not None:
        known, found = dissolved.measured, dissolved.compared
        numbers = (known.x, known.uncertainty, known.confidence, dissolved.at_temperature)
        row.update(zip(_SOLUBILITY, (*numbers, found and found.computed, dissolved.regular, None), strict=True))
    if plateau is not None:
        row.update({key: getattr(plateau, name) for key, name in _PLATEAU.items()})
        row["solid"] = plateau.compound
    return row


def _amalgam(metal: str, hull: Hull, temperature_K: float) -> dict[str, Any]:
    from ....thermodynamics.amalgams.phase_fractions import isotherm
    from ....thermodynamics.amalgams.self_healing import composition_range, interface_steps
    from ....thermodynamics.amalgams.solubility import liquidus_for

    document: dict[str, Any] = {"system": hull.system, "metal": metal, "reason": None}
    try:
        curve = isotherm(hull, metal, temperature_K, liquidus_for(metal))
    except InputError as error:
        return {**document, "reason": str(error), "x_saturation": None, "begins_at_x": None, "interface_steps": []}
    steps = [
        {
            "poor": step.poor.formula,
            "poor_state": step.poor.state,
            "x_poor": step.poor.x,
            "rich": step.rich.formula,
            "rich_state": step.rich.state,
            "x_rich": step.rich.x,
            "volume_change_percent": step.volume_change_percent,
            "molar_volume_cm3": step.molar_volume_cm3,
        }
        for step in interface_steps(curve)
    ]
    starts = composition_range(curve)
    return {**document, "x_saturation": curve.x_saturation, "begins_at_x": starts, "interface_steps": steps}
