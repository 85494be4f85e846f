"""Convex hulls as PNG: one panel for each system of two or three elements, and many small ones on one energy scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import InputError
from ..figures.label_placement import Label, place_labels
from ..figures.style import MUTED, PROTOTYPE, REFERENCE, RULE, STABLE, PictureFormat, draw_png, plain
from ..flags.survey import hg_last
from ..notation import MEV, mathtext, mathtext_formula, system_title, unicode_space_group
from .diagram import ENERGY_TITLE, DiagramPoint, DiagramReference, HullDiagram, Series, label_candidates
from .ternary import TernaryDiagram, draw_ternary, label_ternary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

_Drawn = TypeVar("_Drawn", HullDiagram, TernaryDiagram, HullDiagram | TernaryDiagram)

PANEL_INCHES = (7.0, 5.0)
OVERVIEW_COLUMNS = 3
OVERVIEW_PANEL_INCHES = (3.6, 2.7)
LEGEND_INCHES = 0.5
_HEADROOM = 0.08
"""Energy (eV/atom) above the elements that is drawn: enough to see what just fails to form."""
_COLOURS = {"stable": STABLE, "prototype": PROTOTYPE, "reference": REFERENCE}
_MARKERS = {"circle": "o", "diamond": "D", "square": "s"}
_AREAS, _SMALL_AREAS = {1: 62, 2: 46, 3: 30}, {1: 30, 2: 24, 3: 9}
"""Of the markers of phases in points² by the rank of their series."""


def hull_png(
    diagrams: Sequence[HullDiagram | TernaryDiagram], subtitle: str, *, file_format: PictureFormat = "png"
) -> bytes:
    """Draw the diagrams side by side, two in a row, and return the picture.

    Parameters
    ----------
    diagrams
        At least one.
    subtitle
        Written after the system in each panel's title, e.g. the potential.
    file_format
        Of the picture.
    """
    columns = min(2, len(diagrams))
    rows = math.ceil(len(diagrams) / columns)

    def draw(figure: Figure) -> None:
        panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
        for axes, diagram in zip(panels, diagrams, strict=False):
            if isinstance(diagram, TernaryDiagram):
                draw_ternary(axes, diagram, subtitle)
            else:
                _draw(axes, diagram, subtitle)
        _finish(figure, panels, diagrams, _label_any)

    size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows)
    layout = {"w_pad": 0.12, "h_pad": 0.12, "wspace": 0.04, "hspace": 0.04}
    return draw_png(draw, size_inches=size, layout=layout, file_format=file_format)


_MOST_NAMED = 40
"""Phases above the hull that are named in a picture, those nearest to it; more would cover each other."""


def _label_any(axes: Axes, renderer: RendererBase, diagram: HullDiagram | TernaryDiagram) -> None:
    if isinstance(diagram, TernaryDiagram):
        label_ternary(axes, renderer, diagram)
    else:
        _label(axes, renderer, diagram)


def _finish(
    figure: Figure,
    panels: Sequence[Axes],
    diagrams: Sequence[_Drawn],
    label: Callable[[Axes, RendererBase, _Drawn], None],
) -> None:
    """Hide the panels without a diagram, settle the layout, and label the others, which is done in pixels."""
    for axes in panels[len(diagrams) :]:
        axes.set_axis_off()
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for axes, diagram in zip(panels, diagrams, strict=False):
        label(axes, renderer, diagram)


def _draw(axes: Axes, diagram: HullDiagram, subtitle: str) -> None:
    for left, right in diagram.tie_lines:
        axes.plot([left.x, right.x], [left.y, right.y], color=STABLE, lw=1.8, zorder=2, solid_capstyle="round")
    for point in _visible(diagram, diagram.unstable):
        axes.plot([point.x] * 2, [point.y - point.e_above_hull, point.y], color=RULE, lw=0.9, zorder=1)
    for order, above in enumerate(diagram.above_hull):
        _draw_phases(axes, above, _visible(diagram, above.points), 3 + order)
    _draw_phases(axes, diagram.on_hull, diagram.stable, 5)
    for published in diagram.published:
        _draw_published(axes, published, 4.5, markersize=5, markeredgewidth=1.2, elinewidth=1.2, capsize=3)
    set_composition_axes(axes, diagram, diagram.y_range)
    temperature = f"{diagram.temperature_K:g} K"
    axes.set_title(system_title(diagram.system), loc="left", fontweight="bold", fontsize=13)
    axes.set_title(f"{plain(subtitle)} · {temperature}", loc="right", fontsize=10, color=MUTED)
    axes.legend(
        *_legend_entries([axes], [diagram]),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=3,
        frameon=False,
        fontsize=9,
        handletextpad=0.3,
        columnspacing=1.4,
    )


def set_composition_axes(axes: Axes, diagram: HullDiagram, y_range: tuple[float, float]) -> None:
    """Give axes formation energies in a range over the compositions of a system."""
    axes.set_xlim(-0.04, 1.04)
    axes.set_ylim(*y_range)
    axes.set_xticks(*zip(*diagram.x_ticks, strict=True))
    axes.set_xlabel(mathtext(diagram.x_title))
    axes.set_ylabel(ENERGY_TITLE)
    axes.spines[["top", "right"]].set_visible(False)


def _legend_entries(panels: Sequence[Axes], diagrams: Sequence[HullDiagram]) -> tuple[list[Any], list[str]]:
    """What the panels show, each name once, by the ranks of the series."""
    shown: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        shown = dict(zip(labels, handles, strict=True)) | shown
    ranks = {series.label: series.rank for diagram in diagrams for series in diagram.phases}
    names = sorted(shown, key=lambda name: ranks.get(name, len(ranks) + 1))
    return [shown[name] for name in names], names


def _draw_phases(
    axes: Axes,
    series: Series[DiagramPoint],
    points: Sequence[DiagramPoint],
    zorder: float,
    *,
    areas: Mapping[int, float] = _AREAS,
    linewidths: float = 1.3,
) -> None:
    """Those of the series that lie inside the frame."""
    if points:
        colour = _COLOURS[series.meaning]
        axes.scatter(
            [point.x for point in points],
            [point.y for point in points],
            s=areas[series.rank],
            marker=_MARKERS[series.shape],
            facecolors=colour if series.filled else "white",
            edgecolors="white" if series.filled else colour,
            linewidths=linewidths,
            label=series.label,
            zorder=zorder,
        )


def _draw_published(axes: Axes, series: Series[DiagramReference], zorder: float, **sizes: Any) -> None:
    colour = _COLOURS[series.meaning]
    axes.errorbar(
        [ref.x for ref in series.points],
        [ref.y for ref in series.points],
        yerr=[ref.uncertainty or 0.0 for ref in series.points],
        linestyle="none",
        color=colour,
        marker=_MARKERS[series.shape],
        markerfacecolor=colour if series.filled else "white",
        zorder=zorder,
        label=series.label,
        **sizes,
    )


def _visible(diagram: HullDiagram, points: Sequence[DiagramPoint]) -> list[DiagramPoint]:
    return [point for point in points if point.y <= diagram.y_range[1]]


def _label(axes: Axes, renderer: RendererBase, diagram: HullDiagram) -> None:
    visible = [*diagram.stable, *_visible(diagram, diagram.unstable)]
    points = [(point.x, point.y) for point in visible] + [(ref.x, ref.y) for ref in diagram.references]
    segments = [((a.x, a.y), (b.x, b.y)) for a, b in diagram.tie_lines]
    segments += [
        ((ref.x, ref.y - (ref.uncertainty or 0.0)), (ref.x, ref.y + (ref.uncertainty or 0.0)))
        for ref in diagram.references
    ]
    segments += [((p.x, p.y - p.e_above_hull), (p.x, p.y)) for p in _visible(diagram, diagram.unstable)]
    place_labels(axes, renderer, [*_stable_labels(diagram), *_unstable_labels(diagram)], points, segments)
    # The corner below the hull is empty by construction.
    axes.text(0.015, 0.02, "\n".join(_notes(diagram)), transform=axes.transAxes, va="bottom", fontsize=8, color=MUTED)


def _notes(diagram: HullDiagram) -> list[str]:
    notes = []
    if diagram.unstable:
        notes.append("+n: meV/atom above the hull")
    if diagram.above_frame_note:
        notes.append(diagram.above_frame_note)
    if diagram.references:
        notes.append("published values: against solid Hg, drawn beside their composition")
    return notes


def _stable_labels(diagram: HullDiagram) -> list[Label]:
    style = {"fontsize": 12, "fontweight": "bold", "color": STABLE}
    return [
        Label(mathtext_formula(point.formula), point.x, point.y, side, style) for point, side in diagram.stable_labels
    ]


def _unstable_labels(diagram: HullDiagram) -> list[Label]:
    labels = []
    for point in label_candidates(diagram)[:_MOST_NAMED]:
        name = mathtext_formula(point.formula)
        if point.polymorph:
            name += f" {plain(unicode_space_group(point.space_group))}"
        text = f"{name} +{point.e_above_hull * MEV:.0f}"
        observed = point.kind == "library"
        style = {"fontsize": 9, "color": STABLE if observed else MUTED}
        labels.append(Label(text, point.x, point.y, "above", style, optional=not observed))
    return labels


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
    panels = list(figure.subplots(rows, columns, squeeze=False, sharey=True).ravel())
    for axes, diagram in zip(panels, diagrams, strict=False):
        _draw_small(axes, diagram, (lowest, _HEADROOM))
    for axes in panels[::columns]:
        axes.set_ylabel("eV/atom", fontsize=9)
    legend = _legend_entries(panels[: len(diagrams)], diagrams)
    figure.legend(*legend, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    _finish(figure, panels, diagrams, _label_compounds)


def _draw_small(axes: Axes, diagram: HullDiagram, y_range: tuple[float, float]) -> None:
    for left, right in diagram.tie_lines:
        axes.plot([left.x, right.x], [left.y, right.y], color=STABLE, lw=1.4, zorder=2)
    for series in diagram.above_hull:
        points = [point for point in series.points if point.y < 0.95 * y_range[1]]
        _draw_phases(axes, series, points, 3, areas=_SMALL_AREAS, linewidths=1.0)
    _draw_phases(axes, diagram.on_hull, diagram.stable, 5, areas=_SMALL_AREAS, linewidths=0.8)
    if diagram.references:
        published = Series("published", "reference", 4, diagram.references, filled=True, shape="diamond")
        _draw_published(axes, published, 4, markersize=3, elinewidth=0.9, capsize=2)
    axes.set(xlim=(-0.05, 1.05), ylim=y_range)
    axes.set_xticks(*zip(*diagram.x_ticks[::2], strict=True))
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.axhline(0.0, color=MUTED, lw=0.6, ls=":", zorder=1)
    axes.set_title(system_title(diagram.system), loc="left", fontsize=11, fontweight="bold")


def _label_compounds(axes: Axes, renderer: RendererBase, diagram: HullDiagram) -> None:
    compounds = [(point, side) for point, side in diagram.stable_labels if side != "end"]
    if not compounds:
        axes.text(0.5, 0.5, "no compound", transform=axes.transAxes, ha="center", fontsize=9, color=MUTED)
        return
    lowest = min((point for point, _ in compounds), key=lambda point: point.y)
    style = {"fontsize": 8, "color": STABLE}
    labels = [
        Label(mathtext_formula(hg_last(point.formula)), point.x, point.y, side, style, optional=point is not lowest)
        for point, side in compounds
    ]
    points = [(p.x, p.y) for p in diagram.stable] + [(r.x, r.y) for r in diagram.references]
    place_labels(axes, renderer, labels, points, [((a.x, a.y), (b.x, b.y)) for a, b in diagram.tie_lines])
