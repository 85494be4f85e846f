"""Compose the HTML page: self-contained, without any request to the network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from .benchmarks.reference import compare_with_reference
from .figures.interactive import plotly_script
from .hulls.diagram import HullDiagram
from .hulls.drawn import hull_diagram, interactive_hull
from .hulls.findings import (
    VOLUME_TOLERANCE_PERCENT,
    headline,
    ion_couple,
    key_numbers,
    remarks,
    report_headline,
    stable_compounds,
)
from .hulls.interactive import voltage_figure
from .hulls.ternary import TernaryDiagram
from .model import Lattice, PhaseRecord, Report, SystemReport
from .notation import MEV, enumeration, signed, system_title, unicode_formula, unicode_space_group
from .sections import provenance_card

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = ("report.html.j2", "blocks.html.j2")

EXPLORER_PLACE = "<!-- explorer -->"
"""Where a page that lies beside the report later is linked from."""

QUANTITY_NAMES = {
    "formation_enthalpy": "formation enthalpy",
    "formation_free_energy": "formation free energy",
    "pbe_formation_energy": "formation energy, published PBE",
    "e_above_hull": "energy above the hull",
    "saturated_emf": "EMF of the saturated amalgam",
}


def render_page(report: Report, pictures: Mapping[str, bytes]) -> str:
    """Return the page: the sections that lead, the hulls, and the other sections.

    ``pictures`` (PNG by file name) stand in for the figures of the hulls where scripts do not run.
    """
    systems = [_system_view(system, number) for number, system in enumerate(report.systems, start=1)]
    figures = {figure.figure_id: figure.data for section in report.sections for figure in section.figures}
    figures |= {figure_id: figure for view in systems for figure_id, figure in view["figures"].items()}
    hull_headline = report_headline(report) if systems else ""
    leads = report.leads
    of_what = " of the phase stability" if leads else ""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            headline=leads[0].headline if leads else hull_headline,
            meta=leads[0].facts if leads else _facts(report),
            leading=[section for section in report.sections if section.lead],
            sections=[section for section in report.sections if not section.lead],
            hull_headline=hull_headline,
            systems=systems,
            provenance=provenance_card(f"Provenance and settings{of_what}", report.provenance, report.settings),
            overview=[_overview_row(view) for view in systems] if len(systems) > 1 else [],
            picture=_data_uri(pictures["hull.png"]) if "hull.png" in pictures else None,
            figures=_script_json(figures),
            plotly=Markup(plotly_script()) if figures else "",
            css=_template_source("report.css"),
            script=_template_source("figures.js") + _template_source("report.js"),
            volume_tolerance=VOLUME_TOLERANCE_PERCENT,
            quantity_names=QUANTITY_NAMES,
        )
    )


def _facts(report: Report) -> list[tuple[str, str]]:
    """What stands below the headline of a report that no section leads."""
    facts = [("potential", report.potential)] if report.potential else []
    if len(report.systems) == 1:
        facts.append(("temperature", f"{report.systems[0].hull.temperature_K:g} K"))
    return facts


def _system_view(system: SystemReport, number: int) -> dict[str, Any]:
    """What the template needs to know about one system."""
    diagram = hull_diagram(system)
    figures: dict[str, Any] = {}
    if diagram is not None:
        figures[f"hull-{number}"] = interactive_hull(diagram)
    voltage = voltage_figure(system)
    if voltage is not None:
        figures[f"voltage-{number}"] = voltage
    stable = {phase.name for phase in system.hull.stable}
    return {
        "number": number,
        "report": system,
        "title": system_title(system.hull.system),
        "headline": headline(system),
        "tiles": key_numbers(system),
        "remarks": remarks(system),
        "stable": stable,
        "compounds": stable_compounds(system),
        "couple": ion_couple(system),
        "figures": figures,
        "hull_description": _hull_description(diagram),
        "triangle": isinstance(diagram, TernaryDiagram),
        "comparison": compare_with_reference(system),
        "cells": [
            (record.formula, cell_parameters(record.lattice, record.measured_lattice))
            for record in system.records
            if record.measured_lattice
        ],
        "notes": [record for record in system.records if record.note],
        "sources": list(dict.fromkeys(record.source for record in system.records if record.source)),
    }


def _overview_row(view: Mapping[str, Any]) -> dict[str, Any]:
    system: SystemReport = view["report"]
    compounds = view["compounds"]
    steps = system.voltage.steps if system.voltage else ()
    return {
        "number": view["number"],
        "title": view["title"],
        "compounds": enumeration([unicode_formula(record.formula) for record in compounds]) or "none",
        "deepest": min((r.formation_energy_per_atom for r in compounds), default=None),
        "first_voltage_V": steps[0].voltage_V if steps else None,
        "couple": view["couple"],
        "capacity_mAh_per_g": steps[-1].cumulative_mAh_per_g if steps else None,
        "phases": len(system.records),
    }


def _hull_description(diagram: HullDiagram | TernaryDiagram | None) -> str:
    if diagram is None:
        return ""
    if isinstance(diagram, TernaryDiagram):
        return diagram.description
    values = [f"{point.formula} {signed(point.y, 3)}" for point in diagram.stable]
    return (
        f"Convex hull of {system_title(diagram.system)}: formation energy in eV per atom against composition. "
        f"On the hull: {', '.join(values)}. {len(diagram.unstable)} phases lie above it."
    )


@dataclass(frozen=True)
class CellParameter:
    """One line of the cell table; ``deviation_percent`` for lengths only."""

    label: str
    unit: str
    computed: float | None
    measured: float
    deviation_percent: float | None


def cell_parameters(computed: Lattice | None, measured: Lattice) -> list[CellParameter]:
    """Lengths and angles of a cell, without those that symmetry repeats (``a = b``) or fixes at 90° or 120°."""
    values = computed or (None,) * 6
    groups: list[list[int]] = []
    for i in range(3):
        for group in groups:
            if _close(measured[i], measured[group[0]]) and _close(values[i], values[group[0]]):
                group.append(i)
                break
        else:
            groups.append([i])
    lengths = []
    for group in groups:
        value, reference = values[group[0]], measured[group[0]]
        deviation = None if value is None else 100.0 * (value / reference - 1.0)
        lengths.append(CellParameter(" = ".join("abc"[i] for i in group), "Å", value, reference, deviation))
    angles = [
        CellParameter("αβγ"[i - 3], "°", values[i], measured[i], None)
        for i in range(3, 6)
        if not any(_close(measured[i], fixed) and _close(values[i], fixed) for fixed in (90.0, 120.0))
    ]
    return lengths + angles


def _close(left: float | None, right: float | None) -> bool:
    """Equal to what the table shows; nothing computed agrees with anything."""
    return left is None or right is None or abs(left - right) < 1e-3


@cache
def _environment() -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined

    templates = files(__package__).joinpath("templates")
    loader = DictLoader({name: templates.joinpath(name).read_text(encoding="utf-8") for name in TEMPLATES})
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        formula=unicode_formula,
        space_group=unicode_space_group,
        signed=signed,
        mev=lambda value: f"{value * MEV:.1f}",
        fixed=lambda value, digits: f"{value:.{digits}f}".replace("-", "−"),
        reaction=lambda text: " → ".join(unicode_formula(part) for part in text.split(" → ")),
        entries=_entries,
        calculation=_calculation,
        data_uri=_data_uri,
        symbols=symbols,
        block_type=lambda block: "str" if isinstance(block, str) else type(block).__name__,
    )
    return environment


def symbols(text: str) -> Markup:
    """Text with the indices of symbols set low, ``γ_LV``, and ``m2`` as m²; everything else is escaped."""
    low = re.sub(r"(ΔE|[γθμ]|(?<![A-Za-z_])[Wg])_([A-Za-z]+|∞)", r"\1<sub>\2</sub>", str(escape(text)))
    return Markup(low.replace("/m2", "/m²"))


def _calculation(record: PhaseRecord) -> str:
    """Where the numbers come from: "checked · row 7 · 24 steps · reused"."""
    parts = [record.confidence] if record.confidence else []
    if record.row_id is not None:
        parts.append(f"row {record.row_id}")
    if record.n_steps is not None:
        parts.append(f"{record.n_steps} steps")
    if record.wall_time_s is not None:
        parts.append(f"{record.wall_time_s:.1f} s")
    if record.reused:
        parts.append("reused")
    return " · ".join(parts)


def _entries(value: Any) -> list[tuple[str, Any, bool]]:
    """Children of a JSON-like value as (key, child, whether the child has children)."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
    # What is not known is left out: a potential without weights has none.
    found = [(str(key), child) for key, child in items if child is not None]
    return [(key, child, isinstance(child, Mapping | list | tuple) and bool(child)) for key, child in found]


def _template_source(name: str) -> Markup:
    """CSS or script of our own, trusted and inserted as it is."""
    return Markup(files(__package__).joinpath("templates", name).read_text(encoding="utf-8"))


def _script_json(data: Any) -> Markup:
    """JSON that is safe inside a script element: no ``<`` can close it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
