"""Chemical systems and formulas as text: ``"Li-Hg"``, ``"LiHg3"``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache

from ase.data import chemical_symbols

from ..errors import InputError, unknown_name

ELEMENTS: frozenset[str] = frozenset(chemical_symbols[1:])
_TERM = re.compile(
    r"(?P<open>[(\[])|(?:(?P<symbol>[A-Z][a-z]?)|(?P<close>[)\]]))(?P<amount>\d+(?:\.\d*)?|\.\d+)?", re.ASCII
)
_SAME_FRACTION = 1e-6
_CLOSING = {"(": ")", "[": "]"}


def parse_system(system: str) -> tuple[str, ...]:
    """Split a chemical system into its element symbols.

    Parameters
    ----------
    system
        Element symbols joined by ``-``, for example ``"Li-Hg"``; blanks around a symbol are ignored.

    Returns
    -------
    tuple of str
        The symbols in the order given.

    Raises
    ------
    InputError
        When the text is empty, a symbol is missing, unknown or given twice.
    """
    if not isinstance(system, str) or not system.strip():
        raise InputError(f"system {system!r} is empty; give element symbols joined by '-', for example 'Li-Hg'")
    symbols = tuple(part.strip() for part in system.split("-"))
    for symbol in symbols:
        if not symbol:
            raise InputError(f"system {system!r} lacks a symbol next to a '-'; a valid one looks like 'Li-Hg'")
        if symbol not in ELEMENTS:
            raise InputError(f"system {system!r}: {unknown_name('element', symbol, ELEMENTS)}")
    repeated = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
    if repeated:
        raise InputError(f"system {system!r} names {', '.join(repeated)} more than once")
    return symbols


@cache
def _formula_terms(formula: str) -> tuple[tuple[str, float], ...]:
    terms = list(_TERM.finditer(formula))
    if not terms or "".join(term.group(0) for term in terms) != formula:
        raise InputError(
            f"formula {formula!r} is not a row of element symbols, brackets and amounts such as 'LiHg3' or"
            " 'LiTi2(PO4)3'"
        )
    # What is inside the brackets that are open so far, the formula itself first.
    groups: list[dict[str, float]] = [{}]
    opened: list[str] = []
    for term in terms:
        if term["open"]:
            opened.append(term["open"])
            groups.append({})
            continue
        amount = float(term["amount"]) if term["amount"] else 1.0
        if not 0.0 < amount < math.inf:
            raise InputError(f"formula {formula!r} holds an amount of {amount:g}; amounts are positive and finite")
        inside = {term["symbol"]: 1.0} if term["symbol"] else _closed(formula, term["close"], opened, groups)
        for symbol, number in inside.items():
            groups[-1][symbol] = groups[-1].get(symbol, 0.0) + amount * number
    if opened:
        raise InputError(f"formula {formula!r}: the bracket {opened[-1]!r} is not closed")
    (amounts,) = groups
    for symbol, number in amounts.items():
        if symbol not in ELEMENTS:
            raise InputError(f"formula {formula!r}: {unknown_name('element', symbol, ELEMENTS)}")
        if not 0.0 < number < math.inf:
            raise InputError(f"formula {formula!r} holds {number:g} {symbol}; amounts are positive and finite")
    return tuple(amounts.items())


def _closed(formula: str, close: str, opened: list[str], groups: list[dict[str, float]]) -> dict[str, float]:
    """End the innermost bracket and return what it holds."""
    if not opened:
        raise InputError(f"formula {formula!r}: the bracket {close!r} closes none")
    if _CLOSING[opened[-1]] != close:
        raise InputError(f"formula {formula!r}: {close!r} stands where {_CLOSING[opened[-1]]!r} closes {opened[-1]!r}")
    opened.pop()
    inside = groups.pop()
    if not inside:
        raise InputError(f"formula {formula!r} holds a pair of brackets with nothing inside")
    return inside


def parse_formula(formula: str) -> dict[str, float]:
    """Return the amount of each element in a formula, for example ``{"Li": 1.0, "Hg": 3.0}`` for ``"LiHg3"``.

    Parameters
    ----------
    formula
        Element symbols with amounts, whole or decimal; groups in round or square brackets, nested to any depth, each
        with an amount behind it: ``"LiTi2(PO4)3"``, ``"Fe4[Fe(CN)6]3"``, ``"Li0.33La0.56TiO3"``.

    Returns
    -------
    dict
        Symbols in the order in which they first stand in the formula.

    Raises
    ------
    InputError
        When the text is not a formula, names an unknown element or an amount of zero, or its brackets do not pair.
    """
    return dict(_formula_terms(formula))


def same_composition(left: Mapping[str, float], right: Mapping[str, float]) -> bool:
    """Return whether two compositions, as amounts of each element, are equal but for a common factor.

    Examples
    --------
    >>> same_composition({"Li": 2, "Hg": 6}, parse_formula("LiHg3"))
    True
    """
    if left.keys() != right.keys():
        return False
    one, other = atomic_fractions(dict(left)), atomic_fractions(dict(right))
    return all(abs(one[symbol] - other[symbol]) < _SAME_FRACTION for symbol in one)


def atomic_fractions(amounts: dict[str, float]) -> dict[str, float]:
    """Scale amounts (any unit) to atomic fractions, which sum to one."""
    total = sum(amounts.values())
    return {symbol: amount / total for symbol, amount in amounts.items()}
