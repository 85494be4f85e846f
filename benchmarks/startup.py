"""(xi) How long the commands take that a person waits for: from their start to their end, or to their first output.

Alone: python benchmarks/startup.py
"""

from __future__ import annotations

import os
import pty
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from amalgamics.benchmarks.query import fill
from amalgamics.benchmarks.results import Mode, Result, Row, Table, Target
from amalgamics.benchmarks.timing import interleave

AMALGAMICS = (sys.executable, "-m", "amalgamics")
ROWS = 400
JOB = """\
name: small
systems: [Cu-Au]
potential: emt
structures: {prototypes: false}
"""
YARDSTICKS = {
    "`python -c pass`": (sys.executable, "-c", "pass"),
    "`python -c 'import ase.db'`": (sys.executable, "-c", "import ase.db"),
}
COMMANDS = {
    "`amalgamics --help`": ("--help",),
    "`amalgamics query Li-Hg`": ("query", "Li-Hg", "--limit", "20"),
    "`amalgamics hull Li-Hg`": ("hull", "Li-Hg", "--potential", "chgnet+d3"),
    "`amalgamics status`": ("status",),
}
TARGET_S, RUN_TARGET_S = 0.4, 2.0
ROUNDS, QUICK_ROUNDS = 9, 5
RUN_ROUNDS, QUICK_RUN_ROUNDS = 5, 3
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\s")
"""What a terminal does not show: escape sequences and blanks."""


def run_startup(mode: Mode) -> Result:
    """Each command in a process of its own, in a folder with a database and a LaunchPad; they take turns."""
    rounds, run_rounds = (ROUNDS, RUN_ROUNDS) if mode == "full" else (QUICK_ROUNDS, QUICK_RUN_ROUNDS)
    result = Result("Start-up")
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "results").mkdir()
        (folder / "job.yaml").write_text(JOB, encoding="utf-8")
        fill(folder / "results" / "structures.db", ROWS)
        _run((*AMALGAMICS, "submit", "job.yaml"), folder)
        ours = {name: (*AMALGAMICS, *arguments) for name, arguments in COMMANDS.items()}
        rows = measure({**YARDSTICKS, **ours}, folder, rounds)
    for row in rows[-3:]:
        target = Target(f"seconds (CPU) of {row['command']}", float(row["CPU time (s)"]), TARGET_S, "at_most")
        result.targets.append(target)
    times = [_first_output() for _ in range(run_rounds + 1)][1:]  # the first warms up the disk cache
    wall_s, cpu_s = (median(column) for column in zip(*times, strict=True))
    rows.append({"command": "`amalgamics run`, to its first output", "wall time (s)": wall_s, "CPU time (s)": cpu_s})
    what = "seconds (CPU) to the first output of `amalgamics run`"
    result.targets.append(Target(what, cpu_s, RUN_TARGET_S, "at_most"))
    caption = f"A database of {ROWS} rows, a LaunchPad with one job, median of {rounds} ({run_rounds} of `run`)"
    result.tables.append(Table(caption, rows))
    result.notes.append("The first output of `run` says where its results go, once the job is checked and submitted.")
    return result


def measure(commands: Mapping[str, Sequence[str]], folder: Path, rounds: int) -> list[Row]:
    """Return wall and CPU time of each command (s, medians), once it has run once to warm up the disk cache."""
    peers = {name: partial(_in_turn, command, folder) for name, command in commands.items()}
    interleave(peers, 1)
    measured = interleave(peers, rounds, cpu_clock=_children_s, label="start-up")
    return [
        {"command": name, "wall time (s)": found.wall, "CPU time (s)": found.cpu} for name, found in measured.items()
    ]


def _in_turn(command: Sequence[str], folder: Path, _: int) -> None:
    _run(command, folder)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, check=True)


def _environment() -> dict[str, str]:
    """That of this process, but for what would change the job, or have modules compiled at every start."""
    left_out = ("AMALGAMICS_", "PYTHONDONTWRITEBYTECODE")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    return {**inherited, "COLUMNS": "200", "TERM": "xterm"}


def _children_s() -> float:
    """CPU time of the processes that were started here and have ended, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _first_output() -> tuple[float, float]:
    """Start a job in an empty folder and return wall and CPU time (s) until a terminal shows something of it."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "job.yaml").write_text(JOB, encoding="utf-8")
        ours, theirs = pty.openpty()
        begun = time.perf_counter()
        command = (*AMALGAMICS, "run", "job.yaml", "--workers", "1")
        process = subprocess.Popen(command, cwd=directory, env=_environment(), stdout=theirs, stderr=theirs)
        os.close(theirs)
        try:
            shown = b""
            while not _CONTROL.sub(b"", shown):
                shown += os.read(ours, 4096)
            wall_s = time.perf_counter() - begun
            used = psutil.Process(process.pid).cpu_times()
        finally:
            process.terminate()
            _drain(ours)
            process.wait()
    return wall_s, used.user + used.system


def _drain(terminal: int) -> None:
    """Read on until everybody has closed the terminal: who writes into a full one waits."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # what Linux says of a terminal without another end
        pass
    os.close(terminal)


if __name__ == "__main__":
    from amalgamics.benchmarks.run import main

    main(["--full", "--only", "startup"])
