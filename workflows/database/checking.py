"""Whether every row of a structure database can be read, is there once, and is found by what it holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ase.data import atomic_numbers
from ase.db.row import AtomsRow

from ...errors import InputError
from .row_selection import CHUNK, TABLES, Connection, read_rows

if TYPE_CHECKING:
    from .structure_database import StructureDatabase

_OF_ROWS = TABLES[1:-1]


def check_rows(database: StructureDatabase) -> tuple[int, list[str]]:
    """Return how many rows a database has, and its problems, each in a line; none where it is sound.

    Looked at are the storage (of a file: every page and index), and of each row whether it decodes, with its structure,
    results and data; whether its keys and elements agree with the tables by which it is found; and whether its
    fingerprint is its own.

    Parameters
    ----------
    database
        Complete, or one in which nothing was ever stored.

    Raises
    ------
    InputError
        It is something else, incomplete, or cannot be asked.
    """
    backend = database.backend
    if not backend.is_complete():
        return 0, []
    problems = backend.storage_problems()
    if problems:  # then anything may be wrong with the rows
        return 0, problems
    with backend.snapshot() as connection:
        ids = [int(found) for (found,) in connection.execute("SELECT id FROM systems ORDER BY id").fetchall()]
        problems += _strays(connection)
        problems += _repeated(connection)
        for start in range(0, len(ids), CHUNK):
            problems += _problems_of(connection, ids[start : start + CHUNK])
    return len(ids), problems


def _strays(connection: Connection) -> Iterator[str]:
    """Yield the tables with lines of rows that are not there."""
    for table in _OF_ROWS:
        query = f"SELECT COUNT(*) FROM {table} WHERE id IS NULL OR id NOT IN (SELECT id FROM systems)"
        (count,) = connection.execute(query).fetchone()
        if count:
            yield f"{count} lines of {table} belong to no row"


def _repeated(connection: Connection) -> Iterator[str]:
    """Yield the fingerprints of several rows."""
    query = "SELECT value, COUNT(*), MIN(id) FROM text_key_values WHERE key = 'fingerprint' GROUP BY value"
    for value, count, first in connection.execute(f"{query} HAVING COUNT(*) > 1").fetchall():
        yield f"row {first}: its fingerprint {value} is that of {count} rows"


def _problems_of(connection: Connection, ids: Sequence[int]) -> Iterator[str]:
    """Yield what is wrong with these rows."""
    tables = {table: _lines(connection, table, ids) for table in _OF_ROWS}
    marks = ", ".join("?" * len(ids))
    counts = dict(connection.execute(f"SELECT id, natoms FROM systems WHERE id IN ({marks})", ids).fetchall())
    for row_id in ids:
        try:
            (row,) = read_rows(connection, [row_id], AtomsRow)
            atoms = row.toatoms()
            data = dict(row.data)
        except Exception as error:  # whatever the bytes of a damaged row may lead to
            if isinstance(error, InputError):  # the server is away, and no row the worse for it
                raise
            yield f"row {row_id}: cannot be read ({type(error).__name__}: {' '.join(str(error).split())})"
            continue
        name = f"row {row_id} ({row.get('name')})"
        if len(atoms) != counts[row_id]:
            yield f"{name}: has {len(atoms)} atoms, and {counts[row_id]} in the column natoms"
        if row.get("converged") and not math.isfinite(float(row.get("energy", math.nan))):
            yield f"{name}: converged, but has no energy"
        if row.get("fingerprint") and "candidate" not in data:
            yield f"{name}: its data do not say what was computed"
        yield from _unequal(name, row, {table: found[row_id] for table, found in tables.items()})


def _unequal(name: str, row: AtomsRow, lines: dict[str, list[tuple[Any, ...]]]) -> Iterator[str]:
    """Yield the tables that do not agree with what a row holds."""
    pairs = row.key_value_pairs
    texts = {key: value for key, value in pairs.items() if isinstance(value, str)}
    numbers = {key: float(value) for key, value in pairs.items() if key not in texts}
    expected: dict[str, list[tuple[Any, ...]]] = {
        "species": [(atomic_numbers[symbol], n) for symbol, n in row.count_atoms().items()],
        "keys": [(key,) for key in pairs],
        "text_key_values": list(texts.items()),
        "number_key_values": list(numbers.items()),
    }
    for table, wanted in expected.items():
        if sorted(map(repr, wanted)) != sorted(map(repr, lines[table])):
            yield f"{name}: the table {table} does not agree with what the row holds"


def _lines(connection: Connection, table: str, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Return the lines of a table that belong to rows, without the ids, by id."""
    columns = {"species": "Z, n", "keys": "key"}.get(table, "key, value")
    marks = ", ".join("?" * len(ids))
    found: dict[int, list[tuple[Any, ...]]] = {row_id: [] for row_id in ids}
    for row_id, *rest in connection.execute(f"SELECT id, {columns} FROM {table} WHERE id IN ({marks})", ids).fetchall():
        found[int(row_id)].append(tuple(rest))
    return found
