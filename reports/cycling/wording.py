"""How numbers of films are written."""

from __future__ import annotations

import math

AT_MOST, AT_LEAST = "at most", "at least"
"""What a limit is that lies at the end of the range that was searched."""


def diffusivity_text(value_m2_s: float, *, down: bool = False) -> str:
    """Return a diffusivity as a power of ten, such as 10⁻¹⁴ or 3·10⁻¹⁴; with ``down`` no larger than it is."""
    if down:
        value_m2_s = rounded(value_m2_s, 2, up=False)
    exponent = math.floor(math.log10(value_m2_s) + 1e-9)
    factor = value_m2_s / 10.0**exponent
    power = f"10{str(exponent).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    return power if math.isclose(factor, 1.0, rel_tol=1e-6) else f"{factor:.3g}·{power}"


def rounded(value: float, digits: int, *, up: bool) -> float:
    """Return a positive limit with so many digits on its safe side, up or down, that what it says of itself holds."""
    step = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
    number = value / step
    whole = round(number) if math.isclose(number, round(number), rel_tol=1e-9) else math.floor(number) + up
    return float(f"{whole * step:.{digits}g}")


def is_bound(value: float, end: float) -> bool:
    """Return whether a limit is the end of the range that was searched, but for the rounding of its unit."""
    return math.isclose(value, end, rel_tol=1e-9)


def millivolts(value_V: float) -> str:
    """Return a voltage in mV with two digits, or one decimal below 10."""
    number = 1e3 * value_V
    if not math.isfinite(number):
        return "–"
    return f"{number:.1f}" if abs(number) < 10.0 else f"{number:.0f}"


def barrier_text(value_V: float) -> str:
    """Return the overpotential that a new phase needs at the electrolyte, in words."""
    return f"barrier {1e3 * value_V:g} mV" if value_V else "no barrier"
