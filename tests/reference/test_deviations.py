"""The table of known deviations: every entry is about something that exists, and says where it comes from."""

from __future__ import annotations

import copy
from importlib.resources import files

import pytest
import yaml

from amalgamics.errors import InputError
from amalgamics.reference.deviations import KnownDeviations, known_deviations
from amalgamics.reference.measured import Sources, load, parse
from amalgamics.structures.compositions import parse_system
from amalgamics.structures.library.phases import get_phase


@pytest.fixture
def raw():
    text = files("amalgamics.reference").joinpath("data", "known_deviations.yaml").read_text(encoding="utf-8")
    return copy.deepcopy(yaml.safe_load(text))


def test_every_reason_belongs_to_a_phase_of_the_library():
    keys = [reason.phase for reason in known_deviations().phases]
    assert len(set(keys)) == len(keys)
    for key in keys:
        assert get_phase(key).key == key


def test_every_source_is_used():
    folder = files("amalgamics.reference").joinpath("data")
    rest = " ".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name != "sources.yaml")
    assert [key for key in load(Sources).sources if f"source: {key}" not in rest] == []


def test_a_system_is_found_whatever_the_order_of_its_elements():
    table = known_deviations()
    assert table.expectation(("Hg", "Al")).expectation == "no compound"
    assert table.expectation(("Hg", "Li")) is None
    solution = table.solid_solution(("Hg", "Ag"), {"Ag": 3, "Hg": 1})
    assert solution is not None
    assert parse_system(solution.system) == ("Ag", "Hg")
    assert table.solid_solution(("Ag", "Hg"), {"Ag": 1, "Hg": 3}) is None
    assert table.solid_solution(("Li", "Hg"), {"Li": 3, "Hg": 1}) is None


@pytest.mark.parametrize(
    ("group", "change", "told"),
    [
        ("phases", {"cause": "disorderd"}, "'disorder'"),
        ("phases", {"source": "nobody"}, "unknown source 'nobody'"),
        ("phases", {"reason": None}, "phases.0.reason"),
        ("phases", {"extra": 1}, "extra"),
        ("systems", {"expectation": "ideal"}, "unknown expectation 'ideal'"),
        ("systems", {"system": "Al-Xx"}, "unknown element 'Xx'"),
        ("searched", {"fractions": [0.5, 0.2]}, "two rising numbers"),
        ("solid_solutions", {"element": "Li"}, "not in the system"),
        ("solid_solutions", {"confidence": "sure"}, "unknown confidence 'sure'"),
    ],
)
def test_a_wrong_entry_is_refused(raw, group, change, told):
    raw[group][0].update(change)
    with pytest.raises(InputError, match=told):
        parse(KnownDeviations, raw, load(Sources).sources)


def test_another_schema_is_refused(raw):
    with pytest.raises(InputError, match="schema: Input should be 1"):
        parse(KnownDeviations, {**raw, "schema": 9}, load(Sources).sources)
