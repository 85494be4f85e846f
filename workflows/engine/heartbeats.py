"""Signs of life of workers, by which a lost host is noticed in minutes.

FireWorks notes one an hour and gives a worker up after four. Ours note one every few seconds in the collection
``workers``, in the time of the LaunchPad's server, so that the clocks of the hosts do not matter. A worker that was
silent for too long is struck off that list and what it ran is made ready again; should it live after all, cut off from
the server or put to sleep, it sees that it is struck off and ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ...errors import InputError, shown
from .document_shapes import is_number, leave_alone
from .worker_identity import is_alive, is_worker_name, register, unregister

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

LOST_AFTER_VARIABLE = "AMALGAMICS_LOST_AFTER"
DEFAULT_LOST_AFTER_S = 120.0
_SHORTEST_S, _LONGEST_S = 3.0, 24 * 3600.0
_BEATS = 6  # within the time after which a worker is lost, so that a few may fail


def lost_after_s() -> float:
    """Return how long a worker may be silent before it is lost: ``$AMALGAMICS_LOST_AFTER`` in seconds, else 120.

    Raises
    ------
    InputError
        The variable is not a number of seconds from 3 to 86400.
    """
    text = os.environ.get(LOST_AFTER_VARIABLE) or str(DEFAULT_LOST_AFTER_S)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not _SHORTEST_S <= value <= _LONGEST_S:
        raise InputError(
            f"${LOST_AFTER_VARIABLE}: {shown(text)} is not allowed; give seconds from 3 to 86400, e.g. 120"
        )
    return value


def server_time_s(launchpad: LaunchPad) -> float:
    """Return the time of the LaunchPad's server in seconds; without a server that of this machine."""
    now = launchpad.db.command("hello").get("localTime")
    # The driver gives UTC without saying so.
    return time.time() if now is None else (now.timestamp() if now.tzinfo else _utc_seconds(now))


def _utc_seconds(moment: Any) -> float:
    from datetime import UTC

    return float(moment.replace(tzinfo=UTC).timestamp())


@contextlib.contextmanager
def beating(launchpad: LaunchPad, name: str, *, on_struck_off: Callable[[], None] | None = None) -> Iterator[None]:
    """Be on the LaunchPad's list of workers under this name, with signs of life, for as long as the block lasts.

    Parameters
    ----------
    launchpad
        The LaunchPad.
    name
        Of this process as a worker.
    on_struck_off
        Called in another thread when somebody took this worker for lost; by default the process ends at once, with
        the processes that it started.
    """
    limit = lost_after_s()
    register(launchpad, name, beat=server_time_s(launchpad), lost_after=limit)
    stop = threading.Event()
    beats = threading.Thread(
        target=_beat, args=(launchpad, name, limit / _BEATS, stop, on_struck_off or _end_at_once), daemon=True
    )
    beats.start()
    try:
        yield
    finally:
        stop.set()
        beats.join(limit)
        unregister(launchpad, name)


def _beat(
    launchpad: LaunchPad, name: str, interval_s: float, stop: threading.Event, on_struck_off: Callable[[], None]
) -> None:
    from pymongo.errors import PyMongoError

    while not stop.wait(interval_s):
        try:
            beat = {"$set": {"beat": server_time_s(launchpad)}}
            known = launchpad.db.workers.update_one({"name": name}, beat).matched_count
        except (PyMongoError, OSError, sqlite3.Error, TimeoutError) as error:  # it may answer the next time
            logger.warning("no sign of life could be noted (%s)", type(error).__name__)
            continue
        if not known and not stop.is_set():
            logger.error("this worker was silent for too long and is taken for lost; it ends, others do its work")
            on_struck_off()
            return


def _end_at_once() -> None:
    if os.getsid(0) == os.getpid():  # a worker: what it started goes with it
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def is_lost(launchpad: LaunchPad, name: str) -> bool:
    """Return whether the worker that holds a launch under this name is dead, or was silent for too long.

    On this host its process is looked up; elsewhere its signs of life decide. What gives none, such as FireWorks' own
    ``rlaunch``, is never lost here: FireWorks has its own, longer times for it.
    """
    alive = is_alive(name)
    if alive is None and is_worker_name(name) and launchpad.db.workers.find_one({"name": name}) is None:
        return True  # struck off: one of ours is on the list before it takes anything
    return is_gone(launchpad, name)


def is_gone(launchpad: LaunchPad, name: str) -> bool:
    """Return whether a process of this name is dead, or is on the list of workers and was silent for too long."""
    alive = is_alive(name)
    if alive is not None:
        return not alive
    document = launchpad.db.workers.find_one({"name": name})
    return document is not None and _is_silent(launchpad, document)


def living_workers(launchpad: LaunchPad) -> list[str]:
    """Return the registered workers that live or may live, and strike the lost ones off."""
    living = []
    for document in launchpad.db.workers.find({}):
        name = document.get("name")
        if not isinstance(name, str):
            leave_alone(f"a document of a worker is without its name ({shown(name)})")
        elif is_gone(launchpad, name):
            unregister(launchpad, name)
        else:
            living.append(name)
    return living


def _is_silent(launchpad: LaunchPad, document: dict[str, Any]) -> bool:
    beat, limit = document.get("beat"), document.get("lost_after")
    if not (is_number(beat) and is_number(limit)):  # of an earlier version, or malformed
        return False
    return bool(server_time_s(launchpad) - beat > limit)
