"""The row of drops above the curve: at each composition that of either limit, true to its angle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...thermodynamics.wetting.curve import Limit
from ..figures.drop_shape import drop_shape
from ..figures.style import INK, MUTED, SOLID, plain
from .diagram import key_angles
from .model import WettingReport
from .wording import KeyPoint, composition

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARGIN = 0.3
_BASELINE = 1.04
"""Height of the solid's surface inside the strip, inches."""
_ANGLE, _LIMIT, _COMPOSITION, _OBSERVED = 0.70, 0.49, 0.27, 0.08
"""Heights of the lines of text below it."""
_SPHERE_RADIUS = 0.36
_APART = 0.43
"""From the middle of a composition to each of its two angles, inches."""
_NEAREST = 1.75
"""Least distance between the texts of two compositions, inches."""
_PER_LETTER = 0.036
"""Half the width of a letter of the small texts, inches."""


def draw_drops(
    strip: Axes,
    report: WettingReport,
    keys: Sequence[KeyPoint],
    places: Sequence[float],
    size: tuple[float, float],
    colours: Mapping[Limit, str],
) -> None:
    """Draw drops and their angles into axes of ``size`` inches; ``places`` are the inches of the compositions.

    Filled: the equilibrated limit, or the pure liquid; dashed outline: the fresh one. Drops are spherical caps of one
    volume, made smaller where they would not fit.
    """
    strip.set_xlim(0.0, size[0])
    strip.set_ylim(0.0, size[1])
    strip.set_axis_off()
    start, end = _MARGIN, size[0] - _MARGIN
    _solid(strip, start, end)
    # Mirrored at the ends of the solid, so that half a gap is the room of every drop.
    mirrored = [2.0 * start - places[0], *places, 2.0 * end - places[-1]]
    gaps = [after - before for before, after in pairwise(mirrored)]
    texts = spaced(places, _NEAREST, 0.75, size[0] - 1.05)
    for key, place, text, before, after in zip(keys, places, texts, gaps[:-1], gaps[1:], strict=True):
        room = min(0.9, 0.5 * min(before, after) - 0.07)
        for one in key_angles(key):
            if one.theta_deg is not None:
                outline = colours[Limit.FRESH] if one.limit is Limit.FRESH else ""
                _drop(strip, one.theta_deg, place, room, outline)
        _label(strip, report, key, text, colours, size[0])


def spaced(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places moved apart as little as a sweep to either side does, at least ``gap`` apart and inside the ends.

    Where there is no room for that gap they share what there is.
    """
    if len(places) > 1:
        gap = min(gap, (high - low) / (len(places) - 1))
    moved: list[float] = []
    for place in places:
        moved.append(max(place, low, *(before + gap for before in moved[-1:])))
    for i in range(len(moved) - 1, -1, -1):
        moved[i] = min(moved[i], high if i == len(moved) - 1 else moved[i + 1] - gap)
    return moved


def _solid(strip: Axes, start: float, end: float) -> None:
    from matplotlib.patches import Rectangle

    strip.add_patch(Rectangle((start, _BASELINE - 0.13), end - start, 0.13, fc=SOLID, ec="none", zorder=2))
    strip.plot([start, end], [_BASELINE] * 2, color=MUTED, lw=1.0, zorder=3, solid_capstyle="butt")


def _drop(strip: Axes, theta_deg: float, place: float, room: float, dashed: str) -> None:
    """One drop: filled, or its outline dashed in a colour."""
    from matplotlib.patches import Polygon

    outline = np.array(drop_shape(theta_deg, _SPHERE_RADIUS, room).outline()) + [place, _BASELINE]
    edge, width, style = (dashed, 1.5, (0, (3.2, 1.8))) if dashed else (MUTED, 1.1, "-")
    order = 7 if dashed else 5
    patch = Polygon(outline, closed=True, fc="none", ec=edge, lw=width, ls=style, zorder=order, joinstyle="round")
    strip.add_patch(patch)
    if dashed:
        return
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    image = strip.imshow(
        _metal(x1 - x0, y1 - y0),
        extent=(x0, x1, y0, y1),
        origin="lower",
        interpolation="bilinear",
        aspect="auto",
        zorder=4,
    )
    image.set_clip_path(patch)


def _metal(width: float, height: float) -> np.ndarray:
    """Shading of a metal drop, lit from the upper left; RGB of shape (n, n, 3)."""
    n = 160
    x, y = np.meshgrid(np.linspace(0.0, 1.0, n), np.linspace(0.0, 1.0, n))
    aspect = min(1.0, height / width)
    dark = np.clip(np.hypot(x - 0.36, (y - 0.68) * (0.5 + 0.5 * aspect)) / 0.85, 0.0, 1.0)[..., None] ** 1.2
    light, shade = np.array([0.955, 0.965, 0.975]), np.array([0.53, 0.59, 0.66])
    return np.asarray(light + dark * (shade - light))


def _label(
    strip: Axes, report: WettingReport, key: KeyPoint, place: float, colours: Mapping[Limit, str], width: float
) -> None:
    angles = key_angles(key)
    shifts = [0.0] if len(angles) == 1 else [-_APART, _APART]
    for one, shift in zip(angles, shifts, strict=True):
        colour = INK if one.limit is None else colours[one.limit]
        strip.text(
            place + shift, _ANGLE, one.text, fontsize=16, fontweight="bold", color=colour, ha="center", va="center"
        )
        word = one.word.removeprefix(f"{one.limit}: ")
        strip.text(place + shift, _LIMIT, word, fontsize=9, color=colour, ha="center", va="center")
    what = composition(key.x, report.solute) if key.x > 0.0 else f"pure {report.solvent}"
    strip.text(place, _COMPOSITION, plain(what), fontsize=10.5, ha="center", va="center", zorder=6)
    if key.observed:
        text = f"observed: {key.observed}"
        half = _PER_LETTER * len(text)
        inside = min(max(place, half + 0.12), width - half - 0.12)
        strip.text(inside, _OBSERVED, plain(text), fontsize=8.5, color=MUTED, ha="center", va="center")
