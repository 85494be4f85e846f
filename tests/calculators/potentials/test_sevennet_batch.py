"""SevenNet in batches equals its own calculator."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator

from amalgamics.calculators.potentials import sevennet_batch
from amalgamics.calculators.potentials.loading import build_calculator
from amalgamics.calculators.potentials.sevennet_batch import SevenNetBatch
from amalgamics.calculators.relaxation.batch import relax_many
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.structures.library.phases import get_phase


@functools.cache
def calculator(model: str = "7net-0") -> Calculator:
    return build_calculator(model)


def structures() -> list[Atoms]:
    crystals = [get_phase(key).atoms() for key in ("LiHg", "Hg_alpha", "TiO2_rutile")]
    for seed, atoms in enumerate(crystals):
        atoms.rattle(0.1, seed=seed)
    return [*crystals, Atoms("Hg", cell=[15, 15, 15], pbc=True)]


def assert_equal(atoms: Atoms, results: dict[str, Any], model: str) -> None:
    atoms = atoms.copy()
    atoms.calc = calculator(model)
    assert results["energy"] == pytest.approx(atoms.get_potential_energy(), abs=1e-6 * len(atoms))
    assert results["free_energy"] == results["energy"]
    np.testing.assert_allclose(results["forces"], atoms.get_forces(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(results["stress"], atoms.get_stress(), rtol=0, atol=1e-6)
    assert results["forces"].dtype == results["stress"].dtype == np.float64


@pytest.mark.parametrize("model", ["7net-0", "7net-mf-r2scan"])
def test_equals_the_calculator(model):
    results = SevenNetBatch(calculator(model)).evaluate_batch(structures())
    for atoms, item in zip(structures(), results, strict=True):
        assert_equal(atoms, item, model)


def test_batches_larger_than_the_memory_limit(monkeypatch):
    monkeypatch.setattr(sevennet_batch, "_MAX_EDGES", 60)
    results = SevenNetBatch(calculator()).evaluate_batch(structures())
    for atoms, item in zip(structures(), results, strict=True):
        assert_equal(atoms, item, "7net-0")


def test_unknown_element_and_empty_batch():
    evaluator = SevenNetBatch(calculator())
    with pytest.raises(ValueError, match="atomic number"):
        evaluator.evaluate_batch([Atoms("Cf", cell=[5, 5, 5], pbc=True)])
    assert evaluator.evaluate_batch([]) == []


def test_relaxations_equal_stock():
    settings = RelaxationSettings(fmax=0.2)
    fast = relax_many(structures()[:2], "7net-0", settings)
    stock = relax_many(structures()[:2], "7net-0", settings, evaluator="stock")
    for one, other in zip(fast, stock, strict=True):
        assert one.n_steps == other.n_steps
        assert one.energy == pytest.approx(other.energy, abs=1e-5)
