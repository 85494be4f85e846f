"""Wavelengths, Bragg's law, and which angles, thermal motions and numbers of reflections a pattern can have."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ...errors import InputError, unknown_name

WAVELENGTHS: dict[str, float] = {
    "CuKa": 1.54184,
    "CuKa1": 1.54060,
    "CuKa2": 1.54443,
    "MoKa": 0.71073,
    "CoKa": 1.79026,
    "AgKa": 0.560885,
}
"""Å; ``CuKa`` is the mean of both lines, weighted 2:1."""

LARGEST_TWO_THETA = 179.0
"""Degrees."""
_SHORTEST, _LONGEST = 0.05, 25.0
_MOST_REFLECTIONS = 200_000


class DiffractionError(InputError):
    """A pattern was asked for that cannot be computed, or two do not belong together."""


def resolve_wavelength(radiation: str | float) -> float:
    """Return a wavelength in Å from the name of a line (see `WAVELENGTHS`) or a number.

    Raises
    ------
    DiffractionError
        Unknown name, or a number that is no wavelength of X-rays that crystals diffract: 0.05 to 25 Å.
    """
    if isinstance(radiation, str):
        if radiation not in WAVELENGTHS:
            raise DiffractionError(unknown_name("radiation", radiation, WAVELENGTHS))
        return WAVELENGTHS[radiation]
    if isinstance(radiation, bool) or not _SHORTEST <= radiation <= _LONGEST:
        allowed = f"a positive wavelength in Å, {_SHORTEST:g} to {_LONGEST:g}"
        raise DiffractionError(f"radiation is {radiation!r}; it must be a name or {allowed}")
    return float(radiation)


def bragg_two_theta(d: float, wavelength: float) -> float:
    """Return 2θ in degrees from λ = 2 d sin θ.

    Raises
    ------
    DiffractionError
        The spacing is below λ/2: no reflection.
    """
    if not d >= 0.5 * wavelength > 0.0:
        raise DiffractionError(f"spacing {d!r} Å: below half the wavelength of {wavelength!r} Å nothing is reflected")
    return 2.0 * math.degrees(math.asin(0.5 * wavelength / d))


def check_range(two_theta_range: tuple[float, float]) -> tuple[float, float]:
    """Return a range of 2θ in degrees; DiffractionError unless 0 < low < high <= `LARGEST_TWO_THETA`."""
    low, high = (float(value) for value in two_theta_range)
    if not 0.0 < low < high <= LARGEST_TWO_THETA:
        allowed = f"0 < low < high <= {LARGEST_TWO_THETA:g}°"
        raise DiffractionError(f"two_theta_range is {low:g} to {high:g}; {allowed} is needed")
    return low, high


def check_motion(debye_waller_B: Mapping[str, float]) -> dict[str, float]:
    """Return B of each element, Å²; DiffractionError for one that is negative, not finite, or of no element."""
    from pymatgen.core import Element

    for symbol, value in debye_waller_B.items():
        if not Element.is_valid_symbol(symbol) or isinstance(value, bool) or not 0.0 <= value < math.inf:
            raise DiffractionError(f"debye_waller_B[{symbol!r}] is {value!r}; B is of an element, in Å², 0 or more")
    return dict(debye_waller_B)


def check_number_of_reflections(label: str, highest: float, volume: float) -> None:
    """Raise DiffractionError for a sphere, up to ``highest`` in 1/Å, of too many reflections to sum in seconds."""
    number = 4.0 / 3.0 * math.pi * highest**3 * volume
    if number > _MOST_REFLECTIONS:
        raise DiffractionError(
            f"powder pattern of {label}: {number:.1g} reflections up to the highest 2θ are too many; lower it, or "
            "take a longer wavelength"
        )
