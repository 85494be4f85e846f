"""Sections of a report that hold prose, tables and pictures: what a study beyond the hull adds to the page."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import InputError

Cell = str | int | float | None


@dataclass(frozen=True)
class SectionTable:
    """A table with a heading for each column; a float is shown with ``digits`` decimals, None as a dash."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    digits: int = 3
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise InputError(f"table {self.caption!r}: a row has {len(row)} cells for {len(self.columns)} columns")


@dataclass(frozen=True)
class SectionPicture:
    """A picture (PNG), also written beside the page under ``file_name``; ``description`` is for who cannot see it."""

    file_name: str
    png: bytes = field(repr=False)
    description: str
    caption: str = ""


@dataclass(frozen=True)
class ReportSection:
    """One section: an anchor that is unique on the page, a title, paragraphs, pictures and tables in that order.

    ``warnings`` are shown first and stand out: what failed, what was left out and why.
    """

    anchor: str
    title: str
    paragraphs: tuple[str, ...] = ()
    pictures: tuple[SectionPicture, ...] = ()
    tables: tuple[SectionTable, ...] = ()
    warnings: tuple[str, ...] = ()
