"""The lock of a workflow is somebody's, and goes with him or with a broken connection."""

from __future__ import annotations

import socket

import pytest
from fireworks import Firework, Workflow
from fireworks.core import launchpad as fireworks_launchpad
from fireworks.core.launchpad import LockedWorkflowError
from pymongo.errors import AutoReconnect

from amalgamics.workflows.engine import workflow_lock
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.engine.worker_identity import own_name
from amalgamics.workflows.engine.workflow_lock import WorkflowLock

DEAD = f"{socket.gethostname()}:999999999:1 0"


@pytest.fixture
def launchpad(url):
    pad = open_launchpad(url)
    pad.add_wf(Workflow([Firework([])]))
    return pad


def locked(launchpad):
    return launchpad.workflows.find_one({"nodes": 1}).get("locked")


def test_it_stands_in_for_that_of_fireworks_and_names_its_holder(launchpad):
    assert fireworks_launchpad.WFLock is WorkflowLock
    with WorkflowLock(launchpad, 1):
        assert locked(launchpad).startswith(own_name())
        with pytest.raises(LockedWorkflowError), WorkflowLock(launchpad, 1, expire_secs=0):
            pass
        assert locked(launchpad) is not None
    assert locked(launchpad) is None


def test_that_of_a_dead_process_is_taken_at_once_and_that_of_a_living_one_is_not(launchpad):
    launchpad.workflows.update_one({"nodes": 1}, {"$set": {"locked": DEAD}})
    with WorkflowLock(launchpad, 1, expire_secs=0):
        assert locked(launchpad).startswith(own_name())
    launchpad.workflows.update_one({"nodes": 1}, {"$set": {"locked": True}})  # FireWorks' own: nobody knows whose
    with pytest.raises(LockedWorkflowError), WorkflowLock(launchpad, 1, expire_secs=0):
        pass


class Breaking:
    """Workflows whose connection breaks after a change was made, before the answer comes."""

    def __init__(self, workflows, times):
        self._workflows, self._times = workflows, times

    def __getattr__(self, name):
        return getattr(self._workflows, name)

    def find_one_and_update(self, *arguments):
        answer = self._workflows.find_one_and_update(*arguments)
        if self._times:
            self._times -= 1
            raise AutoReconnect("connection reset")
        return answer


@pytest.mark.parametrize("while_taken", [True, False])
def test_it_does_not_stay_when_the_connection_breaks(launchpad, monkeypatch, while_taken):
    monkeypatch.setattr(workflow_lock, "_LONGEST_PAUSE_S", 0.0)
    lock = WorkflowLock(launchpad, 1)
    if while_taken:
        monkeypatch.setattr(launchpad, "workflows", Breaking(launchpad.workflows, 2))
        with pytest.raises(AutoReconnect):
            lock.__enter__()
    else:
        lock.__enter__()
        monkeypatch.setattr(launchpad, "workflows", Breaking(launchpad.workflows, 2))
        lock.__exit__()
    monkeypatch.undo()
    assert locked(launchpad) is None
