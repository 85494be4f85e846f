"""Who works on a LaunchPad: names by which one process can tell whether another is still alive."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fireworks import LaunchPad


def worker_name(pid: int) -> str:
    """Return the name of a process as a worker: host, process id and start time."""
    return f"{socket.gethostname()}:{pid}:{_start_time(pid)}"


def own_name() -> str:
    """Return the name of this process as a worker."""
    return worker_name(os.getpid())


def _start_time(pid: int) -> int:
    """Return when a process started.

    On Linux this is in clock ticks since the machine booted, which does not move when its clock is set right, as a
    date would.
    """
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux" and stat.exists():
        # The second field, the program's name in parentheses, may contain anything; the start is the 22nd.
        return int(stat.read_text(errors="replace").rpartition(")")[2].split()[19])
    import psutil

    return round(psutil.Process(pid).create_time())


def is_alive(name: str) -> bool | None:
    """Return whether the worker of this name lives; None when it cannot be told (another host, a foreign name)."""
    parts = name.rsplit(":", 2)
    if len(parts) != 3 or parts[0] != socket.gethostname():
        return None
    try:
        pid, start = int(parts[1]), float(parts[2])
    except ValueError:
        return None
    import psutil

    try:
        process = psutil.Process(pid)
        # A killed worker stays in the process table until its parent notices.
        return _start_time(pid) == start and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False


def is_worker_name(name: str) -> bool:
    """Return whether a name is one that :func:`worker_name` gives, whatever the host."""
    parts = name.rsplit(":", 2)
    return len(parts) == 3 and bool(parts[0]) and parts[1].isdigit() and parts[2].isdigit()


def register(launchpad: LaunchPad, name: str, **signs: float) -> None:
    """Note in the LaunchPad that the worker of this name is at work, with its first signs of life."""
    launchpad.db.workers.insert_one({"name": name, **signs})


def unregister(launchpad: LaunchPad, name: str) -> None:
    """Take the worker of this name off the LaunchPad's list."""
    launchpad.db.workers.delete_many({"name": name})
