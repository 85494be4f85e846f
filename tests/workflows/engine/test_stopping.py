"""Workers that stop in time, and what signals do."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from fireworks import Firework, Workflow

from amalgamics.errors import InputError
from amalgamics.workflows.engine import stopping
from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.engine.stopping import (
    Interrupted,
    Pace,
    TimeLimit,
    left_over,
    parse_duration,
    signals_end,
    slurm_time_left_s,
    time_limit,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:30", 30), ("24:00:00", 86400), ("120:00:00", 432000), ("1-00:00:00", 86400), ("2-12:30:15", 217815)],
)
def test_durations(text, seconds):
    assert parse_duration(text, "walltime") == seconds


@pytest.mark.parametrize("text", ["", "24:00", "86400", "1-12", "00:00:00", "1:60:00", "-1:00:00", "24h", "1:00:00:00"])
def test_what_could_mean_two_things_is_no_duration(text):
    with pytest.raises(InputError, match=r"walltime: .* give HH:MM:SS"):
        parse_duration(text, "walltime")


def test_the_limit_is_the_walltime_less_the_margin():
    assert time_limit("00:10:00", "00:02:00", {}).left_s() == pytest.approx(480, abs=30)
    assert time_limit("00:10:00", None, {}).left_s() == pytest.approx(540, abs=30)
    assert time_limit(None, None, {}).left_s() is None


def test_a_limit_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="leaves no time"):
        time_limit("00:10:00", "00:10:00", {})
    with pytest.raises(InputError, match="before what"):
        time_limit(None, "00:10:00", {})


def test_slurm_says_when_its_job_ends(monkeypatch):
    monkeypatch.setattr(stopping.time, "time", lambda: 1000.0)
    environment = {"SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": "1600"}
    assert slurm_time_left_s(environment) == 600
    assert time_limit("24:00:00", "00:05:00", environment).left_s() == pytest.approx(300, abs=30)
    assert time_limit("00:06:00", "00:05:00", environment).left_s() == pytest.approx(60, abs=30)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [("0:45", 45), ("59:10", 3550), ("1:00:00", 3600), ("2-03:00:00", 183600), ("UNLIMITED", None), ("INVALID", None)],
)
def test_squeue_says_it_where_slurm_is_older(tmp_path, monkeypatch, answer, seconds):
    program = tmp_path / "squeue"
    program.write_text(f'#!/bin/sh\n[ "$*" = "--noheader --jobs 7 --format %L" ] && echo {answer}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert slurm_time_left_s({"SLURM_JOB_ID": "7"}) == seconds
    assert slurm_time_left_s({}) is None


def test_a_worker_takes_no_more_than_it_has_time_for(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    pace = Pace(100)
    assert pace.allows_another()
    with pace.timing():
        now[0] = 40.0
    assert pace.allows_another()  # 60 s are left, the longest took 40
    with pace.timing():
        now[0] = 61.0
    assert not pace.allows_another()
    assert Pace(None).allows_another()
    assert not Pace(1).allows_another()


@pytest.fixture
def waiting(url, tasks, tmp_path):
    """A LaunchPad with a Firework that waits at a fifo, and two after it."""
    module, fifo = importlib.import_module(tasks), tmp_path / "fifo"
    os.mkfifo(fifo)
    launchpad = open_launchpad(url)
    first = Firework([module.Wait(path=str(tmp_path / "out"), fifo=str(fifo))], name="the long one")
    more = [Firework([module.Note(path=str(tmp_path / "out"), text="more")]) for _ in range(2)]
    launchpad.add_wf(Workflow([first, *more], {first: more}))
    return launchpad


def let_go(fifo: Path) -> threading.Thread:
    thread = threading.Thread(target=lambda: fifo.open("w").close())
    thread.start()
    return thread


def test_what_runs_when_the_time_is_over_is_ready_again_and_the_next_goes_on(waiting, url, tasks, tmp_path):
    limit = TimeLimit()

    def end_when_it_runs() -> None:
        if (tmp_path / "out").exists():
            limit.end_now()

    launch_workers(url, n_workers=1, allow=[tasks], limit=limit, on_tick=end_when_it_runs)
    assert limit.reached
    assert limit.interrupted == ["the long one"]
    assert count_by_state(waiting) == {"READY": 1, "WAITING": 2}
    text = left_over(waiting, {}, limit)
    assert (
        text == "stopped before the time is over; left: 1 ready, 2 waiting; interrupted and ready again: the long one"
    )
    release = let_go(tmp_path / "fifo")
    second = TimeLimit(3600)
    launch_workers(url, n_workers=1, allow=[tasks], limit=second)
    release.join()
    assert not second.reached
    assert count_by_state(waiting) == {"COMPLETED": 3}


def test_without_time_nothing_is_taken(waiting, url, tasks):
    limit = TimeLimit(2)  # shorter than any work is thought to be
    launch_workers(url, n_workers=1, allow=[tasks], limit=limit)
    assert limit.reached
    assert limit.interrupted == []
    assert count_by_state(waiting) == {"READY": 1, "WAITING": 2}


CODE = """
import sys
from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.stopping import Interrupted, TimeLimit, signals_end
limit = TimeLimit()
try:
    with signals_end(limit.end_now):
        launch_workers({url!r}, n_workers=1, allow=[{tasks!r}], limit=limit)
except Interrupted as stop:
    print(stop, file=sys.stderr)
    sys.exit(stop.exit_code)
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGUSR1, 0), (signal.SIGUSR2, 0)]
)
def test_a_signal_stops_the_workers_and_what_they_started(waiting, url, tasks, tmp_path, number, code):
    command = [sys.executable, "-c", CODE.format(url=url, tasks=tasks)]
    parent = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "fifo").open("w"):  # opens when the task opens its end: it runs
        worker = psutil.Process(int((tmp_path / "out").read_text()))
        parent.send_signal(number)
        parent.send_signal(number)  # batch systems send several
        complaint = parent.communicate(timeout=120)[1]
        worker.wait(timeout=20)
    assert parent.returncode == code
    assert "Traceback" not in complaint
    assert (f"stopped by {number.name}; the same command goes on" in complaint) == (code != 0)
    assert count_by_state(waiting) == {"READY": 1, "WAITING": 2}


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with signals_end():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_first_signal_ends_and_further_ones_are_passed_over():
    after: list[int] = []

    def interrupted_twice() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            after.append(1)

    with signals_end(), pytest.raises(Interrupted) as stopped:
        interrupted_twice()
    assert after == [1]
    assert stopped.value.exit_code == 143


def test_further_signals_are_passed_over_to_the_end_of_the_outer_block():
    """What a bundle found is still being merged when its workers have stopped."""
    merged: list[int] = []

    def interrupted_within() -> None:
        try:
            with signals_end(lambda: None):
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            merged.append(1)

    with signals_end(), pytest.raises(Interrupted):
        interrupted_within()
    assert merged == [1]
