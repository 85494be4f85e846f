"""A MongoDB server that goes away for a while: what is waited for is said, and for how long."""

from __future__ import annotations

import logging
from typing import Any

from pymongo.errors import ConnectionFailure
from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

logger = logging.getLogger(__name__)

PATIENCE_S = 60
"""How long each operation waits for a server that does not answer."""
SERVER_AWAY = 69
"""Exit code of a worker whose server went away (``EX_UNAVAILABLE`` of sysexits.h)."""
# The driver repeats neither the write that was under way nor what FireWorks does after it.
_ERRORS = (
    "AutoReconnect",
    "NetworkTimeout",
    "ServerSelectionTimeoutError",
    "ConnectionFailure",
    "WaitQueueTimeoutError",
)
_away: set[Any] = set()  # servers that it was said of: a process has several clients


class EndNotNotedError(ConnectionFailure):
    """FireWorks could not note the end of a Firework: the server went away meanwhile."""


class _Watch(ServerHeartbeatListener):
    """Tells when the server stops answering, and when it answers again."""

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Do nothing: only answers count."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        """Tell that it answers again, if it did not."""
        if event.connection_id in _away:
            _away.discard(event.connection_id)
            logger.warning("the LaunchPad at %s:%s answers again", *event.connection_id)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Tell that it does not answer, once."""
        if type(event.reply).__name__ == "_OperationCancelled":  # by the driver itself, as when this process ends
            return
        if event.connection_id not in _away:
            _away.add(event.connection_id)
            logger.warning(
                "the LaunchPad at %s:%s does not answer; waiting for it up to %d s", *event.connection_id, PATIENCE_S
            )


def client_options(host: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a client of the LaunchPad's server: ours, unless others were asked for.

    Each operation waits for a server that does not answer. And a write counts as done when it is in the server's
    journal: else a server that is killed forgets the last tenth of a second of what it had confirmed, such as that a
    lock was let go of.
    """
    in_url = {one.partition("=")[0].lower() for one in str(host).partition("?")[2].replace(";", "&").split("&")}
    asked_for = in_url | {name.lower() for name in options}
    ours = {"serverSelectionTimeoutMS": 1000 * PATIENCE_S, "journal": True}
    ours = {name: value for name, value in ours.items() if name.lower() not in asked_for}
    return {**ours, **options, "event_listeners": [*options.get("event_listeners", ()), _Watch()]}


def is_outage(error: BaseException | str) -> bool:
    """Return whether an error, or the last line of a stored traceback, comes from a server that went away."""
    if isinstance(error, BaseException):
        return isinstance(error, ConnectionFailure)
    return error.startswith(tuple(f"pymongo.errors.{name}" for name in _ERRORS))
