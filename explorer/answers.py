"""Answers of the server: data as JSON that every browser reads, files to keep, and errors in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from flask import Response

from ..addresses import redacted

_LONGEST_LINE = 700
_SANDBOX = (
    "sandbox allow-scripts allow-downloads",
    "default-src 'none'",
    "script-src 'unsafe-inline'",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers that are not finite as None, texts without passwords.

    Examples
    --------
    >>> from amalgamics.explorer.answers import plain
    >>> plain({"energy": float("nan"), "at": "mongodb://me:hunter2@host/name", "ids": (1, 2)})
    {'energy': None, 'at': 'mongodb://me:…@host/name', 'ids': [1, 2]}
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {redacted(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return redacted(str(value))


def as_json(content: Any, status: int = 200) -> Response:
    """Return data as an answer."""
    text = json.dumps(plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, status, mimetype="application/json")


def as_error(message: str, status: int) -> Response:
    """Return an error as an answer: one line, without passwords."""
    line = " ".join(message.split())
    return as_json({"error": line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"}, status)


def as_page(page: bytes) -> Response:
    """Return a page that a workflow wrote: its scripts run, in a sandbox that has no access to this server."""
    answer = Response(page, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = "; ".join(_SANDBOX)
    return answer


def as_file(text: str, name: str, mimetype: str) -> Response:
    """Return a text as a file that the browser saves under ``name``, which is of plain characters."""
    answer = Response(redacted(text), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
