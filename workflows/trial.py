"""A small job from its input to its report on a LaunchPad of its own, with a worker killed on the way, and its checks.

Everything that a job needs is used: submission, worker processes, the LaunchPad, the structure database, recovery, the
hull and the report. The energies come from effective-medium theory (EMT), so that ASE alone can say what they must be.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..addresses import redacted
from ..errors import InputError
from .checks import Check

if TYPE_CHECKING:
    from fireworks import LaunchPad

    from .job import Job
    from .spec import WorkflowSpec

_NAME = "doctor"
_SYSTEM = ("Ag", "Au")
_FMAX = 0.01
_TOLERANCE = 1e-6  # eV/atom, between two ways to the energy of one structure
_RELAXED_TOLERANCE = 2e-4  # eV/atom, between two relaxations to that force
_TOO_LONG_S = 240.0


class TrialError(RuntimeError):
    """The job did not come to its end."""


@dataclass
class Trial:
    """The small job.

    Parameters
    ----------
    folder
        Where its report goes, empty.
    launchpad, database
        Addresses of a LaunchPad and a structure database that nothing else uses.
    tell
        Called with a line that says how far it is.
    """

    folder: Path
    launchpad: str
    database: str | Path
    tell: Callable[[str], None] = lambda _: None
    killed: str = ""
    """The step in which a worker was killed; empty until then."""
    seconds: float = 0.0
    _begun: float = field(default=0.0, repr=False)

    def spec(self) -> WorkflowSpec:
        """Return the input of the job."""
        from .spec import WorkflowSpec

        spec: WorkflowSpec = WorkflowSpec.model_validate(
            {
                "name": _NAME,
                "systems": ["-".join(_SYSTEM)],
                "potential": "emt",
                "structures": {"prototypes": {"max_candidates": 4, "max_atoms": 4}},
                "relaxation": {"fmax": _FMAX},
                "output": str(self.folder / "report"),
                "database": str(self.database),
                "launchpad": self.launchpad,
            }
        )
        return spec

    def run(self) -> None:
        """Submit the job and work through it with two workers, one of which is killed in the middle.

        Raises
        ------
        TrialError
            A step failed, or it took far too long.
        InputError
            The LaunchPad or the database cannot be used.
        """
        from .engine.launching import is_completed, launch_workers
        from .engine.launchpad import open_launchpad
        from .engine.reading import failures
        from .submission import submit

        self._begun = time.monotonic()
        spec = self.spec()
        pad = open_launchpad(self.launchpad)
        first = submit(spec, pad).fw_ids[0]
        log = self.folder / "workers.log"
        launch_workers(
            self.launchpad,
            n_workers=2,
            workflow_of=first,
            on_tick=lambda: self._watch(pad),
            log_file=log,
            allow_paths=[self.folder],
            database=self.database,
        )
        self.seconds = time.monotonic() - self._begun
        failed = failures(pad)
        if failed or not is_completed(pad, first):
            raise TrialError("; ".join(f"{one.name}: {one.message}" for one in failed) or "it stopped before its end")

    def _watch(self, pad: LaunchPad) -> None:
        from .engine.progress import read_progress

        elapsed = time.monotonic() - self._begun
        if elapsed > _TOO_LONG_S:
            raise TrialError(f"it takes longer than {_TOO_LONG_S:.0f} s")
        (now,) = read_progress(pad)
        total = sum(now.counts.values())
        self.tell(f"{now.counts.get('COMPLETED', 0)} of {total} steps done, {elapsed:.0f} s")
        if self.killed:
            return
        for step in now.running:
            # Planning comes first; a kill in the middle of the work says more.
            if not step.name.startswith("plan") and self._kill(step.worker):
                self.killed = step.name
                return

    @staticmethod
    def _kill(worker: str) -> bool:
        host, _, rest = worker.partition(":")
        pid = rest.partition(":")[0]
        if host != socket.gethostname() or not pid.isdigit():
            return False
        os.kill(int(pid), signal.SIGKILL)
        return True

    def checks(self) -> Iterator[Check]:
        """Run the job and yield a check for each thing that must be true of it; none more if it fails."""
        begun = time.monotonic()
        try:
            self.run()
        except (TrialError, InputError, RuntimeError, OSError) as error:
            yield Check("job", False, redacted(str(error)), time.monotonic() - begun)
            return
        yield Check("job", True, "submitted, worked through by two workers, completed", self.seconds)
        for name, check in (
            ("steps", self.check_steps),
            ("killed worker", self.check_recovery),
            ("each once", self.check_once),
            ("energies", self.check_energies),
            ("hull", self.check_hull),
            ("report", self.check_report),
            ("log", self.check_log),
        ):
            self.tell(f"checking: {name}")
            begun = time.monotonic()
            try:
                ok, found = check()
            except Exception as error:  # whatever is broken is what this is to find
                ok, found = False, f"{type(error).__name__}: {error}"
            yield Check(name, ok, redacted(found), time.monotonic() - begun)

    def check_steps(self) -> tuple[bool, str]:
        """Each Firework completed; how long one took."""
        from .engine.launchpad import open_launchpad

        pad = open_launchpad(self.launchpad)
        states = Counter(document["state"] for document in pad.fireworks.find({}, {"state": 1}))
        times = [
            float(launch.get("runtime_secs") or 0)
            for launch in pad.launches.find({"state": "COMPLETED"}, {"runtime_secs": 1})
        ]
        mean = sum(times) / len(times) if times else 0.0
        text = f"{states['COMPLETED']} of {states.total()} completed, {mean:.1f} s each"
        return states.total() >= 3 and states["COMPLETED"] == states.total(), text

    def check_recovery(self) -> tuple[bool, str]:
        """The step of the killed worker was done again by another one."""
        from .engine.launchpad import open_launchpad

        if not self.killed:
            return False, "no worker could be killed in the middle of a step"
        pad = open_launchpad(self.launchpad)
        (firework,) = pad.fireworks.find({"name": self.killed})
        ids = [*firework["launches"], *firework["archived_launches"]]
        names = [launch["fworker"]["name"] for launch in pad.launches.find({"launch_id": {"$in": ids}})]
        again = len(set(names)) > 1
        what = "done again by another worker" if again else "not done again"
        return again, f"killed (signal 9) in {self.killed!r}, {what}"

    def check_once(self) -> tuple[bool, str]:
        """The database has each planned calculation once and nothing else."""
        job = self.job
        planned = Counter(job.fingerprints.values())
        stored = Counter(row.fingerprint for row in job.database.select("") + job.database.select("converged=False"))
        missing, more = planned - stored, stored - planned
        text = f"{stored.total()} stored of {planned.total()} planned"
        if missing or more:
            text += f"; {missing.total()} missing, {more.total()} too many"
        return planned.total() > len(_SYSTEM) and not missing and not more, text

    def check_energies(self) -> tuple[bool, str]:
        """ASE alone finds the same energies: of each structure as it is stored, and of the relaxed metals."""
        rows = [row for row in self.job.rows if row.converged]
        off = max(abs(_emt_energy(row.toatoms()) - float(row.energy)) / row.natoms for row in rows)
        found = {symbol: _relaxed_energy(symbol) for symbol in _SYSTEM}
        pure = {row.symbols[0]: float(row.energy) / row.natoms for row in rows if row.name.endswith("_fcc")}
        apart = max(abs(pure[symbol] - found[symbol]) for symbol in found)
        text = f"within {off:.1e} eV/atom of ASE's for {len(rows)} structures, {apart:.1e} where ASE relaxes the metals"
        return off < _TOLERANCE and apart < _RELAXED_TOLERANCE, text

    def check_hull(self) -> tuple[bool, str]:
        """The hull goes through both metals, and distances to it are those to the line through what is stable."""
        import numpy as np

        (hull,) = self.job.hulls
        stable = {phase.fraction(_SYSTEM[0]): phase.formation_energy_per_atom for phase in hull.stable}
        x, energy = sorted(stable), [stable[one] for one in sorted(stable)]
        off = max(
            abs(phase.formation_energy_per_atom - np.interp(phase.fraction(_SYSTEM[0]), x, energy) - phase.e_above_hull)
            for phase in hull.phases
        )
        slopes = np.diff(energy) / np.diff(x)
        ok = (x[0], x[-1]) == (0, 1) and np.all(np.diff(slopes) > 0) and off < _TOLERANCE
        return bool(ok), f"{len(stable)} of {len(hull.phases)} phases stable, distances within {off:.1e} eV/atom"

    def check_report(self) -> tuple[bool, str]:
        """The page of the report parses and names the system, and its summary is JSON with a headline."""
        folder = self.folder / "report"
        page = (folder / "report.html").read_text(encoding="utf-8")
        parser = _Page()
        parser.feed(page)
        parser.close()
        headline = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["headline"]
        ok = parser.ended and bool(parser.headings) and all(symbol in headline for symbol in _SYSTEM)
        return ok, f"report.html, {len(page) / 1e6:.1f} MB, {parser.headings} headings"

    def check_log(self) -> tuple[bool, str]:
        """The log of the job has the end of each step, and the kill."""
        from .engine.job_log import read_log

        entries = read_log([self.folder / "report" / "log.jsonl"], 10_000)
        events = Counter(entry["event"] for entry in entries)
        ok = events["finished"] >= 3 and events["stopped"] >= 1 and events["recovered"] >= 1
        return ok, ", ".join(f"{count} {event}" for event, count in sorted(events.items()))

    @cached_property
    def job(self) -> Job:
        """The job after its run, with what the database holds then."""
        from .job import Job

        return Job.of(self.spec())


class _Page(HTMLParser):
    """Counts headings and sees whether the page comes to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.headings = 0
        self.ended = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the signature of the base class
        self.headings += bool(re.fullmatch(r"h[1-3]", tag))

    def handle_endtag(self, tag: str) -> None:
        self.ended = tag == "html"


def _emt_energy(atoms: Any) -> float:
    from ase.calculators.emt import EMT

    work = atoms.copy()
    work.calc = EMT()
    return float(work.get_potential_energy())


def _relaxed_energy(symbol: str) -> float:
    """Return the energy per atom of a metal whose lattice constant ASE relaxes."""
    from ase.build import bulk
    from ase.calculators.emt import EMT
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS

    atoms = bulk(symbol)
    atoms.calc = EMT()
    BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=_FMAX, steps=200)  # type: ignore[arg-type]
    return float(atoms.get_potential_energy()) / len(atoms)
