"""What a view asks for: the values in the address of a request, each refused in one line where it is not allowed."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from flask import request

from ..arguments import number as checked_number
from ..errors import InputError, shown, unknown_name

_LONGEST = 1000


class Asked:
    """The values of the request that is answered.

    Parameters
    ----------
    allowed
        Names that it may give, each once.

    Raises
    ------
    InputError
        It gives another one, one twice, or a text that no value can be.
    """

    def __init__(self, *allowed: str) -> None:
        self._given: dict[str, str] = {}
        for name, values in request.args.lists():
            if name not in allowed:
                raise InputError(unknown_name("parameter", name, allowed))
            if len(values) > 1:
                raise InputError(f"{name}: it is given {len(values)} times; give it once")
            (value,) = values
            if len(value) > _LONGEST:
                raise InputError(f"{name}: it has {len(value)} characters; give at most {_LONGEST}")
            if any(unicodedata.category(character).startswith("C") for character in value):
                raise InputError(f"{name}: {shown(value)} holds a control character; give plain text")
            self._given[name] = value.strip()

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        return self._given.get(name) or default

    def required(self, name: str, example: str) -> str:
        """Return a text that must be there.

        Raises
        ------
        InputError
            It is not.
        """
        if not self._given.get(name):
            raise InputError(f"{name}: it is missing; give it, e.g. {example}")
        return self._given[name]

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """Return one of the allowed texts.

        Raises
        ------
        InputError
            It is another one.
        """
        value = self.text(name, default)
        if value not in allowed:
            raise InputError(unknown_name(name, value, allowed))
        return value

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number.

        Raises
        ------
        InputError
            It is none, or out of bounds.
        """
        text = self.text(name, str(default))
        digits = text.removeprefix("-")
        value = int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else None
        if value is None or not least <= value <= most:
            raise InputError(f"{name}: {shown(text)} is not allowed; give a whole number from {least} to {most}")
        return value

    def number(self, name: str, *, least: float, most: float, unit: str = "") -> float | None:
        """Return a number, or None where it is not given.

        Raises
        ------
        InputError
            It is none, or out of bounds.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            value: object = float(text)
        except ValueError:
            value = text
        return checked_number(name, value, least=least, most=most, unit=unit)

    def integers(self, name: str, *, most: int) -> list[int]:
        """Return whole numbers joined by commas.

        Raises
        ------
        InputError
            One is none, or there are too many.
        """
        parts = [part.strip() for part in self.text(name).split(",") if part.strip()]
        if len(parts) > most:
            raise InputError(f"{name}: there are {len(parts)} numbers; give at most {most}")
        wrong = [part for part in parts if not (part.isascii() and part.isdecimal() and len(part) < 16)]
        if wrong:
            raise InputError(f"{name}: {shown(wrong[0])} is not allowed; give whole numbers joined by commas")
        return [int(part) for part in parts]
