"""Many convex hulls in one small picture, all on one energy scale, so that systems can be compared at a glance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ..figures.label_placement import Label, place_labels
from ..figures.png import draw_png
from ..figures.style import DPI, MUTED, PROTOTYPE, REFERENCE, STABLE, STYLE
from ..flags.survey import hg_last
from ..formulas import mathtext_formula, system_title
from .diagram import DiagramPoint, HullDiagram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
PANEL_INCHES = (3.6, 2.7)
LEGEND_INCHES = 0.5
_HEADROOM = 0.08
"""Energy (eV/atom) above the elements that is drawn: enough to see what just fails to form."""


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
    columns = min(COLUMNS, len(diagrams))
    rows = math.ceil(len(diagrams) / columns)
    size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows + LEGEND_INCHES)
    layout = {"w_pad": 0.06, "h_pad": 0.06, "wspace": 0.02, "hspace": 0.02}
    return draw_png(
        lambda figure: _draw(figure, diagrams, rows, columns), size_inches=size, dpi=DPI, style=STYLE, layout=layout
    )


def _draw(figure: Figure, diagrams: Sequence[HullDiagram], rows: int, columns: int) -> None:
    lowest = min(diagram.y_range[0] for diagram in diagrams)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axes, diagram in zip(panels, diagrams, strict=False):
        _draw_panel(axes, diagram, (lowest, _HEADROOM))
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
        _label(axes, diagram)


def _draw_panel(axes: Axes, diagram: HullDiagram, y_range: tuple[float, float]) -> None:
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


def _label(axes: Axes, diagram: HullDiagram) -> None:
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
