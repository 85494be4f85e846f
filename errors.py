"""Errors that are the user's to mend, told in one line."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable

_LONGEST_NAME = 100  # characters, beyond which nothing is looked for that is close


class InputError(ValueError):
    """Bad input, found before any compute.

    The message names the key or argument, its value, and what is allowed; the command line prints it without a
    traceback and exits with code 2. Every package derives its own input errors from this class.
    """


class SeveralPotentialsError(InputError):
    """Results of several potentials would answer, and none was chosen."""


class NotStoredError(InputError):
    """What was asked for is not in the structure database, or there is no database."""


class _Shortened(reprlib.Repr):
    """As ``repr``, but no longer than one reads."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 100
        self.maxlist = self.maxtuple = self.maxdict = 6
        self.maxlevel = 4

    def repr_int(self, x: int, level: int) -> str:
        """A number of thousands of digits cannot be written at all."""
        return super().repr_int(x, level) if abs(x) < 10**40 else f"a number of {int(x.bit_length() * 0.30103)} digits"


shown = _Shortened().repr
"""How a value is written in a message: as ``repr`` does, a long one without its middle."""


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name closest to ``name``, or None when nothing is close."""
    if len(name) > _LONGEST_NAME:
        return None
    lower = {option.lower(): option for option in allowed}
    match = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    return lower[match[0]] if match else None


def unknown_name(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Compose the message for an unknown ``name``: the nearest valid one first, then (if few) all of them."""
    options = sorted(allowed)
    close = nearest(name, options)
    hint = f" Did you mean {close!r}?" if close else ""
    listing = f" Known: {', '.join(options)}." if options and len(options) <= 20 else ""
    return f"unknown {kind} {shown(name)}.{hint}{listing}"
