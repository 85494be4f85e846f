"""What a report is made of: sections, each a sequence of blocks of text, tables, pictures and figures.

A study describes its part of the page with these; ``templates/blocks.html.j2`` says what each looks like. Indices of
symbols in their texts are set low (``γ_LV``); all else is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import InputError

Cell = str | int | float | None

LONG_TABLE = 20
"""Rows from which on a table of plain values is folded."""
LONG_TEXT = 60
"""Characters from which on a text in a cell is prose."""


@dataclass(frozen=True)
class Column:
    """A column of a table; ``unit`` stands below its name."""

    text: str
    unit: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class TableCell:
    """A cell; ``sub`` stands small below, ``span`` rows are covered, and ``kind`` is a class of the page's style."""

    text: str
    sub: str = ""
    span: int = 1
    is_head: bool = False
    is_number: bool = True
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose texts are ready; ``label`` describes it to who cannot see it, ``kind`` is a class of the style."""

    title: str
    label: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    note: str = ""
    kind: str = "dense"
    folded: bool = False


@dataclass(frozen=True)
class SectionTable:
    """A table of plain values; a float is shown with ``digits`` decimals, None as a dash."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    digits: int = 3
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise InputError(f"table {self.caption!r}: a row has {len(row)} cells for {len(self.columns)} columns")

    def with_texts(self) -> Table:
        """Return it with its values as texts; a long one waits, folded, until it is asked for."""
        folded = len(self.rows) > LONG_TABLE
        title = f"{self.caption} ({len(self.rows)} rows)" if folded else self.caption
        columns = tuple(Column(name, is_number=self._holds_numbers(i)) for i, name in enumerate(self.columns))
        rows = tuple(tuple(self._cell(column, i, row[i]) for i, column in enumerate(columns)) for row in self.rows)
        return Table(title, self.caption, columns, rows, self.note, kind="", folded=folded)

    def _holds_numbers(self, place: int) -> bool:
        values = [row[place] for row in self.rows if row[place] is not None]
        return bool(values) and all(isinstance(value, int | float) for value in values)

    def _cell(self, column: Column, place: int, value: Cell) -> TableCell:
        text = str(value)
        if value is None:
            text = "–"
        elif isinstance(value, float):
            text = f"{value:.{self.digits}f}".replace("-", "−")
        if place == 0:
            return TableCell(text, is_head=True, is_number=False)
        is_prose = isinstance(value, str) and len(text) > LONG_TEXT
        return TableCell(text, is_number=column.is_number, kind="prose" if is_prose else "")


@dataclass(frozen=True)
class SectionPicture:
    """A picture (PNG), also written beside the page under ``file_name``; ``description`` is for who cannot see it."""

    file_name: str
    png: bytes = field(repr=False)
    description: str
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure that answers to the pointer: JSON-able data for plotly in the place called ``figure_id``.

    If it can be drawn over several ``axes``, these have names in ``data["alternatives"]``, and say what their buttons
    do. ``picture`` stands in where scripts do not run.
    """

    figure_id: str
    data: Mapping[str, Any] = field(repr=False)
    title: str
    description: str
    caption: str = ""
    axes: tuple[tuple[str, str], ...] = ()
    picture: SectionPicture | None = None


@dataclass(frozen=True)
class Drawing:
    """A drawing: one SVG element, trusted, with a caption, and ``note`` small below it.

    ``numbers`` stand large above the caption, each with what it is, a note and a class of the page's style. ``legend``
    has names with their colours.
    """

    svg: str = field(repr=False)
    caption: str
    note: str = ""
    numbers: tuple[tuple[str, str, str, str], ...] = ()
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Drawings:
    """Drawings side by side with one legend; ``kind`` is a class of the page's style."""

    drawings: tuple[Drawing, ...]
    kind: str
    caption: str = ""
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Bullets:
    """A list of statements."""

    items: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True)
class Definitions:
    """Terms, each with what it means and a class of the page's style."""

    entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Links:
    """Links to other pages, relative to this one: each with its text, its address, and what is there."""

    entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Tree:
    """JSON-able settings or provenance, shown as they are."""

    title: str
    value: Any


@dataclass(frozen=True)
class Verdict:
    """What the numbers say to a claim.

    Attributes
    ----------
    met
        None when there is nothing to decide it.
    evidence
        The numbers.
    certain
        Whether the whole band agrees.
    limit
        In which of several limits, such as one of the dry face; None where the claim is about neither.
    """

    claim: str
    met: bool | None
    evidence: str
    certain: bool = True
    limit: str | None = None

    @property
    def word(self) -> str:
        """``met``, ``met, not beyond the uncertainty``, ``missed`` or ``not evaluated``."""
        if self.met is None:
            return "not evaluated"
        return ("met" if self.met else "missed") + ("" if self.certain else ", not beyond the uncertainty")


@dataclass(frozen=True)
class VerdictGroup:
    """One claim in all limits; ``across`` says what of it is robust, "" where no limit enters."""

    claim: str
    across: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Verdicts:
    """Claims that the numbers are held against."""

    groups: tuple[VerdictGroup, ...]


@dataclass(frozen=True)
class Card:
    """Blocks in a frame; ``label`` names it to who cannot see it, ``kind`` is a class, such as ``warnings``."""

    title: str = ""
    blocks: tuple[Block, ...] = ()
    caption: str = ""
    label: str = ""
    kind: str = ""
    folded: bool = False

    @property
    def paragraphs(self) -> list[str]:
        """Those of its own, without those of blocks within."""
        return [block for block in self.blocks if isinstance(block, str)]


@dataclass(frozen=True)
class Columns:
    """Blocks side by side where there is room; ``kind`` is a class of the page's style."""

    columns: tuple[tuple[Block, ...], ...]
    kind: str = "columns"


Block = (
    str
    | Bullets
    | Card
    | Columns
    | Definitions
    | Drawings
    | Figure
    | Links
    | SectionPicture
    | SectionTable
    | Table
    | Tree
    | Verdicts
)
"""A string is a paragraph."""


def provenance_card(title: str, provenance: Mapping[str, Any], settings: Mapping[str, Any]) -> Card:
    """Return what made the numbers, as it was recorded; folded."""
    columns = ((Tree("Provenance", provenance),), (Tree("Settings", settings),))
    return Card(title, (Columns(columns),), folded=True)


def framed(block: Block) -> Card | Columns:
    """Return the block in a frame of its own."""
    if isinstance(block, SectionTable):
        block = block.with_texts()
    match block:
        case Card():
            return block
        case Columns():
            return replace(block, columns=tuple(tuple(map(framed, column)) for column in block.columns))
        case Table():
            return Card(block.title, (block,), block.note, folded=block.folded)
    return Card(blocks=(block,))


def leaves(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks that hold no others."""
    for block in blocks:
        if isinstance(block, Card):
            yield from leaves(block.blocks)
        elif isinstance(block, Columns):
            for column in block.columns:
                yield from leaves(column)
        else:
            yield block


@dataclass(frozen=True)
class Lead:
    """What a section says for the whole report: the headline, facts (name and value) below it, and warnings."""

    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportSection:
    """One section: paragraphs, pictures, tables and further blocks in that order.

    Attributes
    ----------
    anchor
        Name of its place, unique on the page.
    warnings
        Shown first and stand out: what failed, what was left out and why.
    blocks
        In any order; a string is a paragraph.
    lead
        With one, the section comes before the phase stability and opens the report: what a job was run for.
    files
        Content of files written beside the page, by name.
    summary
        Entries of ``summary.json``.
    units
        A sentence at the foot of the page.
    """

    anchor: str
    title: str
    paragraphs: tuple[str, ...] = ()
    pictures: tuple[SectionPicture, ...] = ()
    tables: tuple[SectionTable, ...] = ()
    warnings: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    lead: Lead | None = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    summary: Mapping[str, Any] = field(default_factory=dict, repr=False)
    units: str = ""

    @property
    def content(self) -> tuple[Card | Columns, ...]:
        """All of it as the page shows it."""
        warnings = Card(blocks=(Bullets(self.warnings),), label=f"Warnings on {self.title}", kind="warnings")
        blocks: list[Block] = [warnings] if self.warnings else []
        if self.paragraphs:
            blocks.append(Card(blocks=self.paragraphs))
        if self.pictures:
            blocks.append(Columns(tuple((picture,) for picture in self.pictures), "gallery"))
        return tuple(map(framed, (*blocks, *self.tables, *self.blocks)))

    @property
    def plain_tables(self) -> list[SectionTable]:
        """Its tables with plain values; where the page has only texts, these."""
        found = list(self.tables)
        for block in leaves(self.blocks):
            if isinstance(block, SectionTable):
                found.append(block)
            elif isinstance(block, Table) and all(cell.span == 1 for row in block.rows for cell in row):
                columns = tuple(f"{one.text} ({one.unit})" if one.unit else one.text for one in block.columns)
                rows = tuple(tuple(cell.text for cell in row) for row in block.rows)
                if all(len(row) == len(columns) for row in rows):
                    found.append(SectionTable(block.title, columns, rows, note=block.note))
        return found

    @property
    def figures(self) -> list[Figure]:
        """Its figures."""
        return [block for block in leaves(self.blocks) if isinstance(block, Figure)]

    @property
    def all_pictures(self) -> list[SectionPicture]:
        """Its pictures, those that stand in for figures included."""
        own = [block for block in leaves(self.blocks) if isinstance(block, SectionPicture)]
        return [*self.pictures, *own, *(figure.picture for figure in self.figures if figure.picture)]
