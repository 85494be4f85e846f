"""The interactive hull diagram and voltage staircase as plotly JSON; conventions as in the other figures."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ...thermodynamics.hulls.voltage import VoltageStep
from ..figures.interactive import Figure, base_layout, hovered, line_trace, segments_trace
from ..model import SystemReport
from ..notation import MEV, html_text, signed, unicode_formula, unicode_space_group
from .diagram import ENERGY_TITLE, DiagramPoint, DiagramReference, HullDiagram, Series
from .findings import ion_couple

_SIZES = {1: 12, 2: 10, 3: 8, 4: 9}
"""Diameter of the markers in pixels by the rank of their series."""

_POINTS_PER_STEP = 12


def hull_figure(diagram: HullDiagram) -> Figure:
    """Formation energy against composition: tie lines, stable and unstable phases, published values."""
    layout = composition_layout(diagram, diagram.y_range)
    layout["annotations"] = _stable_labels(diagram) + _above_frame_note(diagram)
    traces = [
        _tie_lines(diagram),
        *(_phases(series) for series in diagram.above_hull),
        *(_published(series) for series in diagram.published),
        _phases(diagram.on_hull),
    ]
    return {"data": traces, "layout": layout}


def composition_layout(diagram: HullDiagram, y_range: tuple[float, float]) -> Figure:
    """Return a layout with formation energies in a range over the compositions of a system."""
    layout = base_layout()
    layout["xaxis"] |= {
        "title": {"text": html_text(diagram.x_title)},
        "range": [-0.05, 1.05],
        "tickvals": [place for place, _ in diagram.x_ticks],
        "ticktext": [text for _, text in diagram.x_ticks],
    }
    layout["yaxis"] |= {"title": {"text": ENERGY_TITLE}, "range": list(y_range)}
    return layout


def voltage_figure(system: SystemReport) -> Figure | None:
    """Voltage staircase over relative volume, on two exchangeable capacity axes; None without steps.

    Every trace and annotation carries its place on both axes in ``alternatives``: ``host`` (per gram of host, the one
    drawn first) and ``alloy`` (per gram of alloy).
    """
    profile = system.voltage
    if profile is None or not profile.steps:
        return None
    steps = profile.steps
    xs, volumes, hover = _volume_line(steps)
    stairs_x, stairs_y, stairs_hover = _staircase(steps)
    layout = base_layout()
    layout["yaxis"] |= {
        "title": {"text": f"V vs {ion_couple(system)}"},
        "domain": [0.42, 1.0],
        "range": [min(0.0, 1.1 * min(step.voltage_V for step in steps)), 1.22 * max(s.voltage_V for s in steps)],
    }
    layout["yaxis2"] = layout["yaxis"] | {
        "title": {"text": "volume change (%)"},
        "domain": [0.0, 0.30],
        "range": None,
        "autorange": True,
        "rangemode": "tozero",
    }
    layout["xaxis"] |= {"anchor": "y2"}
    layout["showlegend"] = False
    labels_x = [0.0, *(step.cumulative_mAh_per_g for step in steps[:-1])]
    layout["annotations"] = [_plateau_label(step, x) for step, x in zip(steps, labels_x, strict=True)]
    return {
        "data": [
            line_trace(stairs_x, stairs_y, "--stable", 3, yaxis="y", **hovered(stairs_hover)),
            line_trace(xs, volumes, "--volume", 2.5, yaxis="y2", **hovered(hover)),
        ],
        "layout": layout,
        "alternatives": {
            "host": _capacity_axis(f"capacity (mAh per g {html.escape(profile.host)})", [stairs_x, xs], labels_x),
            "alloy": _capacity_axis(
                "capacity (mAh per g alloy)",
                [[per_alloy(x, steps) for x in values] for values in (stairs_x, xs)],
                [per_alloy(x, steps) for x in labels_x],
            ),
        },
    }


def _capacity_axis(title: str, xs: list[list[float]], labels: list[float]) -> Figure:
    return {"title": title, "x": xs, "labels": labels, "range": [0.0, 1.02 * max(xs[0])]}


def per_alloy(capacity_mAh_per_g: float, steps: Sequence[VoltageStep]) -> float:
    """Convert a capacity per gram of host into one per gram of the alloy formed at that point.

    The mass of alloy per gram of host grows linearly with the charge passed; its slope follows from any step.
    """
    last = steps[-1]
    slope = (last.cumulative_mAh_per_g / last.cumulative_mAh_per_g_alloy - 1.0) / last.cumulative_mAh_per_g
    return capacity_mAh_per_g / (1.0 + slope * capacity_mAh_per_g)


def _formula(formula: str) -> str:
    return html.escape(unicode_formula(formula))


def _tie_lines(diagram: HullDiagram) -> Figure:
    pairs = [((left.x, left.y), (right.x, right.y)) for left, right in diagram.tie_lines]
    return segments_trace(pairs, "--stable", 2, name="convex hull", legendrank=1)


def _phases(series: Series[DiagramPoint]) -> Figure:
    trace = _markers(series, [_hover(point) for point in series.points], width=1.6)
    return trace | {"customdata": [point.row_id for point in series.points]}  # which row a click on a point is for


def _published(series: Series[DiagramReference]) -> Figure:
    spread = {
        "type": "data",
        "array": [ref.uncertainty or 0.0 for ref in series.points],
        "color": f"--{series.meaning}",
        "thickness": 1.5,
        "width": 5,
    }
    return _markers(series, [_reference_hover(ref) for ref in series.points], width=1.5) | {"error_y": spread}


def _markers(series: Series[DiagramPoint] | Series[DiagramReference], hover: list[str], width: float) -> Figure:
    color = f"--{series.meaning}"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": series.label,
        "legendrank": series.rank + 1,  # the tie lines come first
        "x": [point.x for point in series.points],
        "y": [point.y for point in series.points],
        **hovered(hover),
        "marker": {
            "color": color,
            "symbol": series.shape + ("" if series.filled else "-open"),
            "size": _SIZES[series.rank],
            "line": {"width": width, "color": color},
        },
    }


def distance_text(e_above_hull: float, *, stable: bool) -> str:
    """Return where a phase stands relative to the hull (eV/atom) in words."""
    return "on the hull" if stable else f"{e_above_hull * MEV:.1f} meV/atom above the hull"


def _hover(point: DiagramPoint) -> str:
    distance = distance_text(point.e_above_hull, stable=point.stable)
    return (
        f"<b>{_formula(point.formula)}</b> · {html.escape(unicode_space_group(point.space_group))}<br>"
        f"formation {signed(point.y, 4)} eV/atom<br>{distance}<br>"
        f"{html.escape(point.kind)} · {html.escape(_shortened(point.name))}"
    )


def _shortened(name: str, length: int = 44) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"


def _reference_hover(ref: DiagramReference) -> str:
    spread = "" if ref.uncertainty is None else f" ± {ref.uncertainty:.3f}"
    kind = ref.value.quantity.replace("_", " ")
    return (
        f"<b>{_formula(ref.value.subject)}</b> · published {kind}<br>{signed(ref.y, 3)}{spread} eV/atom "
        f"(against solid elements)<br>{html.escape(_shortened(ref.value.source, 60))}<br>"
        f"confidence: {ref.value.confidence}"
    )


def _stable_labels(diagram: HullDiagram) -> list[Figure]:
    return [
        {
            "x": point.x,
            "y": point.y,
            "text": f"<b>{_formula(point.formula)}</b>",
            "showarrow": False,
            "xanchor": {"end": "center", "right": "left", "left": "right"}[side],
            "yanchor": "bottom" if side == "end" else "top",
            "xshift": {"end": 0, "right": 7, "left": -7}[side],
            "yshift": 9 if side == "end" else -3,
            "font": {"color": "--stable", "size": 14},
        }
        for point, side in diagram.stable_labels
    ]


def _above_frame_note(diagram: HullDiagram) -> list[Figure]:
    """In the corner below the hull, which is empty by construction."""
    if not diagram.above_frame_note:
        return []
    return [
        {
            "xref": "paper",
            "yref": "paper",
            "x": 0.015,
            "y": 0.01,
            "xanchor": "left",
            "yanchor": "bottom",
            "text": diagram.above_frame_note,
            "showarrow": False,
            "font": {"size": 12, "color": "--muted"},
        }
    ]


def _staircase(steps: Sequence[VoltageStep]) -> tuple[list[float], list[float], list[str]]:
    xs, ys, hover = [], [], []
    start = 0.0
    for step in steps:
        xs += [start, step.cumulative_mAh_per_g]
        ys += [step.voltage_V, step.voltage_V]
        text = (
            f"<b>{_formula(step.from_formula)} → {_formula(step.to_formula)}</b><br>{step.voltage_V:.3f} V<br>"
            f"{step.capacity_mAh_per_g:.1f} mAh/g in this step"
        )
        hover += [text, text]
        start = step.cumulative_mAh_per_g
    # Beyond the last compound the pure metal plates at 0 V.
    return [*xs, start], [*ys, 0.0], [*hover, "metal plates at 0 V"]


def _volume_line(steps: Sequence[VoltageStep]) -> tuple[list[float], list[float], list[str]]:
    """Relative volume per host atom: linear within a two-phase step, so sampled only for the curved alloy axis."""
    bare = steps[0].volume_from
    xs, ys, hover = [], [], []
    start = 0.0
    for step in steps:
        for i in range(_POINTS_PER_STEP + 1):
            share = i / _POINTS_PER_STEP
            volume = step.volume_from + share * (step.volume_to - step.volume_from)
            change = 100.0 * (volume / bare - 1.0)
            xs.append(start + share * step.capacity_mAh_per_g)
            ys.append(change)
            hover.append(f"<b>{signed(change, 1)} %</b><br>{volume:.2f} Å³ per host atom")
        start = step.cumulative_mAh_per_g
    return xs, ys, hover


def _plateau_label(step: VoltageStep, x: float) -> Figure:
    return {
        "x": x,
        "y": step.voltage_V,
        "text": f"<b>{step.voltage_V:.2f} V</b>  {_formula(step.from_formula)} → {_formula(step.to_formula)}",
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": 4,
        "yshift": 2,
        "font": {"size": 12},
    }
