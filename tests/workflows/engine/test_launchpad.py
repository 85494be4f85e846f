"""LaunchPads by URL, embedded and MongoDB alike; what FireWorks' own commands make of them."""

from __future__ import annotations

import importlib
import json
import signal
import sys
import threading

import pytest
from fireworks import Firework, FWorker, LaunchPad, Workflow
from fireworks.core.rocket_launcher import launch_rocket

from amalgamics.errors import InputError
from amalgamics.workflows.engine import launchpad as launchpad_module
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad, run_tool
from amalgamics.workflows.engine.worker_identity import own_name


@pytest.fixture
def step(tasks, tmp_path):
    """Make a Firework that appends a line to a file."""
    module = importlib.import_module(tasks)
    return lambda **spec: Firework([module.Note(path=str(tmp_path / "out"), text="done")], spec=spec)


def test_a_new_launchpad_is_ready_and_an_old_one_kept(url, step):
    first = open_launchpad(url)
    ids = first.add_wf(Workflow([step(), step()]))
    assert sorted(ids.values()) == [1, 2]
    again = open_launchpad(url)
    assert count_by_state(again) == {"READY": 2}
    assert count_by_state(again, [1]) == {"READY": 1}


def test_ids_go_on_after_what_is_there(url, step):
    """FireWorks would replace Fireworks by new ones of the same id."""
    launchpad = open_launchpad(url)
    launchpad.add_wf(Workflow([step(), step()]))
    launchpad.fw_id_assigner.delete_many({})
    assert list(open_launchpad(url).add_wf(step()).values()) == [3]
    assert count_by_state(launchpad) == {"READY": 3}


def test_processes_that_open_a_new_launchpad_together_agree(url):
    threads = [threading.Thread(target=open_launchpad, args=(url,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_launchpad(url).fw_id_assigner.count_documents({}) == 1


def test_fireworks_can_rebuild_the_launchpad_from_its_dictionary(url, step):
    launchpad = open_launchpad(url)
    launchpad.add_wf(step())
    copy = LaunchPad.from_dict(json.loads(json.dumps(launchpad.to_dict())))
    assert count_by_state(copy) == {"READY": 1}


def test_rockets_run_and_ping_from_their_thread(url, tmp_path, monkeypatch, step):
    monkeypatch.chdir(tmp_path)
    launchpad = open_launchpad(url)
    parent, child = step(), step()
    launchpad.add_wf(Workflow([parent, child], {parent: [child]}))
    assert launch_rocket(launchpad, FWorker())
    assert launch_rocket(launchpad, FWorker())
    assert not launch_rocket(launchpad, FWorker())
    assert count_by_state(launchpad) == {"COMPLETED": 2}
    pings = [threading.Thread(target=launchpad.ping_launch, args=(1,)) for _ in range(4)]
    for ping in pings:
        ping.start()
    for ping in pings:
        ping.join()


def test_queries_sort_limit_and_count_alike(url, step):
    launchpad = open_launchpad(url)
    launchpad.bulk_add_wfs([Workflow([step(number=number)]) for number in (3, 1, 2)])
    query = launchpad.fireworks.find({"spec.number": {"$gt": 1}}).sort([("spec.number", -1)]).limit(1)
    assert [document["spec"]["number"] for document in query] == [3]
    assert launchpad.fireworks.count_documents({}) == 3
    assert launchpad.get_fw_ids({"spec.number": 1}) == [2]


def test_concurrent_threads_never_take_the_same_document(url):
    """The embedded store must make find-and-update atomic, as MongoDB does."""
    collection = open_launchpad(url).db.counter
    collection.insert_one({"name": "counter", "value": 0})
    seen: list[int] = []

    def take() -> None:
        for _ in range(25):
            seen.append(collection.find_one_and_update({"name": "counter"}, {"$inc": {"value": 1}})["value"])

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(100))


def test_stock_commands_use_the_launchpad(url, capfd, tmp_path, monkeypatch, step):
    monkeypatch.chdir(tmp_path)
    open_launchpad(url).add_wf(Workflow([step()], name="hello"))
    assert run_tool("lpad", ["get_wflows"], url) == 0
    assert "hello--1" in capfd.readouterr().out
    before = signal.getsignal(signal.SIGINT), sys.argv
    assert run_tool("rlaunch", ["singleshot"], url) == 0
    assert "RUNNING fw_id: 1" in capfd.readouterr().out
    assert (signal.getsignal(signal.SIGINT), sys.argv) == before
    assert open_launchpad(url).launches.find_one({})["fworker"]["name"] == own_name()
    assert run_tool("rlaunch", ["--silencer", "singleshot"], url) == 0
    assert capfd.readouterr().out == ""
    assert run_tool("lpad", ["no_such_verb"], url) == 2
    capfd.readouterr()
    assert run_tool("lpad", ["get_fws", "-s", "COMPLETED", "-d", "count"], url) == 0
    assert capfd.readouterr().out.split()[-1] == "1"


def test_offline_mode_runs_a_firework_from_a_file(tmp_path, monkeypatch, step):
    """FireWorks 2.1 opens files without a mode there, which monty refuses since 2026.2."""
    open_launchpad(f"sqlite:///{tmp_path}/launchpad")  # adapts FireWorks
    monkeypatch.chdir(tmp_path)
    step().to_file("FW.json")
    (tmp_path / "FW_offline.json").write_text(json.dumps({"launch_id": 1}))
    assert launch_rocket(None, FWorker())
    done = json.loads((tmp_path / "FW_offline.json").read_text())
    assert done["state"] == "COMPLETED"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("ftp://host/x", "neither sqlite"),
        ("sqlite:///", "names no directory"),
        ("mongodb://", "neither sqlite"),
        ("mongodb://127.0.0.1:1/x", "does not answer"),
        ("results/launchpad", "neither sqlite"),
        ("mongodb://127.0.0.1:99999/x", "does not answer"),
    ],
)
def test_bad_urls_are_one_clear_line(bad, told, monkeypatch):
    monkeypatch.setattr(launchpad_module, "_SERVER_TIMEOUT_MS", 100)
    with pytest.raises(InputError, match=told) as caught:
        open_launchpad(bad)
    assert "\n" not in str(caught.value)


def test_a_damaged_store_is_one_clear_line(tmp_path):
    collections = tmp_path / "launchpad" / "collections" / "fireworks"
    collections.mkdir(parents=True)
    (collections / "fw_id_assigner").write_text("not a database" * 100)
    with pytest.raises(InputError, match="not a database"):
        open_launchpad(f"sqlite:///{tmp_path}/launchpad")


def test_password_is_not_shown(monkeypatch):
    monkeypatch.setattr(launchpad_module, "_SERVER_TIMEOUT_MS", 100)
    with pytest.raises(InputError) as caught:
        open_launchpad("mongodb://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)


def test_reading_creates_nothing(tmp_path):
    with pytest.raises(InputError, match="no LaunchPad"):
        open_launchpad(f"sqlite:///{tmp_path}/none", create=False)
    assert not list(tmp_path.iterdir())


def test_directory_under_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="not a directory"):
        open_launchpad(f"sqlite:///{tmp_path}/file/launchpad")


def test_a_new_launchpad_is_private(tmp_path):
    """And one that an administrator made for a group stays as it is."""
    open_launchpad(f"sqlite:///{tmp_path}/results/new")
    assert (tmp_path / "results" / "new").stat().st_mode & 0o777 == 0o700
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    open_launchpad(f"sqlite:///{shared}")
    assert shared.stat().st_mode & 0o7777 == 0o2770
