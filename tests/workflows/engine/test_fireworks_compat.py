"""Each adaptation of FireWorks does what it is for, and only once asked."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pymongo
from fireworks import Firework, FWorker, fw_config
from fireworks.core import rocket, rocket_launcher
from fireworks.core.rocket_launcher import launch_rocket
from fireworks.utilities import filepad

from amalgamics.workflows.engine import fireworks_compat
from amalgamics.workflows.engine.embedded_store import EmbeddedMongoClient
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad


def test_importing_changes_nothing():
    code = (
        "import amalgamics.workflows.engine.launchpad, pymongo\n"
        "from fireworks import fw_config\n"
        "assert fw_config.MongoClient is pymongo.MongoClient\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_host_decides_which_client(tmp_path):
    fireworks_compat.apply()
    fireworks_compat.apply()
    for module in (fw_config, filepad):
        assert isinstance(module.MongoClient(f"sqlite:///{tmp_path}/store"), EmbeddedMongoClient)
        with module.MongoClient("mongodb://127.0.0.1:1/x", connect=False) as client:
            assert isinstance(client, pymongo.MongoClient)


def test_files_open_without_a_mode_and_with_one(tmp_path):
    fireworks_compat.apply()
    with rocket.zopen(tmp_path / "file.gz", "wt") as stream:
        stream.write("text")
    with rocket.zopen(tmp_path / "file.gz") as stream:
        assert stream.read() == "text"


def test_rapidfire_is_rapid():
    fireworks_compat.apply()
    assert rocket_launcher.RAPIDFIRE_SLEEP_SECS <= 5


def test_a_rocket_is_silent_and_leaves_no_files(url, tasks, tmp_path, monkeypatch, capfd):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([importlib.import_module(tasks).Note(path=str(tmp_path / "out"), text="ran")]))
    assert launch_rocket(launchpad, FWorker())
    assert (tmp_path / "out").read_text() == "ran\n"
    assert list(work.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_results_may_exceed_16_megabytes(url, tasks, tmp_path, monkeypatch):
    """The embedded store has no limit; for MongoDB, FireWorks turns to GridFS."""
    monkeypatch.chdir(tmp_path)
    launchpad = open_launchpad(url)
    launchpad.add_wf(Firework([importlib.import_module(tasks).Store(size=17_000_000)]))
    assert launch_rocket(launchpad, FWorker())
    assert count_by_state(launchpad) == {"COMPLETED": 1}
    assert len(launchpad.get_launch_by_id(1).action.stored_data["text"]) == 17_000_000
