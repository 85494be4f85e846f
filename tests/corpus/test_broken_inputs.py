"""Every broken input is refused in one line that says what is wrong, at once, and leaves nothing behind."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from amalgamics.tests.corpus.made import base, write
from amalgamics.tests.corpus.runner import Outcome, run

HERE = Path(__file__).parent
# What is too long, or no text, for a table.
WORDS = {
    "LONG": "a" * 5000,
    "LONG_PAD": f"sqlite:///{'a' * 5000}",
    "DIGITS": "9" * 5000,
    "ID_DIGITS": f"id>{'9' * 5000}",
    "SURROGATE": "a\ud800",
}


def table(name: str) -> list[dict[str, Any]]:
    """Return the entries of a table."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return found


def named(entry: dict[str, Any]) -> str:
    return str(entry["what"])


JOB_FILES = table("job_files.yaml")
COMMAND_LINES = table("command_lines.yaml")


def check(outcome: Outcome, expected: str) -> None:
    """Fail unless this is a proper refusal that says what is expected."""
    assert not outcome.problems(), f"{'; '.join(outcome.problems())}\n{outcome.err}"
    assert re.search(expected, outcome.err), outcome.err


@pytest.mark.parametrize("entry", JOB_FILES, ids=named)
def test_a_broken_job_file_is_refused(entry: dict[str, Any], folder: Path) -> None:
    path = folder / "job.yaml"
    if "made" in entry:
        write(entry["made"], path)
    elif "job" in entry:
        path.write_bytes(entry["job"].encode())
    else:
        path.write_text(base(**entry.get("but", {})) + entry.get("add", ""), encoding="utf-8")
    check(run(["submit", "job.yaml"], folder), entry["expect"])


@pytest.mark.parametrize("entry", COMMAND_LINES, ids=named)
def test_a_broken_command_line_is_refused(entry: dict[str, Any], finished: Path) -> None:
    check(run([WORDS.get(word, word) for word in entry["run"]], finished), entry["expect"])


def test_the_corpus_is_large_and_names_each_input_once() -> None:
    names = Counter(named(entry) for entry in (*JOB_FILES, *COMMAND_LINES))
    assert len(JOB_FILES) + len(COMMAND_LINES) >= 500
    for entries in (JOB_FILES, COMMAND_LINES):
        assert max(Counter(map(named, entries)).values()) == 1
    assert names
