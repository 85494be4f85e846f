"""(vi) Scaling: time of a force call with the number of atoms, and of a structure with the size of the batch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..calculators.potentials.names import get_calculator
from ..calculators.relaxation.batch import get_batch_evaluator
from .peers import stock_calculator
from .profiling import profile
from .results import Mode, Result, Table, Target
from .surfaces import LEAN, STOCK
from .systems import small_crystals, supercell
from .timing import interleave, speedup

if TYPE_CHECKING:
    from ase import Atoms

SIZES = {"quick": (2, 16, 54), "full": (2, 8, 16, 54, 128, 250)}
BATCHES = {"quick": (1, 8, 32), "full": (1, 4, 16, 64, 128)}
PHASES = ("LiHg", "Hg_alpha")


def run_scaling(mode: Mode) -> Result:
    """Supercells of LiHg and Hg up to 250 atoms; batches of up to 128 crystals."""
    result = Result("Scaling")
    rounds = 3 if mode == "quick" else 5
    for key in PHASES:
        _with_atoms(result, key, SIZES[mode], rounds)
    _with_batch(result, BATCHES[mode], rounds)
    return result


def _moved(start: Atoms, number: int) -> Atoms:
    atoms: Atoms = start.copy()
    atoms.rattle(0.01, seed=number)
    return atoms


def _with_atoms(result: Result, key: str, sizes: tuple[int, ...], rounds: int) -> None:
    calculators = {LEAN: get_calculator("chgnet"), STOCK: stock_calculator("chgnet")}
    rows = []
    for size in sizes:
        start = supercell(key, size)

        def evaluate(number: int, calculator: Any, start: Atoms = start) -> float:
            atoms = _moved(start, number)
            atoms.calc = calculator
            atoms.get_forces()
            return float(atoms.get_stress()[0])

        peers = {
            name: lambda number, calculator=calculator: evaluate(number, calculator)
            for name, calculator in calculators.items()
        }
        for run in peers.values():
            run(rounds)
        measured = interleave(peers, rounds, label=f"{len(start)} atoms of {key}" if len(start) > 100 else "")
        ratio = speedup(measured[LEAN], measured[STOCK])
        rows.append(
            {
                "atoms": len(start),
                "lean (ms CPU)": 1000 * measured[LEAN].cpu,
                "stock (ms CPU)": 1000 * measured[STOCK].cpu,
                "ratio (CPU)": ratio,
                "ratio (wall)": speedup(measured[LEAN], measured[STOCK], wall=True),
            }
        )
        if ratio < 1:
            result.profiles[f"{LEAN}, {len(start)} atoms of {key}"] = profile(partial(peers[LEAN], 0))
    caption = f"Energy, forces and stress of supercells of {key}, chgnet, median of {rounds}"
    result.tables.append(Table(caption, rows))
    lowest = min(row["ratio (CPU)"] for row in rows)
    result.targets.append(Target(f"lowest ratio over the sizes, {key}", lowest, 1.0))


def _with_batch(result: Result, batches: tuple[int, ...], rounds: int) -> None:
    evaluator, stock = get_batch_evaluator("chgnet"), stock_calculator("chgnet")
    assert evaluator is not None
    crystals = [atoms for _, atoms in small_crystals(max(batches))]
    few = crystals[:: max(1, len(crystals) // 8)][:8]

    def one_by_one(number: int) -> None:
        for start in few:
            atoms = _moved(start, number)
            atoms.calc = stock
            atoms.get_forces()

    peers: dict[str, Any] = {
        str(batch): lambda number, batch=batch: [
            evaluator.evaluate_batch([_moved(atoms, number) for atoms in crystals[first : first + batch]])
            for first in range(0, len(crystals), batch)
        ]
        for batch in batches
    }
    peers[STOCK] = one_by_one
    one_by_one(rounds)
    measured = interleave(peers, rounds)
    atoms_each = sum(map(len, crystals)) / len(crystals)
    counts = {name: len(few) if name == STOCK else len(crystals) for name in peers}
    each = {name: 1000 * measured[name].cpu / counts[name] for name in peers}
    rows = [
        {
            "structures at once": "1, stock calculator" if name == STOCK else int(name),
            "ms CPU per structure": each[name],
            "faster than stock": each[STOCK] / each[name],
        }
        for name in peers
    ]
    result.tables.append(
        Table(f"Batches of small crystals ({atoms_each:.1f} atoms on average), one evaluation, chgnet", rows)
    )
