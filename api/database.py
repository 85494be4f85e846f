"""The database of results, under its public name."""

from __future__ import annotations

from pathlib import Path

from ..arguments import path
from ..workflows.database.address import is_server
from ..workflows.database.structure_database import StructureDatabase

Database = StructureDatabase


def as_database(given: StructureDatabase | str | Path) -> StructureDatabase:
    """Return a database that is there.

    Raises
    ------
    InputError
        It is no address of one, or there is none.
    """
    if isinstance(given, StructureDatabase):
        return given
    is_url = isinstance(given, str) and is_server(given)
    return StructureDatabase(
        given if is_url else path("database", given, "a Database, its path or its URL"), must_exist=True
    )
