"""Findings on vibrations and on hulls at a temperature in plain words, from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...thermodynamics.hulls.finite_temperature import (
    FiniteTemperatureHull,
    HullTreatment,
    liquid_name,
    signed_distances,
)
from ...thermodynamics.hulls.fusion import get_fusion
from ..notation import MEV, enumeration, signed, system_title, unicode_formula
from .model import Change, PhononRecord, ThermalSystem

TREATMENTS: Mapping[HullTreatment, str] = {
    "absolute": "the absolute value of their frequencies is taken",
    "skip": "they are left out of the sums",
    "leave_out": "these phases are left out",
    "refuse": "no hull is built",
}


def labels(records: Sequence[PhononRecord]) -> dict[str, str]:
    """Return what phases are called: by their formula, and by their name too where several share it."""
    formulas = [record.entry.formula for record in records]
    return {
        record.name: unicode_formula(record.entry.formula)
        + (f" ({record.name})" if formulas.count(record.entry.formula) > 1 else "")
        for record in records
    }


def stability_finding(records: Sequence[PhononRecord], potential: str) -> str:
    """Return how many phases are dynamically stable, and which are not."""
    names = labels(records)
    unstable = [record for record in records if not record.phonons.dynamically_stable]
    if not unstable:
        every = "the only phase is" if len(records) == 1 else f"all {len(records)} phases are"
        return f"With {potential}, {every} dynamically stable: no mode is imaginary."
    worst = [f"{names[record.name]} ({-record.phonons.lowest_frequency_THz:.2f}i THz)" for record in unstable]
    count = len(records) - len(unstable)
    verb = "has" if len(unstable) == 1 else "have"
    return (
        f"With {potential}, {count} of {len(records)} phases {'is' if count == 1 else 'are'} dynamically stable;"
        f" {enumeration(worst)} {verb} imaginary modes, the strongest given in brackets."
    )


def unstable_warning(record: PhononRecord, name: str) -> str:
    """Return the verdict on a phase that is not dynamically stable, with its numbers."""
    return f"{name} is {record.phonons.verdict} ({record.phonons.potential})."


def system_finding(thermal: ThermalSystem) -> str:
    """Return what is stable at the lowest temperature and at the one nearest to 298.15 K, and what changes."""
    title, names = system_title(thermal.system), labels(thermal.records)
    index = thermal.reference_index
    first, reference = thermal.hulls[0], thermal.hulls[index]
    sentences = [f"At {kelvins(reference.hull.temperature_K)}, {_stable(reference, names)} on the {title} hull."]
    if index > 0:
        sentences.append(f"At {kelvins(first.hull.temperature_K)}, {_stable(first, names)}.")
    sentences += [_melting(symbol) for symbol in _melts(thermal)]
    sentences += _change_sentences(thermal.changes, names)
    ends = f"{thermal.temperatures_K[0]:g} and {kelvins(thermal.temperatures_K[-1])}"
    if not thermal.changes and len(thermal.hulls) > 1:
        sentences.append(f"No solid comes onto the hull or leaves it between {ends}, but by melting.")
    return " ".join(sentences)


def vibration_finding(thermal: ThermalSystem) -> str:
    """Return what the vibrations do to the free energies of formation of the compounds on the hull, near 298 K."""
    index, names = thermal.reference_index, labels(thermal.records)
    hull, static = thermal.hulls[index].hull, thermal.static_hulls[index].hull
    compounds = [phase for phase in hull.stable if not phase.is_element]
    if not compounds:
        return ""
    shifts = [
        signed(MEV * (phase.formation_energy_per_atom - static.phase(phase.name).formation_energy_per_atom), 0)
        + f" for {names[phase.name]}"
        for phase in compounds
    ]
    return (
        f"Vibrations change the free energy of formation at {kelvins(hull.temperature_K)}, in meV/atom, by"
        f" {enumeration(shifts)}."
    )


def treatment_finding(thermal: ThermalSystem) -> str:
    """Return what was made of imaginary modes, and how much that matters to the hull near 298.15 K."""
    names = labels(thermal.records)
    unstable = enumeration([names[record.name] for record in thermal.unstable])
    start = f"{unstable}: imaginary modes. On these hulls {TREATMENTS[thermal.imaginary]}, which is not right either."
    changes = {
        name: abs(row["absolute"] - row["skip"])
        for name, row in treatment_distances(thermal).items()
        if row["absolute"] is not None and row["skip"] is not None
    }
    if not changes:
        return start
    name = max(changes, key=lambda key: changes[key])
    kelvin = kelvins(thermal.temperatures_K[thermal.reference_index])
    return (
        f"{start} Between their absolute frequencies and leaving them out of the sums, distances to the hull at"
        f" {kelvin} differ by up to {MEV * changes[name]:.1f} meV/atom ({names[name]})."
    )


def treatment_warning(thermal: ThermalSystem, record: PhononRecord) -> str:
    """Return the imaginary modes of a phase, and how its place on the hull depends on what is made of them."""
    name = labels(thermal.records)[record.name]
    found = record.phonons.imaginary
    numbers = f"{found.fraction:.2%} of its modes are imaginary, the strongest {-found.lowest_frequency_THz:.2f}i THz"
    named = {"absolute": "with absolute frequencies", "skip": "without these modes", "static": "without vibrations"}
    known = [
        f"{signed(MEV * value, 1)} {named[key]}"
        for key, value in treatment_distances(thermal)[record.name].items()
        if value is not None
    ]
    kelvin = kelvins(thermal.temperatures_K[thermal.reference_index])
    where = f" From the hull of the other phases at {kelvin}, in meV/atom: {enumeration(known)}." if known else ""
    return f"{name}: {numbers}.{where}"


def treatment_distances(thermal: ThermalSystem) -> dict[str, dict[str, float | None]]:
    """Return the distance of each phase from the hull of the others near 298.15 K, eV/atom, by treatment.

    These are ``absolute`` and ``skip``, of the imaginary modes of all phases, and ``static``, without vibrations.
    """
    index = thermal.reference_index
    kelvin = thermal.temperatures_K[index]
    hulls: dict[str, FiniteTemperatureHull | None] = {
        "absolute": thermal.hull_with(kelvin, "absolute"),
        "skip": thermal.hull_with(kelvin, "skip"),
        "static": thermal.static_hulls[index] if thermal.static_hulls else None,
    }
    found: dict[str, dict[str, float | None]] = {record.name: {} for record in thermal.records}
    for key, hull in hulls.items():
        distances = signed_distances(hull.hull) if hull else {}
        for name, row in found.items():
            row[key] = distances.get(name)
    return found


def method(thermal: ThermalSystem) -> str:
    """Return what is computed, what is measured and what is left out."""
    expansion = "" if thermal.quasi_harmonic else "thermal expansion, "
    sentences = [
        f"Computed with {thermal.potential}: static energies of tightly relaxed crystals and their harmonic vibrations,"
        f" {len(thermal.records)} phases in all. Left out are {expansion}electronic excitations and the entropy of"
        " disorder, which favours disordered phases."
    ]
    for symbol in _melts(thermal):
        fusion = get_fusion(symbol)
        sentences.append(
            f"The free energy of liquid {symbol} is that of the solid plus the measured free energy of melting:"
            f" {fusion.heat_kJ_mol:g} kJ/mol at {kelvins(fusion.melting_point_K)} ({fusion.source},"
            f" {fusion.confidence}), the difference of heat capacities neglected. So it melts where it is measured to."
        )
    if _melts(thermal):
        sentences.append("Liquids are pure elements here: one that dissolves the others is not among the phases.")
    return " ".join(sentences)


def kelvins(temperature_K: float) -> str:
    """``298.15 K``."""
    return f"{temperature_K:g} K"


def _stable(hull: FiniteTemperatureHull, names: Mapping[str, str]) -> str:
    stable = [names.get(phase.name, phase.name) for phase in hull.hull.stable]
    return f"{enumeration(stable)} are"


def _melts(thermal: ThermalSystem) -> list[str]:
    """Elements that are liquid at some temperature of the series."""
    present = {name for hull in thermal.hulls for name in hull.liquids}
    return [symbol for symbol in thermal.system.split("-") if liquid_name(symbol) in present]


def _melting(symbol: str) -> str:
    return f"{symbol} is liquid above {kelvins(get_fusion(symbol).melting_point_K)}, as measured."


def _change_sentences(changes: Sequence[Change], names: Mapping[str, str]) -> list[str]:
    """One sentence for all that happens within 1 K."""
    groups: list[list[Change]] = []
    for change in changes:
        if groups and change.temperature_K - groups[-1][0].temperature_K <= 1.0:
            groups[-1].append(change)
        else:
            groups.append([change])
    return [_change_sentence(group, names) for group in groups]


def _change_sentence(group: Sequence[Change], names: Mapping[str, str]) -> str:
    parts = []
    for gained, singular, plural in ((True, "comes onto", "come onto"), (False, "leaves", "leave")):
        found = [names.get(change.name, change.name) for change in group if change.gained == gained]
        if found:
            parts.append(f"{enumeration(found)} {singular if len(found) == 1 else plural} the hull")
    return f"Upon heating, {' and '.join(parts)} at about {group[0].temperature_K:.0f} K."
