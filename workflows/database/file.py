"""The file of the structure database: made as a whole or not at all, and looked at before it is used.

``ase.db`` makes its tables at the first use of a file, a reading one too, each in a transaction of its own. Who opens
the file in between finds half of them, and what a kill leaves there no later run can use. So a file is made here, under
the lock that writers hold, and ``ase.db`` gets to see complete files only; readers make and change nothing.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files import usable_path
from .row_selection import TABLES, add_indices

logger = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 120
UPGRADE = 2
"""What ``PRAGMA user_version`` says of a file that needs no upgrade; see :mod:`.upgrade`."""
_PARTS = (*TABLES, "version")
# What SQLite keeps beside a file, by suffix: beside a new file it could only be of one that is gone.
_COMPANIONS = ("-journal", "-wal", "-shm")
LEFT_ALONE = "It is left as it is; put back a copy, or move it away and run again, which computes anew what it held"
"""What is said of a damaged file."""


@dataclass(frozen=True)
class FileState:
    """What a file lacks of a structure database, and what it holds all the same.

    Attributes
    ----------
    missing
        Parts that are not there: tables, and ``version`` for the entry that ``ase.db`` writes when it has made them.
    foreign
        Tables of something else; named only where parts are missing.
    rows
        Table and number of its rows, of tables that have any; counted only where parts are missing.
    """

    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()


def database_path(path: str | Path) -> Path:
    """Return the absolute path of a database file.

    Raises
    ------
    InputError
        No file can be called so, or it is a directory.
    """
    try:
        found = usable_path(path).resolve()
    except InputError as error:
        raise InputError(f"database: {error}") from None
    if found.is_dir():
        raise InputError(f"database: {found} is a directory; give the path of a file")
    if found.exists() and not found.is_file():
        raise InputError(f"database: {found} is a device or pipe; give the path of a file")
    return found


def open_existing(path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> sqlite3.Connection:
    """Open a file that is there; ``sqlite3.connect`` alone would make one that is not."""
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=timeout_s, uri=True)


def open_rows(path: Path) -> Any:
    """Return the ``ase.db`` database of a complete file; where there is none, using it fails and makes none."""
    from ase.db import connect

    # ase's own lock file survives a killed process and would then block for ever.
    database = connect(path, type="db", use_lock_file=False)
    database._connect = partial(open_existing, path)  # noqa: SLF001 - ase has no public way
    return database


def lock_file(path: Path) -> Path:
    """Return the file whose lock writers hold: not ``structures.db.lock``, whose mere presence stops ``ase.db``."""
    return path.with_name(f".{path.name}.lock")


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock of the file, which the operating system releases when its holder dies; makes the folder.

    Raises
    ------
    InputError
        The folder cannot be written, or another process has held the lock for :data:`LOCK_TIMEOUT_S`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(lock_file(path), timeout=LOCK_TIMEOUT_S)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise InputError(f"database: another process has held {lock.lock_file} for {LOCK_TIMEOUT_S} s") from None
    except OSError as error:
        raise InputError(f"database: cannot write in {path.parent} ({error.strerror})") from None
    try:
        yield
    finally:
        lock.release()


def examine(path: Path) -> FileState:
    """Return the state of the file; one that is not there or has no bytes lacks everything.

    Raises
    ------
    InputError
        SQLite cannot read the file.
    """
    if not _has_bytes(path):
        return FileState(missing=_PARTS)
    try:
        with contextlib.closing(open_existing(path)) as connection:
            connection.execute("BEGIN")  # one state of the file, whatever others write between the questions
            return _state(connection)
    except sqlite3.Error as error:
        if not _has_bytes(path):  # taken away since
            return FileState(missing=_PARTS)
        if isinstance(error, sqlite3.OperationalError):  # locked, no right to read it, ...
            raise InputError(f"database: {path} cannot be read as a structure database ({error})") from None
        raise InputError(f"database: {path} is damaged or another kind of file ({error}). {LEFT_ALONE}") from None


def _has_bytes(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False


def _state(connection: sqlite3.Connection) -> FileState:
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'"
    tables = {name for (name,) in connection.execute(query)}
    found = set(tables)
    if "information" in tables:
        found |= {name for (name,) in connection.execute("SELECT name FROM information WHERE name = 'version'")}
    missing = tuple(part for part in _PARTS if part not in found)
    if not missing:
        return FileState()
    rows = []
    for table in (part for part in _PARTS if part in tables):
        condition = " WHERE name IS NOT 'version'" if table == "information" else ""
        (number,) = connection.execute(f"SELECT COUNT(*) FROM {table}{condition}").fetchone()
        if number:
            rows.append((table, int(number)))
    return FileState(missing, tuple(sorted(tables - set(_PARTS))), tuple(rows))


def check_file(path: Path) -> FileState:
    """Return the state of the file, in which nothing is missing, or everything that could be lost.

    Raises
    ------
    InputError
        Tables are missing and yet there are rows, or those of something else; or SQLite cannot read the file.
    """
    return _refuse_loss(path, examine(path))


def _refuse_loss(path: Path, state: FileState) -> FileState:
    if state.foreign:
        raise InputError(f"database: {path} is not a structure database (it has the tables {', '.join(state.foreign)})")
    if state.rows:
        lacking, held = ", ".join(state.missing), ", ".join(f"{number} in {table}" for table, number in state.rows)
        raise InputError(f"database: {path} is incomplete: it lacks {lacking}, yet holds rows ({held}). {LEFT_ALONE}")
    return state


def check_pages(path: Path) -> None:
    """Let SQLite go through the whole file, which takes as long as reading it.

    Raises
    ------
    InputError
        The file is damaged, as one that was cut off.
    """
    try:
        with contextlib.closing(open_existing(path)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise InputError(f"database: {path} is damaged ({' '.join(found.split())}). {LEFT_ALONE}")


def is_complete(path: Path) -> bool:
    """Return whether rows can be read from the file; False when nothing was ever stored in it.

    Raises
    ------
    InputError
        As for :func:`check_file`.
    """
    return not check_file(path).missing


def make_complete(path: Path) -> FileState:
    """Make the file, or what it lacks, and return its state before; to be called while holding :func:`file_lock`.

    Whenever this is stopped, the file is as it was or complete.

    Raises
    ------
    InputError
        As for :func:`check_file`, or the file cannot be written; nothing is changed then.
    """
    unfinished_file(path).unlink(missing_ok=True)
    state = check_file(path)
    try:
        if not path.exists():
            _make(path)
        elif state.missing:
            _remake(path)
            logger.info("the structure database %s was half made, without rows; it is complete now", path)
    except (sqlite3.Error, OSError) as error:
        raise InputError(f"database: {path} cannot be made ({error})") from None
    return state


def unfinished_file(path: Path) -> Path:
    """Return where a new file is made before it takes its place; what a kill leaves there is of no use."""
    return path.with_name(f".{path.name}.unfinished")


def _make(path: Path) -> None:
    for suffix in _COMPANIONS:  # SQLite would undo the new file by the journal of one that was deleted
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    unfinished = unfinished_file(path)
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)  # whoever shares it says so, by chmod
    try:
        with contextlib.closing(sqlite3.connect(unfinished)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("BEGIN")
            _add_tables(connection)
            connection.commit()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _remake(path: Path) -> None:
    """Replace the tables of a file without rows by a complete set, in one transaction.

    Not by another file: a process may have this one open, and a journal beside it would be applied to the new one.
    """
    with contextlib.closing(open_existing(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _refuse_loss(path, _state(connection)).missing:  # looked at again: nobody else changes it now
            return
        for table in _PARTS:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        _add_tables(connection)
        connection.commit()


def _add_tables(connection: sqlite3.Connection) -> None:
    from ase.db.sqlite import index_statements, init_statements

    for statement in (*init_statements, *index_statements):
        connection.execute(statement)
    add_indices(connection)
    connection.execute(f"PRAGMA user_version = {UPGRADE}")
