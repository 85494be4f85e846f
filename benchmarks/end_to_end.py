"""(vii) A whole run from the command line: where its time goes, and what the engine and the database cost."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from .instrumented_run import DATABASE, ENGINE
from .results import Mode, Result, Row, Table, Target
from .timing import say

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "li-hg.yaml"
OVERHEAD_PERCENT = 5.0


def run_end_to_end(mode: Mode) -> Result:  # noqa: ARG001 - as the others
    """The example of the README, once as a command and once with a stopwatch inside."""
    cpu, wall = run_command(EXAMPLE, 1)
    say(f"  amalgamics run: {wall:.1f} s wall, {cpu:.1f} s CPU")
    parts = _run_instrumented()
    total_cpu, total_wall = sum(parts["cpu_s"].values()), sum(parts["wall_s"].values())
    rows = _rows(_merge(parts["cpu_s"]), _merge(parts["wall_s"]), total_wall)
    rows.append({"part": "all", "CPU time (s)": total_cpu, "wall time (s)": total_wall, "of the wall time (%)": 100.0})
    inside = {name for name in parts["wall_s"] if name.startswith((ENGINE, DATABASE))}
    overhead = 100 * sum(parts["wall_s"][name] for name in inside) / total_wall
    result = Result("A whole run")
    result.tables.append(Table(f"{EXAMPLE.name}, everything in one process", rows))
    result.notes.append(
        f"The command itself, with one worker process beside it: {wall:.1f} s wall, {cpu:.1f} s CPU (two processes"
        " import what they need)."
    )
    if overhead > OVERHEAD_PERCENT:
        details = {kind: {name: parts[kind][name] for name in inside} for kind in parts}
        result.profiles["engine and database"] = _rows(details["cpu_s"], details["wall_s"], total_wall)
    result.targets.append(
        Target("engine and database, % of the wall time of a run", overhead, OVERHEAD_PERCENT, "at_most")
    )
    return result


def _merge(parts: Mapping[str, float]) -> dict[str, float]:
    """Add up what belongs to one part: ``database: add rows`` and ``database: find rows`` are ``database``."""
    merged: dict[str, float] = defaultdict(float)
    for name, seconds in parts.items():
        merged[name.split(":")[0]] += seconds
    return merged


def _rows(cpu_s: Mapping[str, float], wall_s: Mapping[str, float], total: float) -> list[Row]:
    """Return a row for each part, the longest first."""
    return [
        {
            "part": name,
            "CPU time (s)": cpu_s[name],
            "wall time (s)": wall_s[name],
            "of the wall time (%)": 100 * wall_s[name] / total,
        }
        for name in sorted(wall_s, key=lambda name: -wall_s[name])
    ]


def run_command(job: Path, workers: int) -> tuple[float, float]:
    """Return CPU time (all processes) and wall time of `amalgamics run` on a job in a fresh directory, s."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(job, directory)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-c", "from amalgamics.cli.main import main; main()", "run", job.name]
        subprocess.run([*command, "--workers", str(workers)], cwd=directory, check=True, stdout=subprocess.DEVNULL)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def _run_instrumented() -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(EXAMPLE, directory)
        command = [sys.executable, "-m", "amalgamics.benchmarks.instrumented_run", EXAMPLE.name]
        done = subprocess.run(command, cwd=directory, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
