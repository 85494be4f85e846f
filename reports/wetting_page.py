"""What the template of the wetting section needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from ..thermodynamics.wetting_curve import Limit
from .drop_shape import DropShape, drop_shape
from .formulas import couple
from .wetting_energy_tables import (
    adhesion_table,
    coverage_table,
    dilute_table,
    dispersion_table,
    state_table,
    surface_table,
)
from .wetting_findings import curve_range, origins, paragraphs, wetting_headline
from .wetting_interactive import wetting_figure
from .wetting_lines import KeyAngle, key_angles
from .wetting_model import WettingReport
from .wetting_numbers import (
    KeyPoint,
    band,
    composition,
    how,
    is_calibrated,
    key_points,
    number,
    saturation,
    set_name,
    solid,
)
from .wetting_pictures import DrawnInterface, draw_interface
from .wetting_reduction import reduction_card
from .wetting_tables import (
    WettingTable,
    composition_table,
    consistency_table,
    face_table,
    limit_kind,
    member_table,
    sensitivity_table,
)
from .wetting_verdicts import verdict_groups, verdicts
from .wetting_words import (
    band_name,
    before,
    has_both_limits,
    is_model_band,
    limit_definitions,
    limit_label,
    not_computed,
    statistical_name,
)

FIGURE_ID = "wetting-curve"

_DROP_RADIUS, _DROP_ROOM = 26.0, 66.0


@dataclass(frozen=True)
class DropView:
    """One composition of the row on top; paths are SVG, standing on y = 0, "" where there is no such drop.

    ``filled`` is the equilibrated limit, or the pure liquid; ``outlined`` the fresh one.
    """

    filled: str
    outlined: str
    angles: list[tuple[KeyAngle, str, str]]
    """With the band and the class of its limit."""
    composition: str
    voltage: str
    observed: str


def wetting_view(report: WettingReport) -> dict[str, Any]:
    """Everything the template shows, with figures as JSON-able data under ``figures``."""
    drawn = [draw_interface(picture, n) for n, picture in enumerate(report.pictures, start=1)]
    tables: dict[str, list[WettingTable | None]] = {
        "wide": [
            composition_table(report),
            face_table(report),
            member_table(report),
            adhesion_table(report),
            dispersion_table(report),
            coverage_table(report),
            consistency_table(report),
        ],
        "left": [state_table(report)],
        "right": [dilute_table(report), sensitivity_table(report)],
        "last": [surface_table(report)],
    }
    return {
        "report": report,
        "headline": wetting_headline(report),
        "calibrated": is_calibrated(report),
        "how": how(report),
        "solid": solid(report),
        "couple": couple(report.solute, report.electrons_per_ion),
        "band_name": band_name(report),
        "statistical_name": statistical_name(report),
        "is_model_band": is_model_band(report),
        "before": before(report),
        "not_computed": "" if has_both_limits(report) else not_computed(report),
        "reduction": reduction_card(report),
        "limits": [
            (limit_label(report, limit), limit_kind(limit), text) for limit, text in limit_definitions(report).items()
        ],
        "drops": [_drop(report, key) for key in key_points(report)],
        "paragraphs": paragraphs(report),
        "verdict_groups": verdict_groups(verdicts(report)),
        "origins": origins(report),
        "drawn": [(item, Markup(item.svg)) for item in drawn],
        "legend": _legend(drawn),
        "tables": {place: [table for table in own if table is not None] for place, own in tables.items()},
        "saturation": saturation(report.curve),
        "description": _description(report),
        "figures": {FIGURE_ID: wetting_figure(report)},
        "figure_id": FIGURE_ID,
    }


def filters() -> Mapping[str, Any]:
    """Filters for the template."""
    return {"composition": composition, "number": number, "set_name": set_name, "symbols": symbols}


def symbols(text: str) -> Markup:
    """Text with the indices of symbols set low, ``γ_LV``, and ``m2`` as m²; everything else is escaped."""
    return Markup(re.sub(r"(ΔE|[Wγθμg])_([A-Za-z]+|∞)", r"\1<sub>\2</sub>", str(escape(text))).replace("/m2", "/m²"))


def _drop(report: WettingReport, key: KeyPoint) -> DropView:
    volts = key.point.fresh.voltage_V
    angles = key_angles(key)
    shapes = {one.limit: _shape(one.theta_deg) for one in angles if one.theta_deg is not None}
    filled = shapes.get(None if key.x == 0.0 else Limit.EQUILIBRATED)
    outlined = shapes.get(Limit.FRESH)
    return DropView(
        filled="" if filled is None else filled.svg_path(),
        outlined="" if outlined is None else outlined.svg_path(),
        angles=[(one, _band(key, one.limit), limit_kind(one.limit)) for one in angles],
        composition=composition(key.x, report.solute) if key.x > 0.0 else f"pure {report.solvent}",
        voltage="" if volts is None else f"{volts:.3f} V",
        observed=key.observed,
    )


def _shape(theta_deg: float) -> DropShape:
    return drop_shape(theta_deg, _DROP_RADIUS, _DROP_ROOM)


def _band(key: KeyPoint, limit: Limit | None) -> str:
    point = key.point.of(limit or Limit.FRESH)
    return "" if point is None else band(point)


def _legend(drawn: list[DrawnInterface]) -> list[tuple[str, str]]:
    """Elements of all pictures, each once, the solute last."""
    entries = dict.fromkeys(entry for item in drawn for entry in item.legend)
    return sorted(entries, key=lambda entry: " from " in entry[0])


def _description(report: WettingReport) -> str:
    said = f", {before(report)}" if before(report) else ""
    return (
        f"Contact angle ({how(report)}) of {report.solvent} with {report.solute} on {solid(report)}{said} against "
        f"composition and voltage, by limit of the dry face: {curve_range(report.curve)}. Below it the work of "
        "adhesion, the changes of the interface energies and the coverages. The table below holds the numbers."
    )
