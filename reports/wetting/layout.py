"""Layout of the interactive wetting figure: axes, panels, shaded ranges, and the texts beside lines and points."""

from __future__ import annotations

import html
import math
from collections.abc import Callable

from ...thermodynamics.wetting.curve import Limit, WettingCurve, WettingPoint
from ...thermodynamics.wetting.outcome import WETTING_DEG
from ..figures.interactive import Figure, base_layout
from .diagram import (
    DOES_NOT_WET,
    ZERO_DECADES,
    KeyAngle,
    angle_title,
    decades,
    key_angles,
    limit_lines,
    log_place,
    log_range,
    reduction_reach,
)
from .model import WettingReport
from .reduction import reduction_label
from .wording import KeyPoint, composition, key_points, saturation

_ZERO_VOLTAGE_SHARE = 0.18
"""How far left of the highest voltage x = 0 is drawn, as a share of the axis."""

_MARGIN = 0.25
"""Decades left of x = 0."""

Place = Callable[[WettingPoint], float | None]


def composition_axis(curve: WettingCurve) -> tuple[Place, Figure]:
    """Return where a point lies on the logarithmic axis of mole fractions, and that axis."""
    zero, named = log_place(curve, 0.0), decades(curve)
    axis = {
        "type": "log",
        "title": "",
        "range": [zero - _MARGIN, log_range(curve)[1] + 0.08],
        "tickvals": [10.0**zero, *(10.0**decade for decade in named)],
        "ticktext": ["0", *(f"10<sup>{str(decade).replace('-', '−')}</sup>" for decade in named)],
    }
    return lambda point: point.x if point.x > 0.0 else float(10.0**zero), axis


def voltage_axis(curve: WettingCurve) -> tuple[Place, Figure]:
    """Return the same for voltages. They fall to the right, so that the solute rises; drops without it lie left."""
    voltages = [point.fresh.voltage_V for point in curve.points if point.fresh.voltage_V is not None] or [0.0, 1.0]
    low = min(voltages)
    # A drop that lost all its solute has a voltage without meaning; it is not what the axis is for.
    high = min(max(voltages), low + 1.0)
    zero = high + _ZERO_VOLTAGE_SHARE * max(high - low, 0.01)
    ticks = [round(0.1 * i, 1) for i in range(math.ceil(10.0 * low - 1e-9), math.floor(10.0 * high + 1e-9) + 1)]
    axis = {
        "type": "linear",
        "title": "",
        "range": [zero + 0.4 * (zero - high), low - 0.25 * (zero - high)],
        "tickvals": [zero, *ticks],
        "ticktext": ["x = 0", *(f"{tick:.1f}".replace("-", "−") for tick in ticks)],
    }

    def place(point: WettingPoint) -> float | None:
        if point.x == 0.0:
            return zero
        return point.fresh.voltage_V if point.fresh.voltage_V is not None and point.fresh.voltage_V <= high else None

    return place, axis


def gap_end(curve: WettingCurve) -> float:
    """Where the lines with solute begin on the axis of compositions, as a share of the figure's width."""
    first, last = composition_axis(curve)[1]["range"]
    return float((_MARGIN + ZERO_DECADES) / (last - first))


_PANELS = {"y": [0.575, 1.0], "y2": [0.385, 0.535], "y3": [0.195, 0.345], "y4": [0.0, 0.15]}
_LEGEND_TITLE = {"text": "click to show or hide", "side": "top", "font": {"size": 11.5, "color": "--muted"}}


def figure_layout(report: WettingReport) -> Figure:
    """Return the layout, with the ranges of the composition axis left to fill in."""
    layout = base_layout()
    axis = layout.pop("yaxis")
    titles = {
        "y": angle_title(report),
        "y2": "W<sub>ad</sub> (J/m²)",
        "y3": "Δγ (J/m²)",
        "y4": "Γ (nm<sup>−2</sup>)",
    }
    for name, domain in _PANELS.items():
        layout["yaxis" + name[1:]] = axis | {"title": {"text": titles[name], "standoff": 8}, "domain": domain}
    layout["yaxis"] |= {"range": [0.0, _top(report)], "tickvals": list(range(0, 181, 30))}
    for name in ("yaxis2", "yaxis4"):
        layout[name] |= {"rangemode": "tozero", "nticks": 4}
    layout["yaxis3"] |= {"nticks": 4}
    layout["xaxis"] |= {
        "anchor": "y4",
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "dot",
        "spikecolor": "--axis",
        "unifiedhovertitle": {"text": " "},
    }
    layout |= {
        "hovermode": "x unified",
        "hoversubplots": "axis",
        # The title makes a row of its own, beside which the tool buttons have room.
        "legend": layout["legend"] | {"y": 1.01, "yanchor": "bottom", "title": _LEGEND_TITLE},
        "margin": layout["margin"] | {"t": 16},
        "shapes": _shapes(report),
        "annotations": _annotations(report),
    }
    return layout


def _top(report: WettingReport) -> float:
    """End of the axis of angles, with room for the note on the reaction."""
    largest = max(drop.theta_high_deg for line in limit_lines(report) for _, drop in line.points)
    return float(min(199.0, max(125.0, largest + (24.0 if reduction_label(report) else 7.0))))


def _shapes(report: WettingReport) -> list[Figure]:
    line = {"color": "--axis", "width": 1.2, "dash": "dash"}
    shapes: list[Figure] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": WETTING_DEG, "y1": WETTING_DEG, "line": line}
    ]
    shaded = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    reach = _saturated(report, "composition")
    if reach is not None:
        shapes.append(shaded | {"x0": reach[0], "x1": reach[1], "fillcolor": "--shade", "line": {"width": 0}})
    reach = _reacting(report, "composition")
    if reach is not None:
        height = _top(report) - 4.0
        bar = {"type": "line", "xref": "x", "yref": "y", "x0": reach[0], "x1": reach[1], "y0": height, "y1": height}
        shapes.append(bar | {"line": {"color": "--reference", "width": 1.6}})
    return shapes


def shape_reaches(report: WettingReport, axis: str) -> list[list[float] | None]:
    """Both ends of every shape on an axis; None for the line across the whole figure."""
    reaches = [reach(report, axis) for reach in (_saturated, _reacting) if reach(report, "composition") is not None]
    return [None, *reaches]


def _saturated(report: WettingReport, axis: str) -> list[float] | None:
    """The saturated part; on the axis of voltages that is the right margin."""
    most = saturation(report.curve)
    if most is None:
        return None
    if axis == "composition":
        return [most, 1.3 * max(point.x for point in report.curve.points)]
    voltage = next(point.fresh.voltage_V for point in report.curve.points if point.fresh.saturated)
    return None if voltage is None else [voltage, voltage - 1.0]


def _reacting(report: WettingReport, axis: str) -> list[float] | None:
    """The part below the reduction onset of the solid."""
    reach = reduction_reach(report)
    if reach is None:
        return None
    if axis == "composition":
        return list(reach)
    voltages = [report.curve.at(x).fresh.voltage_V for x in reach]
    return None if None in voltages else [voltage for voltage in voltages if voltage is not None]


def label_points(report: WettingReport) -> list[WettingPoint | None]:
    """The point each annotation belongs to; None for those at the frame."""
    notes = len(_panel_notes(report)) + bool(reduction_label(report))
    return [None] * notes + [key.point for key, _ in _labelled(report)]


def _annotations(report: WettingReport) -> list[Figure]:
    start = gap_end(report.curve) - 0.008
    notes = [
        {
            "xref": "paper",
            "x": start if side == "left" else 0.995,
            "yref": axis,
            "y": y,
            "text": text,
            "showarrow": False,
            "xanchor": "right",
            "yanchor": "bottom" if above else "top",
            "yshift": 1 if above else -1,
            "font": {"size": 11.5, "color": "--muted"},
        }
        for text, axis, y, side, above in _panel_notes(report)
    ]
    text = reduction_label(report)
    if text:
        notes.append(
            {
                "xref": "paper",
                "x": 0.995,
                "yref": "y",
                "y": _top(report) - 4.0,
                "text": html.escape(text),
                "showarrow": False,
                "xanchor": "right",
                "yanchor": "top",
                "yshift": -1,
                "font": {"size": 11.5, "color": "--reference"},
            }
        )
    return notes + [_key_label(key, one) for key, one in _labelled(report)]


def _panel_notes(report: WettingReport) -> list[tuple[str, str, float, str, bool]]:
    """Text, panel, height, side and whether above the line: the notes beside lines of the first parameter set."""
    first, last = report.curve.points[0].fresh, report.curve.points[-1]
    notes = [
        (DOES_NOT_WET, "y", WETTING_DEG, "left", True),
        ("γ<sub>LV</sub>: 90°", "y2", first.gamma_LV_J_m2, "left", True),
        ("2 γ<sub>LV</sub>: spreads", "y2", 2.0 * first.gamma_LV_J_m2, "left", True),
        ("Δγ<sub>LV</sub>", "y3", last.fresh.gamma_LV_J_m2 - first.gamma_LV_J_m2, "right", True),
        ("Δγ<sub>SL</sub>", "y3", last.fresh.gamma_SL_change_J_m2, "right", False),
        ("under the liquid", "y4", last.fresh.coverage_per_nm2, "right", True),
    ]
    if last.equilibrated is not None:
        dry = last.equilibrated
        notes.append(("Δγ<sub>SV</sub>, dry face", "y3", dry.gamma_SV_change_J_m2, "right", True))
        notes.append(("on the dry face", "y4", dry.dry_coverage_per_nm2, "right", False))
    return notes


def _labelled(report: WettingReport) -> list[tuple[KeyPoint, KeyAngle]]:
    """The points that carry their angle: the pure liquid once, the others in each limit that is known."""
    return [(key, one) for key in key_points(report) for one in key_angles(key) if one.theta_deg is not None]


def _key_label(key: KeyPoint, one: KeyAngle) -> Figure:
    # Away from each other: the fresh one lies lower, and at 0° there is no room below it.
    below = one.limit is Limit.FRESH and one.theta_deg is not None and one.theta_deg > 15.0
    pure = one.limit is None
    return {
        "xref": "x",
        "x": None,
        "yref": "y",
        "y": one.theta_deg,
        "text": f"<b>{one.text}</b> {html.escape(composition(key.x))}",
        "showarrow": False,
        "xanchor": "left" if pure else "right",
        "yanchor": "middle" if pure else "top" if below else "bottom",
        "xshift": 9 if pure else -7,
        "yshift": 0 if pure else -7 if below else 7,
        "font": {"size": 13, "color": "--text" if pure else f"--{one.limit}"},
        "bgcolor": "--label",
        "borderpad": 1,
    }
