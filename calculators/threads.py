"""How the cores of a machine are shared out: worker processes, and threads inside each."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

# What a worker with a loaded potential and a batch of crystals needs.
_MEMORY_PER_WORKER_GB = 1.5
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class ThreadLayout:
    """Worker processes, and threads in each of them."""

    workers: int
    threads: int


def available_cores() -> int:
    """Return how many cores this process may use: its affinity and, in a container, its quota; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = _CPU_MAX.read_text().split()
        if quota != "max":
            cores = min(cores, int(quota) // int(period))
    return max(1, cores)


def current_threads() -> int:
    """Return how many threads a numerical library uses in this process: what :func:`set_threads` set, or all cores."""
    with contextlib.suppress(ValueError):
        threads = int(os.environ.get(THREAD_VARIABLES[0], "").partition(",")[0])
        if threads >= 1:
            return threads
    return available_cores()


def choose_layout(n_tasks: int, *, cores: int | None = None, memory_gb: float | None = None) -> ThreadLayout:
    """Choose how many worker processes share the machine for ``n_tasks`` independent tasks.

    One worker for each core comes first, because several processes scale better than threads on small structures;
    never more than there are tasks or memory for. What cores are left become threads of the workers.

    Parameters
    ----------
    n_tasks
        Independent tasks, such as batches of structures.
    cores, memory_gb
        Cores and memory (GB) to share out; by default what is available now.

    Raises
    ------
    InputError
        ``n_tasks`` or ``cores`` is below 1.
    """
    for key, value in {"n_tasks": n_tasks, "cores": cores}.items():
        if value is not None and value < 1:
            raise InputError(f"{key}: {value!r} is not allowed; give at least 1")
    cores = cores or available_cores()
    if memory_gb is None:
        import psutil

        memory_gb = psutil.virtual_memory().available / 1e9
    workers = max(1, min(n_tasks, cores, int(memory_gb / _MEMORY_PER_WORKER_GB)))
    return ThreadLayout(workers, cores // workers)


def thread_environment(threads: int) -> dict[str, str]:
    """Return the environment variables under which numerical libraries use ``threads`` threads.

    Idle OpenMP threads otherwise spin for their next task; on a machine with anything else to do, two threads then
    take several times as long as one.
    """
    return {name: str(threads) for name in THREAD_VARIABLES} | {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def set_threads(threads: int) -> None:
    """Set the threads that numerical libraries use in this process and its children.

    Call it once, early: libraries read the environment when they are loaded. torch, when loaded already, is told
    directly.

    Raises
    ------
    InputError
        ``threads`` is below 1.
    """
    if threads < 1:
        raise InputError(f"threads: {threads!r} is not allowed; give at least 1")
    os.environ.update(thread_environment(threads))
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)
