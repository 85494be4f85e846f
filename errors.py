"""Errors that are the user's to mend, told in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, found before any compute.

    The message names the key or argument, its value, and what is allowed; the command line prints it without a
    traceback and exits with code 2. Every package derives its own input errors from this class.
    """


class SeveralPotentialsError(InputError):
    """Results of several potentials would answer, and none was chosen."""


class NotStoredError(InputError):
    """What was asked for is not in the structure database, or there is no database."""


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name closest to ``name``, or None when nothing is close."""
    lower = {option.lower(): option for option in allowed}
    match = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    return lower[match[0]] if match else None


def unknown_name(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Compose the message for an unknown ``name``: the nearest valid one first, then (if few) all of them."""
    options = sorted(allowed)
    close = nearest(name, options)
    hint = f" Did you mean {close!r}?" if close else ""
    listing = f" Known: {', '.join(options)}." if options and len(options) <= 20 else ""
    return f"unknown {kind} {name!r}.{hint}{listing}"
