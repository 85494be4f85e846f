"""The job that is disturbed: forty-two calculations whose energies are exact, and what an undisturbed run finds."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from amalgamics.workflows.database.structure_database import StructureDatabase

from .processes import start_forked
from .stores import Stores

METALS = ("Cu", "Ag", "Au")
VOLUMES = 13
CALCULATIONS = len(METALS) * (1 + VOLUMES)

_JOB = """\
name: chaos
systems: [{system}]
potential: emt
structures: {{prototypes: false}}
relaxation: {{fmax: 0.05}}
"""
_VOLUMES = "equation_of_state: {{phases: [{metals}], n_volumes: {volumes}}}\n"
LONGEST_S = 300
"""A command that takes longer than this hangs."""


def job_text() -> str:
    """Return the input: crystals of the library, at several volumes."""
    return _JOB.format(system="-".join(METALS)) + _VOLUMES.format(metals=", ".join(METALS), volumes=VOLUMES)


@dataclass(frozen=True)
class Result:
    """What a job found.

    Attributes
    ----------
    energies
        Fingerprint and energy of each stored calculation, in the order of the fingerprints.
    hulls
        What the report says of each crystal: name, whether it is stable, energy per atom as it is written.
    """

    energies: tuple[tuple[str, float], ...]
    hulls: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, place: Place) -> Result:
        """Return what is in the database and the report of a job."""
        database = StructureDatabase(place.stores.database)
        rows = [*database.select(""), *database.select("converged=False")]
        table = place.folder / "results" / "chaos" / "hull.csv"
        lines = list(csv.DictReader(table.read_text().splitlines())) if table.exists() else []
        return cls(
            tuple(sorted((row.fingerprint, float(row.energy)) for row in rows)),
            tuple(sorted((line["name"], line["stable"], line["energy_per_atom"]) for line in lines)),
        )


@dataclass
class Place:
    """A folder with a job in it, its stores, and everything its commands said.

    Attributes
    ----------
    folder
        Working directory of the commands; its ``tmp`` is their folder for temporary files.
    stores
        The structure database and the LaunchPad of the job.
    said
        Standard output and error of each command, in their order.
    kept
        Logs that were in temporary folders.
    """

    folder: Path
    stores: Stores
    said: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, stores: Stores) -> Place:
        """Write the job into a fresh folder."""
        (folder / "tmp").mkdir(parents=True)
        (folder / "job.yaml").write_text(job_text())
        return cls(folder, stores)

    def start(self, *arguments: str, **environment: str) -> Command:
        """Start a command of the command line."""
        number = len(self.said)
        self.said.append("")
        own = {
            "AMALGAMICS_LAUNCHPAD": self.stores.launchpad,
            "AMALGAMICS_DATABASE": self.stores.database,
            "TMPDIR": str(self.folder / "tmp"),
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        output = (self.folder / f"said-{number}.txt").open("wb+")
        process = start_forked(arguments, self.folder, os.environ | own, output.fileno())
        return Command(self, number, process, output)

    def run(self, *arguments: str, **environment: str) -> int:
        """Run a command to its end and return its exit code."""
        command = self.start(*(arguments or ("run", "job.yaml", "--workers", "2")), **environment)
        return command.wait()

    def processes(self) -> list[psutil.Process]:
        """Return the living processes of the job's commands."""
        found = []
        for process in psutil.process_iter():
            try:
                where = str(Path(f"/proc/{process.pid}/cwd").readlink())
                if where.startswith(f"{self.folder}") and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def keep_logs(self) -> None:
        """Note what is logged in temporary folders, before these go."""
        with contextlib.suppress(FileNotFoundError):  # they may be going just now
            for log in (self.folder / "tmp").rglob("*.log"):
                self.kept[str(log)] = log.read_text(errors="replace")

    def logs(self) -> dict[str, str]:
        """Return everything that was printed or logged, by file."""
        texts = {f"output of command {number + 1}": text for number, text in enumerate(self.said)} | self.kept
        for log in self.folder.rglob("*.log"):
            texts[str(log.relative_to(self.folder))] = log.read_text(errors="replace")
        return texts


@dataclass
class Command:
    """A command at work."""

    place: Place
    number: int
    process: Any  # a subprocess.Popen or what does the same
    _output: IO[bytes]
    started: float = field(default_factory=time.monotonic)

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def workers(self) -> list[psutil.Process]:
        """Return its living worker processes."""
        own = self.process.pid
        return [process for process in self.place.processes() if process.pid != own]

    def is_over_by(self, age_s: float) -> bool:
        """Wait until the command has this age; return whether it ended before."""
        try:
            self.process.wait(max(0.0, age_s - self.age_s))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.wait()

    def wait(self, seconds: float = LONGEST_S) -> int:
        """Wait until it ends, keep what it said, and return its exit code.

        Raises
        ------
        TimeoutError
            It takes longer than that; it is ended then.
        """
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise TimeoutError(f"a command was not done after {seconds:.0f} s; it said\n{self.text()}") from None
        finally:
            self.place.said[self.number] = self.text()
            self.place.keep_logs()
            self._output.close()

    def text(self) -> str:
        """Return what it said so far."""
        return Path(str(self._output.name)).read_text(errors="replace")


def gone_within(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; return those that did not."""
    return list(psutil.wait_procs(processes, timeout=seconds)[1])


def explain(error: Any) -> str:
    """Return an exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def import_everything(folder: Path) -> None:
    """Work through a small job in this process, after which forks of it have nothing left to import."""
    from fireworks import FWorker
    from fireworks.core.rocket_launcher import launch_rocket

    from amalgamics.cli import main as _main
    from amalgamics.cli import run as _run
    from amalgamics.workflows.engine import launching, worker
    from amalgamics.workflows.engine.launchpad import open_launchpad
    from amalgamics.workflows.spec import load_spec
    from amalgamics.workflows.submission import submit

    del _main, _run, launching, worker
    folder.mkdir()
    (folder / "job.yaml").write_text(job_text())
    with contextlib.chdir(folder):
        spec = load_spec(Path("job.yaml"), database=None, launchpad=None, potential=None)
        launchpad = open_launchpad(f"sqlite:///{folder}/launchpad")
        submit(spec, launchpad)
        while launch_rocket(launchpad, FWorker(), strm_lvl="ERROR"):
            pass
        launchpad.connection.close()
