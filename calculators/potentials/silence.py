"""Keeping the greetings and hints of libraries off the terminal while they load a model."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator

_LOCK = threading.RLock()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Load in silence, one thread after the other: two at once would not restore the process's stdout."""
    with _LOCK, contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
