"""The contact angle of one liquid on one solid with several potentials: curves in one figure, angles in a table."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...thermodynamics.amalgams.choose_solution import shown_compositions
from ...thermodynamics.wetting.curve import Limit, WettingCurve
from ...thermodynamics.wetting.outcome import WETTING_DEG
from ..figures.interactive import Figure as PlotlyFigure
from ..figures.interactive import base_layout, hovered
from ..figures.style import MUTED, colour_and_marker, draw_png, plain
from ..notation import enumeration, unicode_formula
from ..sections import Cell, Figure, ReportSection, SectionPicture, SectionTable
from ..wetting.diagram import ORDER, angle_title, composition_title, decades, limit_lines, log_place
from ..wetting.layout import composition_axis
from ..wetting.model import WettingMember, WettingReport
from ..wetting.wording import angle, composition, face

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

ANCHOR = "wetting-comparison"
_PICTURE = "wetting-comparison.png"
_DASHES = {Limit.EQUILIBRATED: ("solid", "-"), Limit.FRESH: ("dash", "--")}


def wetting_comparison_section(reports: Mapping[str, WettingReport]) -> ReportSection:
    """Return the section that puts θ(x) with several potentials side by side.

    Parameters
    ----------
    reports
        Of the same input, by the potential that leads each: its own set of energies is shown, on its first face.
    """
    members = {name: own_member(name, report) for name, report in reports.items()}
    first = next(iter(reports.values()))
    place = f"{unicode_formula(first.solute)} in {first.solvent} on {face(first.substrate, first.miller_index)}"
    described = f"Contact angle against the mole fraction of {first.solute} with {enumeration(list(reports))}."
    figure = Figure(
        "wetting-compared",
        _figure(reports, members),
        f"Contact angle, {place}",
        described,
        "Full lines: the dry face beside the drop has taken solute (equilibrated). Dashed: it is bare (fresh). Bands "
        "are in the report of each.",
        picture=SectionPicture(_PICTURE, _png(reports, members), described),
    )
    warnings = [
        f"{name} has no angle of its own; shown is that of {members[name].potential}"
        for name in reports
        if members[name].potential != name
    ]
    if len(faces := dict.fromkeys(member.termination for member in members.values())) > 1:
        warnings.append(f"the faces differ: {', '.join(faces)}")
    return ReportSection(
        ANCHOR,
        "Contact angles compared",
        warnings=tuple(warnings),
        blocks=(figure, _pure(members), _angles(reports, members)),
        summary={"wetting_comparison": {name: _data(member) for name, member in members.items()}},
        units="Angles in degrees, work of adhesion in J/m².",
    )


def pure_angles(reports: Mapping[str, WettingReport]) -> str:
    """``Pure Hg on LLTO(001): 87° with chgnet+d3 and 75° with 7net-0+d3.``, each of its own set of energies."""
    first = next(iter(reports.values()))
    angles = {name: own_member(name, report).curve.points[0].fresh.theta_deg for name, report in reports.items()}
    said = enumeration([f"{angle(theta)} with {name}" for name, theta in angles.items()])
    return f"Pure {first.solvent} on {face(first.substrate, first.miller_index)}: {said}."


def own_member(potential: str, report: WettingReport) -> WettingMember:
    """Return the parameter set of a potential; that of the headline where it has none."""
    return next((one for one in report.members if one.potential == potential), report.default)


def _data(member: WettingMember) -> dict[str, Any]:
    return {
        "potential": member.potential,
        "termination": member.termination,
        "curve": [point.as_dict() for point in member.curve.points],
    }


def _pure(members: Mapping[str, WettingMember]) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    for name, member in members.items():
        pure = member.curve.points[0].fresh
        band = f"{pure.statistical_low_deg:.0f}–{pure.statistical_high_deg:.0f}"
        rows.append((name, member.termination, pure.work_of_adhesion_J_m2, f"{pure.theta_deg:.0f} ({band})"))
    columns = ("potential", "face", "W_ad (J/m²)", "θ (°, statistical band)")
    return SectionTable("The pure liquid", columns, tuple(rows), digits=2)


def _angles(reports: Mapping[str, WettingReport], members: Mapping[str, WettingMember]) -> SectionTable:
    curves = [member.curve for member in members.values()]
    keys = sorted({x for report in reports.values() for x in shown_compositions(report.key_x)})
    rows: list[tuple[Cell, ...]] = []
    for limit in ORDER:
        for x in keys:
            angles = [_angle(curve, x, limit) for curve in curves]
            known = [one for one in angles if one is not None]
            if known:
                spread = max(known) - min(known) if len(known) > 1 else None
                rows.append((composition(x), str(limit), *angles, spread))
    first = next(iter(reports.values()))
    columns = (f"{first.solute} in {first.solvent}", "dry face", *members, "spread")
    return SectionTable("Contact angles (°)", columns, tuple(rows), digits=1)


def _angle(curve: WettingCurve, x: float, limit: Limit) -> float | None:
    """Return the angle at a composition; None where the curve does not reach it, or the limit was not computed."""
    points = [point.of(limit) for point in curve.points if math.isclose(point.x, x, rel_tol=1e-9)]
    return points[0].theta_deg if points and points[0] is not None else None


def _widest(members: Mapping[str, WettingMember]) -> WettingCurve:
    """Return the curve whose axis holds all."""
    return max((member.curve for member in members.values()), key=lambda curve: curve.points[-1].x)


def _figure(reports: Mapping[str, WettingReport], members: Mapping[str, WettingMember]) -> PlotlyFigure:
    layout = base_layout()
    first = next(iter(reports.values()))
    place, axis = composition_axis(_widest(members))
    layout["xaxis"] |= axis | {"title": {"text": html.escape(composition_title(first))}}
    layout["yaxis"] |= {"title": {"text": angle_title(first)}, "range": [0, 180], "tickvals": list(range(0, 181, 30))}
    line = {"color": "--axis", "width": 1.2, "dash": "dash"}
    ends = {"xref": "paper", "x0": 0, "x1": 1, "y0": WETTING_DEG, "y1": WETTING_DEG}
    layout["shapes"] = [{"type": "line", **ends, "line": line}]
    traces = []
    for number, (name, member) in enumerate(members.items()):
        colour, _ = colour_and_marker(number)
        for limit_line in limit_lines(reports[name], member.curve):
            points = list(limit_line.points)
            texts = [
                f"<b>{drop.theta_deg:.1f}°</b> · {html.escape(name)}<br>{limit_line.limit}, x = {composition(point.x)}"
                for point, drop in points
            ]
            # x = 0 is not on the scale of the others.
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": f"{html.escape(name)}, {limit_line.limit}",
                    "x": [place(points[0][0]), None, *(place(point) for point, _ in points[1:])],
                    "y": [points[0][1].theta_deg, None, *(drop.theta_deg for _, drop in points[1:])],
                    **hovered([texts[0], "", *texts[1:]]),
                    "line": {"color": colour, "width": 2.4, "dash": _DASHES[limit_line.limit][0]},
                    "marker": {"color": colour, "size": [9, 0, *(0 for _ in points[1:])]},
                }
            )
    return {"data": traces, "layout": layout}


def _png(reports: Mapping[str, WettingReport], members: Mapping[str, WettingMember]) -> bytes:
    first, widest = next(iter(reports.values())), _widest(members)
    zero, named = log_place(widest, 0.0), decades(widest)

    def draw(figure: Canvas) -> None:
        axes = figure.subplots()
        for number, (name, member) in enumerate(members.items()):
            colour, marker = colour_and_marker(number)
            for line in limit_lines(reports[name], member.curve):
                xs = [math.log10(point.x) for point, _ in line.dissolved]
                ys = [drop.theta_deg for _, drop in line.dissolved]
                label = plain(f"{name}, {line.limit}")
                axes.plot(xs, ys, color=colour, ls=_DASHES[line.limit][1], lw=2.0, label=label)
            axes.plot(zero, member.curve.points[0].fresh.theta_deg, marker, color=colour, ms=8)
        axes.axhline(WETTING_DEG, color=MUTED, lw=1.0, ls=(0, (5, 3)))
        axes.set_xticks([zero, *named], ["0", *(f"$10^{{{decade}}}$" for decade in named)])
        axes.set_ylim(0, 180)
        axes.set_yticks(range(0, 181, 30))
        axes.set_xlabel(plain(composition_title(first)))
        axes.set_ylabel(angle_title(first))
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)

    rows = -(-2 * len(members) // 2)
    return draw_png(draw, size_inches=(7.0, 4.6 + 0.22 * rows), layout={"w_pad": 0.12, "h_pad": 0.12})
