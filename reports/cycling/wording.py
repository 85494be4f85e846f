"""How numbers of films are written."""

from __future__ import annotations

import math


def diffusivity_text(value_m2_s: float) -> str:
    """Return a diffusivity as a power of ten, such as 10⁻¹⁴ or 3·10⁻¹⁴."""
    exponent = math.floor(math.log10(value_m2_s) + 1e-9)
    factor = value_m2_s / 10.0**exponent
    power = f"10{str(exponent).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    return power if math.isclose(factor, 1.0, rel_tol=1e-6) else f"{factor:.2g}·{power}"


def millivolts(value_V: float) -> str:
    """Return a voltage in mV with two digits, or one decimal below 10."""
    number = 1e3 * value_V
    if not math.isfinite(number):
        return "–"
    return f"{number:.1f}" if abs(number) < 10.0 else f"{number:.0f}"


def barrier_text(value_V: float) -> str:
    """Return the overpotential that a new phase needs at the electrolyte, in words."""
    return f"barrier {1e3 * value_V:g} mV" if value_V else "no barrier"
