from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Composition

from amalgamics.errors import InputError
from amalgamics.structures.compositions import ELEMENTS, atomic_fractions, parse_formula, parse_system, same_composition

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


@st.composite
def nested_formulas(draw: st.DrawFn, depth: int = 3) -> tuple[str, dict[str, float]]:
    """A formula with brackets in brackets, and what it holds, added up independently of the parser."""
    text, amounts = "", dict[str, float]()
    for _ in range(draw(st.integers(1, 3))):
        if depth and draw(st.booleans()):
            opening, closing = draw(st.sampled_from(["()", "[]"]))  # type: ignore[str-unpack]
            inner, held = draw(nested_formulas(depth=depth - 1))
            part = f"{opening}{inner}{closing}"
        else:
            part = draw(symbols)
            held = {part: 1.0}
        amount = draw(st.sampled_from(["", "1", "2", "12", "0.5", ".25", "3."]))
        text += part + amount
        for symbol, number in held.items():
            amounts[symbol] = amounts.get(symbol, 0.0) + number * float(amount or 1)
    return text, amounts


@given(nested_formulas())
def test_brackets_multiply_what_they_hold(drawn: tuple[str, dict[str, float]]) -> None:
    formula, amounts = drawn
    assert parse_formula(formula) == pytest.approx(amounts)
    assert list(parse_formula(formula)) == list(amounts)


@pytest.mark.parametrize(
    "formula",
    ["LiTi2(PO4)3", "Ca(OH)2", "Fe4[Fe(CN)6]3", "Li0.33La0.56TiO3", "Li6.4La3(Zr0.7Ta0.3)2O12", "((Li2)3)0.5"],
)
def test_formulas_are_read_as_pymatgen_reads_them(formula: str) -> None:
    assert parse_formula(formula) == pytest.approx(Composition(formula).get_el_amt_dict())


@given(st.text(alphabet="LiHgO()[]0123.", max_size=12))
def test_parse_formula_gives_positive_amounts_or_an_input_error(text: str) -> None:
    try:
        amounts = parse_formula(text)
    except InputError:
        return
    assert set(amounts) <= ELEMENTS
    assert amounts
    assert all(0 < amount < math.inf for amount in amounts.values())


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("Li(Hg", r"'\(' is not closed"),
        ("Li[Hg(O)2", r"'\[' is not closed"),
        ("LiHg)2", r"'\)' closes none"),
        ("Li(Hg]2", r"'\]' stands where '\)' closes '\('"),
        ("Li()2", "nothing inside"),
        ("Li(Hg)0", "an amount of 0"),
        ("Li(2Hg)", "not a row of"),
        ("(Xx2)3", "Xx"),
        ("Li" + "9" * 400, "finite"),
        ("(" * 9 + "Li" + f"){10**40}" * 9, "finite"),
    ],
)
def test_brackets_and_amounts_that_make_no_sense_are_told(bad: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_formula(bad)


@pytest.mark.parametrize("bad", ["", "3", "li", "Li-Hg", "Xx2", "Li0", "Li 2", "LiHg3 "])
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


@given(st.dictionaries(symbols, st.floats(0.01, 100), min_size=1, max_size=5), st.floats(0.01, 100))
def test_a_common_factor_makes_no_other_composition(amounts: dict[str, float], factor: float) -> None:
    assert same_composition(amounts, {symbol: factor * amount for symbol, amount in amounts.items()})
    first = next(iter(amounts))
    more = {**amounts, first: amounts[first] + 0.01 * sum(amounts.values())}
    assert same_composition(amounts, more) == (len(amounts) == 1)
    assert not same_composition(amounts, {**amounts, "Xe": 1.0} if "Xe" not in amounts else {"Kr": 1.0})
