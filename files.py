"""Whether a path can be one, and a place can be written to, asked before any compute."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import InputError, shown

_LONGEST_NAME, _LONGEST_PATH = 255, 4095  # bytes, on every usual file system


class NotWritableError(InputError):
    """A file or folder of the job cannot be written."""


def usable_path(value: str | Path) -> Path:
    """Return the path that a user gave, with ``~`` replaced by the home directory.

    Raises
    ------
    InputError
        It is empty or a URL, holds a character that no name should have, is too long, or begins in the home directory
        of a user who is not there; whether there is anything is not asked.
    """
    text = str(value)
    if not text.strip():
        raise InputError(f"{shown(text)} is empty; give a path")
    if "://" in text:
        raise InputError(f"{shown(text)} is a URL; give a path on this machine")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise InputError(f"{shown(text)} holds a control character, which the name of no file may have here")
    try:
        longest = max(len(os.fsencode(part)) for part in Path(text).parts or (text,))
        path = Path(text).expanduser()
    except UnicodeEncodeError:
        raise InputError(f"{shown(text)} holds a character that the name of no file can have") from None
    except RuntimeError:
        raise InputError(f"{shown(text)} begins in the home directory of a user who is not there") from None
    if longest > _LONGEST_NAME or len(os.fsencode(path.absolute())) > _LONGEST_PATH:
        raise InputError(f"{shown(text)} is too long; a name has at most {_LONGEST_NAME} bytes")
    return path


def make_private_directory(path: Path) -> None:
    """Make a directory that only its owner can enter, and those above it that are missing; one that is there stays."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)


def check_writable(directory: Path, key: str) -> None:
    """Raise NotWritableError unless ``directory`` is, or could be made, a writable directory; leaves nothing behind."""
    try:
        existing = usable_path(directory)
    except InputError as error:
        raise NotWritableError(f"{key}: {error}") from None
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise NotWritableError(f"{key}: {existing} is not a directory")
    try:
        with tempfile.TemporaryFile(dir=existing):  # the only sure test: permissions alone do not tell
            pass
    except OSError as error:
        raise NotWritableError(f"{key}: cannot write in {existing} ({error.strerror})") from None
