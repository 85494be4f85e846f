"""What a run says of how far it is, on a terminal and in a log: counts, time left, and the steps that run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from amalgamics.cli import progress as progress_module
from amalgamics.cli.progress import Progress, progress_text
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine import progress as engine_progress
from amalgamics.workflows.engine.dynamics_told import DynamicsProgress
from amalgamics.workflows.engine.progress import RunningStep, TimeLeft, WorkflowProgress

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def step(number: int, name: str, seconds: float) -> RunningStep:
    since = NOW - timedelta(seconds=seconds)
    return RunningStep(number, name, since, since, "host:1:2", True)


def workflow(*running: RunningStep, done: int = 4, total: int = 20, planned: bool = True) -> WorkflowProgress:
    counts = {"RUNNING": len(running)}
    left = TimeLeft(150.0, 260.0) if planned else TimeLeft(0.0, None, "not planned yet: wetting")
    return WorkflowProgress(
        1, "job", "RUNNING", NOW, {}, counts, done, total, planned, 60.0, 4.0, left, (), running, (), 0, {}
    )  # fmt: skip


def test_a_line_tells_counts_time_left_and_what_runs_longest_first():
    found = workflow(step(1, "relax", 4), step(2, "melt the film", 400))
    assert progress_text([found], 4, 20, NOW) == (
        "4 of 20 calculations; time left 2 min to 4 min; running melt the film for 7 min, relax for 4 s"
    )


def test_what_is_not_planned_yet_is_not_counted_as_all():
    text = progress_text([workflow(planned=False)], 4, 20, NOW)
    assert text == "4 of 20 calculations planned so far; time left not yet known (not planned yet: wetting)"


def test_dynamics_tell_their_step_and_when_they_end():
    found = workflow(step(1, "melt the film", 400))
    runs = {"host:1:2": DynamicsProgress(120, 500, 630.0), "another": DynamicsProgress(1, 2, 3.0)}
    assert progress_text([found], 4, 20, NOW, runs).endswith(
        "running melt the film for 7 min (dynamics: step 120 of 500, 10 min left)"
    )
    runs = {"host:1:2": DynamicsProgress(1, 500, None)}
    assert progress_text([found], 4, 20, NOW, runs).endswith("(dynamics: step 1 of 500)")


def test_many_steps_are_counted_and_several_workflows_have_no_common_end():
    many = workflow(*(step(i, f"s{i}", 10 * i) for i in range(6)))
    text = progress_text([many, workflow()], 8, 40, NOW)
    assert text == "8 of 40 calculations; running s5 for 50 s, s4 for 40 s, s3 for 30 s, 3 more"


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """What is printed without a terminal when the LaunchPad tells of these workflows."""
    StructureDatabase(tmp_path / "structures.db")

    def look(*found: WorkflowProgress, often: bool = True) -> list[str]:
        monkeypatch.setattr(progress_module, "_IN_A_LOG_S", 0.0 if often else 1e6)
        monkeypatch.setattr(engine_progress, "read_progress", lambda *_: list(found))
        with Progress(tmp_path / "structures.db", None):
            pass
        return capsys.readouterr().out.splitlines()

    return look


def test_a_log_has_lines_of_progress_now_and_then(said):
    (line,) = said(workflow(step(1, "melt\x1b[31m the film", 5)))
    assert line.startswith("  4 of 20 calculations; time left 2 min to 4 min; running melt")
    assert "\x1b" not in line
    assert said(workflow(), often=False) == []
    assert said(replace(workflow(), state="COMPLETED")) == []
