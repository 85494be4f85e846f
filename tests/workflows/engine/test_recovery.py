"""Each damage that a crash leaves is repaired, and nothing else is touched."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import sqlite3
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from ase.db.sqlite import init_statements
from fireworks import Firework, FWAction, FWorker, Workflow
from fireworks.core.rocket_launcher import launch_rocket

from amalgamics import permissions
from amalgamics.errors import InputError
from amalgamics.workflows.database.file import FileState, examine, file_lock, make_complete, unfinished_file
from amalgamics.workflows.engine import recovery
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.engine.recovery import RecoveryReport, recover_database
from amalgamics.workflows.engine.worker_identity import is_alive, own_name, register, unregister, worker_name

DEAD = f"{socket.gethostname()}:999999999:1"


@pytest.fixture
def recover(tasks, monkeypatch):
    """Recover, with little patience and with the tasks of these tests allowed."""
    monkeypatch.setattr(recovery, "_PATIENCE_S", (0.05, 0.1))
    monkeypatch.setattr(recovery, "_LOOK_INTERVAL_S", 0.02)
    return lambda launchpad, **options: recovery.recover(launchpad, allow=[tasks], **options)


@pytest.fixture
def launchpad(url, tasks, tmp_path, monkeypatch):
    """A LaunchPad with a first step and a child."""
    monkeypatch.chdir(tmp_path)
    module, pad = importlib.import_module(tasks), open_launchpad(url)
    first = Firework([module.Add(path=str(tmp_path / "out"), count=2)])
    last = Firework([module.Note(path=str(tmp_path / "out"), text="last")])
    pad.add_wf(Workflow([first, last], {first: [last]}))
    pad.first, pad.last = sorted([first.fw_id, last.fw_id], key=lambda fw_id: fw_id != first.fw_id)
    return pad


def finish(launchpad) -> None:
    while launch_rocket(launchpad, FWorker()):
        pass


def test_a_sound_launchpad_is_left_alone(launchpad, recover):
    assert recover(launchpad) == RecoveryReport()
    assert str(recover(launchpad)) == "the LaunchPad is sound"
    finish(launchpad)
    assert recover(launchpad).total == 0


def test_lock_of_a_dead_process_is_removed(launchpad, recover):
    launchpad.workflows.find_one_and_update({"nodes": launchpad.first}, {"$set": {"locked": True}})
    assert recover(launchpad).unlocked == 1
    assert recover(launchpad).total == 0
    finish(launchpad)
    assert set(count_by_state(launchpad)) == {"COMPLETED"}


def test_reservation_without_launch_is_released(launchpad, recover):
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.first}, {"$set": {"state": "RESERVED"}})
    assert recover(launchpad).unreserved == 1
    finish(launchpad)
    assert set(count_by_state(launchpad)) == {"COMPLETED"}


def test_work_in_progress_of_a_living_worker_is_left_alone(launchpad, recover):
    other = worker_name(os.getppid())
    register(launchpad, other)
    now = datetime.now(UTC)
    reserved = {"state": "RESERVED", "updated_on": now}
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.first}, {"$set": reserved})
    assert recover(launchpad).total == 0
    unregister(launchpad, other)
    assert recover(launchpad).unreserved == 1


def test_a_lock_that_changes_hands_is_left_alone(launchpad, recover, monkeypatch):
    """Others take and release it all the time: whenever one looks, it is locked."""
    launchpad.workflows.find_one_and_update({"nodes": launchpad.first}, {"$set": {"locked": True}})
    look = recovery._leftovers

    def look_and_refresh(pad, unread):
        pad.workflows.update_one({"nodes": launchpad.first}, {"$set": {"updated_on": datetime.now(UTC)}})
        return look(pad, unread)

    monkeypatch.setattr(recovery, "_leftovers", look_and_refresh)
    assert recover(launchpad).unlocked == 0
    assert "locked" in launchpad.workflows.find_one({})


def test_fireworks_whose_workflow_is_just_being_written_are_kept(launchpad, recover, tasks, monkeypatch):
    note = importlib.import_module(tasks).Note
    submitted = Workflow([Firework([note(path="x", text="y")], fw_id=77)])
    launchpad.fireworks.insert_one(submitted.fws[0].to_db_dict())
    sleep = recovery.time.sleep

    def sleep_while_it_arrives(seconds):
        if launchpad.workflows.find_one({"nodes": 77}) is None:
            launchpad.workflows.insert_one(submitted.to_db_dict())
        sleep(seconds)

    monkeypatch.setattr(recovery.time, "sleep", sleep_while_it_arrives)
    assert recover(launchpad).orphans_removed == 0
    assert 77 in launchpad.get_fw_ids()


def test_fireworks_without_workflow_are_removed(launchpad, recover, tasks):
    module = importlib.import_module(tasks)
    stray = Firework([module.Note(path="x", text="y")], fw_id=77)
    launchpad.fireworks.insert_one(stray.to_db_dict())
    assert recover(launchpad).orphans_removed == 1
    assert count_by_state(launchpad, [77]) == {}


def heartbeat(launchpad, launch_id, age):
    """Set the last ping of a launch to a time ago."""
    history = launchpad.launches.find_one({"launch_id": launch_id})["state_history"]
    history[-1]["updated_on"] = (datetime.now(UTC) - age).isoformat()
    launchpad.launches.update_one({"launch_id": launch_id}, {"$set": {"state_history": history}})


def test_running_by_fireworks_own_rlaunch_is_restarted_when_its_hourly_ping_stops(launchpad, recover):
    _, launch_id = launchpad.checkout_fw(FWorker(name="a cluster, by rlaunch"), ".")
    heartbeat(launchpad, launch_id, timedelta(hours=3))
    assert recover(launchpad).total == 0
    heartbeat(launchpad, launch_id, timedelta(hours=5))
    assert recover(launchpad).restarted == 1
    assert count_by_state(launchpad, [launchpad.first]) == {"READY": 1}


def test_a_living_worker_keeps_its_firework_without_heartbeat(launchpad, recover, tasks):
    """As after a laptop slept; a worker on another host that sends none is given up."""
    _, launch_id = launchpad.checkout_fw(FWorker(name=worker_name(os.getppid())), ".")
    heartbeat(launchpad, launch_id, timedelta(hours=5))
    launchpad.add_wf(Firework([importlib.import_module(tasks).Note(path="x", text="y")]))
    _, other_id = launchpad.checkout_fw(FWorker(name="a cluster, by rlaunch"), ".")
    heartbeat(launchpad, other_id, timedelta(hours=5))
    assert recover(launchpad).restarted == 1
    assert count_by_state(launchpad, [launchpad.first]) == {"RUNNING": 1}


def test_running_in_a_dead_worker_becomes_ready_at_once(launchpad, recover):
    launchpad.checkout_fw(FWorker(name=DEAD), ".")
    assert count_by_state(launchpad)["RUNNING"] == 1
    assert recover(launchpad).restarted == 1
    assert count_by_state(launchpad, [launchpad.first]) == {"READY": 1}
    finish(launchpad)
    assert count_by_state(launchpad) == {"COMPLETED": 4}


def test_running_in_a_living_worker_is_left_alone(launchpad, recover):
    launchpad.checkout_fw(FWorker(name=own_name()), ".")
    assert recover(launchpad).total == 0


def test_added_steps_that_did_not_reach_the_workflow_are_added_again(launchpad, recover):
    """Killed after the Firework was written and before its workflow was: the steps would be lost for ever."""
    before = launchpad.workflows.find_one({"nodes": launchpad.first})
    launch_rocket(launchpad, FWorker())
    launchpad.workflows.find_one_and_replace({"nodes": launchpad.first}, before)
    report = recover(launchpad)
    assert report.orphans_removed == 2
    assert report.refreshed >= 1
    assert recover(launchpad).total == 0
    finish(launchpad)
    assert count_by_state(launchpad) == {"COMPLETED": 4}


def test_finished_launch_that_did_not_reach_its_firework_counts(launchpad, recover):
    """Killed between writing the launch and refreshing the workflow."""
    _, launch_id = launchpad.checkout_fw(FWorker(name=DEAD), ".")
    done = {"state": "COMPLETED", "action": FWAction().to_dict()}
    launchpad.launches.find_one_and_update({"launch_id": launch_id}, {"$set": done})
    assert recover(launchpad).refreshed == 1
    assert count_by_state(launchpad, [launchpad.first]) == {"COMPLETED": 1}


def test_an_action_that_reached_the_workflow_does_not_act_twice(launchpad, recover):
    launch_rocket(launchpad, FWorker())
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.first}, {"$set": {"state": "RUNNING"}})
    assert recover(launchpad).refreshed == 1
    finish(launchpad)
    assert count_by_state(launchpad) == {"COMPLETED": 4}


def test_a_child_that_was_never_told_becomes_ready(launchpad, recover):
    launch_rocket(launchpad, FWorker())
    added = [fw_id for fw_id in launchpad.get_fw_ids() if fw_id not in (launchpad.first, launchpad.last)]
    for fw_id in added:
        launch_rocket(launchpad, FWorker(), fw_id=fw_id)
    waiting = {"state": "WAITING"}
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.last}, {"$set": waiting})
    launchpad.workflows.update_one({"nodes": launchpad.last}, {"$set": {f"fw_states.{launchpad.last}": "WAITING"}})
    assert recover(launchpad).refreshed == 1
    assert count_by_state(launchpad, [launchpad.last]) == {"READY": 1}


def test_a_failure_that_did_not_reach_the_workflow_does(launchpad, recover, tasks):
    (bad,) = launchpad.add_wf(Firework([importlib.import_module(tasks).Fail()])).values()
    before = launchpad.workflows.find_one({"nodes": bad})
    launch_rocket(launchpad, FWorker(), fw_id=bad)
    launchpad.workflows.find_one_and_replace({"nodes": bad}, before)
    assert recover(launchpad).refreshed == 1
    assert launchpad.workflows.find_one({"nodes": bad})["state"] == "FIZZLED"
    assert recover(launchpad).total == 0


@pytest.mark.parametrize("state", ["PAUSED", "DEFUSED"])
def test_what_a_user_set_stays(launchpad, recover, state):
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.first}, {"$set": {"state": state}})
    assert recover(launchpad).refreshed == 1
    assert count_by_state(launchpad, [launchpad.first]) == {state: 1}
    assert recover(launchpad).total == 0


def test_a_launch_of_a_dead_worker_under_a_firework_that_is_done_is_closed(launchpad, recover):
    """Killed while its Firework was made ready again by one who was killed, too."""
    _, launch_id = launchpad.checkout_fw(FWorker(name=DEAD), ".")
    launchpad.rerun_fw(launchpad.first)
    finish(launchpad)
    launchpad.launches.update_one({"launch_id": launch_id}, {"$set": {"state": "RUNNING"}})
    assert recover(launchpad).total == 1
    assert launchpad.launches.count_documents({"state": "RUNNING"}) == 0
    assert recover(launchpad).total == 0


def test_only_one_process_recovers_at_a_time(launchpad, recover):
    launchpad.checkout_fw(FWorker(name=DEAD), ".")
    launchpad.db.recovery.insert_one({"_id": "lease", "by": own_name(), "since": datetime.now(UTC)})
    assert recover(launchpad, wait=False) == RecoveryReport()
    reports: list[RecoveryReport] = []
    waiting = threading.Thread(target=lambda: reports.append(recover(launchpad)))
    waiting.start()
    launchpad.db.recovery.delete_many({})
    waiting.join()
    assert reports == [RecoveryReport(restarted=1)]


def test_a_process_that_died_recovering_does_not_block_the_next(launchpad, recover):
    launchpad.db.recovery.insert_one({"_id": "lease", "by": DEAD, "since": datetime.now(UTC)})
    launchpad.checkout_fw(FWorker(name=DEAD), ".")
    assert recover(launchpad).restarted == 1


def test_workflows_with_foreign_tasks_are_not_read(launchpad, monkeypatch):
    launchpad.checkout_fw(FWorker(name=DEAD), ".")
    monkeypatch.setattr(permissions, "_admitted_code", Counter())  # without the test's tasks allowed
    assert recovery.recover(launchpad).total == 0
    assert count_by_state(launchpad, [launchpad.first]) == {"RUNNING": 1}


def test_who_is_alive():
    assert is_alive(own_name()) is True
    assert is_alive(DEAD) is False
    assert is_alive("elsewhere:1:1") is None
    assert is_alive("my fireworker") is None
    host, pid, _ = own_name().rsplit(":", 2)
    assert is_alive(f"{host}:{pid}:1") is False  # the process id was given to another process since


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    path = tmp_path / "results" / "structures.db"
    assert recover_database(path) == f"there is no structure database at {path} yet"
    assert not path.parent.exists()
    path.parent.mkdir()
    unfinished_file(path).touch()
    assert "yet" in recover_database(path)
    assert not path.exists()
    assert not unfinished_file(path).exists()


@pytest.mark.parametrize("count", range(len(init_statements) + 1))
def test_a_half_made_database_is_completed_and_then_sound(tmp_path, count):
    path = tmp_path / "structures.db"
    path.touch()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in init_statements[:count]:
            connection.execute(statement)
    complete = count == len(init_statements)
    assert recover_database(path).startswith("the structure" if complete else "recovered: the structure")
    assert examine(path) == FileState()
    assert recover_database(path) == f"the structure database {path} is sound"


def test_a_damaged_database_is_never_called_sound(tmp_path):
    path = tmp_path / "structures.db"
    with file_lock(path):
        make_complete(path)
    whole = path.read_bytes()
    cut_off = [whole[:size] for size in range(2, len(whole) - 4096, 1999)]
    scribbled = whole[:4096] + b"x" * 4096 + whole[8192:]
    for damaged in [*cut_off, scribbled, b"this is not a database at all"]:
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"structures.db is damaged.*left as it is"):
            recover_database(path)
        assert path.read_bytes() == damaged


def test_a_new_database_is_private(tmp_path):
    path = tmp_path / "structures.db"
    with file_lock(path):
        make_complete(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o660)
    with file_lock(path):
        make_complete(path)
    assert path.stat().st_mode & 0o777 == 0o660
