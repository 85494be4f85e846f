"""A measured value with its unit and source, and the one reader of the files in ``reference/data``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal, TypeVar, cast

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ..errors import InputError, unknown_name

ROOM_TEMPERATURE_K = 298.15
"""25 °C, at which most values here were measured."""

UNITS = (
    *("K", "V", "Å", "1", "at.%", "deg", "g/cm3", "J/m2", "m2/s", "mAh/g"),
    *("eV/atom", "kJ/mol", "J/mol/K", "kJ/mol-atom", "kJ/mol-formula"),
)
"""Units of the data files; ``1`` has none, as a mole fraction."""

CONFIDENCE_LEVELS = ("checked", "derived", "recalled", "low")
"""``checked`` in a source that can be cited; ``derived`` from other values; ``recalled``, attributed or commonly quoted
but not compared; ``low``, no source is recorded."""

SCHEMA_VERSION = 1
SOURCES_FILE = "sources.yaml"

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""Finite; neither text nor a truth value."""


def _one_of(what: str, allowed: tuple[str, ...]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(unknown_name(what, value, allowed))
        return value

    return AfterValidator(check)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Confidence = Annotated[str, _one_of("confidence", CONFIDENCE_LEVELS)]
Listed = BeforeValidator(_tuple)
"""Marks a tuple that the file writes as a list."""


class Entry(BaseModel):
    """Part of a data file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Sourced(Entry):
    """What has a source: in a file one word, a key of ``sources.yaml``, or a text of its own.

    Attributes
    ----------
    source
        Citation.
    confidence
        One of `CONFIDENCE_LEVELS`.
    doi
        Of the source, where it is known.
    note
        What to know before using it.
    """

    source: Annotated[str, Field(min_length=1)]
    confidence: Confidence
    doi: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _cite(cls, raw: Any, info: ValidationInfo) -> Any:
        name = raw.get("source") if isinstance(raw, dict) else None
        if info.context is None or not isinstance(name, str) or " " in name.strip():
            return raw
        sources: dict[str, Source] = info.context["sources"]
        if name not in sources:
            raise ValueError(unknown_name("source", name, sources))
        return {"doi": sources[name].doi, **raw, "source": sources[name].citation}


class Measured(Sourced):
    """A published or measured value.

    Attributes
    ----------
    value
        In ``unit``.
    unit
        One of `UNITS`.
    uncertainty
        One standard deviation, as judged from the scatter of measurements.
    temperature_K
        Of the measurement.
    """

    value: Number
    unit: Annotated[str, _one_of("unit", UNITS)]
    uncertainty: Annotated[Number, Field(gt=0)] | None = None
    temperature_K: Annotated[Number, Field(ge=0)] | None = None


class LinearInTemperature(Measured):
    """A value that is linear in temperature about ``temperature_K``; ``slope`` is per K."""

    temperature_K: Annotated[Number, Field(gt=0)]
    slope: Number


def in_units(*units: str) -> AfterValidator:
    """Return the check that a measured value is in one of ``units``, for an annotation."""

    def check(measured: Measured) -> Measured:
        if measured.unit not in units:
            raise ValueError(f"unit {measured.unit!r}, allowed: {', '.join(units)}")
        return measured

    return AfterValidator(check)


class Source(Entry):
    """Citation of a source and, where it is known, its DOI."""

    citation: str
    doi: str | None = None


class Document(Entry):
    """A whole data file, named by ``file``."""

    file: ClassVar[str]
    schema_version: Annotated[Literal[1], Field(alias="schema")]


class Sources(Document):
    """``sources.yaml``."""

    file = SOURCES_FILE
    sources: dict[str, Source]


AnyDocument = TypeVar("AnyDocument", bound=Document)


def load(kind: type[AnyDocument]) -> AnyDocument:
    """Return a data file, read once."""
    return cast(AnyDocument, _load(kind))


@cache
def _load(kind: type[Document]) -> Document:
    text = files(__package__).joinpath("data", kind.file).read_text(encoding="utf-8")
    # The parser in C is ten times faster, and not part of every build of PyYAML.
    raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return parse(kind, raw, {} if kind is Sources else load(Sources).sources)


def parse(kind: type[AnyDocument], raw: Any, sources: dict[str, Source]) -> AnyDocument:
    """Check what was read from a data file.

    Parameters
    ----------
    kind
        Which file it is.
    raw
        As YAML gives it.
    sources
        The known sources by key.

    Raises
    ------
    InputError
        A missing or unknown key, a wrong unit, source, confidence or number: names the file and the entry.
    """
    try:
        return kind.model_validate(raw, context={"sources": sources})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise InputError(f"reference/data/{kind.file}, {where or 'top level'}: {what}") from None
