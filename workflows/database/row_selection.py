"""Rows in the tables of ``ase.db`` by SQL that uses the indices of the structure database.

``ase.db`` looks up every condition in the whole file and asks once more for each row; of 10^5 rows that takes a second.
Here the condition that fewest rows meet is looked up, the others are tested on those rows, and sorting and limiting are
left to the database. The statements are those that SQLite and PostgreSQL both understand; what the columns hold differs
a little, and is told apart where a row is read.
"""

from __future__ import annotations

import json
import operator
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

TABLES = ("systems", "species", "keys", "text_key_values", "number_key_values", "information")
"""Those of ``ase.db``; the first five have a row's id in each line."""

_VALUES = ("number_key_values", "text_key_values")

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
# Keys in which a text is searched for that may stand anywhere.
_SEARCHED = ("name", "reduced_formula", "substrate", "prototype")
# Those of them that hold texts.
_TEXTS = ("unique_id", "user")
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


CHUNK = 500
"""How many rows are asked for at once."""
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
_SPECIAL = "__special_number__"
_PLAIN = ("id", "unique_id", "ctime", "mtime", "constraints", "calculator", "energy", "free_energy", "magmom", "data")
_READ = (*_PLAIN, *_ARRAYS, "username", "pbc", "calculator_parameters", "key_value_pairs")


class Connection(Protocol):
    """What runs statements: a connection of ``sqlite3``, or one that takes the same question marks."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Any:
        """Run a statement and return a cursor: an iterator over its rows."""


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


def has_indices(connection: Connection) -> bool:
    """Return whether all of :data:`INDICES` are there; a server does as well as it can without."""
    if not isinstance(connection, sqlite3.Connection):
        return True
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    return INDICES.keys() <= found


def add_indices(connection: Connection) -> None:
    """Add those of :data:`INDICES` that are missing."""
    for name, columns in INDICES.items():
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {columns}")


def select_ids(
    connection: Connection,
    conditions: Sequence[str],
    systems: Sequence[str] = (),
    *,
    where: Mapping[str, Any] | None = None,
    containing: str = "",
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
    containing
        Text that must be somewhere in the name, formula, substrate or prototype of a row, in capitals or not.
    sort
        Key, with a leading minus for descending; rows without it come last, equal ones in the order of their ids.
    limit
        Most rows to return.

    Raises
    ------
    ValueError
        A condition cannot be understood.
    """
    return _find_ids(connection, _parsed(conditions, systems, where or {}, containing), sort, limit)


def count_rows(
    connection: Connection,
    conditions: Sequence[str],
    systems: Sequence[str] = (),
    *,
    where: Mapping[str, Any] | None = None,
    containing: str = "",
) -> int:
    """Return how many rows there are of those that :func:`select_ids` returns for the same arguments.

    Raises
    ------
    ValueError
        A condition cannot be understood.
    """
    parsed = _parsed(conditions, systems, where or {}, containing)
    first = _rarest(connection, parsed) or Condition("systems", "TRUE", ())
    tests, values = _tests(connection, first, [one for one in parsed if one is not first])
    statement = f"SELECT COUNT(*) FROM {first.table} found WHERE {tests}"
    return int(connection.execute(statement, values).fetchone()[0])


def _parsed(
    conditions: Sequence[str], systems: Sequence[str], where: Mapping[str, Any], containing: str
) -> list[Condition]:
    parsed = [*_exact(where), *_parse(conditions)]
    if containing:
        parsed.append(_containing(containing))
    if systems:
        marks = ", ".join("?" * len(systems))
        within = Condition("text_key_values", f"key = ? AND value IN ({marks})", ("chemical_system", *systems))
        parsed.insert(0, within)
    return parsed


def _containing(text: str) -> Condition:
    """Return the condition that a text is part of one of the labels of a row."""
    if "\0" in text:  # where a text ends for SQL; no label has it
        return Condition("systems", "1 = 0", ())
    marks = ", ".join("?" * len(_SEARCHED))
    pattern = re.sub(r"([!%_])", r"!\1", text.lower())
    labelled = f"SELECT id FROM text_key_values WHERE key IN ({marks}) AND LOWER(value) LIKE ? ESCAPE '!'"
    return Condition("systems", f"id IN ({labelled})", (*_SEARCHED, f"%{pattern}%"))


def _exact(where: Mapping[str, Any]) -> Iterator[Condition]:
    for key, value in where.items():
        if key in COLUMNS:
            yield _of_column(key, "=", value)
        elif isinstance(value, str):
            yield Condition("text_key_values", "key = ? AND value = ?", (key, str(value)))
        else:
            yield Condition("number_key_values", "key = ? AND value = ?", (key, float(value)))


def _parse(conditions: Sequence[str]) -> Iterator[Condition]:
    from ase.data import atomic_numbers

    for condition in conditions:
        sign = next((sign for sign in OPERATORS if sign in condition), "")
        key, _, text = (part.strip() for part in condition.partition(sign or "="))
        if key in ("age", "formula"):
            yield from _reckoned(condition)
        elif key in atomic_numbers:
            yield _of_element(atomic_numbers[key], sign or ">", int(text or 0))
        elif not sign:
            yield Condition("keys", "key = ?", (key,))
        elif key in COLUMNS:
            yield _of_column(key, sign, text if key in _TEXTS else _value(text))
        elif isinstance(value := _value(text), str):
            yield Condition("text_key_values", f"key = ? AND value {sign} ?", (key, value))
        else:
            yield Condition("number_key_values", f"key = ? AND value {sign} ?", (key, float(value)))


def _reckoned(condition: str) -> Iterator[Condition]:
    """Yield what an age or a formula means for what is stored; ``ase.db`` knows, and takes long to import."""
    from ase.db.core import parse_selection

    for key, sign, value in parse_selection(condition)[1]:
        yield _of_element(key, sign, value) if isinstance(key, int) else _of_column(key, sign, value)


def _of_element(number: int, sign: str, count: int) -> Condition:
    """Return the condition on how many atoms there are of an atomic number."""
    holds_for_none = OPERATORS[sign](0, count)
    test = f"NOT n {sign} ?" if holds_for_none else f"n {sign} ?"
    return Condition("species", f"Z = ? AND {test}", (number, count), absent=holds_for_none)


def _value(text: str) -> float | bool | str:
    """Return a value as ``ase.db`` takes it: a number or truth value where it can be one."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"True": True, "False": False}.get(text, text)


def _of_column(key: str, sign: str, value: Any) -> Condition:
    return Condition("systems", f"{COLUMNS[key]} {sign} ?", (str(value) if key in _TEXTS else value,))


def _find_ids(
    connection: Connection, conditions: Sequence[Condition], sort: str | None, limit: int | None
) -> list[int]:
    """Return the ids of the rows, in their order."""
    first = _rarest(connection, conditions)
    if first is None and sort and limit is not None and sort.removeprefix("-") not in COLUMNS:
        # Nearly every row may match: go through the key's index in the order asked for, until there are enough.
        key = sort.removeprefix("-")
        table = next((table for table in _VALUES if _is_key(connection, table, key)), _VALUES[0])
        by_key = Condition(table, "key = ?", (key,))
        ids = _run(connection, by_key, conditions, sort, limit)
        if len(ids) == limit:
            return ids
    if first is None:
        first = Condition("systems", "TRUE", ())
    return _run(connection, first, [one for one in conditions if one is not first], sort, limit)


def _rarest(connection: Connection, conditions: Sequence[Condition]) -> Condition | None:
    """Return the condition that fewest rows meet; None where every one is met by many."""
    rarest, fewest = None, _MANY
    for condition in conditions:
        if condition.absent or condition.table == "systems":
            continue
        statement = f"SELECT 1 FROM {condition.table} WHERE {condition.where} LIMIT {fewest}"
        (count,) = connection.execute(f"SELECT COUNT(*) FROM ({statement}) AS met", condition.values).fetchone()
        if count < fewest:
            rarest, fewest = condition, count
    return rarest


def _run(
    connection: Connection, first: Condition, others: Sequence[Condition], sort: str | None, limit: int | None
) -> list[int]:
    """Look up the first condition, test the others on what it finds, sort and limit."""
    tests, values = _tests(connection, first, others)
    order = "found.id"
    if sort:
        key = sort.removeprefix("-")
        direction = "DESC" if sort.startswith("-") else "ASC"
        if first.table in _VALUES and first.values[0] == key:
            order = f"found.value {direction}, found.id"
        elif key in COLUMNS and first.table == "systems":
            order = f"found.{COLUMNS[key]} {direction} NULLS LAST, found.id"
        elif key in COLUMNS:
            order = f"(SELECT {COLUMNS[key]} FROM systems WHERE id = found.id) {direction} NULLS LAST, found.id"
        else:
            tables = [table for table in _VALUES if _is_key(connection, table, key)]
            of_key = f"(SELECT value FROM {{}} WHERE id = found.id AND key = ?) {direction} NULLS LAST"
            order = ", ".join([*(of_key.format(table) for table in tables), "found.id"])
            values += [key] * len(tables)
    statement = f"SELECT found.id FROM {first.table} found WHERE {tests} ORDER BY {order}"
    if limit is not None:
        statement += f" LIMIT {int(limit)}"
    return [int(row_id) for (row_id,) in connection.execute(statement, values)]


def _tests(connection: Connection, first: Condition, others: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Return SQL that tests the rows of the table of the first condition, and the values that it takes."""
    indexed = has_indices(connection)
    tests = [first.where, *(condition.test(indexed=indexed) for condition in others)]
    return " AND ".join(tests), [value for condition in (first, *others) for value in condition.values]


def _is_key(connection: Connection, table: str, key: str) -> bool:
    """Return whether any row has a value of this kind under a key; nearly always it is numbers or texts, not both."""
    return connection.execute(f"SELECT 1 FROM {table} WHERE key = ? LIMIT 1", (key,)).fetchone() is not None


def ids_of_fingerprints(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of the rows that are stored of these fingerprints, the oldest of each."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        marks = ", ".join("?" * len(chunk))
        query = f"SELECT value, MIN(id) FROM text_key_values WHERE key = ? AND value IN ({marks}) GROUP BY value"
        found.update(connection.execute(query, ("fingerprint", *chunk)).fetchall())
    return found


def delete_rows(connection: Connection, ids: Sequence[int]) -> None:
    """Delete rows with everything that belongs to them."""
    more = connection.execute("SELECT value FROM information WHERE name = 'external_table_name'").fetchall()
    tables = [*(name for (name,) in more), *TABLES[1:-1], TABLES[0]]  # what refers to a row goes before it
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        marks = ", ".join("?" * len(chunk))
        for table in tables:
            connection.execute(f"DELETE FROM {table} WHERE id IN ({marks})", chunk)


def texts_of(connection: Connection, key: str, ids: Sequence[int]) -> dict[int, str]:
    """Return the text that rows have under a key, by id."""
    texts: dict[int, str] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        marks = ", ".join("?" * len(chunk))
        query = f"SELECT id, value FROM text_key_values WHERE key = ? AND id IN ({marks})"
        texts.update(connection.execute(query, (key, *chunk)).fetchall())
    return texts


def read_rows(connection: Connection, ids: Sequence[int], make: Callable[[dict[str, Any]], AtomsRow]) -> list[AtomsRow]:
    """Return the rows with these ids, in their order; ``make`` makes each from what ``AtomsRow`` takes."""
    rows: dict[int, AtomsRow] = {}
    columns = ", ".join(_READ)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        marks = ", ".join("?" * len(chunk))
        for values in connection.execute(f"SELECT {columns} FROM systems WHERE id IN ({marks})", chunk):
            stored = dict(zip(_READ, values, strict=True))
            rows[stored["id"]] = make(_content(stored))
    return [rows[row_id] for row_id in ids if row_id in rows]


def _content(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``ase.db`` makes a row of; ``data`` stay encoded until they are asked for."""
    content = {name: stored[name] for name in _PLAIN if stored[name] is not None}
    for name, (kind, shape) in _ARRAYS.items():
        held = stored[name]
        if held is not None:  # bytes in a file, numbers on a server
            flat = np.frombuffer(held, kind) if isinstance(held, bytes) else np.array(held, kind)
            content[name] = flat.reshape(shape)
    content["user"] = stored["username"]
    content["key_value_pairs"] = _decoded(stored["key_value_pairs"])
    if stored["pbc"] is not None:
        content["pbc"] = _PERIODIC[stored["pbc"]].copy()
    parameters = stored["calculator_parameters"]
    if parameters is not None:
        content["calculator_parameters"] = {} if parameters == "{}" else parameters
    if stored["data"] == "null":
        del content["data"]
    elif isinstance(stored["data"], str) and _SPECIAL in stored["data"]:
        from ase.io.jsonio import decode

        content["data"] = decode(json.dumps(_decoded(stored["data"])))
    return content


def _decoded(text: str) -> Any:
    """Return what a text of JSON stands for; servers know no number that is not finite, and hold its name instead."""
    return json.loads(text, object_hook=_special if _SPECIAL in text else None)


def _special(content: dict[str, Any]) -> Any:
    return float(content[_SPECIAL]) if content.keys() == {_SPECIAL} else content
