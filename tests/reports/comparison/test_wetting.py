"""Contact angles of several potentials side by side: the angles of each, and no mixture."""

from __future__ import annotations

import pytest

from amalgamics.reports.comparison.wetting import own_member, pure_angles, wetting_comparison_section
from amalgamics.reports.sections import Figure, SectionTable, leaves
from amalgamics.reports.wetting.wording import composition
from amalgamics.thermodynamics.wetting.curve import Limit


def tables(section):
    return {block.caption: block for block in leaves(section.blocks) if isinstance(block, SectionTable)}


def figure(section):
    return next(block for block in leaves(section.blocks) if isinstance(block, Figure))


def test_each_column_is_the_curve_of_its_own_potential(wetting):
    names = list(dict.fromkeys(member.potential for member in wetting.faces[0].members if not member.structures_from))
    assert len(names) > 1
    section = wetting_comparison_section(dict.fromkeys(names, wetting))
    angles = tables(section)["Contact angles (°)"]
    assert angles.columns[2:] == (*names, "spread")
    curves = [own_member(name, wetting).curve for name in names]
    seen = set()
    for x, limit, *values in angles.rows:
        (key,) = [one for one in wetting.key_x if composition(one) == x] or [None]
        if key is None:
            continue
        expected = [curve.at(key).of(Limit(limit)).theta_deg for curve in curves]
        assert values[:-1] == expected
        assert values[-1] == pytest.approx(max(expected) - min(expected))
        seen.add((key, limit))
    assert seen == {(x, str(limit)) for x in wetting.key_x for limit in Limit}
    said = [f"{own_member(name, wetting).curve.points[0].fresh.theta_deg:.0f}° with {name}" for name in names]
    assert pure_angles(dict.fromkeys(names, wetting)) == f"Pure Hg on LLTO(001): {', '.join(said[:-1])} and {said[-1]}."
    for name, face, work, theta in tables(section)["The pure liquid"].rows:
        pure = own_member(name, wetting).curve.points[0].fresh
        assert (face, work) == ("TiO2", pure.work_of_adhesion_J_m2)
        assert theta.startswith(f"{pure.theta_deg:.0f} ({pure.statistical_low_deg:.0f}–")


def test_a_potential_without_an_angle_of_its_own_is_told(wetting):
    section = wetting_comparison_section({"chgnet+d3": wetting, "mace-mp-0+d3": wetting})
    assert section.warnings == (f"mace-mp-0+d3 has no angle of its own; shown is that of {wetting.default.potential}",)


def test_where_the_dry_face_was_not_computed_there_are_angles_of_the_fresh_one_alone(wetting, fresh_only):
    section = wetting_comparison_section({"chgnet+d3": wetting, "7net-0+d3": fresh_only})
    limits = {(row[1], row[3] is None) for row in tables(section)["Contact angles (°)"].rows}
    assert limits == {("equilibrated", True), ("fresh", False)}
    assert len(figure(section).data["data"]) == 3
    for trace in figure(section).data["data"]:
        assert len(trace["x"]) == len(trace["y"]) == len(trace["text"]) == len(trace["marker"]["size"])
