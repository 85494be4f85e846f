"""The one place where FireWorks 2.1 is adapted to what it runs with here; each mend says why.

1. ``MongoClient``: a host that begins with ``sqlite:///`` opens the embedded store, anything else goes to pymongo.
2. ``gridfs`` wants a database of pymongo; on the embedded store its place is taken by a class of our own.
3. monty 2026.2 made the mode of ``zopen`` mandatory; FireWorks' offline mode calls it without one.
4. FireWorks logs each step to standard output and writes ``FW.json`` into each launch directory.
5. ``rlaunch rapidfire`` sleeps for a minute whenever it finds nothing to run while others are still at work.
6. FireWorks imports what a document names; only what is allowed here is (:mod:`~.allowed_tasks`).
7. It stores and logs tracebacks as they are; passwords in addresses are taken out.
8. Its lock of a workflow is nobody's, and stays for minutes when the connection breaks (:mod:`~.workflow_lock`).
"""

from __future__ import annotations

import sys
import traceback
from typing import IO, Any

from ...addresses import redacted
from .allowed_tasks import guard

RAPIDFIRE_SLEEP_S = 2
LOGGERS = ("launchpad", "rocket.launcher", "rlaunch")
_applied = False


class RedactedTraceback:
    """What FireWorks uses of ``traceback``."""

    @staticmethod
    def format_exc() -> str:
        """Return the traceback of the present exception, without passwords."""
        return redacted(traceback.format_exc())

    @staticmethod
    def print_exc(file: IO[str] | None = None) -> None:
        """Print the traceback of the present exception, without passwords."""
        print(RedactedTraceback.format_exc(), end="", file=file or sys.stderr)


def apply() -> None:
    """Adapt FireWorks; calling it again changes nothing."""
    global _applied  # noqa: PLW0603 - once in a process
    if _applied:
        return
    import gridfs
    import pymongo
    from fireworks import fw_config
    from fireworks.core import launchpad, rocket, rocket_launcher
    from fireworks.utilities import filepad, fw_utilities
    from monty.io import zopen

    from .embedded_gridfs import EmbeddedGridFS
    from .embedded_store import SCHEME, EmbeddedDatabase, EmbeddedMongoClient
    from .server_watch import client_options
    from .workflow_lock import WorkflowLock

    def mongo_client(host: Any = None, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, str) and host.startswith(SCHEME):
            return EmbeddedMongoClient(host, **kwargs)
        return pymongo.MongoClient(host, *args, **client_options(host, kwargs))

    class GridFSModule:
        """What FireWorks uses of ``gridfs``."""

        @staticmethod
        def GridFS(database: Any, collection: str) -> Any:
            kind = EmbeddedGridFS if isinstance(database, EmbeddedDatabase) else gridfs.GridFS
            return kind(database, collection)

    def zopen_with_mode(filename: Any, mode: str = "rt", **kwargs: Any) -> IO[Any]:
        return zopen(filename, mode, **kwargs)

    for module in (fw_config, launchpad, filepad):
        module.MongoClient = mongo_client
    for module in (launchpad, filepad):
        module.gridfs = GridFSModule
    for module in (launchpad, rocket):
        module.traceback = RedactedTraceback
    guard()
    launchpad.WFLock = WorkflowLock
    rocket.zopen = zopen_with_mode
    rocket.PRINT_FW_JSON = False
    rocket_launcher.RAPIDFIRE_SLEEP_SECS = RAPIDFIRE_SLEEP_S
    # An entry in this list tells FireWorks that the stream handler is there already.
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    fw_utilities.PREVIOUS_STREAM_LOGGERS.extend((name, level) for name in LOGGERS for level in levels)
    _applied = True
