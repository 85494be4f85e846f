"""Pairs of elements that form no compound with each other: ``data/immiscible.yaml``."""

from __future__ import annotations

from typing import Annotated

from ase.data import atomic_numbers
from pydantic import Field, field_validator

from .deviations import known_deviations
from .measured import Document, Listed, Sourced, load


class ImmisciblePairs(Sourced):
    """Each element of ``first`` with each of ``second``."""

    first: Annotated[tuple[str, ...], Listed, Field(min_length=1)]
    second: Annotated[tuple[str, ...], Listed, Field(min_length=1)]

    @field_validator("first", "second")
    @classmethod
    def _elements(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [symbol for symbol in symbols if symbol not in atomic_numbers]:
            raise ValueError(f"{unknown[0]!r} is no element")
        return symbols


class ImmiscibleFile(Document):
    """``immiscible.yaml``."""

    file = "immiscible.yaml"
    pairs: Annotated[tuple[ImmisciblePairs, ...], Listed]


def form_no_compound(first: str, second: str) -> bool:
    """Return whether two elements are known to form no compound with each other.

    Examples
    --------
    >>> form_no_compound("Ti", "Li"), form_no_compound("Al", "Hg"), form_no_compound("Li", "Al")
    (True, True, False)
    """
    known = known_deviations().expectation((first, second))
    return (known is not None and known.expectation == "no compound") or any(
        (first in pairs.first and second in pairs.second) or (second in pairs.first and first in pairs.second)
        for pairs in load(ImmiscibleFile).pairs
    )
