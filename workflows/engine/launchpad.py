"""Opening a LaunchPad from its address, asking it how far things are, and FireWorks' own commands on it.

An address is ``sqlite:///directory``, ``mongodb://host:port/name``, or the path of a FireWorks ``my_launchpad.yaml``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from ...addresses import redacted
from ...errors import shown
from ...files import check_writable
from ...permissions import modules_allowed
from .allowed_tasks import foreign_task_behind
from .document_shapes import is_id
from .embedded_store import SCHEME, EmbeddedMongoClient, store_path
from .fireworks_compat import LOGGERS
from .heartbeats import beating
from .launchpad_file import LaunchPadError, is_launchpad_file, read_launchpad_file
from .scratch import scratch_folder
from .store_check import check_store, is_store
from .worker_identity import own_name

if TYPE_CHECKING:
    from fireworks import LaunchPad
    from pymongo import MongoClient

_EMBEDDED_DATABASE = "fireworks"
_MAKING = {"init", "reset", "add", "add_scripts"}
"""Words of ``lpad`` that are there to make a LaunchPad, or to put the first workflow into one."""
_SERVER_TIMEOUT_MS = 2000
_LOGGER_LEVEL = {"strm_lvl": "WARNING"}


class NoLaunchPadError(LaunchPadError):
    """There is no embedded LaunchPad at the address yet."""


def open_launchpad(url: str, *, create: bool = True, thorough: bool = False) -> LaunchPad:
    """Open the LaunchPad at ``url``; a new one is made ready for use, an existing one is left as it is.

    Parameters
    ----------
    url
        ``sqlite:///directory`` (relative to the working directory; four slashes for an absolute path) for the
        embedded store, ``mongodb://host:port/database`` for a MongoDB server, or the path of a ``my_launchpad.yaml``.
    create
        With False, a directory that is not there yet is refused and nothing is written.
    thorough
        Look through all of an embedded store, however large, for damage.

    Raises
    ------
    NoLaunchPadError
        There is none yet, and none is to be made.
    LaunchPadError
        The address has another form, a file of the store is damaged, the directory cannot be written, the file of an
        address cannot be read or is open to others, or the server does not answer or admit.
    """
    settings = launchpad_settings(url, create=create)
    from fireworks import LaunchPad
    from pymongo.errors import PyMongoError

    from . import fireworks_compat

    fireworks_compat.apply()
    try:
        if not str(settings["host"]).startswith(SCHEME):
            with server_client(settings) as client:
                client[settings["name"]].command("ping")
        else:
            check_store(EmbeddedMongoClient(settings["host"]), thorough=thorough)
        launchpad = LaunchPad.from_dict(settings)
        if launchpad.fw_id_assigner.find_one({}) is None:
            _make_ready(launchpad)
    except LaunchPadError:
        raise
    except (PyMongoError, ValueError, TypeError) as error:
        raise server_error(url, error) from None
    except (OSError, sqlite3.Error) as error:
        raise LaunchPadError(f"launchpad: cannot use {redacted(url)} ({error})") from None
    return launchpad


def server_client(settings: dict[str, Any]) -> MongoClient[dict[str, Any]]:
    """Return a client of a LaunchPad's server that fails soon when none answers; work on it has more patience."""
    from pymongo import MongoClient

    options = {**settings.get("mongoclient_kwargs", {}), "serverSelectionTimeoutMS": _SERVER_TIMEOUT_MS}
    if not settings.get("uri_mode") and settings.get("username"):
        options |= {key: settings[key] for key in ("username", "password") if key in settings}
        options["authSource"] = settings.get("authsource") or settings["name"]
    return MongoClient(settings["host"], settings.get("port"), **options)


def server_error(url: str, error: Exception) -> LaunchPadError:
    """Return what to tell of a server that does not answer, or does not let us in."""
    details = getattr(error, "details", None)
    reason = str(details.get("errmsg", "")).rstrip(".") if isinstance(details, dict) else ""
    if reason:
        return LaunchPadError(f"launchpad: {redacted(url)} does not admit us ({redacted(reason)})")
    return LaunchPadError(f"launchpad: {redacted(url)} does not answer ({type(error).__name__})")


def _make_ready(launchpad: LaunchPad) -> None:
    """Build the indices and say which ids come next: those after what is there, which the same ids would replace."""
    from pymongo.errors import DuplicateKeyError

    launchpad.tuneup()
    first: dict[str, Any] = {"_id": "next"}  # of two processes that come here at once, one is refused
    for collection, key in ((launchpad.fireworks, "fw_id"), (launchpad.launches, "launch_id")):
        documents = collection.find({}, {key: 1}).sort(key, -1)
        first[f"next_{key}"] = 1 + next((one[key] for one in documents if is_id(one.get(key))), 0)
    with contextlib.suppress(DuplicateKeyError):
        launchpad.fw_id_assigner.insert_one(first)


def launchpad_settings(url: str, *, create: bool = True) -> dict[str, Any]:
    """Return what FireWorks' ``LaunchPad.from_dict`` and ``my_launchpad.yaml`` take for an address, after checking it.

    Raises
    ------
    LaunchPadError
        The address is not valid, its file is not, or its directory cannot be used.
    """
    if is_launchpad_file(url):
        settings = {"name": _EMBEDDED_DATABASE, **read_launchpad_file(url), **_LOGGER_LEVEL}
        if str(settings["host"]).startswith(("mongodb:", "mongodb+srv:")) and not settings.get("uri_mode"):
            raise LaunchPadError(f"launchpad: {url}: a URL as host needs uri_mode: true")
        if not settings["host"].startswith(SCHEME):
            return settings
        url = settings["host"]
    if url.startswith(SCHEME):
        if len(url) == len(SCHEME):
            raise LaunchPadError(f"launchpad: {shown(url)} names no directory, e.g. sqlite:///results/launchpad")
        path = store_path(url)
        if not create and not is_store(path) and not path.is_file():  # which is refused below
            raise NoLaunchPadError(f"no LaunchPad at {path} yet; submit or run a workflow first")
        check_writable(path, "launchpad")
        return {**_LOGGER_LEVEL, "uri_mode": True, "host": f"{SCHEME}{path}", "name": _EMBEDDED_DATABASE}
    try:
        parsed = urlparse(url)
    except ValueError:
        parsed = urlparse("")  # brackets that are not closed
    if parsed.scheme not in {"mongodb", "mongodb+srv"} or not parsed.hostname:
        raise LaunchPadError(
            f"launchpad: {shown(redacted(url))} is neither sqlite:///directory nor mongodb://host:port/database, nor"
            " the path of a my_launchpad.yaml"
        )
    return {**_LOGGER_LEVEL, "uri_mode": True, "host": url, "name": parsed.path.strip("/") or _EMBEDDED_DATABASE}


def absolute_address(url: str) -> str:
    """Return an address that means the same in other folders."""
    if is_launchpad_file(url):
        return str(Path(url).expanduser().resolve())
    return f"{SCHEME}{store_path(url)}" if url.startswith(SCHEME) else url


def embedded_directory(url: str) -> Path | None:
    """Return the directory of an embedded LaunchPad; None for that of a server."""
    host = str(launchpad_settings(url)["host"])
    return store_path(host) if host.startswith(SCHEME) else None


def count_by_state(launchpad: LaunchPad, fw_ids: Sequence[int] | None = None) -> dict[str, int]:
    """Return how many Fireworks there are in each state, among ``fw_ids`` or all."""
    query = {} if fw_ids is None else {"fw_id": {"$in": list(fw_ids)}}
    counts: dict[str, int] = {}
    for document in launchpad.fireworks.find(query, {"state": 1}):
        state = str(document.get("state"))
        counts[state] = counts.get(state, 0) + 1
    return counts


def run_tool(tool: str, arguments: Sequence[str], url: str, *, allow: Sequence[str] = ()) -> int:
    """Run FireWorks' own ``lpad`` or ``rlaunch`` with the LaunchPad at ``url`` and return its exit code.

    Parameters
    ----------
    tool
        Which.
    arguments
        What it is given.
    url
        Address of the LaunchPad.
    allow
        Modules whose tasks it may read besides our own: ``fireworks.user_objects`` for FireWorks' own, which run any
        command.

    Raises
    ------
    NoLaunchPadError
        There is none yet, and the command is not one that makes one: reading leaves nothing behind.
    """
    from fireworks.fw_config import FWORKER_LOC
    from fireworks.scripts.lpad_run import lpad
    from fireworks.scripts.rlaunch_run import rlaunch

    options = list(arguments) or ["--help"]
    launchpad = None
    if not {"-h", "--help"} & set(options):
        launchpad = open_launchpad(url, create=tool == "lpad" and bool(_MAKING & set(options)))
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(scratch_folder())
        stack.enter_context(modules_allowed(allow))
        stack.enter_context(_process_state_kept([tool, *options]))
        if options[0] not in {"-s", "--silencer"}:
            stack.enter_context(_messages_shown())
        settings_file = directory / "my_launchpad.yaml"
        write_launchpad_file(url, settings_file)
        given = ["-l", str(settings_file)]
        if tool == "rlaunch" and not FWORKER_LOC and not Path("my_fworker.yaml").exists():
            # Named like our own workers, so that it is found out when it is killed.
            worker_file = directory / "my_fworker.yaml"
            _dump({"name": own_name(), "category": "", "query": "{}"}, worker_file)
            given += ["-w", str(worker_file)]
            if launchpad is not None:
                stack.enter_context(beating(launchpad, own_name()))
        try:
            return int({"lpad": lpad, "rlaunch": rlaunch}[tool]([*given, *options]) or 0)
        except RuntimeError as error:
            raise foreign_task_behind(error) or error from None
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else int(bool(stop.code))


def write_launchpad_file(url: str, path: Path) -> None:
    """Write the ``my_launchpad.yaml`` by which FireWorks itself opens ``url``.

    A process that opens the embedded store by it must call :func:`.fireworks_compat.apply` before.
    """
    _dump(launchpad_settings(url), path)


def _dump(content: dict[str, Any], path: Path) -> None:
    """Write a file that nobody else can read: there may be a password in it."""
    import yaml

    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        yaml.safe_dump(content, stream)


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
