"""Rows in one file of SQLite: for one machine, several processes included."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from ....errors import InputError
from ....files import check_writable
from ..file import (
    LEFT_ALONE,
    LOCK_TIMEOUT_S,
    check_file,
    check_pages,
    database_path,
    file_lock,
    is_complete,
    make_complete,
    open_existing,
    open_rows,
    unfinished_file,
)
from ..mounts import network_warning, warn_of_network
from ..row_selection import Connection, add_indices, has_indices
from ..upgrade import has_fingerprints, needs_upgrade, upgrade_database
from .base import Backend

_READER_TIMEOUT_S = 2
_CHANGES = slice(24, 28)
"""Of the head of a file, counted up by each transaction that writes: https://www.sqlite.org/fileformat2.html."""


class SQLiteFile(Backend):
    """A database file, upgraded if an earlier version made it.

    Writes are serialised between processes by a lock that the operating system releases when its holder dies. The file
    comes into being as a whole, at the first write; reading one that is not there yet, or was left half made, finds no
    rows and changes nothing.

    Parameters
    ----------
    path
        The file.
    read_only
        Write nothing: neither rows, nor indices, nor an upgrade.

    Raises
    ------
    InputError
        No file can be called so, or it is one of something else; or it is only read and needs an upgrade.
    """

    path: Path

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.path, self._read_only = database_path(path), read_only
        self.address = str(self.path)
        self._rows: Any = None
        self._indexed = False
        if self.path.is_file() and not _is_sqlite(self.path):
            raise InputError(f"database: {self.path} is damaged or not a structure database (not SQLite). {LEFT_ALONE}")
        warn_of_network(self.path)
        if not read_only:
            upgrade_database(self.path)
        elif needs_upgrade(self.path):
            if not has_fingerprints(self.path):
                raise InputError(
                    f"database: {self.path} is one of ase.db, but not of this package: no row has a fingerprint"
                )
            raise InputError(
                f"database: {self.path} is of an earlier version, and is only read here; `amalgamics query --limit 1"
                f" --database {self.path}` upgrades it"
            )

    def exists(self) -> bool:
        """Return whether there is a file."""
        return self.path.is_file()

    def is_complete(self) -> bool:
        """Return whether the file has all tables."""
        return is_complete(self.path)

    def version(self) -> Hashable | None:
        """Return the counter of changes in the head of the file, with size and time of it and of its log."""
        try:
            with self.path.open("rb") as file:
                counter = file.read(_CHANGES.stop)[_CHANGES]
            states = [one.stat() for one in (self.path, self.path.with_name(f"{self.path.name}-wal")) if one.exists()]
        except OSError:
            return None
        return counter, *((one.st_size, one.st_mtime_ns) for one in states)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open the file, which is there."""
        with contextlib.closing(open_existing(self.path)) as connection:
            if self._read_only:
                connection.execute("PRAGMA query_only = ON")
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open the file for one transaction of reading, for which writers wait."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """Hold the lock of the file and open it for one transaction."""
        if self._read_only:
            raise InputError(f"database: {self.address} is only read here")
        if self._rows is None:
            self._rows = open_rows(self.path)
        with file_lock(self.path):
            make_complete(self.path)
            with self._rows as rows:
                yield rows
        self._index(LOCK_TIMEOUT_S)

    def check_usable(self) -> None:
        """Refuse a folder that cannot be written, and a file that is damaged or another one."""
        check_writable(self.path.parent, "database")
        check_file(self.path)

    def storage_problems(self) -> list[str]:
        """Return what SQLite finds wrong with pages and indices."""
        try:
            with self.reading() as connection:
                found = connection.execute("PRAGMA integrity_check").fetchall()
        except sqlite3.Error as error:
            found = [(str(error),)]
        return [" ".join(line.split()) for (line,) in found if line != "ok"]

    def recover(self) -> str:
        """Complete a file that was left half made, without rows, and look through the whole of a sound one."""
        if unfinished_file(self.path).exists():
            with file_lock(self.path):  # whoever makes it may be alive
                unfinished_file(self.path).unlink(missing_ok=True)
        if not self.path.exists():
            return f"there is no structure database at {self.address} yet"
        missing = check_file(self.path).missing
        if missing:
            with file_lock(self.path):
                missing = make_complete(self.path).missing
        check_pages(self.path)
        if not missing:
            return f"the structure database {self.address} is sound"
        lacked = ", ".join(missing)
        return f"recovered: the structure database {self.address} was half made, without rows (it lacked {lacked})"

    def describe(self) -> str:
        """Return that it is SQLite, and where the file lies if that is no good place."""
        return "; ".join(["SQLite", *filter(None, [network_warning(self.path)])])

    def add_indices(self) -> None:
        """Index the values of keys; a file that cannot be written, or is being written, is read without."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._index(_READER_TIMEOUT_S)

    def _index(self, timeout_s: float) -> None:
        """Let SQLite find rows by a key's value; ase.db itself indexes keys alone and reads every row that has one."""
        if self._indexed or self._read_only:
            return
        with contextlib.closing(open_existing(self.path, timeout_s)) as connection, connection:
            if not has_indices(connection):
                add_indices(connection)
        self._indexed = True


def _is_sqlite(path: Path) -> bool:
    """Return whether a file is one of SQLite, or empty.

    SQLite is asked: to close a file that was opened beside it lets go of the locks of its connections in this process.
    """
    try:
        with contextlib.closing(open_existing(path)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        return "not a database" not in str(error)
    return True
