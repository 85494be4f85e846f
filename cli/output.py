"""Tables for people, JSON and CSV for programs, from the same rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from ..reports.notation import finite_json
from .values import visible

_FILE_WIDTH = 200


def print_json(content: Any) -> None:
    """Print ``content`` as JSON, NaN as null."""
    text = json.dumps(finite_json(content), indent=2, ensure_ascii=False)
    # JSON escapes what is below a space by itself.
    typer.echo("".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text))


def print_notes(notes: Iterable[str]) -> None:
    """Print what a reader of the results should know, beside them: to where errors go, so that programs read on."""
    for note in notes:
        typer.echo(f"note: {visible(note)}", err=True)


def print_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a header and the rows as CSV."""
    from ..reports.notation import csv_text

    typer.echo(visible(csv_text(columns, rows)), nl=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as an aligned table, numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=visible(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*[escape(visible(format_cell(value))) for value in row])
    # Into a file or pipe a table keeps its width; only a terminal has one that it must fit.
    console = Console() if sys.stdout.isatty() else Console(width=_FILE_WIDTH)
    console.print(table)


def format_cell(value: Any) -> str:
    """Return ``value`` as short text: four decimals for a float, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:z.4f}" if isinstance(value, float) else str(value)


def print_rows(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, as_json: bool, as_csv: bool
) -> None:
    """Print the same rows in the way that was asked for."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        print_csv(columns, rows)
    else:
        print_table(title, columns, rows)
