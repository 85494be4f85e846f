"""Opening a LaunchPad from its URL, asking it how far things are, and FireWorks' own commands on it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from ..errors import InputError
from .embedded_mongo import SCHEME, store_path
from .writable import check_writable

if TYPE_CHECKING:
    from fireworks import LaunchPad

_EMBEDDED_DATABASE = "fireworks"
_SERVER_TIMEOUT_MS = 2000
_FIRST_ID = {"next_fw_id": 1, "next_launch_id": 1}


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
        launchpad = LaunchPad.from_dict(settings)
        launchpad.connection.admin.command("ping")
        if launchpad.fw_id_assigner.find_one({}) is None:
            launchpad.fw_id_assigner.insert_one(dict(_FIRST_ID))
            launchpad.tuneup()
    except PyMongoError as error:
        raise LaunchPadError(f"launchpad: {_without_password(url)} does not answer ({type(error).__name__})") from None
    return launchpad


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
            raise LaunchPadError(f"launchpad: {url!r} names no directory, e.g. sqlite:///results/launchpad")
        path = store_path(url)
        if not create and not path.is_dir():
            raise LaunchPadError(f"no LaunchPad at {path} yet; submit or run a workflow first")
        check_writable(path, "launchpad")
        return {**common, "host": f"{SCHEME}{path}", "name": _EMBEDDED_DATABASE}
    parsed = urlparse(url)
    if parsed.scheme not in {"mongodb", "mongodb+srv"} or not parsed.hostname:
        raise LaunchPadError(f"launchpad: {url!r} is neither sqlite:///directory nor mongodb://host:port/database")
    return {
        **common,
        "host": url,
        "name": parsed.path.strip("/") or _EMBEDDED_DATABASE,
        "mongoclient_kwargs": {"serverSelectionTimeoutMS": _SERVER_TIMEOUT_MS},
    }


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
    from fireworks.scripts.lpad_run import lpad
    from fireworks.scripts.rlaunch_run import rlaunch
    from ruamel.yaml import YAML

    open_launchpad(url)
    command = {"lpad": lpad, "rlaunch": rlaunch}[tool]
    with tempfile.TemporaryDirectory(prefix="amalgamics-") as directory:
        settings_file = Path(directory) / "my_launchpad.yaml"
        with settings_file.open("w") as stream:
            YAML().dump(launchpad_settings(url), stream)
        given, sys.argv = sys.argv, [tool, *arguments]
        try:
            return int(command(["-l", str(settings_file), *arguments]) or 0)
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        finally:
            sys.argv = given
