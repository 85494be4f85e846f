"""The hull of three elements as a triangle of compositions (Gibbs triangle): its phases and what is in equilibrium.

Every corner is an element, and a side holds the phases of two. A point (x, y) in the plane stands for a composition;
the side of the triangle is 1. Phases in equilibrium are joined, so that each small triangle is a mixture of three.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ..figures.interactive import Figure, base_layout, hovered, segments_trace
from ..figures.label_placement import Label, place_labels
from ..figures.style import INK, MUTED, PROTOTYPE, RULE, STABLE, plain
from ..model import SystemReport
from ..notation import MEV, mathtext_formula, signed, system_title, unicode_formula, unicode_space_group
from .interactive import distance_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

HEIGHT = math.sqrt(3) / 2
"""Of the triangle, whose side is 1."""

Point2D = tuple[float, float]
_SAME_PLACE = 1e-9
_SIDEWAYS = 0.3
"""Share of a direction from which a name stands beside its marker, not centred on it."""
_ENERGY_SHOWN = 0.1
"""eV/atom above the hull up to which a phase is named in the picture."""


@dataclass(frozen=True)
class TernaryPoint:
    """A computed phase in the triangle; where several have one composition, the lowest."""

    name: str
    formula: str
    place: Point2D
    formation_energy_per_atom: float
    e_above_hull: float
    stable: bool
    kind: str
    space_group: str
    others: int
    """Phases of the same composition that lie higher."""
    row_id: int | None = None
    """In the structure database; None where the energies come from elsewhere."""


@dataclass(frozen=True)
class TernaryDiagram:
    """Phases and tie lines of a system of three elements.

    Attributes
    ----------
    system
        Its name.
    temperature_K
        Of the energies.
    corners
        The elements at the left, at the right and on top, with their places; mercury is on top.
    points
        One for each composition.
    tie_lines
        Places of stable phases in equilibrium with each other.
    """

    system: str
    temperature_K: float
    corners: tuple[tuple[str, Point2D], ...]
    points: tuple[TernaryPoint, ...]
    tie_lines: tuple[tuple[Point2D, Point2D], ...]

    @property
    def stable(self) -> tuple[TernaryPoint, ...]:
        """The phases on the hull."""
        return tuple(point for point in self.points if point.stable)

    @property
    def compounds(self) -> tuple[TernaryPoint, ...]:
        """The phases on the hull that are no elements."""
        corners = {place for _, place in self.corners}
        return tuple(point for point in self.stable if point.place not in corners)

    @property
    def unstable(self) -> tuple[TernaryPoint, ...]:
        """The phases above it."""
        return tuple(point for point in self.points if not point.stable)

    @property
    def description(self) -> str:
        """What the picture shows, for those who do not see it."""
        names = ", ".join(dict.fromkeys(point.formula for point in self.stable))
        return (
            f"Phases of {system_title(self.system)} in the triangle of compositions, with lines between those in "
            f"equilibrium. On the hull: {names}. Compositions with phases above it alone: {len(self.unstable)}."
        )


def triangle_place(composition: Mapping[str, float], corners: tuple[str, str, str]) -> Point2D:
    """Return where a composition lies in the triangle.

    Parameters
    ----------
    composition
        Atoms of each element, in any amount.
    corners
        The elements at the left (0, 0), at the right (1, 0) and on top (1/2, √3/2).

    Examples
    --------
    >>> from amalgamics.reports.hulls.ternary import triangle_place
    >>> triangle_place({"Li": 1, "Hg": 1}, ("Li", "Na", "Hg"))
    (0.25, 0.433...)
    """
    total = math.fsum(composition.values())
    _, right, top = (composition.get(element, 0.0) / total for element in corners)
    return right + top / 2, top * HEIGHT


def ternary_diagram(report: SystemReport) -> TernaryDiagram | None:
    """Lay out the hull of a system of three elements; None for any other number of them."""
    hull = report.hull
    if len(hull.elements) != 3:
        return None
    left, right, top = sorted(hull.elements, key=lambda element: (element == "Hg", hull.elements.index(element)))
    corners = left, right, top
    places = {phase.name: triangle_place(phase.composition, corners) for phase in hull.phases}
    at: dict[tuple[float, float], list[str]] = {}
    for phase in sorted(hull.phases, key=lambda phase: phase.e_above_hull):
        x, y = places[phase.name]
        at.setdefault((round(x, 6), round(y, 6)), []).append(phase.name)
    by_name = {phase.name: phase for phase in hull.phases}
    points = []
    for lowest, *others in at.values():
        phase, record = by_name[lowest], report.record(lowest)
        points.append(
            TernaryPoint(
                name=lowest,
                formula=phase.formula,
                place=places[lowest],
                formation_energy_per_atom=phase.formation_energy_per_atom,
                e_above_hull=phase.e_above_hull,
                stable=phase.stable,
                kind=record.kind,
                space_group=record.space_group,
                others=len(others),
                row_id=record.row_id,
            )
        )
    ends = (0.0, 0.0), (1.0, 0.0), (0.5, HEIGHT)
    return TernaryDiagram(
        hull.system,
        hull.temperature_K,
        tuple(zip(corners, ends, strict=True)),
        tuple(points),
        tuple((places[a], places[b]) for a, b in hull.tie_lines),
    )


def free_direction_deg(place: Point2D, lines: Sequence[tuple[Point2D, Point2D]]) -> float:
    """Return the middle of the widest angle between the lines that end at a place, degrees from the right; 90 for none.

    Examples
    --------
    >>> from amalgamics.reports.hulls.ternary import free_direction_deg
    >>> free_direction_deg((0.0, 0.0), [((0.0, 0.0), (1.0, 0.0)), ((0.0, 1.0), (0.0, 0.0))])
    225.0
    """
    ends = [end for a, b in lines for here, end in ((a, b), (b, a)) if math.dist(here, place) < _SAME_PLACE]
    angles = sorted(math.degrees(math.atan2(y - place[1], x - place[0])) % 360 for x, y in ends)
    if not angles:
        return 90.0
    gaps = [(after - before, before) for before, after in pairwise([*angles, angles[0] + 360])]
    width, start = max(gaps, key=lambda gap: gap[0])
    return (start + width / 2) % 360


def draw_ternary(axes: Axes, diagram: TernaryDiagram, subtitle: str) -> None:
    """Draw the triangle, its lines and its phases without their names, which :func:`label_ternary` adds."""
    outline = [place for _, place in diagram.corners]
    axes.plot(*zip(*outline, outline[0], strict=True), color=RULE, lw=1.0, zorder=1)
    for start, end in diagram.tie_lines:
        axes.plot(*zip(start, end, strict=True), color=STABLE, lw=1.3, zorder=2, solid_capstyle="round")
    for points, colour, filled, area, label in (
        (diagram.unstable, PROTOTYPE, False, 26, "above the hull"),
        (diagram.stable, STABLE, True, 58, "on the hull"),
    ):
        if points:
            xs, ys = zip(*(point.place for point in points), strict=True)
            axes.scatter(
                xs,
                ys,
                s=area,
                facecolors=colour if filled else "white",
                edgecolors="white" if filled else colour,
                linewidths=1.3,
                label=label,
                zorder=4 if filled else 3,
            )
    axes.set_xlim(-0.12, 1.12)
    axes.set_ylim(-0.1, HEIGHT + 0.1)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(system_title(diagram.system), loc="left", fontweight="bold", fontsize=13)
    axes.set_title(f"{plain(subtitle)} · {diagram.temperature_K:g} K", loc="right", fontsize=10, color=MUTED)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2, frameon=False, fontsize=9)


def label_ternary(axes: Axes, renderer: RendererBase, diagram: TernaryDiagram) -> None:
    """Name the corners, the phases on the hull and those little above it."""
    for element, (x, y) in diagram.corners:
        across, along = (0, "center") if y > 0 else (-6, "right") if x == 0 else (6, "left")
        axes.annotate(
            element,
            (x, y),
            xytext=(across, 9 if y > 0 else -5),
            textcoords="offset points",
            ha=along,
            va="bottom" if y > 0 else "top",
            fontsize=13,
            fontweight="bold",
            color=INK,
        )
    from matplotlib.patheffects import withStroke

    halo = {"path_effects": [withStroke(linewidth=3, foreground="white")]}  # lines pass behind names
    labels = [
        Label(mathtext_formula(point.formula), *point.place, side, {"fontsize": 11, "color": STABLE, **halo})
        for point in diagram.compounds
        if (side := f"{round(free_direction_deg(point.place, diagram.tie_lines) / 30) * 30 % 360}°")
    ]
    near = sorted(diagram.unstable, key=lambda point: point.e_above_hull)
    labels += [
        Label(f"{mathtext_formula(point.formula)} +{point.e_above_hull * MEV:.0f}", *point.place, "above", style, True)
        for point in near
        if point.e_above_hull < _ENERGY_SHOWN and (style := {"fontsize": 9, "color": MUTED, **halo})
    ]
    place_labels(axes, renderer, labels, [point.place for point in diagram.points], diagram.tie_lines)
    if diagram.unstable:
        axes.text(0, 1, "+n: meV/atom above the hull", transform=axes.transAxes, va="top", fontsize=8, color=MUTED)


def ternary_figure(diagram: TernaryDiagram) -> Figure:
    """Return the triangle as plotly JSON, with what each phase is under the pointer."""
    layout = base_layout()
    hidden = {"visible": False, "fixedrange": False, "zeroline": False}
    layout["xaxis"] |= {**hidden, "range": [-0.1, 1.1]}
    layout["yaxis"] |= {**hidden, "range": [-0.06, HEIGHT + 0.06], "scaleanchor": "x"}
    layout["margin"] |= {"l": 8, "t": 8, "b": 8}
    layout["legend"] |= {"y": 0}
    layout["annotations"] = [_corner(element, place) for element, place in diagram.corners]
    layout["annotations"] += [_named(point, diagram.tie_lines) for point in diagram.compounds]
    outline = [place for _, place in diagram.corners]
    traces = [
        segments_trace([(outline[i - 1], outline[i]) for i in range(3)], "--rule", 1, showlegend=False),
        segments_trace(diagram.tie_lines, "--stable", 2, name="in equilibrium", legendrank=1),
    ]
    for points, name, colour, symbol, size in (
        (diagram.unstable, "above the hull", "--prototype", "circle-open", 8),
        (diagram.stable, "on the hull", "--stable", "circle", 12),
    ):
        if points:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": name,
                    "x": [point.place[0] for point in points],
                    "y": [point.place[1] for point in points],
                    "customdata": [point.row_id for point in points],  # which row a click on a point is for
                    **hovered([_hover(point) for point in points]),
                    "marker": {
                        "color": colour,
                        "symbol": symbol,
                        "size": size,
                        "line": {"width": 1.6, "color": colour},
                    },
                }
            )
    return {"data": traces, "layout": layout}


def _corner(element: str, place: Point2D) -> Figure:
    on_top = place[1] > 0
    return {
        **{"x": place[0], "y": place[1], "text": f"<b>{html.escape(element)}</b>", "showarrow": False},
        **{"yshift": 16 if on_top else -14, "xshift": 0 if on_top else (-12 if place[0] == 0 else 12)},
        "font": {"size": 15},
    }


def _named(point: TernaryPoint, lines: Sequence[tuple[Point2D, Point2D]]) -> Figure:
    """The formula where lines leave the most room for it: outside of the triangle for a phase of two elements."""
    direction = math.radians(free_direction_deg(point.place, lines))
    across, up = math.cos(direction), math.sin(direction)
    return {
        **{"x": point.place[0], "y": point.place[1], "text": html.escape(unicode_formula(point.formula))},
        "xanchor": "left" if across > _SIDEWAYS else "right" if across < -_SIDEWAYS else "center",
        "yanchor": "bottom" if up > _SIDEWAYS else "top" if up < -_SIDEWAYS else "middle",
        **{"xshift": round(9 * across), "yshift": round(9 * up), "showarrow": False},
        **{"bgcolor": "--card", "borderpad": 0},  # a line may pass behind a name, not through it
        "font": {"color": "--stable", "size": 13},
    }


def _hover(point: TernaryPoint) -> str:
    distance = distance_text(point.e_above_hull, stable=point.stable)
    more = f"<br>{point.others} higher of this composition" if point.others else ""
    return (
        f"<b>{html.escape(unicode_formula(point.formula))}</b> · {html.escape(unicode_space_group(point.space_group))}"
        f"<br>formation {signed(point.formation_energy_per_atom, 4)} eV/atom<br>{distance}"
        f"<br>{html.escape(point.kind)} · {html.escape(point.name)}{more}"
    )
