"""Every broken structure file is refused in each of its uses; odd ones that are right are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amalgamics.tests.corpus.made import base
from amalgamics.tests.corpus.made_structures import write
from amalgamics.tests.corpus.runner import run
from amalgamics.tests.corpus.test_broken_inputs import check, named, table

ENTRIES = table("structure_files.yaml")
SUBSTRATE = """
wetting:
  substrate: {file: FILE, miller_index: [0, 0, 1]}
  solvent: Au
  solute: Cu
  temperature_K: 1400
  allow_thin_slab: true
"""
ALL_USES = ("job", "substrate", "diffraction")


def cases(*, right: bool) -> list[Any]:
    """Return each entry with each of its uses."""
    return [
        pytest.param(entry, use, id=f"{named(entry)}-{use}")
        for entry in ENTRIES
        if entry.get("right", False) is right
        for use in entry.get("uses", ALL_USES)
    ]


def arguments(entry: dict[str, Any], use: str, folder: Path) -> list[str]:
    """Write the file and what names it, and return the command."""
    name = write(entry, folder).name
    if use == "diffraction":
        return ["diffraction", f"./{name}"]
    quoted = f'"{name}"'
    job = base(structures=f"structures: {{prototypes: false, files: [{quoted}]}}") if use == "job" else base()
    more = SUBSTRATE.replace("FILE", quoted) if use == "substrate" else ""
    (folder / "job.yaml").write_text(job + more, encoding="utf-8")
    return ["submit", "job.yaml"]


@pytest.mark.parametrize(("entry", "use"), cases(right=False))
def test_a_broken_structure_file_is_refused(entry: dict[str, Any], use: str, folder: Path) -> None:
    outcome = run(arguments(entry, use, folder), folder)
    check(outcome, entry["expect"])
    assert entry.get("unnamed") or entry["name"] in outcome.err


@pytest.mark.parametrize(("entry", "use"), cases(right=True))
def test_an_odd_structure_file_is_taken(entry: dict[str, Any], use: str, folder: Path) -> None:
    outcome = run(arguments(entry, use, folder), folder)
    assert outcome.code == 0, outcome.err
