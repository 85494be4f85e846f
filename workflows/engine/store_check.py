"""Whether the files of an embedded LaunchPad are whole, asked before anything reads or writes them.

litemongo notices a damaged file where it comes upon the damage, in the middle of whatever is being done. So each file
of a collection is looked through when a LaunchPad is opened: by SQLite, and document by document.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .launchpad_file import LaunchPadError

if TYPE_CHECKING:
    from .embedded_store import EmbeddedMongoClient

_COLLECTIONS = "collections"
_SIDECARS = ("-wal", "-shm", "-journal")
_TABLES = {"info", "documents", "indexes"}
# Bytes of a file up to which every opening looks through all of it: some tenths of a second.
_LOOKED_THROUGH = 64 * 2**20
_TIMEOUT_S = 20
_LEFT_ALONE = "It is left as it is; put back a copy, or move it away and run the job again: results are in the database"


class DamagedStoreError(LaunchPadError):
    """A file of an embedded LaunchPad is damaged, or of another kind."""


def is_store(directory: Path) -> bool:
    """Return whether an embedded LaunchPad was ever made in a directory."""
    return (directory / _COLLECTIONS).is_dir()


def check_store(client: EmbeddedMongoClient, *, thorough: bool = False) -> None:
    """Look through the files of a store, while nobody writes them; a store that is not there yet is fine.

    Parameters
    ----------
    client
        Of the store.
    thorough
        Look through large files as well, which takes as long as reading them.

    Raises
    ------
    DamagedStoreError
        A file is not what it should be; nothing is changed.
    """
    folder = client.path / _COLLECTIONS
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DamagedStoreError(f"launchpad: {folder} is not a folder of an embedded LaunchPad. {_LEFT_ALONE}")

    def look(_: Any) -> None:
        for path in sorted(folder.glob("*/*")):
            if path.is_file() and not path.name.endswith(_SIDECARS):
                _check_file(path, thorough=thorough)

    client.store.run(look)


def _check_file(path: Path, *, thorough: bool) -> None:
    size = path.stat().st_size
    if size == 0:  # killed while it was made; there is nothing in it
        return
    # Read by SQLite alone: to close a file that was opened beside it lets go of the locks of all its connections here,
    # and another process would take the log of changes away from under them.
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=_TIMEOUT_S, uri=True)
        ) as connection:
            problem = _problem(connection, thorough=thorough or size <= _LOOKED_THROUGH)
    except sqlite3.OperationalError as error:  # locked, no room, no right
        raise LaunchPadError(f"launchpad: {path} cannot be read ({error})") from None
    except sqlite3.Error as error:
        problem = str(error)
    if problem:
        raise _damaged(path, problem)


def _problem(connection: sqlite3.Connection, *, thorough: bool) -> str | None:
    """Return what is wrong with a file, None when nothing is found."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables - _TABLES:
        return f"it has the tables {', '.join(sorted(tables - _TABLES))}"
    if not thorough:
        return None
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        return " ".join(str(found).split())
    return _unreadable(connection) if "documents" in tables else None


def _unreadable(connection: sqlite3.Connection) -> str | None:
    import bson

    for key, document in connection.execute("SELECT _id, doc FROM documents"):
        try:
            bson.decode(document)
        except (bson.errors.BSONError, TypeError, ValueError) as error:
            return f"document {key}: {error}"
    return None


def _damaged(path: Path, problem: str) -> DamagedStoreError:
    return DamagedStoreError(f"launchpad: {path} is damaged or another kind of file ({problem}). {_LEFT_ALONE}")
