"""``amalgamics merge``: rows of other structure databases into one."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DatabaseOption


def merge(
    sources: Annotated[
        list[str],
        typer.Argument(help="Structure databases to take rows from: files, or postgresql://.", metavar="OTHER..."),
    ],
    database: DatabaseOption = None,
) -> None:
    """Add the calculations of other structure databases that the database lacks; those it has stay as they are.

    Between files and servers in either direction. Each source is added whole or not at all. A calculation that failed
    gives way to one that converged.
    """
    from ..workflows.database.address import checked_address
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from .output import print_notes

    addresses = [checked_address(source, "OTHER") for source in sources]
    others = [StructureDatabase(address, must_exist=True) for address in addresses]
    target = StructureDatabase(database or default_database())
    target.backend.check_usable()
    for other in others:
        found = target.merge_from(other)
        counts = f"{found.added} added, {found.replaced} in place of failed ones, {found.present} were there"
        typer.echo(f"{other.address}: {counts}")
        notes = [f"energies differ, {one}" for one in found.disagreements]
        if found.foreign:
            notes.append(f"{found.foreign} rows of another program, without a fingerprint, were left out")
        print_notes(notes)
