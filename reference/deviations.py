"""Known reasons why a computed phase diagram differs from the measured one: ``data/known_deviations.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from ase.data import atomic_numbers
from pydantic import AfterValidator, model_validator

from ..errors import unknown_name
from .measured import Document, Listed, Number, Sourced, load

CAUSES = ("coordinates", "temperature", "disorder", "method")
EXPECTATIONS = ("no compound", "nearly ideal")


def _system(value: str) -> str:
    for symbol in value.split("-"):
        if symbol not in atomic_numbers:
            raise ValueError(f"system {value!r}: {unknown_name('element', symbol, atomic_numbers)}")
    return value


System = Annotated[str, AfterValidator(_system)]
"""Element symbols joined by ``-``."""


class Reason(Sourced):
    """Why one phase of the library, by its key, may come out otherwise than measured; ``cause`` is one of CAUSES."""

    phase: str
    cause: str
    reason: str

    @model_validator(mode="after")
    def _known_cause(self) -> Reason:
        if self.cause not in CAUSES:
            raise ValueError(unknown_name("cause", self.cause, CAUSES))
        return self


class CompositionRange(Sourced):
    """A range of composition about which something is known: a solid solution, or that no compound was found.

    ``fractions`` are the least and the largest atomic fraction of ``element``.
    """

    system: System
    element: str
    fractions: Annotated[tuple[Number, Number], Listed]
    statement: str

    @model_validator(mode="after")
    def _within(self) -> CompositionRange:
        if not 0 <= self.fractions[0] < self.fractions[1] <= 1:
            raise ValueError(f"fractions is {list(self.fractions)!r}; give two rising numbers from 0 to 1")
        if self.element not in self.system.split("-"):
            raise ValueError(f"element {self.element!r} is not in the system")
        return self

    def covers(self, elements: tuple[str, ...], fraction: float) -> bool:
        """Whether it is about the system of ``elements`` and holds that atomic fraction of ``element``."""
        low, high = self.fractions
        return _same_system(self.system, elements) and low - 1e-6 <= fraction <= high + 1e-6


class Expectation(Sourced):
    """What a whole system must show: ``no compound`` or ``nearly ideal``."""

    system: System
    expectation: str
    reason: str

    @model_validator(mode="after")
    def _known_expectation(self) -> Expectation:
        if self.expectation not in EXPECTATIONS:
            raise ValueError(unknown_name("expectation", self.expectation, EXPECTATIONS))
        return self


class KnownDeviations(Document):
    """The whole table."""

    file = "known_deviations.yaml"
    phases: Annotated[tuple[Reason, ...], Listed]
    solid_solutions: Annotated[tuple[CompositionRange, ...], Listed]
    searched: Annotated[tuple[CompositionRange, ...], Listed]
    systems: Annotated[tuple[Expectation, ...], Listed]

    def reason(self, phase: str) -> Reason | None:
        """Return what is known of the phase with that key, or None."""
        return next((reason for reason in self.phases if reason.phase == phase), None)

    def expectation(self, elements: tuple[str, ...]) -> Expectation | None:
        """Return what the system of ``elements`` (in any order) must show, or None."""
        return next((item for item in self.systems if _same_system(item.system, elements)), None)

    def solid_solution(self, elements: tuple[str, ...], composition: Mapping[str, float]) -> CompositionRange | None:
        """Return the solid solution that covers the composition (amounts of each element), or None."""
        return _covering(self.solid_solutions, elements, composition)

    def searched_range(self, elements: tuple[str, ...], composition: Mapping[str, float]) -> CompositionRange | None:
        """Return the range without compounds that covers the composition, or None."""
        return _covering(self.searched, elements, composition)


def known_deviations() -> KnownDeviations:
    """Return the table that comes with the package."""
    return load(KnownDeviations)


def _same_system(system: str, elements: tuple[str, ...]) -> bool:
    return set(system.split("-")) == set(elements)


def _covering(
    ranges: tuple[CompositionRange, ...], elements: tuple[str, ...], composition: Mapping[str, float]
) -> CompositionRange | None:
    total = sum(composition.values())
    return next((r for r in ranges if r.covers(elements, composition.get(r.element, 0.0) / total)), None)
