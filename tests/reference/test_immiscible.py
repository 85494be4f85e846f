"""Pairs of elements that form no compound: of elements, none of a pair of which the library has a compound."""

from __future__ import annotations

import pytest

from amalgamics.errors import InputError
from amalgamics.reference.immiscible import ImmiscibleFile, form_no_compound
from amalgamics.reference.measured import Sources, load, parse
from amalgamics.structures.library.phases import list_phases


def test_the_order_of_a_pair_does_not_matter() -> None:
    for pairs in load(ImmiscibleFile).pairs:
        for first in pairs.first:
            for second in pairs.second:
                assert form_no_compound(first, second)
                assert form_no_compound(second, first)
                assert first != second


def test_no_pair_has_a_compound_in_the_library() -> None:
    compounds = [phase for phase in list_phases() if len(phase.elements) == 2 and phase.stability != "no compound"]
    assert not [phase.key for phase in compounds if form_no_compound(*phase.elements)]


def test_what_is_no_element_is_refused() -> None:
    pair = {"first": ["Li"], "second": ["Xx"], "source": "diagram", "confidence": "recalled"}
    with pytest.raises(InputError, match="'Xx' is no element"):
        parse(ImmiscibleFile, {"schema": 1, "pairs": [pair]}, load(Sources).sources)
