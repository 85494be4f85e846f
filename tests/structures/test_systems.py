from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.systems import ELEMENTS, atomic_fractions, parse_formula, parse_system

symbols = st.sampled_from(sorted(ELEMENTS))


@given(st.lists(symbols, min_size=1, max_size=5, unique=True))
def test_parse_system_keeps_symbols_and_order(elements: list[str]) -> None:
    assert parse_system("-".join(elements)) == tuple(elements)
    assert parse_system(" - ".join(elements)) == tuple(elements)


@given(st.lists(symbols, min_size=1, max_size=4, unique=True), st.data())
def test_parse_system_refuses_a_repeated_symbol(elements: list[str], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(elements))
    with pytest.raises(InputError, match=f"names {again} more than once"):
        parse_system("-".join([*elements, again]))


@given(st.text(max_size=12))
def test_parse_system_gives_elements_or_an_input_error(text: str) -> None:
    try:
        parsed = parse_system(text)
    except InputError:
        return
    assert set(parsed) <= ELEMENTS
    assert len(set(parsed)) == len(parsed) > 0


@pytest.mark.parametrize("bad", ["", "   ", "-", "Li-", "-Hg", "Li--Hg", "LiHg", "Li,Hg", "Xx-Hg", None, 3])
def test_parse_system_refuses(bad: object) -> None:
    with pytest.raises(InputError):
        parse_system(bad)  # type: ignore[arg-type]


def test_parse_system_suggests_the_right_case() -> None:
    with pytest.raises(InputError, match="Did you mean 'Hg'"):
        parse_system("Li-hg")


@given(st.dictionaries(symbols, st.integers(1, 99), min_size=1, max_size=5))
def test_parse_formula_reads_what_it_is_given(amounts: dict[str, int]) -> None:
    assert parse_formula("".join(f"{symbol}{amount}" for symbol, amount in amounts.items())) == amounts


@pytest.mark.parametrize("bad", ["", "3", "li", "Li-Hg", "Li(Hg)3", "Xx2", "Li0", "Li 2", "LiHg3 "])
def test_parse_formula_refuses(bad: str) -> None:
    with pytest.raises(InputError, match="formula"):
        parse_formula(bad)


@given(st.dictionaries(symbols, st.floats(0.01, 100), min_size=1, max_size=5))
def test_atomic_fractions_sum_to_one_and_keep_ratios(amounts: dict[str, float]) -> None:
    fractions = atomic_fractions(amounts)
    assert math.isclose(sum(fractions.values()), 1.0)
    first = next(iter(amounts))
    for symbol, amount in amounts.items():
        assert math.isclose(fractions[symbol] * amounts[first], fractions[first] * amount)
