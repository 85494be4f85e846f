"""The interactive wetting figure carries the report's numbers on both axes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from importlib.resources import files

import pytest

from amalgamics.reports.wetting_interactive import wetting_figure


@pytest.fixture(scope="module")
def figure(wetting):
    return wetting_figure(wetting)


def index(figure, name):
    return next(i for i, trace in enumerate(figure["data"]) if trace.get("name") == name)


def test_the_angle_is_that_of_the_curve(figure, wetting):
    i = index(figure, "TiO₂, chgnet+d3")
    trace, points = figure["data"][i], wetting.curve.points
    assert trace["y"] == [points[0].theta_deg, None, *(p.theta_deg for p in points[1:])]
    assert trace["x"][2:] == [p.x for p in points[1:]]
    assert trace["x"][0] < points[1].x
    voltages = figure["alternatives"]["voltage"]["x"][i]
    assert voltages[2:] == [p.voltage_V for p in points[1:]]
    assert voltages[0] > voltages[2]


def test_every_trace_annotation_and_shape_has_a_place_on_both_axes(figure):
    for axis in figure["alternatives"].values():
        assert [len(xs) for xs in axis["x"]] == [len(trace["y"]) for trace in figure["data"]]
        assert len(axis["labels"]) == len(figure["layout"]["annotations"])
        assert len(axis["shapes"]) == len(figure["layout"]["shapes"])
    assert figure["alternatives"]["composition"]["title"] == figure["layout"]["xaxis"]["title"]["text"]


def test_members_seeds_and_panels_are_there(figure, wetting):
    names = [trace.get("name") for trace in figure["data"]]
    assert {"LaLiO₂, chgnet+d3", "TiO₂, 7net-0+d3"} <= set(names)
    assert names.count("seeds of TiO₂, chgnet+d3") == len(wetting.default.seed_curves)
    work = figure["data"][index(figure, "W<sub>ad</sub>")]
    change = figure["data"][index(figure, "Δγ<sub>SL</sub>")]
    free = figure["data"][index(figure, "Δγ<sub>LV</sub>")]
    # Dupré: what the panels show belongs together.
    for w, solid, surface in zip(work["y"][2:], change["y"][2:], free["y"][2:], strict=True):
        assert w == pytest.approx(wetting.default.parameters.work_of_adhesion_J_m2 + surface - solid)
    assert all("xaxis" not in trace for trace in figure["data"])  # one axis, so that hovering is linked


def test_key_compositions_are_labelled_on_the_logarithmic_axis(figure):
    labels = [a for a in figure["layout"]["annotations"] if a["xref"] == "x"]
    assert [label["x"] for label in labels[1:]] == pytest.approx([math.log10(3e-5), math.log10(0.0133)])


def test_a_depleted_drop_does_not_stretch_the_axis_of_voltages(wetting):
    points = tuple(
        replace(p, x_effective=1e-200, voltage_V=12.0) if 0.0 < p.x < 1e-6 else p for p in wetting.curve.points
    )
    axis = wetting_figure(replace(wetting, curve=replace(wetting.curve, points=points)))["alternatives"]["voltage"]
    assert max(axis["range"]) < 2.5
    assert all(x is None or x < 2.5 for xs in axis["x"] for x in xs)


def test_it_is_json_and_texts_are_escaped(wetting):
    member = replace(
        wetting.members[1], parameters=replace(wetting.members[1].parameters, name="<a href='x'>b</a>, <i>")
    )
    report = replace(wetting, members=(wetting.members[0], member), solute="<b>")
    text = json.dumps(wetting_figure(report), allow_nan=False)
    assert "<a" not in text
    assert "<i>" not in text


def test_every_colour_is_a_variable_of_every_theme(figure):
    css = files("amalgamics.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
    used = set(re.findall(r'"(--[a-z-]+)"', json.dumps(figure)))
    assert {"--band", "--solute", "--member-a"} <= used
    for theme in re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL):
        assert used <= set(re.findall(r"(--[a-z-]+):", theme))
