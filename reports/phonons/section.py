"""Vibrations, dynamical stability and hulls at a temperature, as sections of a report."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...thermodynamics.hulls.finite_temperature import signed_distances
from ...thermodynamics.hulls.hull import HullPhase
from ...thermodynamics.units import FARADAY
from ..notation import MEV, system_title, unicode_space_group
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .figures import formation_free_energy_png, phonon_png
from .model import MissingPhonons, PhononRecord, ThermalSystem, quasi_harmonic_hulls
from .text import (
    TREATMENTS,
    kelvins,
    labels,
    method,
    stability_finding,
    system_finding,
    treatment_distances,
    treatment_finding,
    treatment_warning,
    unstable_warning,
    vibration_finding,
)

ANCHOR = "vibrations"
J_MOL = FARADAY
"""1 eV per atom in J/mol."""
_MOST_COLUMNS = 9
_PER_MILLION = 1e6


def finite_temperature_sections(systems: Sequence[ThermalSystem], *, pictures: bool = True) -> list[ReportSection]:
    """Return one section on the dynamical stability of all phases, and one for each system on its hulls.

    Parameters
    ----------
    systems
        All with the same potential. Phases that several systems share, such as mercury, are shown once.
    pictures
        Whether pictures are drawn; they take longest.
    """
    if not systems:
        return []
    records = {record.name: record for thermal in systems for record in thermal.records}
    missing = {item.name: item for thermal in systems for item in thermal.missing}
    first = _stability_section(list(records.values()), list(missing.values()), systems[0].potential, pictures)
    return [first, *(_system_section(thermal, pictures) for thermal in systems)]


def _stability_section(
    records: Sequence[PhononRecord], missing: Sequence[MissingPhonons], potential: str, pictures: bool
) -> ReportSection:
    title = "Vibrations and dynamical stability"
    failed = tuple(_missing_warning(item) for item in missing)
    if not records:
        return ReportSection(ANCHOR, title, ("No phase has phonons.",), warnings=failed)
    names = labels(records)
    unstable = [record for record in records if not record.phonons.dynamically_stable]
    tolerance = records[0].phonons.stability_tolerance_THz
    explanation = (
        "Phonons come from forces on displaced atoms in a supercell (finite displacements). An imaginary mode lowers"
        " the energy of the crystal: either the crystal distorts into another one, or the potential is wrong about it,"
        " which another potential can tell, or another displacement where the potential is rough. Imaginary modes"
        f" weaker than {tolerance:g} THz count as numerical noise; they are counted in the table."
    )
    return ReportSection(
        ANCHOR,
        title,
        (stability_finding(records, potential), explanation),
        tuple(
            _picture(record, names[record.name], name)
            for record, name in zip(records, _file_names(records), strict=True)
            if pictures
        ),
        (_stability_table(records, names),),
        tuple(unstable_warning(record, names[record.name]) for record in unstable) + failed,
    )


def _missing_warning(item: MissingPhonons) -> str:
    return f"{item.name} has no phonons and is not in the hulls at a temperature: {item.reason}."


def _file_names(records: Sequence[PhononRecord]) -> list[str]:
    """Names of the pictures; phases whose names differ only in what a file name cannot have get a number."""
    slugs = [slug(record.name) for record in records]
    return [
        f"phonons-{one}.png" if (before := slugs[:place].count(one)) == 0 else f"phonons-{one}-{before + 1}.png"
        for place, one in enumerate(slugs)
    ]


def _picture(record: PhononRecord, name: str, file_name: str) -> SectionPicture:
    phonons = record.phonons
    group = unicode_space_group(phonons.space_group)
    return SectionPicture(
        file_name,
        phonon_png(phonons, record.name if record.name != record.entry.formula else "", formula=record.entry.formula),
        f"Band structure and density of states of the phonons of {name}, {group}; {phonons.verdict}",
        f"{name}, {group}: frequencies along the path of the lattice, and their density of states.",
    )


def _stability_table(records: Sequence[PhononRecord], names: dict[str, str]) -> SectionTable:
    rows = []
    for record in records:
        phonons, found = record.phonons, record.phonons.imaginary
        rows.append(
            (
                names[record.name],
                unicode_space_group(phonons.space_group),
                "stable" if phonons.dynamically_stable else "unstable",
                max(0.0, -found.lowest_frequency_THz) or None,
                f"{found.fraction:.2%}" if found.n_modes else None,
                f"{found.n_within_tolerance}" if found.n_within_tolerance else None,
                float(phonons.frequencies_THz.max()),
                f"{phonons.n_supercell_atoms} atoms, {phonons.shortest_image:.1f} Å",
            )
        )
    columns = (
        "phase",
        "space group",
        "dynamically",
        "strongest imaginary (THz)",
        "share of modes",
        "weak ones",
        "highest (THz)",
        "supercell",
    )
    note = (
        "The strongest imaginary mode is sought on the mesh and along the path. Weak ones, on the mesh, count as noise."
        " Of the supercell, the number of atoms and the distance between an atom and its image."
    )
    return SectionTable("Dynamical stability", columns, tuple(rows), digits=2, note=note)


def _system_section(thermal: ThermalSystem, with_picture: bool) -> ReportSection:
    title = f"{system_title(thermal.system)} at finite temperature"
    anchor = f"temperature-{slug(thermal.system)}"
    missing = tuple(_missing_warning(item) for item in thermal.missing)
    if thermal.problem:
        reason = f"There is no {system_title(thermal.system)} hull at a temperature: {thermal.problem}."
        vibrations = (_vibration_table(thermal),) if thermal.records else ()
        return ReportSection(anchor, title, tables=vibrations, warnings=(reason, *missing))
    paragraphs = [system_finding(thermal), vibration_finding(thermal), method(thermal)]
    tables = [_hull_table(thermal), _vibration_table(thermal)]
    if thermal.unstable:
        tables.insert(1, _treatment_table(thermal))
    if thermal.quasi_harmonic:
        paragraphs.append(
            "With thermal expansion (quasi-harmonic approximation), the volume at each temperature is the one of lowest"
            " free energy among phonons at several volumes; the last table tells what that changes."
        )
        tables.append(_expansion_table(thermal))
    warnings = [treatment_finding(thermal)] if thermal.unstable else []
    warnings += [treatment_warning(thermal, record) for record in thermal.unstable]
    names = labels(thermal.records)
    warnings += [
        f"{names[name]} has no thermal expansion: {reason}." for name, reason in thermal.quasi_harmonic_failures.items()
    ]
    pictures = (_formation_picture(thermal, anchor),) if with_picture and len(thermal.hulls) > 1 else ()
    return ReportSection(
        anchor,
        title,
        tuple(text for text in paragraphs if text),
        pictures,
        tuple(tables),
        (*warnings, *missing),
    )


def _formation_picture(thermal: ThermalSystem, anchor: str) -> SectionPicture:
    ends = f"{thermal.temperatures_K[0]:g} to {kelvins(thermal.temperatures_K[-1])}"
    return SectionPicture(
        f"{anchor}.png",
        formation_free_energy_png(thermal.hulls, thermal.potential),
        f"Free energy of formation of the compounds of {system_title(thermal.system)} from {ends}",
        "Free energy of formation from the stable forms of the elements at each temperature. Thick where the compound"
        " is on the hull, dotted where it is above it.",
    )


def shown_indices(thermal: ThermalSystem, most: int = _MOST_COLUMNS) -> list[int]:
    """Return which temperatures fit into a table: both ends, the one nearest to 298.15 K, and some between."""
    count = len(thermal.temperatures_K)
    if count <= most:
        return list(range(count))
    spread = {round(place * (count - 1) / (most - 2)) for place in range(most - 1)}
    return sorted(spread | {thermal.reference_index})


def _hull_table(thermal: ThermalSystem) -> SectionTable:
    names, shown = labels(thermal.records), shown_indices(thermal)
    phases: dict[str, HullPhase] = {}
    for item in thermal.hulls:
        phases.update({phase.name: phase for phase in item.hull.phases if phase.name not in phases})
    elements = thermal.system.split("-")
    order = sorted(phases.values(), key=lambda phase: [phase.fraction(symbol) for symbol in elements])
    distances = [signed_distances(thermal.hulls[index].hull) for index in shown]
    rows = [
        (names.get(phase.name, phase.name), *(_milli(item.get(phase.name)) for item in distances)) for phase in order
    ]
    columns = ("phase", *(kelvins(thermal.temperatures_K[index]) for index in shown))
    note = (
        "From the hull of the other phases; negative: on the hull, and by how much below that of the others. At 0 K the"
        " zero-point energy is included. Liquid elements are there above melting."
    )
    return SectionTable("Distance to the hull (meV/atom)", columns, tuple(rows), digits=1, note=note)


def _milli(energy: float | None) -> float | None:
    """meV from eV."""
    return None if energy is None else MEV * energy


def _vibration_table(thermal: ThermalSystem) -> SectionTable:
    names, reference = labels(thermal.records), thermal.reference_index
    shown = [index for index in shown_indices(thermal) if thermal.temperatures_K[index] > 0.0]  # 0 K is the zero point
    rows: list[tuple[Cell, ...]] = []
    for record in thermal.records:
        found = thermal.thermal(record)
        mark = "" if record.phonons.dynamically_stable else " *"
        if found is None:
            rows.append((names[record.name] + mark, *([None] * (len(shown) + 3))))
            continue
        energies = [MEV * float(found.free_energy[index]) for index in shown]
        entropy, capacity = J_MOL * float(found.entropy[reference]), J_MOL * float(found.heat_capacity[reference])
        rows.append((names[record.name] + mark, MEV * found.zero_point_energy, *energies, entropy, capacity))
    at = kelvins(thermal.temperatures_K[reference])
    columns = (
        "phase",
        "zero point (meV/atom)",
        *(f"F at {kelvins(thermal.temperatures_K[index])}" for index in shown),
        f"S at {at} (J/mol K)",
        f"C_v at {at} (J/mol K)",
    )
    note = "F in meV/atom, S and C_v per mole of atoms."
    if thermal.unstable:
        note += f" * has imaginary modes; {TREATMENTS[thermal.imaginary]}."
    return SectionTable("Free energy of the vibrations", columns, tuple(rows), digits=1, note=note)


def _treatment_table(thermal: ThermalSystem) -> SectionTable:
    names = labels(thermal.records)
    unstable = {record.name for record in thermal.unstable}
    rows = [
        (
            names[name] + (" *" if name in unstable else ""),
            *(_milli(value) for value in distances.values()),
        )
        for name, distances in treatment_distances(thermal).items()
    ]
    at = kelvins(thermal.temperatures_K[thermal.reference_index])
    columns = ("phase", "absolute frequencies", "modes skipped", "no vibrations")
    note = (
        f"* has imaginary modes. In the other tables, {TREATMENTS[thermal.imaginary]}. Skipping modes makes a phase too"
        " high, the more so the hotter: each one missing costs about kT ln(kT/hν)."
    )
    return SectionTable(
        f"What the treatment of imaginary modes changes: distance to the hull at {at} (meV/atom)",
        columns,
        tuple(rows),
        digits=1,
        note=note,
    )


def _expansion_table(thermal: ThermalSystem) -> SectionTable:
    names, reference = labels(thermal.records), thermal.reference_index
    hulls = quasi_harmonic_hulls(thermal)
    heights = signed_distances(hulls[reference].hull) if hulls else {}
    rows: list[tuple[Cell, ...]] = []
    for record in thermal.records:
        expanded, harmonic = thermal.quasi_harmonic.get(record.name), thermal.thermal(record)
        if expanded is None or harmonic is None:
            continue
        gain = expanded.free_energy - (record.entry.energy_per_atom + harmonic.free_energy)
        rows.append(
            (
                names[record.name],
                f"{record.entry.volume_per_atom:.3f}",
                f"{expanded.volume[reference]:.3f}",
                f"{_PER_MILLION * expanded.thermal_expansion_per_K[reference]:.0f}",
                f"{expanded.bulk_modulus_GPa[reference]:.1f}",
                MEV * float(gain[reference]),
                MEV * float(gain[-1]),
                _milli(heights.get(record.name)),
            )
        )
    at, top = kelvins(thermal.temperatures_K[reference]), kelvins(thermal.temperatures_K[-1])
    columns = (
        "phase",
        "static volume (Å³/atom)",
        f"volume at {at}",
        "expansion (10⁻⁶/K)",
        "bulk modulus (GPa)",
        f"ΔG at {at} (meV/atom)",
        f"ΔG at {top}",
        f"distance to the hull at {at} (meV/atom)",
    )
    note = "ΔG: free energy with thermal expansion minus without."
    if not heights:
        note += " There is no hull with thermal expansion, since not every phase has one."
    return SectionTable("Thermal expansion", columns, tuple(rows), digits=1, note=note)


def slug(name: str) -> str:
    """Return ``name`` as part of an anchor or file name: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"
