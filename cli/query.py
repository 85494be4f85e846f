"""``amalgamics query``: rows of the structure database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import CsvOption, DatabaseOption, JsonOption

COLUMNS = (
    "id",
    "name",
    "reduced_formula",
    "space_group",
    "potential",
    "energy_per_atom",
    "formation_energy_per_atom",
    "e_above_hull",
    "volume_per_atom",
    "natoms",
)


def query(
    conditions: Annotated[
        str, typer.Argument(help='ase.db syntax and chemical systems, e.g. "Li-Hg,e_above_hull<0.05".')
    ] = "",
    database: DatabaseOption = None,
    sort: Annotated[str, typer.Option(help="Key to sort by; a leading minus sorts downwards.")] = "id",
    limit: Annotated[int | None, typer.Option(min=1, help="Most rows to print.")] = None,
    columns: Annotated[str | None, typer.Option(help="Comma-separated keys to print.")] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", help="Write the structures to this file: .csv, .extxyz, .cif, .json or .chemiscope.json."
        ),
    ] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the rows of the structure database that match, or write their structures to a file."""
    from ..errors import InputError, unknown_name
    from ..workflows.database.query import QUERY_KEYS
    from ..workflows.database.rows import told_converged
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from .hull import HEADINGS
    from .output import print_rows

    shown = tuple(column.strip() for column in columns.split(",")) if columns else COLUMNS
    allowed = (*QUERY_KEYS, *COLUMNS, "energy", "volume", "ctime")
    for key in (*shown, sort.removeprefix("-")):
        if key not in allowed:
            raise InputError(unknown_name("column", key, allowed))
    if export is not None:
        from ..workflows.database.export import check_export, export_rows

        check_export(export)
    store = StructureDatabase(database or default_database(), must_exist=True, plain_rows=export is None)
    found = store.select(conditions, sort=sort, limit=limit)
    if export is not None:
        written = export_rows(found, export)
        typer.echo(f"{len(found)} structures: {written}", err=as_json or as_csv)
        if len({row.get("potential_identity") for row in found}) > 1:
            typer.echo("note: they come from several potentials, whose energies must not be mixed", err=True)
        if not (as_json or as_csv):
            return
    rows = [[told_converged(row) if key == "converged" else row.get(key) for key in shown] for row in found]
    headings = shown if as_json or as_csv else tuple(HEADINGS.get(key, key.replace("_", " ")) for key in shown)
    print_rows(f"{len(rows)} structures", headings, rows, as_json=as_json, as_csv=as_csv)
