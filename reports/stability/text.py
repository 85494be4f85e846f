"""Findings on the stability of electrolytes in plain words, from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..formulas import couple, unicode_formula
from ..hulls.findings import enumeration, signed
from .model import ElectrolyteStability, HeldVoltage, published_onsets

_SAME_VOLTAGE_V = 0.005
_NAMED_ELECTRODES = 6


def finding(item: ElectrolyteStability) -> str:
    """Return what was found of one electrolyte: its reduction onset, and what it reacts with."""
    return f"{_onset_finding(item)} {_reaction_finding(item)}".strip()


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
    paragraphs += [_above_hull(item) for item in items if item.window.e_above_hull > 0.0]
    return paragraphs


def phases_text(amounts: Mapping[str, float], formulas: Mapping[str, str]) -> str:
    """Return phases with how many formula units of each: ``4 Li₂S + P``."""
    return " + ".join(_term(amount, unicode_formula(formulas[name])) for name, amount in amounts.items())


def _above_hull(item: ElectrolyteStability) -> str:
    window = item.window
    same = [name for name in window.decomposition if window.formulas[name] == window.formula]
    instead = same or [unicode_formula(window.formulas[name]) for name in window.decomposition]
    height = f"{1000.0 * window.e_above_hull:.0f} meV/atom"
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
