"""What the template of the wetting section needs to know."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from ..thermodynamics.lattice_gas import LatticeGas
from .drop_shape import drop_shape
from .formulas import couple
from .wetting_findings import curve_range, origins, paragraphs, verdicts, wetting_headline
from .wetting_interactive import wetting_figure
from .wetting_model import WettingReport
from .wetting_numbers import (
    KeyPoint,
    angle,
    band,
    composition,
    face,
    how,
    is_calibrated,
    key_points,
    number,
    saturation,
    set_name,
    solid,
)
from .wetting_pictures import DrawnInterface, draw_interface

FIGURE_ID = "wetting-curve"

_DROP_RADIUS, _DROP_ROOM = 26.0, 66.0


@dataclass(frozen=True)
class DropView:
    """One drop of the row on top; ``path`` is SVG, standing on y = 0."""

    path: str
    angle: str
    band: str
    composition: str
    voltage: str
    observed: str


@dataclass(frozen=True)
class StateRow:
    """One occupation of one lattice gas; ``step`` is what its last atom brings, None where that is not defined."""

    owner: str
    first: int
    """Rows of the same owner, in its first row; 0 in the others."""
    count: int
    energy: float
    error: float
    step: float | None
    degeneracy: float


def wetting_view(report: WettingReport) -> dict[str, Any]:
    """Everything the template shows, with figures as JSON-able data under ``figures``."""
    keys = key_points(report)
    drawn = [draw_interface(picture, n) for n, picture in enumerate(report.pictures, start=1)]
    return {
        "report": report,
        "headline": wetting_headline(report),
        "calibrated": is_calibrated(report),
        "how": how(report),
        "solid": solid(report),
        "couple": couple(report.solute, report.electrons_per_ion),
        "confidence": f"{report.curve.confidence:.0%}",
        "drops": [_drop(report, key) for key in keys],
        "key_points": keys,
        "paragraphs": paragraphs(report),
        "verdicts": verdicts(report),
        "origins": origins(report),
        "drawn": [(item, Markup(item.svg)) for item in drawn],
        "legend": _legend(drawn),
        "member_angles": [
            (member, [member.curve.at(key.x).theta_deg for key in keys], len(member.seed_curves))
            for member in report.members
        ],
        "states": _states(report),
        "film_reference_J_m2": report.gamma_LV.internal_energy_J_m2,
        "saturation": saturation(report.curve),
        "description": _description(report),
        "figures": {FIGURE_ID: wetting_figure(report)},
        "figure_id": FIGURE_ID,
    }


def filters() -> Mapping[str, Any]:
    """Filters for the template."""
    return {
        "composition": composition,
        "angle": angle,
        "band": band,
        "number": number,
        "face": face,
        "set_name": set_name,
        "symbols": symbols,
    }


def symbols(text: str) -> Markup:
    """Text with the indices of symbols set low, ``γ_LV``, and ``m2`` as m²; everything else is escaped."""
    return Markup(re.sub(r"([Wγθμ])_([A-Za-z]+)", r"\1<sub>\2</sub>", str(escape(text))).replace("/m2", "/m²"))


def _drop(report: WettingReport, key: KeyPoint) -> DropView:
    point = key.point
    shape = drop_shape(point.theta_deg, _DROP_RADIUS, _DROP_ROOM)
    return DropView(
        path=shape.svg_path(),
        angle="spreads" if shape.is_sheet else angle(point.theta_deg),
        band=band(point),
        composition=composition(point.x, report.solute) if point.x > 0.0 else f"pure {report.solvent}",
        voltage="" if point.voltage_V is None else f"{point.voltage_V:.3f} V",
        observed=key.observed,
    )


def _legend(drawn: list[DrawnInterface]) -> list[tuple[str, str]]:
    """Elements of all pictures, each once, the solute last."""
    entries = dict.fromkeys(entry for item in drawn for entry in item.legend)
    return sorted(entries, key=lambda entry: " from " in entry[0])


def _states(report: WettingReport) -> list[StateRow]:
    gases = [(set_name(member.parameters.name), member.parameters.interface) for member in report.members]
    if report.vapour is not None:
        gases.append((f"free surface, {report.default.potential}", report.vapour))
    return [row for name, gas in gases for row in _gas_rows(name, gas)]


def _gas_rows(owner: str, gas: LatticeGas) -> list[StateRow]:
    """All states but the empty one; the step refers to the lowest state with one atom less."""
    order = sorted(range(len(gas.counts)), key=lambda i: (gas.counts[i], gas.delta_energies[i]))
    lowest: dict[int, float] = {}
    for i in order:
        lowest.setdefault(gas.counts[i], gas.delta_energies[i])
    chosen = [i for i in order if gas.counts[i] > 0]
    rows = []
    for place, i in enumerate(chosen):
        below = lowest.get(gas.counts[i] - 1, math.nan)
        step = gas.delta_energies[i] - below
        rows.append(
            StateRow(
                owner=owner,
                first=len(chosen) if place == 0 else 0,
                count=gas.counts[i],
                energy=gas.delta_energies[i],
                error=gas.standard_errors[i],
                step=None if math.isnan(step) else step,
                degeneracy=gas.degeneracies[i],
            )
        )
    return rows


def _description(report: WettingReport) -> str:
    return (
        f"Contact angle ({how(report)}) of {report.solvent} with {report.solute} on {solid(report)} against "
        f"composition and voltage: {curve_range(report.curve)}. Below it the work of adhesion, the changes of the "
        "interface energies and the coverage. The table of compositions holds the numbers."
    )
