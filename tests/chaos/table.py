"""The table of a chaos run, in a page of the documentation between two marks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COUNTED = ("struck", "jobs", "lost", "doubled", "orphans", "tracebacks", "leftovers")
_BEGIN, _END = "<!-- chaos: begin -->", "<!-- chaos: end -->"


def read_record(path: Path) -> list[dict[str, Any]]:
    """Return what runs noted, one entry for each pair of stores and kind of fault, added up."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        total = found.setdefault(
            (entry["pair"], entry["fault"]),
            {"pair": entry["pair"], "fault": entry["fault"], **dict.fromkeys(COUNTED, 0)},
        )
        for key in COUNTED:
            total[key] += entry[key]
    return [found[key] for key in sorted(found)]


def markdown(entries: Sequence[dict[str, Any]]) -> str:
    """Return the table."""
    head = "| stores | fault | faults | jobs | lost | doubled | orphans | tracebacks | left over |"
    lines = [head, "|---|---|" + "---:|" * len(COUNTED)]
    lines += [f"| {one['pair']} | {one['fault']} | {' | '.join(str(one[key]) for key in COUNTED)} |" for one in entries]
    return "\n".join(lines)


def write_table(page: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Put the table between the marks of a page.

    Raises
    ------
    ValueError
        The page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {_BEGIN} and {_END}")
    page.write_text(f"{before}{begin}\n{markdown(entries)}\n{end}{after}", encoding="utf-8")
