"""Rows of an ``ase.db`` file by SQL that uses the indices of the structure database.

``ase.db`` looks up every condition in the whole file and asks once more for each row; of 10^5 rows that takes a second.
Here the condition that fewest rows meet is looked up, the others are tested on those rows, and sorting and limiting are
left to SQLite.
"""

from __future__ import annotations

import json
import operator
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

# Indices by which a row is found from the value of a key and the value from the row.
INDICES = {
    "text_value_index": "text_key_values(key, value, id)",
    "text_id_index": "text_key_values(id, key, value)",
    "number_value_index": "number_key_values(key, value, id)",
    "number_id_index": "number_key_values(id, key, value)",
    "species_value_index": "species(Z, n, id)",
    "species_id_index": "species(id, Z, n)",
}
# Keys that are columns of the table of rows.
COLUMNS = {
    "id": "id",
    "unique_id": "unique_id",
    "natoms": "natoms",
    "energy": "energy",
    "volume": "volume",
    "mass": "mass",
    "ctime": "ctime",
    "mtime": "mtime",
    "user": "username",
}
# A condition that as many rows meet is not selective; counting further would be work for nothing.
_MANY = 30_000
# Of conditions; those of two characters come first, so that a search for one finds the whole of it.
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


_CHUNK = 500
_PERIODIC = [np.array([number >> axis & 1 for axis in range(3)], bool) for number in range(8)]
# Columns of a row, in the order in which they are read; arrays of numbers with their shape. The file is little-endian.
_INTEGERS, _NUMBERS = np.dtype("<i4"), np.dtype("<f8")
_ARRAYS: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    "numbers": (_INTEGERS, (-1,)),
    "positions": (_NUMBERS, (-1, 3)),
    "cell": (_NUMBERS, (3, 3)),
    "initial_magmoms": (_NUMBERS, (-1,)),
    "initial_charges": (_NUMBERS, (-1,)),
    "masses": (_NUMBERS, (-1,)),
    "tags": (_INTEGERS, (-1,)),
    "momenta": (_NUMBERS, (-1, 3)),
    "forces": (_NUMBERS, (-1, 3)),
    "stress": (_NUMBERS, (-1,)),
    "dipole": (_NUMBERS, (-1,)),
    "magmoms": (_NUMBERS, (-1,)),
    "charges": (_NUMBERS, (-1,)),
}
_PLAIN = ("id", "unique_id", "ctime", "mtime", "constraints", "calculator", "energy", "free_energy", "magmom", "data")
_READ = (*_PLAIN, *_ARRAYS, "username", "pbc", "calculator_parameters", "key_value_pairs")


@dataclass(frozen=True)
class Condition:
    """A condition as SQL: rows whose id is (``absent``: is not) among those of ``table`` for which ``where`` holds."""

    table: str
    where: str
    values: tuple[Any, ...]
    absent: bool = False

    def test(self, *, indexed: bool) -> str:
        """Return SQL that tests one row of the table ``found``: by an index, or without one against a list of ids."""
        no = "NOT " if self.absent else ""
        if indexed or self.table == "systems":
            return f"{no}EXISTS (SELECT 1 FROM {self.table} WHERE id = found.id AND {self.where})"
        return f"found.id {no}IN (SELECT id FROM {self.table} WHERE {self.where})"


def has_indices(connection: sqlite3.Connection) -> bool:
    """Return whether all of :data:`INDICES` are there."""
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    return INDICES.keys() <= found


def add_indices(connection: sqlite3.Connection) -> None:
    """Add those of :data:`INDICES` that are missing."""
    for name, columns in INDICES.items():
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {columns}")


def select_ids(
    connection: sqlite3.Connection,
    conditions: Sequence[str],
    systems: Sequence[str] = (),
    *,
    where: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
) -> list[int]:
    """Return the ids of rows that meet all conditions and belong to one of the chemical systems, if any are given.

    Parameters
    ----------
    connection
        To the file.
    conditions
        In the syntax of ``ase.db``.
    systems
        Values of ``chemical_system``, any of which will do.
    where
        Values that keys must have, whatever characters they hold: they are bound, not read.
    sort
        Key, with a leading minus for descending; rows without it come last, equal ones in the order of their ids.
    limit
        Most rows to return.

    Raises
    ------
    ValueError
        A condition cannot be understood.
    """
    parsed = [*_exact(where or {}), *_parse(conditions)]
    if systems:
        marks = ", ".join("?" * len(systems))
        within = Condition("text_key_values", f"key = ? AND value IN ({marks})", ("chemical_system", *systems))
        parsed.insert(0, within)
    return _find_ids(connection, parsed, sort, limit)


def _exact(where: Mapping[str, Any]) -> Iterator[Condition]:
    for key, value in where.items():
        if key in COLUMNS:
            yield Condition("systems", f"{COLUMNS[key]} = ?", (value,))
        elif isinstance(value, str):
            yield Condition("text_key_values", "key = ? AND value = ?", (key, str(value)))
        else:
            yield Condition("number_key_values", "key = ? AND value = ?", (key, float(value)))


def _parse(conditions: Sequence[str]) -> Iterator[Condition]:
    from ase.db.core import parse_selection

    keys, comparisons = parse_selection(",".join(conditions))
    for key in keys:
        yield Condition("keys", "key = ?", (key,))
    for key, sign, value in comparisons:
        if isinstance(key, int):  # an atomic number, and how many of that element
            holds_for_none = OPERATORS[sign](0, value)
            test = f"NOT n {sign} ?" if holds_for_none else f"n {sign} ?"
            yield Condition("species", f"Z = ? AND {test}", (key, value), absent=holds_for_none)
        elif key in COLUMNS:
            yield Condition("systems", f"{COLUMNS[key]} {sign} ?", (value,))
        elif isinstance(value, str):
            yield Condition("text_key_values", f"key = ? AND value {sign} ?", (key, value))
        else:
            yield Condition("number_key_values", f"key = ? AND value {sign} ?", (key, float(value)))


def _find_ids(
    connection: sqlite3.Connection, conditions: Sequence[Condition], sort: str | None, limit: int | None
) -> list[int]:
    """Return the ids of the rows, in their order."""
    first = _rarest(connection, conditions)
    if first is None and sort and limit is not None and sort.removeprefix("-") not in COLUMNS:
        # Nearly every row may match: go through the key's index in the order asked for, until there are enough.
        by_key = Condition("number_key_values", "key = ?", (sort.removeprefix("-"),))
        ids = _run(connection, by_key, conditions, sort, limit)
        if len(ids) == limit:
            return ids
    if first is None:
        first = Condition("systems", "TRUE", ())
    return _run(connection, first, [one for one in conditions if one is not first], sort, limit)


def _rarest(connection: sqlite3.Connection, conditions: Sequence[Condition]) -> Condition | None:
    """Return the condition that fewest rows meet; None where every one is met by many."""
    rarest, fewest = None, _MANY
    for condition in conditions:
        if condition.absent or condition.table == "systems":
            continue
        statement = f"SELECT 1 FROM {condition.table} WHERE {condition.where} LIMIT {fewest}"
        (count,) = connection.execute(f"SELECT COUNT(*) FROM ({statement})", condition.values).fetchone()
        if count < fewest:
            rarest, fewest = condition, count
    return rarest


def _run(
    connection: sqlite3.Connection, first: Condition, others: Sequence[Condition], sort: str | None, limit: int | None
) -> list[int]:
    """Look up the first condition, test the others on what it finds, sort and limit."""
    indexed = has_indices(connection)
    tests = [first.where, *(condition.test(indexed=indexed) for condition in others)]
    values = [value for condition in (first, *others) for value in condition.values]
    order = "found.id"
    if sort:
        key = sort.removeprefix("-")
        direction = "DESC" if sort.startswith("-") else "ASC"
        if first.table == "number_key_values" and first.values[0] == key:
            order = f"found.value {direction}, found.id"
        elif key in COLUMNS:
            order = f"(SELECT {COLUMNS[key]} FROM systems WHERE id = found.id) {direction} NULLS LAST, found.id"
        else:
            of_key = "SELECT value FROM {}_key_values WHERE id = found.id AND key = ?"
            value = f"COALESCE(({of_key.format('number')}), ({of_key.format('text')}))"
            order = f"{value} {direction} NULLS LAST, found.id"
            values += [key, key]
    statement = f"SELECT found.id FROM {first.table} found WHERE {' AND '.join(tests)} ORDER BY {order}"
    if limit is not None:
        statement += f" LIMIT {int(limit)}"
    return [int(row_id) for (row_id,) in connection.execute(statement, values)]


def texts_of(connection: sqlite3.Connection, key: str, ids: Sequence[int]) -> dict[int, str]:
    """Return the text that rows have under a key, by id."""
    texts: dict[int, str] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        query = f"SELECT id, value FROM text_key_values WHERE key = ? AND id IN ({marks})"
        texts.update(connection.execute(query, (key, *chunk)).fetchall())
    return texts


def read_rows(
    connection: sqlite3.Connection, ids: Sequence[int], make: Callable[[dict[str, Any]], AtomsRow]
) -> list[AtomsRow]:
    """Return the rows with these ids, in their order; ``make`` makes each from what ``AtomsRow`` takes."""
    rows: dict[int, AtomsRow] = {}
    columns = ", ".join(_READ)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        for values in connection.execute(f"SELECT {columns} FROM systems WHERE id IN ({marks})", chunk):
            stored = dict(zip(_READ, values, strict=True))
            rows[stored["id"]] = make(_content(stored))
    return [rows[row_id] for row_id in ids if row_id in rows]


def _content(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``ase.db`` makes a row of; ``data`` stay encoded until they are asked for."""
    content = {name: stored[name] for name in _PLAIN if stored[name] is not None}
    for name, (kind, shape) in _ARRAYS.items():
        buffer = stored[name]
        if buffer is not None:
            content[name] = np.frombuffer(buffer, kind).reshape(shape)
    content["user"] = stored["username"]
    content["key_value_pairs"] = json.loads(stored["key_value_pairs"])
    if stored["pbc"] is not None:
        content["pbc"] = _PERIODIC[stored["pbc"]].copy()
    parameters = stored["calculator_parameters"]
    if parameters is not None:
        content["calculator_parameters"] = {} if parameters == "{}" else parameters
    if stored["data"] == "null":
        del content["data"]
    return content
