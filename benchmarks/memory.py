"""(vi) Peak memory: each case in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .results import Mode, Result, Table
from .timing import say

STATUS = Path("/proc/self/status")


def peak_memory_mb() -> float:
    """Return the largest resident memory this process has had, MB.

    Where there is one, from Linux's own record of the process: the figure of ``getrusage`` starts, after a fork, with
    the size of the parent.
    """
    if STATUS.is_file():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _import_only() -> None:
    import torch  # noqa: F401

    from ..calculators.relaxation import batch  # noqa: F401


def _force_call(which: str, potential: str = "chgnet") -> Callable[[], None]:
    def run() -> None:
        from ..calculators.potentials.names import get_calculator
        from .peers import stock_calculator
        from .systems import mercury_on_llto

        atoms = mercury_on_llto()
        atoms.calc = stock_calculator(potential) if which == "stock" else get_calculator(potential)
        atoms.get_forces()

    return run


def _crystals(which: str, potential: str, count: int) -> Callable[[], None]:
    def run() -> None:
        from ..calculators.relaxation.batch import get_batch_evaluator
        from .peers import stock_calculator
        from .systems import small_crystals

        structures = [atoms for _, atoms in small_crystals(count)]
        if which == "batch":
            evaluator = get_batch_evaluator(potential)
            assert evaluator is not None
            evaluator.evaluate_batch(structures)
            return
        calculator = stock_calculator(potential)
        for atoms in structures:
            atoms.calc = calculator
            atoms.get_forces()

    return run


BATCH = 26  # small crystals make some 128 atoms, the most that relax_many evaluates at once
CASES: dict[str, Callable[[], None]] = {
    "torch and the package imported": _import_only,
    f"{BATCH} crystals one by one, chgnet stock": _crystals("stock", "chgnet", BATCH),
    f"{BATCH} crystals as one batch, chgnet": _crystals("batch", "chgnet", BATCH),
    f"{BATCH} crystals one by one, 7net-0 stock": _crystals("stock", "7net-0", BATCH),
    f"{BATCH} crystals as one batch, 7net-0": _crystals("batch", "7net-0", BATCH),
    "interface, chgnet stock": _force_call("stock"),
    "interface, chgnet lean": _force_call("lean"),
}


def run_memory(mode: Mode) -> Result:
    """Peak memory of each case; with ``quick`` without SevenNet."""
    rows = []
    for name in CASES:
        if mode == "quick" and "7net" in name:
            continue
        command = [sys.executable, "-m", "amalgamics.benchmarks.memory", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        peak = float(json.loads(done.stdout.splitlines()[-1]))
        say(f"  {name}: {peak:.0f} MB")
        rows.append({"": name, "peak (MB)": peak})
    return Result("Memory", tables=[Table("Peak resident memory, one evaluation with forces and stress", rows)])


if __name__ == "__main__":
    CASES[sys.argv[1]]()
    print(json.dumps(peak_memory_mb()))
