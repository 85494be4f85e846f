"""A document that cannot be read is left alone with its workflow, and stops nobody else; on both stores."""

from __future__ import annotations

import copy
import importlib
import logging
import uuid
from datetime import UTC, datetime

import pytest
from fireworks import Firework, FWorker, Workflow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amalgamics.cli.main import main
from amalgamics.workflows.engine import document_shapes, recovery
from amalgamics.workflows.engine.allowed_tasks import foreign_tasks_of_workflow
from amalgamics.workflows.engine.damage import examine
from amalgamics.workflows.engine.document_shapes import (
    MALFORMED,
    MalformedError,
    fault_of_firework,
    fault_of_launch,
    fault_of_workflow,
)
from amalgamics.workflows.engine.launching import launch_workers, work_through
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.engine.progress import read_progress
from amalgamics.workflows.engine.reading import reading
from amalgamics.workflows.engine.worker import Worker
from amalgamics.workflows.engine.worker_identity import own_name

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch, tmp_path):
    monkeypatch.setattr(recovery, "_PATIENCE_S", (0.05, 0.1))
    monkeypatch.setattr(recovery, "_LOOK_INTERVAL_S", 0.02)
    monkeypatch.setattr(document_shapes, "_said", set())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def launchpad(url, tasks, tmp_path):
    return with_bad_and_good(url, tasks, tmp_path)


@pytest.fixture
def embedded(embedded_url, tasks, tmp_path):
    return with_bad_and_good(embedded_url, tasks, tmp_path)


def with_bad_and_good(url, tasks, tmp_path):
    """A LaunchPad with a workflow ``bad`` of Firework 1, to be spoilt, and one ``good`` of Firework 2."""
    module, pad = importlib.import_module(tasks), open_launchpad(url)
    for name in ("bad", "good"):
        step = Firework([module.Note(path=str(tmp_path / "out"), text=name)], name=name)
        pad.add_wf(Workflow([step], name=name))
    pad.url = url
    return pad


def launched(pad, **changes):
    """Have the first Firework run in a process that lives elsewhere, or nowhere, and change its launch."""
    _, launch_id = pad.checkout_fw(FWorker(name="a cluster, by rlaunch"), ".", fw_id=1)
    if changes:
        pad.launches.update_one({"launch_id": launch_id}, {"$set": changes})


def fizzled(pad, action):
    launched(pad, state="FIZZLED", action=action)
    pad.fireworks.update_one({"fw_id": 1}, {"$set": {"state": "FIZZLED"}})
    pad.workflows.update_one({"nodes": 1}, {"$set": {"state": "FIZZLED", "fw_states.1": "FIZZLED"}})


def of_workflow(key, value):
    return lambda pad: pad.workflows.update_one({"name": "bad"}, {"$set": {key: value}})


def without(key):
    return lambda pad: pad.workflows.update_one({"name": "bad"}, {"$unset": {key: 1}})


def of_firework(**changes):
    return lambda pad: pad.fireworks.update_one({"fw_id": 1}, {"$set": changes})


def running_with(value):
    def spoil(pad):
        launched(pad)
        pad.fireworks.update_one({"fw_id": 1}, {"$set": {"launches": value}})

    return spoil


WRONG = {"number": 5, "text": "x", "list": [[1]], "null": None}
SPOILT = {
    "id is a list": lambda pad: pad.fireworks.insert_one({"fw_id": [91], "state": "READY", "name": "x", "spec": {}}),
    "id is a mapping": lambda pad: pad.fireworks.insert_one({"fw_id": {"a": 1}, "state": "READY", "spec": {}}),
    "workflow is a name": lambda pad: pad.workflows.insert_one({"name": "x"}),
    "workflow is empty": lambda pad: pad.workflows.insert_one({}),
    "launches": running_with(5),
    "action": lambda pad: fizzled(pad, 5),
    "stored data": lambda pad: fizzled(pad, {"stored_data": {"_exception": 5}}),
    **{f"{key} {kind}": of_workflow(key, value) for key in ("links", "fw_states") for kind, value in WRONG.items()},
    **{f"nodes {kind}": of_workflow("nodes", value) for kind, value in WRONG.items()},
    **{f"no {key}": without(key) for key in ("links", "fw_states", "nodes", "state")},
    "a link to null": of_workflow("links", {"a": None}),
    "a state of null": of_workflow("fw_states", {"a": None}),
    "nodes mapping": of_workflow("nodes", {"a": 1}),
    "nodes empty": of_workflow("nodes", []),
    "metadata": of_workflow("metadata", 5),
    "output": of_workflow("metadata", {"output": 5, "potential": {}, "job": "x"}),
    "updated_on text": of_workflow("updated_on", "yesterday"),
    "updated_on number": of_workflow("updated_on", 5),
    "name of a workflow": of_workflow("name", {"a": 1}),
    "a task of null": of_firework(spec={"_tasks": [None]}),
    "tasks number": of_firework(spec={"_tasks": 5}),
    "no tasks": of_firework(spec={}),
    "a task without name": of_firework(spec={"_tasks": [{}]}),
    "a spec of text": of_firework(spec="x"),
    "name and tasks": of_firework(name={"a": 1}, spec={"_tasks": []}),
    "a launch without host": lambda pad: launched(pad, host=None),
    "a launch without worker": lambda pad: launched(pad, fworker=None),
    "a locked one": lambda pad: pad.workflows.update_one({"name": "bad"}, {"$set": {"nodes": 5, "locked": True}}),
    "a sign of life": lambda pad: pad.db.workers.insert_one({"beat": "x"}),
}
ON_A_SERVER = ("id is a list", "launches", "action", "links number", "nodes number", "no state", "a task of null")


BAD_RUNS = ("id is a list", "id is a mapping", "workflow is a name", "workflow is empty", "a sign of life")


def exit_code(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def good_one_goes_on(pad, tmp_path, capsys, how) -> None:
    """What workers did, and what users see who ask for the state and repair; none minds the spoilt document."""
    assert sorted((tmp_path / "out").read_text().split()) == (["bad", "good"] if how in BAD_RUNS else ["good"])
    assert pad.workflows.find_one({"name": "good"})["state"] == "COMPLETED"
    capsys.readouterr()
    for command in (["status"], ["status", "--json"], ["status", "--log"], ["status", "--watch"], ["recover"]):
        assert exit_code([*command, "--launchpad", pad.url]) == 0
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        if command == ["status"]:
            assert "good" in printed.out


@pytest.mark.parametrize("how", SPOILT)
def test_a_document_that_cannot_be_read_stops_nobody_else(embedded, tmp_path, capsys, how):
    SPOILT[how](embedded)
    before = embedded.fireworks.find_one({"fw_id": 1})
    recovery.recover(embedded)
    (tmp_path / "scratch").mkdir()
    Worker(embedded, None, tmp_path / "scratch").work()  # what each worker process does
    good_one_goes_on(embedded, tmp_path, capsys, how)
    assert how in BAD_RUNS or embedded.fireworks.find_one({"fw_id": 1}) == before


@pytest.mark.parametrize("how", ON_A_SERVER)
def test_on_a_server_neither(mongod, tasks, tmp_path, capsys, how):
    pad = with_bad_and_good(f"{mongod}/test-{uuid.uuid4().hex[:12]}", tasks, tmp_path)
    SPOILT[how](pad)
    work_through(pad.url, n_workers=1, allow=[tasks])
    good_one_goes_on(pad, tmp_path, capsys, how)


def test_status_and_recover_say_which_key_of_which_document(embedded, capsys, caplog):
    embedded.fireworks.update_one({"fw_id": 1}, {"$set": {"spec._tasks": 5}})
    embedded.workflows.update_one({"name": "good"}, {"$set": {"nodes": "\x1b[31m"}})
    assert exit_code(["status", "--launchpad", embedded.url]) == 0
    printed = capsys.readouterr().out
    assert printed.count(MALFORMED) == 2
    assert "bad: next: submit its input again (left alone: spec._tasks of Firework 1 cannot be read)" in " ".join(
        printed.split()
    )
    assert "its nodes cannot be read" in printed
    with caplog.at_level(logging.WARNING):
        report = recovery.recover(embedded)
    assert (report.malformed, report.total) == (2, 0)
    assert str(report) == "nothing to repair; 2 that cannot be read left alone, see the warnings"
    said = [record.getMessage() for record in caplog.records]
    assert "workflow 'bad' cannot be read: spec._tasks of Firework 1 is malformed; it is left alone" in said
    assert len(said) == len(set(said)) == 2
    recovery.recover(embedded)
    assert len(caplog.records) == 2  # said once


def test_the_workflow_asked_for_is_named_when_it_cannot_be_read(embedded, tasks):
    embedded.fireworks.update_one({"fw_id": 1}, {"$set": {"spec": 5}})
    with pytest.raises(MalformedError, match="workflow 'bad' cannot be read: spec of Firework 1 is malformed"):
        launch_workers(embedded.url, n_workers=1, workflow_of=1, allow=[tasks])


def test_the_fireworks_of_a_workflow_without_nodes_are_kept(embedded):
    embedded.workflows.update_one({"name": "bad"}, {"$set": {"nodes": 5, "links": 5, "fw_states": 5}})
    assert recovery.recover(embedded).orphans_removed == 0
    assert embedded.fireworks.count_documents({}) == 2


def test_what_is_for_another_worker_is_not_waited_for(launchpad, tasks, tmp_path):
    launchpad.fireworks.update_one({"fw_id": 1}, {"$set": {"spec._fworker": "x"}})
    work_through(launchpad.url, n_workers=2, allow=[tasks])
    assert (tmp_path / "out").read_text() == "good\n"
    assert launchpad.fireworks.find_one({"fw_id": 1})["state"] == "READY"


def test_an_error_that_nobody_foresaw_does_not_end_a_worker(embedded, tmp_path, monkeypatch, caplog):
    checkout = type(embedded).checkout_fw

    def fail_once(pad, worker, *args, **options):
        one, launch_id = checkout(pad, worker, *args, **options)
        if one is not None and one.name == "bad":
            raise KeyError("mongodb://me:secret@host/pad")
        return one, launch_id

    monkeypatch.setattr(type(embedded), "checkout_fw", fail_once)
    (tmp_path / "scratch").mkdir()
    with caplog.at_level(logging.ERROR):
        assert Worker(embedded, None, tmp_path / "scratch").work() == 2
    assert (tmp_path / "out").read_text() == "good\n"
    assert "Firework [1] is left alone, after an error" in caplog.text


def test_an_error_of_the_store_ends_the_worker(embedded, tmp_path, monkeypatch):
    """Or it would give up one workflow after the other while the disk is full."""

    def fail(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(embedded), "checkout_fw", fail)
    (tmp_path / "scratch").mkdir()
    with pytest.raises(OSError, match="No space left"):
        Worker(embedded, None, tmp_path / "scratch").work()


def test_documents_as_fireworks_writes_them_are_sound(launchpad):
    """Also in the midst of it: reserved, running, without a workflow."""

    def faults():
        return (
            [fault_of_workflow(one) for one in launchpad.workflows.find({})]
            + [fault_of_firework(one) for one in launchpad.fireworks.find({})]
            + [fault_of_launch(one) for one in launchpad.launches.find({})]
        )

    assert faults() == [None] * 4
    launchpad.reserve_fw(FWorker(name=own_name()), ".", fw_id=1)
    assert faults() == [None] * 5
    launchpad.checkout_fw(FWorker(name=own_name()), ".", fw_id=2)
    assert faults() == [None] * 6
    launchpad.rerun_fw(2)
    launchpad.defuse_wf(1)
    assert faults() == [None] * 6


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "1", "READY", "RUNNING", "COMPLETED", "FIZZLED", NOW.isoformat(), "\x1b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["1", "a", "_fw_name", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = {
    "workflows": ("nodes", "links", "parent_links", "fw_states", "state", "name", "metadata", "created_on", "locked")
    + ("updated_on", "links.1", "fw_states.1", "metadata.output", "metadata.potential", "metadata.job"),
    "fireworks": ("state", "launches", "archived_launches", "name", "created_on", "updated_on", "spec", "spec._tasks")
    + ("spec._tasks.0", "spec._tasks.0._fw_name", "spec._tasks.0.study", "spec._tasks.0.step", "spec.structures")
    + ("spec._exception_details", "spec._allow_fizzled_parents", "spec._fworker", "launches.0"),
    "launches": ("state", "fworker", "fworker.name", "host", "state_history", "state_history.0", "action", "trackers")
    + ("state_history.0.updated_on", "time_start", "time_end", "action.stored_data", "launch_dir", "runtime_secs"),
}
places = st.sampled_from([(collection, key) for collection, keys in KEYS.items() for key in keys])


@pytest.fixture(params=["READY", "RUNNING", "FIZZLED", "COMPLETED"])
def stored(embedded, request):
    """The documents of a LaunchPad whose first Firework is in a state, to be put back."""
    if request.param != "READY":
        launched(embedded, **({} if request.param == "RUNNING" else {"state": request.param, "action": {}}))
    if request.param in ("FIZZLED", "COMPLETED"):
        embedded.fireworks.update_one({"fw_id": 1}, {"$set": {"state": request.param}})
    return embedded, {name: list(embedded.db[name].find({})) for name in KEYS}


def put(document, key, value):
    """Set a key that leads into mappings and lists, where there are such."""
    *way, last = key.split(".")
    for part in way:
        document = document[int(part) if isinstance(document, list) else part] if document else {}
    if isinstance(document, list):
        document[int(last) :] = [value]
    elif isinstance(document, dict):
        document[last] = value


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=places, value=ANYTHING)
def test_no_value_of_any_key_raises(stored, place, value):
    pad, documents = stored
    collection, key = place
    changed = copy.deepcopy(documents)
    if not changed[collection]:
        return
    put(changed[collection][0], key, value)
    for name, found in changed.items():
        pad.db[name].delete_many({})
        for document in found:
            pad.db[name].insert_one(document)
    for workflow in changed["workflows"]:
        examine(pad, workflow)
        nodes = workflow["nodes"] if isinstance(workflow["nodes"], list) else [1]
        foreign_tasks_of_workflow(pad, nodes)
    with reading(pad.url) as collections:
        found = read_progress(collections)
    assert [one.name for one in found if one.name == "good"] == ["good"]
    assert [one.state for one in found if one.name == "good"] != [MALFORMED]
    recovery.recover(pad)
    assert pad.fireworks.find_one({"fw_id": 2}) == documents["fireworks"][1]
