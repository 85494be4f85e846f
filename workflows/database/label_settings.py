"""What a label holds: its calculations share their settings, or the two that differ are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...calculators.imported.calculation import ELEMENT_KEYS, SHARED_KEYS
from ...errors import InputError, unknown_name

MIXABLE = (*SHARED_KEYS, *ELEMENT_KEYS)
_DIGITS = 3
_NAMES = ("code", "functional", "dispersion")
"""Settings that are names, which differ in more than capital letters."""


def check_mixable(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the settings that may differ within a label.

    Raises
    ------
    InputError
        One is not known; or it is ``corrections``: energies with and without them have no common zero.
    """
    found = tuple(dict.fromkeys(keys))
    for key in found:
        if key not in MIXABLE:
            raise InputError("--allow-mixed: " + unknown_name("setting", key, MIXABLE))
        if key == "corrections":
            raise InputError("--allow-mixed: energies with and without corrections never mix; give another --label")
    return found


class LabelSettings:
    """The settings of the calculations of one label, each with the file that it was first seen in.

    Parameters
    ----------
    name
        Of the potential, such as ``dft:pbe``.
    mixed
        Settings that may differ.
    """

    def __init__(self, name: str, mixed: Sequence[str] = ()) -> None:
        self.name = name
        self._mixed = frozenset(mixed)
        self._seen: dict[tuple[str, str], dict[Any, str]] = {}

    def take(self, record: Mapping[str, Any]) -> None:
        """Add a calculation, given as its record with ``corrections`` and ``elements``."""
        for place, value in _values(record):
            held = self._seen.setdefault(place, {})
            if not _holds(held, place[0], value):
                held[value] = str(record["file"])

    def conflict(self, record: Mapping[str, Any]) -> str | None:
        """Return which of its settings is not that of the label, in words; None where it belongs."""
        for (key, element), value in _values(record):
            held = self._seen.get((key, element), {})
            if not held or _holds(held, key, value) or key in self._mixed:
                continue
            other, file = next(iter(held.items()))
            of_element = f" of {element}" if element else ""
            return (
                f"its {key}{of_element} is {_told(value)}, and {self.name} holds {_told(other)} ({file}); give another"
                f" --label{'' if key == 'corrections' else f', or --allow-mixed {key}'}"
            )
        return None

    def shared(self) -> dict[str, Any]:
        """Return what all calculations of the label share and that is no matter of an element, as plain JSON."""
        found = {}
        for key in SHARED_KEYS:
            held = self._seen.get((key, ""), {})
            if key not in self._mixed and len(held) == 1:
                found[key] = next(iter(held))
        return found

    def mixed(self) -> list[str]:
        """Return what differs between calculations of the label, a sentence for each setting."""
        return [
            f"{self.name} mixes {key}{f' of {element}' if element else ''}: {', '.join(map(_told, held))}"
            for (key, element), held in self._seen.items()
            if len(held) > 1
        ]


def mixed_settings(name: str, records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what differs between calculations of the label of this name, a sentence for each setting."""
    settings = LabelSettings(name)
    for record in records:
        settings.take(record)
    return settings.mixed()


def usual_first(records: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the order in which calculations are taken: those with the most common settings first, else as given."""
    kinds = [
        tuple(
            (place, value.casefold() if place[0] in _NAMES and value else value)
            for place, value in _values(record)
            if not place[1]
        )
        for record in records
    ]
    counts = Counter(kinds)
    return sorted(range(len(records)), key=lambda number: (-counts[kinds[number]], kinds.index(kinds[number]), number))


def _values(record: Mapping[str, Any]) -> list[tuple[tuple[str, str], Any]]:
    """Each setting of a calculation with its element, "" for the whole; what is not told of an element is left out."""
    found: list[tuple[tuple[str, str], Any]] = [((key, ""), _plain(record.get(key))) for key in SHARED_KEYS]
    elements = record["elements"]
    if record.get("hubbard_U") is not None and record.get("corrections") != "mp2020":  # which has U of its own
        found += [(("hubbard_U", one), _plain(record["hubbard_U"].get(one, 0.0))) for one in elements]
    titles = record.get("pseudopotentials") or {}
    return found + [(("pseudopotentials", one), titles[one]) for one in elements if one in titles]


def _holds(held: Iterable[Any], key: str, value: Any) -> bool:
    """Whether a value is among others; of names whatever their capital letters."""
    return any(_same(key, value, one) for one in held)


def _same(key: str, value: Any, other: Any) -> bool:
    if key in _NAMES and isinstance(value, str) and isinstance(other, str):
        return value.casefold() == other.casefold()
    return bool(value == other)


def _plain(value: Any) -> Any:
    return round(float(value), _DIGITS) if isinstance(value, int | float) else value


def _told(value: Any) -> str:
    return "not told" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
