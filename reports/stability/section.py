"""What electrolytes become in contact with metals and amalgams, as sections of a report."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...thermodynamics.stability.electrolyte_window import ElectrolyteWindow
from ...thermodynamics.stability.reactivity import InterfaceReaction
from ..formulas import couple, unicode_formula
from ..hulls.findings import enumeration
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .figures import reactivity_png, window_png
from .model import ElectrolyteStability, HeldVoltage, held_voltages, published_onsets
from .text import caveats, finding, held_voltage_finding, phases_text

_MILLI = 1000.0


def stability_report_sections(
    items: Sequence[ElectrolyteStability], *, metal: str = "Li", solvent: str = "Hg", warnings: Sequence[str] = ()
) -> list[ReportSection]:
    """Return one section over all electrolytes, and one for each.

    Parameters
    ----------
    items
        One for each electrolyte, all from the same potential; may be empty where everything failed.
    metal, solvent
        Of the electrode.
    warnings
        What failed or was left out, beyond what the items say themselves.
    """
    held = held_voltages(metal, solvent)
    return [_overview(items, held, warnings), *(_one_electrolyte(item, held) for item in items)]


def _overview(
    items: Sequence[ElectrolyteStability], held: Sequence[HeldVoltage], warnings: Sequence[str]
) -> ReportSection:
    title = "Stability against the electrolyte"
    if not items:
        return ReportSection("stability", title, ("No electrolyte has an energy.",), warnings=tuple(warnings))
    paragraphs = [" ".join(finding(item) for item in items)]
    if held:
        paragraphs.append(held_voltage_finding(items, held[0]))
    paragraphs += caveats(items)
    return ReportSection(
        "stability", title, tuple(paragraphs), tables=(_onset_table(items, held),), warnings=tuple(warnings)
    )


def _onset_table(items: Sequence[ElectrolyteStability], held: Sequence[HeldVoltage]) -> SectionTable:
    metal_couple = _couple(items[0].window)
    columns = [
        "electrolyte",
        "model",
        "above hull (meV/atom)",
        "reduced below (V)",
        "published (V)",
        "oxidised above (V)",
    ]
    columns += [f"at {one.voltage_V:.2f} V (eV/atom)" for one in held]
    rows = []
    for item in items:
        window = item.window
        cells: list[Cell] = [
            item.name,
            unicode_formula(window.formula),
            f"{_MILLI * window.e_above_hull:.0f}",
            window.reduction_onset_V or None,
            "; ".join(onset.text for onset in published_onsets(item)) or None,
            window.oxidation_onset_V,
        ]
        rows.append((*cells, *(window.decomposition_energy(one.voltage_V) for one in held)))
    sources = dict.fromkeys(onset.source for item in items for onset in published_onsets(item))
    note = f"Voltages against {metal_couple}."
    if held:
        what = enumeration([f"{one.voltage_V:.2f} V: {one.name} ({one.confidence}, {one.source})" for one in held])
        note += f" Last columns: energy per atom of the electrolyte that it gains in contact with {what}."
    if sources:
        note += f" Published: {'; '.join(sources)}."
    return SectionTable("Reduction onsets", tuple(columns), tuple(rows), digits=2, note=note)


def _one_electrolyte(item: ElectrolyteStability, held: Sequence[HeldVoltage]) -> ReportSection:
    anchor = f"stability-{slug(item.name)}"
    formula = unicode_formula(item.window.formula)
    pictures = []
    electrodes = enumeration([_electrode(one) for one in item.reactions])
    if item.reactions:
        pictures.append(
            SectionPicture(
                f"{anchor}-reactions.png",
                reactivity_png(item.reactions, item.potential),
                f"Reaction energy of {formula} with {electrodes} over the mixing ratio",
                "Reaction energy per atom of both over the share of atoms that comes from the electrode. A star marks "
                "where the contact gains most; its products stand in the legend.",
            )
        )
    if item.window.reduction:
        pictures.append(_window_picture(item, held, f"{anchor}-reduction.png"))
    tables = [_reaction_table(item)] if item.reactions else []
    if item.window.reduction:
        tables.append(_plateau_table(item.window))
    return ReportSection(
        anchor,
        f"{item.name} and the electrode",
        (finding(item),),
        tuple(pictures),
        tuple(tables),
        tuple(f"{what} is left out: {why}" for what, why in item.left_out),
    )


def _window_picture(item: ElectrolyteStability, held: Sequence[HeldVoltage], file_name: str) -> SectionPicture:
    computed = [onset for onset in published_onsets(item) if onset.computed]
    onset_V = computed[0].value if computed else None
    amalgams = {one.name: one.voltage_V for one in held}
    window = item.window
    return SectionPicture(
        file_name,
        window_png(window, item.potential, amalgams=amalgams, published_onset_V=onset_V),
        f"Voltage against {_couple(window)} over {window.ion} taken up by {unicode_formula(window.formula)}; the first "
        f"plateau is at {window.reduction_onset_V:.2f} V",
        f"Equilibrium phases as {window.ion} is taken up. Below the first plateau the electrolyte is reduced; dashed, "
        "where amalgams hold the metal.",
    )


def _reaction_table(item: ElectrolyteStability) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    for reaction in item.reactions:
        voltage = item.electrode_voltages.get(reaction.first)
        if not reaction.reacts:
            rows.append((_electrode(reaction), voltage, None, None, None, "no reaction", None))
            continue
        best = reaction.most_exergonic_mutual
        products = " + ".join(unicode_formula(reaction.formulas[name]) for name in best.products)
        equation = unicode_formula(reaction.equation(best)).replace("->", "→")
        rows.append(
            (_electrode(reaction), voltage, best.energy, best.mutual_energy, best.mixing_ratio, products, equation)
        )
    columns = (
        "electrode",
        f"gives off {item.window.ion} at (V)",
        "energy (eV/atom)",
        "of the contact (eV/atom)",
        "share of electrode atoms",
        "products",
        "reaction",
    )
    note = (
        "The mixing ratio at which the contact gains most per atom of both. The energy of the contact leaves out what "
        "each of the two would gain alone. Voltages of the electrodes are computed; an electrode can reduce the "
        "electrolyte when its voltage is below the onset."
    )
    return SectionTable(f"Strongest reaction of {item.name} with each electrode", columns, tuple(rows), note=note)


def _plateau_table(window: ElectrolyteWindow) -> SectionTable:
    rows = [
        (step.voltage_V, max(step.ions_from, 0.0), step.ions_to, phases_text(step.phases_to, window.formulas))
        for step in window.reduction
    ]
    ion, formula = window.ion, unicode_formula(window.formula)
    columns = (f"V vs {_couple(window)}", f"{ion} from", f"{ion} to", "phases at the end")
    note = f"{ion} taken up and formula units of each phase, per formula unit {formula}."
    return SectionTable(f"What {formula} becomes as it takes up {ion}", columns, tuple(rows), digits=2, note=note)


def _electrode(reaction: InterfaceReaction) -> str:
    return unicode_formula(reaction.formulas[reaction.first])


def _couple(window: ElectrolyteWindow) -> str:
    return couple(window.ion, window.electrons_per_ion)


def slug(name: str) -> str:
    """Return ``name`` as part of an anchor or file name: letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
