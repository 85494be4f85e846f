"""Pilot workers into the queue of a batch system, by FireWorks' own queue launcher."""

from __future__ import annotations

import contextlib
import getpass
import logging
import re
import shlex
import shutil
import string
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ...errors import InputError, shown, unknown_name
from ...files import check_writable, usable_path
from ..engine.document_shapes import OVER
from ..engine.stopping import parse_duration
from .settings import JOB_NAME

if TYPE_CHECKING:
    from fireworks import LaunchPad
    from fireworks.user_objects.queue_adapters.common_adapter import CommonAdapter

JOBS_FOLDER = "jobs"
_SYSTEMS = {"SLURM": "sbatch", "PBS": "qsub"}
_TIMEOUT_S = 30
_LOGGERS = ("queue.launcher", "qadapter.SLURM", "qadapter.PBS")


@dataclass(frozen=True)
class QueueFile:
    """A ``slurm.yaml`` or ``pbs.yaml`` that can be used.

    Attributes
    ----------
    path
        The file.
    keys
        What it holds, ``None`` values left out.
    template
        The batch script.
    """

    path: Path
    keys: dict[str, Any]
    template: Path

    @property
    def system(self) -> str:
        """``SLURM`` or ``PBS``."""
        return str(self.keys["_fw_q_type"])

    @property
    def launchpad(self) -> str | None:
        """Address of the LaunchPad that workers open, as it stands in the file."""
        return self._unquoted("launchpad")

    @property
    def database(self) -> str | None:
        """Structure database of jobs that name none."""
        return self._unquoted("database")

    def _unquoted(self, key: str) -> str | None:
        words = shlex.split(str(self.keys.get(key) or ""))
        return words[0] if words else None

    def adapter(self) -> CommonAdapter:
        """Return FireWorks' adapter for it."""
        from fireworks.user_objects.queue_adapters.common_adapter import CommonAdapter

        adapter = CommonAdapter.from_dict({**self.keys, "_fw_template_file": str(self.template)})
        # By its short name FireWorks looks for it in all modules of its own, its tests included, and imports them.
        adapter._fw_name = f"{{{{{CommonAdapter.__module__}.{CommonAdapter.__name__}}}}}"  # noqa: SLF001
        return adapter


def read_queue_file(path: Path) -> QueueFile:
    """Read and check what ``amalgamics cluster init`` wrote, and was perhaps edited.

    Raises
    ------
    InputError
        The file or its template is missing, a key is one that the template does not have (``partition``, say, which
        FireWorks would pass over, so that the job went to another partition), or the walltime is not one.
    """
    path = usable_path(path).resolve()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"queue file: {path} cannot be read ({error.strerror}); amalgamics cluster init writes one"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(f"queue file: {path} is not YAML") from None
    if not isinstance(content, dict) or content.get("_fw_q_type") not in _SYSTEMS:
        raise InputError(f"queue file: {path} has no _fw_q_type: SLURM or PBS; amalgamics cluster init writes one")
    if content.get("_fw_name") != "CommonAdapter":
        raise InputError(f"queue file: {path}: _fw_name: {shown(content.get('_fw_name'))}; give CommonAdapter")
    template = usable_path(path.parent / str(content.get("_fw_template_file") or "none"))
    if not template.is_file():
        raise InputError(f"queue file: {path}: _fw_template_file: there is no {template}")
    keys = {key: value for key, value in content.items() if value is not None}
    _check_keys(path, keys, template.read_text(encoding="utf-8"))
    return QueueFile(path, keys, template)


def _check_keys(path: Path, keys: dict[str, Any], template: str) -> None:
    if "partition" in keys:
        raise InputError(
            f"queue file: {path}: partition: FireWorks passes it over and the job goes elsewhere; call it queue:"
        )
    known = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    for key, value in keys.items():
        if not key.startswith("_") and key not in known:
            raise InputError(f"queue file: {path}: {unknown_name('key', key, known)}")
        if not isinstance(value, str | int | float) or "\n" in str(value):
            raise InputError(f"queue file: {path}: {key}: {shown(value)} is not allowed; give one line of text")
    for key in ("walltime", "rocket_launch", "launchpad"):
        if key not in keys:
            raise InputError(f"queue file: {path}: {key} is missing")
    if not isinstance(keys["walltime"], str):
        raise InputError(
            f'queue file: {path}: walltime: {keys["walltime"]} is a number; put it in quotes, walltime: "24:00:00"'
        )
    parse_duration(keys["walltime"], f"queue file: {path}: walltime")


@dataclass(frozen=True)
class QueuePlan:
    """What would be submitted.

    Attributes
    ----------
    script
        The batch script.
    unfinished
        Fireworks that are not finished yet.
    in_queue
        Pilot jobs that wait or run already; None when the batch system cannot be asked.
    to_submit
        How many jobs to add.
    """

    script: str
    unfinished: int
    in_queue: int | None
    to_submit: int


def plan_submission(queue_file: QueueFile, launchpad: LaunchPad, jobs: int) -> QueuePlan:
    """Return what :func:`submit_pilots` would do: no more jobs than asked for, and none without work.

    Raises
    ------
    InputError
        A key of the file cannot stand in a script.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keys that the template does not have are refused already
        script = queue_file.adapter().get_script_str(str(jobs_folder(queue_file)))
    unfinished = _unfinished(launchpad)
    in_queue = pilots_in_queue(queue_file)
    return QueuePlan(script, unfinished, in_queue, max(0, jobs - (in_queue or 0)) if unfinished else 0)


def jobs_folder(queue_file: QueueFile) -> Path:
    """Return the folder in which each job has one of its own, with its script and what it printed."""
    return queue_file.path.parent / JOBS_FOLDER


def _unfinished(launchpad: LaunchPad) -> int:
    nodes: list[int] = []
    for workflow in launchpad.workflows.find({"state": {"$nin": [*OVER, "FIZZLED"]}}, {"nodes": 1}):
        nodes += workflow["nodes"]
    query = {"fw_id": {"$in": nodes}, "state": {"$in": ["READY", "WAITING", "RUNNING", "RESERVED"]}}
    return int(launchpad.fireworks.count_documents(query))


def pilots_in_queue(queue_file: QueueFile) -> int | None:
    """Return how many of the user's pilot jobs wait or run; None when the batch system cannot be asked."""
    name = str(queue_file.keys.get("job_name", JOB_NAME))
    if queue_file.system == "PBS":
        command, pattern = ["qstat", "-u", getpass.getuser()], rf"(?m)^\S+\s+\S+\s+\S+\s+{re.escape(name[:9])}"
    else:
        command, pattern = ["squeue", "-h", "-u", getpass.getuser(), "-n", name, "-o", "%A"], r"(?m)^\d+$"
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return len(re.findall(pattern, asked.stdout)) if asked.returncode == 0 else None


def submit_pilots(queue_file: QueueFile, launchpad: LaunchPad, count: int) -> list[str]:
    """Submit ``count`` pilot jobs by FireWorks' queue launcher and return their ids.

    Raises
    ------
    InputError
        The batch system is not there or refuses a job; the message has its words. Jobs submitted before it stay.
    """
    from fireworks import FWorker
    from fireworks.queue.queue_launcher import launch_rocket_to_queue

    command = _SYSTEMS[queue_file.system]
    if shutil.which(command) is None:
        raise InputError(f"queue: there is no {command} here; run this where jobs are submitted")
    folder = jobs_folder(queue_file)
    check_writable(folder, "queue file")
    folder.mkdir(parents=True, exist_ok=True)
    ids: list[str] = []
    for _ in range(count):
        with _complaints() as complaints, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            job = launch_rocket_to_queue(
                launchpad,
                FWorker(),
                queue_file.adapter(),
                str(folder),
                create_launcher_dir=True,
                strm_lvl="CRITICAL",
                fill_mode=True,  # what waits for others may be ready when the job starts
            )
        if not job:
            raise InputError(f"queue: {command} took no job: {_reason(complaints)}")
        ids.append(str(job))
    return ids


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what FireWorks logs as errors, in place of printing it."""
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Collect(logging.ERROR)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.propagate, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.propagate, logger.handlers = False, [handler]
    try:
        yield found
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers = propagate, handlers


def _reason(complaints: list[str]) -> str:
    """Return the words of the batch system among FireWorks' messages."""
    text = " ".join(complaints)
    found = re.search(r"error response reads: b(['\"])(.*?)\1", text)
    return " ".join((found[2] if found else text).replace("\\n", " ").split())[:400] or "no reason was given"
