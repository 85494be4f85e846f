"""Metals and amalgams as electrodes: capacities, potentials, solubilities and self-healing, as sections of a report."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...thermodynamics.amalgams.electrochemistry import POTENTIAL_TOLERANCE_V
from ...thermodynamics.amalgams.solubility import list_solubilities
from ...thermodynamics.hulls.hull import Hull
from ..notation import couple, signed, system_title, unicode_formula
from ..sections import Cell, ReportSection, SectionTable
from .self_healing_section import self_healing_section
from .values import (
    MERCURY,
    ElectrochemistryValues,
    PlateauRow,
    SolubilityRow,
    electrochemistry_values,
    is_other_temperature,
)

ALWAYS_HEALED = ("Li",)
"""Metals with a self-healing section even where the hull has no compound."""


def electrochemistry_sections(
    hulls: Sequence[Hull], potential: str, temperature_K: float = ROOM_TEMPERATURE_K
) -> list[ReportSection]:
    """Return an overview, and a section on self-healing for each system of a metal and mercury.

    Parameters
    ----------
    hulls
        Those of the report. Without any the overview holds the measured values alone; with hulls of which none has
        mercury there are no sections.
    potential
        That they were computed with.
    temperature_K
        Of the liquid.
    """
    if hulls and not any(MERCURY in hull.elements for hull in hulls):
        return []
    return sections_of(electrochemistry_values(hulls, temperature_K), potential)


def sections_of(values: ElectrochemistryValues, potential: str) -> list[ReportSection]:
    """Return the sections from values that were gathered before."""
    warnings = list(values.warnings)
    healing = []
    known = {one.metal for one in list_solubilities()}
    for metal, hull in values.amalgams:
        has_compounds = any(len(phase.composition) > 1 for phase in hull.stable)
        if metal not in known or not (has_compounds or metal in ALWAYS_HEALED):
            continue
        try:
            healing.append(self_healing_section(hull, metal, potential, values.temperature_K))
        except InputError as error:
            warnings.append(f"{hull.system}: no self-healing map, {error}")
    tables = [electrode_table(values), solubility_table(values)]
    if values.plateaus:
        tables.append(plateau_table(values))
    title = "Electrochemistry"
    overview = ReportSection(
        "electrochemistry", title, _paragraphs(values, potential), (), tuple(tables), tuple(warnings)
    )
    return [overview, *healing]


def _paragraphs(values: ElectrochemistryValues, potential: str) -> tuple[str, ...]:
    findings = [_plateau_finding(row, values.temperature_K) for row in values.plateaus]
    findings += [_solubility_finding(row) for row in values.solubilities if row.compared is not None]
    if not findings:
        most = max(values.electrodes, key=lambda one: one.capacity_mAh_per_g)
        least = min(values.electrodes, key=lambda one: one.standard_potential_V_SHE)
        findings = [
            f"{most.symbol} holds the most charge per gram, {most.capacity_mAh_per_g:.0f} mAh/g; "
            f"{least.symbol} has the lowest potential, {signed(least.standard_potential_V_SHE, 2)} V on the standard "
            "hydrogen scale."
        ]
    basis = (
        "Measured are the standard potentials, the solubilities in mercury at 25 °C and, for a few metals, the voltage "
        "of the liquid amalgam; the confidence of each stands in the tables."
    )
    if values.plateaus:
        basis += (
            f" Computed with {potential} are the energies of the solids, without entropy unless the hull has it. The "
            "liquid is not computed: a computed solubility takes the dissolved metal from the measured voltage."
        )
    return " ".join(findings), basis


def _plateau_finding(row: PlateauRow, temperature_K: float) -> str:
    pair = couple(row.metal, row.electrons_per_ion)
    what = f"The saturated {row.metal} amalgam, in equilibrium with {unicode_formula(row.compound)}, "
    text = f"{what}lies at {row.saturated_V:.3f} V vs {pair} by the hull at {temperature_K:g} K"
    if row.measured_V is None or row.deviation_V is None:
        return f"{text}; there is no measured voltage to compare with here."
    return f"{text}, {signed(1000.0 * row.deviation_V, 0)} mV from the measured {row.measured_V:.3f} V."


def _solubility_finding(row: SolubilityRow) -> str:
    found = row.compared
    if found is None:
        return ""
    return (
        f"The hull gives a solubility of {percent(found.computed)} at.% {found.metal} where "
        f"{percent(row.measured.x)} at.% is measured, an error of {signed(found.energy_error, 3)} eV in energy."
    )


def electrode_table(values: ElectrochemistryValues) -> SectionTable:
    """Return capacities and standard potentials; a quoted potential of another couple is flagged."""
    rows: list[tuple[Cell, ...]] = []
    for one in values.electrodes:
        quoted = signed(one.quoted_potential_V_SHE, 3)
        if one.warning is not None:
            quoted += " ⚠"
        row = (
            couple(one.symbol, one.electrons_per_ion),
            f"{one.capacity_mAh_per_g:.0f}",
            f"{one.quoted_capacity_mAh_per_g:.0f}",
            f"{one.capacity_mAh_per_cm3:.0f}",
            signed(one.standard_potential_V_SHE, 3),
            quoted,
            one.confidence,
        )
        rows.append(row)
    warned = [one.warning for one in values.electrodes if one.warning is not None]
    sources = "; ".join(dict.fromkeys(one.source for one in values.electrodes))
    note = (
        "Quoted: Fan et al., doi:10.1002/adma.202004798. Capacities are n F / M of the metal, per volume of the solid "
        f"metal; E° in water at 25 °C: {sources}."
    )
    if warned:
        note += f" ⚠ More than {1000 * POTENTIAL_TOLERANCE_V:g} mV from E°. {'; '.join(warned)}."
    columns = ("couple", "mAh/g", "quoted", "mAh/cm³", "E° (V vs SHE)", "quoted (V)", "confidence")
    return SectionTable("Theoretical capacities and standard potentials", columns, tuple(rows), note=note)


def solubility_table(values: ElectrochemistryValues) -> SectionTable:
    """Return measured and computed solubilities in mercury; two more columns away from 25 °C."""
    rows: list[tuple[Cell, ...]] = []
    other = is_other_temperature(values.temperature_K)
    for row in values.solubilities:
        known, found = row.measured, row.compared
        cells: list[Cell] = [
            known.metal,
            f"{percent(known.x)} ± {percent(known.uncertainty)}",
            known.confidence,
            percent(found.computed) if found else None,
            unicode_formula(found.solid) if found else None,
            signed(found.energy_error, 3) if found else None,
        ]
        if other:
            cells += [percent(row.at_temperature), percent(row.regular)]
        rows.append(tuple(cells))
    columns = ["metal", "measured (at.%)", "confidence", "computed (at.%)", "solid", "error (eV)"]
    note = (
        "At 25 °C. Computed: the measured voltage of the dilute amalgam, where there is one, with the solids of the "
        "hull. Error: kT ln(computed / measured), the error in energy that would explain the difference."
    )
    if other:
        columns += [f"at {values.temperature_K:g} K", "regular solution"]
        note += (
            f" At {values.temperature_K:g} K: by a measured liquidus or a heat of solution, and by the regular "
            "solution with the solids of the hull that has the measured solubility at 25 °C."
        )
    return SectionTable("Solubility in mercury", tuple(columns), tuple(rows), note=note)


def plateau_table(values: ElectrochemistryValues) -> SectionTable:
    """Return first plateau and potential of the saturated amalgam, computed and measured."""
    rows: list[tuple[Cell, ...]] = []
    for row in values.plateaus:
        deviation = None if row.deviation_V is None else signed(1000.0 * row.deviation_V, 0)
        shown = None if row.measured_SHE_V is None else signed(row.measured_SHE_V, 3)
        solid = unicode_formula(row.compound)
        cells = (row.plateau_V, row.saturated_V, row.measured_V, deviation, shown)
        rows.append((system_title(row.system), solid, *cells))
    columns = (
        "system",
        "solid",
        "first plateau (V)",
        "saturated, computed (V)",
        "saturated, measured (V)",
        "difference (mV)",
        "measured (V vs SHE)",
    )
    sources = dict.fromkeys(f"{row.metal}: {row.measured_source}" for row in values.plateaus if row.measured_source)
    note = (
        "Against the pure metal with the same ions. First plateau: of the hull, with mercury as it is there. "
        f"Saturated: liquid mercury at {values.temperature_K:g} K in equilibrium with the solid."
    )
    if sources:
        note += f" Measured: {'; '.join(sources)}."
    return SectionTable("Potential of the saturated amalgam", columns, tuple(rows), note=note)


def percent(x: float | None) -> str | None:
    """Mole fraction in at.%, three significant digits without an exponent; None stays None."""
    if x is None:
        return None
    text = f"{100.0 * x:.3g}"
    return text if "e" not in text else f"{100.0 * x:.1e}".replace("e-0", "×10^-").replace("e-", "×10^-")
