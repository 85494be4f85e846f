"""The small job of ``doctor --deep``: sound on each store, and each check fails when its part is broken."""

from __future__ import annotations

import json
import shutil
import sys
import uuid

import ase.db
import pytest

from amalgamics.workflows import deep_checks as deep_checks_module
from amalgamics.workflows import trial as trial_module
from amalgamics.workflows.checks import check_credentials, check_disks
from amalgamics.workflows.deep_checks import beside, deep_checks
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.job import Job
from amalgamics.workflows.trial import Trial


def trial_in(folder) -> Trial:
    return Trial(folder, f"sqlite:///{folder}/launchpad", folder / "structures.db")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A trial that ran, and its checks by name."""
    folder = tmp_path_factory.mktemp("trial")
    trial = trial_in(folder)
    return trial, {check.name: check for check in trial.checks()}


@pytest.fixture
def copy(finished, tmp_path) -> Trial:
    """A copy of what it left, to be broken."""
    folder = tmp_path / "trial"
    shutil.copytree(finished[0].folder, folder)
    copied = trial_in(folder)
    copied.killed = finished[0].killed
    copied.job = Job.of(copied.spec(), finished[0].job.fingerprints)  # the same crystals, which take long to make
    return copied


def test_everything_is_sound(finished):
    _, checks = finished
    assert {name: check.found for name, check in checks.items() if not check.ok} == {}
    assert list(checks) == ["job", "steps", "killed worker", "each once", "energies", "hull", "report", "log"]
    assert all(check.seconds is not None for check in checks.values())
    assert "killed (signal 9) in 'relax" in checks["killed worker"].found


def rows(trial):
    # ase.db takes the lock file of ours, which stays, for a lock that is held.
    return ase.db.connect(trial.database, type="db", use_lock_file=False)


def test_a_wrong_energy_is_found(copy):
    row = rows(copy).get("name=Ag_fcc")
    atoms = row.toatoms()
    atoms.calc.results["energy"] += 0.001
    rows(copy).update(row.id, atoms=atoms)
    ok, found = copy.check_energies()
    assert not ok
    assert "1.0e-03" in found


def test_another_relaxed_structure_is_found(copy):
    row = rows(copy).get("name=Au_fcc")
    atoms = row.toatoms()
    calculator = atoms.calc
    atoms.set_cell(1.05 * atoms.cell, scale_atoms=True)
    calculator.results["energy"] = trial_module._emt_energy(atoms)
    calculator.atoms = atoms.copy()
    atoms.calc = calculator
    rows(copy).update(row.id, atoms=atoms)
    assert not copy.check_energies()[0]


def test_a_lost_and_a_doubled_calculation_are_found(copy):
    first, second, *_ = list(rows(copy).select())
    rows(copy).delete([first.id])
    assert copy.check_once() == (False, copy.check_once()[1])
    assert "1 missing" in copy.check_once()[1]
    rows(copy).write(second.toatoms(), key_value_pairs=second.key_value_pairs, data=second.data)
    assert "1 too many" in copy.check_once()[1]


def test_a_hull_that_is_wrong_is_found(copy):
    assert copy.check_hull()[0]
    phase = next(one for one in copy.job.hulls[0].phases if not one.stable)
    object.__setattr__(phase, "e_above_hull", phase.e_above_hull + 1e-4)
    assert not copy.check_hull()[0]


@pytest.mark.parametrize("part", ["page", "summary"])
def test_a_broken_report_is_found(copy, part):
    folder = copy.folder / "report"
    if part == "page":
        page = (folder / "report.html").read_text()
        (folder / "report.html").write_text(page[: len(page) // 2])
    else:
        (folder / "summary.json").write_text(json.dumps({"headline": "nothing"}))
    assert not copy.check_report()[0]


def test_steps_that_did_not_complete_are_found(copy):
    open_launchpad(copy.launchpad).fireworks.update_one({"name": "write report"}, {"$set": {"state": "FIZZLED"}})
    ok, found = copy.check_steps()
    assert not ok
    assert found.startswith("2 of 3 completed")


def test_a_killed_worker_whose_step_was_not_repeated_is_found(copy):
    launchpad = open_launchpad(copy.launchpad)
    (firework,) = launchpad.fireworks.find({"name": copy.killed})
    launchpad.fireworks.update_one({"name": copy.killed}, {"$set": {"archived_launches": []}})
    assert len(firework["launches"]) == 1
    assert not copy.check_recovery()[0]
    copy.killed = ""
    assert not copy.check_recovery()[0]


def test_a_log_without_the_kill_is_found(copy):
    log = copy.folder / "report" / "log.jsonl"
    log.write_text("".join(line for line in log.read_text().splitlines(True) if '"stopped"' not in line))
    assert not copy.check_log()[0]


def test_workers_that_cannot_start_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    (only,) = trial_in(tmp_path).checks()
    assert (only.name, only.ok) == ("job", False)
    assert "died" in only.found


def test_a_check_that_breaks_is_a_problem_and_not_a_traceback(finished, monkeypatch):
    trial = trial_in(finished[0].folder)
    trial.killed = finished[0].killed
    monkeypatch.setattr(trial, "run", lambda: None)
    monkeypatch.setattr(trial, "check_hull", lambda: 1 / 0)
    checks = {check.name: check for check in trial.checks()}
    assert not checks["hull"].ok
    assert "ZeroDivisionError" in checks["hull"].found
    assert checks["report"].ok


@pytest.mark.slow
def test_a_mongodb_server_gets_a_database_of_its_own_that_is_gone_afterwards(mongod):
    import pymongo

    name = f"test-{uuid.uuid4().hex[:12]}"
    open_launchpad(f"{mongod}/{name}")
    with pymongo.MongoClient(mongod) as client:
        before = set(client.list_database_names())
        checks = list(deep_checks(f"{mongod}/{name}", None, lambda _: None))
        assert set(client.list_database_names()) == before
    assert [check.found for check in checks if not check.ok] == []
    assert {check.name.partition(":")[0] for check in checks} == {"embedded", "mongodb"}


@pytest.mark.slow
def test_a_server_of_a_file_and_a_postgresql_server_are_tried_and_left_as_they_were(mongod, postgresql, tmp_path):
    import pymongo

    pad, store = tmp_path / "my_launchpad.yaml", postgresql.new_schema()
    pad.write_text(f"host: {mongod}/test-{uuid.uuid4().hex[:12]}\nuri_mode: true\n")
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'amalgamics_doctor%'"
    with pymongo.MongoClient(mongod) as client:
        before = set(client.list_database_names())
        checks = list(deep_checks(str(pad), store, lambda _: None))
        assert set(client.list_database_names()) == before
    assert [check.found for check in checks if not check.ok] == []
    assert {check.name.partition(":")[0] for check in checks} == {"embedded", "mongodb", "postgresql"}
    assert postgresql.execute(schemas) == [(0,)]


def test_a_schema_that_may_not_be_made_is_said_and_is_no_failure(postgresql, monkeypatch):
    postgresql.execute("CREATE ROLE reader LOGIN")
    url = postgresql.url("postgres", "reader")
    monkeypatch.setattr(deep_checks_module, "_try", lambda *_: iter(()))
    try:
        (check,) = deep_checks_module.deep_checks("sqlite:///pad", url, lambda _: None)
    finally:
        postgresql.execute("DROP ROLE reader")
    assert (check.name, check.ok) == ("postgresql", True)
    assert check.found.startswith("not tried: database: ")
    assert "no right" in check.found


def test_another_database_on_the_same_server():
    assert beside("mongodb://host:1/a", "b") == "mongodb://host:1/b"
    assert beside("mongodb://me:x@host/a", "b") == "mongodb://me:x@host/b?authSource=a"
    assert beside("mongodb://me@host/a?authSource=admin", "b") == "mongodb://me@host/b?authSource=admin"


def test_files_with_passwords_that_others_can_read_are_found(tmp_path, monkeypatch):
    secret = tmp_path / "pgpass"
    monkeypatch.setenv("PGPASSFILE", str(secret))
    assert list(check_credentials("sqlite:///pad")) == []
    secret.write_text("*:*:*:me:hunter2")
    secret.chmod(0o640)
    (check,) = check_credentials("sqlite:///pad")
    assert (check.ok, "chmod 600" in check.found) == (False, True)
    secret.chmod(0o600)
    (check,) = check_credentials("sqlite:///pad")
    assert check.ok


def test_a_full_disk_is_found(tmp_path, monkeypatch):
    places = {check.name: check.ok for check in check_disks(f"sqlite:///{tmp_path}/pad", tmp_path / "x" / "y.db")}
    assert set(places) == {"disk of database", "disk of LaunchPad", "disk of scratch"}
    monkeypatch.setattr("amalgamics.workflows.checks.LEAST_FREE_BYTES", 10**18)
    assert not any(check.ok for check in check_disks(f"sqlite:///{tmp_path}/pad", tmp_path / "y.db"))
