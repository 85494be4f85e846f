"""Worker processes over a LaunchPad, watched from the process that starts them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..calculators.threads import THREAD_VARIABLES, available_cores
from .embedded_mongo import SCHEME, store_path
from .launchpad import launchpad_settings, open_launchpad
from .recovery import recover
from .worker import scope

if TYPE_CHECKING:
    from fireworks import LaunchPad

_TICK_S = 0.3
_STOP_TIMEOUT_S = 5
# A worker that dies is replaced, but not for ever: it may be its work that kills it.
_MOST_DEATHS = 3


@dataclass(frozen=True)
class Failure:
    """A Firework that failed: its name, what it said last, and the whole traceback."""

    fw_id: int
    name: str
    message: str
    traceback: str


def launch_workers(
    url: str,
    *,
    n_workers: int,
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
        Most worker processes at a time.
    workflow_of
        Id of a Firework whose workflow to work on; None for everything.
    on_tick
        Called a few times a second while workers run.
    log_file
        Where the workers' messages go; by default ``workers.log`` beside an embedded store; nowhere that
        lasts for MongoDB.
    allow
        Prefixes of tasks that may run besides our own.

    Raises
    ------
    RuntimeError
        Workers died again and again; the message has the end of their log.
    """
    launchpad = open_launchpad(url)
    with contextlib.ExitStack() as stack:
        log = _open_log(stack, url, log_file)
        crew = _Crew(url, n_workers, workflow_of, log, allow)
        stack.callback(crew.stop)
        crew.start_one()
        while crew.alive():
            if on_tick:
                on_tick()
            time.sleep(_TICK_S)
            died = crew.take_dead()
            if died:
                recover(launchpad)
            if crew.deaths > _MOST_DEATHS:
                raise RuntimeError(f"worker processes died {crew.deaths} times; the last messages:\n{_tail(log)}")
            if died or len(crew.alive()) < n_workers:
                ready = launchpad.fireworks.find_one({**scope(launchpad, workflow_of), "state": "READY"}, {"fw_id": 1})
                if ready is not None and (died or crew.mature()):
                    crew.start_one()


class _Crew:
    """The worker processes."""

    def __init__(self, url: str, size: int, workflow_of: int | None, log: IO[bytes], allow: Sequence[str]) -> None:
        self.deaths = 0
        self._processes: list[subprocess.Popen[bytes]] = []
        self._started = 0.0
        self._log = log
        self._read_end, self._write_end = os.pipe()
        host = launchpad_settings(url)["host"]
        self._command = [sys.executable, "-m", "amalgamics.workflows.worker", "--launchpad", str(host)]
        self._command += ["--parent-pipe", str(self._read_end)]
        if workflow_of is not None:
            self._command += ["--workflow-of", str(workflow_of)]
        for prefix in allow:
            self._command += ["--allow", prefix]
        threads = str(max(1, available_cores() // size))
        self._environment = os.environ | {name: os.environ.get(name, threads) for name in THREAD_VARIABLES}

    def start_one(self) -> None:
        """Start one more worker."""
        process = subprocess.Popen(
            self._command,
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

    def mature(self) -> bool:
        """Return whether the youngest worker had the time to take its first Firework."""
        return time.monotonic() - self._started > 2.0

    def take_dead(self) -> int:
        """Return how many workers ended badly since the last call."""
        dead = [process for process in self._processes if process.poll() not in (None, 0)]
        self._processes = self.alive()
        self.deaths += len(dead)
        return len(dead)

    def stop(self) -> None:
        """End the workers, and wait until they are gone."""
        for process in self.alive():
            process.terminate()
        for process in self._processes:
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        os.close(self._write_end)
        os.close(self._read_end)


def _open_log(stack: contextlib.ExitStack, url: str, log_file: Path | None) -> IO[bytes]:
    if log_file is None and url.startswith(SCHEME):
        log_file = store_path(url) / "workers.log"
    if log_file is None:
        return stack.enter_context(tempfile.TemporaryFile())
    log_file.parent.mkdir(parents=True, exist_ok=True)
    return stack.enter_context(log_file.open("ab+"))


def _tail(log: IO[bytes], size: int = 2000) -> str:
    end = log.seek(0, os.SEEK_END)
    log.seek(max(0, end - size))
    return log.read().decode(errors="replace")


def failures(launchpad: LaunchPad, *, workflow_of: int | None = None) -> list[Failure]:
    """Return the Fireworks that failed, in one workflow or in all."""
    found = []
    for firework in launchpad.fireworks.find({**scope(launchpad, workflow_of), "state": "FIZZLED"}):
        launch: dict[str, Any] = (
            launchpad.launches.find_one({"launch_id": {"$in": firework["launches"]}}, sort=[("launch_id", -1)]) or {}
        )
        stored = (launch.get("action") or {}).get("stored_data", {})
        text = stored.get("_exception", {}).get("_stacktrace", "") or "no traceback was stored"
        lines = text.strip().splitlines()
        found.append(Failure(firework["fw_id"], firework["name"], lines[-1], text))
    return found
