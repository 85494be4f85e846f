"""A worker process: takes Fireworks from a LaunchPad until nothing is left to do.

Started by :func:`~amalgamics.workflows.engine.launching.launch_workers` as ``python -m
amalgamics.workflows.engine.worker``.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...addresses import redacted
from ...calculators.dynamics.listening import told_of_steps
from ...permissions import restrict
from ..defaults import LAUNCHPAD_VARIABLE
from .allowed_tasks import foreign_task_behind, foreign_tasks_of_workflow
from .document_shapes import fault_of_workflow, find_fault, is_id, leave_workflow_alone, name_of, nodes_in
from .dynamics_told import DynamicsNotes
from .embedded_store import SCHEME
from .heartbeats import beating
from .job_log import is_for_people, job_log
from .launchpad import open_launchpad
from .reading import for_worker
from .reading import scope as scope
from .recovery import recover
from .server_watch import SERVER_AWAY, EndNotNotedError, is_outage
from .stopping import OUT_OF_TIME, Pace
from .worker_identity import own_name

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_RECOVERY_INTERVAL_S = 5.0


class Worker:
    """Runs Fireworks one after the other.

    Parameters
    ----------
    launchpad
        Where the Fireworks are.
    workflow_of
        Id of a Firework whose workflow to work on; None for everything.
    scratch
        Directory in which each Firework gets one of its own for as long as it runs.
    seconds
        How long it may work; None for as long as there is work.
    """

    def __init__(
        self, launchpad: LaunchPad, workflow_of: int | None, scratch: Path, seconds: float | None = None
    ) -> None:
        self.launchpad = launchpad
        self.workflow_of = workflow_of
        self.scratch = scratch
        self.name = own_name()
        self.pace = Pace(seconds)
        self._checked: dict[int, bool] = {}  # whether a Firework is of a workflow that is worked on here
        self._given_up: set[int] = set()  # of workflows that made FireWorks fail in an unforeseen way
        self._last_recovery = 0.0

    def work(self) -> int:
        """Work until nothing can run and nobody runs anything that could add more, or the time is nearly over.

        Return how many Fireworks ran.
        """
        count, pause = 0, _FIRST_PAUSE_S
        while self.pace.allows_another():
            if self._run_one():
                count, pause = count + 1, _FIRST_PAUSE_S
            elif self._others_run():
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                break
        return count

    def _run_one(self) -> bool:
        from fireworks import FWorker
        from fireworks.core.rocket_launcher import launch_rocket

        ready = self._ready_ids()
        if not ready:
            return False
        fworker = FWorker(name=self.name, query={"fw_id": {"$in": ready}})
        # Some calculators write into the working directory, and FireWorks reads an FWAction.json that it finds there.
        with tempfile.TemporaryDirectory(dir=self.scratch) as directory:
            os.chdir(directory)
            try:
                with self.pace.timing():
                    return bool(launch_rocket(self.launchpad, fworker, strm_lvl="WARNING"))
            except Exception as error:
                self._go_on_after(error, ready)
                return True
            finally:
                os.chdir(self.scratch)

    def _go_on_after(self, error: Exception, ready: Sequence[int]) -> None:
        """Log an error that came out of FireWorks, and take no more of the workflow that it comes from.

        Raises
        ------
        Exception
            The error itself, when it is of the store or the machine, and not of one workflow.
        """
        foreign = foreign_task_behind(error)
        if foreign is not None:
            logger.warning("%s", foreign)  # it came into the workflow since that was looked through
            self._checked.clear()
            return
        if isinstance(error, OSError | sqlite3.Error | MemoryError) or is_outage(error):
            raise error
        culprits = self._left_under_way(ready)
        logger.error("Firework %s is left alone, after an error:", culprits, exc_info=error)
        for fw_id in culprits:
            workflow = self.launchpad.workflows.find_one({"nodes": fw_id}) or {}
            self._given_up |= {fw_id, *nodes_in(workflow)}

    def _left_under_way(self, ready: Sequence[int]) -> list[int]:
        """Return what of these Fireworks was begun here and is not over; all of them where that cannot be told."""
        launches = self.launchpad.launches.find({"fworker.name": self.name, "state": "RUNNING"}, {"fw_id": 1})
        begun = {launch.get("fw_id") for launch in launches if is_id(launch.get("fw_id"))}
        query = {"fw_id": {"$in": list(ready)}, "state": "RESERVED"}
        reserved = {one["fw_id"] for one in self.launchpad.fireworks.find(query, {"fw_id": 1})}
        return sorted(fw_id for fw_id in ready if fw_id in begun or fw_id in reserved) or list(ready)

    def _ready_ids(self) -> list[int]:
        ready = self.launchpad.fireworks.find(self._takeable(), {"fw_id": 1})
        return [fw_id for document in ready if self._may_run(fw_id := document.get("fw_id"))]

    def _takeable(self) -> dict[str, Any]:
        """Return the query for what is ready and not meant for another worker."""
        return {**scope(self.launchpad, self.workflow_of), "state": "READY", **for_worker(self.name)}

    def _may_run(self, fw_id: Any) -> bool:
        if not is_id(fw_id) or fw_id in self._given_up:
            return False
        if fw_id not in self._checked:
            workflow = self.launchpad.workflows.find_one({"nodes": fw_id})
            if workflow is None:  # not yet or never written; FireWorks would wait for it for minutes
                return False
            # A malformed one may name Fireworks of others.
            ours, sound = self._is_ours(workflow), fault_of_workflow(workflow) is None
            self._checked.update(dict.fromkeys([fw_id, *(workflow["nodes"] if sound else ())], ours))
        return self._checked[fw_id]

    def _is_ours(self, workflow: dict[str, Any]) -> bool:
        """Return whether a workflow can be read and has no tasks that may not run; warn if not."""
        fault = find_fault(self.launchpad, workflow)
        if fault is not None:
            leave_workflow_alone(workflow, fault)
            return False
        foreign = foreign_tasks_of_workflow(self.launchpad, workflow["nodes"])
        if foreign:
            logger.warning("workflow %s is left alone: %s not allowed", name_of(workflow), ", ".join(foreign))
        return not foreign

    def _check_own_ends(self) -> None:
        """End this worker, which runs nothing now, if a launch of its own seems to run.

        FireWorks takes an error of the store for one of the results, and goes on. Nobody would touch what seems to run
        in a living worker; of one that ended it is made ready again.

        Raises
        ------
        EndNotNotedError
            There is one, on a server.
        RuntimeError
            There is one in an embedded store, which does not come back by itself.
        """
        query = {"fworker.name": self.name, "state": "RUNNING"}
        launches = self.launchpad.launches.find(query, {"fw_id": 1})
        begun = {launch.get("fw_id") for launch in launches if is_id(launch.get("fw_id"))}
        if begun - self._given_up:
            kind = RuntimeError if str(self.launchpad.host).startswith(SCHEME) else EndNotNotedError
            raise kind(f"the end of Fireworks {sorted(begun - self._given_up)} could not be noted")

    def _others_run(self) -> bool:
        self._check_own_ends()
        # While a workflow is brought up to date it is locked, and for a moment none of it may be ready or run. What is
        # added in that time is seen by the second look.
        if not (self._some_is_under_way() or self._some_is_locked() or self._some_is_under_way()):
            return False
        if time.monotonic() - self._last_recovery > _RECOVERY_INTERVAL_S:  # a colleague may have died
            recover(self.launchpad, wait=False)
            self._last_recovery = time.monotonic()
        return True

    def _some_is_under_way(self) -> bool:
        if self._ready_ids():
            return True
        query = {**scope(self.launchpad, self.workflow_of), "state": {"$in": ["RUNNING", "RESERVED"]}}
        others = self.launchpad.fireworks.find(query, {"fw_id": 1})
        # What is left alone here is not waited for either.
        return any(self._may_run(other.get("fw_id")) for other in others)

    def _some_is_locked(self) -> bool:
        only = {} if self.workflow_of is None else {"nodes": self.workflow_of}
        locked = self.launchpad.workflows.find({**only, "locked": {"$exists": True}})
        return any(fault_of_workflow(workflow) is None for workflow in locked)


def _die_with_parent(descriptor: int, scratch: Path) -> None:
    """End this process when the other end of the pipe closes, which it does however the parent ends."""

    def wait() -> None:
        os.read(descriptor, 1)
        shutil.rmtree(scratch, ignore_errors=True)
        if os.getsid(0) == os.getpid():  # what a calculator started goes with it
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class _WithoutPasswords(logging.Formatter):
    """Takes the passwords out of the addresses in messages and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return redacted(super().format(record))


def _log_without_passwords() -> None:
    """Send messages and tracebacks to standard error, which is the log, without the passwords in addresses."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.INFO)  # FireWorks sets its own loggers to DEBUG
    handler.setFormatter(_WithoutPasswords("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(is_for_people)
    logging.basicConfig(handlers=[handler])
    logging.getLogger("amalgamics").setLevel(logging.INFO)
    sys.excepthook = lambda *error: sys.stderr.write(redacted("".join(traceback.format_exception(*error))))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the arguments of :func:`~amalgamics.workflows.engine.launching.launch_workers` and work."""
    parser = argparse.ArgumentParser(prog="amalgamics worker")
    parser.add_argument("--workflow-of", type=int)
    parser.add_argument("--parent-pipe", type=int, required=True)
    parser.add_argument("--scratch", type=Path, required=True, help="existing directory, not needed afterwards")
    parser.add_argument("--seconds", type=float, help="how long it may work")
    options = parser.parse_args(arguments)
    restrict()
    _log_without_passwords()
    _die_with_parent(options.parent_pipe, options.scratch)
    launchpad = open_launchpad(os.environ.pop(LAUNCHPAD_VARIABLE))  # what a task starts need not know it
    worker = Worker(launchpad, options.workflow_of, options.scratch, options.seconds)
    try:
        notes = DynamicsNotes(options.scratch, worker.name)
        with beating(launchpad, worker.name), told_of_steps(notes), job_log(launchpad) as log:
            log.watch_launches()
            worker.work()
    except Exception as error:
        if not is_outage(error):
            raise
        logger.warning("this worker ends, as the LaunchPad went away (%s)", type(error).__name__)
        sys.exit(SERVER_AWAY)
    if not worker.pace.allows_another():
        sys.exit(OUT_OF_TIME)


if __name__ == "__main__":
    main()
