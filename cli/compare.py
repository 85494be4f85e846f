"""``amalgamics compare``: the hulls of one system with several potentials, side by side, from the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import CsvOption, DatabaseOption, JsonOption, SystemArgument


def compare(
    system: SystemArgument,
    potentials: Annotated[
        str | None,
        typer.Option("--potentials", help="Two or more, for example chgnet+d3,7net-0+d3; default all in the database."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder for a report with the hulls overlaid.")
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print phases, voltage steps and deviations from measured values of each potential, without computing anything."""
    from ..files import check_writable
    from ..reports.comparison.section import no_overlay
    from ..reports.comparison.tables import comparison_columns, comparison_data, comparison_rows, comparison_tables
    from ..workflows.comparison import compare_potentials, write_comparison
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from .output import print_csv, print_json, print_notes, print_table

    names = _names(potentials) if potentials is not None else []
    if output is not None:
        output = output.expanduser().resolve()
        check_writable(output, "output")
    notes: list[str] = []
    store = StructureDatabase(database or default_database(), must_exist=True)
    compared = compare_potentials(store, system, names, notes)
    if output is not None:
        paths = write_comparison(compared, output, notes)
        typer.echo(f"report: {paths['report.html']}", err=as_json or as_csv)
        notes += [missing] if (missing := no_overlay(compared)) else []
    if as_json:
        print_json(comparison_data(compared, notes))
    elif as_csv:
        print_csv(comparison_columns(compared), comparison_rows(compared))
    else:
        for table in comparison_tables(compared):
            print_table(f"{compared.system}: {table.caption}", table.columns, table.rows)
    print_notes([*notes, *compared.notes])


def _names(text: str) -> list[str]:
    from ..errors import InputError, shown

    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InputError(f"--potentials: {shown(text)} lacks a name next to a comma; give for example chgnet,7net-0")
    return names
