"""(ix) Growth: what atoms and crystals cost, and an interface of a thousand atoms; (x) two workers instead of one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..calculators.potentials.names import get_calculator
from ..calculators.relaxation.batch import get_batch_evaluator
from .end_to_end import run_command
from .memory import peak_memory_mb
from .results import Mode, Result, Row, Table, Target
from .systems import mercury_on_llto, small_crystals, supercell
from .timing import interleave, say

if TYPE_CHECKING:
    from ase import Atoms

POTENTIALS = {
    "quick": ("chgnet", "chgnet+d3", "7net-0"),
    "full": ("chgnet", "chgnet+d3", "7net-0", "7net-0+d3", "7net-l3i5"),
}
SIZES = {"quick": (54, 250), "full": (54, 128, 250, 432, 1024, 2000)}
CRYSTALS = {"quick": (10, 100), "full": (10, 100, 1000, 10_000)}
_JOBS = Path(__file__).resolve().parent / "jobs"
JOBS = {"quick": ("many-crystals",), "full": ("many-crystals", "thousand-crystals")}
WORKERS = (1, 2)
SECONDS_PER_STEP, MEGABYTES, FASTER_WITH_TWO = 2.0, 4096.0, 1.8


def run_growth(mode: Mode) -> Result:
    """Force calls of 54 to 2000 atoms, 10 to 10^4 crystals, a step of 1044 atoms."""
    result = Result("Growth")
    result.tables.append(_with_atoms(mode))
    result.tables.append(_with_crystals(mode))
    _large_interface(result)
    return result


def run_workers(mode: Mode) -> Result:
    """Jobs of crystals alone with one worker and with two; the target is for the longest."""
    rows: list[Row] = []
    for name in JOBS[mode]:
        seconds: dict[int, float] = {}
        for workers in WORKERS:
            _, seconds[workers] = run_command(_JOBS / f"{name}.yaml", workers)
            say(f"  {name}, {workers} workers: {seconds[workers]:.1f} s")
            faster = seconds[1] / seconds[workers]
            rows.append({"job": name, "workers": workers, "wall time (s)": seconds[workers], "faster": faster})
    target = Target(f"two workers over one, {rows[-1]['job']}", float(rows[-1]["faster"]), FASTER_WITH_TWO)
    return Result("Workers", [Table("`amalgamics run`, from start to report", rows)], [target])


def _with_atoms(mode: Mode) -> Table:
    rows: list[Row] = []
    for size in SIZES[mode]:
        start = supercell("LiHg", size)
        peers = {name: lambda number, name=name, start=start: _forces(start, name, number) for name in POTENTIALS[mode]}
        for run in peers.values():
            run(0)
        rounds = 5 if size < 500 else 3
        measured = interleave(peers, rounds, label=f"{len(start)} atoms")
        rows.append({"atoms": len(start)} | {name: 1000 * one.cpu for name, one in measured.items()})
    return Table("Energy, forces and stress of a supercell of LiHg (ms CPU), one thread", rows)


def _forces(start: Atoms, potential: str, number: int) -> None:
    atoms = start.copy()
    atoms.rattle(0.01, seed=number)
    atoms.calc = get_calculator(potential)
    atoms.get_forces()
    atoms.get_stress()


def _with_crystals(mode: Mode) -> Table:
    known = [atoms for _, atoms in small_crystals(300)]
    rows: list[Row] = []
    for count in CRYSTALS[mode]:
        row: Row = {"crystals": count}
        for potential in POTENTIALS[mode]:
            evaluator = get_batch_evaluator(potential)
            assert evaluator is not None
            evaluator.evaluate_batch(known[:1])
            crystals = [known[(7 * number) % len(known)].copy() for number in range(count)]
            for number, atoms in enumerate(crystals):
                atoms.rattle(0.01, seed=number)
            start = time.process_time()
            evaluator.evaluate_batch(crystals)
            row[potential] = time.process_time() - start
            say(f"  {count} crystals, {potential}: {row[potential]:.2f} s CPU")
        rows.append(row)
    sizes = [len(atoms) for atoms in known]
    return Table(f"Energy, forces and stress of crystals of {min(sizes)} to {max(sizes)} atoms (s CPU)", rows)


def large_interface() -> dict[str, float]:
    """Time steps of mercury on nine cells of LLTO; s of CPU and wall time for a step, and the peak memory, MB."""
    atoms = mercury_on_llto().repeat((3, 3, 1))
    atoms.calc = get_calculator("chgnet+d3")
    atoms.get_forces()

    def step(number: int) -> None:
        atoms.rattle(0.01, seed=number)
        atoms.get_forces()

    measured = interleave({"step": step}, 5)["step"]
    return {"atoms": len(atoms), "cpu_s": measured.cpu, "wall_s": measured.wall, "peak_mb": peak_memory_mb()}


def _large_interface(result: Result) -> None:
    command = [sys.executable, "-m", "amalgamics.benchmarks.growth"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    row = {
        "atoms": found["atoms"],
        "CPU time of a step (s)": found["cpu_s"],
        "wall time (s)": found["wall_s"],
        "peak memory (MB)": found["peak_mb"],
    }
    result.tables.append(Table("Mercury on LLTO, chgnet+d3, a process of its own with one thread", [row]))
    what = f"interface of {found['atoms']} atoms, chgnet+d3"
    result.targets.append(Target(f"{what}, s (CPU) per step", found["cpu_s"], SECONDS_PER_STEP, "at_most"))
    result.targets.append(Target(f"{what}, peak memory (MB)", found["peak_mb"], MEGABYTES, "at_most"))


if __name__ == "__main__":
    from ..calculators.threads import set_threads

    set_threads(1)
    print(json.dumps(large_interface()))
