"""From results.json to the tables of docs/benchmarks.md: what stands between the markers is replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .results import Row

_BEGIN, _END = "<!-- begin {} -->", "<!-- end {} -->"
_SECTION = re.compile(r"<!-- begin (?P<name>[\w-]+) -->.*?<!-- end (?P=name) -->", re.DOTALL)


def update_page(page: str, results: Mapping[str, Any]) -> str:
    """Return the page with each marked section written anew from ``results``; unmarked text is left alone.

    Sections without results keep what they have.

    Raises
    ------
    ValueError
        There are results without a section for them.
    """
    sections = {"machine": machine_section(results["machine"])}
    sections["targets"] = targets_section(results["benchmarks"])
    sections |= {name: benchmark_section(content) for name, content in results["benchmarks"].items()}
    missing = sections.keys() - {match["name"] for match in _SECTION.finditer(page)}
    if missing:
        raise ValueError(f"the page has no section for {', '.join(sorted(missing))}")

    def replace(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in sections:
            return match[0]
        return f"{_BEGIN.format(name)}\n{sections[name]}\n{_END.format(name)}"

    return _SECTION.sub(replace, page)


def machine_section(machine: Mapping[str, Any]) -> str:
    """Return the sentence on the machine and versions."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    threads = machine["threads"].get("OMP_NUM_THREADS") or "all"
    return (
        f"{machine['date']}: {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']:g} GB,"
        f" {machine['system']}, Python {machine['python']}; {threads} thread per process.\n\n{versions}."
    )


def targets_section(benchmarks: Mapping[str, Any]) -> str:
    """Return one table of every target, with what was measured."""
    rows = [
        {
            "": target["what"],
            "target": ("≥ " if target["kind"] == "at_least" else "≤ ") + format_value(target["bound"]),
            "measured": target["value"],
            "met": "yes" if target["met"] else "**no**",
            "run": content["mode"],
        }
        for content in benchmarks.values()
        for target in content["targets"]
    ]
    return markdown_table(rows) if rows else "No targets were measured."


def benchmark_section(content: Mapping[str, Any]) -> str:
    """Return tables, notes and profiles of one benchmark."""
    parts = []
    for table in content["tables"]:
        parts.append(f"{table['caption']} ({content['mode']} run):" if content["mode"] == "quick" else table["caption"])
        parts.append(markdown_table(table["rows"]))
    if content["notes"]:
        parts.append("\n".join(f"- {note}" for note in content["notes"]))
    for name, rows in content["profiles"].items():
        parts.append(f"Where the time goes: {name}")
        parts.append(markdown_table(rows))
    return "\n\n".join(parts)


def markdown_table(rows: Sequence[Row]) -> str:
    """Return rows as a table; columns are the keys in the order in which they first appear.

    Raises
    ------
    ValueError
        There are no rows.
    """
    if not rows:
        raise ValueError("a table needs at least one row")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    numeric = [all(_is_number(row.get(column, 0)) for row in rows) for column in columns]
    lines = [
        "| " + " | ".join(_escape(column) for column in columns) + " |",
        "|" + "|".join("---:" if right else "---" for right in numeric) + "|",
    ]
    for row in rows:
        lines.append("| " + " | ".join(_escape(format_value(row.get(column, "–"))) for column in columns) + " |")
    return "\n".join(lines)


def format_value(value: Any) -> str:
    """Return three significant figures of a number, without exponents where there is no need; else the text."""
    if isinstance(value, bool) or not _is_number(value):
        return str(value)
    if isinstance(value, int) or value == 0:
        return f"{value:g}" if isinstance(value, float) else str(value)
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.01:
        return f"{value:.2g}" if size < 0.1 else f"{value:.2f}"
    return f"{value:.0e}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
