"""The picture of the panel: works of adhesion by solid and method, and what measured angles stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...thermodynamics.wetting.contact_angle import work_from_angle_J_m2
from ..figures.style import GRID, MUTED, REFERENCE, colour_and_marker, draw_png, plain
from ..notation import mathtext_formula

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .model import PanelReport, PanelSolid

_ANGLES_DEG = (150, 130, 110, 90, 70, 50, 0)
_ROW_INCHES, _BASE_INCHES, _WIDTH_INCHES = 0.36, 2.1, 8.0


def panel_png(report: PanelReport) -> bytes:
    """Draw a row of points for each solid, one for each method, and return the PNG."""
    height = _BASE_INCHES + _ROW_INCHES * max(len(report.solids), 3)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        _measured(axes, report)
        for number, name in enumerate(report.potentials):
            places = [
                (work.mean, row + _offset(number, len(report.potentials)))
                for row, one in enumerate(report.solids)
                if (work := one.work_of_adhesion_J_m2.get(name)) is not None
            ]
            colour, marker = colour_and_marker(number)
            x, y = zip(*places, strict=True)
            axes.plot(x, y, marker, color=colour, ms=6.5, mec="white", mew=0.7, ls="none", zorder=3, label=plain(name))
        names = [_name(one) for one in report.solids]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
        axes.set_xlabel(f"work of adhesion of pure {plain(report.solvent)} (J/m²)")
        axes.grid(axis="y", color=GRID, lw=0.8)
        axes.set_axisbelow(True)
        axes.spines[["right"]].set_visible(False)
        _angle_scale(axes, report)
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)

    return draw_png(draw, size_inches=(_WIDTH_INCHES, height), layout={"w_pad": 0.1, "h_pad": 0.08})


def _name(solid: PanelSolid) -> str:
    carried = "" if solid.surface == "clean" else f", {plain(solid.surface)}"
    return f"{mathtext_formula(solid.formula)} {solid.plane}{carried}"


def _offset(number: int, count: int) -> float:
    """Methods of one solid lie a little apart, so that equal values show."""
    return 0.5 * ((number + 0.5) / count - 0.5)


def _measured(axes: Axes, report: PanelReport) -> None:
    label: str | None = "from measured angles, mostly in air"
    for row, one in enumerate(report.solids):
        if one.measured is None:
            continue
        work = one.measured.work_J_m2(report.gamma_LV_J_m2)
        axes.plot([work, work], [row - 0.42, row + 0.42], color=REFERENCE, lw=2.4, zorder=2, label=label)
        label = None


def _angle_scale(axes: Axes, report: PanelReport) -> None:
    """Angles along the top, where they are on the scale of W."""
    left, right = axes.get_xlim()
    works = {angle: float(work_from_angle_J_m2(angle, report.gamma_LV_J_m2)) for angle in _ANGLES_DEG}
    shown = {angle: work for angle, work in works.items() if left <= work <= right}
    top = axes.secondary_xaxis("top")
    top.set_xticks(list(shown.values()), [f"{angle}°" for angle in shown])
    top.set_xlabel("contact angle with the measured surface tension", fontsize=9, color=MUTED)
    if left <= works[90] <= right:
        axes.axvline(works[90], color=MUTED, lw=1.0, ls=(0, (5, 3)), zorder=1)
