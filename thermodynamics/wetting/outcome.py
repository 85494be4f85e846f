"""Whether a liquid wets, as far as it is known: yes, no or undecided, from a whole band of angles."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from ...errors import InputError

WETTING_DEG = 90.0
"""Below it a liquid is said to wet."""

DEFINITION = "yes: all angles of the band are below 90°, in both limits; no: none is; undecided: some are"
"""In words, for texts and JSON."""


class Wets(StrEnum):
    """What a band of angles says of 90°."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


def wets(*bands_deg: tuple[float, float]) -> Wets:
    """Return whether all angles of some bands lie below 90°, none, or some.

    Parameters
    ----------
    *bands_deg
        Lowest and highest angle of each, degrees; for example one for each limit of the dry face.

    Raises
    ------
    InputError
        There is no band, or one does not rise from 0 or more to 180 or less.

    Examples
    --------
    >>> from amalgamics.thermodynamics.wetting.outcome import wets
    >>> [str(wets(band)) for band in ((20, 60), (66, 180), (90, 140))]
    ['yes', 'undecided', 'no']
    >>> str(wets((0, 11), (60, 95)))
    'undecided'
    """
    return _together(_side(*band) for band in bands_deg)


def _side(low: float, high: float) -> Wets:
    if not 0.0 <= low <= high <= 180.0:
        raise InputError(f"wets: the band is {low!r} to {high!r}; give degrees from 0 to 180, the lowest first")
    if high < WETTING_DEG:
        return Wets.YES
    return Wets.NO if low >= WETTING_DEG else Wets.UNDECIDED


def _together(sides: Iterable[Wets]) -> Wets:
    found = set(sides)
    if not found:
        raise InputError("wets: there is no band; give the lowest and the highest angle")
    return found.pop() if len(found) == 1 else Wets.UNDECIDED
