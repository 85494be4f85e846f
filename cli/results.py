"""``amalgamics results``: what the studies of a job found, as tables, from the database."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import CsvOption, DatabaseOption, InputArgument, JsonOption, PotentialOption


def results(
    input_file: InputArgument,
    section: Annotated[
        list[str] | None, typer.Option("--section", help="Only this one, as its place on the page; repeatable.")
    ] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the tables of every study of the input; nothing is computed."""
    from ..errors import InputError, NotStoredError, unknown_name
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.job import Job
    from ..workflows.report import report_sections
    from ..workflows.spec import load_spec
    from .output import print_csv, print_json, print_notes, print_table

    spec = load_spec(input_file, database=database, potential=potential)
    job = Job(spec, StructureDatabase(spec.database_address, must_exist=True))
    if spec.systems and not job.relaxed_rows:
        raise NotStoredError(f"{spec.database_address} has no result of {spec.name}")
    sections, warnings = report_sections(job)
    found = {one.anchor: one for one in sections}
    for anchor in section or ():
        if anchor not in found:
            raise InputError("--section: " + unknown_name("section", anchor, found))
    chosen = [one for one in sections if not section or one.anchor in section]
    tables = [(one, table) for one in chosen for table in one.plain_tables]
    if as_json:
        print_json(
            [
                {"section": one.anchor, "table": table.caption, "columns": table.columns, "rows": table.rows}
                for one, table in tables
            ]
        )
    elif as_csv:
        for one, table in tables:  # one below the other, each with what it is in front
            rows = [(one.anchor, table.caption, *row) for row in table.rows]
            print_csv(("section", "table", *table.columns), rows)
    else:
        for one, table in tables:
            print_table(f"{one.title}: {table.caption}", table.columns, table.rows)
    print_notes([*warnings, *(text for one in chosen for text in one.warnings)])
