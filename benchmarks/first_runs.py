"""Run one small job again and again, each time in a fresh folder, and count the runs that broke.

python benchmarks/first_runs.py [--runs N] [--at-once N] [--stress N] [--database postgresql://user@host/name]

A first run is the one in which several processes meet over files that do not exist yet. ``--stress`` keeps processes
busy meanwhile, so that the scheduler stops these where it would not on a quiet machine. With ``--database`` the
structure database of each run is a new one on that server, whose user must be allowed to make databases; the name in
the address is that of one to connect to meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import urlsplit

from amalgamics.benchmarks.timing import say
from amalgamics.errors import InputError
from amalgamics.workflows.database.checking import check_rows
from amalgamics.workflows.database.structure_database import StructureDatabase

JOB = """\
name: first
systems: [Cu-Au]
potential: emt
structures: {prototypes: false}
relaxation: {fmax: 0.05}
"""
STRUCTURES = ["Au_fcc", "Cu_fcc"]
TIMEOUT_S = 1800


def first_run(folder: Path, workers: int, database: str = "results/structures.db") -> str:
    """Run the job in an empty folder and return what broke; nothing when the run and its database are sound."""
    (folder / "job.yaml").write_text(JOB, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "amalgamics.cli.main", "run", "job.yaml", "--workers", str(workers)]
    command += ["--database", database]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not finished in {TIMEOUT_S} s"
    if done.returncode or "Traceback" in done.stderr:
        return f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
    try:
        store = StructureDatabase(database if "://" in database else folder / database, must_exist=True)
        found = sorted(row.name for row in store.select())
        _, problems = check_rows(store)
    except InputError as error:
        return str(error)
    if found != STRUCTURES:
        return f"the database holds {found}, not {STRUCTURES}"
    return "; ".join(problems)


def first_run_on_server(folder: Path, workers: int, server: str, number: int) -> str:
    """Run the job in an empty folder with a new database on a server, which is dropped again if nothing broke."""
    import psycopg2

    name = f"first_run_{os.getpid()}_{number}"
    with contextlib.closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        problem = first_run(folder, workers, urlsplit(server)._replace(path=f"/{name}").geturl())
        if not problem:
            connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    return problem


def count_broken(runs: int, at_once: int, workers: int, server: str | None) -> int:
    """Make the first runs, so many at once, and return how many broke; folders of broken ones are kept."""
    broken = 0
    numbers = itertools.count(1)

    def run_in(folder: Path) -> str:
        if server is None:
            return first_run(folder, workers)
        return first_run_on_server(folder, workers, server, next(numbers))

    with ThreadPoolExecutor(at_once) as pool:
        folders = (Path(tempfile.mkdtemp(prefix="first-run-")) for _ in range(runs))
        started = {pool.submit(run_in, folder): folder for folder in folders}
        for number, run in enumerate(as_completed(started), 1):
            problem = run.result()
            if problem:
                broken += 1
                say(f"  {started[run]}: {problem}")
            else:
                shutil.rmtree(started[run])
            say(f"{number} of {runs} first runs, {broken} broke")
    return broken


@contextlib.contextmanager
def stress(processes: int) -> Iterator[None]:
    """Keep so many processes busy."""
    busy = [multiprocessing.Process(target=_keep_busy, daemon=True) for _ in range(processes)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.terminate()
            process.join()


def _keep_busy() -> None:
    while True:
        sum(range(10_000))


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the runs and print how many broke; the exit code is 1 if any did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=_positive, default=100, help="how many first runs (default 100)")
    parser.add_argument("--at-once", type=_positive, default=2, help="how many of them at once (default 2)")
    parser.add_argument("--workers", type=_positive, default=2, help="worker processes of each (default 2)")
    parser.add_argument("--stress", type=int, default=0, help="processes that only keep cores busy (default 0)")
    parser.add_argument("--database", metavar="URL", help="PostgreSQL server for the databases (default files)")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    with stress(options.stress):
        broken = count_broken(options.runs, options.at_once, options.workers, options.database)
    print(f"{broken} of {options.runs} first runs broke, in {time.monotonic() - start:.0f} s")
    return int(broken > 0)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
