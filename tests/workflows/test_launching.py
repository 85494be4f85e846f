"""Worker processes: each Firework once, whatever is killed."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import psutil
import pytest
from fireworks import Firework, Workflow
from fireworks.user_objects.firetasks.script_task import PyTask

from amalgamics.workflows.launching import failures, launch_workers
from amalgamics.workflows.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.worker import foreign_tasks


def lines(path: Path) -> Counter:
    return Counter(path.read_text().split("\n")[:-1]) if path.exists() else Counter()


def test_each_firework_runs_once_with_several_workers(url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(url)
    launchpad.bulk_add_wfs([Workflow([Firework([module.Note(path=str(out), text=str(n))])]) for n in range(30)])
    # Two crews at once: all of their workers compete.
    other = threading.Thread(target=launch_workers, args=(url,), kwargs={"n_workers": 1, "allow": [tasks]})
    other.start()
    launch_workers(url, n_workers=2, allow=[tasks])
    other.join()
    assert lines(out) == Counter({str(n): 1 for n in range(30)})
    assert count_by_state(launchpad) == {"COMPLETED": 30}


def test_steps_added_on_the_way_run_before_the_children(url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(url)
    first = Firework([module.Add(path=str(out), count=3)])
    last = Firework([module.Note(path=str(out), text="last")])
    launchpad.add_wf(Workflow([first, last], {first: [last]}))
    launch_workers(url, n_workers=1, workflow_of=1, allow=[tasks])
    order = out.read_text().split("\n")[:-1]
    assert sorted(order[:3]) == ["added 0", "added 1", "added 2"]
    assert order[3:] == ["last"]


def test_one_failure_does_not_stop_the_others(url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(url)
    bad, child = Firework([module.Fail()], name="bad"), Firework([module.Note(path=str(out), text="never")])
    launchpad.add_wf(Workflow([bad, child], {bad: [child]}))
    launchpad.add_wf(Firework([module.Note(path=str(out), text="good")]))
    launch_workers(url, n_workers=1, allow=[tasks])
    assert lines(out) == Counter({"good": 1})
    (failure,) = failures(launchpad)
    assert failure.name == "bad"
    assert failure.message == "ValueError: this one fails"
    assert "Traceback" in failure.traceback


def test_only_the_asked_for_workflow_is_worked_on(url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(url)
    ids = [
        next(iter(launchpad.add_wf(Firework([module.Note(path=str(out), text=text)])).values()))
        for text in ("mine", "other")
    ]
    launch_workers(url, n_workers=1, workflow_of=ids[0], allow=[tasks])
    assert lines(out) == Counter({"mine": 1})


def test_a_killed_worker_is_replaced_and_its_firework_repeated(url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([module.DieOnce(flag=str(tmp_path / "flag"), path=str(out), text="done")]))
    launch_workers(url, n_workers=1, allow=[tasks])
    assert lines(out) == Counter({"done": 1})
    assert count_by_state(launchpad) == {"COMPLETED": 1}


def test_foreign_tasks_are_left_alone(url, tmp_path):
    launchpad = open_launchpad(url)
    touched = tmp_path / "touched"
    launchpad.add_wf(Firework([PyTask(func="pathlib.Path.touch", args=[str(touched)])]))
    launch_workers(url, n_workers=1)
    assert not touched.exists()
    assert count_by_state(launchpad) == {"READY": 1}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"_tasks": [{"_fw_name": "{{amalgamics.workflows.tasks.WriteReport}}"}]}, []),
        ({"_tasks": [{"_fw_name": "PyTask"}]}, ["PyTask"]),
        ({"_tasks": [{"_fw_name": "{{amalgamics_evil.Task}}"}]}, ["amalgamics_evil.Task"]),
        ({"deep": [{"er": {"@module": "subprocess", "@class": "Popen"}}]}, ["subprocess"]),
    ],
)
def test_foreign_names_are_found_wherever_they_hide(spec, found):
    assert foreign_tasks(spec) == found


def test_workers_die_with_their_parent(url, tasks, tmp_path):
    """Even when the parent is killed with SIGKILL; the next crew then finishes the work."""
    module, out, fifo = importlib.import_module(tasks), tmp_path / "out", tmp_path / "fifo"
    os.mkfifo(fifo)
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([module.Wait(path=str(out), fifo=str(fifo))]))
    code = (
        "from amalgamics.workflows.launching import launch_workers\n"
        f"launch_workers({url!r}, n_workers=1, allow=[{tasks!r}])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    with fifo.open("w"):  # opens when the task opens its end: it runs
        worker = psutil.Process(int(out.read_text()))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        worker.wait(timeout=20)
    assert count_by_state(launchpad) == {"RUNNING": 1}
    release = threading.Thread(target=lambda: fifo.open("w").close())
    release.start()
    launch_workers(url, n_workers=1, allow=[tasks])
    release.join()
    assert count_by_state(launchpad) == {"COMPLETED": 1}
