"""The folder of a report: one of another potential that lies there is left as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..errors import InputError


def folder_for(folder: Path, potential: str) -> Path:
    """Return the folder beside this one that has the name of the potential: ``results/li-hg-7net-0+d3``."""
    if not folder.name:
        raise InputError(f"output: {folder} has no name of its own; give a folder in it")
    return folder.with_name(f"{folder.name}-{re.sub(r'[^A-Za-z0-9_.+@-]', '-', potential)}")


def report_folder(folder: Path, potential: str) -> Path:
    """Return where the report of a potential goes: this folder, or the one beside it where another potential's lies."""
    found = potential_of_report(folder)
    return folder if found in (None, potential) else folder_for(folder, potential)


def potential_of_report(folder: Path) -> str | None:
    """Return the potential of the report that lies in a folder; None where there is no report, or one without hulls."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = summary.get("potential") if isinstance(summary, dict) else None
    return found if isinstance(found, str) else None
