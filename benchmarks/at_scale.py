"""(viii) Hulls, queries and Fireworks in numbers well beyond a standard run."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from .profiling import profile
from .results import Mode, Result, Row, Table, Target
from .timing import say

HULL_SYSTEM = "Li-Na-K-Mg-Hg"
QUERY = "Li-Hg,e_above_hull<0.05"
PER_WORKFLOW = 200
# A person waits this long for an answer without thinking of something else.
QUERY_TARGET_S = 1.0


@explicit_serialize
class Nothing(FiretaskBase):
    """A Firetask that does nothing, to see what the engine costs."""

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        return FWAction()


def run_at_scale(mode: Mode) -> Result:
    """10^4 hull entries, 10^5 rows, 2000 Fireworks; a tenth of each with ``quick``."""
    scale = 1 if mode == "full" else 10
    result = Result("Hulls and queries at scale")
    rows = _hull(10_000 // scale)
    with tempfile.TemporaryDirectory() as directory:
        rows += _database(result, Path(directory) / "structures.db", 100_000 // scale)
        rows += _fireworks(Path(directory) / "launchpad", 2000 // scale)
    result.tables.append(Table("One process", rows))
    return result


def _timed(what: str, run: Callable[[], Any]) -> tuple[Row, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    value = run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    say(f"  {what}: {wall:.2f} s")
    return {"": what, "wall time (s)": wall, "CPU time (s)": cpu}, value


def _hull(count: int) -> list[Row]:
    """Entries of random composition, of up to five elements, with energies below and above their elements."""
    from ..thermodynamics.hull import PhaseEntry, build_hull

    rng = np.random.default_rng(7)
    elements = HULL_SYSTEM.split("-")
    entries = [PhaseEntry(name, name, {name: 1}, 0.0, 20.0) for name in elements]
    for index in range(count - len(elements)):
        chosen = rng.choice(elements, size=int(rng.integers(2, 6)), replace=False)
        amounts = {str(symbol): float(amount) for symbol, amount in zip(chosen, rng.integers(1, 7, 5), strict=False)}
        formula = "".join(f"{symbol}{amount:g}" for symbol, amount in amounts.items())
        entries.append(PhaseEntry(f"{formula}-{index}", formula, amounts, float(rng.normal(-0.1, 0.15)), 20.0))
    row, hull = _timed(f"hull of {count} entries in five elements", lambda: build_hull(HULL_SYSTEM, entries))
    return [{**row, "result": f"{len(hull.stable)} stable, {len(hull.tie_lines)} tie lines"}]


def _database(result: Result, path: Path, count: int) -> list[Row]:
    """Fill a structure database as relaxations would and ask it."""
    from ..workflows.database import StructureDatabase

    filled, _ = _timed(f"write {count} rows in one transaction", lambda: _fill(path, count))
    _, fingerprint_row = _timed("add one row through the structure database", lambda: _add_one(path))
    rows = [{**filled, "result": f"{path.stat().st_size / 1e6:.0f} MB"}]
    database = StructureDatabase(path, must_exist=True)
    row, found = _timed(f"select {QUERY!r} from {count} rows", lambda: database.select(QUERY))
    rows.append({**row, "result": f"{len(found)} rows"})
    again, some = _timed("select the 20 lowest of them", lambda: database.select(QUERY, sort="e_above_hull", limit=20))
    rows.append({**again, "result": f"{len(some)} rows"})
    one, _ = _timed("find one row by its fingerprint", lambda: database.find("synthetic-77"))
    rows.append({**one, "result": f"row id {fingerprint_row}"})
    result.targets.append(
        Target(f"seconds for {QUERY} in {count} rows", float(again["wall time (s)"]), QUERY_TARGET_S, "at_most")
    )
    if not result.targets[-1].met:
        result.profiles["the 20 lowest"] = profile(lambda: database.select(QUERY, sort="e_above_hull", limit=20))
    if row["wall time (s)"] > QUERY_TARGET_S:
        result.profiles["every match"] = profile(lambda: database.select(QUERY))
    return rows


def _fill(path: Path, count: int) -> None:
    """Write rows with the keys that the structure database stores, of eight chemical systems."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    rng = np.random.default_rng(8)
    metals = ("Li", "Na", "K", "Mg", "Zn", "Ag", "Au", "Sn")
    with connect(path, type="db", use_lock_file=False) as database:
        for index in range(count):
            metal = metals[index % len(metals)]
            atoms = Atoms([metal, "Hg"], cell=[3.3, 3.3, 3.3], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
            energy = float(rng.normal(-2, 0.2))
            atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.zeros((2, 3)))
            above = float(abs(rng.normal(0, 0.2)))
            pairs = {
                "name": f"candidate {index}",
                "kind": "prototype",
                "potential": "chgnet+d3",
                "potential_identity": "synthetic",
                "chemical_system": "-".join(sorted([metal, "Hg"])),
                "reduced_formula": f"{metal}Hg",
                "prototype": "CsCl",
                "space_group": "Pm-3m",
                "space_group_number": 221,
                "energy_per_atom": energy / 2,
                "volume_per_atom": 18.0,
                "formation_energy_per_atom": -0.2 + above,
                "e_above_hull": above,
                "converged": True,
                "n_steps": 20,
                "relax_fmax": 0.02,
                "relax_cell": True,
                "fingerprint": f"synthetic-{index}",
            }
            data = {"settings": {"fmax": 0.02}, "provenance": {"model": "synthetic"}, "wall_time_s": 1.0}
            database.write(atoms, key_value_pairs=pairs, data=data)


def _add_one(path: Path) -> int:
    """Add a row as a relaxation does, which also sees to the indices."""
    from ase import Atoms

    from ..calculators.registry import get_potential
    from ..calculators.relaxation import RelaxationError, RelaxationSettings
    from ..workflows.candidates import Candidate
    from ..workflows.database import StructureDatabase

    atoms = Atoms("Hg", cell=[3, 3, 3], pbc=True)
    candidate = Candidate(name="probe", kind="file", atoms=atoms, source="benchmark")
    error = RelaxationError("not tried", atoms)
    return StructureDatabase(path).add(candidate, error, get_potential("emt"), RelaxationSettings())


def _fireworks(directory: Path, count: int) -> list[Row]:
    """Add workflows of 200 trivial Fireworks, count them, and run one of the workflows."""
    from ..workflows.launchpad import count_by_state, open_launchpad
    from ..workflows.worker import Worker

    launchpad = open_launchpad(f"sqlite:///{directory}")
    first: list[int] = []

    def add() -> None:
        for number in range(count // PER_WORKFLOW):
            fireworks = [Firework([Nothing()], name=f"nothing {number}-{index}") for index in range(PER_WORKFLOW)]
            first.append(min(launchpad.add_wf(Workflow(fireworks, name=f"nothing {number}")).values()))

    added, _ = _timed(f"add {count} Fireworks", add)
    counted, states = _timed(f"count {count} Fireworks by state", lambda: count_by_state(launchpad))
    # The worker changes the working directory, to one that is gone afterwards.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        worker = Worker(launchpad, first[0], ["amalgamics."], Path(scratch))
        ran, done = _timed(f"run {PER_WORKFLOW} of them", worker.work)
    each = 1000 * ran["wall time (s)"] / max(done, 1)
    return [
        {**added, "result": f"{1000 * added['wall time (s)'] / count:.1f} ms each"},
        {**counted, "result": ", ".join(f"{number} {state}" for state, number in states.items())},
        {**ran, "result": f"{each:.0f} ms each"},
    ]
