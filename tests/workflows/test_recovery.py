"""Each damage that a crash leaves is repaired, and nothing else is touched."""

from __future__ import annotations

import importlib
import socket

import pytest
from fireworks import Firework, FWAction, FWorker, Workflow
from fireworks.core.rocket_launcher import launch_rocket

from amalgamics.workflows.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.recovery import RecoveryReport, recover
from amalgamics.workflows.worker_identity import is_alive, own_name, register, unregister

DEAD = f"{socket.gethostname()}:999999999:1.00"


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


def test_a_sound_launchpad_is_left_alone(launchpad):
    assert recover(launchpad) == RecoveryReport()
    assert str(recover(launchpad)) == "the LaunchPad is sound"
    finish(launchpad)
    assert recover(launchpad).total == 0


def test_lock_of_a_dead_process_is_removed(launchpad):
    launchpad.workflows.find_one_and_update({"nodes": launchpad.first}, {"$set": {"locked": True}})
    assert recover(launchpad).unlocked == 1
    assert recover(launchpad).total == 0
    finish(launchpad)
    assert set(count_by_state(launchpad)) == {"COMPLETED"}


def test_reservation_without_launch_is_released(launchpad):
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.first}, {"$set": {"state": "RESERVED"}})
    assert recover(launchpad).unreserved == 1
    finish(launchpad)
    assert set(count_by_state(launchpad)) == {"COMPLETED"}


def test_work_in_progress_of_a_living_worker_is_left_alone(launchpad):
    register(launchpad, own_name())
    launchpad.fireworks.find_one_and_update({"fw_id": launchpad.first}, {"$set": {"state": "RESERVED"}})
    launchpad.workflows.find_one_and_update({"nodes": launchpad.first}, {"$set": {"locked": True}})
    assert recover(launchpad).total == 0
    unregister(launchpad, own_name())
    assert recover(launchpad).total == 2


def test_fireworks_without_workflow_are_removed(launchpad, tasks):
    module = importlib.import_module(tasks)
    stray = Firework([module.Note(path="x", text="y")], fw_id=77)
    launchpad.fireworks.insert_one(stray.to_db_dict())
    assert recover(launchpad).orphans_removed == 1
    assert count_by_state(launchpad, [77]) == {}


def test_running_in_a_dead_worker_becomes_ready_at_once(launchpad):
    launchpad.checkout_fw(FWorker(name=DEAD), ".")
    assert count_by_state(launchpad)["RUNNING"] == 1
    assert recover(launchpad).restarted == 1
    assert count_by_state(launchpad, [launchpad.first]) == {"READY": 1}
    finish(launchpad)
    assert count_by_state(launchpad) == {"COMPLETED": 4}


def test_running_in_a_living_worker_is_left_alone(launchpad):
    launchpad.checkout_fw(FWorker(name=own_name()), ".")
    assert recover(launchpad).total == 0


def test_added_steps_that_did_not_reach_the_workflow_are_added_again(launchpad):
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


def test_finished_launch_that_did_not_reach_its_firework_counts(launchpad):
    """Killed between writing the launch and refreshing the workflow."""
    _, launch_id = launchpad.checkout_fw(FWorker(name=DEAD), ".")
    done = {"state": "COMPLETED", "action": FWAction().to_dict()}
    launchpad.launches.find_one_and_update({"launch_id": launch_id}, {"$set": done})
    assert recover(launchpad).refreshed == 1
    assert count_by_state(launchpad, [launchpad.first]) == {"COMPLETED": 1}


def test_who_is_alive():
    assert is_alive(own_name()) is True
    assert is_alive(DEAD) is False
    assert is_alive("elsewhere:1:1.00") is None
    assert is_alive("my fireworker") is None
    host, pid, _ = own_name().rsplit(":", 2)
    assert is_alive(f"{host}:{pid}:1.00") is False  # the process id was given to another process since
