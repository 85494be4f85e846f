"""Workers note how far dynamics are; whoever started them reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from amalgamics.calculators.dynamics.listening import told_of_steps
from amalgamics.calculators.dynamics.run import run_md
from amalgamics.calculators.dynamics.stages import MDStage
from amalgamics.workflows.engine import dynamics_told
from amalgamics.workflows.engine.dynamics_told import FILE, DynamicsNotes, DynamicsProgress, read_dynamics
from amalgamics.workflows.engine.scratch import own_scratch_folders, scratch_folder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    now = [1000.0]
    monkeypatch.setattr(dynamics_told.time, "time", lambda: now[0])
    return now


def test_steps_are_read_by_the_process_that_holds_the_folder(clock: list[float]) -> None:
    with scratch_folder() as scratch:
        assert scratch in own_scratch_folders()
        folder = scratch / "worker"
        folder.mkdir()
        notes = DynamicsNotes(folder, "host:1:2")
        notes(1, 500)
        assert read_dynamics() == {"host:1:2": DynamicsProgress(1, 500, None)}
        clock[0] += 20.0
        notes(11, 500)
        assert read_dynamics()["host:1:2"] == DynamicsProgress(11, 500, pytest.approx(489 * 2.0))
        clock[0] += 0.5
        notes(12, 500)  # too early for another note
        assert read_dynamics()["host:1:2"].step == 11
        clock[0] += 1.0
        notes(7, 40)  # another run, going on from a checkpoint
        assert read_dynamics() == {"host:1:2": DynamicsProgress(7, 40, None)}
        clock[0] += 100.0  # it broke off
        assert read_dynamics() == {}
        notes(8, 40)
        notes(40, 40)
        assert not list(folder.iterdir())
    assert read_dynamics() == {}


def test_notes_never_break_a_run(tmp_path: Path) -> None:
    DynamicsNotes(tmp_path / "gone", "w")(1, 10)
    with scratch_folder() as scratch:
        (scratch / "worker").mkdir()
        for text in ("", "{}", "[1]", json.dumps({"step": "x"})):
            (scratch / "worker" / FILE).write_text(text)
            assert read_dynamics() == {}


def test_every_run_tells_its_steps() -> None:
    told: list[tuple[int, int]] = []
    atoms = bulk("Cu", cubic=True)
    with told_of_steps(lambda *step: told.append(step)):
        run_md(atoms, EMT(), [MDStage(3, 300.0)])
    run_md(atoms, EMT(), [MDStage(1, 300.0)])
    assert told == [(1, 3), (2, 3), (3, 3)]
