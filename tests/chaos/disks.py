"""Disks that fill up at every size, or turn read-only, under the stores, the report and temporary files of a job."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .faults import Tally
from .job import Place, Result, explain, gone_within
from .ledger import Ledger, settle
from .stores import Server, new_stores

ENOUGH = "64m"
_MOST_S = 10  # that processes may take to end
_MOST_LINES = 3
SIZES_KIB = (16, 64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 2048, 2560, 3072, 4096, 6144)
"""From nothing to what the whole job needs."""


def can_mount(folder: Path) -> bool:
    """Return whether this process may mount file systems."""
    try:
        with full_at(folder / "probe", 64):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextlib.contextmanager
def full_at(folder: Path, size_kib: int) -> Iterator[None]:
    """Mount a file system of so many KiB at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "amalgamics-chaos", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def turn_read_only(folder: Path) -> None:
    """Let nothing be written any more to what was mounted at a folder, once nobody does."""
    end = time.monotonic() + _MOST_S
    while not _remounted(folder, "ro"):
        if time.monotonic() > end:
            raise RuntimeError(f"{folder} is written to {_MOST_S} s after the processes of its job ended")
        time.sleep(0.05)


def turn_writable(folder: Path) -> None:
    """Let what was mounted at a folder be written to again."""
    if not _remounted(folder, "rw"):
        raise RuntimeError(f"{folder} cannot be made writable again")


def enlarge(folder: Path) -> None:
    """Make room on what was mounted at a folder."""
    if not _remounted(folder, f"size={ENOUGH}"):
        raise RuntimeError(f"{folder} cannot be enlarged")


def _remounted(folder: Path, option: str) -> bool:
    """Change how a file system is mounted; return whether that was possible."""
    mount = ["mount", "-o", f"remount,{option}", str(folder)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0


def fill_disks(
    pair: str,
    folder: Path,
    servers: dict[str, Server],
    expected: Result,
    sizes_kib: Sequence[int] = SIZES_KIB,
) -> Tally:
    """Run the job on a disk of each size: it ends in lines, not in a traceback, and goes on once there is room."""
    tally = Tally()
    for size in sizes_kib:
        where = folder / f"{pair}-disk-{size}"
        place = Place.make(where, new_stores(where, servers))
        ledger = Ledger()
        results = where / "results"
        try:
            with full_at(results, size):
                code = place.run()
                tally.struck["full-disk"] += code != 0
                if code not in {0, 1, 2}:
                    ledger.lost.append(f"ended with {code}: {place.said[-1].strip()[-300:]}")
                enlarge(results)
                if code != 0 and (again := place.run()) != 0:
                    ledger.lost.append(f"with room again ended with {again}: {place.said[-1].strip()[-300:]}")
                left = settle(place, expected)
                # A task that met the full disk failed; FireWorks says where, in the log of the workers.
                left.tracebacks = [where for where in left.tracebacks if not where.endswith("workers.log")]
                ledger.add(left)
        except (TimeoutError, OSError, ValueError, RuntimeError) as error:
            ledger.lost.append(explain(error))
        tally.jobs += 1
        tally.ledger.add(ledger, f"disk of {size} KiB: ")
    return tally

    """Return whether this process may do anything to files."""
    return os.geteuid() == 0


def lock_disks(
    pair: str, folder: Path, servers: dict[str, Server], expected: Result, moments_s: Sequence[float]
) -> Tally:
    """Kill the job at each moment and let its disk be read-only: one line then, and it goes on once it may write."""
    tally = Tally()
    for number, moment in enumerate(moments_s):
        where = folder / f"{pair}-read-only-{number:03d}"
        place = Place.make(where, new_stores(where, servers))
        ledger = Ledger()
        results = where / "results"
        try:
            with full_at(results, 1024 * 64):
                command = place.start("run", "job.yaml", "--workers", "2")
                over = command.is_over_by(moment)
                command.kill()
                ledger.leftovers += [f"process {one.pid}" for one in gone_within(place.processes(), _MOST_S)]
                turn_read_only(results)
                code = place.run()
                if (
                    code not in ({0, 1, 2} if over else {1, 2})
                    or len(place.said[-1].strip().splitlines()) > _MOST_LINES
                ):
                    ledger.lost.append(f"read-only, ended with {code}: {place.said[-1].strip()[-300:]}")
                tally.struck["read-only"] += 1
                turn_writable(results)
                if (again := place.run()) != 0:
                    ledger.lost.append(f"writable again, ended with {again}: {place.said[-1].strip()[-300:]}")
                ledger.add(settle(place, expected))
        except (TimeoutError, OSError, ValueError, RuntimeError) as error:
            ledger.lost.append(explain(error))
        tally.jobs += 1
        tally.ledger.add(ledger, f"read-only after {moment:.1f} s: ")
    return tally
