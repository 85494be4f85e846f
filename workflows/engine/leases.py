"""What only one process may do to a LaunchPad at a time, whichever host it is on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .document_shapes import is_date, moment_of
from .heartbeats import is_gone
from .worker_identity import own_name

if TYPE_CHECKING:
    from fireworks import LaunchPad

_LOOK_INTERVAL_S = 0.2
_TIMEOUT = timedelta(minutes=10)


@contextlib.contextmanager
def lease(launchpad: LaunchPad, what: str, *, wait: bool = True) -> Iterator[bool]:
    """Yield True while no other process has the lease of this name, False when one has and is not waited for.

    A lease of a dead process is taken over at once, that of one that cannot be looked up after ten minutes.
    """
    from pymongo.errors import DuplicateKeyError

    leases, name = launchpad.db.recovery, own_name()
    while True:
        now = datetime.now(UTC)
        try:
            leases.insert_one({"_id": what, "by": name, "since": now})
            break
        except DuplicateKeyError:
            holder = leases.find_one({"_id": what})
        if holder is None:
            continue
        if _is_stale(launchpad, holder, now):
            leases.delete_one(holder)
        elif not wait:
            yield False
            return
        else:
            time.sleep(_LOOK_INTERVAL_S)
    try:
        yield True
    finally:
        leases.delete_one({"_id": what, "by": name})


def _is_stale(launchpad: LaunchPad, holder: dict[str, Any], now: datetime) -> bool:
    """Return whether the document of a lease is nobody's any more; one that cannot be read is."""
    if not (isinstance(holder.get("by"), str) and is_date(holder.get("since"))):
        return True
    return is_gone(launchpad, holder["by"]) or now - moment_of(holder["since"]) > _TIMEOUT
