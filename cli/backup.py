"""``amalgamics backup``: a copy of the structure database, or a check of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import DatabaseOption


def backup(
    database: DatabaseOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to make; default the name of the database with the time.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Copy nothing; look through every row.")] = False,
) -> None:
    """Copy the structure database into a file while others write; any --database reads it.

    With --check, look through the database instead: exit code 1 and a line for each problem.
    """
    from ..errors import InputError
    from ..workflows.database.backup import back_up, default_output
    from ..workflows.database.checking import check_rows
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database

    if check and (output is not None or force):
        raise InputError("--check: copies nothing; leave --output and --force out")
    store = StructureDatabase(database or default_database(), must_exist=True)
    if check:
        count, problems = check_rows(store)
        for problem in problems:
            typer.echo(problem)
        if problems:
            raise typer.Exit(1)
        typer.echo(f"the structure database {store.address} is sound, {count} rows")
        return
    made = back_up(store, output or default_output(store), force=force)
    typer.echo(f"{made.rows} rows: {made.path}")
    typer.echo(f"SHA-256 {made.sha256}")
