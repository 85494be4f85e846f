"""What ``amalgamics doctor`` looks at of this machine: the LaunchPad, the database, credentials, and the disks.

A check is a function that returns rows; it never raises for what it looks at, a problem is a row.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..addresses import redacted
from ..errors import InputError
from .engine.embedded_store import SCHEME, store_path

LEAST_FREE_BYTES = 500_000_000
"""A database of ten thousand structures and its LaunchPad take about a tenth of this."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, whether it is as it should be, what was found, and what it took.

    ``absent`` says of something that may be missing that it is, ``not installed`` or ``none yet``: no problem.
    """

    name: str
    ok: bool
    found: str
    seconds: float | None = None
    absent: str = ""

    @property
    def state(self) -> str:
        """``ok``, ``PROBLEM``, or how what is absent is called."""
        return (self.absent or "ok") if self.ok else "PROBLEM"


def check_launchpad(address: str) -> Check:
    """Return whether a LaunchPad answers; that there is none yet is no problem."""
    from .engine.launchpad import NoLaunchPadError, count_by_state, open_launchpad

    try:
        pad = open_launchpad(address, create=False)
        count = sum(count_by_state(pad).values())
    except InputError as error:
        none_yet = isinstance(error, NoLaunchPadError)
        return Check("LaunchPad", none_yet, redacted(str(error)), absent="none yet" * none_yet)
    return Check("LaunchPad", True, f"{redacted(address)} answers, {count} Fireworks")


def chosen_database(address: str | None) -> str | Path | None:
    """Return the address of the database that was asked for, else that of the environment; None for a wrong one."""
    from .defaults import default_database

    try:
        return address or default_database()
    except InputError:
        return None


def check_database(address: str | None) -> Check:
    """Return whether the structure database can be read; that there is none yet is no problem."""
    from .database.structure_database import StructureDatabase
    from .defaults import default_database

    try:
        target = address or default_database()
        store = StructureDatabase(target)
        count, kind = len(store.select()), store.backend.describe()
    except InputError as error:
        return Check("database", False, redacted(str(error)))
    shown = f"{redacted(str(target))} ({kind})"
    if not store.backend.exists():
        return Check("database", True, f"none yet at {shown}; the first run makes it", absent="none yet")
    return Check("database", True, f"{shown}, {count} structures")


def check_disks(launchpad: str, database: str | Path | None) -> Iterator[Check]:
    """Yield for each place that a job writes to how much room there is, and a warning of a database on the network."""
    from .database.mounts import network_warning

    places: dict[str, Path] = {}
    if database is not None and "://" not in str(database):
        places["database"] = Path(database).expanduser()
        warning = network_warning(places["database"])
        if warning:
            yield Check("file system of database", False, warning)
    if launchpad.startswith(SCHEME):
        places["LaunchPad"] = store_path(launchpad)
    for name, place in (places | {"scratch": Path(tempfile.gettempdir())}).items():
        existing = place.absolute()
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
        try:
            free = shutil.disk_usage(existing).free
        except OSError as error:
            yield Check(f"disk of {name}", False, f"{existing}: {error.strerror}")
            continue
        enough = free >= LEAST_FREE_BYTES
        more = "" if enough else f"; a job may need {LEAST_FREE_BYTES / 1e9:g} GB"
        yield Check(f"disk of {name}", enough, f"{free / 1e9:.1f} GB free at {existing}{more}")


def check_credentials(launchpad: str) -> Iterator[Check]:
    """Yield for each file with passwords that is there whether others can read it."""
    files = {"~/.pgpass": Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")}
    if "://" not in launchpad:
        files["LaunchPad file"] = Path(launchpad).expanduser()
    for name, file in files.items():
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
        except OSError:
            continue
        closed = not mode & (stat.S_IRWXG | stat.S_IRWXO)
        text = f"{file}, mode {mode:03o}"
        yield Check(name, closed, text if closed else f"{text}: others can read it; chmod 600 {file}")
