"""The sections on the stability of electrolytes, and what stands in them in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...structures.compositions import parse_formula
from ...thermodynamics.stability.electrolyte_window import ElectrolyteWindow
from ...thermodynamics.stability.reactivity import InterfaceReaction
from ..notation import MEV, couple, enumeration, signed, unicode_formula
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .figures import reactivity_png, window_png
from .model import ElectrolyteStability, HeldVoltage, held_voltages, published_onsets

_SAME_VOLTAGE_V = 0.005
_NAMED_ELECTRODES = 6


def finding(item: ElectrolyteStability) -> str:
    """Return what was found of one electrolyte: its reduction onset, and what it reacts with."""
    return " ".join(filter(None, (_onset_finding(item), _doubt(item), _reaction_finding(item))))


def _doubt(item: ElectrolyteStability) -> str:
    """Say which compounds are missing from the phases that the onset follows from; "" where every pair has one."""
    if not item.empty:
        return ""
    own = set(parse_formula(item.window.formula))
    systems = [f"{empty} besides itself" if set(empty.split("–")) == own else empty for empty in item.empty]
    return (
        f"This is of the phases that are here, among which there is no compound of {enumeration(systems)}; give those"
        " that are known as products."
    )


def held_voltage_finding(items: Sequence[ElectrolyteStability], held: HeldVoltage) -> str:
    """Return which electrolytes an amalgam at its measured voltage can reduce."""
    ion = items[0].window.ion
    reduced, safe = [], []
    for item in items:
        margin = item.window.reduction_onset_V - held.voltage_V
        if margin > _SAME_VOLTAGE_V:
            energy = signed(item.window.decomposition_energy(held.voltage_V), 2)
            reduced.append(f"{item.name} ({margin:.2f} V below its onset, {energy} eV per atom of it)")
        else:
            safe.append(item.name)
    sentence = f"The {held.name} holds {ion} at {held.voltage_V:.2f} V"
    if reduced:
        sentence += f" and can reduce {enumeration(reduced)}"
    if safe:
        sentence += f"{';' if reduced else ' and'} it cannot reduce {enumeration(safe)}".replace("and it", "and")
    return f"{sentence}."


def caveats(items: Sequence[ElectrolyteStability]) -> list[str]:
    """Return what is computed and what the numbers leave out, at least one item given."""
    ion, potential = items[0].window.ion, items[0].potential
    charge = items[0].window.electrons_per_ion
    paragraphs = [
        f"Computed with {potential}: energies at 0 K of relaxed crystals, from which follow the phases that are stable "
        f"at each common composition, and at each voltage against {couple(ion, charge)}. A negative energy is a "
        "driving force. Whether the reaction runs, and whether its products stop it, is not said; entropy is left out, "
        f"and so is {ion} that goes into the unchanged framework of the electrolyte.",
        "Only phases that were computed can be products. A missing reduced phase makes the onset too low; a missing "
        "phase at the composition of the electrolyte makes it too high.",
    ]
    unknown = dict.fromkeys(formula for item in items for formula in item.unknown)
    if unknown:
        known = enumeration([unicode_formula(formula) for formula in unknown])
        paragraphs[-1] += f" Of {known} the library has no ordered crystal."
    absent = dict.fromkeys(pair for item in items for pair in item.empty_with_solvent)
    if absent:
        paragraphs[-1] += f" No compound of {enumeration(list(absent))} is among the phases, so that none can form."
    paragraphs += [_above_hull(item) for item in items if item.window.e_above_hull > 0.0]
    return paragraphs


def phases_text(amounts: Mapping[str, float], formulas: Mapping[str, str]) -> str:
    """Return phases with how many formula units of each: ``4 Li₂S + P``."""
    return " + ".join(_term(amount, unicode_formula(formulas[name])) for name, amount in amounts.items())


def _above_hull(item: ElectrolyteStability) -> str:
    window = item.window
    same = [name for name in window.decomposition if window.formulas[name] == window.formula]
    instead = same or [unicode_formula(window.formulas[name]) for name in window.decomposition]
    height = f"{MEV * window.e_above_hull:.0f} meV/atom"
    return (
        f"The model of {item.name} lies {height} above {enumeration(instead)}, to which the onset belongs. "
        "An ordered cell lacks the entropy of a disordered electrolyte."
    )


def _onset_finding(item: ElectrolyteStability) -> str:
    window = item.window
    reference = couple(window.ion, window.electrons_per_ion)
    if not window.reduction:
        return f"{item.name} is not reduced above 0 V against {reference}."
    computed = [onset for onset in published_onsets(item) if onset.computed]
    beside = f" (published calculation: {computed[0].value:.2f} V)" if computed else ""
    products = [unicode_formula(window.formulas[name]) for name in window.reduction[0].phases_to]
    return (
        f"{item.name} is reduced below {window.reduction_onset_V:.2f} V against {reference}{beside}, first to "
        f"{enumeration(products)}."
    )


def _reaction_finding(item: ElectrolyteStability) -> str:
    reacting = [reaction for reaction in item.reactions if reaction.reacts]
    inert = [unicode_formula(one.formulas[one.first]) for one in item.reactions if not one.reacts]
    sentences = []
    if inert:
        sentences.append(f"{_several(inert)} {'do' if len(inert) > 1 else 'does'} not react with it.")
    if reacting:
        strongest = min(reacting, key=lambda one: one.most_exergonic_mutual.mutual_energy)
        best = strongest.most_exergonic_mutual
        names = [unicode_formula(one.formulas[one.first]) for one in reacting]
        products = enumeration([unicode_formula(strongest.formulas[name]) for name in best.products])
        first = unicode_formula(strongest.formulas[strongest.first])
        most = f"{first} most strongly: {signed(best.mutual_energy, 2)} eV/atom to {products}."
        if len(reacting) == 1:
            sentences.append(f"{first} can react with it: {signed(best.mutual_energy, 2)} eV/atom to {products}.")
        else:
            sentences.append(
                f"{_several(names)} can, {most}" if inert else f"{_several(names)} can react with it, {most}"
            )
    return " ".join(sentences)


def _several(names: Sequence[str]) -> str:
    return enumeration(names) if len(names) <= _NAMED_ELECTRODES else f"{len(names)} phases of the electrode"


def _term(amount: float, formula: str) -> str:
    text = f"{amount:.3g}"
    return formula if text == "1" else f"{text} {formula}"


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
            f"{MEV * window.e_above_hull:.0f}",
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
