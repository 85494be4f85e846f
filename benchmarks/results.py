"""What a benchmark hands over: tables of plain numbers, targets met or missed, profiles, and notes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Mode = Literal["quick", "full"]
Row = dict[str, Any]


@dataclass
class Table:
    """A caption and rows; the keys of the rows are the columns, with units."""

    caption: str
    rows: list[Row]


@dataclass(frozen=True)
class Target:
    """A number and the bound it should keep: ``at_least`` or ``at_most`` ``bound``."""

    what: str
    value: float
    bound: float
    kind: Literal["at_least", "at_most"] = "at_least"

    @property
    def met(self) -> bool:
        """Whether the number keeps the bound."""
        return self.value >= self.bound if self.kind == "at_least" else self.value <= self.bound


@dataclass
class Result:
    """Everything of one benchmark."""

    title: str
    tables: list[Table] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    profiles: dict[str, list[Row]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        content = asdict(self)
        for target, item in zip(self.targets, content["targets"], strict=True):
            item["met"] = target.met
        return content
