"""How much work the lean evaluators do beside their models' own packages: operations and memory, never seconds."""

from __future__ import annotations

import pytest
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator
from torch.profiler import ProfilerActivity, profile

from amalgamics.benchmarks.operations import matrix_products
from amalgamics.calculators.native.library import find_compiler
from amalgamics.calculators.potentials.loading import build_calculator
from amalgamics.structures.library.phases import get_phase

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler")


def crystal() -> Atoms:
    atoms = get_phase("LLTO_P4mmm_ordered").atoms()
    atoms.rattle(0.05, seed=1)
    return atoms


def products_of(calculator: Calculator) -> int:
    """Floating-point operations of torch's matrix products in one evaluation."""
    calculator.calculate(crystal(), ["energy", "forces", "stress"])
    return matrix_products(lambda: calculator.calculate(crystal(), ["energy", "forces", "stress"]))


def allocated(calculator: Calculator) -> int:
    """Bytes that torch asks for in one evaluation."""
    calculator.calculate(crystal(), ["energy", "forces", "stress"])
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        calculator.calculate(crystal(), ["energy", "forces", "stress"])
    return sum(event.self_cpu_memory_usage for event in recorded.key_averages() if event.self_cpu_memory_usage > 0)


# Shares of what the model's own calculator does, measured and rounded up; the kernels' products are not counted.
@pytest.mark.parametrize(
    ("model", "products", "memory"), [("chgnet", 0.025, 0.025), ("7net-0", 0.5, 0.1), ("7net-l3i5", 0.4, 0.1)]
)
def test_work_beside_the_stock_calculator(model, products, memory):
    lean, stock = build_calculator(model), build_calculator(model, evaluator="stock")
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert products_of(lean) <= products * products_of(stock)
        assert allocated(lean) <= memory * allocated(stock)
    finally:
        torch.set_num_threads(threads)
