"""Who works on a LaunchPad: names by which one process can tell whether another is still alive."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from fireworks import LaunchPad

# Process start times are known to a clock tick; a reused process id differs by much more.
_START_TOLERANCE_S = 1.0


def own_name() -> str:
    """Return the name of this process as a worker: host, process id and start time."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_alive(name: str) -> bool | None:
    """Return whether the worker of this name lives; None when it cannot be told (another host, a foreign name)."""
    parts = name.rsplit(":", 2)
    if len(parts) != 3 or parts[0] != socket.gethostname():
        return None
    try:
        pid, start = int(parts[1]), float(parts[2])
    except ValueError:
        return None
    try:
        return abs(psutil.Process(pid).create_time() - start) < _START_TOLERANCE_S
    except psutil.Error:
        return False


def register(launchpad: LaunchPad, name: str) -> None:
    """Note in the LaunchPad that the worker of this name is at work."""
    launchpad.db.workers.insert_one({"name": name})


def unregister(launchpad: LaunchPad, name: str) -> None:
    """Take the worker of this name off the LaunchPad's list."""
    launchpad.db.workers.delete_many({"name": name})


def living_workers(launchpad: LaunchPad) -> list[str]:
    """Return the registered workers that live or may live, and forget the dead ones."""
    living = []
    for document in launchpad.db.workers.find({}):
        if is_alive(document["name"]) is False:
            unregister(launchpad, document["name"])
        else:
            living.append(document["name"])
    return living
