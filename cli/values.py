"""The values of options and arguments: what no verb can use is refused in one place, before any of them runs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from ..errors import InputError, shown
from ..files import usable_path

_LARGEST = 10**15
_WORDS = {
    r"greater than or equal to (\S+)": "at least {}",
    r"less than or equal to (\S+)": "at most {}",
    r"valid integer": "a whole number",
    r"valid number": "a number",
    r"is not one of (.+?)\.?$": "one of {}",
}
_LONGEST_MESSAGE = 700


class CarefulVerb(TyperCommand):
    """A verb whose options have values that can be meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as Typer does, and look at each value.

        Raises
        ------
        InputError
            Naming the option: its value is empty, not finite, far too large, or holds a character of no use.
        """
        given = list(self._given(args))
        for option, text in given:
            if not text.strip():
                raise InputError(f"{option}: {shown(text)} is empty; give a value, or leave the option out")
            _check_text(option, text)
        try:
            rest = super().parse_args(ctx, list(args))
        except typer.BadParameter as error:
            raise _in_our_words(error, given) from None
        for parameter in self.params:
            texts = [text for option, text in given if option in parameter.opts]
            is_option = parameter.param_type_name == "option"
            name = parameter.opts[0] if is_option else parameter.metavar or str(parameter.name)
            for value in _each(ctx.params.get(parameter.name or "")):
                _check(name, value, texts)
        return rest

    def _given(self, args: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield each option that takes a value, with the text that was given for it."""
        taking = {name for one in self.params if not getattr(one, "is_flag", True) for name in one.opts}
        waiting = iter(args)
        for word in waiting:
            option, sign, text = word.partition("=")
            if word == "--":
                return
            if option in taking:
                yield option, text if sign else next(waiting, option)


def _in_our_words(error: typer.BadParameter, given: Sequence[tuple[str, str]]) -> Exception:
    """Return the error of a value that could not be read, as ours where it says what is allowed."""
    name = (*getattr(error.param, "opts", ()), "")[0]
    texts = [shown(text) for option, text in given if option == name]
    for pattern, words in _WORDS.items():
        if texts and (found := re.search(pattern, error.message)):
            allowed = words.format(*found.groups())
            return InputError(f"{name}: {', '.join(texts)} is not allowed; give {allowed}")
    error.message = error.message.removeprefix("Value error, ")
    return error


def _each(value: Any) -> list[Any]:
    """Return the values of one parameter, of which there may be several."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _check(name: str, value: Any, texts: Sequence[str]) -> None:
    """Refuse a value that no verb can use.

    Parameters
    ----------
    name
        Of the option or argument.
    value
        As it was read.
    texts
        As it was written, where that is known: a path has lost a slash of ``a//b`` when it was read.
    """
    if isinstance(value, Path):
        for text in texts or [str(value)]:
            try:
                usable_path(text)
            except InputError as error:
                raise InputError(f"{name}: {error}") from None
    elif isinstance(value, str):
        _check_text(name, value)
        if name == "--database":
            from ..workflows.database.address import checked_address

            checked_address(value, name)
    elif isinstance(value, int | float) and not abs(value) <= _LARGEST:
        raise InputError(f"{name}: {shown(value)} is not allowed; give a number of usual size")


def _check_text(name: str, text: str) -> None:
    if any(unicodedata.category(character).startswith("C") for character in text):
        raise InputError(f"{name}: {shown(text)} holds a control character; give plain text")


def printable(message: str) -> str:
    """Return a message as one line that every terminal can show, without its middle when it is long."""
    line = " ".join(message.split())
    if len(line) > _LONGEST_MESSAGE:
        line = f"{line[: _LONGEST_MESSAGE - 150]} … {line[-140:]}"
    return visible(line)


def visible(text: str) -> str:
    """Return a text that a terminal only shows: other characters than line ends are written as escapes.

    A stored name or message could move the cursor, change the title of the window, or hide what follows.
    """
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)
