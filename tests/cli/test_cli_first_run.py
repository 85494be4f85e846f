"""A first run over what a kill left of the structure database, as a user meets it: real processes, EMT."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from ase.db.sqlite import init_statements

from amalgamics.tests.corpus.runner import run
from amalgamics.workflows.database.structure_database import StructureDatabase

JOB = """
name: first
systems: [Cu-Au]
potential: emt
structures: {prototypes: false}
relaxation: {fmax: 0.05}
"""


@pytest.fixture
def half_made(tmp_path: Path) -> Path:
    """A database of which ``ase.db`` made three tables before it was killed, beside a job."""
    (tmp_path / "job.yaml").write_text(JOB)
    path = tmp_path / "results" / "structures.db"
    path.parent.mkdir()
    execute(path, *init_statements[:3])
    return path


def execute(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def amalgamics(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "amalgamics.cli.main", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line in which a command refused its input."""
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_a_run_completes_a_half_made_database(half_made, tmp_path):
    done = amalgamics("run", "job.yaml", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row.name for row in StructureDatabase(half_made).select()} == {"Cu_fcc", "Au_fcc"}


def test_recover_completes_a_half_made_database_and_then_finds_it_sound(half_made, tmp_path):
    first, second = (amalgamics("recover", cwd=tmp_path).stdout.splitlines() for _ in range(2))
    assert first[-1].startswith(f"recovered: the structure database {half_made} was half made")
    assert second[-1] == f"the structure database {half_made} is sound"


def test_half_made_with_rows_is_refused_before_anything_is_done(half_made, tmp_path):
    execute(half_made, "INSERT INTO systems (unique_id) VALUES ('kept')")
    before = half_made.read_bytes()
    problem = complaint(amalgamics("run", "job.yaml", cwd=tmp_path))
    assert problem.startswith(f"error: database: {half_made} is incomplete: it lacks text_key_values, ")
    assert [path.name for path in half_made.parent.iterdir()] == ["structures.db"]
    recovered = amalgamics("recover", cwd=tmp_path)
    assert complaint(recovered) == problem
    assert "structure database" not in recovered.stdout
    assert half_made.read_bytes() == before


@pytest.mark.parametrize("words", [["launch"], ["lpad", "get_wflows"], ["rlaunch", "singleshot"], ["status"]], ids=str)
def test_where_there_is_no_launchpad_none_is_made(words, tmp_path, monkeypatch):
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    done = run(words, tmp_path)
    assert not done.problems()
    assert re.search(r"no LaunchPad at .*launchpad yet; submit or run a workflow first", done.err)


def test_recover_looks_through_what_there_is_and_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    done = run(["recover"], tmp_path)
    assert (done.code, done.err, done.left) == (0, "", [])
    assert [line.partition(" at ")[0] for line in done.out.splitlines()] == [
        "no LaunchPad",
        "there is no structure database",
    ]


def test_the_help_of_stock_commands_makes_no_launchpad_and_reset_makes_one(tmp_path, monkeypatch):
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    assert run(["lpad", "get_fws", "--help"], tmp_path).left == []
    assert run(["lpad", "reset", "--password", f"{date.today():%Y-%m-%d}"], tmp_path).left == ["results"]
