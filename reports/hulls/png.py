"""Convex hulls as PNG: one panel for each system, and many small ones on one energy scale."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ..figures.label_placement import Label, place_labels
from ..figures.style import DPI, MUTED, PROTOTYPE, REFERENCE, STABLE, STYLE, draw_png
from ..flags.survey import hg_last
from ..notation import MEV, mathtext_formula, signed, system_title
from .diagram import DiagramPoint, HullDiagram, label_candidates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

PANEL_INCHES = (7.0, 5.0)
OVERVIEW_COLUMNS = 3
OVERVIEW_PANEL_INCHES = (3.6, 2.7)
LEGEND_INCHES = 0.5
_HEADROOM = 0.08
"""Energy (eV/atom) above the elements that is drawn: enough to see what just fails to form."""
_REFERENCE_MARKERS: dict[str, dict[str, Any]] = {
    "checked": {"marker": "D", "markerfacecolor": REFERENCE},
    "derived": {"marker": "s", "markerfacecolor": REFERENCE},
    "recalled": {"marker": "D", "markerfacecolor": "white"},
}


def hull_png(diagrams: Sequence[HullDiagram], subtitle: str) -> bytes:
    """Draw the diagrams side by side, two in a row, and return the PNG.

    Parameters
    ----------
    diagrams
        At least one.
    subtitle
        Written after the system in each panel's title, e.g. the potential.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    columns = min(2, len(diagrams))
    rows = math.ceil(len(diagrams) / columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows), dpi=DPI)
        figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, wspace=0.04, hspace=0.04))
        canvas = FigureCanvasAgg(figure)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, diagram in zip(panels, diagrams, strict=False):
            _draw(axes, diagram, subtitle)
        for axes in panels[len(diagrams) :]:
            axes.set_axis_off()
        canvas.draw()  # settles the layout; labels are placed in pixels
        figure.set_layout_engine("none")
        for axes, diagram in zip(panels, diagrams, strict=False):
            _label(axes, canvas.get_renderer(), diagram)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes: Axes, diagram: HullDiagram, subtitle: str) -> None:
    for left, right in diagram.tie_lines:
        axes.plot([left.x, right.x], [left.y, right.y], color=STABLE, lw=1.8, zorder=2, solid_capstyle="round")
    for point in _visible_unstable(diagram):
        axes.plot([point.x] * 2, [point.y - point.e_above_hull, point.y], color="#d9dee4", lw=0.9, zorder=1)
    observed = [point for point in _visible_unstable(diagram) if point.kind == "library"]
    prototypes = [point for point in _visible_unstable(diagram) if point.kind != "library"]
    _scatter(axes, prototypes, "prototype, above the hull", s=30, facecolors="white", edgecolors=PROTOTYPE, zorder=3)
    _scatter(axes, observed, "observed, above the hull", s=46, facecolors="white", edgecolors=STABLE, zorder=4)
    _scatter(axes, diagram.stable, "on the hull", s=62, facecolors=STABLE, edgecolors="white", zorder=5)
    _draw_references(axes, diagram)
    axes.set_xlim(-0.04, 1.04)
    axes.set_ylim(*diagram.y_range)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], [diagram.other_element, "0.25", "0.5", "0.75", diagram.x_element])
    axes.set_xlabel(f"x in {diagram.x_element}$_{{x}}${diagram.other_element}$_{{1{{-}}x}}$")
    axes.set_ylabel("formation energy (eV/atom)")
    axes.spines[["top", "right"]].set_visible(False)
    temperature = f"{diagram.temperature_K:g} K"
    axes.set_title(system_title(diagram.system), loc="left", fontweight="bold", fontsize=13)
    axes.set_title(f"{subtitle.replace('$', chr(92) + '$')} · {temperature}", loc="right", fontsize=10, color=MUTED)
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=3,
        frameon=False,
        fontsize=9,
        handletextpad=0.3,
        columnspacing=1.4,
    )


def _scatter(axes: Axes, points: Sequence[DiagramPoint], label: str, **style: Any) -> None:
    if points:
        axes.scatter([p.x for p in points], [p.y for p in points], label=label, linewidths=1.3, **style)


def _draw_references(axes: Axes, diagram: HullDiagram) -> None:
    for confidence, marker in _REFERENCE_MARKERS.items():
        chosen = [ref for ref in diagram.references if ref.value.confidence == confidence]
        if chosen:
            axes.errorbar(
                [ref.x for ref in chosen],
                [ref.y for ref in chosen],
                yerr=[ref.uncertainty or 0.0 for ref in chosen],
                linestyle="none",
                color=REFERENCE,
                markersize=5,
                markeredgewidth=1.2,
                elinewidth=1.2,
                capsize=3,
                zorder=4.5,
                label=f"published, {confidence}",
                **marker,
            )


def _visible_unstable(diagram: HullDiagram) -> list[DiagramPoint]:
    return [point for point in diagram.unstable if point.y <= diagram.y_range[1]]


def _label(axes: Axes, renderer: RendererBase, diagram: HullDiagram) -> None:
    visible = [*diagram.stable, *_visible_unstable(diagram)]
    points = [(point.x, point.y) for point in visible] + [(ref.x, ref.y) for ref in diagram.references]
    segments = [((a.x, a.y), (b.x, b.y)) for a, b in diagram.tie_lines]
    segments += [
        ((ref.x, ref.y - (ref.uncertainty or 0.0)), (ref.x, ref.y + (ref.uncertainty or 0.0)))
        for ref in diagram.references
    ]
    segments += [((p.x, p.y - p.e_above_hull), (p.x, p.y)) for p in _visible_unstable(diagram)]
    place_labels(axes, renderer, [*_stable_labels(diagram), *_unstable_labels(diagram)], points, segments)
    # The corner below the hull is empty by construction.
    axes.text(0.015, 0.02, "\n".join(_notes(diagram)), transform=axes.transAxes, va="bottom", fontsize=8, color=MUTED)


def _notes(diagram: HullDiagram) -> list[str]:
    notes = []
    if diagram.unstable:
        notes.append("+n: meV/atom above the hull")
    if diagram.above_frame:
        highest = max(point.y for point in diagram.above_frame)
        noun = "phase" if len(diagram.above_frame) == 1 else "phases"
        notes.append(f"{len(diagram.above_frame)} {noun} higher up, to {signed(highest, 2)} eV/atom")
    if diagram.references:
        notes.append("published values: against solid Hg, drawn beside their composition")
    return notes


def _stable_labels(diagram: HullDiagram) -> list[Label]:
    lowest = min(diagram.stable, key=lambda point: point.y)
    labels = []
    for point in diagram.stable:
        side = "right" if point.x > lowest.x else "left"
        if point.x in (0.0, 1.0):
            side = "end"
        style = {"fontsize": 12, "fontweight": "bold", "color": STABLE}
        labels.append(Label(mathtext_formula(point.formula), point.x, point.y, side, style))
    return labels


def _unstable_labels(diagram: HullDiagram) -> list[Label]:
    labels = []
    for point in label_candidates(diagram):
        name = mathtext_formula(point.formula)
        if point.polymorph:
            name += f" {_mathtext_space_group(point.space_group)}"
        text = f"{name} +{point.e_above_hull * MEV:.0f}"
        observed = point.kind == "library"
        style = {"fontsize": 9, "color": STABLE if observed else MUTED}
        labels.append(Label(text, point.x, point.y, "above", style, optional=not observed))
    return labels


def _mathtext_space_group(symbol: str) -> str:
    head, _, tail = symbol.replace("$", r"\$").partition("_")
    return f"{head}$_{{{tail[0]}}}${tail[1:]}" if tail else head


def hull_overview_png(diagrams: Sequence[HullDiagram]) -> bytes:
    """Draw each hull in a small panel, three in a row, and return the PNG.

    The energy axis is the same everywhere: a flat panel is a system whose elements hardly react.

    Parameters
    ----------
    diagrams
        At least one; in the order in which they are drawn.

    Raises
    ------
    InputError
        There is no diagram.
    """
    if not diagrams:
        raise InputError("overview of hulls: there is no two-element system to draw")
    columns = min(OVERVIEW_COLUMNS, len(diagrams))
    rows = math.ceil(len(diagrams) / columns)
    size = (OVERVIEW_PANEL_INCHES[0] * columns, OVERVIEW_PANEL_INCHES[1] * rows + LEGEND_INCHES)
    layout = {"w_pad": 0.06, "h_pad": 0.06, "wspace": 0.02, "hspace": 0.02}
    return draw_png(lambda figure: _draw_overview(figure, diagrams, rows, columns), size_inches=size, layout=layout)


def _draw_overview(figure: Figure, diagrams: Sequence[HullDiagram], rows: int, columns: int) -> None:
    lowest = min(diagram.y_range[0] for diagram in diagrams)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axes, diagram in zip(panels, diagrams, strict=False):
        _draw_small(axes, diagram, (lowest, _HEADROOM))
    for axes in panels[len(diagrams) :]:
        axes.set_axis_off()
    for axes in panels[::columns]:
        axes.set_ylabel("eV/atom", fontsize=9)
    shown: dict[str, Any] = {}
    for axes in panels[: len(diagrams)]:
        handles, labels = axes.get_legend_handles_labels()
        shown = {**dict(zip(labels, handles, strict=True)), **shown}
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.canvas.draw()  # settles the layout; labels are placed in pixels
    figure.set_layout_engine("none")
    for axes, diagram in zip(panels, diagrams, strict=False):
        _label_compounds(axes, diagram)


def _draw_small(axes: Axes, diagram: HullDiagram, y_range: tuple[float, float]) -> None:
    for left, right in diagram.tie_lines:
        axes.plot([left.x, right.x], [left.y, right.y], color=STABLE, lw=1.4, zorder=2)
    unstable = [point for point in diagram.unstable if point.y < 0.95 * y_range[1]]
    candidates = [point for point in unstable if point.kind != "library"]
    observed = [point for point in unstable if point.kind == "library"]
    _rings(axes, candidates, "candidate above the hull", 9, PROTOTYPE)
    _rings(axes, observed, "observed, above the hull", 24, STABLE)
    axes.scatter(
        [p.x for p in diagram.stable],
        [p.y for p in diagram.stable],
        s=30,
        color=STABLE,
        edgecolors="white",
        linewidths=0.8,
        label="on the hull",
        zorder=5,
    )
    if diagram.references:
        axes.errorbar(
            [reference.x for reference in diagram.references],
            [reference.y for reference in diagram.references],
            yerr=[reference.uncertainty or 0.0 for reference in diagram.references],
            linestyle="none",
            color=REFERENCE,
            marker="D",
            markersize=3,
            elinewidth=0.9,
            capsize=2,
            label="measured",
            zorder=4,
        )
    axes.set(xlim=(-0.05, 1.05), ylim=y_range)
    axes.set_xticks([0, 0.5, 1], [diagram.other_element, "0.5", diagram.x_element])
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.axhline(0.0, color=MUTED, lw=0.6, ls=":", zorder=1)
    axes.set_title(system_title(diagram.system), loc="left", fontsize=11, fontweight="bold")


def _rings(axes: Axes, points: Sequence[DiagramPoint], label: str, size: float, colour: str) -> None:
    if points:
        x, y = [point.x for point in points], [point.y for point in points]
        axes.scatter(x, y, s=size, label=label, facecolors="white", edgecolors=colour, linewidths=1.0, zorder=3)


def _label_compounds(axes: Axes, diagram: HullDiagram) -> None:
    compounds = [point for point in diagram.stable if 0.0 < point.x < 1.0]
    if not compounds:
        axes.text(0.5, 0.5, "no compound", transform=axes.transAxes, ha="center", fontsize=9, color=MUTED)
        return
    lowest = min(compounds, key=lambda point: point.y)
    style = {"fontsize": 8, "color": STABLE}
    labels = [
        Label(
            mathtext_formula(hg_last(point.formula)),
            point.x,
            point.y,
            "right" if point.x > lowest.x else "left",
            style,
            optional=point is not lowest,
        )
        for point in compounds
    ]
    points = [(p.x, p.y) for p in diagram.stable] + [(r.x, r.y) for r in diagram.references]
    segments = [((a.x, a.y), (b.x, b.y)) for a, b in diagram.tie_lines]
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    place_labels(axes, renderer, labels, points, segments)
