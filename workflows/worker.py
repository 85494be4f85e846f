"""A worker process: takes Fireworks from a LaunchPad until nothing is left to do.

Started by :func:`~amalgamics.workflows.launching.launch_workers` as ``python -m amalgamics.workflows.worker``.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .launchpad import open_launchpad
from .recovery import recover
from .worker_identity import own_name, register, unregister

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

OWN_TASKS = "amalgamics."
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


def foreign_tasks(spec: Any, allowed: Sequence[str] = (OWN_TASKS,)) -> list[str]:
    """Return the tasks and serialised classes of a Firework's spec that are not ours.

    FireWorks imports whatever module a spec names as soon as it reads it, so this looks at the raw document.
    """
    found: list[str] = []
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in {"_fw_name", "@module"}:
                name = str(value).strip("{}")
                if not any(name.startswith(prefix) for prefix in allowed):
                    found.append(name)
            else:
                found += foreign_tasks(value, allowed)
    elif isinstance(spec, list | tuple):
        for value in spec:
            found += foreign_tasks(value, allowed)
    return found


def scope(launchpad: LaunchPad, workflow_of: int | None) -> dict[str, Any]:
    """Return the query for the Fireworks of one workflow as it is now, or for all of them."""
    if workflow_of is None:
        return {}
    workflow = launchpad.workflows.find_one({"nodes": workflow_of}, {"nodes": 1})
    return {"fw_id": {"$in": workflow["nodes"] if workflow else []}}


class Worker:
    """Runs Fireworks one after the other.

    Parameters
    ----------
    launchpad
        Where the Fireworks are.
    workflow_of
        Id of a Firework whose workflow to work on; None for everything.
    allowed
        Prefixes of the tasks that may run.
    """

    def __init__(self, launchpad: LaunchPad, workflow_of: int | None, allowed: Sequence[str]) -> None:
        self.launchpad = launchpad
        self.workflow_of = workflow_of
        self.allowed = allowed
        self.name = own_name()
        self._checked: dict[int, bool] = {}

    def work(self) -> int:
        """Work until nothing can run and nobody runs anything that could add more; return how many Fireworks ran."""
        count, pause = 0, _FIRST_PAUSE_S
        while True:
            if self._run_one():
                count, pause = count + 1, _FIRST_PAUSE_S
            elif self._others_run():
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                return count

    def _run_one(self) -> bool:
        from fireworks import FWorker
        from fireworks.core.rocket_launcher import launch_rocket

        ready = self._ready_ids()
        if not ready:
            return False
        fworker = FWorker(name=self.name, query={"fw_id": {"$in": ready}})
        return bool(launch_rocket(self.launchpad, fworker, strm_lvl="WARNING"))

    def _ready_ids(self) -> list[int]:
        query = {**scope(self.launchpad, self.workflow_of), "state": "READY"}
        known = [document["fw_id"] for document in self.launchpad.fireworks.find(query, {"fw_id": 1})]
        new = [fw_id for fw_id in known if fw_id not in self._checked]
        for document in self.launchpad.fireworks.find({"fw_id": {"$in": new}}, {"fw_id": 1, "spec": 1}) if new else ():
            foreign = foreign_tasks(document["spec"], self.allowed)
            if foreign:
                logger.warning("Firework %s is left alone: %s is not ours", document["fw_id"], ", ".join(foreign))
            self._checked[document["fw_id"]] = not foreign
        return [fw_id for fw_id in known if self._checked.get(fw_id)]

    def _others_run(self) -> bool:
        query = {**scope(self.launchpad, self.workflow_of), "state": {"$in": ["RUNNING", "RESERVED"]}}
        if self.launchpad.fireworks.find_one(query, {"fw_id": 1}) is None:
            return False
        recover(self.launchpad)  # a colleague may have died
        return True


def _die_with_parent(descriptor: int) -> None:
    """End this process when the other end of the pipe closes, which it does however the parent ends."""

    def wait() -> None:
        os.read(descriptor, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the arguments of :func:`~amalgamics.workflows.launching.launch_workers` and work."""
    parser = argparse.ArgumentParser(prog="amalgamics worker")
    parser.add_argument("--launchpad", required=True)
    parser.add_argument("--workflow-of", type=int)
    parser.add_argument("--parent-pipe", type=int)
    parser.add_argument("--allow", action="append", default=[])
    options = parser.parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setLevel(logging.INFO)  # FireWorks sets its own loggers to DEBUG
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if options.parent_pipe is not None:
        _die_with_parent(options.parent_pipe)
    launchpad = open_launchpad(options.launchpad)
    worker = Worker(launchpad, options.workflow_of, [OWN_TASKS, *options.allow])
    register(launchpad, worker.name)
    try:
        # Some calculators write into the working directory.
        with tempfile.TemporaryDirectory(prefix="amalgamics-") as directory:
            os.chdir(directory)
            worker.work()
            os.chdir(os.path.dirname(directory))  # noqa: PTH120
    finally:
        unregister(launchpad, worker.name)


if __name__ == "__main__":
    main()
