"""Every value of the reference data is computed by a rule, or listed with the reason why not."""

from __future__ import annotations

import amalgamics.reports.benchmarks.table as table
from amalgamics.reference.published import QUANTITIES, published_values
from amalgamics.reports.benchmarks.published import PROPERTIES, benchmarks
from amalgamics.reports.benchmarks.rules import ELECTROLYTES, NOT_COMPARED, SURFACE_PHASES, not_compared, requirement
from amalgamics.reports.benchmarks.table import benchmarks_markdown, compare
from amalgamics.structures.library.phases import list_phases


def test_every_reference_value_is_compared_or_has_a_reason():
    compared = {(item.quantity, item.subject) for item in benchmarks()}
    listed = {(quantity, subject) for subject, quantity, _ in not_compared()}
    for value in published_values():
        known = [(value.quantity, value.subject) in found for found in (compared, listed)]
        assert known.count(True) == 1, value
    assert not NOT_COMPARED.keys() & PROPERTIES.keys()
    assert NOT_COMPARED.keys() | PROPERTIES.keys() >= QUANTITIES.keys()


def test_every_compared_value_says_what_it_takes():
    texts = {requirement(item).text for item in benchmarks()}
    assert all(len(text) > 10 for text in texts)
    assert len(texts) < 25  # values with the same reason share a line


def test_only_derived_values_and_single_terminations_have_no_rule():
    without = [item for item in benchmarks() if not requirement(item).computed]
    assert {item.quantity for item in without} == {"formation_free_energy", "surface_energy"}
    assert all(item.confidence == "derived" for item in without if item.quantity == "formation_free_energy")
    assert all("-" in item.label for item in without if item.quantity == "surface_energy")


def test_the_phases_that_surfaces_are_read_from_are_in_the_library():
    keys = {phase.key for phase in list_phases(buildable=True)}
    for names in SURFACE_PHASES.values():
        assert {name for name in names if "-" not in name} <= keys
    subjects = {item.subject for item in benchmarks() if item.quantity == "reduction_onset"}
    assert subjects == ELECTROLYTES.keys()


def test_the_tables_name_every_value_that_is_missing_and_why():
    text = benchmarks_markdown(compare(benchmarks(), []))
    gaps = text.split("## Not computed")[1].split("## Not compared")
    for item in benchmarks():
        assert table.missing_reason(item).replace("|", r"\|") in gaps[0]
        assert " ".join(filter(None, (item.subject, item.label))) in gaps[0]
    for subject, quantity, reason in not_compared():
        assert quantity.replace("_", " ") in gaps[1]
        assert subject in gaps[1]
        assert reason in gaps[1]


def test_a_value_that_is_computed_is_not_listed_as_missing():
    (item,) = [one for one in benchmarks() if one.key == ("cohesive_energy", "Hg", "")]
    text = benchmarks_markdown(compare([item], [table.ComputedValue("cohesive_energy", "Hg", "p", 0.5)]))
    assert "## Not computed" not in text
    assert "## Not compared" in text
