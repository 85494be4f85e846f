"""Equilibrium shapes of crystals as PNG, one panel for each crystal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..figures.png import draw_png
from ..figures.style import DPI, FACES, MUTED, STYLE
from ..formulas import mathtext_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...thermodynamics.surfaces.wulff import WulffShape
    from .model import PhaseSurfaces

COLUMNS = 4
PANEL_INCHES = (2.3, 2.75)
# Seen from a little above and aside, so that no facet of a cube is seen edge-on. Degrees.
_AZIMUTH, _ELEVATION = 15.0, 18.0
_LIGHT = np.array([0.35, 0.55, 0.76])
_AMBIENT = 0.55


def plane_text(miller_index: Sequence[int], brackets: str = "()") -> str:
    """Return ``(111)``, or ``(1 −1 0)`` where an index has a sign or two digits; ``{}`` for a plane and its equals."""
    plain = all(0 <= index < 10 for index in miller_index)
    text = ("" if plain else " ").join(str(index).replace("-", "−") for index in miller_index)
    return f"{brackets[0]}{text}{brackets[1]}"


def wulff_png(phases: Sequence[PhaseSurfaces]) -> bytes:
    """Draw the equilibrium shape of each phase that has one, the same colour for the same plane, and return the PNG.

    Raises
    ------
    InputError
        No phase has a shape.
    """
    shapes = [(phase.formula, phase.shape) for phase in phases if phase.shape is not None]
    if not shapes:
        raise InputError("Wulff shapes: there is none to draw")
    columns = min(COLUMNS, len(shapes))
    rows = math.ceil(len(shapes) / columns)
    size = (max(columns * PANEL_INCHES[0], 3.0), rows * PANEL_INCHES[1])
    shown = [plane for _, shape in shapes for plane, share in shape.area_fractions.items() if share > 0.0]
    colours = {plane: FACES[number % len(FACES)] for number, plane in enumerate(dict.fromkeys(shown))}

    def draw(figure: Figure) -> None:
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in panels[len(shapes) :]:
            axes.set_axis_off()
        for axes, (formula, shape) in zip(panels, shapes, strict=False):
            _draw_shape(axes, formula, shape, colours)

    return draw_png(draw, size_inches=size, dpi=DPI, style=STYLE, layout={"w_pad": 0.04, "h_pad": 0.04})


def _draw_shape(axes: Axes, formula: str, shape: WulffShape, colours: Mapping[tuple[int, int, int], str]) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Polygon

    view = _view()
    reach = 0.0
    for facet in shape.facets:
        corners = facet.vertices @ view.T
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])
        normal = normal / np.linalg.norm(normal) * np.sign(normal @ corners[0])  # outwards: the centre is inside
        reach = max(reach, float(np.abs(corners[:, :2]).max()))
        if normal[2] <= 1e-6:
            continue  # a convex body: faces that look away are hidden, and the others never overlap
        light = _AMBIENT + (1.0 - _AMBIENT) * max(float(normal @ _LIGHT), 0.0)
        colour = np.clip(np.array(to_rgb(colours[facet.miller_index])) * light * 1.1, 0.0, 1.0)
        axes.add_patch(Polygon(corners[:, :2], closed=True, facecolor=tuple(colour), edgecolor="white", lw=0.8))
    axes.set_xlim(-1.08 * reach, 1.08 * reach)
    axes.set_ylim(-1.08 * reach, 1.08 * reach)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(f"{mathtext_formula(formula)}\n{shape.mean_surface_energy_J_m2:.2f} J/m²", fontsize=11)
    visible = sorted(
        (item for item in shape.area_fractions.items() if item[1] > 0.0), key=lambda item: item[1], reverse=True
    )
    for line, (plane, share) in enumerate(visible[:4]):
        label = f"■ {plane_text(plane, '{}')} {100.0 * share:.0f} %"
        axes.text(
            0.5, -0.04 - 0.105 * line, label, color=colours[plane], ha="center", va="top", fontsize=9,
            transform=axes.transAxes,
        )  # fmt: skip
    if len(visible) > 4:
        rest = 100.0 * sum(share for _, share in visible[4:])
        axes.text(
            0.5, -0.04 - 0.42, f"others {rest:.0f} %", color=MUTED, ha="center", va="top", fontsize=9,
            transform=axes.transAxes,
        )  # fmt: skip


def _view() -> np.ndarray:
    """Rows: to the right, up, and towards who looks."""
    azimuth, elevation = math.radians(_AZIMUTH), math.radians(_ELEVATION)
    towards = np.array(
        [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation)]
    )
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(towards, right), towards])
