"""What a pilot worker asks of a batch system, checked before anything is written."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import InputError, shown, unknown_name
from ..engine.stopping import DEFAULT_MARGIN_S, parse_duration

Scheduler = Literal["slurm", "pbs"]
SCHEDULERS: tuple[Scheduler, ...] = ("slurm", "pbs")
JOB_NAME = "amalgamics"

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,:+-]{0,99}", re.ASCII)  # goes into a line of a shell script
_MEMORY = re.compile(r"([1-9]\d{0,6})\s?([MGT])B?", re.ASCII | re.IGNORECASE)
_GB = {"M": 1e-3, "G": 1.0, "T": 1e3}
_MEMORY_PER_WORKER_GB = 1.5


@dataclass(frozen=True)
class PilotSettings:
    """One pilot job.

    Attributes
    ----------
    scheduler
        ``slurm`` or ``pbs``.
    partition
        SLURM's partition or PBS' queue; None for the site's default.
    walltime
        ``HH:MM:SS`` or, for SLURM, ``D-HH:MM:SS``.
    nodes, cores, memory
        Nodes of one job, and cores and memory on each, such as ``16G``; without memory what the site gives.
    account
        Whom it is charged to.
    allow_paths
        Folders that jobs may read and write, see :mod:`amalgamics.permissions`.

    Raises
    ------
    InputError
        A value is not usable in a batch script.
    """

    scheduler: Scheduler = "slurm"
    partition: str | None = None
    walltime: str = "24:00:00"
    nodes: int = 1
    cores: int = 4
    memory: str | None = None
    account: str | None = None
    allow_paths: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.scheduler not in SCHEDULERS:
            raise InputError("scheduler: " + unknown_name("batch system", self.scheduler, SCHEDULERS))
        for key in ("partition", "account"):
            value = getattr(self, key)
            if value is not None and not _PLAIN.fullmatch(value):
                raise InputError(
                    f"{key}: {shown(value)} is not allowed; give a name of letters, digits, '.', '_' or '-'"
                )
        if parse_duration(self.walltime, "walltime") <= 2 * DEFAULT_MARGIN_S:
            raise InputError(f"walltime: {self.walltime} is too short; workers stop a minute before, give some minutes")
        if self.scheduler == "pbs" and "-" in self.walltime:
            raise InputError(f"walltime: {self.walltime} is not allowed for PBS; give HH:MM:SS, e.g. 36:00:00")
        if self.scheduler == "pbs" and self.nodes != 1:
            raise InputError(f"nodes: {self.nodes} is not allowed for PBS; a job is one node here, submit several")
        for key, most in (("nodes", 10_000), ("cores", 4096)):
            if not 1 <= getattr(self, key) <= most:
                raise InputError(f"{key}: {getattr(self, key)} is not allowed; give 1 to {most}")
        if self.memory is not None and not _MEMORY.fullmatch(self.memory):
            raise InputError(f"memory: {shown(self.memory)} is not allowed; give a number with M, G or T, e.g. 16G")

    @property
    def memory_gb(self) -> float | None:
        """Memory of a node, GB; None when it is not given."""
        found = _MEMORY.fullmatch(self.memory or "")
        return int(found[1]) * _GB[found[2].upper()] if found else None

    @property
    def workers(self) -> int:
        """Worker processes on a node: one for each core, fewer where the memory is small."""
        if self.memory_gb is None:
            return self.cores
        return max(1, min(self.cores, int(self.memory_gb / _MEMORY_PER_WORKER_GB)))

    @property
    def threads(self) -> int:
        """Threads of each worker process."""
        return max(1, self.cores // self.workers)

    def command(self) -> str:
        """Return the command of a node's worker, with the Python that runs this; the script adds the walltime."""
        launch = f"{quoted_path(sys.executable)} -P -m amalgamics.cli.main launch --workers {self.workers}"
        for path in self.allow_paths:
            launch += f" --allow-path {quoted_path(path.resolve())}"
        # One for each node of the job; SLURM does not pass the cores of a task on to srun.
        several = f"srun --ntasks-per-node=1 --cpus-per-task={self.cores} "
        return several + launch if self.nodes > 1 else launch

    def queue_keys(self, template: Path, launchpad: str, database: str | None) -> dict[str, object]:
        """Return what ``slurm.yaml`` or ``pbs.yaml`` holds: FireWorks' CommonAdapter with our template.

        Parameters
        ----------
        template
            The batch script.
        launchpad, database
            Addresses, as the worker gets them.
        """
        keys: dict[str, object] = {
            "_fw_name": "CommonAdapter",
            "_fw_q_type": self.scheduler.upper(),
            "_fw_template_file": str(template),
            "job_name": JOB_NAME,
            "queue": self.partition,
            "account": self.account,
            "walltime": self.walltime,
        }
        if self.scheduler == "slurm":
            keys |= {"nodes": self.nodes, "cpus_per_task": self.cores, "mem": self.memory}
            keys["signal_s"] = int(DEFAULT_MARGIN_S)
        else:
            memory = f":mem={self.memory.lower().replace(' ', '').rstrip('b')}b" if self.memory else ""
            keys["select"] = f"1:ncpus={self.cores}{memory}"
        keys |= {"threads": self.threads, "launchpad": launchpad, "database": database}
        keys |= {"pre_rocket": None, "rocket_launch": self.command()}
        return keys


def quoted_path(path: str | Path) -> str:
    """Return a path as a shell takes it, in a template where dollars and braces have another meaning.

    Raises
    ------
    InputError
        It holds a character that cannot stand there.
    """
    import shlex

    if set(str(path)) & set("${}\n"):
        raise InputError(f"{shown(str(path))} holds a '$', brace or line break; batch scripts need a plainer path")
    return shlex.quote(str(path))
