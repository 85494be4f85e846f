"""``amalgamics report``: the report again, from what is in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .options import DatabaseOption, PotentialOption


def report(
    systems: Annotated[list[str], typer.Argument(help="Chemical systems, for example Li-Hg.", metavar="SYSTEM...")],
    output: Annotated[
        Path | None,
        typer.Option(help="Directory; default results/<first system>. Beside it if another potential's is there."),
    ] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
) -> None:
    """Write report.html, hull.png, hull.csv and summary.json without computing anything."""
    from ..files import check_writable
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.output_folder import report_folder
    from ..workflows.studies.hulls.analysis import rows_for_system, write_report
    from .output import print_notes

    store = StructureDatabase(database or default_database(), must_exist=True)
    rows: dict[int, Any] = {}
    notes: list[str] = []
    for system in systems:
        found = rows_for_system(store, system, potential, notes)
        potential = found[0].potential
        rows |= {row.id: row for row in found}
    wanted = (output or Path("results") / systems[0].lower()).expanduser().resolve()
    directory = report_folder(wanted, str(potential))
    check_writable(directory, "output")
    newest = max(rows)
    paths = write_report(
        ", ".join(systems), systems, list(rows.values()), directory, fresh_after=newest, warnings=notes
    )
    print_notes(notes)
    if directory != wanted:
        typer.echo(f"note: {wanted} holds the report of another potential, which is left as it is")
    typer.echo(f"report: {paths['report.html']}")
