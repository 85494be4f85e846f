"""The log of a job: whole lines from several processes, what happened to each step, and never in the way."""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fireworks import Firework, Workflow

from amalgamics.workflows.engine import job_log
from amalgamics.workflows.engine.job_log import JobLog, LoggedStep, append, log_file, log_files, read_log, step_of
from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.launchpad import open_launchpad


@pytest.fixture(autouse=True)
def allowed_folder(tmp_path, monkeypatch):
    """Workers may use the folder that they are started in."""
    monkeypatch.chdir(tmp_path)


def record(message, **extra):
    made = logging.LogRecord("amalgamics.x", logging.INFO, __file__, 1, message, (), None)
    made.__dict__.update(extra)
    return made


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A log in which every record belongs to one step, and its file."""
    file = tmp_path / "log.jsonl"
    handler = JobLog(None)
    monkeypatch.setattr(handler, "_current", LoggedStep(file, "job", 1, 2, "a step"))
    return handler, file


def entries(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def job_in(launchpad, output: Path, *fireworks, links=None) -> None:
    metadata = {"output": str(output), "potential": "emt"}
    launchpad.add_wf(Workflow(list(fireworks), links or {}, name="job", metadata=metadata))


def test_what_happens_to_each_step_is_logged(url, tasks, tmp_path):
    module = importlib.import_module(tasks)
    launchpad = open_launchpad(url)
    good = Firework([module.Note(path=str(tmp_path / "out"), text="x")], name="good")
    job_in(launchpad, tmp_path / "report", good, Firework([module.Fail()], name="bad"))
    launch_workers(url, n_workers=1, allow=[tasks])
    found = entries(tmp_path / "report" / "log.jsonl")
    assert Counter((entry["step"], entry["event"]) for entry in found) == {
        ("good", "started"): 1,
        ("good", "finished"): 1,
        ("bad", "started"): 1,
        ("bad", "failed"): 1,
    }
    (failed,) = (entry for entry in found if entry["event"] == "failed")
    assert failed["message"] == "ValueError: this one fails"
    assert failed["level"] == "error"
    assert failed["workflow"] == "job"
    assert failed["workflow_id"] == 1
    assert 0 < failed["seconds"] < 60
    assert failed["time"].endswith("+00:00")
    assert [entry["time"] for entry in found] == sorted(entry["time"] for entry in found)


def test_a_killed_worker_is_logged_as_stopped_and_its_step_as_recovered(url, tasks, tmp_path):
    module = importlib.import_module(tasks)
    launchpad = open_launchpad(url)
    dies = module.DieOnce(flag=str(tmp_path / "flag"), path=str(tmp_path / "out"), text="done")
    job_in(launchpad, tmp_path / "report", Firework([dies], name="dies"))
    launch_workers(url, n_workers=1, allow=[tasks])
    events = [entry["event"] for entry in entries(tmp_path / "report" / "log.jsonl")]
    assert events == ["started", "stopped", "recovered", "started", "finished"]


def test_workflows_of_other_programs_are_not_logged(embedded_url, tasks, tmp_path):
    module = importlib.import_module(tasks)
    launchpad = open_launchpad(embedded_url)
    launchpad.add_wf(Firework([module.Note(path=str(tmp_path / "out"), text="x")]))
    assert step_of(launchpad, 1) is None
    launch_workers(embedded_url, n_workers=1, allow=[tasks])
    assert not list(tmp_path.rglob("*.jsonl"))


WRITER = """
import sys
from pathlib import Path
from amalgamics.workflows.engine import job_log
job_log.MOST_BYTES = 20_000
for n in range(200):
    job_log.append(Path(sys.argv[1]), b'{"writer": %d, "n": %d, "more": "%s"}\\n' % (int(sys.argv[2]), n, b"x" * 40))
"""


def test_several_processes_lose_and_tear_no_line_while_the_file_is_turned_over(tmp_path):
    file = tmp_path / "log.jsonl"
    command = [sys.executable, "-c", WRITER.replace("20_000", "30_000"), str(file)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    files = sorted(tmp_path.glob("log.jsonl*"))
    assert len(files) == 2  # 600 lines of about 70 bytes are more than one file holds, and less than two
    found = Counter((entry["writer"], entry["n"]) for one in files for entry in entries(one))
    assert found == Counter({(writer, n): 1 for writer in range(3) for n in range(200)})


def document(name, nodes, output):
    """Return the document of a workflow of independent Fireworks, as a LaunchPad holds it."""
    links = {str(fw_id): [] for fw_id in nodes}
    states = {str(fw_id): "READY" for fw_id in nodes}
    metadata = {"output": str(output), "potential": "emt"}
    return {"name": name, "nodes": nodes, "links": links, "fw_states": states, "state": "READY", "metadata": metadata}


def test_only_the_newest_full_files_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(job_log, "MOST_BYTES", 100)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "none"))  # where other tests log jobs of the same name
    file = tmp_path / "log.jsonl"
    for number in range(40):
        append(file, b'{"time": "%03d", "text": "0123456789"}\n' % number)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["log.jsonl", "log.jsonl.1", "log.jsonl.2", "log.jsonl.3"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    workflow = document("job", [1], tmp_path)
    found = read_log(log_files(workflow, "mongodb://host"), 100)
    assert [int(entry["time"]) for entry in found] == list(range(40 - len(found), 40))
    assert len(found) >= 6


def test_passwords_are_not_logged_and_lines_stay_short(log):
    handler, file = log
    handler.handle(record("mongodb://me:hunter2@db/x does not answer " + "\u0001é" * 5000, event="failed"))
    try:
        raise OSError("postgresql://me:hunter2@db/x")
    except OSError:
        broken = record("broken")
        broken.exc_info = sys.exc_info()
        handler.handle(broken)
    text = file.read_text()
    assert "hunter2" not in text
    assert "mongodb://me:" in text
    assert "postgresql://me:" in text
    assert all(len(line) < 4096 for line in text.splitlines())
    assert len(entries(file)) == 2


def test_a_full_disk_ends_the_log_with_one_warning(log, caplog, monkeypatch):
    handler, _ = log
    monkeypatch.setattr(job_log.os, "write", lambda *_: 0)  # as much as there is room for
    for _ in range(3):
        handler.handle(record("something"))
    assert [entry.getMessage() for entry in caplog.records if "log of the job ends" in entry.getMessage()] != []
    assert len([entry for entry in caplog.records if "log of the job ends" in entry.getMessage()]) == 1


def test_a_log_does_not_lead_out_of_its_folder(log, tmp_path, caplog):
    """Whoever can make a link there would have workers write into any file of theirs."""
    handler, file = log
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("mine")
    file.symlink_to(elsewhere)
    handler.handle(record("something"))
    assert elsewhere.read_text() == "mine"
    assert any("log of the job ends" in entry.getMessage() for entry in caplog.records)


def test_work_goes_on_where_no_log_can_be_written(embedded_url, tasks, tmp_path):
    module = importlib.import_module(tasks)
    launchpad = open_launchpad(embedded_url)
    (tmp_path / "report" / "log.jsonl").mkdir(parents=True)  # not even root can append to a folder
    job_in(launchpad, tmp_path / "report", Firework([module.Note(path=str(tmp_path / "out"), text="x")]))
    launch_workers(embedded_url, n_workers=1, allow=[tasks])
    assert (tmp_path / "out").read_text() == "x\n"
    warnings = (tmp_path / "launchpad" / "workers.log").read_text()
    assert warnings.count("the log of the job ends here") == 1


def test_a_host_without_the_folder_of_the_report_logs_on_its_own_side(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    there = tmp_path / "results" / "job"
    workflow = document("a/../job", [7, 9], there)
    own = log_file(workflow, "mongodb://host/x")
    assert own == tmp_path / "state" / "amalgamics" / "logs" / "a-..-job-7.jsonl"
    assert log_file(workflow, f"sqlite:///{tmp_path}/pad") == tmp_path / "pad" / "logs" / "a-..-job-7.jsonl"
    append(own, b'{"time": "1"}\n')
    there.parent.mkdir()
    assert log_file(workflow, "mongodb://host/x") == there / "log.jsonl"
    append(there / "log.jsonl", b'{"time": "2"}\nno entry\n')
    assert [entry["time"] for entry in read_log(log_files(workflow, "mongodb://host/x"), 9)] == ["1", "2"]


def test_events_of_steps_stay_out_of_the_messages_for_people():
    assert job_log.is_for_people(record("something"))
    assert not job_log.is_for_people(record("started", event="started"))


def test_the_package_logs_as_before_once_the_logs_are_closed():
    package = logging.getLogger("amalgamics")
    before = package.level, list(package.handlers)
    with job_log.job_log(None):
        assert len(package.handlers) == len(before[1]) + 1
    assert (package.level, package.handlers) == before


def test_a_lock_that_is_held_for_long_does_not_stop_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(job_log, "_LOCK_PAUSE_S", 0)
    file = tmp_path / "log.jsonl"
    script = (
        "import fcntl, os, sys\n"
        "held = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)\n"
        "fcntl.lockf(held, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert holder.stdout.readline() == b"held\n"
    append(file, b"{}\n")
    holder.communicate(b"")
    assert file.read_text() == "{}\n"


def test_a_folder_that_workers_may_not_use_gets_no_log(embedded_url, tasks, tmp_path, monkeypatch):
    module = importlib.import_module(tasks)
    (tmp_path / "allowed").mkdir()
    monkeypatch.chdir(tmp_path / "allowed")
    launchpad = open_launchpad(embedded_url)
    job_in(launchpad, tmp_path / "elsewhere", Firework([module.Note(path=str(tmp_path / "out"), text="x")]))
    launch_workers(embedded_url, n_workers=1, allow=[tasks])
    assert (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*.jsonl"))
