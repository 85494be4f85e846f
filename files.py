"""Whether a place can be written to, asked before any compute."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .errors import InputError


class NotWritableError(InputError):
    """A file or folder of the job cannot be written."""


def check_writable(directory: Path, key: str) -> None:
    """Raise NotWritableError unless ``directory`` is, or could be made, a writable directory; leaves nothing behind."""
    existing = directory
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise NotWritableError(f"{key}: {existing} is not a directory")
    try:
        with tempfile.TemporaryFile(dir=existing):  # the only sure test: permissions alone do not tell
            pass
    except OSError as error:
        raise NotWritableError(f"{key}: cannot write in {existing} ({error.strerror})") from None
