"""``amalgamics doctor --deep``: the small job of :mod:`~.trial` on each kind of store that this machine is set up for.

Always on an embedded LaunchPad and a database file in a temporary folder; and where those of the user are on servers,
on these too, in a MongoDB database and a PostgreSQL schema of its own that are removed afterwards. Nothing of the
user's is written to.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

from ..addresses import redacted
from ..errors import InputError
from .checks import Check
from .database.address import is_server
from .engine.embedded_store import SCHEME
from .engine.launchpad_file import is_launchpad_file, read_launchpad_file
from .trial import Trial


def deep_checks(launchpad: str, database: str | Path | None, tell: Callable[[str], None]) -> Iterator[Check]:
    """Run the small job on each kind of store and yield what was found.

    Parameters
    ----------
    launchpad, database
        Addresses of the user's.
    tell
        Called with a line that says how far it is.
    """
    with tempfile.TemporaryDirectory(prefix="amalgamics-doctor-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        yield from _try("embedded", folder / "embedded", f"{SCHEME}{folder}/embedded/launchpad", tell)
        if launchpad.startswith("mongodb") or is_launchpad_file(launchpad):
            yield from _on_mongodb(launchpad, folder / "mongodb", tell)
        if database is not None and is_server(database):
            yield from _on_postgresql(str(database), folder / "postgresql", tell)


def _try(
    kind: str, folder: Path, launchpad: str, tell: Callable[[str], None], database: str | Path | None = None
) -> Iterator[Check]:
    folder.mkdir(parents=True, exist_ok=True)
    store = database or folder / "structures.db"
    trial = Trial(folder, launchpad, store, lambda line: tell(f"trial on {kind}: {line}"))
    for check in trial.checks():
        yield replace(check, name=f"{kind}: {check.name}")


def _on_postgresql(address: str, folder: Path, tell: Callable[[str], None]) -> Iterator[Check]:
    """Try a schema of our own in the user's database on a server, where we may make one."""
    from .database.backends.postgresql import PostgreSQLServer

    begun = time.monotonic()
    try:
        with PostgreSQLServer(address).schema_of_its_own(f"amalgamics_doctor_{uuid.uuid4().hex[:12]}") as own:
            yield from _try("postgresql", folder, f"{SCHEME}{folder}/launchpad", tell, own)
    except InputError as error:
        no_right = "no right" in str(error)  # who may only use the tables can work with them all the same
        said = redacted(str(error))
        yield Check("postgresql", no_right, f"not tried: {said}" if no_right else said, time.monotonic() - begun)


def _on_mongodb(address: str, folder: Path, tell: Callable[[str], None]) -> Iterator[Check]:
    """Try a database of our own on the server of the user's LaunchPad, where we may make one."""
    begun = time.monotonic()
    name = f"amalgamics-doctor-{uuid.uuid4().hex[:12]}"
    try:
        own = _file_beside(address, name, folder) if is_launchpad_file(address) else beside(address, name)
        with _throwaway(own, name):
            yield from _try("mongodb", folder, own, tell)
    except _NoRightError as error:
        # Who may only use the one database can work with it all the same.
        yield Check("mongodb", True, f"not tried: {error}", time.monotonic() - begun)
    except InputError as error:
        yield Check("mongodb", False, redacted(str(error)), time.monotonic() - begun)


class _NoRightError(InputError):
    """A database of one's own cannot be made on a server."""


@contextlib.contextmanager
def _throwaway(address: str, name: str) -> Iterator[None]:
    """Make sure that a database of this name can be made, and drop it afterwards."""
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure, PyMongoError

    from .engine.launchpad import open_launchpad

    client: Any
    if is_launchpad_file(address):
        opened = open_launchpad(address).connection
    else:
        opened = MongoClient(address, serverSelectionTimeoutMS=2000)
    with opened as client:
        try:
            client[name].trial.insert_one({"made by": "amalgamics doctor --deep"})
        except OperationFailure as error:
            reason = (error.details or {}).get("errmsg") or type(error).__name__
            raise _NoRightError(f"no database of its own may be made here ({redacted(str(reason))})") from None
        except PyMongoError as error:
            raise InputError(f"{redacted(address)} does not answer ({type(error).__name__})") from None
        try:
            yield
        finally:
            client.drop_database(name)


def _file_beside(path: str, name: str, folder: Path) -> str:
    """Write a ``my_launchpad.yaml`` for another database on the server of one; return its path."""
    settings = read_launchpad_file(path)
    if settings.get("uri_mode"):
        settings["host"] = beside(str(settings["host"]), name)
    elif settings.get("username"):
        settings.setdefault("authsource", settings.get("name"))
    folder.mkdir(parents=True)
    file = folder / "my_launchpad.yaml"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump({**settings, "name": name}), encoding="utf-8")
    return str(file)


def beside(address: str, name: str) -> str:
    """Return the address of another database on the same MongoDB server, for the same user.

    Examples
    --------
    >>> from amalgamics.workflows.deep_checks import beside
    >>> beside("mongodb://me@db.example.org/fireworks?tls=true", "other")
    'mongodb://me@db.example.org/other?tls=true&authSource=fireworks'
    """
    parts = urlsplit(address)
    query = parts.query
    # A user is known to the database of the address unless it says another.
    if "@" in parts.netloc and "authsource=" not in query.lower():
        source = f"authSource={parts.path.strip('/') or 'admin'}"
        query = f"{query}&{source}" if query else source
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", query, ""))
