"""Docstrings as the site shows them.

Parameters that share a line (``fmax, max_steps``) each have their own type and default, and roles of Sphinx
(``:func:``) become plain names.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_SHARED = re.compile(r"^(\w+(?:, \w+)+)\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE)


_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")


class PlainDocstrings(griffe.Extension):
    """Change docstrings before they are parsed."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Write a shared entry out once for each of its names, and names without their roles."""
        if obj.docstring is not None:
            text = obj.docstring.value + "\n"
            obj.docstring.value = _ROLE.sub(r"`\1`", _SHARED.sub(_apart, text)).rstrip()


def _apart(match: re.Match[str]) -> str:
    text = match[2].rstrip("\n") + "\n"
    return "".join(f"{name}\n{text}" for name in match[1].split(", ")) + "\n" * (len(match[2]) - len(text))
