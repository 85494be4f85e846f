"""The contact angle against composition as PNG: drops on the solid above, both limits with their bands below."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...structures.glass.thiophosphate import AMORPHOUS
from ...thermodynamics.wetting.curve import Limit
from ..figures.style import EQUILIBRATED, FRESH, GRID, INK, MUTED, REFERENCE, PictureFormat, draw_png, plain
from ..notation import mathtext_formula
from .diagram import (
    DOES_NOT_WET,
    WETS,
    ZERO_DECADES,
    LimitLine,
    angle_title,
    bands,
    composition_title,
    decades,
    finite_drop_label,
    limit_lines,
    log_place,
    log_range,
    other_members,
    reduction_reach,
)
from .drops_png import draw_drops
from .model import WettingReport
from .reduction import reduction_label
from .wording import (
    KeyPoint,
    face,
    finite_supply,
    is_calibrated,
    key_points,
    not_computed,
    saturation,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (9.0, 7.5)
"""900 pixels wide at half its resolution."""

COLOURS = {Limit.FRESH: FRESH, Limit.EQUILIBRATED: EQUILIBRATED}
"""Also told apart by their names, and by a dashed outline of the drop."""

_MARGIN = 0.3
_LEFT, _RIGHT = 0.82, _MARGIN
_CURVE_BOTTOM, _CURVE_HEIGHT = 1.25, 3.62
_STRIP_BOTTOM, _STRIP_HEIGHT = 4.93, 1.86


def wetting_png(report: WettingReport, *, file_format: PictureFormat = "png") -> bytes:
    """Return the picture: the angle against the mole fraction of the solute in both limits, with drops above.

    Each limit has a colour, the model band of all parameter sets of the face, and in it the statistical band of the
    first; the other sets are thin. x = 0, where both limits are one, stands apart behind a break of the axis. Filled
    drops are those of the equilibrated limit, dashed outlines those of the fresh one.

    Raises
    ------
    InputError
        A composition to show that is not on the curve.
    """
    keys = key_points(report)

    def draw(figure: Figure) -> None:
        axes = figure.add_axes(_box(_LEFT, _CURVE_BOTTOM, SIZE_INCHES[0] - _LEFT - _RIGHT, _CURVE_HEIGHT))
        _draw_curve(axes, report, keys)
        strip = figure.add_axes(_box(0.0, _STRIP_BOTTOM, SIZE_INCHES[0], _STRIP_HEIGHT))
        left, right = axes.get_xlim()
        scale = (SIZE_INCHES[0] - _LEFT - _RIGHT) / (right - left)
        places = [_LEFT + (log_place(report.curve, key.x) - left) * scale for key in keys]
        draw_drops(strip, report, keys, places, (SIZE_INCHES[0], _STRIP_HEIGHT), COLOURS)
        _titles(figure, report)

    return draw_png(draw, size_inches=SIZE_INCHES, file_format=file_format)


def _box(left: float, bottom: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Inches as fractions of the figure."""
    return left / SIZE_INCHES[0], bottom / SIZE_INCHES[1], width / SIZE_INCHES[0], height / SIZE_INCHES[1]


def _draw_curve(axes: Axes, report: WettingReport, keys: Sequence[KeyPoint]) -> None:
    curve, lines = report.curve, limit_lines(report)
    low, high = log_range(curve)
    axes.set_xlim(low - ZERO_DECADES - 0.45, high + 0.24)
    top = max(drop.theta_high_deg for line in lines for _, drop in line.points)
    axes.set_ylim(0.0, min(199.0, max(145.0, top + 28.0)))
    axes.set_yticks(range(0, min(180, int(axes.get_ylim()[1])) + 1, 30))
    _wetting_line(axes, low - 0.5 * ZERO_DECADES)
    _saturation(axes, report)
    _reduction(axes, report)
    for line in lines:
        _bands(axes, report, line)
    _other_sets(axes, report)
    _finite_drop(axes, report)
    for line in lines:
        _line(axes, line, keys)
    _key_lines(axes, report, keys)
    _pure(axes, report)
    _axes(axes, report)
    _legend(axes, report, lines)


def _bands(axes: Axes, report: WettingReport, line: LimitLine) -> None:
    xs = [math.log10(point.x) for point, _ in line.dissolved]
    for band in bands(report):
        lows, highs = zip(*(band.ends(drop) for _, drop in line.dissolved), strict=True)
        alpha, order = (0.24, 1.2) if band.inner else (0.12, 1)
        axes.fill_between(xs, lows, highs, color=COLOURS[line.limit], alpha=alpha, lw=0, zorder=order)


def _other_sets(axes: Axes, report: WettingReport) -> None:
    """The other parameter sets of the face, thin."""
    for _, lines in other_members(report):
        for line in lines:
            places = [(math.log10(point.x), drop.theta_deg) for point, drop in line.dissolved]
            axes.plot(*zip(*places, strict=True), color=COLOURS[line.limit], lw=0.9, alpha=0.75, zorder=4)
        zero = lines[0].points[0][1].theta_deg
        axes.plot(log_place(report.curve, 0.0), zero, "_", ms=11, mew=1.3, color=INK, alpha=0.6, zorder=4)


def _finite_drop(axes: Axes, report: WettingReport) -> None:
    """The first set in a drop that runs out of solute, dotted."""
    for line in limit_lines(report, report.finite_drop.curve) if report.finite_drop else ():
        places = [(math.log10(point.x), drop.theta_deg) for point, drop in line.dissolved]
        axes.plot(*zip(*places, strict=True), color=COLOURS[line.limit], lw=1.6, ls=":", zorder=4.5, clip_on=False)


def _line(axes: Axes, line: LimitLine, keys: Sequence[KeyPoint]) -> None:
    """Drawn as the drops above it are, filled or as an outline."""
    colour = COLOURS[line.limit]
    places = [(math.log10(point.x), drop.theta_deg) for point, drop in line.dissolved]
    axes.plot(*zip(*places, strict=True), color=colour, lw=2.8, ls=_style(line), zorder=5, clip_on=False)
    for key in keys:
        drop = key.point.of(line.limit)
        if key.x > 0.0 and drop is not None:
            face, rim = (colour, "white") if line.filled else ("white", colour)
            size, edge = (11, 1.8) if line.filled else (6.5, 2.2)
            axes.plot(
                math.log10(key.x), drop.theta_deg, "o", ms=size, mew=edge, mfc=face, mec=rim, zorder=11, clip_on=False
            )


def _style(line: LimitLine) -> Any:
    return "-" if line.filled else (0, (4.5, 1.1))


def _key_lines(axes: Axes, report: WettingReport, keys: Sequence[KeyPoint]) -> None:
    """From the drops above down to the lowest angle."""
    for key in keys:
        low = min(drop.theta_deg for limit in Limit if (drop := key.point.of(limit)) is not None)
        place = log_place(report.curve, key.x)
        axes.plot([place] * 2, [low, axes.get_ylim()[1]], ":", color=MUTED, lw=0.9, zorder=2)


def _pure(axes: Axes, report: WettingReport) -> None:
    """The pure liquid: both limits are one, so it has neither colour."""
    zero, drop = log_place(report.curve, 0.0), report.curve.points[0].fresh
    style: dict[str, Any] = {"color": MUTED, "lw": 13, "solid_capstyle": "butt", "zorder": 1}
    for band in bands(report):
        axes.plot([zero] * 2, band.ends(drop), alpha=0.34 if band.inner else 0.18, **style)
    axes.plot(zero, drop.theta_deg, "o", ms=10, mfc=INK, mec="white", mew=1.8, zorder=11, clip_on=False)


def _wetting_line(axes: Axes, place: float) -> None:
    """90°, named in the gap of the axis, where nothing else is drawn."""
    axes.axhline(90.0, color=MUTED, lw=1.0, ls=(0, (5, 3)), zorder=1.5)
    style: dict[str, Any] = {"fontsize": 8.5, "color": MUTED, "ha": "center", "zorder": 6, "path_effects": _halo()}
    axes.text(place, 92.0, DOES_NOT_WET, va="bottom", **style)
    axes.text(place, 87.5, WETS, va="top", **style)


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white", alpha=0.85)]


def _saturation(axes: Axes, report: WettingReport) -> None:
    most = saturation(report.curve)
    if most is None:
        return
    right = axes.get_xlim()[1]
    axes.axvspan(math.log10(most), right, color=MUTED, alpha=0.1, zorder=0, lw=0)
    solids = [record.saturating_phase for record in report.dilute if record.saturating_phase]
    name = f"{mathtext_formula(solids[0])} precipitates" if solids else "saturated"
    style: dict[str, Any] = {"fontsize": 9, "color": MUTED, "ha": "right", "rotation": 90, "path_effects": _halo()}
    axes.text(right - 0.05, 4.0, name, va="bottom", zorder=6, **style)


def _reduction(axes: Axes, report: WettingReport) -> None:
    """A bracket along the top over the compositions that reduce the solid."""
    reach = reduction_reach(report)
    if reach is None:
        return
    left, right, top = math.log10(reach[0]), math.log10(reach[1]), axes.get_ylim()[1]
    heights = [top - 9.0, top - 6.0, top - 6.0, top - 9.0]
    axes.plot([left, left, right, right], heights, color=REFERENCE, lw=1.1, zorder=7, solid_joinstyle="miter")
    style: dict[str, Any] = {"fontsize": 9.5, "color": REFERENCE, "ha": "center", "va": "top"}
    style["bbox"] = {"fc": "white", "ec": "none", "pad": 1.5}
    axes.text(0.5 * (left + right), top - 10.0, reduction_label(report), zorder=7, **style)


def _axes(axes: Axes, report: WettingReport) -> None:
    zero, named = log_place(report.curve, 0.0), decades(report.curve)
    axes.set_xticks([zero, *named], ["0", *(f"$10^{{{decade}}}$" for decade in named)])
    axes.set_xticks(list(_minor_ticks(log_range(report.curve)[0], axes.get_xlim()[1])), minor=True)
    axes.set_xlabel(plain(composition_title(report)), labelpad=4)
    axes.set_ylabel(angle_title(report))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=GRID, lw=0.8)
    _break(axes, zero + 0.5 * ZERO_DECADES)


def _legend(axes: Axes, report: WettingReport, lines: Sequence[LimitLine]) -> None:
    """The limits first; what holds in both has both colours."""
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = [COLOURS[line.limit] for line in lines]
    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=COLOURS[line.limit], lw=2.8, ls=_style(line)), line.label) for line in lines
    ]
    for band in bands(report):
        patches = tuple(Patch(color=c, alpha=0.36 if band.inner else 0.14, lw=0) for c in colours)
        entries.append((patches, band.label))
    if len(report.faces[0].members) > 1:
        names = "the other sets: potentials, dispersion models"
        entries.append((tuple(Line2D([], [], color=c, lw=0.9) for c in colours), names))
    if report.finite_drop is not None:
        entries.append((tuple(Line2D([], [], color=c, lw=1.6, ls=":") for c in colours), finite_drop_label(report)))
    handles, labels = zip(*entries, strict=True)
    axes.legend(
        handles,
        [plain(label) for label in labels],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.135),
        ncols=2,
        frameon=False,
        fontsize=9,
        handletextpad=0.6,
        columnspacing=2.2,
        handlelength=2.6,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.25)},
    )


def _minor_ticks(left: float, right: float) -> Iterator[float]:
    for decade in range(math.floor(left), math.ceil(right)):
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
    notes = [default.potential, f"{report.curve.temperature_K:g} K"]
    if report.conditions_text:
        notes.append(report.conditions_text)
    elif finite_supply(report.curve):
        notes.append("finite supply")
    right = 1.0 - _MARGIN / SIZE_INCHES[0]
    figure.text(right, height, plain(" · ".join(notes)), fontsize=10, color=MUTED, ha="right", va="center")
    second = _second_line(report)
    if second:
        low = height - 0.26 / SIZE_INCHES[1]
        figure.text(_MARGIN / SIZE_INCHES[0], low, plain(second), fontsize=9.5, color=REFERENCE, va="center")


def _second_line(report: WettingReport) -> str:
    """What must not be overlooked: an angle that was put in, a limit that is missing, corrections."""
    parts = []
    if is_calibrated(report):
        parts.append("calibrated to a measured angle, not predicted")
    elif report.default.parameters.corrections:
        parts.append("with corrections: " + "; ".join(report.default.parameters.corrections))
    if Limit.EQUILIBRATED not in report.curve.limits:
        parts.append(not_computed(report).split(":")[0] + ": the fresh one is a lower bound of the angle")
    return " · ".join(parts)
