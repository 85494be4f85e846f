"""``amalgamics doctor --deep``: the small job of :mod:`~.trial` on each kind of store that this machine is set up for.

Always on an embedded LaunchPad and a database file in a temporary folder; and where the LaunchPad of the user is on a
MongoDB server, on that server too, in a database of its own that is removed afterwards. Nothing of the user's is
written to.
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

from ..addresses import redacted
from ..errors import InputError
from .checks import Check
from .engine.embedded_store import SCHEME
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
    del database
    with tempfile.TemporaryDirectory(prefix="amalgamics-doctor-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        yield from _try("embedded", folder / "embedded", f"{SCHEME}{folder}/embedded/launchpad", tell)
        if launchpad.startswith("mongodb"):
            yield from _on_server(launchpad, folder / "mongodb", tell)


def _try(kind: str, folder: Path, launchpad: str, tell: Callable[[str], None]) -> Iterator[Check]:
    folder.mkdir(parents=True)
    trial = Trial(folder, launchpad, folder / "structures.db", lambda line: tell(f"trial on {kind}: {line}"))
    for check in trial.checks():
        yield replace(check, name=f"{kind}: {check.name}")


def _on_server(address: str, folder: Path, tell: Callable[[str], None]) -> Iterator[Check]:
    """Try a database of our own on the server of the user's LaunchPad, where we may make one."""
    begun = time.monotonic()
    name = f"amalgamics-doctor-{uuid.uuid4().hex[:12]}"
    own = beside(address, name)
    try:
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

    client: Any
    with MongoClient(address, serverSelectionTimeoutMS=2000) as client:
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
