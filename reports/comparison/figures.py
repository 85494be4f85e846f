"""The hulls of several potentials in one diagram: as plotly JSON, and as PNG from the same `HullOverlay`."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..figures.interactive import Figure, hovered
from ..figures.style import INK, MUTED, colour_and_marker, draw_png, plain
from ..hulls.diagram import DiagramPoint, DiagramReference, HullDiagram, binary_diagram
from ..hulls.interactive import composition_layout, distance_text
from ..hulls.png import set_composition_axes
from ..notation import mathtext_formula, signed, system_title, unicode_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from .model import Comparison

_SYMBOLS = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "^": "triangle-up",
    "v": "triangle-down",
    "P": "cross",
    "*": "star",
    "X": "x",
}
"""Names that plotly has for the markers of `colour_and_marker`."""
_DASHES = (("solid", "-"), ("dash", "--"), ("dot", ":"))
_PER_DASH = len(_SYMBOLS)
_LABEL_DISTANCE = 0.1
"""In composition between two labels: enough on a telephone."""
PUBLISHED = "published, against solid mercury"


@dataclass(frozen=True)
class OverlaidHull:
    """The hull of one potential; ``number`` is its place, which fixes its colour and marker."""

    potential: str
    number: int
    diagram: HullDiagram

    @property
    def vertices(self) -> tuple[DiagramPoint, ...]:
        """The phases on the hull along the axis of compositions."""
        return tuple(sorted(self.diagram.stable, key=lambda point: point.x))

    @property
    def above(self) -> tuple[DiagramPoint, ...]:
        """Phases above the hull that were not guessed."""
        return tuple(point for point in self.diagram.unstable if point.kind != "prototype")

    @property
    def dash(self) -> tuple[str, str]:
        """Names of the line for plotly and for matplotlib; colours and markers repeat, with other lines."""
        return _DASHES[self.number // _PER_DASH % len(_DASHES)]


@dataclass(frozen=True)
class Label:
    """A formula at a composition, below the deepest hull: beyond it to the right, or to the left."""

    formula: str
    x: float
    y: float
    to_the_right: bool


@dataclass(frozen=True)
class HullOverlay:
    """Hulls of one binary system on one scale of energies."""

    hulls: tuple[OverlaidHull, ...]

    @property
    def diagram(self) -> HullDiagram:
        """The first, which has the axes of all."""
        return self.hulls[0].diagram

    @property
    def y_range(self) -> tuple[float, float]:
        """Energies that hold those of every diagram, eV/atom."""
        ranges = [one.diagram.y_range for one in self.hulls]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    @property
    def references(self) -> tuple[DiagramReference, ...]:
        """The published values."""
        return self.diagram.references

    @property
    def labels(self) -> tuple[Label, ...]:
        """Formulas outside of all hulls: of compounds on any, observed ones and those on most hulls before others."""
        found: dict[float, list[DiagramPoint]] = {}
        for point in (point for one in self.hulls for point in one.vertices):
            if 0.0 < point.x < 1.0:
                found.setdefault(round(point.x, 6), []).append(point)
        ranked = sorted(found, key=lambda x: (all(p.kind == "prototype" for p in found[x]), -len(found[x]), x))
        chosen: list[float] = []
        for x in ranked:
            if all(abs(x - other) >= _LABEL_DISTANCE for other in chosen):
                chosen.append(x)
        valley = min((point for one in self.hulls for point in one.vertices), key=lambda point: point.y).x
        return tuple(Label(found[x][0].formula, x, self._lowest(x), x > valley) for x in sorted(chosen))

    def _lowest(self, x: float) -> float:
        """Energy of the deepest hull at a composition."""
        lines = [([point.x for point in one.vertices], [point.y for point in one.vertices]) for one in self.hulls]
        return min(float(np.interp(x, *line)) for line in lines)

    @property
    def description(self) -> str:
        """For who cannot see it."""
        parts = [
            f"{one.potential}: " + ", ".join(f"{point.formula} {signed(point.y, 3)}" for point in one.vertices)
            for one in self.hulls
        ]
        return (
            f"Convex hulls of {system_title(self.diagram.system)} with several potentials, formation energy in eV per "
            f"atom against composition. On the hull with {'; with '.join(parts)}."
        )


def hull_overlay(comparison: Comparison) -> HullOverlay | None:
    """Lay the hulls of a comparison over each other; None for any other number of elements than two."""
    diagrams = [(one.potential, binary_diagram(one.report)) for one in comparison.hulls]
    hulls = [
        OverlaidHull(name, number, diagram) for number, (name, diagram) in enumerate(diagrams) if diagram is not None
    ]
    return HullOverlay(tuple(hulls)) if hulls else None


def overlay_figure(overlay: HullOverlay) -> Figure:
    """Return the hulls as plotly JSON; a click on a potential in the legend hides it."""
    layout = composition_layout(overlay.diagram, overlay.y_range)
    layout["annotations"] = [
        {
            "x": label.x,
            "y": label.y,
            "text": html.escape(unicode_formula(label.formula)),
            "showarrow": False,
            "xanchor": "left" if label.to_the_right else "right",
            "yanchor": "top",
            "xshift": 7 if label.to_the_right else -7,
            "yshift": -3,
            "font": {"color": "--text", "size": 13},
        }
        for label in overlay.labels
    ]
    traces = [trace for one in overlay.hulls for trace in (_above(one), _hull(one))]
    return {"data": [*traces, *([_published(overlay)] if overlay.references else [])], "layout": layout}


def _hull(one: OverlaidHull) -> Figure:
    colour, marker = colour_and_marker(one.number)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": html.escape(one.potential),
        "legendgroup": str(one.number),
        **_places(one, one.vertices),
        "line": {"color": colour, "width": 2, "dash": one.dash[0]},
        "marker": {"color": colour, "symbol": _SYMBOLS[marker], "size": 10},
    }


def _above(one: OverlaidHull) -> Figure:
    colour, marker = colour_and_marker(one.number)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{html.escape(one.potential)}, above the hull",
        "legendgroup": str(one.number),
        "showlegend": False,
        **_places(one, one.above),
        "marker": {"color": colour, "symbol": f"{_SYMBOLS[marker]}-open", "size": 9, "line": {"width": 1.5}},
    }


def _places(one: OverlaidHull, points: tuple[DiagramPoint, ...]) -> Figure:
    return {
        "x": [point.x for point in points],
        "y": [point.y for point in points],
        **hovered([_hover(one.potential, point) for point in points]),
    }


def _hover(potential: str, point: DiagramPoint) -> str:
    distance = distance_text(point.e_above_hull, stable=point.stable)
    return (
        f"<b>{html.escape(unicode_formula(point.formula))}</b> · {html.escape(potential)}<br>"
        f"formation {signed(point.y, 4)} eV/atom<br>{distance}<br>{html.escape(point.name)}"
    )


def _published(overlay: HullOverlay) -> Figure:
    references = overlay.references
    hover = [
        f"<b>{html.escape(unicode_formula(one.value.subject))}</b> · published<br>{signed(one.y, 3)} eV/atom<br>"
        f"{html.escape(one.value.source)}"
        for one in references
    ]
    spread = {"type": "data", "array": [one.uncertainty or 0.0 for one in references], "color": "--text", "width": 5}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": PUBLISHED,
        "x": [one.x for one in references],
        "y": [one.y for one in references],
        **hovered(hover),
        "error_y": spread | {"thickness": 1.2},
        "marker": {"color": "--text", "symbol": "line-ew-open", "size": 11, "line": {"width": 2}},
    }


def overlay_png(overlay: HullOverlay) -> bytes:
    """Draw the same hulls and return the PNG."""
    diagram = overlay.diagram

    def draw(figure: Canvas) -> None:
        axes = figure.subplots()
        for one in overlay.hulls:
            _draw_hull(axes, one)
        if overlay.references:
            x, y = ([getattr(ref, key) for ref in overlay.references] for key in ("x", "y"))
            spread = [ref.uncertainty or 0.0 for ref in overlay.references]
            axes.errorbar(
                x, y, yerr=spread, fmt="_", color=INK, ms=9, mew=1.8, elinewidth=1.1, capsize=3, zorder=5,
                label=PUBLISHED,
            )  # fmt: skip
        for label in overlay.labels:
            axes.annotate(
                mathtext_formula(label.formula), (label.x, label.y), xytext=(5 if label.to_the_right else -5, -2),
                textcoords="offset points", ha="left" if label.to_the_right else "right", va="top", fontsize=10,
            )  # fmt: skip
        axes.axhline(0.0, color=MUTED, lw=0.6, zorder=0)
        set_composition_axes(axes, diagram, overlay.y_range)
        axes.set_title(system_title(diagram.system), loc="left", fontweight="bold", fontsize=13)
        axes.set_title(f"{diagram.temperature_K:g} K", loc="right", fontsize=10, color=MUTED)
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)

    rows = -(-(len(overlay.hulls) + 1) // 3)
    return draw_png(draw, size_inches=(7.0, 4.8 + 0.22 * rows), layout={"w_pad": 0.12, "h_pad": 0.12})


def _draw_hull(axes: Axes, one: OverlaidHull) -> None:
    colour, marker = colour_and_marker(one.number)
    x, y = ([getattr(point, key) for point in one.vertices] for key in ("x", "y"))
    axes.plot(
        x, y, marker=marker, ls=one.dash[1], color=colour, lw=1.8, ms=7, mec="white", mew=0.7, zorder=4,
        label=plain(one.potential),
    )  # fmt: skip
    x, y = ([getattr(point, key) for point in one.above] for key in ("x", "y"))
    axes.plot(x, y, marker=marker, ls="none", color=colour, ms=6, mfc="white", mew=1.2, zorder=3)
