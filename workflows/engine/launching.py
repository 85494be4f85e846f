"""Worker processes over a LaunchPad, watched from the process that starts them."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...addresses import with_password_of
from ...calculators.threads import available_cores, choose_layout, thread_environment
from ...files import make_private_directory
from ...permissions import (
    DATABASE_VARIABLE,
    MODULES_VARIABLE,
    PATHS_VARIABLE,
    allowed_code,
    allowed_paths,
    modules_allowed,
)
from ..defaults import LAUNCHPAD_VARIABLE
from .allowed_tasks import ForeignTaskError, foreign_tasks_of_workflow, is_gone
from .document_shapes import (
    OVER,
    MalformedError,
    find_fault,
    is_id,
    leave_workflow_alone,
    name_of,
    nodes_in,
    unreadable,
)
from .job_log import job_log, note_stopped
from .launchpad import absolute_address, embedded_directory, open_launchpad
from .reading import Failure, failures, for_worker, scope
from .recovery import RecoveryReport, recover
from .scratch import scratch_folder
from .server_watch import SERVER_AWAY, is_outage
from .stopping import OUT_OF_TIME, TimeLimit
from .worker_identity import worker_name

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

_TICK_S = 0.3
_STOP_TIMEOUT_S = 5
# A worker that dies is replaced, but not for ever: it may be its work that kills it.
_MOST_DEATHS = 3
_MOST_OUTAGES = 3  # after which what the server's absence made fail stays failed


def launch_workers(
    url: str,
    *,
    n_workers: int | None = None,
    workflow_of: int | None = None,
    on_tick: Callable[[], None] | None = None,
    log_file: Path | None = None,
    allow: Sequence[str] = (),
    allow_paths: Sequence[Path] = (),
    database: str | Path | None = None,
    limit: TimeLimit | None = None,
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
        Modules whose tasks and calculators may be used besides our own and what ``$AMALGAMICS_ALLOW_IMPORT`` names.
    allow_paths
        Files and folders that jobs may use besides the current directory and what ``$AMALGAMICS_ALLOW_PATH`` names.
    database
        The structure database that jobs may use wherever it is.
    limit
        When running work is interrupted and made ready again; its ``reached`` tells afterwards whether any was.

    Raises
    ------
    MalformedError, ForeignTaskError
        The workflow asked for cannot be read, or has tasks that may not run; without ``workflow_of`` such workflows
        are passed over.
    RuntimeError
        Workers died again and again; the message has the end of their log.
    """
    n_workers = n_workers or choose_layout(available_cores()).workers
    limit = limit or TimeLimit()
    with contextlib.ExitStack() as stack:
        stack.enter_context(modules_allowed(allow))
        launchpad = open_launchpad(url)
        stack.enter_context(job_log(launchpad))
        refused = _refused(launchpad, workflow_of)
        scratch = stack.enter_context(scratch_folder())
        log = _open_log(stack, url, log_file, scratch)
        environment = _environment(url, n_workers, allow_paths, database)
        crew = _Crew(workflow_of, log, scratch, environment, limit)
        stack.callback(_stop_and_tidy, crew, launchpad, limit)
        crew.start_one()
        left: set[int] = set()
        while crew.size():
            if on_tick:
                on_tick()
            crew.wait(_TICK_S)
            if limit.is_over():
                limit.reached = True
                return
            before = crew.size()
            died = crew.take_dead()
            ended = before > crew.size() + len(died)
            if died:
                note_stopped(launchpad, died, "its worker died")
                recover(launchpad)
            if crew.deaths > _MOST_DEATHS:
                raise RuntimeError(f"worker processes died {crew.deaths} times; the last messages:\n{_tail(log)}")
            if limit.reached:  # a worker had no time for what there is, so that another would have none
                continue
            if died or ended or (crew.size() < n_workers and crew.mature()):
                ready = _ready(launchpad, workflow_of, refused)
                wanted = ready and (died or not ready <= left)
                # Who ended took what it can: what is still ready then is nothing for workers of here.
                left = ready if ended else left
                if wanted and not (ended and crew.size()):
                    crew.start_one()


def work_through(
    url: str,
    *,
    n_workers: int | None = None,
    workflow_of: int | None = None,
    on_repair: Callable[[RecoveryReport], None] | None = None,
    on_tick: Callable[[], None] | None = None,
    allow: Sequence[str] = (),
    allow_paths: Sequence[Path] = (),
    database: str | Path | None = None,
    limit: TimeLimit | None = None,
) -> list[Failure]:
    """Repair what a killed run left behind, work until nothing is left that can run, and return what failed.

    Parameters
    ----------
    url, n_workers, workflow_of, on_tick, allow, allow_paths, database, limit
        As for :func:`launch_workers`.
    on_repair
        Told before the work begins what was repaired.
    """
    launchpad = open_launchpad(url)
    with job_log(launchpad):
        repaired = recover(launchpad, allow=allow)
    if on_repair:
        on_repair(repaired)
    before = {failure.fw_id for failure in failures(launchpad, workflow_of=workflow_of)}
    for _ in range(_MOST_OUTAGES):
        launch_workers(
            url,
            n_workers=n_workers,
            workflow_of=workflow_of,
            on_tick=on_tick,
            allow=allow,
            allow_paths=allow_paths,
            database=database,
            limit=limit,
        )
        if not _made_ready_after_outage(launchpad, workflow_of, before, allow):
            break
    return failures(launchpad, workflow_of=workflow_of)


def _made_ready_after_outage(
    launchpad: LaunchPad, workflow_of: int | None, before: set[int], allow: Sequence[str]
) -> int:
    """Make ready again what failed only because the server went away meanwhile; return how many."""
    failed = failures(launchpad, workflow_of=workflow_of)
    lost = [one.fw_id for one in failed if one.fw_id not in before and is_outage(one.message)]
    with modules_allowed(allow):
        for fw_id in lost:
            launchpad.rerun_fw(fw_id)
    return len(lost)


def is_completed(launchpad: LaunchPad, fw_id: int) -> bool:
    """Return whether all Fireworks in the workflow of ``fw_id`` are done."""
    workflow = launchpad.workflows.find_one({"nodes": fw_id}, {"state": 1})
    return bool(workflow and workflow.get("state") == "COMPLETED")


def _refused(launchpad: LaunchPad, workflow_of: int | None) -> list[int]:
    """Return the Fireworks of unfinished workflows that are left alone; raise if it is the workflow asked for."""
    only = {} if workflow_of is None else {"nodes": workflow_of}
    refused: list[int] = []
    for workflow in list(launchpad.workflows.find({**only, "state": {"$nin": list(OVER)}})):
        fault = find_fault(launchpad, workflow)
        if fault is not None:
            if workflow_of is not None:
                raise MalformedError(unreadable(workflow, fault))
            leave_workflow_alone(workflow, fault)
            refused += nodes_in(workflow)
            continue
        foreign = foreign_tasks_of_workflow(launchpad, workflow["nodes"])
        if not foreign:
            continue
        message = f"workflow {name_of(workflow)} has tasks that are not run here: {', '.join(foreign)}"
        if all(map(is_gone, foreign)):
            message = (
                f"workflow {name_of(workflow)} was submitted by an earlier version and cannot go on; submit its input"
                " again, what it computed is in the database and is not computed twice"
            )
        if workflow_of is not None:
            raise ForeignTaskError(message)
        logger.warning("%s; it is left alone", message)
        refused += workflow["nodes"]
    return refused


def _ready(launchpad: LaunchPad, workflow_of: int | None, refused: Sequence[int]) -> set[int]:
    """Return the Fireworks that are ready for workers of here."""
    of_here = {"state": "READY", "fw_id": {"$nin": list(refused)}}
    query = {"$and": [scope(launchpad, workflow_of), of_here, for_worker()]}
    documents = launchpad.fireworks.find(query, {"fw_id": 1})
    return {fw_id for document in documents if is_id(fw_id := document.get("fw_id"))}


def _stop_and_tidy(crew: _Crew, launchpad: LaunchPad, limit: TimeLimit) -> None:
    """Stop what still runs, because the time is over or this process interrupted, and make it ready again."""
    stopped = crew.stop()
    if not stopped:
        return
    note_stopped(launchpad, stopped, "stopped with the process that started its worker, or for want of time")
    running = launchpad.launches.find({"fworker.name": {"$in": stopped}, "state": "RUNNING"}, {"fw_id": 1})
    fireworks = launchpad.fireworks.find({"fw_id": {"$in": [launch.get("fw_id") for launch in running]}}, {"name": 1})
    limit.interrupted = sorted(str(document.get("name")) for document in fireworks)
    recover(launchpad)


def _environment(url: str, n_workers: int, allow_paths: Sequence[Path], database: str | Path | None) -> dict[str, str]:
    """Return the environment of the workers: what they need to know, which others cannot read there."""
    # What the user set in the environment wins.
    environment = thread_environment(max(1, available_cores() // n_workers)) | os.environ
    paths = [Path.cwd(), *allow_paths, *allowed_paths()]
    if database is not None:
        environment[DATABASE_VARIABLE] = with_password_of(str(database), os.environ.get(DATABASE_VARIABLE))
    environment[LAUNCHPAD_VARIABLE] = absolute_address(url)
    environment[MODULES_VARIABLE] = ",".join(allowed_code())
    environment[PATHS_VARIABLE] = os.pathsep.join(str(path.expanduser().resolve()) for path in paths)
    return environment


class _Crew:
    """The worker processes."""

    def __init__(
        self, workflow_of: int | None, log: IO[bytes], scratch: Path, environment: dict[str, str], limit: TimeLimit
    ) -> None:
        self.deaths = 0
        self._processes: dict[subprocess.Popen[bytes], str] = {}  # that have not been seen to end, with their names
        self._started = 0.0
        self._log = log
        self._limit = limit
        self._read_end, self._write_end = os.pipe()
        self._scratch = scratch
        # -P: files in the user's directory must not stand in for modules of the same name.
        self._command = [sys.executable, "-P", "-m", "amalgamics.workflows.engine.worker"]
        self._command += ["--parent-pipe", str(self._read_end)]
        if workflow_of is not None:
            self._command += ["--workflow-of", str(workflow_of)]
        self._environment = environment

    def start_one(self) -> None:
        """Start one more worker."""
        left = self._limit.left_s()
        timed = [] if left is None else ["--seconds", f"{left:.3f}"]
        process = subprocess.Popen(
            [*self._command, *timed, "--scratch", tempfile.mkdtemp(dir=self._scratch)],
            env=self._environment,
            pass_fds=(self._read_end,),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C is for the parent, which then stops its workers
        )
        self._processes[process] = worker_name(process.pid)
        self._started = time.monotonic()

    def size(self) -> int:
        """Return how many workers have not been seen to end."""
        return len(self._processes)

    def mature(self) -> bool:
        """Return whether the youngest worker had the time to take its first Firework."""
        return time.monotonic() - self._started > 2.0

    def take_dead(self) -> list[str]:
        """Return the names of the workers that ended badly since the last call."""
        ended = [process for process in self._processes if process.poll() is not None]
        names = {process: self._processes.pop(process) for process in ended}
        dead = [names[process] for process in ended if process.returncode not in (0, OUT_OF_TIME)]
        self._limit.reached |= any(process.returncode == OUT_OF_TIME for process in ended)
        self.deaths += sum(process.returncode not in (0, OUT_OF_TIME, SERVER_AWAY) for process in ended)
        return dead

    def wait(self, seconds: float) -> None:
        """Wait, but not on when the oldest worker ends."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            next(iter(self._processes)).wait(seconds)

    def stop(self) -> list[str]:
        """End the workers with all that they started, wait until they are gone, and return their names."""
        stopped, names = list(self._processes), list(self._processes.values())
        _signal_sessions(stopped, signal.SIGTERM)
        for process in stopped:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_TIMEOUT_S)
        _signal_sessions(stopped, signal.SIGKILL)
        for process in stopped:
            process.wait()
        os.close(self._write_end)
        os.close(self._read_end)
        return names


def _signal_sessions(processes: Sequence[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    """Send a signal to workers and to what their calculators started; each worker leads a session of its own."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _open_log(stack: contextlib.ExitStack, url: str, log_file: Path | None, scratch: Path) -> IO[bytes]:
    if log_file is None:
        log_file = (embedded_directory(url) or scratch) / "workers.log"
    make_private_directory(log_file.parent)
    mode = log_file.parent.stat().st_mode & 0o666  # who may look into the folder may read what happens there
    return stack.enter_context(open(log_file, "ab+", opener=lambda path, flags: os.open(path, flags, mode)))


def _tail(log: IO[bytes], size: int = 2000) -> str:
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - size))
    return log.read().decode(errors="replace")
