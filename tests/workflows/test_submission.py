"""A job whose relaxations failed: tried again when asked, planned anew, and never left with nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fireworks import FWorker
from fireworks.core.rocket_launcher import launch_rocket

from amalgamics.calculators.relaxation.results import RelaxationError
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies import crystal_study
from amalgamics.workflows.submission import submit

JOB = """
name: job
systems: [Cu-Au]
potential: emt
structures: {library: [Cu_fcc, Au_fcc], prototypes: false}
database: structures.db
launchpad: sqlite:///launchpad
"""


def work(launchpad) -> None:
    while launch_rocket(launchpad, FWorker()):
        pass


@pytest.fixture
def failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A job all of whose relaxations failed, so that there is no hull and no report."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    spec = load_spec("job.yaml")
    launchpad = open_launchpad(spec.launchpad)

    def fail(structures, *_, on_result, **__):
        for index, atoms in enumerate(structures):
            on_result(index, RelaxationError("no licence", atoms))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crystal_study, "relax_many", fail)
        submit(spec, launchpad)
        work(launchpad)
    assert len(StructureDatabase(spec.database_address).select("converged=False")) == 2
    assert launchpad.get_fw_ids({"state": "FIZZLED"})
    return spec, launchpad


def test_what_failed_is_relaxed_again_when_asked(failed) -> None:
    spec, launchpad = failed
    submission = submit(spec, launchpad, retry_failed=True)
    assert not submission.resumed
    work(launchpad)
    assert {row.name for row in StructureDatabase(spec.database_address).select("")} == {"Cu_fcc", "Au_fcc"}
    assert launchpad.workflows.find_one({"nodes": submission.fw_ids[0]}, {"state": 1})["state"] == "COMPLETED"
    assert (spec.output_dir / "report.html").is_file()


def test_otherwise_it_goes_on_where_it_stopped(failed) -> None:
    spec, launchpad = failed
    assert submit(spec, launchpad).resumed
    assert len(StructureDatabase(spec.database_address).select("converged=False")) == 2


def test_a_lock_that_a_dead_process_left_does_not_hold_up_a_job_that_goes_on(failed) -> None:
    """FireWorks waits five minutes for it, and raises in the end."""
    spec, launchpad = failed
    launchpad.workflows.update_many({}, {"$set": {"locked": True}})
    start = time.monotonic()
    assert submit(spec, launchpad).resumed
    assert time.monotonic() - start < 60.0
    assert not launchpad.get_fw_ids({"state": "FIZZLED"})


@pytest.mark.parametrize(
    ("collection", "change"), [("workflows", {"nodes": 5}), ("fireworks", {"spec._tasks": [None]})]
)
def test_a_job_whose_workflow_cannot_be_read_starts_anew(tmp_path, monkeypatch, collection, change):
    """As ``status`` advises of one that is malformed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    spec = load_spec("job.yaml")
    launchpad = open_launchpad(spec.launchpad)
    first = submit(spec, launchpad)
    assert submit(spec, launchpad).resumed
    launchpad.db[collection].update_one({}, {"$set": change})
    again = submit(spec, launchpad)
    assert not again.resumed
    assert not set(again.fw_ids) & set(first.fw_ids)
    assert submit(spec, launchpad).resumed
