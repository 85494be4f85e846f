"""The report on several potentials: hulls in one figure, the tables, and what made the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ..benchmarks.published import PROPERTIES
from ..flags.survey import shown
from ..model import Report
from ..notation import csv_text, enumeration, system_title
from ..sections import Block, Figure, Lead, ReportSection, SectionPicture, provenance_card
from .figures import HullOverlay, hull_overlay, overlay_figure, overlay_png
from .model import MIN_RANKED, Comparison
from .tables import comparison_columns, comparison_data, comparison_rows, comparison_tables

ANCHOR = "comparison"
_MOST_NAMED = 2
"""Compounds that are named in the headline although not all potentials agree on them."""


def comparison_report(comparison: Comparison, notes: Sequence[str] = ()) -> Report:
    """Return the report of a comparison; ``notes`` are about what it leaves out."""
    return Report(
        f"{system_title(comparison.system)}: potentials compared",
        potential=", ".join(comparison.potentials),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        sections=(comparison_section(comparison, notes),),
    )


def comparison_section(
    comparison: Comparison, notes: Sequence[str] = (), *, place: str = "", leads: bool = True
) -> ReportSection:
    """Return the section on a comparison.

    Parameters
    ----------
    comparison
        Of one system.
    notes
        What it leaves out.
    place
        What ends the names of its place and its files, where the page has several.
    leads
        Whether it opens the report.
    """
    overlay = hull_overlay(comparison)
    shown_first: Block = _figure(overlay, place) if overlay else f"{no_overlay(comparison)}."
    provenance = [
        provenance_card(f"Provenance and settings, {one.potential}", one.provenance, one.settings)
        for one in comparison.hulls
    ]
    warnings = (*notes, *comparison.notes)
    return ReportSection(
        ANCHOR + place,
        f"Hulls of {system_title(comparison.system)} compared",
        warnings=warnings,
        blocks=(shown_first, " ".join(ranking_sentences(comparison)), *comparison_tables(comparison), *provenance),
        lead=Lead(headline(comparison), _facts(comparison), warnings) if leads else None,
        files={
            f"comparison{place}.csv": csv_text(comparison_columns(comparison), comparison_rows(comparison)).encode(),
        },
        summary={ANCHOR + place: comparison_data(comparison, notes)},
        units="Energies in eV/atom, against the lowest crystals of the elements with the same potential; 0 K.",
    )


def headline(comparison: Comparison) -> str:
    """Return which compositions are stable with all potentials, and which with some."""
    by_formula: dict[str, list[str]] = {}
    for one in comparison.hulls:
        for formula in one.stable:
            by_formula.setdefault(formula, []).append(one.potential)
    count = len(comparison.hulls)
    everywhere = [shown(formula) for formula, names in by_formula.items() if len(names) == count]
    some = [
        f"{shown(formula)} with {enumeration(names)} alone"
        for formula, names in by_formula.items()
        if len(names) < count
    ]
    if len(some) > _MOST_NAMED:
        some = [f"{len(some)} others with some of them"]
    with_all = "with both potentials" if count == 2 else f"with all {count} potentials"
    if not by_formula:
        return f"No compound is stable with any of the {count} potentials."
    verb = "is" if len(everywhere) == 1 else "are"
    agreed = (
        f"{enumeration(everywhere)} {verb} stable {with_all}" if everywhere else f"No compound is stable {with_all}"
    )
    return "; ".join([agreed, *some]) + "."


def ranking_sentences(comparison: Comparison) -> tuple[str, ...]:
    """Return who is closest to the measured values of each quantity, or that there are too few to tell."""
    sentences = []
    for ranking in comparison.rankings:
        name = PROPERTIES[ranking.quantity].title
        if ranking.best_first:
            best = [one for one, place in ranking.places.items() if place == 1]
            error = ranking.errors[best[0]]
            verb = "deviates" if len(best) == 1 else "deviate"
            sentences.append(
                f"{name}: {enumeration(best)} {verb} least, by {error.mean_absolute:.3g} {error.unit} in the mean of "
                f"{ranking.count} published values."
            )
        else:
            values = "one published value" if ranking.count == 1 else f"{ranking.count} published values"
            sentences.append(f"{name}: no ranking by {values}, it takes {MIN_RANKED}.")
    return tuple(sentences) or ("No measured value is given by every potential, so none is ranked.",)


def _facts(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    kelvin = comparison.hulls[0].report.hull.temperature_K
    return ("potentials", ", ".join(comparison.potentials)), ("temperature", f"{kelvin:g} K")


def _figure(overlay: HullOverlay, place: str) -> Figure:
    description = overlay.description
    return Figure(
        f"hulls-compared{place}",
        overlay_figure(overlay),
        f"Hulls of {system_title(overlay.diagram.system)}",
        description,
        "Filled: on the hull of that potential. Open: an observed phase above it. Prototypes above the hull are left "
        "out. Energies with each potential are against its own elements.",
        picture=SectionPicture(f"comparison{place}.png", overlay_png(overlay), description),
    )


def no_overlay(comparison: Comparison) -> str:
    """Return why there is no figure, "" where there is one."""
    count = len(comparison.elements)
    if count == 2:
        return ""
    elements = "one element" if count == 1 else f"{count} elements"
    return (
        f"{comparison.system} has {elements}: hulls of two are overlaid in a figure, of others there are tables alone"
    )
