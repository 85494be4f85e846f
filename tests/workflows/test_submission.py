"""A job whose relaxations failed: tried again when asked, planned anew, and never left with nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fireworks import FWorker
from fireworks.core.rocket_launcher import launch_rocket

from amalgamics.calculators.potentials import names
from amalgamics.calculators.relaxation.results import RelaxationError
from amalgamics.errors import InputError
from amalgamics.workflows.database.checking import check_rows
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.potential_notices import potential_notices
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies import crystal_study
from amalgamics.workflows.studies.hulls.analysis import rows_for_system
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


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A job of copper and gold that ended, and one of silver and gold."""
    monkeypatch.chdir(tmp_path)
    found = []
    for name, text in (("job", JOB), ("other", JOB.replace("Cu", "Ag").replace("name: job", "name: other"))):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        spec = load_spec(f"{name}.yaml")
        launchpad = open_launchpad(spec.launchpad)
        submit(spec, launchpad)
        work(launchpad)
        found.append(spec)
    return *found, launchpad, StructureDatabase(found[0].database_address)


def described(rows) -> dict[str, tuple[str, float, object]]:
    return {row.name: (row.potential, row.energy, row.data["provenance"]) for row in rows}


def test_recomputing_sets_what_the_job_has_aside_and_keeps_it(finished) -> None:
    spec, other, launchpad, database = finished
    before = {row.name: row for row in database.select()}
    assert set(before) == {"Cu_fcc", "Au_fcc", "Ag_fcc"}
    again = submit(spec, launchpad, recompute=True)
    assert (again.resumed, again.set_aside) == (False, 2)
    work(launchpad)
    rows = database.select(sort="id")
    assert len(rows) == 5
    new = [row for row in rows if row.id > max(one.id for one in before.values())]
    aside = [row for row in rows if "-until-" in row.potential_identity]
    assert {row.name for row in new} == {row.name for row in aside} == {"Cu_fcc", "Au_fcc"}
    # Their energies and where they come from stay, and the new ones answer in their place.
    assert {row.id for row in aside} == {before[name].id for name in ("Cu_fcc", "Au_fcc")}
    assert described(aside) == {name: described(before.values())[name] for name in ("Cu_fcc", "Au_fcc")}
    assert {row.fingerprint for row in new} == {before[name].fingerprint for name in ("Cu_fcc", "Au_fcc")}
    notes: list[str] = []
    assert {row.id for row in rows_for_system(database, "Cu-Au", "emt", notes)} == {row.id for row in new}
    assert "-until-" in notes[0]
    assert "2 other results of emt" in potential_notices(spec)[0]
    # Of the other job only what it shares with this one is new.
    ids = {row.name: row.id for row in rows_for_system(database, "Ag-Au", "emt")}
    assert ids == {"Ag_fcc": before["Ag_fcc"].id, "Au_fcc": next(row.id for row in new if row.name == "Au_fcc")}
    assert submit(other, launchpad).set_aside == 0
    assert check_rows(database) == (5, [])
    # It can be done again and again.
    assert submit(spec, launchpad, recompute=True).set_aside == 2
    assert check_rows(database) == (5, [])


def test_of_what_nobody_can_know_the_results_of_other_jobs_are_set_aside_too(finished, monkeypatch) -> None:
    spec, _, launchpad, database = finished
    assert potential_notices(spec) == []
    monkeypatch.setattr(names.Potential, "unknown", ("the program that Prog runs",))
    (notice,) = potential_notices(spec)
    assert "\n" not in notice
    assert all(part in notice for part in ("emt", "the program that Prog runs", "--recompute"))
    half_done = spec.checkpoint_folder / "film.npz"
    half_done.parent.mkdir()
    half_done.touch()
    assert submit(spec, launchpad, recompute=True).set_aside == 3
    assert all("-until-" in row.potential_identity for row in database.select())
    assert half_done.exists()  # of no study of this job


def test_an_unfinished_job_is_planned_anew_unless_it_is_worked_on(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    spec = load_spec("job.yaml")
    launchpad = open_launchpad(spec.launchpad)
    first = submit(spec, launchpad)
    launch_rocket(launchpad, FWorker())  # planned, and not computed yet
    again = submit(spec, launchpad, recompute=True)
    assert not set(again.fw_ids) & set(first.fw_ids)
    assert submit(spec, launchpad).fw_ids == again.fw_ids
    firework, _ = launchpad.checkout_fw(FWorker(), str(tmp_path))
    launchpad.fireworks.update_one({"fw_id": firework.fw_id}, {"$set": {"state": "RUNNING"}})
    with pytest.raises(InputError, match="job is being worked on; stop that before it is computed anew"):
        submit(spec, launchpad, recompute=True)
