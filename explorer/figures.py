"""Figures that only the explorer has, in the form of the report's interactive figures."""

from __future__ import annotations

import html
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ..reports.figures.interactive import Figure, base_layout, hovered, line_trace, segments_trace
from ..reports.wetting.diagram import angle_title, bands, composition_title, limit_lines
from ..reports.wetting.layout import composition_axis
from ..reports.wetting.wording import band, composition
from ..structures.diffraction.patterns import profile

if TYPE_CHECKING:
    from ..reports.wetting.diagram import LimitLine
    from ..reports.wetting.model import WettingReport
    from ..structures.diffraction.patterns import PowderPattern
    from ..thermodynamics.wetting.curve import LimitPoint, WettingPoint

_STEP_DEG = 0.05
_DASHES = {False: "6px,2px", True: "solid"}
"""Of a line by whether it is filled, as in the report."""


def pattern_figure(pattern: PowderPattern) -> Figure:
    """Lines with the strongest at 100, and what a diffractometer makes of them."""
    layout = base_layout()
    low, high = pattern.two_theta_range
    layout["xaxis"] |= {"title": {"text": "2θ (°)"}, "range": [low, high]}
    layout["yaxis"] |= {"title": {"text": "intensity"}, "range": [0, 108]}
    layout["showlegend"] = False
    angles = np.arange(low, high, _STEP_DEG)
    broadened = profile(pattern, angles)
    lines = pattern.relative_lines()
    sticks = [((line.two_theta_deg, 0.0), (line.two_theta_deg, line.intensity)) for line in lines]
    tops = {
        "type": "scatter",
        "mode": "markers",
        "x": [line.two_theta_deg for line in lines],
        "y": [line.intensity for line in lines],
        **hovered(
            [
                f"<b>{html.escape(line.hkl)}</b><br>2θ {line.two_theta_deg:.2f}° · d {line.d:.4f} Å<br>"
                f"{line.intensity:.1f} of 100"
                for line in lines
            ]
        ),
        "marker": {"color": "--stable", "size": 5},
    }
    scaled = 100.0 * broadened / max(float(broadened.max()), 1e-30)
    return {
        "data": [
            line_trace(
                np.round(angles, 3).tolist(), np.round(scaled, 2).tolist(), "--prototype", 1.2, hoverinfo="skip"
            ),
            segments_trace(sticks, "--stable", 1.6),
            tops,
        ],
        "layout": layout,
    }


def angle_figure(report: WettingReport, limits: Collection[str]) -> Figure:
    """Contact angle against composition in some limits of the dry face, with the bands of the report."""
    place, axis = composition_axis(report.curve)
    layout = base_layout()
    layout["xaxis"] |= axis | {"title": {"text": html.escape(composition_title(report))}}
    layout["yaxis"] |= {"title": {"text": html.escape(angle_title(report))}, "range": [0, 180], "dtick": 30}
    lines = [line for line in limit_lines(report) if str(line.limit) in limits]
    traces: list[Figure] = []
    for line in lines:
        for own in bands(report):
            points = [(place(point), own.ends(drop)) for point, drop in line.dissolved]
            xs = [x for x, _ in points if x is not None]
            edge = {"width": 0, "color": f"--{line.limit}"}
            common: Figure = {"type": "scatter", "mode": "lines", "x": xs, "line": edge, "hoverinfo": "skip"}
            common["showlegend"] = False
            traces.append({**common, "y": [ends[0] for _, ends in points]})
            fill = {"fill": "tonexty", "fillcolor": f"--{line.limit}-band"}
            traces.append({**common, **fill, "y": [ends[1] for _, ends in points]})
    for line in lines:
        traces += [_angles(line, report), _without_solute(line, report)]
    return {"data": traces, "layout": layout}


def _angles(line: LimitLine, report: WettingReport) -> Figure:
    place, _ = composition_axis(report.curve)
    trace = line_trace(
        [place(point) for point, _ in line.dissolved],
        [drop.theta_deg for _, drop in line.dissolved],
        f"--{line.limit}",
        3,
        name=html.escape(line.label),
    )
    trace["line"]["dash"] = _DASHES[line.filled]
    return trace | hovered([_hover(point, drop) for point, drop in line.dissolved])


def _without_solute(line: LimitLine, report: WettingReport) -> Figure:
    """The drop of pure liquid, left of the logarithmic axis."""
    place, _ = composition_axis(report.curve)
    point, drop = line.points[0]
    marker = {"color": f"--{line.limit}", "size": 10, "symbol": "circle" if line.filled else "circle-open"}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place(point)],
        "y": [drop.theta_deg],
        "marker": marker,
        "showlegend": False,
        **hovered([_hover(point, drop)]),
    }


def _hover(point: WettingPoint, drop: LimitPoint) -> str:
    voltage = "" if drop.voltage_V is None else f"<br>{drop.voltage_V:.3f} V"
    return f"<b>{drop.theta_deg:.1f}°</b> ({band(drop)})<br>x = {composition(point.x)}{voltage}"
