"""Opening a LaunchPad from its URL, asking it how far things are, and FireWorks' own commands on it."""

from __future__ import annotations

import contextlib
import logging
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import yaml

from ...errors import InputError, shown
from ...files import check_writable
from .embedded_store import SCHEME, store_path
from .fireworks_compat import LOGGERS
from .worker_identity import own_name, register, unregister

if TYPE_CHECKING:
    from fireworks import LaunchPad

_EMBEDDED_DATABASE = "fireworks"
_SERVER_TIMEOUT_MS = 2000


class LaunchPadError(InputError):
    """The LaunchPad cannot be opened."""


def open_launchpad(url: str, *, create: bool = True) -> LaunchPad:
    """Open the LaunchPad at ``url``; a new one is made ready for use, an existing one is left as it is.

    Parameters
    ----------
    url
        ``sqlite:///directory`` (relative to the working directory; four slashes for an absolute path) for the
        embedded store, or ``mongodb://host:port/database`` for a MongoDB server.
    create
        With False, a directory that is not there yet is refused and nothing is written.

    Raises
    ------
    LaunchPadError
        The URL has another form, the directory cannot be written, or the server does not answer.
    """
    settings = launchpad_settings(url, create=create)
    from fireworks import LaunchPad
    from pymongo.errors import PyMongoError

    from . import fireworks_compat

    fireworks_compat.apply()
    try:
        if not url.startswith(SCHEME):
            _ping_server(url)
        launchpad = LaunchPad.from_dict(settings)
        if launchpad.fw_id_assigner.find_one({}) is None:
            _make_ready(launchpad)
    except (PyMongoError, ValueError) as error:
        raise LaunchPadError(f"launchpad: {_without_password(url)} does not answer ({type(error).__name__})") from None
    except (OSError, sqlite3.Error) as error:
        raise LaunchPadError(f"launchpad: cannot use {_without_password(url)} ({error})") from None
    return launchpad


def _ping_server(url: str) -> None:
    """Fail soon when no server answers; working on the LaunchPad later has the driver's own, longer patience."""
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]]
    with MongoClient(url, serverSelectionTimeoutMS=_SERVER_TIMEOUT_MS) as client:
        client.admin.command("ping")


def _make_ready(launchpad: LaunchPad) -> None:
    """Build the indices and say which ids come next: those after what is there, which the same ids would replace."""
    from pymongo.errors import DuplicateKeyError

    launchpad.tuneup()
    first: dict[str, Any] = {"_id": "next"}  # of two processes that come here at once, one is refused
    for collection, key in ((launchpad.fireworks, "fw_id"), (launchpad.launches, "launch_id")):
        last = collection.find_one({}, {key: 1}, sort=[(key, -1)])
        first[f"next_{key}"] = last[key] + 1 if last else 1
    with contextlib.suppress(DuplicateKeyError):
        launchpad.fw_id_assigner.insert_one(first)


def launchpad_settings(url: str, *, create: bool = True) -> dict[str, Any]:
    """Return what FireWorks' ``LaunchPad.from_dict`` and ``my_launchpad.yaml`` take for ``url``, after checking it.

    Raises
    ------
    LaunchPadError
        The URL is not valid or its directory cannot be used.
    """
    common = {"uri_mode": True, "strm_lvl": "WARNING"}
    if url.startswith(SCHEME):
        if len(url) == len(SCHEME):
            raise LaunchPadError(f"launchpad: {shown(url)} names no directory, e.g. sqlite:///results/launchpad")
        path = store_path(url)
        if not create and not path.is_dir():
            raise LaunchPadError(f"no LaunchPad at {path} yet; submit or run a workflow first")
        check_writable(path, "launchpad")
        return {**common, "host": f"{SCHEME}{path}", "name": _EMBEDDED_DATABASE}
    try:
        parsed = urlparse(url)
    except ValueError:
        parsed = urlparse("")  # brackets that are not closed
    if parsed.scheme not in {"mongodb", "mongodb+srv"} or not parsed.hostname:
        raise LaunchPadError(f"launchpad: {shown(url)} is neither sqlite:///directory nor mongodb://host:port/database")
    return {**common, "host": url, "name": parsed.path.strip("/") or _EMBEDDED_DATABASE}


def _without_password(url: str) -> str:
    parsed = urlparse(url)
    return url.replace(f":{parsed.password}@", ":…@") if parsed.password else url


def count_by_state(launchpad: LaunchPad, fw_ids: Sequence[int] | None = None) -> dict[str, int]:
    """Return how many Fireworks there are in each state, among ``fw_ids`` or all."""
    query = {} if fw_ids is None else {"fw_id": {"$in": list(fw_ids)}}
    counts: dict[str, int] = {}
    for document in launchpad.fireworks.find(query, {"state": 1}):
        counts[document["state"]] = counts.get(document["state"], 0) + 1
    return counts


def run_tool(tool: str, arguments: Sequence[str], url: str) -> int:
    """Run FireWorks' own ``lpad`` or ``rlaunch`` with the LaunchPad at ``url`` and return its exit code."""
    from fireworks.fw_config import FWORKER_LOC
    from fireworks.scripts.lpad_run import lpad
    from fireworks.scripts.rlaunch_run import rlaunch

    launchpad = open_launchpad(url)
    options = list(arguments) or ["--help"]
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="amalgamics-"))
        stack.enter_context(_process_state_kept([tool, *options]))
        if options[0] not in {"-s", "--silencer"}:
            stack.enter_context(_messages_shown())
        settings_file = Path(directory) / "my_launchpad.yaml"
        write_launchpad_file(url, settings_file)
        given = ["-l", str(settings_file)]
        if tool == "rlaunch" and not FWORKER_LOC and not Path("my_fworker.yaml").exists():
            # Named like our own workers, so that it is found out when it is killed.
            worker_file = Path(directory) / "my_fworker.yaml"
            _dump({"name": own_name(), "category": "", "query": "{}"}, worker_file)
            given += ["-w", str(worker_file)]
            register(launchpad, own_name())
        try:
            return int({"lpad": lpad, "rlaunch": rlaunch}[tool]([*given, *options]) or 0)
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        finally:
            unregister(launchpad, own_name())


def write_launchpad_file(url: str, path: Path) -> None:
    """Write the ``my_launchpad.yaml`` by which FireWorks itself opens ``url``.

    A process that opens the embedded store by it must call :func:`.fireworks_compat.apply` before.
    """
    _dump(launchpad_settings(url), path)


def _dump(content: dict[str, Any], path: Path) -> None:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@contextlib.contextmanager
def _process_state_kept(arguments: list[str]) -> Iterator[None]:
    """Let a stock command have its name in its messages and its own answer to Ctrl-C, and take both back."""
    before, sys.argv = sys.argv, arguments
    answer = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        sys.argv = before
        if signal.getsignal(signal.SIGINT) is not answer:
            signal.signal(signal.SIGINT, answer)


@contextlib.contextmanager
def _messages_shown() -> Iterator[None]:
    """Show what FireWorks logs, which is kept from standard output otherwise."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter("%(message)s"))
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
