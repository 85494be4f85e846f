"""Chemical systems and formulas as text: ``"Li-Hg"``, ``"LiHg3"``."""

from __future__ import annotations

import re
from functools import cache

from ase.data import chemical_symbols

from ..errors import InputError, unknown_name

ELEMENTS: frozenset[str] = frozenset(chemical_symbols[1:])
_TERM = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d*)?|\.\d+)?")


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
        raise InputError(f"formula {formula!r} is not a row of element symbols and amounts such as 'LiHg3'")
    amounts: dict[str, float] = {}
    for symbol, amount in (term.groups() for term in terms):
        if symbol not in ELEMENTS:
            raise InputError(f"formula {formula!r}: {unknown_name('element', symbol, ELEMENTS)}")
        amounts[symbol] = amounts.get(symbol, 0.0) + (float(amount) if amount else 1.0)
    if any(amount <= 0 for amount in amounts.values()):
        raise InputError(f"formula {formula!r} holds an amount of zero; amounts are positive")
    return tuple(amounts.items())


def parse_formula(formula: str) -> dict[str, float]:
    """Return the amount of each element in a formula without brackets, for example ``{"Li": 1.0, "Hg": 3.0}``.

    Raises
    ------
    InputError
        When the text is not a formula, names an unknown element or an amount of zero.
    """
    return dict(_formula_terms(formula))


def atomic_fractions(amounts: dict[str, float]) -> dict[str, float]:
    """Scale amounts (any unit) to atomic fractions, which sum to one."""
    total = sum(amounts.values())
    return {symbol: amount / total for symbol, amount in amounts.items()}
