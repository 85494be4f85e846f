"""Numbers and lists as they stand in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

MEV = 1000.0
"""meV in 1 eV."""


def enumeration(words: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def signed(value: float, digits: int) -> str:
    """Fixed-point number with a typographic minus, a plus when positive, and no sign on a rounded zero."""
    text = f"{value:+.{digits}f}"
    if float(text) == 0.0:
        return text[1:]
    return text.replace("-", "−")
