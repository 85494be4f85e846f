"""Numbers that must be finite, positive or of a certain shape; each failure names the quantity and its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import as_float
from ..errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def finite(owner: str, name: str, value: Any) -> float:
    """Return ``value`` as a float; raise InputError unless it is a finite number."""
    number = _number(value)
    if not np.isfinite(number):
        raise InputError(f"{owner}: {name} is {value!r}; it must be finite")
    return number


def positive(owner: str, name: str, value: Any) -> float:
    """Return ``value`` as a float; raise InputError unless it is finite and above 0."""
    number = _number(value)
    if not 0.0 < number < np.inf:
        raise InputError(f"{owner}: {name} is {value!r}; it must be finite and positive")
    return number


def not_negative(owner: str, name: str, value: Any) -> float:
    """Return ``value`` as a float; raise InputError unless it is finite and at least 0."""
    number = _number(value)
    if not 0.0 <= number < np.inf:
        raise InputError(f"{owner}: {name} is {value!r}; it must be finite and not negative")
    return number


def finite_array(owner: str, name: str, values: ArrayLike, ndim: int | None = None) -> NDArray[np.float64]:
    """Return ``values`` as an array of floats.

    Raises
    ------
    InputError
        Not numbers, not all finite, or not of ``ndim`` dimensions.
    """
    try:
        given = np.asarray(values)
        if given.size and given.dtype.kind not in "iuf":
            raise TypeError  # NumPy makes numbers of texts and truth values
        array = given.astype(float)
    except (TypeError, ValueError):
        raise InputError(f"{owner}: {name} is {values!r}; it must be numbers") from None
    if ndim is not None and array.ndim != ndim:
        raise InputError(f"{owner}: {name} has {array.ndim} dimensions; it must have {ndim}")
    if not np.all(np.isfinite(array)):
        raise InputError(f"{owner}: {name} is {values!r}; every value must be finite")
    return array


def _number(value: Any) -> float:
    """Not a number for anything that is none: texts and truth values are none, an array of one number is."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    return as_float(value)
