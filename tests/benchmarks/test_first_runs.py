"""The script that counts broken first runs counts them, and keeps what is needed to look into one."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from amalgamics.benchmarks import first_runs


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the script makes its folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_broken_runs_are_counted_and_their_folders_kept(folders, monkeypatch, capsys):
    problems = iter(["", "exit code 1: TypeError", ""])
    monkeypatch.setattr(first_runs, "first_run", lambda *_: next(problems))
    assert first_runs.main(["--runs", "3", "--at-once", "1"]) == 1
    assert capsys.readouterr().out.startswith("1 of 3 first runs broke")
    (kept,) = folders.iterdir()
    assert kept.name.startswith("first-run-")


@pytest.mark.parametrize(
    ("code", "stderr", "problem"),
    [
        (1, "Traceback\nTypeError: no\n", "exit code 1: TypeError: no"),
        (0, "", "no structure database"),
    ],
)
def test_a_run_that_fails_or_leaves_no_database_is_broken(tmp_path, monkeypatch, code, stderr, problem):
    done = subprocess.CompletedProcess([], code, "", stderr)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert first_runs.first_run(tmp_path, workers=1).startswith(problem)


def test_bad_numbers_are_refused(capsys):
    with pytest.raises(SystemExit):
        first_runs.main(["--runs", "0"])
    assert "0 is not at least 1" in capsys.readouterr().err
