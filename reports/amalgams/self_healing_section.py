"""Where an amalgam electrode is liquid, paste or solid, and what its interface does, as a section of a report."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...reference.measured import ROOM_TEMPERATURE_K
from ...thermodynamics.amalgams.phase_fractions import isotherm
from ...thermodynamics.amalgams.self_healing import (
    DEFAULT_LIMITS,
    composition_range,
    interface_steps,
    self_healing_map,
    step_between,
)
from ...thermodynamics.amalgams.solubility import liquidus_for
from ..notation import enumeration, signed, system_title, unicode_formula
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .self_healing_png import self_healing_png

if TYPE_CHECKING:
    from ...thermodynamics.amalgams.liquidus import Liquidus
    from ...thermodynamics.amalgams.phase_fractions import Isotherm, PhasePoint
    from ...thermodynamics.amalgams.self_healing import InterfaceStep
    from ...thermodynamics.hulls.hull import Hull

MAP_COMPOSITIONS = np.linspace(0.0, 1.0, 101)
MAP_TEMPERATURES_K = np.linspace(220.0, 560.0, 69)
TABLE_TEMPERATURES_K = (250.0, 350.0, 400.0, 450.0)
_PERCENT = 100.0


def self_healing_section(
    hull: Hull, metal: str, potential: str, temperature_K: float = ROOM_TEMPERATURE_K
) -> ReportSection:
    """Return the section on one metal in mercury.

    Parameters
    ----------
    hull
        Of the metal and mercury.
    metal
        One whose solubility is known.
    potential
        That the hull was computed with.
    temperature_K
        Of the interface steps and of the phases below the map.

    Raises
    ------
    InputError
        Solubility, melting point or density of the metal not known, or a temperature that is not positive.
    """
    liquidus = liquidus_for(metal)
    curve = isotherm(hull, metal, temperature_K, liquidus)
    steps = interface_steps(curve)
    skipping = _skipping(curve)
    anchor = f"self-healing-{metal}-{curve.host}".lower()
    title = system_title(f"{metal}-{curve.host}")
    paragraphs = (
        f"{_consistency_sentence(curve)} {_interface_sentence(curve, steps)}",
        *([_skipping_sentence(curve, skipping)] if skipping else []),
        f"Compositions of the solids, which of them are stable and their volumes are those of the {title} hull "
        f"computed with {potential}. Measured are the solubility of {metal} in {curve.host} ({liquidus.source}), the "
        "densities of the liquid metals, the melting points and, where known, the temperature at which a compound "
        "decomposes. Assumed are line compounds that are stable up to there, liquids that mix without change of "
        "volume, and equilibrium: a phase that nucleates slowly may be skipped. An electrode can heal while liquid can "
        "flow into the voids, up to the end of the paste.",
    )
    tables = (_step_table(curve, steps, skipping), _consistency_table(hull, curve, liquidus))
    return ReportSection(
        anchor,
        f"Liquid, paste and solid in {title}",
        paragraphs,
        (_picture(hull, curve, liquidus, potential, f"{anchor}.png"),),
        tables,
    )


def _consistency_sentence(curve: Isotherm) -> str:
    where = f"At {curve.temperature_K:g} K"
    if curve.x_saturation is None:
        return f"{where} mercury is solid and the electrode cannot heal."
    starts = composition_range(curve)
    dissolved = f"{where} liquid {curve.host} dissolves {_PERCENT * curve.x_saturation:.3g} at.% {curve.metal}"
    if starts["paste"] >= 1.0:
        return f"{dissolved}; the electrode is liquid at every composition."
    text = f"{dissolved}. The electrode is liquid up to {_PERCENT * starts['paste']:.1f} at.%"
    molten = curve.corners[-1].state == "liquid"
    melt = f", until there is enough molten {curve.metal} at the other end" if molten else ""
    if starts["solid"] >= 1.0:
        return f"{text} and a paste above."
    return f"{text}, a paste up to {_PERCENT * starts['solid']:.1f} at.% and solid above{melt}."


def _interface_sentence(curve: Isotherm, steps: list[InterfaceStep]) -> str:
    """Which pair of phases the interface alternates between, from poor to rich; the last pair ends in pure metal."""
    pairs = []
    for step in steps:
        if step.poor.state == "liquid" and step.rich.state == "liquid" and step.rich.x < 1.0:
            continue
        change = step.volume_change_percent
        growth = "" if change is None else f" ({signed(change, 0)} % on plating)"
        pairs.append(
            f"{_name(step.poor)} and {_name(step.rich)} between {_PERCENT * step.poor.x:.3g} and "
            f"{_PERCENT * step.rich.x:.3g} at.%{growth}"
        )
    if not pairs:
        return ""
    return (
        f"Plating turns the poor phase of a pair into the rich one and stripping reverses it: as {curve.metal} is "
        f"added the interface alternates between {enumeration(pairs)}."
    )


def _compounds(curve: Isotherm) -> list[PhasePoint]:
    return [corner for corner in curve.corners if corner.state == "solid" and 0.0 < corner.x < 1.0]


def _skipping(curve: Isotherm) -> InterfaceStep | None:
    """The step from the poorest to the richest compound; None where no other lies between."""
    compounds = _compounds(curve)
    return step_between(curve, compounds[0].name, compounds[-1].name) if len(compounds) > 2 else None


def _skipping_sentence(curve: Isotherm, step: InterfaceStep) -> str:
    between = [_name(phase) for phase in _compounds(curve)[1:-1]]
    lie, form = ("lies", "it does") if len(between) == 1 else ("lie", "they do")
    return (
        f"{_name(step.poor)} and {_name(step.rich)} are not neighbours in equilibrium: {enumeration(between)} {lie} "
        f"between them. Where {form} not form, plating turns {_name(step.poor)} into {_name(step.rich)} at once: "
        f"{signed(step.volume_change_percent or 0.0, 0)} % volume per {curve.host} atom, "
        f"{step.molar_volume_cm3:.1f} cm³ per mol of {curve.metal}."
    )


def _step_table(curve: Isotherm, steps: list[InterfaceStep], skipping: InterfaceStep | None) -> SectionTable:
    rows = [_step_row(step) for step in steps]
    if skipping is not None:
        first, *rest = _step_row(skipping)
        rows.append((f"{first} (skips what lies between)", *rest))
    columns = (
        "stripped",
        "plated",
        f"at.% {curve.metal}",
        "volume on plating (%)",
        "volume on stripping (%)",
        f"cm³ per mol {curve.metal}",
    )
    note = (
        f"Volume change at constant {curve.host}, in % of the phase it starts from; a dash where pure {curve.metal} is "
        f"plated. Last column: what one mol of plated {curve.metal} adds."
    )
    return SectionTable(f"Steps of the interface at {curve.temperature_K:g} K", columns, tuple(rows), 1, note)


def _step_row(step: InterfaceStep) -> tuple[Cell, ...]:
    reach = f"{_PERCENT * step.poor.x:.3g} to {_PERCENT * step.rich.x:.3g}"
    changes = (step.volume_change_percent, step.stripping_volume_change_percent)
    return (_name(step.poor), _name(step.rich), reach, *changes, step.molar_volume_cm3)


def _consistency_table(hull: Hull, curve: Isotherm, liquidus: Liquidus) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    for kelvin in sorted({*TABLE_TEMPERATURES_K, curve.temperature_K}):
        one = isotherm(hull, curve.metal, kelvin, liquidus)
        starts = composition_range(one)
        saturation = None if one.x_saturation is None else _PERCENT * one.x_saturation
        edges = [starts["liquid"], starts["paste"], starts["solid"]]
        reaches = [f"{_PERCENT * a:.1f} to {_PERCENT * b:.1f}" if b > a else None for a, b in pairwise(edges)]
        solid = f"from {_PERCENT * starts['solid']:.1f}" if starts["solid"] < 1.0 else None
        rows.append((f"{kelvin:g}", saturation, *reaches, solid))
    limits = DEFAULT_LIMITS
    note = (
        f"Overall at.% {curve.metal}. A paste holds {_PERCENT * limits.paste_from:g} to "
        f"{_PERCENT * limits.solid_from:g} % of solid by volume; below it is a liquid, above a solid. Away from 25 °C "
        "the solubility is carried by a measured liquidus or a heat of solution. Solid until the metal-rich end, where "
        "above its melting point there is molten metal again."
    )
    columns = ("temperature (K)", "dissolved (at.%)", "liquid", "paste", "solid")
    return SectionTable("Liquid, paste, solid", columns, tuple(rows), 2, note)


def _picture(hull: Hull, curve: Isotherm, liquidus: Liquidus, potential: str, file_name: str) -> SectionPicture:
    # The lower picture shows one temperature of the map, so the wanted one must be among them.
    kelvins = np.unique([*MAP_TEMPERATURES_K, curve.temperature_K])
    healing = self_healing_map(hull, curve.metal, liquidus, MAP_COMPOSITIONS, kelvins)
    png = self_healing_png(healing, temperature_K=curve.temperature_K, subtitle=potential)
    title = system_title(f"{curve.metal}-{curve.host}")
    return SectionPicture(
        file_name,
        png,
        f"{title} over composition and temperature: fields of liquid, paste and solid. {_consistency_sentence(curve)}",
        f"Above: liquid, paste or solid against composition and temperature; the line is the {curve.metal} that the "
        f"liquid dissolves. Below: volume fractions of the phases at {curve.temperature_K:g} K.",
    )


def _name(phase: PhasePoint) -> str:
    if phase.state == "liquid":
        return f"liquid {phase.formula}" if phase.x in (0.0, 1.0) else f"saturated liquid {phase.formula}"
    return unicode_formula(phase.formula)
