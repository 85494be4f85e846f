"""Sentences and key numbers drawn from the data: what a reader should take away first."""

from __future__ import annotations

from ..flags.flag import label
from ..flags.survey import shown
from ..flags.system import system_flags
from ..model import PhaseRecord, Report, SystemReport
from ..notation import couple, enumeration, signed, system_title, unicode_formula, unicode_space_group
from .diagram import binary_diagram

VOLUME_TOLERANCE_PERCENT = 5.0
"""Deviation from the measured volume that the report points out."""


def stable_compounds(system: SystemReport) -> list[PhaseRecord]:
    """Phases on the hull other than the elements, from mercury-rich to metal-rich."""
    diagram = binary_diagram(system)
    order = {point.name: point.x for point in diagram.points} if diagram else {}
    names = [phase.name for phase in system.hull.stable if len(phase.composition) > 1]
    return [system.record(name) for name in sorted(names, key=lambda name: order.get(name, 0.0))]


def headline(system: SystemReport) -> str:
    """One or two sentences with the outcome, e.g. "LiHg₃, LiHg and Li₃Hg are on the Li–Hg hull"."""
    title = system_title(system.hull.system)
    stable = stable_compounds(system)
    names = list(dict.fromkeys(shown(record.formula) for record in stable))
    if not names:
        return f"No compound is on the {title} hull: the elements do not mix into a stable solid."
    deepest = min(stable, key=lambda record: record.formation_energy_per_atom)
    depth = f"{-deepest.formation_energy_per_atom:.3f} eV/atom below the elements"
    if len(names) == 1:
        return f"{names[0]} is the only compound on the {title} hull, {depth}."
    return (
        f"{enumeration(names)} are on the {title} hull; "
        f"{shown(deepest.formula)} lies deepest, {depth}.{_voltage_sentence(system)}"
    )


def _voltage_sentence(system: SystemReport) -> str:
    profile = system.voltage
    if profile is None or not profile.steps:
        return ""
    step = profile.steps[0]
    return (
        f" {profile.working_ion} enters {profile.host} at {step.voltage_V:.2f} V vs {ion_couple(system)}, "
        f"forming {unicode_formula(step.to_formula)}."
    )


def ion_couple(system: SystemReport) -> str:
    """``Li/Li⁺`` for the working ion of the voltage profile."""
    profile = system.voltage
    if profile is None:
        return ""
    return couple(profile.working_ion, profile.electrons_per_ion)


def report_headline(report: Report) -> str:
    """The headline of the whole report: the system's own when there is one, a count when there are several."""
    if len(report.systems) == 1:
        return headline(report.systems[0])
    counts = [len(stable_compounds(system)) for system in report.systems]
    names = [system_title(system.hull.system) for system in report.systems]
    return f"{sum(counts)} compounds are on the hulls of {enumeration(names)}."


def key_numbers(system: SystemReport) -> list[tuple[str, str, str]]:
    """Tiles of the report as (value, unit, what it is)."""
    stable = stable_compounds(system)
    tiles = [(str(len(stable)), "", "compound on the hull" if len(stable) == 1 else "compounds on the hull")]
    if stable:
        deepest = min(stable, key=lambda record: record.formation_energy_per_atom)
        energy = signed(deepest.formation_energy_per_atom, 3)
        tiles.append((energy, "eV/atom", f"formation of {shown(deepest.formula)}"))
    if system.voltage is not None and system.voltage.steps:
        first, last = system.voltage.steps[0], system.voltage.steps[-1]
        tiles.append((f"{first.voltage_V:.2f}", "V", f"first plateau vs {ion_couple(system)}"))
        capacity = f"{last.cumulative_mAh_per_g:.0f}"
        tiles.append((capacity, "mAh/g", f"per g {system.voltage.host}, up to {unicode_formula(last.to_formula)}"))
    tiles.append((str(len(system.records)), "", "phases computed"))
    return tiles


def remarks(system: SystemReport) -> list[str]:
    """What deserves a second look: each with its number."""
    notes = [flag.sentence for flag in system_flags(system) if flag.kind != "not computed"]
    notes += [
        f"{label(record)} relaxed from {unicode_space_group(record.space_group_expected or '')} "
        f"to {unicode_space_group(record.space_group)}."
        for record in system.records
        if record.symmetry_changed
    ]
    if system.merged:
        pairs = ", ".join(f"{name} into {kept}" for name, kept in system.merged)
        notes.append(f"Relaxed into another structure and shown once: {pairs}.")
    off = [r for r in system.records if abs(r.volume_deviation_percent or 0.0) > VOLUME_TOLERANCE_PERCENT]
    if off:
        worst = max(off, key=lambda r: abs(r.volume_deviation_percent or 0.0))
        verb = "phase deviates" if len(off) == 1 else "phases deviate"
        notes.append(
            f"{len(off)} {verb} by more than {VOLUME_TOLERANCE_PERCENT:.0f} % from the measured volume, "
            f"most of all {shown(worst.formula)} ({signed(worst.volume_deviation_percent or 0.0, 1)} %)."
        )
    return notes
