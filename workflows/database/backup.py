"""A copy of a structure database as one file, made while others write."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ...errors import InputError, NotStoredError
from ...files import NotWritableError, check_writable, usable_path
from .file import check_pages, make_complete, open_existing, open_rows
from .merging import copy_row, rows_of

if TYPE_CHECKING:
    from .backends.base import Backend
    from .structure_database import StructureDatabase

_BLOCK = 1 << 20


@dataclass(frozen=True)
class BackupReport:
    """A backup: its file, how many rows it holds, and the SHA-256 of the file."""

    path: Path
    rows: int
    sha256: str


def default_output(database: StructureDatabase) -> Path:
    """Return where a backup goes unless told: beside the file, or into the folder one is in, with the time."""
    stamp = time.strftime("%Y-%m-%dT%H-%M-%S")
    if database.path is not None:
        return database.path.with_name(f"{database.path.stem}-{stamp}.db")
    name = unquote(urlsplit(database.address).path.removeprefix("/"))
    return Path(f"{name}-{stamp}.db")


def back_up(database: StructureDatabase, output: str | Path, *, force: bool = False) -> BackupReport:
    """Copy a database into a file of SQLite, which any command reads as a structure database.

    The copy is of one moment; others go on writing. It takes its place when it is whole, checked and on the disk.

    Parameters
    ----------
    database
        A file or a server.
    output
        The file to make.
    force
        Replace one that is there.

    Raises
    ------
    InputError
        There is nothing to copy, the file is there already or cannot be written, or the database is damaged.
    """
    target = usable_path(output).absolute()
    if target.exists() and not target.is_file():  # a folder, or a device, which would be replaced by the backup
        raise NotWritableError(f"output: {target} is no file, and is not replaced by one; give the path of a file")
    if database.path is not None and target.resolve() == database.path:
        raise InputError(f"output: {target} is the database itself")
    if target.exists() and not force:
        raise InputError(f"output: {target} is there already; --force replaces it")
    if not database.backend.is_complete():
        raise NotStoredError(f"no structure database at {database.address}")
    check_writable(target.parent, "output")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        return _copy(database.backend, unfinished, target, force=force)
    except (OSError, sqlite3.Error) as error:
        raise NotWritableError(f"output: {target} cannot be written ({error})") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(backend: Backend, unfinished: Path, target: Path, *, force: bool) -> BackupReport:
    # With the rights of a new file of this user, to which SQLite would add those of a group.
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    if backend.path is not None:
        _copy_pages(backend.path, unfinished)
    else:
        _copy_rows(backend, unfinished)
    check_pages(unfinished)
    with contextlib.closing(open_existing(unfinished)) as connection:
        (rows,) = connection.execute("SELECT COUNT(*) FROM systems").fetchone()
    digest = hashlib.sha256()
    with unfinished.open("rb+") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
        os.fsync(stream.fileno())
    if force:
        unfinished.replace(target)
    else:
        try:
            target.hardlink_to(unfinished)  # unlike moving it there, fails where somebody else was faster
        except FileExistsError:
            raise InputError(f"output: {target} is there already; --force replaces it") from None
        except OSError:  # a file system without such links
            unfinished.replace(target)
    _sync_folder(target.parent)
    return BackupReport(target, int(rows), digest.hexdigest())


def _copy_pages(source: Path, target: Path) -> None:
    """Copy a file by SQLite's own online backup: in one step, for which writers wait."""
    with contextlib.closing(open_existing(source)) as here, contextlib.closing(open_existing(target)) as there:
        here.backup(there)


def _copy_rows(source: Backend, target: Path) -> None:
    """Copy the rows of a server, as they were at one moment, in the order of their ids."""
    target.unlink()  # so that it is made as a database is
    make_complete(target)
    target.chmod(0o600)
    with source.snapshot() as connection:
        ids = [int(found) for (found,) in connection.execute("SELECT id FROM systems ORDER BY id").fetchall()]
        with open_rows(target) as rows:
            for row in rows_of(connection, ids):
                copy_row(rows, row)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system does that
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
