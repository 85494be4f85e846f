"""What both drawings of a hull show."""

from __future__ import annotations

import pytest

from amalgamics.reports.benchmarks.reference import formation_energy
from amalgamics.reports.hulls.diagram import NUDGE, binary_diagram, label_candidates


def test_mercury_is_on_the_left_whatever_the_order_of_the_symbols(examples):
    phases = [
        examples.entry("Hg", "Hg", 0.0, 24.0, "R-3m"),
        examples.entry("LiHg3", "LiHg3", -0.2, 20.0, "P6_3/mmc"),
        examples.entry("Li", "Li", 0.0, 20.0, "Im-3m"),
    ]
    for system in ("Li-Hg", "Hg-Li"):
        diagram = binary_diagram(examples.make_system(system, [(phase, {}) for phase in phases], "Li"))
        assert {point.name: point.x for point in diagram.points} == {"Hg": 0.0, "LiHg3": 0.25, "Li": 1.0}
        assert (diagram.x_element, diagram.other_element) == ("Li", "Hg")


def test_points_are_those_of_the_hull(examples):
    system = examples.li_hg.systems[0]
    diagram = binary_diagram(system)
    assert [p.name for p in diagram.points] == [phase.name for phase in system.hull.phases]
    assert [p.y for p in diagram.points] == [phase.formation_energy_per_atom for phase in system.hull.phases]
    assert {p.name for p in diagram.stable} == {"Hg-alpha", "LiHg3", "LiHg", "Li3Hg", "Li"}
    assert len(diagram.stable) + len(diagram.unstable) == len(system.records)
    assert [(a.name, b.name) for a, b in diagram.tie_lines] == list(system.hull.tie_lines)


def test_published_values_are_converted_and_drawn_beside_their_composition(examples):
    diagram = binary_diagram(examples.li_hg.systems[0])
    assert len(diagram.references) == 4
    for reference in diagram.references:
        assert (reference.y, reference.uncertainty) == formation_energy(reference.value)
        nearest = min(abs(reference.x - x) for x in (0.25, 0.5, 0.75))
        assert 0 < nearest <= 2 * NUDGE + 1e-9
    assert len({reference.x for reference in diagram.references}) == 4


def test_series_hold_every_phase_and_published_value_once(examples):
    diagram = binary_diagram(examples.li_hg.systems[0])
    drawn = [point.name for series in diagram.phases for point in series.points]
    assert sorted(drawn) == sorted(point.name for point in diagram.points)
    assert [(series.label, series.meaning, series.filled) for series in diagram.phases] == [
        ("prototype, above the hull", "prototype", False),
        ("observed, above the hull", "stable", False),
        ("on the hull", "stable", True),
    ]
    assert [series.rank for series in diagram.phases] == [3, 2, 1]  # the foremost is named first
    published = [ref for series in diagram.published for ref in series.points]
    assert len(published) == len(diagram.references)
    for series in diagram.published:
        assert all(series.label == f"published, {ref.value.confidence}" for ref in series.points)


def test_names_stand_on_the_outer_side_of_the_hull(examples):
    diagram = binary_diagram(examples.li_hg.systems[0])
    sides = {point.name: side for point, side in diagram.stable_labels}
    assert sides == {"Hg-alpha": "end", "LiHg3": "left", "LiHg": "left", "Li3Hg": "right", "Li": "end"}


def test_axes_are_described_for_both_writers(examples):
    diagram = binary_diagram(examples.li_hg.systems[0])
    assert diagram.x_title == "x in Li_{x}Hg_{1−x}"
    assert [diagram.x_ticks[i] for i in (0, 2, -1)] == [(0, "Hg"), (0.5, "0.5"), (1, "Li")]
    assert diagram.above_frame_note == "1 phase higher up, to +0.19 eV/atom"


def test_frame_holds_the_hull_and_names_what_it_leaves_out(examples):
    diagram = binary_diagram(examples.li_hg.systems[0])
    low, high = diagram.y_range
    for point in diagram.stable:
        assert low < point.y < high
    for reference in diagram.references:
        assert low < reference.y - (reference.uncertainty or 0)
    assert [point.formula for point in diagram.above_frame] == ["Li5Hg"]


def test_labels_go_to_observed_phases_and_to_the_lowest_prototype_of_a_composition(examples):
    diagram = binary_diagram(examples.li_hg.systems[0])
    labelled = label_candidates(diagram)
    assert labelled[0].name == "Hg-beta"
    assert all(not point.polymorph for point in labelled[1:])
    assert len({point.formula for point in labelled}) == len(labelled)


def test_a_hull_without_compounds_has_a_frame(examples):
    phases = [examples.entry(symbol, symbol, 0.0, 20.0, "Im-3m") for symbol in ("Li", "Na")]
    low, high = binary_diagram(examples.make_system("Li-Na", [(p, {}) for p in phases], "Li")).y_range
    assert low < 0 < high


@pytest.mark.parametrize("deepest", [0.0, -0.017, -0.049])
def test_a_shallow_hull_leaves_its_room_to_the_phases_above_it(examples, deepest):
    entries = [examples.entry(symbol, symbol, 0.0, 20.0, "Im-3m") for symbol in ("Li", "Na")]
    entries += [examples.entry("LiNa-1", "LiNa", deepest, 20.0, "Pm-3m")] * (deepest < 0)
    entries += [examples.entry("LiNa-2", "LiNa", 0.014 + 0.049 + deepest, 20.0, "Fm-3m")]
    diagram = binary_diagram(examples.make_system("Li-Na", [(entry, {}) for entry in entries], "Li"))
    low, high = diagram.y_range
    assert not diagram.above_frame
    assert low < deepest
    assert low == pytest.approx(deepest - 0.008)  # and not half a frame below the hull
    assert high - low >= 0.065


def test_only_two_elements_make_a_diagram(examples):
    phases = [examples.entry(symbol, symbol, 0.0, 20.0, "Im-3m") for symbol in ("Li", "Na", "Hg")]
    assert binary_diagram(examples.make_system("Li-Na-Hg", [(p, {}) for p in phases], None)) is None
    assert binary_diagram(examples.make_system("Hg", [(phases[2], {})], None)) is None


@pytest.mark.parametrize("limit", [1, 3])
def test_prototype_labels_are_limited_and_observed_ones_are_not(examples, limit):
    assert len(label_candidates(binary_diagram(examples.li_hg.systems[0]), limit=limit)) == limit
