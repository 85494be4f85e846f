"""Signs of life: what decides about workers on hosts whose processes cannot be looked up."""

from __future__ import annotations

import importlib
import threading

import pytest
from fireworks import Firework, FWorker, Workflow

from amalgamics.errors import InputError
from amalgamics.workflows.engine import heartbeats
from amalgamics.workflows.engine.heartbeats import beating, is_lost, living_workers, server_time_s
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.engine.recovery import recover
from amalgamics.workflows.engine.worker_identity import own_name, register

ELSEWHERE = "node7:4711:123456"


@pytest.fixture
def launchpad(url, tasks):
    pad = open_launchpad(url)
    note = importlib.import_module(tasks).Note
    pad.add_wf(Workflow([Firework([note(path="x", text="y")], fw_id=1)]))
    pad.allow = [tasks]
    return pad


def register_elsewhere(launchpad, *, silent_for: float) -> None:
    register(launchpad, ELSEWHERE, beat=server_time_s(launchpad) - silent_for, lost_after=120.0)


def test_what_runs_on_a_host_that_gives_signs_of_life_is_left_alone(launchpad):
    register_elsewhere(launchpad, silent_for=100)
    launchpad.checkout_fw(FWorker(name=ELSEWHERE), ".")
    assert recover(launchpad, allow=launchpad.allow).total == 0
    assert living_workers(launchpad) == [ELSEWHERE]


def test_what_runs_on_a_host_that_fell_silent_becomes_ready_and_its_worker_is_struck_off(launchpad):
    register_elsewhere(launchpad, silent_for=130)
    launchpad.checkout_fw(FWorker(name=ELSEWHERE), ".")
    assert recover(launchpad, allow=launchpad.allow).restarted == 1
    assert count_by_state(launchpad) == {"READY": 1}
    assert launchpad.db.workers.find_one({}) is None


def test_a_launch_of_a_worker_that_was_struck_off_before_is_lost(launchpad):
    """Whoever struck it off may have died before it made the Firework ready."""
    launchpad.checkout_fw(FWorker(name=ELSEWHERE), ".")
    assert is_lost(launchpad, ELSEWHERE)
    assert recover(launchpad, allow=launchpad.allow).restarted == 1


@pytest.mark.parametrize("name", ["a cluster, by rlaunch", "host", "host:12", "host:pid:start"])
def test_other_names_are_left_to_the_times_of_fireworks(launchpad, name):
    assert not is_lost(launchpad, name)


def test_a_worker_of_an_earlier_version_gives_no_signs_and_is_not_lost(launchpad):
    register(launchpad, ELSEWHERE)
    assert not is_lost(launchpad, ELSEWHERE)
    assert living_workers(launchpad) == [ELSEWHERE]


def test_signs_come_in_the_time_of_the_server_whatever_the_clock_here_says(launchpad, monkeypatch):
    """An hour's difference between hosts; the embedded store has no server, but is for one machine."""
    true_time = server_time_s(launchpad)
    monkeypatch.setattr(heartbeats.time, "time", lambda: true_time + 3600)
    if launchpad.db.command("hello").get("localTime") is None:
        pytest.skip("no server")
    assert server_time_s(launchpad) == pytest.approx(true_time, abs=60)


def test_a_worker_beats_while_it_works_and_is_off_the_list_afterwards(launchpad, monkeypatch):
    monkeypatch.setenv("AMALGAMICS_LOST_AFTER", "3")
    twice = threading.Event()
    times: list[float] = []
    true_time = server_time_s

    def noted(pad):
        times.append(true_time(pad))
        if len(times) > 2:
            twice.set()
        return times[-1]

    monkeypatch.setattr(heartbeats, "server_time_s", noted)
    with beating(launchpad, own_name()):
        first = launchpad.db.workers.find_one({"name": own_name()})
        assert first["lost_after"] == 3
        assert twice.wait(60)
    assert times == sorted(times)
    assert launchpad.db.workers.find_one({}) is None


def test_a_worker_that_was_taken_for_lost_notices_it(launchpad, monkeypatch):
    monkeypatch.setenv("AMALGAMICS_LOST_AFTER", "3")
    noticed = threading.Event()
    with beating(launchpad, own_name(), on_struck_off=noticed.set):
        launchpad.db.workers.delete_many({"name": own_name()})
        assert noticed.wait(60)


@pytest.mark.parametrize("value", ["0", "-5", "two minutes", "1e9", "nan"])
def test_an_unusable_time_is_refused(value, monkeypatch):
    monkeypatch.setenv("AMALGAMICS_LOST_AFTER", value)
    with pytest.raises(InputError, match=r"\$AMALGAMICS_LOST_AFTER.*give seconds from 3"):
        heartbeats.lost_after_s()
