"""Arguments of the wrong kind, refused in one line that names the argument, its value and what is allowed.

Each kind of argument has one function here. All return the value as a plain Python object, so that what is stored or
compared later does not depend on how a number was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf, isfinite, nan
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

from .errors import InputError, shown, unknown_name

Allowed = TypeVar("Allowed", bound=str)


def refusal(name: str, value: object, allowed: str) -> InputError:
    """Return the error for an argument that has a value it may not have."""
    return InputError(f"{name}: {shown(value)} is not allowed; give {allowed}")


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
    unit: str = "",
) -> float:
    """Return a finite number; neither texts nor truth values are numbers.

    Parameters
    ----------
    name
        Of the argument.
    value
        What was given.
    above, least, below, most
        Bounds, those named ``least`` and ``most`` included.
    unit
        For the message.

    Raises
    ------
    InputError
        It is no number, not finite or out of bounds.
    """
    found = as_float(value)
    if not (
        isfinite(found)
        and (above is None or found > above)
        and (least is None or found >= least)
        and (below is None or found < below)
        and (most is None or found <= most)
    ):
        bounds = {"above": above, "at least": least, "below": below, "at most": most}
        said = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
        joint = "" if not said else " of " if said.startswith("at") else " "
        raise refusal(name, value, f"a finite number{joint}{said}{f', in {unit}' if unit else ''}")
    return found


def as_float(value: object) -> float:
    """Return a number as a float, and not a number for whatever is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return nan
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return inf


def whole_number(name: str, value: object, *, least: int = 1, most: int | None = None) -> int:
    """Return a whole number within bounds, both included; 2.0 and True are none."""
    found = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if found is None or found < least or (most is not None and found > most):
        limit = "" if most is None else f" and at most {most}"
        raise refusal(name, value, f"a whole number of at least {least}{limit}")
    return found


def items(name: str, value: object, allowed: str) -> list[Any]:
    """Return the items of a list, tuple or array; a text or a mapping is none of these, nor is a single value."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) != 1:
        raise refusal(name, value, allowed)
    return list(value)


def flag(name: str, value: object) -> bool:
    """Return a truth value; 1 and "yes" are none."""
    if not isinstance(value, bool):
        raise refusal(name, value, "true or false")
    return value


def text(name: str, value: object, allowed: str = "a text") -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise refusal(name, value, allowed)
    return value


def choice(name: str, value: object, allowed: Iterable[Allowed]) -> Allowed:
    """Return the one of the allowed texts that was given."""
    options = list(allowed)
    for option in options:
        if isinstance(value, str) and value == option:
            return option
    raise InputError(f"{name}: {unknown_name(name, str(value), options)}")


def path(name: str, value: object, allowed: str = "the path of a file") -> Path:
    """Return a path, given as one or as a text."""
    if not isinstance(value, Path | str) or not str(value).strip():
        raise refusal(name, value, allowed)
    return Path(value)
