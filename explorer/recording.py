"""What the server answers, asked without a server: one question after the other, or many by several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from urllib.parse import urlencode

from ..calculators.threads import choose_layout
from .app import create_app
from .guard import HOSTS, Keys
from .sources import Sources, open_database

Parameters = dict[str, str | float]

_LEAST_PER_PROCESS = 4
"""Fewer long answers are there before another process has started."""


class Recording:
    """The server over a database, in this process.

    Parameters
    ----------
    database
        Its address; it is only read.

    Raises
    ------
    InputError
        There is none, or it cannot be read.
    """

    def __init__(self, database: str) -> None:
        keys = Keys()
        self._database = database
        self._client = create_app(Sources(open_database(database), ""), keys).test_client()
        self._client.set_cookie("amalgamics", keys.key, domain=HOSTS[0])

    def get(self, name: str, parameters: Parameters | None = None) -> Any:
        """Return the answer at ``/api/name``, from JSON or as text; None for what is refused."""
        reply = self._client.get(f"/api/{name}", query_string=parameters or {}, base_url=f"http://{HOSTS[0]}")
        if reply.status_code != 200:
            return None
        return reply.get_json() if reply.mimetype == "application/json" else reply.text

    def get_long(self, name: str, asked: Sequence[Parameters]) -> list[Any]:
        """Return the answers to questions that take a second or more each, in their order; the same are asked once.

        As many processes answer as there are cores and memory for, and more than a few questions for each. Give what
        takes longest first.
        """
        different = {_words(one): one for one in asked}
        answers = dict(zip(different, self._get_each(name, list(different.values())), strict=True))
        return [answers[_words(one)] for one in asked]

    def _get_each(self, name: str, asked: Sequence[Parameters]) -> list[Any]:
        processes = choose_layout(max(1, len(asked) // _LEAST_PER_PROCESS)).workers
        if processes > 1:
            # A process that is forked from one with threads, as numerical libraries have them, may stand still.
            spawn = multiprocessing.get_context("spawn")
            try:
                with ProcessPoolExecutor(processes, spawn, _open, (self._database,)) as pool:
                    return list(pool.map(_get, [name] * len(asked), asked))
            except BrokenProcessPool:  # such as of a script whose main part is not guarded
                pass
        return [self.get(name, one) for one in asked]


def _words(parameters: Parameters) -> str:
    return urlencode(sorted(parameters.items()))


_opened: Recording | None = None
"""The server of a process that answers for another."""


def _open(database: str) -> None:
    global _opened  # noqa: PLW0603 - what a process of the pool is started with has no other place
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a word
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _opened = Recording(database)


def _end_with_parent() -> None:
    """Wait for the process that asks, which, if it is killed, cannot tell this one to end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _get(name: str, parameters: Parameters) -> Any:
    assert _opened is not None
    return _opened.get(name, parameters)
