"""Published cells and lines of powder patterns: ``data/powder_lines.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .measured import Confidence, Document, Entry, Listed, Number, load

Length = Annotated[Number, Field(gt=0)]


@dataclass(frozen=True)
class MeasuredLine:
    """A measured line: spacing in Å, intensity with the strongest at 100, Miller indices."""

    d: float
    intensity: float
    hkl: str


def _line(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) != 3 or not all(isinstance(number, int | float) and number > 0 for number in value[:2]):
        raise ValueError(f"line {value!r}; give spacing in Å, intensity and indices")
    return MeasuredLine(float(value[0]), float(value[1]), str(value[2]))


class PowderReference(Entry):
    """What is published about the powder pattern of a phase.

    Attributes
    ----------
    phase
        Key of the phase library.
    source
        Where cell and lines come from.
    card
        JCPDF number; empty where none is known.
    lattice
        Lengths of the conventional cell, Å: ``a``, and ``c`` where it differs; empty where none is given.
    lattice_confidence, lines_confidence
        ``checked`` or ``recalled``; empty where there is nothing.
    lines
        Strongest measured lines; may be empty.
    """

    phase: str
    source: Annotated[str, Field(min_length=1)]
    card: str = ""
    lattice: dict[Literal["a", "b", "c"], Length] = Field(default_factory=dict)
    lattice_confidence: Confidence | Literal[""] = ""
    lines: Annotated[tuple[Annotated[MeasuredLine, BeforeValidator(_line)], ...], Listed] = ()
    lines_confidence: Confidence | Literal[""] = ""

    @model_validator(mode="after")
    def _graded(self) -> PowderReference:
        for name in ("lattice", "lines"):
            if bool(getattr(self, name)) != bool(getattr(self, f"{name}_confidence")):
                raise ValueError(f"{name} and {name}_confidence belong together")
        return self


class PowderFile(Document):
    """``powder_lines.yaml``."""

    file = "powder_lines.yaml"
    references: dict[str, PowderReference]

    @model_validator(mode="before")
    @classmethod
    def _name(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("references"), dict):
            return raw
        return {**raw, "references": {key: {"phase": key, **entry} for key, entry in raw["references"].items()}}


def powder_references() -> dict[str, PowderReference]:
    """Return the phases with a published cell or lines, by their key in the phase library."""
    return load(PowderFile).references
