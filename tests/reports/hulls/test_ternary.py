"""The triangle of compositions of three elements."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.reports.hulls.drawn import hull_diagram, interactive_hull
from amalgamics.reports.hulls.png import hull_png
from amalgamics.reports.hulls.ternary import HEIGHT, TernaryDiagram, ternary_diagram, triangle_place

CORNERS = ("Li", "Na", "Hg")
amounts = st.fixed_dictionaries({element: st.integers(0, 20) for element in CORNERS}).filter(lambda c: any(c.values()))


@pytest.fixture
def system(examples):
    """Three elements, compounds of two on the hull, one of three, and a second, higher phase of one composition."""
    energies = {"Li": 0.0, "Na": 0.0, "Hg": 0.0, "LiHg": -0.4, "NaHg2": -0.2, "LiNaHg2": -0.35, "LiNa": 0.05}
    phases = [examples.entry(formula, formula, energy, 20.0, "Pm-3m") for formula, energy in energies.items()]
    phases.append(examples.entry("LiHg, other", "LiHg", -0.3, 20.0, "P4/mmm"))
    return examples.make_system("Hg-Na-Li", [(phase, {}) for phase in phases], None)


@given(amounts, amounts, st.integers(1, 5))
def test_a_mixture_lies_between_its_parts(first, second, times):
    a, b = (np.array(triangle_place(one, CORNERS)) for one in (first, second))
    assert np.allclose(a, triangle_place({element: times * n for element, n in first.items()}, CORNERS))
    n, m = sum(first.values()), sum(second.values())
    mixed = triangle_place({element: first[element] + second[element] for element in CORNERS}, CORNERS)
    assert np.allclose(mixed, (n * a + m * b) / (n + m))


@given(amounts)
def test_distances_to_the_sides_are_the_shares_of_the_elements(composition):
    x, y = triangle_place(composition, CORNERS)
    total = sum(composition.values())
    to_bottom, to_left, to_right = y, (math.sqrt(3) * x - y) / 2, (math.sqrt(3) * (1 - x) - y) / 2
    shares = [composition[element] / total for element in ("Hg", "Na", "Li")]
    assert [to_bottom / HEIGHT, to_left / HEIGHT, to_right / HEIGHT] == pytest.approx(shares, abs=1e-12)


def test_the_phases_of_the_hull_and_what_is_in_equilibrium(system):
    diagram = hull_diagram(system)
    assert isinstance(diagram, TernaryDiagram)
    assert [element for element, _ in diagram.corners] == ["Na", "Li", "Hg"]  # mercury on top
    assert {point.name for point in diagram.stable} == {phase.name for phase in system.hull.stable}
    assert {point.formula: point.others for point in diagram.points if point.others} == {"LiHg": 1}
    assert {point.formula for point in diagram.unstable} == {"LiNa"}
    assert len(diagram.tie_lines) == len(system.hull.tie_lines)
    assert {point.formula for point in diagram.compounds} == {"LiHg", "NaHg2", "LiNaHg2"}


def test_both_pictures_show_every_composition(system, examples):
    diagram, binary = ternary_diagram(system), hull_diagram(examples.li_hg.systems[0])
    assert diagram is not None
    assert binary is not None
    figure = interactive_hull(diagram)
    shown = {trace["name"]: len(trace["x"]) for trace in figure["data"] if trace.get("mode") == "markers"}
    assert shown == {"above the hull": 1, "on the hull": 6}
    names = [annotation["text"] for annotation in figure["layout"]["annotations"]]
    assert names == ["<b>Na</b>", "<b>Li</b>", "<b>Hg</b>", *names[3:]]
    assert set(names[3:]) == {"LiHg", "NaHg₂", "LiNaHg₂"}
    assert "NaN" not in json.dumps(figure)
    assert hull_png([diagram], "chgnet+d3").startswith(b"\x89PNG")
    both = hull_png([diagram, binary], r"$\frac{$")
    assert both.startswith(b"\x89PNG")


def test_other_numbers_of_elements_make_no_triangle(examples):
    assert ternary_diagram(examples.li_hg.systems[0]) is None
    four = [examples.entry(symbol, symbol, 0.0, 20.0, "Im-3m") for symbol in ("Li", "Na", "Mg", "Hg")]
    assert hull_diagram(examples.make_system("Li-Na-Mg-Hg", [(phase, {}) for phase in four], None)) is None
