"""Relaxing many structures together gives what relaxing each alone gives, whatever happens to the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

from amalgamics.calculators.potentials import dispersion_sum
from amalgamics.calculators.potentials.chgnet.evaluator import LeanCHGNet
from amalgamics.calculators.potentials.dispersion import get_dispersion_calculator, three_body_energy
from amalgamics.calculators.potentials.names import UnknownPotentialError, get_potential
from amalgamics.calculators.relaxation import batch as batch_module
from amalgamics.calculators.relaxation.batch import WithDispersion, get_batch_evaluator, relax_many
from amalgamics.calculators.relaxation.lockstep import relax_in_lockstep
from amalgamics.calculators.relaxation.relax import RelaxationSettings, relax
from amalgamics.calculators.relaxation.results import NotConvergedError, RelaxationError, RelaxationResult
from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase


def distorted(key: str, seed: int = 0) -> Atoms:
    atoms = get_phase(key).atoms()
    random = np.random.default_rng(seed)
    atoms.positions += random.normal(scale=0.05, size=atoms.positions.shape)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.02 * random.normal(size=(3, 3))), scale_atoms=True)
    return atoms


def copper(seed: int, strain: float = 0.03) -> Atoms:
    atoms = bulk("Cu", cubic=True, a=3.61 * (1 + strain))
    atoms.rattle(0.05, seed=seed)
    return atoms


class EMTBatch:
    """A batch evaluator that records its batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def evaluate_batch(self, structures):
        self.sizes.append(sum(len(atoms) for atoms in structures))
        results = []
        for structure in structures:
            atoms = structure.copy()
            atoms.set_constraint()
            atoms.calc = EMT()
            energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
            results.append({"energy": energy, "free_energy": energy, "forces": forces, "stress": stress})
        return results


def lockstep(structures, evaluator=None, settings=None, max_atoms=20):
    """Relax in lock-step; return the outcomes in the order of the structures, and the order in which they came."""
    outcomes: dict[int, RelaxationResult | RelaxationError] = {}
    relax_in_lockstep(
        list(enumerate(structures)),
        evaluator or EMTBatch(),
        settings or RelaxationSettings(),
        max_atoms=max_atoms,
        done=outcomes.__setitem__,
    )
    return [outcomes[index] for index in range(len(structures))], list(outcomes)


SETTINGS = [
    RelaxationSettings(),
    RelaxationSettings(relax_cell=False, optimizer="FIRE"),
    RelaxationSettings(keep_symmetry=True),
    RelaxationSettings(optimizer="BFGS", fmax=0.001),
    RelaxationSettings(optimizer="LBFGS"),
]


@pytest.mark.parametrize(
    "settings", SETTINGS, ids=lambda item: f"{item.optimizer}-{item.relax_cell}-{item.keep_symmetry}"
)
def test_lockstep_takes_the_steps_of_single_relaxations(settings):
    structures = [copper(0), copper(1, -0.02), bulk("Al", a=4.2), bulk("Au", "bcc", a=3.3)]
    outcomes, _ = lockstep(structures, settings=settings)
    for atoms, outcome in zip(structures, outcomes, strict=True):
        alone = relax(atoms, EMT(), settings)
        assert (outcome.n_steps, outcome.n_force_calls) == (alone.n_steps, alone.n_force_calls)
        assert outcome.energy == pytest.approx(alone.energy, abs=1e-8)
        assert outcome.max_force == pytest.approx(alone.max_force, abs=1e-7)
        assert outcome.max_force < settings.fmax
        np.testing.assert_allclose(outcome.atoms.cell.array, alone.atoms.cell.array, atol=1e-7)
        np.testing.assert_allclose(outcome.atoms.get_forces(), alone.atoms.get_forces(), atol=1e-7)
        np.testing.assert_allclose(outcome.atoms.get_stress(), alone.atoms.get_stress(), atol=1e-8)


def test_batches_stay_full_and_within_the_limit():
    evaluator = EMTBatch()
    structures = [copper(seed) for seed in range(7)] + [bulk("Cu", cubic=True, a=3.7) * (2, 2, 2)]
    outcomes, _ = lockstep(structures, evaluator, max_atoms=9)
    assert all(isinstance(item, RelaxationResult) for item in outcomes)
    alone = [size for size in evaluator.sizes if size == 32]
    assert alone, "the structure larger than the limit must still be relaxed"
    assert max(size for size in evaluator.sizes if size != 32) == 8
    assert evaluator.sizes[0] == evaluator.sizes[1] == 8


def test_one_failing_structure_never_stops_the_others():
    fused = copper(3)
    fused.positions[1] = fused.positions[0] + 0.1
    unknown = bulk("Fe")
    structures = [copper(0), fused, unknown, copper(1), bulk("Cu", a=6.5), copper(2)]
    outcomes, _ = lockstep(structures)
    reasons = [item.reason if isinstance(item, RelaxationError) else "" for item in outcomes]
    assert [bool(reason) for reason in reasons] == [False, True, True, False, True, False]
    assert "fused" in reasons[1]
    assert "No EMT-potential for Fe" in reasons[2]
    for index in (0, 3, 5):
        assert outcomes[index].energy == pytest.approx(relax(structures[index], EMT()).energy, abs=1e-8)


@pytest.mark.parametrize("key", ["energy", "forces", "stress"])
def test_not_a_number_hits_only_its_own_structure(key):
    class Sick(EMTBatch):
        def evaluate_batch(self, structures):
            results = super().evaluate_batch(structures)
            for atoms, result in zip(structures, results, strict=True):
                if "Al" in atoms.symbols:
                    result[key] = result[key] * np.nan
            return results

    outcomes, _ = lockstep([copper(0), bulk("Al"), copper(1)], Sick())
    assert isinstance(outcomes[1], RelaxationError)
    assert outcomes[1].reason == f"the potential gives a non-finite {key}"
    assert isinstance(outcomes[0], RelaxationResult)
    assert isinstance(outcomes[2], RelaxationResult)


def test_not_converged_is_an_error_of_that_structure():
    outcomes, order = lockstep([copper(0), bulk("Cu", a=3.59)], settings=RelaxationSettings(max_steps=3, fmax=0.05))
    assert isinstance(outcomes[0], NotConvergedError)
    assert "not converged after 3 steps" in outcomes[0].reason
    assert isinstance(outcomes[1], RelaxationResult)
    assert order == [1, 0]


def test_exploding_cell_is_an_error():
    class Repulsive(EMTBatch):
        def evaluate_batch(self, structures):
            return [
                {**item, "stress": np.array([-5.0, -5, -5, 0, 0, 0])} for item in super().evaluate_batch(structures)
            ]

    (outcome,), _ = lockstep([bulk("Cu", cubic=True)], Repulsive())
    assert isinstance(outcome, RelaxationError)
    assert "exploded" in outcome.reason


def test_atoms_that_were_fixed_stay_fixed():
    slab = fcc111("Cu", (1, 1, 4), vacuum=6.0, periodic=True)
    slab.rattle(0.1, seed=4)
    slab.set_constraint(FixAtoms([0, 1]))
    settings = RelaxationSettings(relax_cell=False, optimizer="FIRE")
    (outcome,), _ = lockstep([slab], settings=settings)
    np.testing.assert_array_equal(outcome.atoms.positions[:2], slab.positions[:2])
    assert outcome.energy == pytest.approx(relax(slab, EMT(), settings).energy, abs=1e-8)
    assert len(outcome.atoms.constraints) == 1


STRUCTURES = ["Li_bcc", "Hg_alpha", "LiHg", "LiHg3", "TiO2_rutile", "Hg_beta"]


def test_chgnet_equals_stock_relaxations():
    structures = [distorted(key, seed) for seed, key in enumerate(STRUCTURES)]
    before = [atoms.copy() for atoms in structures]
    settings = RelaxationSettings(fmax=0.1)
    fast = relax_many(structures, "chgnet", settings)
    stock = relax_many(structures, "chgnet", settings, evaluator="stock")
    for atoms, one, other, original in zip(structures, fast, stock, before, strict=True):
        assert one.n_steps == other.n_steps
        assert one.n_force_calls == other.n_force_calls
        assert abs(one.energy - other.energy) / len(atoms) < 1e-4
        assert one.atoms.cell.volume == pytest.approx(other.atoms.cell.volume, rel=1e-4)
        assert isinstance(one.atoms.calc, SinglePointCalculator)
        assert one.atoms.get_potential_energy() == one.energy
        assert one.atoms.get_stress().dtype == np.float64
        assert atoms == original


def test_with_dispersion_equals_stock_relaxation():
    structures = [distorted("Hg_alpha"), distorted("LiHg")]
    settings = RelaxationSettings(fmax=0.1)
    for name in ("chgnet+d3", "chgnet-r2scan+d4pair"):
        fast = relax_many(structures, name, settings)
        stock = relax_many(structures, name, settings, evaluator="stock")
        for atoms, one, other in zip(structures, fast, stock, strict=True):
            assert one.n_steps == other.n_steps
            assert abs(one.energy - other.energy) / len(atoms) < 1e-4


@pytest.mark.parametrize("evaluator", ["auto", "stock"])
def test_the_three_body_term_is_added_at_the_end_of_each(evaluator, monkeypatch):
    monkeypatch.setattr(dispersion_sum, "THREE_BODY_CUTOFFS", (5.0, 7.0))  # how far it goes does not matter here
    structures = [distorted("Hg_alpha"), distorted("LiHg")]
    seen: dict[Any, Any] = {}
    settings = RelaxationSettings(fmax=0.1)
    whole = relax_many(structures, "chgnet-r2scan+d4", settings, evaluator=evaluator, on_result=seen.__setitem__)
    alone = relax_many(structures, "chgnet-r2scan+d4pair", settings, evaluator=evaluator)
    for index, (one, other) in enumerate(zip(whole, alone, strict=True)):
        assert seen[index] is one
        np.testing.assert_allclose(one.atoms.positions, other.atoms.positions, atol=1e-9)
        np.testing.assert_allclose(one.atoms.get_forces(), other.atoms.get_forces(), atol=1e-9)
        term = three_body_energy(other.atoms, "d4", "r2scan")
        assert abs(term) > 1e-3
        assert one.energy == one.atoms.get_potential_energy() == pytest.approx(other.energy + term, abs=1e-9)


def test_a_three_body_term_that_fails_leaves_the_others(monkeypatch):
    def fail_for_lithium(atoms, *_):
        if "Li" in atoms.symbols:
            raise CalculationFailed("no")
        return 0.0

    monkeypatch.setattr("amalgamics.calculators.relaxation.results.three_body_energy", fail_for_lithium)
    structures = [distorted("Hg_alpha"), distorted("LiHg")]
    outcomes = relax_many(structures, "chgnet+d4", RelaxationSettings(fmax=0.1))
    assert [type(outcome) for outcome in outcomes] == [RelaxationResult, RelaxationError]


@pytest.mark.parametrize("threads", [1, 2])
def test_dispersion_is_added_to_each_structure(threads, monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: threads)
    structures = [distorted("LiHg"), Atoms("Hg2", positions=[(0, 0, 0), (0, 0, 3.4)]), distorted("Hg_beta")]
    model = LeanCHGNet()
    sums = WithDispersion(model, "d3", "pbe").evaluate_batch(structures)
    for atoms, total, bare in zip(structures, sums, model.evaluate_batch(structures), strict=True):
        atoms.calc = get_dispersion_calculator("d3", "pbe")
        assert total["energy"] - bare["energy"] == pytest.approx(atoms.get_potential_energy(), abs=1e-10)
        np.testing.assert_allclose(total["forces"] - bare["forces"], atoms.get_forces(), atol=1e-10)
        assert ("stress" in total) == atoms.pbc.all()
        if "stress" in total:
            np.testing.assert_allclose(total["stress"] - bare["stress"], atoms.get_stress(), atol=1e-10)


def test_outcomes_are_in_order_and_reported_as_they_come():
    structures = [
        distorted("LiHg"),
        Atoms(),
        get_phase("Hg_beta").atoms(),
        bulk("Fm", "fcc", a=5.0),
        distorted("Li_bcc"),
    ]
    seen = []
    outcomes = relax_many(
        structures,
        "chgnet",
        RelaxationSettings(fmax=0.1),
        on_result=lambda index, outcome: seen.append((index, outcome)),
    )
    assert len(outcomes) == 5
    assert sorted(index for index, _ in seen) == [0, 1, 2, 3, 4]
    assert all(outcomes[index] is outcome for index, outcome in seen)
    assert "there are none" in outcomes[1].reason
    assert "does not cover Fm" in outcomes[3].reason
    assert [type(item) for item in outcomes] == [RelaxationResult, RelaxationError, RelaxationResult] + [
        RelaxationError,
        RelaxationResult,
    ]


def test_what_on_result_raises_ends_the_whole():
    def full(*_):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        relax_many([bulk("Cu"), bulk("Cu")], "emt", on_result=full)


def test_other_potentials_go_one_by_one():
    class Broken(Calculator):
        implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

        def calculate(self, atoms=None, properties=None, system_changes=all_changes):
            super().calculate(atoms, properties, system_changes)
            if len(atoms) == 1:
                raise ZeroDivisionError("no")
            emt = atoms.copy()
            emt.calc = EMT()
            self.results = {
                "energy": emt.get_potential_energy(),
                "forces": emt.get_forces(),
                "stress": emt.get_stress(),
            }

    outcomes = relax_many([copper(0), bulk("Cu"), copper(1)], Broken())
    assert [isinstance(item, RelaxationResult) for item in outcomes] == [True, False, True]
    assert "ZeroDivisionError" in outcomes[1].reason
    emt = relax_many([copper(0)], "emt")[0]
    assert emt.energy == pytest.approx(outcomes[0].energy, abs=1e-8)
    argon = relax_many([bulk("Ar", cubic=True, a=1.6)], "ase.calculators.lj:LennardJones")[0]
    assert argon.energy == pytest.approx(relax(bulk("Ar", cubic=True, a=1.6), LennardJones()).energy)


def test_line_search_goes_one_by_one_with_the_lean_model():
    settings = RelaxationSettings(fmax=0.1, optimizer="BFGSLineSearch")
    (fast,) = relax_many([distorted("LiHg")], "chgnet", settings)
    (stock,) = relax_many([distorted("LiHg")], "chgnet", settings, evaluator="stock")
    assert fast.n_steps == stock.n_steps
    assert fast.energy == pytest.approx(stock.energy, abs=1e-5)


def test_potentials_that_cannot_be_batched_have_no_batch_evaluator():
    assert get_batch_evaluator("emt") is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"potential": "chgnot"}, UnknownPotentialError, "chgnet"),
        ({"evaluator": "fast"}, InputError, "unknown evaluator 'fast'"),
        ({"max_atoms": 0}, InputError, "max_atoms: 0"),
        ({"max_atoms": 2.5}, InputError, "max_atoms: 2.5"),
    ],
)
def test_refuses_before_any_compute(arguments, error, message, monkeypatch):
    monkeypatch.setattr(batch_module, "relax", None)
    with pytest.raises(error, match=message):
        relax_many([bulk("Cu")], **{"potential": "emt", **arguments})


def test_nothing_to_do():
    assert relax_many([], "chgnet") == []


@pytest.mark.parametrize("name", ["chgnet+d3", "7net-0"])
def test_batches_are_evaluated_where_the_potential_computes(monkeypatch, name):
    devices = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(batch_module, "LeanCHGNet", lambda _, device: devices.append(device))
    monkeypatch.setattr(batch_module, "LeanSevenNet", lambda _, device: devices.append(device))
    get_batch_evaluator(name)
    get_batch_evaluator(get_potential({"calculator": name, "device": "cuda"}).name)
    assert devices == ["cpu", "cuda"]
