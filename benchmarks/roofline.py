"""Roofline: how near a force call comes to what the processor could do, and where the rest of its time goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..calculators.potentials.cards import MODEL_CARDS
from ..calculators.potentials.loading import build_calculator
from .operations import convolution_operations, matrix_products, peak_multiply_adds, peak_operations, time_by_kind
from .results import Mode, Result, Row, Table
from .systems import mercury_on_llto, supercell
from .timing import interleave

if TYPE_CHECKING:
    from ase import Atoms

POTENTIALS = {"quick": ("chgnet", "7net-0"), "full": ("chgnet", "7net-0", "7net-l3i5")}
SIZES = {"quick": (54,), "full": (54, 250)}
KINDS = ("products", "compiled", "look-ups and sums", "rest of torch", "neighbours")


def run_roofline(mode: Mode) -> Result:
    """The mercury film on LLTO and supercells of LiHg: operations, the processor's own rate, the share reached."""
    result = Result("Roofline")
    peak, most = peak_operations(), peak_multiply_adds()
    systems = {"Hg on LLTO": mercury_on_llto()} | {
        f"LiHg, {size} atoms": supercell("LiHg", size) for size in SIZES[mode]
    }
    rows, spent = [], []
    for potential in POTENTIALS[mode]:
        for name, atoms in systems.items():
            row, parts = _evaluated(potential, name, atoms, peak, rounds=3 if mode == "quick" else 7)
            share = float(row["share of the rate (%)"]) * peak / most if most else None
            rows.append(row | {"share of multiply-adds (%)": share})
            spent.append(parts)
    caption = f"One thread; the processor multiplies matrices at {peak / 1e9:.0f} GFLOP/s in this run"
    if most:
        caption += f", and multiplies and adds in registers at {most / 1e9:.0f}"
    result.tables.append(Table(caption, rows))
    result.tables.append(Table("Where the CPU time goes (%), one call under torch's profiler", spent))
    result.notes.append(
        "GFLOP are those of matrix products and compiled convolutions, counted; compiled gates of CHGNet count as the"
        " products that they replace. Element-wise work is not counted, nor what gradients work out again, so 100 % is"
        " out of reach. The rate is that of torch's or NumPy's products of 1024 x 1024 matrices, whichever is faster."
    )
    return result


def _evaluated(potential: str, name: str, atoms: Atoms, peak: float, rounds: int) -> tuple[Row, Row]:
    calculator: Any = build_calculator(potential)
    run = partial(calculator.evaluate_batch, [atoms])
    run()
    seconds = interleave({potential: lambda _: run()}, rounds)[potential].cpu
    operations = _operations(potential, calculator, atoms)
    row = {
        "": f"{potential}, {name}",
        "atoms": len(atoms),
        "GFLOP": operations / 1e9,
        "CPU time (ms)": 1000 * seconds,
        "at the processor's rate (ms)": 1000 * operations / peak,
        "share of the rate (%)": 100 * operations / peak / seconds,
    }
    finder = calculator._builder.build if potential.startswith("chgnet") else calculator._finder.find
    parts = time_by_kind(run, partial(finder, [atoms]))
    total = sum(parts.values())
    return row, {"": row[""], **{kind: 100 * parts.get(kind, 0) / total for kind in KINDS}}


def _operations(potential: str, calculator: Any, atoms: Atoms) -> int:
    run = partial(calculator.evaluate_batch, [atoms])
    if MODEL_CARDS[potential].package == "chgnet":
        return matrix_products(partial(_on_torch(potential).evaluate_batch, [atoms]))
    n_pairs = len(calculator._finder.find([atoms]).first)
    compiled = calculator._network._convolutions.values()
    return matrix_products(run) + sum(convolution_operations(one._paths, n_pairs) for one in compiled)


def _on_torch(potential: str) -> Any:
    """Return CHGNet without compiled code, whose products can be counted."""
    import torch

    from ..calculators.potentials.chgnet.evaluator import LeanCHGNet
    from ..calculators.potentials.chgnet.layers import Network
    from ..calculators.potentials.weights import checked_weights

    card = MODEL_CARDS[potential]
    path = checked_weights("chgnet", card.weights or "", card.sha256)
    calculator = LeanCHGNet(potential)
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)["model"]
    calculator._network = Network(checkpoint, torch.float32, "cpu")
    return calculator
