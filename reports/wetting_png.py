"""The contact angle against composition as PNG: drops on the solid above, the curve with its band below."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..structures.glass import AMORPHOUS
from .drop_shape import drop_shape
from .figure_png import draw_png
from .formulas import mathtext_formula
from .hull_png import _STYLE, DPI, MUTED, REFERENCE, STABLE
from .wetting_model import WettingReport
from .wetting_numbers import (
    KeyPoint,
    angle,
    composition,
    face,
    finite_supply,
    how,
    is_calibrated,
    key_points,
    saturation,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (9.0, 7.0)
"""900 pixels wide at half its resolution."""

_MARGIN = 0.3
_LEFT, _RIGHT = 0.82, _MARGIN
_CURVE_BOTTOM, _CURVE_HEIGHT = 1.18, 3.62
_STRIP_BOTTOM, _STRIP_HEIGHT = 4.86, 1.62
_BASELINE = 0.86
"""Height of the solid's surface inside the strip of drops, inches."""

_SPHERE_RADIUS = 0.36
_ZERO_OFFSET = 0.8
"""Decades between the lowest composition and the place where x = 0 is drawn."""

_MEMBERS = ("#7c5295", "#4d7c0f", "#b45309", "#0f766e", "#9f1239")
_FAINT = "#5f9bbf"


def wetting_png(report: WettingReport) -> bytes:
    """Return the picture: the angle against the mole fraction of the solute, with drops at the key compositions.

    The band, the other parameter sets and the seeds of the default one are drawn faintly; x = 0 stands apart, behind
    a break of the axis. Drops are spherical caps of one volume, true to their angle, made smaller where they would
    not fit.

    Raises
    ------
    InputError
        An observed composition that is not on the curve.
    """
    keys = key_points(report)

    def draw(figure: Figure) -> None:
        axes = figure.add_axes(_box(_LEFT, _CURVE_BOTTOM, SIZE_INCHES[0] - _LEFT - _RIGHT, _CURVE_HEIGHT))
        _draw_curve(axes, report, keys)
        _draw_drops(figure, axes, report, keys)
        _titles(figure, report)

    return draw_png(draw, size_inches=SIZE_INCHES, dpi=DPI, style=_STYLE)


def _box(left: float, bottom: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Inches as fractions of the figure."""
    return left / SIZE_INCHES[0], bottom / SIZE_INCHES[1], width / SIZE_INCHES[0], height / SIZE_INCHES[1]


def _place(report: WettingReport, x: float) -> float:
    """Where a mole fraction is drawn: its decimal logarithm, with 0 to the left of all others."""
    return math.log10(x) if x > 0.0 else _lowest(report) - _ZERO_OFFSET


def _lowest(report: WettingReport) -> float:
    return min((math.log10(p.x) for p in report.curve.points if p.x > 0.0), default=-7.0)


def _draw_curve(axes: Axes, report: WettingReport, keys: Sequence[KeyPoint]) -> None:
    points = report.curve.points
    dissolved = [p for p in points if p.x > 0.0]
    low, high = _lowest(report), max((math.log10(p.x) for p in dissolved), default=-1.0)
    axes.set_xlim(low - _ZERO_OFFSET - 0.45, high + 0.24)
    top = max(p.theta_high_deg for p in points)
    axes.set_ylim(0.0, min(184.0, max(145.0, 1.1 * top)))
    axes.set_yticks(range(0, int(axes.get_ylim()[1]) + 1, 30))
    _wetting_line(axes)
    _saturation(axes, report)
    xs = [math.log10(p.x) for p in dissolved]
    label = f"{report.curve.confidence:.0%} band" + (" of all sets" if len(report.members) > 1 else "")
    axes.fill_between(
        xs,
        [p.theta_low_deg for p in dissolved],
        [p.theta_high_deg for p in dissolved],
        color=STABLE,
        alpha=0.13,
        lw=0,
        zorder=1,
        label=label,
    )
    zero = _place(report, 0.0)
    axes.plot(
        [zero] * 2,
        [points[0].theta_low_deg, points[0].theta_high_deg],
        color=STABLE,
        alpha=0.16,
        lw=13,
        solid_capstyle="butt",
        zorder=1,
    )
    _other_members(axes, report, zero)
    axes.plot(
        xs,
        [p.theta_deg for p in dissolved],
        color=STABLE,
        lw=2.6,
        zorder=5,
        solid_capstyle="round",
        label=_name(report.default.parameters.name),
    )
    for key in keys:
        place = _place(report, key.x)
        axes.plot([place] * 2, [key.point.theta_deg, axes.get_ylim()[1]], ":", color=MUTED, lw=0.9, zorder=2)
        axes.plot(place, key.point.theta_deg, "o", ms=10, mfc=STABLE, mec="white", mew=1.8, zorder=11, clip_on=False)
    _axes(axes, report)


def _wetting_line(axes: Axes) -> None:
    left, right = axes.get_xlim()
    axes.axhline(90.0, color=MUTED, lw=1.0, ls=(0, (5, 3)), zorder=1.5)
    style: dict[str, Any] = {"fontsize": 9, "color": MUTED, "ha": "right", "zorder": 6}
    place = right - 0.085 * (right - left)
    halo = _halo()
    axes.text(place, 91.5, "does not wet ↑", va="bottom", path_effects=halo, **style)
    axes.text(place, 88.0, "wets ↓", va="top", path_effects=halo, **style)


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white", alpha=0.85)]


def _saturation(axes: Axes, report: WettingReport) -> None:
    limit = saturation(report.curve)
    if limit is None:
        return
    right = axes.get_xlim()[1]
    axes.axvspan(math.log10(limit), right, color="#eef1f4", zorder=0, lw=0)
    solids = [record.saturating_phase for record in report.dilute if record.saturating_phase]
    name = f"{mathtext_formula(solids[0])} precipitates" if solids else "saturated"
    top = 0.97 * axes.get_ylim()[1]
    axes.text(right - 0.05, top, name, fontsize=9, color=MUTED, ha="right", va="top", rotation=90, zorder=6)


def _other_members(axes: Axes, report: WettingReport, zero: float) -> None:
    for number, seed in enumerate(report.default.seed_curves):
        places = [(math.log10(p.x), p.theta_deg) for p in seed.points if p.x > 0.0]
        label = "its seeds" if number == 0 else None
        axes.plot(*zip(*places, strict=True), color=_FAINT, lw=0.8, alpha=0.7, zorder=3, label=label)
    for number, member in enumerate(report.members[1:]):
        colour = _MEMBERS[number % len(_MEMBERS)]
        places = [(math.log10(p.x), p.theta_deg) for p in member.curve.points if p.x > 0.0]
        style: dict[str, Any] = {"color": colour, "alpha": 0.6, "zorder": 4}
        axes.plot(*zip(*places, strict=True), lw=1.4, label=_name(member.parameters.name), **style)
        axes.plot(zero, member.curve.points[0].theta_deg, "_", ms=11, mew=1.6, **style)


def _name(name: str) -> str:
    """Formulas of a parameter set's name with subscripts; names of potentials stay as they are."""
    words = name.replace("$", r"\$").split(", ")
    return ", ".join([mathtext_formula(words[0].replace(r"\$", "")), *words[1:]]) if len(words) > 1 else words[0]


def _axes(axes: Axes, report: WettingReport) -> None:
    decades = range(math.ceil(_lowest(report) - 1e-9), math.floor(axes.get_xlim()[1]) + 1)
    zero = _place(report, 0.0)
    axes.set_xticks([zero, *decades], ["0", *(f"$10^{{{decade}}}$" for decade in decades)])
    axes.set_xticks(list(_minor_ticks(decades, *axes.get_xlim())), minor=True)
    axes.set_xlabel(f"mole fraction of {report.solute} in liquid {report.solvent}", labelpad=4)
    axes.set_ylabel(f"contact angle θ (°), {how(report)}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#edf0f3", lw=0.8)
    _break(axes, zero + 0.5 * _ZERO_OFFSET)
    handles, labels = axes.get_legend_handles_labels()
    main = labels.index(_name(report.default.parameters.name))
    order = [main, *(i for i in range(1, len(labels)) if i != main), 0]  # the band comes last
    axes.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.135),
        ncols=3 if len(order) <= 9 else 4,
        frameon=False,
        fontsize=9 if len(order) <= 9 else 7.5,
        handletextpad=0.5,
        columnspacing=1.8,
    )


def _minor_ticks(decades: range, left: float, right: float) -> Iterator[float]:
    for decade in decades:
        for digit in range(2, 10):
            place = decade + math.log10(digit)
            if left < place < right:
                yield place


def _break(axes: Axes, place: float) -> None:
    """Two slashes over a gap in the x axis: what lies to the left is not on the scale."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    figure = axes.figure
    base = blended_transform_factory(axes.transData, axes.transAxes)
    axes.plot([place - 0.035, place + 0.035], [0, 0], color="white", lw=3, clip_on=False, zorder=9, transform=base)
    for shift in (-0.04, 0.04):
        offset = ScaledTranslation(shift, 0.0, figure.dpi_scale_trans)
        axes.plot(place, 0.0, marker=[(-0.5, -1), (0.5, 1)], ms=11, mec=MUTED, mew=1.1, clip_on=False, zorder=10,
                  transform=base + offset)  # fmt: skip


def _draw_drops(figure: Figure, curve: Axes, report: WettingReport, keys: Sequence[KeyPoint]) -> None:
    """Drops above their compositions, on one solid, in inches so that angles are true."""
    strip = figure.add_axes(_box(0.0, _STRIP_BOTTOM, SIZE_INCHES[0], _STRIP_HEIGHT))
    strip.set_xlim(0.0, SIZE_INCHES[0])
    strip.set_ylim(0.0, _STRIP_HEIGHT)
    strip.set_axis_off()
    left, right = curve.get_xlim()
    scale = (SIZE_INCHES[0] - _LEFT - _RIGHT) / (right - left)
    places = [_LEFT + (_place(report, key.x) - left) * scale for key in keys]
    start, end = _MARGIN, SIZE_INCHES[0] - _MARGIN
    _solid(strip, start, end)
    # Mirrored at the ends of the solid, so that half a gap is the room of every drop.
    mirrored = [2.0 * start - places[0], *places, 2.0 * end - places[-1]]
    gaps = [after - before for before, after in pairwise(mirrored)]
    for key, place, before, after in zip(keys, places, gaps[:-1], gaps[1:], strict=True):
        _drop(strip, key.point.theta_deg, place, min(0.9, 0.5 * min(before, after) - 0.07))
        _drop_label(strip, report, key, place)


def _solid(strip: Axes, start: float, end: float) -> None:
    from matplotlib.patches import Rectangle

    strip.add_patch(Rectangle((start, _BASELINE - 0.13), end - start, 0.13, fc="#c9d1da", ec="none", zorder=2))
    strip.plot([start, end], [_BASELINE] * 2, color=MUTED, lw=1.0, zorder=3, solid_capstyle="butt")


def _drop(strip: Axes, theta_deg: float, place: float, room: float) -> None:
    from matplotlib.patches import Polygon

    shape = drop_shape(theta_deg, _SPHERE_RADIUS, room)
    outline = np.array(shape.outline()) + [place, _BASELINE]
    patch = Polygon(outline, closed=True, fc="none", ec="#52606d", lw=1.1, zorder=5, joinstyle="round")
    strip.add_patch(patch)
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


def _drop_label(strip: Axes, report: WettingReport, key: KeyPoint, place: float) -> None:
    point = key.point
    value = "spreads" if point.theta_deg == 0.0 else angle(point.theta_deg)
    strip.text(place, 0.49, value, fontsize=16, fontweight="bold", color=STABLE, ha="center", va="center", zorder=6)
    what = composition(key.x, report.solute) if key.x > 0.0 else f"pure {report.solvent}"
    strip.text(place, 0.24, what, fontsize=10.5, ha="center", va="center", zorder=6)
    if key.observed:
        text = f"observed: {key.observed}"
        half = 0.036 * len(text)
        inside = min(max(place, half + 0.12), SIZE_INCHES[0] - half - 0.12)
        strip.text(inside, 0.07, text.replace("$", r"\$"), fontsize=8.5, color=MUTED, ha="center", va="center")


def _titles(figure: Figure, report: WettingReport) -> None:
    default = report.default
    if default.termination == AMORPHOUS:
        place = f"{mathtext_formula(report.substrate)}, {AMORPHOUS}"
    else:
        plane = face(report.substrate, report.miller_index, mathtext_formula)
        place = f"{plane}, {mathtext_formula(default.termination)}-terminated"
    title = f"{mathtext_formula(report.solvent)}–{mathtext_formula(report.solute)} on {place}"
    height = (SIZE_INCHES[1] - 0.27) / SIZE_INCHES[1]
    figure.text(_MARGIN / SIZE_INCHES[0], height, title, fontsize=13.5, fontweight="bold", va="center")
    notes = [default.potential.replace("$", r"\$"), f"{report.curve.temperature_K:g} K"]
    if finite_supply(report.curve):
        notes.append("finite supply")
    right = 1.0 - _MARGIN / SIZE_INCHES[0]
    figure.text(right, height, " · ".join(notes), fontsize=10, color=MUTED, ha="right", va="center")
    if is_calibrated(report):
        text = "calibrated to a measured angle, not predicted"
        low = height - 0.26 / SIZE_INCHES[1]
        figure.text(_MARGIN / SIZE_INCHES[0], low, text, fontsize=10.5, fontweight="bold", color=REFERENCE, va="center")
    elif report.curve.corrections:
        text = "with corrections: " + "; ".join(report.curve.corrections)
        low = height - 0.26 / SIZE_INCHES[1]
        figure.text(_MARGIN / SIZE_INCHES[0], low, text.replace("$", r"\$"), fontsize=9, color=REFERENCE, va="center")
