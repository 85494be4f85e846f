"""A MongoDB server that is killed and comes back: said, waited for, and nothing is lost."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from pathlib import Path

import pymongo
import pytest
from fireworks import Firework, FWorker, Workflow

from amalgamics.cli.main import main
from amalgamics.permissions import modules_allowed
from amalgamics.workflows.engine import server_watch
from amalgamics.workflows.engine.launching import work_through
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad
from amalgamics.workflows.engine.recovery import recover
from amalgamics.workflows.engine.server_watch import EndNotNotedError, client_options, is_outage
from amalgamics.workflows.engine.worker import Worker
from amalgamics.workflows.engine.worker_identity import own_name

from ..conftest import free_port, mongod_command, server_running

DEAD = f"{socket.gethostname()}:999999999:1"


class Told(logging.Handler):
    """Lets a test wait for a message."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words, self.heard, self.lines = words, threading.Event(), []

    def emit(self, record):
        self.lines.append(record.getMessage())
        if self.words in record.getMessage():
            self.heard.set()


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(server_watch, "_away", set())
    handler = Told("does not answer; waiting for it up to 60 s")
    server_watch.logger.addHandler(handler)
    yield handler
    server_watch.logger.removeHandler(handler)


@pytest.mark.slow  # under load its processes take minutes to start and to be missed
def test_a_server_that_was_killed_is_waited_for(told, tasks, tmp_path, monkeypatch):
    """While a task runs: its end cannot be noted before the server is back."""
    monkeypatch.chdir(tmp_path)
    module, out, fifo, port = importlib.import_module(tasks), tmp_path / "out", tmp_path / "fifo", free_port()
    os.mkfifo(fifo)
    folder = tmp_path / "mongod"
    folder.mkdir()
    url = f"mongodb://127.0.0.1:{port}/away"

    def start():
        return server_running(mongod_command(folder, port), tmp_path / "log")

    def answers() -> None:
        with pymongo.MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=60_000) as client:
            client.admin.command("ping")

    failed: list[object] = []
    with start() as server:
        answers()
        launchpad = open_launchpad(url)
        first = Firework([module.Wait(path=str(out), fifo=str(fifo))])
        last = Firework([module.Note(path=str(out), text="last")])
        launchpad.add_wf(Workflow([first, last], {first: [last]}))
        working = threading.Thread(target=lambda: failed.append(work_through(url, n_workers=1, allow=[tasks])))
        working.start()
        with fifo.open("w"):  # opens when the task opens its end: it runs
            server.kill()
            server.wait()
            assert told.heard.wait(60)
    (folder / "mongod.lock").unlink(missing_ok=True)
    # Whether or not its end was noted, the task may have to be repeated.
    release = threading.Thread(target=_keep_open, args=(fifo, working), daemon=True)
    release.start()
    with start():
        answers()
        working.join(240)
        assert not working.is_alive()
        assert failed == [[]]
        recover(launchpad, allow=[tasks])
        assert count_by_state(launchpad) == {"COMPLETED": 2}
        assert launchpad.launches.count_documents({"state": "RUNNING"}) == 0
        launchpad.connection.close()
    assert Counter(out.read_text().split())["last"] == 1
    assert any("answers again" in line for line in told.lines)


def _keep_open(fifo: Path, working: threading.Thread) -> None:
    """Let every task that waits for the fifo go on."""
    while working.is_alive():
        with os.fdopen(os.open(fifo, os.O_RDWR), "w"):  # no task has to be there for that
            working.join(0.2)


def test_a_launch_that_no_firework_has_is_ended(url, tasks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([importlib.import_module(tasks).Note(path=str(tmp_path / "out"), text="done")]))
    before = launchpad.fireworks.find_one({})
    _, launch_id = launchpad.checkout_fw(FWorker(name=DEAD), ".")
    launchpad.fireworks.find_one_and_replace({"fw_id": before["fw_id"]}, {**before, "state": "COMPLETED"})
    launchpad.workflows.update_one({}, {"$set": {"state": "COMPLETED", f"fw_states.{before['fw_id']}": "COMPLETED"}})
    assert recover(launchpad, allow=[tasks]).launches_ended == 1
    assert launchpad.launches.find_one({"launch_id": launch_id})["state"] == "FIZZLED"
    assert recover(launchpad, allow=[tasks]).total == 0


def test_a_worker_that_could_not_note_an_end_ends_itself(url, tasks, tmp_path, monkeypatch):
    """FireWorks swallows the error, and nobody else touches what seems to run in a living worker."""
    monkeypatch.chdir(tmp_path)
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([importlib.import_module(tasks).Note(path=str(tmp_path / "out"), text="done")]))
    launchpad.checkout_fw(FWorker(name=own_name()), ".")
    kind = RuntimeError if url.startswith("sqlite") else EndNotNotedError
    with modules_allowed([tasks]), pytest.raises(kind, match=r"the end of Fireworks \[1\] could not be noted"):
        Worker(launchpad, None, tmp_path).work()
    assert is_outage(EndNotNotedError("x"))


def test_the_command_line_tells_a_lost_server_in_one_line(monkeypatch, capsys):
    def lose(*_, **__):
        raise pymongo.errors.ServerSelectionTimeoutError("127.0.0.1:1: refused, Topology Description: ...")

    monkeypatch.setattr("amalgamics.workflows.engine.recovery.recover", lose)
    monkeypatch.setattr("amalgamics.workflows.engine.launchpad.open_launchpad", lose)
    with pytest.raises(SystemExit) as stop:
        main(["recover"])
    assert stop.value.code == 1
    told = "error: the LaunchPad does not answer any more (ServerSelectionTimeoutError); the same command goes on later"
    assert capsys.readouterr().err.strip() == told


def test_the_patience_of_the_user_counts():
    assert client_options("mongodb://host/x", {})["serverSelectionTimeoutMS"] == 60_000
    assert "serverSelectionTimeoutMS" not in client_options("mongodb://host/x?serverSelectionTimeoutMS=5", {})
    assert client_options("host", {"serverSelectionTimeoutMS": 7})["serverSelectionTimeoutMS"] == 7


def test_a_write_is_confirmed_when_it_is_in_the_journal(mongod):
    """A killed server forgets what it confirmed before, the release of a lock for instance."""
    assert open_launchpad(f"{mongod}/journal").db.write_concern.document == {"j": True}
    assert client_options("mongodb://host/x?journal=false", {}).get("journal") is None
    assert client_options("host", {"journal": False})["journal"] is False


def test_what_is_an_outage():
    assert is_outage("pymongo.errors.AutoReconnect: 127.0.0.1:1: connection closed")
    assert is_outage(pymongo.errors.AutoReconnect("x"))
    assert not is_outage("ValueError: pymongo.errors.AutoReconnect")
    assert not is_outage(pymongo.errors.OperationFailure("x"))


def test_the_end_of_a_process_is_not_taken_for_that_of_the_server(mongod):
    """The driver then cancels what it asks the server."""
    code = "import sys; from amalgamics.workflows.engine.launchpad import open_launchpad; open_launchpad(sys.argv[1])"
    command = [sys.executable, "-c", code, f"{mongod}/test-{uuid.uuid4().hex[:12]}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
