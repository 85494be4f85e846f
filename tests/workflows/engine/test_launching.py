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

from amalgamics.workflows.engine.allowed_tasks import ForeignTaskError, foreign_tasks
from amalgamics.workflows.engine.launching import failures, launch_workers
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad


def lines(path: Path) -> Counter[str]:
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


def test_only_the_asked_for_workflow_is_worked_on(embedded_url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(embedded_url)
    ids = [
        next(iter(launchpad.add_wf(Firework([module.Note(path=str(out), text=text)])).values()))
        for text in ("mine", "other")
    ]
    launch_workers(embedded_url, n_workers=1, workflow_of=ids[0], allow=[tasks])
    assert lines(out) == Counter({"mine": 1})


def test_a_killed_worker_is_replaced_and_its_firework_repeated(url, tasks, tmp_path):
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([module.DieOnce(flag=str(tmp_path / "flag"), path=str(out), text="done")]))
    launch_workers(url, n_workers=1, allow=[tasks])
    assert lines(out) == Counter({"done": 1})
    assert count_by_state(launchpad) == {"COMPLETED": 1}


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A module that leaves a trace when it is imported, and the document of a task in it."""
    (tmp_path / "evil_tasks.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close()")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    return {"_tasks": [{"_fw_name": "{{evil_tasks.Task}}"}]}


def test_a_foreign_child_is_not_even_imported(embedded_url, tasks, tmp_path, evil, caplog):
    """FireWorks reads the children of what it has finished."""
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(embedded_url)
    first, child = (Firework([module.Note(path=str(out), text=text)]) for text in ("bad", "child"))
    launchpad.add_wf(Workflow([first, child], {first: [child]}, name="two steps"))
    launchpad.fireworks.update_one({"fw_id": child.fw_id}, {"$set": {"spec": evil}})
    launchpad.add_wf(Firework([module.Note(path=str(out), text="good")]))
    launch_workers(embedded_url, n_workers=1, allow=[tasks])
    assert lines(out) == Counter({"good": 1})
    assert not (tmp_path / "imported").exists()
    assert "'two steps' has tasks that are not run here: evil_tasks.Task" in caplog.text
    with pytest.raises(ForeignTaskError, match="evil_tasks"):
        launch_workers(embedded_url, n_workers=1, workflow_of=first.fw_id, allow=[tasks])


def test_a_workflow_of_an_earlier_version_is_told_apart(embedded_url, tasks):
    launchpad = open_launchpad(embedded_url)
    launchpad.add_wf(Workflow([Firework([importlib.import_module(tasks).Fail()])], name="old"))
    old = {"_tasks": [{"_fw_name": "{{amalgamics.workflows.tasks.BuildStructures}}"}]}
    launchpad.fireworks.update_one({"fw_id": 1}, {"$set": {"spec": old}})
    with pytest.raises(ForeignTaskError, match="'old' was submitted by an earlier version and cannot go on"):
        launch_workers(embedded_url, n_workers=1, workflow_of=1, allow=[tasks])


def test_a_firework_that_cannot_be_read_is_a_failure(embedded_url, tasks):
    launchpad = open_launchpad(embedded_url)
    launchpad.add_wf(Firework([importlib.import_module(tasks).Fail()], name="unreadable"))
    gone = {"_tasks": [{"_fw_name": f"{{{{{tasks}_gone.Task}}}}"}]}
    launchpad.fireworks.update_one({"fw_id": 1}, {"$set": {"spec": gone}})
    launch_workers(embedded_url, n_workers=1, allow=[tasks, f"{tasks}_gone"])
    (failure,) = failures(launchpad)
    assert failure.name == "unreadable"
    assert f"No module named '{tasks}_gone'" in failure.message


def test_each_firework_gets_an_empty_directory(embedded_url, tasks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, out = importlib.import_module(tasks), tmp_path / "out"
    launchpad = open_launchpad(embedded_url)
    before = set(tmp_path.iterdir())
    first, last = (Firework([module.Litter(path=str(out))]) for _ in range(2))
    launchpad.add_wf(Workflow([first, last], {first: [last]}))
    launch_workers(embedded_url, n_workers=1, allow=[tasks])
    assert lines(out) == Counter({"[]": 2})
    assert set(tmp_path.iterdir()) - before <= {out, tmp_path / "launchpad"}
    left = launchpad.launches.distinct("launch_dir")
    assert not any(Path(directory).exists() or Path(directory).parent.exists() for directory in left)


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"_tasks": [{"_fw_name": "{{amalgamics.workflows.tasks.WriteReport}}"}]}, []),
        ({"_tasks": [{"_fw_name": "{{amalgamics.workflows.tasks.Gone}}"}]}, ["amalgamics.workflows.tasks.Gone"]),
        ({"_tasks": [{"_fw_name": "{{amalgamics.gone.tasks.Task}}"}]}, ["amalgamics.gone.tasks.Task"]),
        ({"_tasks": [{"_fw_name": "PyTask"}]}, ["PyTask"]),
        ({"_tasks": [{"_fw_name": "{{amalgamics_evil.Task}}"}]}, ["amalgamics_evil.Task"]),
        ({"deep": [{"er": {"@module": "subprocess", "@class": "Popen"}}]}, ["subprocess"]),
        ({"_trackers": [{"filename": "/etc/passwd", "nlines": 25}]}, ["_trackers"]),
        ({"_launch_dir": "$HOME"}, ["_launch_dir"]),
        ({"_files_out": {"keys": "/root/.ssh/id_*"}}, ["_files_out"]),
        ({"_background_tasks": []}, ["_background_tasks"]),
        ({"_queueadapter": {"pre_rocket": "rm -r /"}}, ["_queueadapter"]),
        ({"_priority": 3, "_category": "big", "_fworker": "node-1"}, []),
    ],
)
def test_foreign_names_and_reaches_for_files_are_found_wherever_they_hide(spec, found):
    assert foreign_tasks(spec) == found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(embedded_url, tasks, tmp_path, how):
    """Killed or interrupted by Ctrl-C; the next crew then finishes the work."""
    module, out, fifo = importlib.import_module(tasks), tmp_path / "out", tmp_path / "fifo"
    os.mkfifo(fifo)
    launchpad = open_launchpad(embedded_url)
    launchpad.add_wf(Firework([module.Wait(path=str(out), fifo=str(fifo))]))
    # A shell without job control has Ctrl-C ignored by what it starts in the background, such as these tests.
    code = (
        "import signal\n"
        "from amalgamics.workflows.engine.launching import launch_workers\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"launch_workers({embedded_url!r}, n_workers=1, allow=[{tasks!r}])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    with fifo.open("w"):  # opens when the task opens its end: it runs
        worker = psutil.Process(int(out.read_text()))
        scratch = Path(worker.cwd()).parent
        parent.send_signal(how)
        complaint = parent.communicate()[1]
        worker.wait(timeout=20)
    assert not scratch.exists()
    if how == signal.SIGINT:
        assert complaint.strip().endswith("KeyboardInterrupt")
        assert count_by_state(launchpad) == {"READY": 1}
    else:
        assert count_by_state(launchpad) == {"RUNNING": 1}
    release = threading.Thread(target=lambda: fifo.open("w").close())
    release.start()
    launch_workers(embedded_url, n_workers=1, allow=[tasks])
    release.join()
    assert count_by_state(launchpad) == {"COMPLETED": 1}
