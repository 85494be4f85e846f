"""Worker processes over a LaunchPad, watched from the process that starts them."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...calculators.threads import available_cores, choose_layout, thread_environment
from ...errors import InputError
from .allowed_tasks import OWN_TASKS, foreign_tasks_of_workflow, is_gone
from .damage import OVER
from .embedded_store import SCHEME, store_path
from .job_log import job_log, note_stopped
from .launchpad import launchpad_settings, open_launchpad
from .reading import Failure, failures, scope
from .recovery import RecoveryReport, recover

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

_TICK_S = 0.3
_STOP_TIMEOUT_S = 5
# A worker that dies is replaced, but not for ever: it may be its work that kills it.
_MOST_DEATHS = 3


class ForeignTaskError(InputError):
    """A workflow has tasks that may not run."""


def launch_workers(
    url: str,
    *,
    n_workers: int | None = None,
    workflow_of: int | None = None,
    on_tick: Callable[[], None] | None = None,
    log_file: Path | None = None,
    allow: Sequence[str] = (),
) -> None:
    """Work through a LaunchPad with up to ``n_workers`` processes, until nothing is left that can run.

    The first worker starts at once, others when there is more ready than the present ones take. The cores are shared
    out between ``n_workers``. Workers end with this process, however it ends.

    Parameters
    ----------
    url
        The LaunchPad.
    n_workers
        Most worker processes at a time; by default one for each core, fewer when there is little memory.
    workflow_of
        Id of a Firework whose workflow to work on; None for everything.
    on_tick
        Called a few times a second while workers run.
    log_file
        Where the workers' messages go; by default ``workers.log`` beside an embedded store, else a temporary file.
    allow
        Prefixes of tasks that may run besides our own.

    Raises
    ------
    ForeignTaskError
        The workflow asked for has tasks that may not run; without ``workflow_of`` such workflows are passed over.
    RuntimeError
        Workers died again and again; the message has the end of their log.
    """
    n_workers = n_workers or choose_layout(available_cores()).workers
    launchpad = open_launchpad(url)
    refused = _refused(launchpad, workflow_of, (OWN_TASKS, *allow))
    with contextlib.ExitStack() as stack:
        stack.enter_context(job_log(launchpad))
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="amalgamics-", ignore_cleanup_errors=True))
        log = _open_log(stack, url, log_file, Path(scratch))
        crew = _Crew(url, n_workers, workflow_of, log, allow, scratch)
        stack.callback(_stop_and_tidy, crew, launchpad, allow)
        crew.start_one()
        while crew.alive():
            if on_tick:
                on_tick()
            crew.wait(_TICK_S)
            died = crew.take_dead()
            if died:
                note_stopped(launchpad, died, "its worker died")
                recover(launchpad, allow=allow)
            if crew.deaths > _MOST_DEATHS:
                raise RuntimeError(f"worker processes died {crew.deaths} times; the last messages:\n{_tail(log)}")
            if died or (crew.size() < n_workers and crew.mature()):
                ready = {"$and": [scope(launchpad, workflow_of), {"state": "READY", "fw_id": {"$nin": refused}}]}
                if launchpad.fireworks.find_one(ready, {"fw_id": 1}) is not None:
                    crew.start_one()


def work_through(
    url: str,
    *,
    n_workers: int | None = None,
    workflow_of: int | None = None,
    on_repair: Callable[[RecoveryReport], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> list[Failure]:
    """Repair what a killed run left behind, work until nothing is left that can run, and return what failed.

    Parameters
    ----------
    url, n_workers, workflow_of, on_tick
        As for :func:`launch_workers`.
    on_repair
        Told before the work begins what was repaired.
    """
    launchpad = open_launchpad(url)
    with job_log(launchpad):
        repaired = recover(launchpad)
    if on_repair:
        on_repair(repaired)
    launch_workers(url, n_workers=n_workers, workflow_of=workflow_of, on_tick=on_tick)
    return failures(launchpad, workflow_of=workflow_of)


def is_completed(launchpad: LaunchPad, fw_id: int) -> bool:
    """Return whether all Fireworks in the workflow of ``fw_id`` are done."""
    workflow = launchpad.workflows.find_one({"nodes": fw_id}, {"state": 1})
    return bool(workflow and workflow["state"] == "COMPLETED")


def _refused(launchpad: LaunchPad, workflow_of: int | None, allowed: Sequence[str]) -> list[int]:
    """Return the Fireworks of unfinished workflows with foreign tasks; raise if it is the workflow asked for."""
    only = {} if workflow_of is None else {"nodes": workflow_of}
    refused: list[int] = []
    for workflow in launchpad.workflows.find({**only, "state": {"$nin": list(OVER)}}, {"nodes": 1, "name": 1}):
        foreign = foreign_tasks_of_workflow(launchpad, workflow["nodes"], allowed)
        if not foreign:
            continue
        message = f"workflow {workflow['name']!r} has tasks that are not run here: {', '.join(foreign)}"
        if all(map(is_gone, foreign)):
            message = (
                f"workflow {workflow['name']!r} was submitted by an earlier version and cannot go on; submit its input"
                " again, what it computed is in the database and is not computed twice"
            )
        if workflow_of is not None:
            raise ForeignTaskError(message)
        logger.warning("%s; it is left alone", message)
        refused += workflow["nodes"]
    return refused


def _stop_and_tidy(crew: _Crew, launchpad: LaunchPad, allow: Sequence[str]) -> None:
    """Stop what still runs, which it does only when this process is interrupted, and make that ready again."""
    stopped = crew.stop()
    if stopped:
        note_stopped(launchpad, stopped, "stopped with the process that started its worker")
        recover(launchpad, allow=allow)


class _Crew:
    """The worker processes."""

    def __init__(
        self, url: str, most: int, workflow_of: int | None, log: IO[bytes], allow: Sequence[str], scratch: str
    ) -> None:
        self.deaths = 0
        self._processes: list[subprocess.Popen[bytes]] = []
        self._started = 0.0
        self._log = log
        self._read_end, self._write_end = os.pipe()
        host = launchpad_settings(url)["host"]
        self._scratch = scratch
        # -P: files in the user's directory must not stand in for modules of the same name.
        self._command = [sys.executable, "-P", "-m", "amalgamics.workflows.engine.worker", "--launchpad", str(host)]
        self._command += ["--parent-pipe", str(self._read_end)]
        if workflow_of is not None:
            self._command += ["--workflow-of", str(workflow_of)]
        for prefix in allow:
            self._command += ["--allow", prefix]
        # What the user set in the environment wins.
        self._environment = thread_environment(max(1, available_cores() // most)) | os.environ

    def start_one(self) -> None:
        """Start one more worker."""
        process = subprocess.Popen(
            [*self._command, "--scratch", tempfile.mkdtemp(dir=self._scratch)],
            env=self._environment,
            pass_fds=(self._read_end,),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C is for the parent, which then stops its workers
        )
        self._processes.append(process)
        self._started = time.monotonic()

    def alive(self) -> list[subprocess.Popen[bytes]]:
        """Return the workers that have not ended."""
        return [process for process in self._processes if process.poll() is None]

    def size(self) -> int:
        """Return how many workers have not ended."""
        return len(self.alive())

    def mature(self) -> bool:
        """Return whether the youngest worker had the time to take its first Firework."""
        return time.monotonic() - self._started > 2.0

    def take_dead(self) -> list[int]:
        """Return the process ids of the workers that ended badly since the last call."""
        dead = [process for process in self._processes if process.poll() not in (None, 0)]
        self._processes = self.alive()
        self.deaths += len(dead)
        return [process.pid for process in dead]

    def wait(self, seconds: float) -> None:
        """Wait, but not on when the oldest worker ends."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._processes[0].wait(seconds)

    def stop(self) -> list[int]:
        """End the workers, wait until they are gone, and return the process ids of those that there were."""
        stopped = self.alive()
        for process in stopped:
            process.terminate()
        for process in stopped:
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        os.close(self._write_end)
        os.close(self._read_end)
        return [process.pid for process in stopped]


def _open_log(stack: contextlib.ExitStack, url: str, log_file: Path | None, scratch: Path) -> IO[bytes]:
    if log_file is None:
        log_file = (store_path(url) if url.startswith(SCHEME) else scratch) / "workers.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    return stack.enter_context(log_file.open("ab+"))


def _tail(log: IO[bytes], size: int = 2000) -> str:
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - size))
    return log.read().decode(errors="replace")
