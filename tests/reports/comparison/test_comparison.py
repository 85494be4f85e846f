"""Comparisons from hulls of made-up energies: identities, rankings, labels, figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.reports.benchmarks.table import MeanError
from amalgamics.reports.comparison.figures import HullOverlay, hull_overlay, overlay_figure, overlay_png
from amalgamics.reports.comparison.model import Comparison, ComputedHull, Ranking
from amalgamics.reports.comparison.section import comparison_report, headline, no_overlay, ranking_sentences
from amalgamics.reports.comparison.tables import (
    comparison_columns,
    comparison_data,
    comparison_rows,
    comparison_tables,
)
from amalgamics.reports.model import PhaseRecord, SystemReport
from amalgamics.structures.compositions import parse_formula
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.hulls.voltage import voltage_profile

ENERGIES = {"Hg": 0.0, "LiHg3": -0.24, "LiHg": -0.44, "Li3Hg": -0.37, "Li": 0.0}


def computed(potential: str, energies: Mapping[str, float], *, kind: str = "library", **more: Any) -> ComputedHull:
    entries = [
        PhaseEntry(name, name.split()[0], parse_formula(name.split()[0]), energy, 20.0, "P1", "made up", number)
        for number, (name, energy) in enumerate(energies.items(), start=1)
    ]
    hull = build_hull("Li-Hg", entries)
    records = tuple(
        PhaseRecord(
            name=phase.name,
            formula=phase.formula,
            kind="prototype" if " " in phase.name else kind,
            space_group="P1",
            energy_per_atom=phase.energy_per_atom,
            formation_energy_per_atom=phase.formation_energy_per_atom,
            e_above_hull=phase.e_above_hull,
            volume_per_atom=phase.volume_per_atom,
            row_id=int(phase.entry_id or 0),
        )
        for phase in hull.phases
    )
    report = SystemReport(hull, voltage_profile(hull, "Li"), records, **more)
    return ComputedHull(potential, f"potential-{potential}", report)


def comparison(*energies: Mapping[str, float]) -> Comparison:
    return Comparison(tuple(computed("abcdefghijkl"[number], each) for number, each in enumerate(energies)))


@given(
    shifts=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    changes=st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_a_zero_of_energy_changes_nothing_and_a_potential_agrees_with_itself(
    shifts: tuple[float, float], changes: list[float]
) -> None:
    compounds = dict(zip(("LiHg3", "LiHg", "Li3Hg"), changes, strict=True))
    energies = {**ENERGIES, **{name: ENERGIES[name] + change for name, change in compounds.items()}}
    shifted = {}
    for name, energy in energies.items():
        amounts = parse_formula(name)
        total = sum(amounts.values())
        zero = sum(amounts.get(one, 0) * shift for one, shift in zip(("Li", "Hg"), shifts, strict=True)) / total
        shifted[name] = energy + zero
    compared = comparison(energies, shifted)
    for phase in compared.phases:
        assert phase.formation_energy_spread == pytest.approx(0.0, abs=1e-9)
        assert phase.volume_spread == 0.0
    for ranking in compared.rankings:
        first, second = ranking.errors.values()
        assert first.mean_absolute == pytest.approx(second.mean_absolute, abs=1e-9)
    assert len(compared.hulls[0].stable) == len(compared.hulls[1].stable)
    data, rows = comparison_data(compared), comparison_rows(compared)
    assert len(data["phases"]) == len(rows) == len(compared.phases)
    assert all(len(row) == len(comparison_columns(compared)) for row in rows)


@given(errors=st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=2), count=st.integers(1, 6))
def test_places_are_in_the_order_of_the_deviations(errors: dict[str, float], count: int) -> None:
    mean = {
        name: MeanError("volume_per_atom", "experiment", name, count, error, error, error, "%")
        for name, error in errors.items()
    }
    ranking = Ranking("volume_per_atom", count, mean)
    if count < 3:
        assert (ranking.best_first, ranking.places) == ((), {})
        return
    ordered = [errors[name] for name in ranking.best_first]
    assert ordered == sorted(errors.values())
    assert ranking.places[ranking.best_first[0]] == 1
    for name, place in ranking.places.items():
        assert place == 1 + sum(other < errors[name] for other in errors.values())


def test_equal_deviations_share_a_place() -> None:
    compared = comparison(ENERGIES, ENERGIES)
    (sentence, *_) = ranking_sentences(compared)
    assert sentence.startswith("Formation enthalpy: a and b deviate least")
    (table,) = [one for one in comparison_tables(compared) if one.caption.startswith("Mean absolute")]
    assert table.rows[0][-1] == "a = b"


def test_the_headline_says_who_agrees() -> None:
    deep = {**ENERGIES, "Li3Hg": 0.1}
    assert headline(comparison(ENERGIES, ENERGIES)) == "LiHg₃, LiHg and Li₃Hg are stable with both potentials."
    assert headline(comparison(ENERGIES, deep)) == (
        "LiHg₃ and LiHg are stable with both potentials; Li₃Hg with a alone."
    )
    none = {name: abs(energy) for name, energy in ENERGIES.items()}
    assert headline(comparison(none, {**none, "LiHg": 0.2})) == "No compound is stable with any of the 2 potentials."
    only = {**none, "LiHg": -0.4}
    assert headline(comparison(none, only)) == "No compound is stable with both potentials; LiHg with b alone."
    assert headline(comparison(none, ENERGIES)).endswith("; 3 others with some of them.")


def test_without_a_compound_there_are_no_steps() -> None:
    none = {name: abs(energy) + 0.1 for name, energy in ENERGIES.items()}
    compared = comparison({"Hg": 0.0, "Li": 0.0}, none)
    assert compared.steps == ()
    assert compared.mean_voltages_V == {}
    assert overlay_png(hull_overlay(compared)).startswith(b"\x89PNG")
    assert comparison_report(compared).sections


@pytest.mark.parametrize(
    ("hulls", "message"),
    [
        ([], "there is none"),
        ([computed("a", ENERGIES)], "two potentials or more; there is a"),
        ([computed("a", ENERGIES)] * 2, "each potential once; repeated: a"),
    ],
)
def test_what_is_no_comparison_is_refused(hulls: list[ComputedHull], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Comparison(tuple(hulls))


def test_figures_hold_every_potential_in_its_own_way() -> None:
    scaled = [{name: energy * (1 - 0.02 * number) for name, energy in ENERGIES.items()} for number in range(12)]
    overlay = hull_overlay(comparison(*scaled))
    assert overlay is not None
    figure = overlay_figure(overlay)
    lines = [trace for trace in figure["data"] if trace["mode"] == "lines+markers"]
    looks = {(trace["line"]["color"], trace["line"]["dash"], trace["marker"]["symbol"]) for trace in lines}
    assert len(looks) == len(lines) == 12
    low, high = figure["layout"]["yaxis"]["range"]
    ys = [y for trace in lines for y in trace["y"]]
    assert low < min(ys) <= max(ys) < high


def test_names_are_shown_as_they_are() -> None:
    odd = "x<b>$1"
    compared = Comparison((computed(odd, ENERGIES), computed("b", ENERGIES)))
    overlay = hull_overlay(compared)
    names = {trace["name"] for trace in overlay_figure(overlay)["data"]}
    assert "x&lt;b&gt;$1" in names
    assert overlay_png(overlay).startswith(b"\x89PNG")


def overlay_of(*energies: Mapping[str, float]) -> HullOverlay:
    found = hull_overlay(comparison(*energies))
    assert found is not None
    return found


def test_labels_lie_on_the_deepest_hull_with_room_between_them() -> None:
    many = {**ENERGIES, "Li4Hg A": -0.31, "Li2Hg A": -0.41, "Li3Hg2 A": -0.43}
    overlay = overlay_of(ENERGIES, many)
    labels = {label.formula: label for label in overlay.labels}
    assert {"LiHg3", "LiHg", "Li3Hg"} <= set(labels)
    assert labels["LiHg"].y == pytest.approx(-0.44)
    places = [label.x for label in overlay.labels]
    assert all(right - left >= 0.1 for left, right in pairwise(places))
    assert not labels["LiHg3"].to_the_right
    assert labels["Li3Hg"].to_the_right


def test_no_overlay_is_said_for_other_numbers_of_elements() -> None:
    assert no_overlay(comparison(ENERGIES, ENERGIES)) == ""


def test_reasons_of_gaps_are_told_apart() -> None:
    less = {name: ENERGIES[name] for name in ("Hg", "LiHg", "Li")}
    second = computed("b", less, failed=(("LiHg3", "no reason"),), merged=(("Li3Hg", "LiHg"),))
    compared = Comparison((computed("a", ENERGIES), second))
    assert compared.notes == ("LiHg3 failed with b: no reason", "Li3Hg relaxed into LiHg with b")
    assert all(math.isfinite(phase.records["a"].e_above_hull) for phase in compared.phases)
