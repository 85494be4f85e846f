"""The interactive wetting figure carries the report's numbers on both axes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from importlib.resources import files

import pytest

from amalgamics.reports.wetting.diagram import DOES_NOT_WET, angle_title, bands, composition_title
from amalgamics.reports.wetting.interactive import wetting_figure
from amalgamics.reports.wetting.reduction import reduction_label
from amalgamics.thermodynamics.wetting.curve import Limit


@pytest.fixture(scope="module")
def figure(wetting):
    return wetting_figure(wetting)


def index(figure, name):
    return next(i for i, trace in enumerate(figure["data"]) if trace.get("name") == name)


@pytest.mark.parametrize(
    ("limit", "name"),
    [(Limit.FRESH, "fresh: dry face bare"), (Limit.EQUILIBRATED, "equilibrated: lithium on the dry face too")],
)
def test_each_limit_is_a_line_with_its_bands(figure, wetting, limit, name):
    i = index(figure, name)
    trace, points = figure["data"][i], wetting.curve.points
    drops = [point.of(limit) for point in points]
    assert trace["y"] == [drops[0].theta_deg, None, *(drop.theta_deg for drop in drops[1:])]
    assert trace["x"][2:] == [p.x for p in points[1:]]
    assert trace["x"][0] < points[1].x
    voltages = figure["alternatives"]["voltage"]["x"][i]
    assert voltages[2:] == [drop.voltage_V for drop in drops[1:]]
    assert voltages[0] > voltages[2]
    for band, ends in (
        ("model band of 3 parameter sets", ("theta_low_deg", "theta_high_deg")),
        ("statistical 95 % band of chgnet+d3", ("statistical_low_deg", "statistical_high_deg")),
    ):
        edges = [edge for edge in figure["data"] if edge.get("legendgroup") == band]
        own = [edge for edge in edges if edge["line"]["color"] == f"--{limit}"]
        for edge, end in zip(own, ends, strict=True):
            assert edge["y"] == [getattr(drop, end) for drop in drops[1:]]
        assert sum(edge["showlegend"] for edge in edges) == 1


def test_a_limit_that_was_not_computed_is_not_drawn(fresh_only):
    names = " ".join(str(trace.get("name")) for trace in wetting_figure(fresh_only)["data"])
    assert "equilibrated" not in names
    assert "dry face too" not in names


def test_every_trace_annotation_and_shape_has_a_place_on_both_axes(figure):
    for axis in figure["alternatives"].values():
        assert [len(xs) for xs in axis["x"]] == [len(trace["y"]) for trace in figure["data"]]
        assert len(axis["labels"]) == len(figure["layout"]["annotations"])
        assert len(axis["shapes"]) == len(figure["layout"]["shapes"])
    assert figure["alternatives"]["composition"]["title"] == figure["layout"]["xaxis"]["title"]["text"]


def test_members_films_and_panels_are_there(figure, wetting):
    names = [trace.get("name") for trace in figure["data"]]
    assert {"TiO₂, chgnet+d3atm", "TiO₂, 7net-0+d3"} <= set(names)
    assert names.count("films of chgnet+d3") == 2 * len(wetting.default.seed_curves)
    other = figure["data"][index(figure, "LaLiO₂, chgnet+d3")]
    assert other["visible"] == "legendonly"  # another termination has a band of its own
    assert other["line"]["color"] == "--equilibrated"  # the upper line is the one that is hovered
    fresh, dry = (figure["data"][index(figure, f"W<sub>ad</sub> {limit}")] for limit in ("fresh", "equilibrated"))
    change = figure["data"][index(figure, "Δγ<sub>SL</sub>")]
    face = figure["data"][index(figure, "Δγ<sub>SV</sub> of the dry face")]
    free = figure["data"][index(figure, "Δγ<sub>LV</sub>")]
    # Dupré: what the panels show belongs together.
    start = wetting.default.parameters.work_of_adhesion_J_m2
    for i in range(2, len(fresh["y"])):
        assert fresh["y"][i] == pytest.approx(start + free["y"][i] - change["y"][i])
        assert dry["y"][i] == pytest.approx(start + free["y"][i] + face["y"][i] - change["y"][i])
    assert all("xaxis" not in trace for trace in figure["data"])  # one axis, so that hovering is linked


def test_a_hovered_set_says_both_angles_by_name(figure, wetting):
    trace = figure["data"][index(figure, "TiO₂, 7net-0+d3")]
    point = wetting.members[2].curve.points[5]
    text = f"{point.equilibrated.theta_deg:.0f}° equilibrated, {point.fresh.theta_deg:.0f}° fresh"
    assert trace["text"][6] == text


def test_the_range_in_which_the_solid_reacts_is_named(figure, wetting):
    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert any("the solid reacts below 1.75 V" in text for text in texts)
    bar = figure["layout"]["shapes"][-1]
    assert [bar["x0"], bar["x1"]] == [wetting.curve.points[1].x, wetting.curve.points[-1].x]
    stable = wetting_figure(replace(wetting, reduction=None))
    assert not any("reacts" in note["text"] for note in stable["layout"]["annotations"])


def test_bands_titles_and_notes_are_those_of_the_picture(figure, wetting):
    names = {trace.get("name") for trace in figure["data"]}
    assert {band.label for band in bands(wetting)} <= names
    layout = figure["layout"]
    assert layout["yaxis"]["title"]["text"] == angle_title(wetting)
    assert layout["xaxis"]["title"]["text"] == composition_title(wetting)
    assert {DOES_NOT_WET, reduction_label(wetting)} <= {note["text"] for note in layout["annotations"]}


def test_key_compositions_are_labelled_on_the_logarithmic_axis(figure):
    labels = [a for a in figure["layout"]["annotations"] if a["xref"] == "x"]
    places = [math.log10(x) for x in (3e-5, 0.0133) for _ in Limit]
    assert [label["x"] for label in labels[1:]] == pytest.approx(places)
    assert [label["font"]["color"] for label in labels] == ["--text", *["--equilibrated", "--fresh"] * 2]


def test_a_depleted_drop_does_not_stretch_the_axis_of_voltages(wetting, with_curve):
    points = tuple(
        replace(p, fresh=replace(p.fresh, x_effective=1e-200, voltage_V=12.0)) if 0.0 < p.x < 1e-6 else p
        for p in wetting.curve.points
    )
    report = with_curve(wetting, replace(wetting.curve, points=points))
    axis = wetting_figure(report)["alternatives"]["voltage"]
    assert max(axis["range"]) < 2.5
    assert all(x is None or x < 2.5 for xs in axis["x"] for x in xs)


def test_it_is_json_and_texts_are_escaped(wetting):
    first = wetting.faces[0]
    other = replace(first.members[1], parameters=replace(first.members[1].parameters, name="<a href='x'>b</a>, <i>"))
    report = replace(wetting, faces=(replace(first, members=(first.members[0], other)),), solute="<b>")
    text = json.dumps(wetting_figure(report), allow_nan=False)
    assert "<a" not in text
    assert "<i>" not in text


def test_every_colour_is_a_variable_of_every_theme(figure):
    css = files("amalgamics.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
    used = set(re.findall(r'"(--[a-z-]+)"', json.dumps(figure)))
    assert {"--fresh", "--equilibrated", "--fresh-band", "--equilibrated-band", "--solute"} <= used
    for theme in re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL):
        assert used <= set(re.findall(r"(--[a-z-]+):", theme))
