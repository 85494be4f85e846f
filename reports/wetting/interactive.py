"""The interactive wetting figure as plotly JSON: angles in both limits, adhesion, interface energies and coverage.

Conventions are those of :mod:`amalgamics.reports.hulls.interactive`. Every trace, annotation and shape carries its
place on both axes in ``alternatives``: ``composition`` (drawn first) and ``voltage``.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...thermodynamics.wetting.curve import Limit, LimitPoint, WettingPoint
from ..figures.interactive import Figure
from ..notation import couple, signed
from .diagram import Band, LimitLine, bands, composition_title, finite_drop_label, limit_lines, other_members
from .layout import composition_axis, figure_layout, label_points, shape_reaches, voltage_axis
from .model import WettingReport
from .wording import angle, band, composition, has_both_limits, key_points, set_name

_DASHES = {False: "6px,2px", True: "solid"}
"""Of a line by whether it is filled."""
_SET_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_LEGEND_ONLY = "legendonly"


@dataclass(frozen=True)
class _Trace:
    """A trace without x, and the points that each of its values belongs to; None is a gap."""

    figure: Figure
    points: Sequence[WettingPoint | None]


def wetting_figure(report: WettingReport) -> Figure:
    """Return the figure; angles on top, then W_ad, changes of the interface energies, and coverage."""
    places = {"composition": composition_axis(report.curve), "voltage": voltage_axis(report.curve)}
    traces = _traces(report)
    layout = figure_layout(report)
    alternatives = {}
    for name, (place, axis) in places.items():
        alternatives[name] = {
            "title": axis.pop("title"),
            "range": axis.pop("range"),
            "xaxis": axis,
            "x": [[None if point is None else place(point) for point in trace.points] for trace in traces],
            "labels": [None if p is None else place(p) for p in label_points(report)],
            "shapes": shape_reaches(report, name),
        }
    first = alternatives["composition"]
    for trace, xs in zip(traces, first["x"], strict=True):
        trace.figure["x"] = xs
    layout["xaxis"] |= first["xaxis"] | {"range": first["range"]}
    layout["xaxis"]["title"] = {"text": first["title"], "standoff": 10}
    if any(point.fresh.voltage_V is not None for point in report.curve.points):
        alternatives["voltage"]["title"] = f"V vs {couple(report.solute, report.electrons_per_ion)}"
    else:
        del alternatives["voltage"]
    alternatives["composition"]["title"] = layout["xaxis"]["title"]["text"] = html.escape(composition_title(report))
    _place_labels(layout, first)
    return {"data": [trace.figure for trace in traces], "layout": layout, "alternatives": alternatives}


def _traces(report: WettingReport) -> list[_Trace]:
    lines = limit_lines(report)
    built: list[_Trace] = []
    for line in lines:
        for own in bands(report):
            built += _band(line, own, named=line is lines[0])
    built += _seeds(report)
    built += _other_sets(report)
    built += _other_faces(report)
    if report.finite_drop is not None:
        built += _thin(
            finite_drop_label(report), limit_lines(report, report.finite_drop.curve), "dot", shown=True, width=2.0
        )
    for line in lines:
        values = [None if drop is None else drop.theta_deg for _, drop in _gapped(line)]
        trace = _values(line.label, values, "y", f"--{line.limit}", 3.2, _DASHES[line.filled])
        trace["text"] = [None if drop is None else _hover(drop, point) for point, drop in _gapped(line)]
        trace |= {"cliponaxis": False, "legendrank": 1}
        built.append(_Trace(trace, _places(line)))
    built += [_key_markers(report, line) for line in lines]
    built.append(_pure_marker(report))
    return built + _panels(report)


def _gapped(line: LimitLine) -> list[tuple[WettingPoint | None, LimitPoint | None]]:
    """The points with a gap after x = 0, which is not on the scale of the others."""
    return [line.points[0], (None, None), *line.points[1:]]


def _places(line: LimitLine) -> list[WettingPoint | None]:
    return [point for point, _ in _gapped(line)]


def _band(line: LimitLine, own: Band, *, named: bool) -> list[_Trace]:
    """Two traces without a line, the second filled down to the first; the legend names both limits' bands once."""
    pairs = [own.ends(drop) for _, drop in line.dissolved]
    points = [point for point, _ in line.dissolved]
    edges = []
    for end, fill in ((0, False), (1, True)):
        trace: Figure = {
            "type": "scatter",
            "mode": "lines",
            "y": [pair[end] for pair in pairs],
            "yaxis": "y",
            "line": {"width": 0, "color": f"--{line.limit}"},
            "hoverinfo": "skip",
            "showlegend": fill and named,
            "legendgroup": html.escape(own.label),
        }
        if fill:
            trace |= {"name": html.escape(own.label), "fill": "tonexty", "fillcolor": f"--{line.limit}-band"}
        edges.append(_Trace(trace, points))
    return edges


def _seeds(report: WettingReport) -> list[_Trace]:
    """The films of the first set, hidden until they are asked for in the legend."""
    built: list[_Trace] = []
    for number, seed in enumerate(report.default.seed_curves):
        for line in limit_lines(report, seed):
            values = [None if drop is None else drop.theta_deg for _, drop in _gapped(line)]
            trace = _values(f"films of {report.default.potential}", values, "y", f"--{line.limit}", 1.0)
            trace |= {"hoverinfo": "skip", "opacity": 0.6, "legendgroup": "seeds", "visible": _LEGEND_ONLY}
            trace["showlegend"] = number == 0 and not any(one.figure["showlegend"] for one in built)
            del trace["text"], trace["hovertemplate"]
            built.append(_Trace(trace, _places(line)))
    return built


def _other_sets(report: WettingReport) -> list[_Trace]:
    """The other parameter sets of the face, thin; the upper line says both angles, so that they stand together."""
    built = []
    for number, (member, lines) in enumerate(other_members(report)):
        dash = _SET_DASHES[number % len(_SET_DASHES)]
        built += _thin(member.parameters.name, lines, dash, shown=True)
    return built


def _other_faces(report: WettingReport) -> list[_Trace]:
    """The first set of each other termination, hidden until it is asked for in the legend."""
    built = []
    for face in report.faces[1:]:
        built += _thin(face.members[0].parameters.name, limit_lines(report, face.curve), "solid", shown=False)
    return built


def _thin(name: str, lines: Sequence[LimitLine], dash: str, *, shown: bool, width: float = 1.3) -> list[_Trace]:
    """One set in the colours of the limits and a dash of its own."""
    built = []
    for number, line in enumerate(lines):
        values = [None if drop is None else drop.theta_deg for _, drop in _gapped(line)]
        trace = _values(name, values, "y", f"--{line.limit}", width, dash)
        trace["marker"]["color"] = "--muted"  # without solute both limits are one
        trace |= {"opacity": 0.85, "legendgroup": html.escape(name), "showlegend": number == 0}
        if number == 0:
            trace["text"] = [None if point is None else _both(point) for point in _places(line)]
        else:
            trace["hoverinfo"] = "skip"
            del trace["text"], trace["hovertemplate"]
        if not shown:
            trace["visible"] = _LEGEND_ONLY
        built.append(_Trace(trace, _places(line)))
    return built


def _both(point: WettingPoint) -> str:
    fresh = f"{angle(point.fresh.theta_deg)} fresh"
    return fresh if point.equilibrated is None else f"{angle(point.equilibrated.theta_deg)} equilibrated, {fresh}"


def _values(
    name: str, values: Sequence[float | None], axis: str, colour: str, width: float, dash: str = "solid"
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": html.escape(set_name(name)),
        "showlegend": axis == "y",
        "y": list(values),
        "yaxis": axis,
        "text": [None if value is None else signed(value, 4).removeprefix("+") for value in values],
        "hovertemplate": "%{text}",
        "line": {"color": colour, "width": width, "dash": dash},
        # Only x = 0, the first value, stands alone and needs a marker.
        "marker": {"color": colour, "size": [7] + [0] * (len(values) - 1), "line": {"width": 0}},
    }


def _key_markers(report: WettingReport, line: LimitLine) -> _Trace:
    """Compositions drawn as drops: filled where equilibrated, open where fresh, as the drops are."""
    points = [key.point for key in key_points(report) if key.x > 0.0]
    colour = f"--{line.limit}"
    drops = [drop for point in points if (drop := point.of(line.limit)) is not None]
    marker: Figure = {"color": colour, "size": 11, "line": {"width": 2, "color": "--card"}}
    if not line.filled:
        marker = {"color": "--card", "size": 8, "line": {"width": 2.4, "color": colour}}
    return _Trace(_markers([drop.theta_deg for drop in drops], marker), points)


def _pure_marker(report: WettingReport) -> _Trace:
    """The pure liquid, where both limits are one, with its bands as bars."""
    point = report.curve.points[0]
    drop = point.fresh
    trace = _markers([drop.theta_deg], {"color": "--text", "size": 11, "line": {"width": 2, "color": "--card"}})
    trace["error_y"] = {
        "type": "data",
        "symmetric": False,
        "array": [drop.theta_high_deg - drop.theta_deg],
        "arrayminus": [drop.theta_deg - drop.theta_low_deg],
        "color": "--muted",
        "thickness": 1.6,
        "width": 5,
    }
    return _Trace(trace, [point])


def _markers(values: list[float], marker: Figure) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "compositions drawn as drops",
        "y": values,
        "yaxis": "y",
        "showlegend": False,
        "hoverinfo": "skip",
        "cliponaxis": False,
        "marker": marker,
    }


Value = Callable[[WettingPoint], float | None]


def _panels(report: WettingReport) -> list[_Trace]:
    """W_ad, changes of the three interface energies, and both coverages of the first set."""
    start, solute = report.curve.points[0].fresh.gamma_LV_J_m2, html.escape(report.solute)
    fresh, dry = f"--{Limit.FRESH}", f"--{Limit.EQUILIBRATED}"
    rows: list[tuple[str, Value, str, str, str]] = [
        ("W<sub>ad</sub> equilibrated", _dry("work_of_adhesion_J_m2"), "y2", dry, "solid"),
        ("W<sub>ad</sub> fresh", lambda p: p.fresh.work_of_adhesion_J_m2, "y2", fresh, _DASHES[False]),
        ("γ<sub>LV</sub>", lambda p: p.fresh.gamma_LV_J_m2, "y2", "--volume", "dash"),
        ("2 γ<sub>LV</sub>", lambda p: 2.0 * p.fresh.gamma_LV_J_m2, "y2", "--volume", "dot"),
        ("Δγ<sub>SL</sub>", lambda p: p.fresh.gamma_SL_change_J_m2, "y3", "--solute", "solid"),
        ("Δγ<sub>SV</sub> of the dry face", _dry("gamma_SV_change_J_m2"), "y3", dry, "solid"),
        ("Δγ<sub>LV</sub>", lambda p: p.fresh.gamma_LV_J_m2 - start, "y3", "--volume", "dash"),
        (f"{solute} nm<sup>−2</sup> under the liquid", lambda p: p.fresh.coverage_per_nm2, "y4", "--solute", "solid"),
        (f"{solute} nm<sup>−2</sup> on the dry face", _dry("dry_coverage_per_nm2"), "y4", dry, "solid"),
    ]
    if not has_both_limits(report):
        rows = [row for row in rows if row[3] != dry]
    gapped = [report.curve.points[0], None, *report.curve.points[1:]]
    built = []
    for name, value, axis, colour, dash in rows:
        trace = _values("", [None if p is None else value(p) for p in gapped], axis, colour, 2.4, dash)
        built.append(_Trace(trace | {"name": name}, gapped))
    return built


def _dry(name: str) -> Value:
    """One number of the equilibrated limit."""
    return lambda point: None if point.equilibrated is None else float(getattr(point.equilibrated, name))


def _hover(drop: LimitPoint, point: WettingPoint | None) -> str:
    x = 0.0 if point is None else point.x
    voltage = "" if drop.voltage_V is None else f" · {drop.voltage_V:.3f} V"
    return f"<b>{drop.theta_deg:.1f}°</b> ({band(drop)}) · x = {composition(x)}{voltage}"


def _place_labels(layout: Figure, axis: Any) -> None:
    """Annotations on a log axis of plotly are placed by the logarithm; shapes are not."""
    axis["labels"] = [None if x is None else math.log10(x) for x in axis["labels"]]
    for label, x in zip(layout["annotations"], axis["labels"], strict=True):
        if x is not None:
            label["x"] = x
