"""Errors of disks, files and servers that come up in the middle of a verb, in one line with what to do next."""

from __future__ import annotations

import errno
import sqlite3

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DISK = {
    errno.EROFS: "is on a read-only file system",
    errno.EACCES: "may not be used",
    errno.EPERM: "may not be used",
    errno.EIO: "cannot be read or written: the disk has errors",
}
GO_ON = "what was stored is kept, and the same command goes on where it stopped"

# What an error of a driver means, by its package.
_OF_DRIVERS = {
    "pymongo": f"launchpad: the MongoDB server does not answer any more ({{}}); {GO_ON}",
    "psycopg2": f"database: the PostgreSQL server does not answer any more ({{}}); {GO_ON}",
    "bson": "launchpad: a document cannot be read ({}); `amalgamics recover` says where",
}


def in_one_line(error: BaseException) -> str | None:
    """Return what a user should know of an error of a store; None when it is of another kind."""
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, OSError) and error.errno in _FULL:
        where = f" ({error.filename})" if error.filename else ""
        return f"the disk is full{where}; make room: {GO_ON}"
    if isinstance(error, OSError) and error.errno in _DISK and error.filename:
        return f"{error.filename} {_DISK[error.errno]} ({error.strerror})"
    told = _OF_DRIVERS.get(type(error).__module__.partition(".")[0])
    return told.format(_first_line(error)) if told else None


def _of_sqlite(error: sqlite3.Error) -> str:
    text = str(error)
    if "full" in text:
        return f"the disk is full, where the database or the LaunchPad is ({text}); make room: {GO_ON}"
    if "malformed" in text or "not a database" in text:
        return f"a file of the database or the LaunchPad is damaged ({text}); `amalgamics recover` says which"
    return f"the database or the LaunchPad cannot be read or written ({text}); {GO_ON}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
