"""Disks that fill up: file systems of every size under the stores, the report and the temporary files of a job."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from .faults import Tally
from .job import Place, Result, explain
from .ledger import Ledger, settle
from .stores import Server, new_stores

ENOUGH = "64m"
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


def enlarge(folder: Path) -> None:
    """Make room on what was mounted at a folder."""
    subprocess.run(["mount", "-o", f"remount,size={ENOUGH}", str(folder)], check=True, capture_output=True)


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
