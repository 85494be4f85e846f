"""The log of a job: a line of JSON for whatever happens to one of its steps, in ``log.jsonl`` beside its report.

Several processes on several hosts append to one file: each line is short and written at once, with the file locked,
so that no line tears another and the file is turned over once when it is full. A log must never break the work: when
it cannot be written, it ends with one warning. No password gets into it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...addresses import redacted
from ...permissions import check_path
from ..output_folder import report_folder
from .document_shapes import fault_of_workflow
from .embedded_store import SCHEME, store_path

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

LOG_NAME = "log.jsonl"
MOST_BYTES = 2_000_000
KEPT = 3
"""How many full files are kept: ``log.jsonl.1``, the newest of them, to ``log.jsonl.3``."""
_LONGEST_MESSAGE = 2000
_LOCK_TRIES, _LOCK_PAUSE_S = 50, 0.02
_PACKAGE = "amalgamics"


@dataclass(frozen=True)
class LoggedStep:
    """A step of a job, as its log names it, and the file of that log."""

    file: Path
    workflow: str
    workflow_id: int
    fw_id: int
    name: str


def step_of(launchpad: Any, fw_id: int) -> LoggedStep | None:
    """Return the step of a Firework; None where it is part of no job of this package."""
    workflow = launchpad.workflows.find_one({"nodes": fw_id})
    firework = launchpad.fireworks.find_one({"fw_id": fw_id}, {"name": 1}) or {}
    if workflow is None or fault_of_workflow(workflow) is not None:
        return None
    file = log_file(workflow, str(getattr(launchpad, "host", "")))
    if file is None:
        return None
    return LoggedStep(file, str(workflow.get("name")), min(workflow["nodes"]), fw_id, str(firework.get("name")))


def log_file(workflow: dict[str, Any], launchpad_host: str) -> Path | None:
    """Return where this machine logs a workflow; None for one of another program.

    Beside its report, where this machine sees the place of that: its folder, or the one that it will be made in.
    Else, on a host without that file system, in a folder of this host, as :func:`own_log_file` says.

    Raises
    ------
    NotAllowedError
        The workflow names a folder that this process may not use.
    """
    folder = _output_folder(workflow)
    if folder is None:
        return None
    check_path(folder, "output")
    if folder.is_dir() or folder.parent.is_dir():
        return folder / LOG_NAME
    return own_log_file(workflow, launchpad_host)


def log_files(workflow: dict[str, Any], launchpad_host: str) -> list[Path]:
    """Return the files that hold the log of a workflow, as far as this machine sees them, the oldest first."""
    folder = None if fault_of_workflow(workflow) is not None else _output_folder(workflow)
    if folder is None:
        return []
    names = [folder / LOG_NAME, own_log_file(workflow, launchpad_host)]
    every = [_turned(file, number) if number else file for file in names for number in range(KEPT, -1, -1)]
    return [file for file in every if file.is_file()]


def own_log_file(workflow: dict[str, Any], launchpad_host: str) -> Path:
    """Return where a host logs that does not see the folder of the report.

    In ``logs`` of an embedded LaunchPad's directory, else of ``$XDG_STATE_HOME/amalgamics``, which is
    ``~/.local/state/amalgamics`` unless set.
    """
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "amalgamics"
    root = store_path(launchpad_host) if launchpad_host.startswith(SCHEME) else state
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", str(workflow.get("name")))[:60]
    return root / "logs" / f"{name}-{min(workflow['nodes'])}.jsonl"


def _output_folder(workflow: dict[str, Any]) -> Path | None:
    metadata = workflow.get("metadata") or {}
    if not (isinstance(metadata.get("output"), str) and isinstance(metadata.get("potential"), str)):
        return None
    return report_folder(Path(metadata["output"]), metadata["potential"])


class JobLog(logging.Handler):
    """Writes what this package logs into the logs of the jobs concerned.

    A record belongs to the Firework of its ``fw_id``, else to the one that this process runs; others are passed over.

    Parameters
    ----------
    launchpad
        In which the jobs are.
    """

    def __init__(self, launchpad: LaunchPad) -> None:
        super().__init__(logging.INFO)
        self._launchpad = launchpad
        self._current: LoggedStep | None = None
        self._begun = 0.0
        self._broken = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, unless the log has ended; nothing that goes wrong here reaches the work."""
        if self._broken:
            return
        try:
            step = self._step(record)
            if step is not None:
                append(step.file, _line(record, step))
        except OSError as error:
            self._broken = True
            logger.warning("the log of the job ends here: %s", error)
        except Exception as error:  # a LaunchPad that does not answer is told of by those who need it
            logger.debug("not logged: %s", error)

    def _step(self, record: logging.LogRecord) -> LoggedStep | None:
        fw_id = getattr(record, "fw_id", None)
        if fw_id is None or (self._current is not None and fw_id == self._current.fw_id):
            return self._current
        return step_of(self._launchpad, fw_id)

    def watch_launches(self) -> None:
        """From now on, log each Firework that the LaunchPad hands out to this process, and how it ends."""
        check_out, complete = self._launchpad.checkout_fw, self._launchpad.complete_launch

        def logged_check_out(*arguments: Any, **options: Any) -> Any:
            firework, launch_id = check_out(*arguments, **options)
            if firework is not None:
                with contextlib.suppress(Exception):
                    self._current = step_of(self._launchpad, firework.fw_id)
                self._begun = time.perf_counter()
                logger.info("started", extra={"event": "started", "fw_id": firework.fw_id})
            return firework, launch_id

        def logged_complete(launch_id: int, action: Any = None, state: str = "COMPLETED") -> Any:
            answer = complete(launch_id, action, state)
            seconds = time.perf_counter() - self._begun
            if state == "COMPLETED":
                logger.info("finished", extra={"event": "finished", "seconds": seconds})
            else:
                logger.error(_reason(action), extra={"event": "failed", "seconds": seconds})
            self._current = None
            return answer

        self._launchpad.checkout_fw, self._launchpad.complete_launch = logged_check_out, logged_complete


def _reason(action: Any) -> str:
    stored = getattr(action, "stored_data", None) or {}
    text = str((stored.get("_exception") or {}).get("_stacktrace") or "").strip()
    return text.splitlines()[-1] if text else "failed"


@contextlib.contextmanager
def job_log(launchpad: LaunchPad) -> Iterator[JobLog]:
    """Keep the logs of jobs while the block runs."""
    handler, root = JobLog(launchpad), logging.getLogger(_PACKAGE)
    level = root.level
    root.addHandler(handler)
    root.setLevel(min(level, logging.INFO) if level else logging.INFO)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def is_for_people(record: logging.LogRecord) -> bool:
    """Return whether a record belongs into ``workers.log``: events of steps are in the log of their job."""
    return not hasattr(record, "event")


def note_stopped(launchpad: LaunchPad, workers: Iterable[str], why: str) -> None:
    """Log for each Firework that runs in one of these workers that it was stopped."""
    query = {"state": "RUNNING", "fworker.name": {"$in": list(workers)}}
    for launch in launchpad.launches.find(query, {"fw_id": 1}):
        logger.info(why, extra={"event": "stopped", "fw_id": launch.get("fw_id")})


def _line(record: logging.LogRecord, step: LoggedStep) -> bytes:
    message = redacted(record.getMessage())
    if record.exc_info and record.exc_info[1]:
        message += f" ({redacted(repr(record.exc_info[1]))})"
    seconds = getattr(record, "seconds", None)
    content = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": getattr(record, "event", "message"),
        "workflow": step.workflow,
        "workflow_id": step.workflow_id,
        "fw_id": step.fw_id,
        "step": redacted(step.name)[:300],
        "seconds": None if seconds is None else round(float(seconds), 3),
        "worker": f"{socket.gethostname()}:{record.process}",
        "message": message[:_LONGEST_MESSAGE],
    }
    line = json.dumps(content)
    while len(line) > 4000:  # escapes take more room than what they stand for
        content["message"] = str(content["message"])[: len(str(content["message"])) // 2]
        line = json.dumps(content)
    return f"{line}\n".encode()


def append(file: Path, line: bytes) -> None:
    """Append a line to a log that other processes append to as well, and turn the file over when it is full.

    Raises
    ------
    OSError
        It cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(_LOCK_TRIES):
        # Not through a link, which somebody may have laid to a file elsewhere.
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            locked = _lock(descriptor)
            if locked and not _is_still(file, descriptor):
                continue  # turned over between opening and locking
            if locked and os.fstat(descriptor).st_size + len(line) > MOST_BYTES:
                _turn_over(file)
                continue
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
            return
        finally:
            os.close(descriptor)
    raise OSError(errno.EAGAIN, "the file is replaced again and again", str(file))


def _lock(descriptor: int) -> bool:
    """Lock a log for a moment; where that is not possible, its lines are short enough to be appended without."""
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            time.sleep(_LOCK_PAUSE_S)
        except OSError:
            return False
        else:
            return True
    return False


def _is_still(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _turned(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}.{number}")


def _turn_over(file: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            _turned(file, number).replace(_turned(file, number + 1))
    file.replace(_turned(file, 1))


def read_log(files: Iterable[Path], most: int) -> list[dict[str, Any]]:
    """Return the last entries of the files of a log, the oldest first; what is no entry is passed over."""
    found = []
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and isinstance(entry.get("time"), str):
                        found.append(entry)
    return sorted(found, key=lambda entry: entry["time"])[-most:]
