"""The short chaos run: kills, signals and the same job four times at once; the slow tests have every fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amalgamics.tests.chaos.run import LABELS, SHORT, kinds_of
from amalgamics.tests.chaos.stores import why_not
from amalgamics.tests.chaos.table import COUNTED, read_record, write_table


@pytest.mark.parametrize(
    ("pair", "chosen"),
    [
        ("sqlite+embedded", ["run", "worker", "signal", "at-once"]),
        pytest.param("sqlite+embedded", None, marks=pytest.mark.slow),
        pytest.param("postgresql+mongodb", None, marks=pytest.mark.slow),
    ],
)
def test_nothing_is_lost_whatever_happens(pair: str, chosen: list[str] | None, tmp_path: Path) -> None:
    if reason := why_not(pair):
        pytest.skip(reason)
    record = tmp_path / "record"
    kinds = kinds_of(pair, chosen)
    options = ["--kinds", *kinds, "--pairs", pair, "--folder", str(tmp_path / "jobs"), "--record", str(record)]
    command = [sys.executable, "-P", "-m", "amalgamics.tests.chaos.run", *options]  # its forks hold nothing of pytest's
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {entry["fault"]: entry for entry in read_record(record)}
    assert set(found) == {LABELS.get(kind, f"kill -9 of {kind}") for kind in kinds}
    assert all(not any(entry[key] for key in COUNTED[2:]) for entry in found.values()), done.stdout
    assert all(found[f"kill -9 of {kind}"]["struck"] == SHORT for kind in kinds if kind not in LABELS)


def test_the_table_adds_up_what_was_noted(tmp_path: Path) -> None:
    page, record = tmp_path / "page.md", tmp_path / "record"
    zero = '"doubled": 0, "orphans": 0, "tracebacks": 0, "leftovers": 0}\n'
    record.write_text(2 * f'{{"pair": "a", "fault": "b", "struck": 3, "jobs": 1, "lost": 1, {zero}')
    page.write_text("above\n<!-- chaos: begin -->\nold\n<!-- chaos: end -->\nbelow\n")
    write_table(page, read_record(record))
    assert "| a | b | 6 | 2 | 2 | 0 | 0 | 0 | 0 |" in page.read_text()
    assert page.read_text().startswith("above\n")
    assert page.read_text().endswith("\nbelow\n")
