"""The lean SevenNet equals sevenn's own, compiled and not, and obeys the derivatives that any potential must."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import fcc111
from ase.calculators.calculator import Calculator
from hypothesis import given, settings
from hypothesis import strategies as st
from sevenn.calculator import SevenNetCalculator

from amalgamics.calculators.native.library import find_compiler, native_code
from amalgamics.calculators.potentials.cards import MODEL_CARDS
from amalgamics.calculators.potentials.loading import build_calculator
from amalgamics.calculators.potentials.sevennet.evaluator import LEAN_SEVENNET, LeanSevenNet, new_model
from amalgamics.calculators.potentials.sevennet.network import Network
from amalgamics.calculators.relaxation.batch import relax_many
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase

# The compiled convolutions, and sevenn's where there is no compiler.
WAYS = [
    pytest.param(True, id="compiled", marks=pytest.mark.skipif(find_compiler() is None, reason="no C compiler")),
    pytest.param(False, id="modules"),
]


@functools.cache
def stock(model: str = "7net-0") -> Calculator:
    return build_calculator(model, evaluator="stock")


@functools.cache
def lean(model: str = "7net-0", compiled: bool = True) -> LeanSevenNet:
    calculator = LeanSevenNet(model)
    library = native_code().library if compiled else None
    calculator._network = Network(new_model(model), MODEL_CARDS[model].modal, "cpu", library)
    assert calculator._network.compiled == compiled
    return calculator


def structures() -> list[Atoms]:
    crystals = [get_phase(key).atoms() for key in ("LiHg", "Hg_alpha", "TiO2_rutile")]
    for seed, atoms in enumerate(crystals):
        atoms.rattle(0.1, seed=seed)
    return [*crystals, Atoms("Hg", cell=[15, 15, 15], pbc=True)]


def odd_structures() -> list[Atoms]:
    dimer = [(0, 0, 0), (0, 0, 3.3)]
    return [
        Atoms("Hg3", positions=[*dimer, (0, 0, 11)], cell=[20, 20, 22], pbc=True),
        fcc111("Au", (1, 1, 3), vacuum=8, periodic=True),
        Atoms("Li", cell=[2.2, 2.2, 2.2], pbc=True),
        Atoms("Li", cell=[[2.7, 0, 0], [8.5, 2.7, 0], [0, 0, 3.5]], pbc=True),
        Atoms("LiHg", positions=[(-33, 7, 90), (1.6, 1.6, 1.5)], cell=[3.3] * 3, pbc=True),
    ]


def assert_equal(atoms: Atoms, results: dict[str, Any], reference: Calculator) -> None:
    atoms = atoms.copy()
    atoms.calc = reference
    energy = atoms.get_potential_energy() / len(atoms)
    rounding = 2 * float(np.spacing(np.float32(abs(energy))))  # both have single precision inside
    assert results["energy"] / len(atoms) == pytest.approx(energy, abs=1e-6 + rounding)
    assert results["free_energy"] == results["energy"]
    np.testing.assert_allclose(results["forces"], atoms.get_forces(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(results["stress"], atoms.get_stress(), rtol=0, atol=1e-6)
    assert results["forces"].dtype == results["stress"].dtype == np.float64


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize("model", LEAN_SEVENNET)
def test_equals_the_calculator(model, compiled):
    for atoms, item in zip(structures(), lean(model, compiled).evaluate_batch(structures()), strict=True):
        assert_equal(atoms, item, stock(model))


@pytest.mark.parametrize("compiled", WAYS)
def test_equals_the_calculator_on_odd_structures(compiled):
    for atoms, item in zip(odd_structures(), lean(compiled=compiled).evaluate_batch(odd_structures()), strict=True):
        assert_equal(atoms, item, stock())


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize("model", ["7net-0", "7net-l3i5"])
def test_equals_the_calculator_with_other_weights(model, compiled):
    # Weights that no training has balanced, so that what cancels or hardly counts in the trained ones shows.
    ours, theirs = new_model(model), new_model(model)
    random = torch.Generator().manual_seed(7)
    for weights in zip(ours.parameters(), theirs.parameters(), strict=True):
        noise = 1 + 0.3 * torch.randn(weights[0].shape, generator=random)
        for parameter in weights:
            parameter.data.mul_(noise)
    calculator = LeanSevenNet(model)
    calculator._network = Network(ours, None, "cpu", native_code().library if compiled else None)
    reference = SevenNetCalculator(model=theirs, file_type="model_instance", device="cpu")
    for atoms, item in zip(structures(), calculator.evaluate_batch(structures()), strict=True):
        expected = atoms.copy()
        expected.calc = reference
        assert item["energy"] == pytest.approx(expected.get_potential_energy(), rel=3e-6, abs=1e-5)
        scale = 1 + np.abs(expected.get_forces()).max()
        np.testing.assert_allclose(item["forces"], expected.get_forces(), rtol=0, atol=2e-5 * scale)
        np.testing.assert_allclose(item["stress"], expected.get_stress(), rtol=0, atol=2e-6 * scale)


@settings(max_examples=6, deadline=None)
@given(amplitude=st.floats(0, 0.3), strain=st.floats(0, 0.06), seed=st.integers(0, 1000))
def test_equals_the_calculator_on_random_distortions(amplitude, strain, seed):
    atoms = get_phase("LiHg").atoms()
    random = np.random.default_rng(seed)
    atoms.positions += random.normal(scale=amplitude, size=atoms.positions.shape)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain * random.normal(size=(3, 3))), scale_atoms=True)
    assert_equal(atoms, lean().evaluate_batch([atoms])[0], stock())


@pytest.mark.parametrize("compiled", WAYS)
def test_forces_and_stress_are_derivatives_of_the_energy(compiled):
    atoms = structures()[2]
    evaluate = lean(compiled=compiled).evaluate_batch
    (results,) = evaluate([atoms])
    step = np.random.default_rng(0).normal(size=atoms.positions.shape)
    step *= 0.02 / np.linalg.norm(step)
    moved = [atoms.copy(), atoms.copy()]
    for sign, copy in zip((1, -1), moved, strict=True):
        copy.positions += sign * step
    ahead, behind = (item["energy"] for item in evaluate(moved))
    assert (ahead - behind) / 2 == pytest.approx(-(results["forces"] * step).sum(), abs=2e-4)
    strained = [atoms.copy(), atoms.copy()]
    for sign, copy in zip((1, -1), strained, strict=True):
        copy.set_cell(copy.cell.array * np.array([1, 1, 1 + sign * 0.002]), scale_atoms=True)
    ahead, behind = (item["energy"] for item in evaluate(strained))
    assert (ahead - behind) / (0.004 * atoms.cell.volume) == pytest.approx(results["stress"][2], abs=2e-4)


def test_threads_and_batches_do_not_matter(monkeypatch):
    expected = lean().evaluate_batch(structures())
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        shared = lean().evaluate_batch([structures()[0].repeat(3)])[0]
    finally:
        torch.set_num_threads(threads)
    assert_equal(structures()[0].repeat(3), shared, stock())
    monkeypatch.setattr(LeanSevenNet, "max_atoms", 3)
    for one, other in zip(lean().evaluate_batch(structures()), expected, strict=True):
        assert one["energy"] == pytest.approx(other["energy"], abs=1e-5)
        np.testing.assert_allclose(one["forces"], other["forces"], rtol=0, atol=1e-5)


def test_unknown_model_element_and_empty_batch():
    with pytest.raises(InputError, match="unknown SevenNet model"):
        LeanSevenNet("7net-9")
    with pytest.raises(InputError, match="Cf, an element that 7net-0 does not know"):
        lean().evaluate_batch([Atoms("Cf", cell=[5, 5, 5], pbc=True)])
    with pytest.raises(InputError, match="none to evaluate"):
        lean().evaluate_batch([Atoms()])
    assert lean().evaluate_batch([]) == []


def test_relaxations_equal_stock():
    fast = relax_many(structures()[:2], "7net-0", RelaxationSettings(fmax=0.2))
    slow = relax_many(structures()[:2], "7net-0", RelaxationSettings(fmax=0.2), evaluator="stock")
    for one, other in zip(fast, slow, strict=True):
        assert one.n_steps == other.n_steps
        assert one.energy == pytest.approx(other.energy, abs=1e-5)


@pytest.mark.parametrize("compiled", WAYS)
@pytest.mark.parametrize("model", LEAN_SEVENNET)
def test_energies_alone_are_the_same_without_a_gradient(model, compiled, monkeypatch):
    calculator = lean(model, compiled)
    wanted = [result["energy"] for result in calculator.evaluate_batch([*structures(), *odd_structures()])]

    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("a gradient was worked out")

    monkeypatch.setattr(torch.autograd, "grad", refuse)
    found = calculator.energies([*structures(), *odd_structures()])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
