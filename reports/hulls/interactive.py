"""The interactive hull diagram and voltage staircase as plotly JSON; conventions as in the other figures."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ...thermodynamics.hulls.voltage import VoltageStep
from ..figures.interactive import Figure, base_layout, line_trace
from ..model import SystemReport
from ..notation import MEV, signed, unicode_formula, unicode_space_group
from .diagram import DiagramPoint, DiagramReference, HullDiagram
from .findings import ion_couple

REFERENCE_SYMBOLS = {"checked": "diamond", "derived": "square", "recalled": "diamond-open"}

_POINTS_PER_STEP = 12


def hull_figure(diagram: HullDiagram) -> Figure:
    """Formation energy against composition: tie lines, stable and unstable phases, published values."""
    observed = [point for point in diagram.unstable if point.kind == "library"]
    prototypes = [point for point in diagram.unstable if point.kind != "library"]
    traces = [
        _tie_lines(diagram),
        _markers("prototype, above the hull", prototypes, "--prototype", "circle-open", 8, rank=4),
        _markers("observed, above the hull", observed, "--stable", "circle-open", 10, rank=3),
        *_reference_traces(diagram.references),
        _markers("on the hull", diagram.stable, "--stable", "circle", 12, rank=2),
    ]
    layout = base_layout()
    layout["xaxis"] |= {
        "title": {"text": f"x in {_x_formula(diagram)}"},
        "range": [-0.05, 1.05],
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "ticktext": [diagram.other_element, "0.25", "0.5", "0.75", diagram.x_element],
    }
    layout["yaxis"] |= {"title": {"text": "formation energy (eV/atom)"}, "range": list(diagram.y_range)}
    layout["annotations"] = _stable_labels(diagram) + _above_frame_note(diagram)
    return {"data": [trace for trace in traces if trace is not None], "layout": layout}


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
            line_trace(stairs_x, stairs_y, "--stable", 3, yaxis="y", **_hovered(stairs_hover)),
            line_trace(xs, volumes, "--volume", 2.5, yaxis="y2", **_hovered(hover)),
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


def _x_formula(diagram: HullDiagram) -> str:
    return f"{html.escape(diagram.x_element)}<sub>x</sub>{html.escape(diagram.other_element)}<sub>1−x</sub>"


def _formula(formula: str) -> str:
    return html.escape(unicode_formula(formula))


def _tie_lines(diagram: HullDiagram) -> Figure:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for left, right in diagram.tie_lines:
        xs += [left.x, right.x, None]
        ys += [left.y, right.y, None]
    return line_trace(xs, ys, "--stable", 2, name="convex hull", legendrank=1, hoverinfo="skip")


def _markers(name: str, points: Sequence[DiagramPoint], color: str, symbol: str, size: int, rank: int) -> Figure | None:
    if not points:
        return None
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "legendrank": rank,
        "x": [point.x for point in points],
        "y": [point.y for point in points],
        "text": [_hover(point) for point in points],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": color, "symbol": symbol, "size": size, "line": {"width": 1.6, "color": color}},
    }


def _hover(point: DiagramPoint) -> str:
    distance = "on the hull" if point.stable else f"{point.e_above_hull * MEV:.1f} meV/atom above the hull"
    return (
        f"<b>{_formula(point.formula)}</b> · {html.escape(unicode_space_group(point.space_group))}<br>"
        f"formation {signed(point.y, 4)} eV/atom<br>{distance}<br>"
        f"{html.escape(point.kind)} · {html.escape(_shortened(point.name))}"
    )


def _shortened(name: str, length: int = 44) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"


def _reference_traces(references: Sequence[DiagramReference]) -> list[Figure]:
    traces = []
    for confidence, symbol in REFERENCE_SYMBOLS.items():
        chosen = [ref for ref in references if ref.value.confidence == confidence]
        if not chosen:
            continue
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"published, {confidence}",
                "legendrank": 5,
                "x": [ref.x for ref in chosen],
                "y": [ref.y for ref in chosen],
                "error_y": {
                    "type": "data",
                    "array": [ref.uncertainty or 0.0 for ref in chosen],
                    "color": "--reference",
                    "thickness": 1.5,
                    "width": 5,
                },
                "text": [_reference_hover(ref) for ref in chosen],
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "color": "--reference",
                    "symbol": symbol,
                    "size": 9,
                    "line": {"width": 1.5, "color": "--reference"},
                },
            }
        )
    return traces


def _reference_hover(ref: DiagramReference) -> str:
    spread = "" if ref.uncertainty is None else f" ± {ref.uncertainty:.3f}"
    kind = ref.value.quantity.replace("_", " ")
    return (
        f"<b>{_formula(ref.value.subject)}</b> · published {kind}<br>{signed(ref.y, 3)}{spread} eV/atom "
        f"(against solid elements)<br>{html.escape(_shortened(ref.value.source, 60))}<br>"
        f"confidence: {ref.value.confidence}"
    )


def _stable_labels(diagram: HullDiagram) -> list[Figure]:
    """Labels below the hull, on its outer side, where nothing is ever drawn."""
    lowest = min(diagram.stable, key=lambda point: point.y)
    labels = []
    for point in diagram.stable:
        element = point.x in (0.0, 1.0)
        outer = "left" if point.x > lowest.x else "right"
        labels.append(
            {
                "x": point.x,
                "y": point.y,
                "text": f"<b>{_formula(point.formula)}</b>",
                "showarrow": False,
                "xanchor": "center" if element else outer,
                "yanchor": "bottom" if element else "top",
                "xshift": 0 if element else (7 if outer == "left" else -7),
                "yshift": 9 if element else -3,
                "font": {"color": "--stable", "size": 14},
            }
        )
    return labels


def _above_frame_note(diagram: HullDiagram) -> list[Figure]:
    """In the corner below the hull, which is empty by construction."""
    above = diagram.above_frame
    if not above:
        return []
    highest = max(point.y for point in above)
    count = f"{len(above)} phase{'s' if len(above) > 1 else ''}"
    return [
        {
            "xref": "paper",
            "yref": "paper",
            "x": 0.015,
            "y": 0.01,
            "xanchor": "left",
            "yanchor": "bottom",
            "text": f"{count} higher up, to {signed(highest, 2)} eV/atom",
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


def _hovered(texts: Sequence[str]) -> Figure:
    """What a trace says under the pointer, a text for each point and nothing beside it."""
    return {"text": list(texts), "hovertemplate": "%{text}<extra></extra>"}


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
