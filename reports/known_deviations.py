"""Known reasons why a computed phase diagram differs from the measured one: ``data/known_deviations.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ..errors import InputError, unknown_name
from ..structures.systems import parse_system

SCHEMA_VERSION = 1
CAUSES = ("coordinates", "temperature", "disorder", "method")
EXPECTATIONS = ("no compound", "nearly ideal")
CONFIDENCE_LEVELS = ("checked", "recalled", "derived")


@dataclass(frozen=True)
class Reason:
    """Why one phase of the library, by its key, may come out otherwise than measured; ``cause`` is one of CAUSES."""

    phase: str
    cause: str
    reason: str
    source: str
    confidence: str
    doi: str | None = None


@dataclass(frozen=True)
class CompositionRange:
    """A range of composition about which something is known: a solid solution, or that no compound was found.

    ``fractions`` are the least and the largest atomic fraction of ``element``.
    """

    system: str
    element: str
    fractions: tuple[float, float]
    statement: str
    source: str
    confidence: str
    doi: str | None = None

    def covers(self, elements: tuple[str, ...], fraction: float) -> bool:
        """Whether it is about the system of ``elements`` and holds that atomic fraction of ``element``."""
        low, high = self.fractions
        return set(parse_system(self.system)) == set(elements) and low - 1e-6 <= fraction <= high + 1e-6


@dataclass(frozen=True)
class Expectation:
    """What a whole system must show: ``no compound`` or ``nearly ideal``."""

    system: str
    expectation: str
    reason: str
    source: str
    confidence: str
    doi: str | None = None


@dataclass(frozen=True)
class KnownDeviations:
    """The whole table."""

    phases: tuple[Reason, ...]
    solid_solutions: tuple[CompositionRange, ...]
    searched: tuple[CompositionRange, ...]
    systems: tuple[Expectation, ...]

    def reason(self, phase: str) -> Reason | None:
        """Return what is known of the phase with that key, or None."""
        return next((reason for reason in self.phases if reason.phase == phase), None)

    def expectation(self, elements: tuple[str, ...]) -> Expectation | None:
        """Return what the system of ``elements`` (in any order) must show, or None."""
        return next((item for item in self.systems if set(parse_system(item.system)) == set(elements)), None)

    def solid_solution(self, elements: tuple[str, ...], composition: Mapping[str, float]) -> CompositionRange | None:
        """Return the solid solution that covers the composition (amounts of each element), or None."""
        return _covering(self.solid_solutions, elements, composition)

    def searched_range(self, elements: tuple[str, ...], composition: Mapping[str, float]) -> CompositionRange | None:
        """Return the range without compounds that covers the composition, or None."""
        return _covering(self.searched, elements, composition)


def _covering(
    ranges: tuple[CompositionRange, ...], elements: tuple[str, ...], composition: Mapping[str, float]
) -> CompositionRange | None:
    total = sum(composition.values())
    return next((r for r in ranges if r.covers(elements, composition.get(r.element, 0.0) / total)), None)


@cache
def known_deviations() -> KnownDeviations:
    """Return the table that comes with the package."""
    text = files(__package__).joinpath("data", "known_deviations.yaml").read_text(encoding="utf-8")
    return parse_known_deviations(yaml.safe_load(text))


def parse_known_deviations(data: Mapping[str, Any]) -> KnownDeviations:
    """Validate the loaded table.

    Raises
    ------
    InputError
        For another schema, or an entry with a missing or unknown key, cause, expectation, confidence, source, system or
        range, naming the entry.
    """
    if data.get("schema") != SCHEMA_VERSION:
        raise InputError(f"known deviations: schema is {data.get('schema')!r}, this version reads {SCHEMA_VERSION}")
    sources = data["sources"]
    return KnownDeviations(
        phases=tuple(_entry(Reason, raw, sources) for raw in data["phases"]),
        solid_solutions=tuple(_range(raw, "name", sources) for raw in data["solid_solutions"]),
        searched=tuple(_range(raw, "reason", sources) for raw in data["searched"]),
        systems=tuple(_entry(Expectation, raw, sources) for raw in data["systems"]),
    )


def _range(raw: Mapping[str, Any], statement: str, sources: Mapping[str, Mapping[str, str]]) -> CompositionRange:
    where = f"known deviations, entry {raw.get('system')!r}"
    low_high = raw.get("fractions")
    if not isinstance(low_high, list) or len(low_high) != 2 or not 0 <= low_high[0] < low_high[1] <= 1:
        raise InputError(f"{where}: fractions is {low_high!r}; give two rising numbers from 0 to 1")
    if raw.get("element") not in parse_system(raw["system"]):
        raise InputError(f"{where}: element {raw.get('element')!r} is not in the system")
    fields = {key: value for key, value in raw.items() if key != statement}
    return _entry(CompositionRange, {**fields, "fractions": tuple(low_high), "statement": raw.get(statement)}, sources)


def _entry(kind: type[Any], raw: Mapping[str, Any], sources: Mapping[str, Mapping[str, str]]) -> Any:
    where = f"known deviations, entry {raw.get('phase') or raw.get('system')!r}"
    allowed = {"cause": CAUSES, "expectation": EXPECTATIONS, "confidence": CONFIDENCE_LEVELS, "source": tuple(sources)}
    for key, values in allowed.items():
        if key in raw and raw[key] not in values:
            raise InputError(f"{where}: {unknown_name(key, raw[key], values)}")
    if "system" in raw:
        parse_system(raw["system"])
    source = sources.get(raw.get("source", ""), {})
    fields = {**raw, "source": source.get("citation"), "doi": source.get("doi")}
    if missing := [key for key in kind.__dataclass_fields__ if key != "doi" and fields.get(key) is None]:
        raise InputError(f"{where}: {', '.join(missing)} missing")
    try:
        return kind(**fields)
    except TypeError as error:
        raise InputError(f"{where}: {error}") from None
