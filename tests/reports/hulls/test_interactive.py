"""The interactive figures carry the report's numbers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from amalgamics.reports.hulls.diagram import binary_diagram
from amalgamics.reports.hulls.interactive import hull_figure, per_alloy, voltage_figure


@pytest.fixture(scope="module")
def system(examples):
    return examples.li_hg.systems[0]


def trace(figure, name):
    return next(trace for trace in figure["data"] if trace.get("name") == name)


def test_hull_points_equal_the_hull(system):
    figure = hull_figure(binary_diagram(system))
    drawn = [trace(figure, name) for name in ("on the hull", "observed, above the hull", "prototype, above the hull")]
    points = sorted((x, y) for t in drawn for x, y in zip(t["x"], t["y"], strict=True))
    assert points == sorted((phase.fraction("Li"), phase.formation_energy_per_atom) for phase in system.hull.phases)
    labels = " ".join(annotation["text"] for annotation in figure["layout"]["annotations"])
    for formula in ("LiHg₃", "LiHg", "Li₃Hg"):
        assert f"<b>{formula}</b>" in labels


def test_hover_tells_distance_and_space_group(system):
    texts = trace(hull_figure(binary_diagram(system)), "prototype, above the hull")["text"]
    assert any("Li₂Hg₃" in text and "P-3m1" in text and "7.0 meV/atom above the hull" in text for text in texts)


def test_staircase_has_the_steps(system):
    figure = voltage_figure(system)
    assert figure is not None
    stairs, volume = figure["data"]
    steps = system.voltage.steps
    assert stairs["y"][:-1] == [step.voltage_V for step in steps for _ in range(2)]
    assert stairs["x"][1:-1:2] == [step.cumulative_mAh_per_g for step in steps]
    assert volume["y"][-1] == pytest.approx(steps[-1].cumulative_volume_change_percent)
    assert volume["x"][-1] == pytest.approx(steps[-1].cumulative_mAh_per_g)


def test_alloy_axis_passes_through_every_step(system):
    steps = system.voltage.steps
    for step in steps:
        assert per_alloy(step.cumulative_mAh_per_g, steps) == pytest.approx(step.cumulative_mAh_per_g_alloy)
    assert per_alloy(0.0, steps) == 0.0
    figure = voltage_figure(system)
    assert figure is not None
    axes = figure["alternatives"]
    assert [len(xs) for xs in axes["alloy"]["x"]] == [len(xs) for xs in axes["host"]["x"]]


def test_no_steps_no_figure(system):
    assert voltage_figure(replace(system, voltage=None)) is None
    assert voltage_figure(replace(system, voltage=replace(system.voltage, steps=()))) is None


def test_texts_are_escaped(examples):
    names = {"Hg": "Hg", "Li": "Li", "LiHg": "<a href='http://x.example'>name</a>"}
    records: Any = [
        (examples.entry(name, formula, -0.1 * (formula == "LiHg"), 20.0, "<i>"), {}) for formula, name in names.items()
    ]
    system = examples.make_system("Li-Hg", records, "Li")
    text = json.dumps([hull_figure(binary_diagram(system)), voltage_figure(system)])
    assert "<a" not in text
    assert "<i>" not in text


def test_every_colour_is_a_variable_of_every_theme(system):
    css = files("amalgamics.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
    figures = json.dumps([hull_figure(binary_diagram(system)), voltage_figure(system)])
    used = set(re.findall(r'"(--[a-z-]+)"', figures))
    assert used
    themes = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        assert used <= set(re.findall(r"(--[a-z-]+):", theme))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_texts_contrast_with_their_background(theme):
    css = files("amalgamics.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)[theme]
    colours = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]+);", block))
    pairs = [(text, ground) for text in ("--text", "--muted", "--stable") for ground in ("--card", "--page", "--tint")]
    for text, ground in [*pairs, ("--warn-text", "--warn-bg")]:
        dark, light = sorted(luminance(colours[name]) for name in (text, ground))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
