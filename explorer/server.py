"""Runs the explorer on this machine until it is stopped."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import closing
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..errors import InputError
from .app import create_app
from .guard import Keys
from .sources import Sources

HOST = "127.0.0.1"


class _Handler(WSGIRequestHandler):
    """Answers without a line for each request, which would hold the key, and without naming its software."""

    server_version, sys_version = "amalgamics", ""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Leave it out."""


def serve(sources: Sources, *, port: int, browser: bool, say: Callable[[str], None]) -> None:
    """Answer requests of this machine until Ctrl-C.

    Parameters
    ----------
    sources
        What to show.
    port
        Where to listen; 0 for one that is free.
    browser
        Whether to open the page.
    say
        Takes the address of the page, once it can be opened.

    Raises
    ------
    InputError
        The port cannot be used.
    """
    with closing(_listening(port)) as listening:
        port, keys = listening.getsockname()[1], Keys()
        app = create_app(sources, keys, cookie=f"amalgamics-{port}")
        server: BaseWSGIServer = make_server(
            HOST, port, app, threaded=True, request_handler=_Handler, fd=listening.fileno()
        )
        threading.Thread(target=_build_hulls, args=(sources,), daemon=True).start()
        address = f"http://{HOST}:{port}/?token="
        say(f"{address}{keys.key}")
        if browser and _has_screen():
            webbrowser.open(address + keys.for_one_visit())
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def _build_hulls(sources: Sources) -> None:
    """Build the hulls of all rows once, so that views by distances to them do not wait."""
    with contextlib.suppress(Exception):  # of rows of other programs; a view that needs a hull says what is wrong
        sources.database.page("e_above_hull>=0", limit=1)


def _listening(port: int) -> socket.socket:
    """Return a socket that listens for this machine alone."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise InputError(f"--port: {port} cannot be used ({error.strerror}); give another one, or 0 for any") from None
    return made


def _has_screen() -> bool:
    """Return whether a browser would open a window; in a terminal one would take the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
