"""Powder patterns of the phases of a system, and published cells and lines beside them, as a section of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...errors import InputError
from ...reference.powder_lines import PowderReference
from ...structures.diffraction.patterns import PowderPattern, powder_pattern, telling_lines
from ...structures.diffraction.references import (
    LengthComparison,
    compare_cell,
    compare_lines,
    list_powder_references,
)
from ...structures.symmetry_tolerances import relaxed_symprec
from ..notation import enumeration, signed, system_title, unicode_formula
from ..sections import ReportSection, SectionPicture, SectionTable
from .figures import patterns_png, radiation_text

if TYPE_CHECKING:
    from ase import Atoms

_STRONGEST = 5
_EXAMPLE_TWO_THETA = 40.0


def diffraction_section(
    system: str,
    crystals: Sequence[tuple[str, Atoms]],
    *,
    potential: str = "",
    radiation: str | float = "CuKa",
    warnings: Sequence[str] = (),
) -> ReportSection:
    """Return the section with the patterns of some phases and what is published about them.

    Parameters
    ----------
    system
        Chemical system, e.g. ``Li-Hg``.
    crystals
        Name and crystal of each phase. A name that is a key of the phase library finds its published cell and lines.
    potential
        What the crystals were relaxed with; empty for measured cells.
    radiation
        Name of a line, or a wavelength in Å.
    warnings
        Shown with those of the section itself.
    """
    patterns, problems = _patterns(crystals, radiation)
    anchor, title = f"diffraction-{system.lower()}", f"Powder patterns of {system_title(system)}"
    if not patterns:
        return ReportSection(anchor, title, ("No phase has a pattern.",), warnings=(*warnings, *problems))
    references = {item.phase: item for item in list_powder_references()}
    cells, more = _cells(crystals, references)
    lines = [pattern for pattern in patterns if pattern.name in references and references[pattern.name].lines]
    tables = [_strongest_table(patterns)]
    tables += [_cell_table(cells, references)] if cells else []
    tables += [_line_table(pattern, references[pattern.name]) for pattern in lines]
    picture = SectionPicture(
        f"{anchor}.png",
        patterns_png(patterns, references=list(references.values())),
        f"Computed powder patterns of {enumeration([unicode_formula(item.name) for item in patterns])}, 2θ from "
        f"{patterns[0].two_theta_range[0]:g} to {patterns[0].two_theta_range[1]:g}°",
        "Each pattern is scaled to its highest point; the strongest lines carry their indices."
        + (" Diamonds: published lines." if lines else ""),
    )
    paragraphs = [_telling_finding(patterns), *_cell_finding(cells), _method(patterns[0], potential)]
    return ReportSection(anchor, title, tuple(paragraphs), (picture,), tuple(tables), (*warnings, *problems, *more))


Cells = dict[str, list[LengthComparison]]


def _patterns(crystals: Sequence[tuple[str, Atoms]], radiation: str | float) -> tuple[list[PowderPattern], list[str]]:
    found, problems = [], []
    for name, crystal in crystals:
        try:
            found.append(powder_pattern(crystal, name, radiation=radiation, symprec=relaxed_symprec(crystal)))
        except InputError as error:
            problems.append(f"{name} is left out: {error}")
    return found, problems


def _cells(crystals: Sequence[tuple[str, Atoms]], references: Mapping[str, PowderReference]) -> tuple[Cells, list[str]]:
    found: Cells = {}
    problems = []
    for name, crystal in crystals:
        if name in references and references[name].lattice:
            try:
                found[name] = compare_cell(crystal, references[name], symprec=relaxed_symprec(crystal))
            except InputError as error:
                problems.append(str(error))
    return found, problems


def _telling_finding(patterns: Sequence[PowderPattern]) -> str:
    if len(patterns) == 1:
        line = patterns[0].strongest
        name = unicode_formula(patterns[0].name)
        return f"The strongest line of {name} is {line.hkl} at 2θ = {line.two_theta_deg:.2f}°."
    found = telling_lines(patterns)
    told = [
        f"{unicode_formula(name)} by {line.hkl} at {line.two_theta_deg:.2f}°" for name, line in found.items() if line
    ]
    hidden = [unicode_formula(name) for name, line in found.items() if line is None]
    sentences = []
    if told:
        sentences.append(f"Each phase has a strong line that none of the others hides: {enumeration(told)}.")
        if hidden:
            sentences[0] = f"These phases have a strong line that no other hides: {enumeration(told)}."
    if hidden:
        sentences.append(f"All strong lines of {enumeration(hidden)} lie within 0.4° of those of other phases.")
    return " ".join(sentences)


def _cell_finding(cells: Cells) -> list[str]:
    if not cells:
        return []
    phrases = []
    for name, rows in cells.items():
        lengths = ", ".join(f"{row.name} {signed(row.deviation_percent, 1)} %" for row in rows)
        phrases.append(f"{unicode_formula(name)}, {lengths}")
    return [f"Computed lengths of cells against the published ones: {'; '.join(phrases)}."]


def _method(pattern: PowderPattern, potential: str) -> str:
    shift = -math.degrees(2.0 * math.tan(math.radians(_EXAMPLE_TWO_THETA / 2)) * 0.01)
    cells = f"cells relaxed with {potential}, at 0 K" if potential else "cells as given"
    return (
        f"Computed for {radiation_text(pattern.wavelength)} from {cells}. A cell that is 1 % too long moves a line at "
        f"{_EXAMPLE_TWO_THETA:g}° by {signed(shift, 1)}°. Intensities leave out absorption, texture and thermal "
        "motion; those of heavy and light phases in one powder also depend on the size of the grains. Liquids give no "
        "lines."
    )


def _strongest_table(patterns: Sequence[PowderPattern]) -> SectionTable:
    rows = []
    for pattern in patterns:
        strongest = sorted(pattern.relative_lines(), key=lambda line: -line.intensity)[:_STRONGEST]
        rows += [
            (unicode_formula(pattern.name), line.hkl, line.two_theta_deg, line.d, f"{line.intensity:.0f}")
            for line in sorted(strongest, key=lambda line: line.two_theta_deg)
        ]
    columns = ("phase", "hkl", "2θ (°)", "d (Å)", "intensity")
    cells = [
        "; ".join([f"{unicode_formula(name)}: {cell.description}", *([cell.note] if cell.note else [])])
        for one in patterns
        for name, cell in one.cells.items()
    ]
    note = f"The strongest line of each phase has intensity 100. Cells of the indices: {'. '.join(cells)}."
    return SectionTable("Strongest lines", columns, tuple(rows), note=note)


def _cell_table(cells: Cells, references: Mapping[str, PowderReference]) -> SectionTable:
    rows = [
        (
            unicode_formula(name),
            row.name,
            row.computed,
            row.published,
            f"{signed(row.deviation_percent, 2)} %",
            references[name].card,
            references[name].lattice_confidence,
        )
        for name, found in cells.items()
        for row in found
    ]
    sources = "; ".join(f"{unicode_formula(name)}: {references[name].source}" for name in cells)
    columns = ("phase", "length", "computed (Å)", "published (Å)", "deviation", "JCPDF card", "confidence")
    return SectionTable("Cells beside the published ones", columns, tuple(rows), note=f"{sources}.")


def _line_table(pattern: PowderPattern, reference: PowderReference) -> SectionTable:
    rows = []
    for row in compare_lines(pattern, reference):
        line = row.computed
        computed = (line.two_theta_deg, line.hkl, f"{line.intensity:.0f}") if line else (None, None, None)
        rows.append(
            (row.published.hkl, row.published_two_theta_deg, f"{row.published.intensity:.0f}", *computed, row.shift_deg)
        )
    columns = (
        "hkl",
        "published 2θ (°)",
        "intensity",
        "computed 2θ (°)",
        "hkl computed",
        "intensity computed",
        "shift (°)",
    )
    name = unicode_formula(pattern.name)
    origin = f"{reference.source} ({reference.lines_confidence})."
    note = f"{origin} Computed: the line with the same indices, else the strongest near."
    return SectionTable(f"Lines of {name} beside the published ones", columns, tuple(rows), digits=2, note=note)
