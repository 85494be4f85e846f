"""How formulas, numbers and lists are written on screens (Unicode), in figures (mathtext), in sentences and in CSV."""

from __future__ import annotations

import csv
import html
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

MEV = 1000.0
"""meV in 1 eV."""

# Counts of a formula; not the digits of what follows it in a name, as in LiHg2-AB2_oI12_74_e_h.
_COUNT = re.compile(r"(?:(?<=[A-Z])|(?<=[A-Z][a-z])|(?<=[)\]]))(\d+(?:\.\d+)?)")
_INDEX = re.compile(r"_\{(.*?)\}")
_REST = re.compile(r"(?<=\w)[-_].*", re.DOTALL)
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def unicode_formula(formula: str) -> str:
    """``Li3Hg`` -> ``Li₃Hg``. There is no subscript point, so fractional counts keep their plain digits."""
    head, rest = _split(formula)
    return _COUNT.sub(lambda m: m[1] if "." in m[1] else m[1].translate(_SUBSCRIPTS), head) + rest


def mathtext_formula(formula: str) -> str:
    """``Li3Hg`` -> ``Li$_{3}$Hg`` for Matplotlib; a literal dollar sign is escaped."""
    head, rest = _split(formula.replace("$", r"\$"))
    return _COUNT.sub(r"$_{\1}$", head) + rest


def html_text(text: str) -> str:
    """``Li_{x}Hg`` -> ``Li<sub>x</sub>Hg``; everything else is escaped."""
    return _INDEX.sub(r"<sub>\1</sub>", html.escape(text))


def mathtext(text: str) -> str:
    """``Li_{x}Hg`` -> ``Li$_{x}$Hg`` for Matplotlib; a literal dollar sign is escaped, a minus takes no room."""
    return _INDEX.sub(lambda m: f"$_{{{m[1].replace('−', '{-}')}}}$", text.replace("$", r"\$"))


def _split(name: str) -> tuple[str, str]:
    """Formula at the start of a name, and what follows it."""
    rest = _REST.search(name)
    return (name, "") if rest is None else (name[: rest.start()], rest[0])


def unicode_space_group(symbol: str) -> str:
    """``P6_3/mmc`` -> ``P6₃/mmc``."""
    return re.sub(r"_(\d)", lambda m: m[1].translate(_SUBSCRIPTS), symbol)


def couple(ion: str, charge: int = 1) -> str:
    """``("Mg", 2)`` -> ``Mg/Mg²⁺``."""
    return f"{ion}/{ion}{str(charge).translate(_SUPERSCRIPTS) if charge > 1 else ''}⁺"


def system_title(system: str) -> str:
    """``Li-Hg`` -> ``Li–Hg`` with an en dash, as in print."""
    return system.replace("-", "–")


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


def finite_json(content: Any) -> Any:
    """Return what is about to become JSON with null for numbers that are not finite, which JSON does not know.

    Examples
    --------
    >>> from amalgamics.reports.notation import finite_json
    >>> finite_json({"volts": [0.5, float("nan")]})
    {'volts': [0.5, None]}
    """
    if isinstance(content, dict):
        return {key: finite_json(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite_json(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def csv_cell(value: Any) -> Any:
    """Return a value as a cell of CSV: a text that spreadsheets would run as a formula gets an apostrophe before it.

    Examples
    --------
    >>> from amalgamics.reports.notation import csv_cell
    >>> [csv_cell(value) for value in ("=1+1", "@cmd", "-0.5", -0.5, "LiHg")]
    ["'=1+1", "'@cmd", '-0.5', -0.5, 'LiHg']
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA_SIGNS):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a header and rows as CSV; None is an empty cell, and no text is a formula (see :func:`csv_cell`)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return buffer.getvalue()
