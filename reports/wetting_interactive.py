"""The interactive wetting figure as plotly JSON: angle, adhesion, interface energies and coverage on one axis.

Conventions are those of :mod:`amalgamics.reports.interactive`. Every trace, annotation and shape carries its place on
both axes in ``alternatives``: ``composition`` (drawn first) and ``voltage``.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from typing import Any

from ..thermodynamics.wetting_curve import WettingCurve, WettingPoint
from .findings import signed
from .formulas import couple
from .interactive import Figure, _layout
from .wetting_model import WettingReport
from .wetting_numbers import WETTING_DEG, KeyPoint, band, composition, how, key_points, saturation, set_name

MEMBER_COLOURS = ("--member-a", "--member-b", "--member-c", "--member-d", "--member-e")

_PANELS = {"y": [0.575, 1.0], "y2": [0.385, 0.535], "y3": [0.195, 0.345], "y4": [0.0, 0.15]}
_ZERO_DECADES = 0.7
"""How far left of the lowest composition x = 0 is drawn, in decades."""
_ZERO_VOLTAGE_SHARE = 0.1
"""The same on the axis of voltages, as a share of its length."""

Place = Callable[[WettingPoint], float | None]


def wetting_figure(report: WettingReport) -> Figure:
    """Return the figure; angles on top, then W_ad, changes of the interface energies, and coverage."""
    places = {"composition": _by_composition(report.curve), "voltage": _by_voltage(report.curve)}
    traces, points = _traces(report)
    layout = _figure_layout(report)
    alternatives = {}
    for name, (place, axis) in places.items():
        alternatives[name] = {
            "title": axis.pop("title"),
            "range": axis.pop("range"),
            "xaxis": axis,
            "x": [[None if point is None else place(point) for point in own] for own in points],
            "labels": [None if p is None else place(p) for p in _label_points(report)],
            "shapes": [None, _saturated_range(report.curve, name)][: len(layout["shapes"])],
        }
    first = alternatives["composition"]
    for trace, xs in zip(traces, first["x"], strict=True):
        trace["x"] = xs
    layout["xaxis"] |= first["xaxis"] | {"range": first["range"]}
    layout["xaxis"]["title"] = {"text": first["title"], "standoff": 10}
    if any(point.voltage_V is not None for point in report.curve.points):
        alternatives["voltage"]["title"] = f"V vs {couple(report.solute, report.electrons_per_ion)}"
    else:
        del alternatives["voltage"]
    alternatives["composition"]["title"] = layout["xaxis"]["title"]["text"] = (
        f"mole fraction of {html.escape(report.solute)} in liquid {html.escape(report.solvent)}"
    )
    _place_labels(layout, first)
    return {"data": traces, "layout": layout, "alternatives": alternatives}


def _by_composition(curve: WettingCurve) -> tuple[Place, Figure]:
    logs = [math.log10(point.x) for point in curve.points if point.x > 0.0] or [-7.0, -2.0]
    zero = min(logs) - _ZERO_DECADES
    decades = range(math.ceil(min(logs) - 1e-9), math.floor(max(logs)) + 1)
    axis = {
        "type": "log",
        "title": "",
        "range": [zero - 0.25, max(logs) + 0.08],
        "tickvals": [10.0**zero, *(10.0**decade for decade in decades)],
        "ticktext": ["0", *(f"10<sup>{str(decade).replace('-', '−')}</sup>" for decade in decades)],
    }
    return lambda point: point.x if point.x > 0.0 else float(10.0**zero), axis


def _by_voltage(curve: WettingCurve) -> tuple[Place, Figure]:
    """Voltages fall to the right, so that the solute rises as on the other axis; drops without solute lie left."""
    voltages = [point.voltage_V for point in curve.points if point.voltage_V is not None] or [0.0, 1.0]
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
        return point.voltage_V if point.voltage_V is not None and point.voltage_V <= high else None

    return place, axis


def _traces(report: WettingReport) -> tuple[list[Figure], list[list[WettingPoint | None]]]:
    """Traces without x, and the points that each of their values belongs to; None is a gap."""
    curve = report.curve
    gapped = _gapped(curve)
    dissolved = [point for point in curve.points if point.x > 0.0]
    built: list[tuple[Figure, Sequence[WettingPoint | None]]] = [
        (_band_edge([p.theta_low_deg for p in dissolved]), dissolved),
        (_band_edge([p.theta_high_deg for p in dissolved], f"{curve.confidence:.0%} band"), dissolved),
    ]
    for number, seed in enumerate(report.default.seed_curves, start=1):
        own = _gapped(seed)
        trace = _line(f"seed {number}", own, "theta_deg", "y", "--stable", 1.0)
        trace |= {"opacity": 0.45, "hoverinfo": "skip", "showlegend": number == 1, "legendgroup": "seeds"}
        trace["name"] = f"seeds of {html.escape(set_name(report.default.parameters.name))}"
        del trace["text"], trace["hovertemplate"]
        built.append((trace, own))
    for number, member in enumerate(report.members[1:]):
        own = _gapped(member.curve)
        colour = MEMBER_COLOURS[number % len(MEMBER_COLOURS)]
        trace = _line(member.parameters.name, own, "theta_deg", "y", colour, 1.6)
        trace["text"] = [None if p is None else f"{p.theta_deg:.1f}°" for p in own]
        built.append((trace | {"opacity": 0.75}, own))
    main = _line(report.default.parameters.name, gapped, "theta_deg", "y", "--stable", 3.2)
    main["text"] = [None if p is None else _hover(p) for p in gapped]
    built.append((main, gapped))
    built += [(_key_markers(report), [key.point for key in key_points(report)])]
    for name, values, axis, colour, dash in _panels(report):
        trace = _values(name, [None if p is None else values(p) for p in gapped], axis, colour, 2.4, dash)
        built.append((trace, gapped))
    return [trace for trace, _ in built], [list(points) for _, points in built]


def _gapped(curve: WettingCurve) -> list[WettingPoint | None]:
    """The points with a gap after x = 0, which is not on the scale of the others."""
    return [curve.points[0], None, *curve.points[1:]]


def _band_edge(values: list[float], name: str = "") -> Figure:
    trace: Figure = {
        "type": "scatter",
        "mode": "lines",
        "y": values,
        "yaxis": "y",
        "line": {"width": 0, "color": "--stable"},
        "hoverinfo": "skip",
        "showlegend": bool(name),
    }
    if name:
        trace |= {"name": name, "fill": "tonexty", "fillcolor": "--band"}
    return trace


def _line(
    name: str, points: Sequence[WettingPoint | None], column: str, axis: str, colour: str, width: float
) -> Figure:
    return _values(
        html.escape(set_name(name)), [None if p is None else getattr(p, column) for p in points], axis, colour, width
    )


def _values(name: str, values: list[float | None], axis: str, colour: str, width: float, dash: str = "solid") -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "showlegend": axis == "y",
        "y": values,
        "yaxis": axis,
        "text": [None if value is None else signed(value, 4).removeprefix("+") for value in values],
        "hovertemplate": "%{text}",
        "line": {"color": colour, "width": width, "dash": dash},
        # Only x = 0, the first value, stands alone and needs a marker.
        "marker": {"color": colour, "size": [7] + [0] * (len(values) - 1), "line": {"width": 0}},
    }


def _key_markers(report: WettingReport) -> Figure:
    keys = [key.point for key in key_points(report)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "compositions drawn as drops",
        "y": [point.theta_deg for point in keys],
        "yaxis": "y",
        "showlegend": False,
        # The band has no width at x = 0, a single composition.
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [point.theta_high_deg - point.theta_deg if point.x == 0.0 else 0.0 for point in keys],
            "arrayminus": [point.theta_deg - point.theta_low_deg if point.x == 0.0 else 0.0 for point in keys],
            "color": "--stable",
            "thickness": 1.4,
            "width": 0,
        },
        "hoverinfo": "skip",
        "marker": {"color": "--stable", "size": 11, "line": {"width": 2, "color": "--card"}},
    }


def _panels(report: WettingReport) -> list[tuple[str, Callable[[WettingPoint], float], str, str, str]]:
    start = report.curve.points[0].gamma_LV_J_m2
    return [
        ("W<sub>ad</sub>", lambda p: p.work_of_adhesion_J_m2, "y2", "--stable", "solid"),
        ("γ<sub>LV</sub>", lambda p: p.gamma_LV_J_m2, "y2", "--volume", "dash"),
        ("2 γ<sub>LV</sub>", lambda p: 2.0 * p.gamma_LV_J_m2, "y2", "--volume", "dot"),
        ("Δγ<sub>SL</sub>", lambda p: p.gamma_SL_change_J_m2, "y3", "--solute", "solid"),
        ("Δγ<sub>LV</sub>", lambda p: p.gamma_LV_J_m2 - start, "y3", "--volume", "dash"),
        (f"{html.escape(report.solute)} per nm<sup>2</sup>", lambda p: p.coverage_per_nm2, "y4", "--solute", "solid"),
    ]


def _hover(point: WettingPoint) -> str:
    voltage = "" if point.voltage_V is None else f" · {point.voltage_V:.3f} V"
    return f"<b>{point.theta_deg:.1f}°</b> ({band(point)}) · x = {composition(point.x)}{voltage}"


def _figure_layout(report: WettingReport) -> Figure:
    layout = _layout()
    axis = layout.pop("yaxis")
    largest = max(point.theta_high_deg for point in report.curve.points)
    titles = {
        "y": f"θ (°), {how(report)}",
        "y2": "W<sub>ad</sub> (J/m²)",
        "y3": "Δγ (J/m²)",
        "y4": "Γ (nm<sup>−2</sup>)",
    }
    for name, domain in _PANELS.items():
        own = axis | {"title": {"text": titles[name], "standoff": 8}, "domain": domain}
        layout["yaxis" + name[1:]] = own
    layout["yaxis"] |= {"range": [0.0, min(182.0, max(125.0, 1.06 * largest))], "dtick": 30}
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
        "legend": layout["legend"] | {"y": 1.01, "yanchor": "bottom"},
        "margin": layout["margin"] | {"t": 16},
        "shapes": _shapes(report.curve),
        "annotations": _annotations(report),
    }
    return layout


def _shapes(curve: WettingCurve) -> list[Figure]:
    line = {"color": "--axis", "width": 1.2, "dash": "dash"}
    shapes = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": WETTING_DEG, "y1": WETTING_DEG, "line": line}]
    reach = _saturated_range(curve, "composition")
    if reach is not None:
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": reach[0],
                "x1": reach[1],
                "y0": 0,
                "y1": 1,
                "layer": "below",
                "fillcolor": "--shade",
                "line": {"width": 0},
            }
        )
    return shapes


def _saturated_range(curve: WettingCurve, axis: str) -> list[float] | None:
    """Both ends of the saturated part; on the axis of voltages that is the right margin."""
    limit = saturation(curve)
    if limit is None:
        return None
    if axis == "composition":
        return [limit, 1.3 * max(point.x for point in curve.points)]
    voltage = next(point.voltage_V for point in curve.points if point.saturated)
    return None if voltage is None else [voltage, voltage - 1.0]


def _label_points(report: WettingReport) -> list[WettingPoint | None]:
    """The point each annotation belongs to; None for those at the frame."""
    return [None] * len(_panel_notes(report)) + [key.point for key in key_points(report)]


def _panel_notes(report: WettingReport) -> list[tuple[str, str, float, str]]:
    """Text, panel, height and side of the notes beside lines; they follow from the default parameter set."""
    first, last = report.curve.points[0], report.curve.points[-1]
    return [
        ("does not wet ↑", "y", WETTING_DEG, "left"),
        ("γ<sub>LV</sub>: 90°", "y2", first.gamma_LV_J_m2, "left"),
        ("2 γ<sub>LV</sub>: spreads", "y2", 2.0 * first.gamma_LV_J_m2, "left"),
        ("Δγ<sub>SL</sub>", "y3", last.gamma_SL_change_J_m2, "right"),
        ("Δγ<sub>LV</sub>", "y3", last.gamma_LV_J_m2 - first.gamma_LV_J_m2, "right"),
    ]


def _annotations(report: WettingReport) -> list[Figure]:
    notes = [
        {
            "xref": "paper",
            "x": 0.115 if side == "left" else 0.995,
            "yref": axis,
            "y": y,
            "text": text,
            "showarrow": False,
            "xanchor": side,
            "yanchor": "bottom",
            "yshift": 1,
            "font": {"size": 11.5, "color": "--muted"},
        }
        for text, axis, y, side in _panel_notes(report)
    ]
    return notes + [_key_label(key) for key in key_points(report)]


def _key_label(key: KeyPoint) -> Figure:
    pure = key.x == 0.0
    return {
        "xref": "x",
        "x": None,
        "yref": "y",
        "y": key.point.theta_deg,
        "text": f"<b>{key.point.theta_deg:.0f}°</b> {html.escape(composition(key.x))}",
        "showarrow": False,
        "xanchor": "left" if pure else "right",
        "yanchor": "middle" if pure else "bottom",
        "xshift": 9 if pure else -7,
        "yshift": 0 if pure else 8,
        "font": {"size": 13, "color": "--stable"},
        "bgcolor": "--label",
        "borderpad": 1,
    }


def _place_labels(layout: Figure, axis: Any) -> None:
    """Annotations on a log axis of plotly are placed by the logarithm; shapes are not."""
    axis["labels"] = [None if x is None else math.log10(x) for x in axis["labels"]]
    for label, x in zip(layout["annotations"], axis["labels"], strict=True):
        if x is not None:
            label["x"] = x
