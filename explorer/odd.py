"""Rows of other programs may hold, or lack, anything: what cannot be made of them is said in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..errors import InputError

_LONGEST = 200


@contextlib.contextmanager
def shown_or_refused(what: str) -> Iterator[None]:
    """Tell of any error within that something cannot be shown.

    Parameters
    ----------
    what
        Such as ``row 7: its powder pattern``.

    Raises
    ------
    InputError
        Saying so; those of ours come through as they are.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        said = str(error) or "no more is known"
        raise InputError(f"{what} cannot be shown ({type(error).__name__}: {said[:_LONGEST]})") from error
