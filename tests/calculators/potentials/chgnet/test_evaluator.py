"""The lean CHGNet equals chgnet's own, and obeys the symmetries and derivatives that any potential must."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.calculator import CalculationFailed, Calculator, PropertyNotImplementedError
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.calculators.native.library import find_compiler, native_code
from amalgamics.calculators.potentials.cards import MODEL_CARDS
from amalgamics.calculators.potentials.chgnet.evaluator import LEAN_MODELS, LeanCHGNet
from amalgamics.calculators.potentials.chgnet.graph import GraphBuilder, angle_pairs
from amalgamics.calculators.potentials.chgnet.layers import Network
from amalgamics.calculators.potentials.loading import build_calculator
from amalgamics.calculators.potentials.weights import checked_weights
from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase

PHASES = ["Li_bcc", "Hg_alpha", "Hg_beta", "LiHg", "LiHg3", "Li3Hg", "Li2O", "TiO2_rutile", "LLTO_P4mmm_ordered"]


@functools.cache
def stock(model: str) -> Calculator:
    return build_calculator(model)


@functools.cache
def lean(model: str = "chgnet", dtype: str = "float32") -> LeanCHGNet:
    return LeanCHGNet(model, dtype=dtype)


def checkpoint(model: str) -> dict[str, Any]:
    """The weights of a model, as they lie in its file."""
    path = checked_weights("chgnet", MODEL_CARDS[model].weights, MODEL_CARDS[model].sha256)
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)["model"]
    return found


def rattled(key: str, amplitude: float = 0.1, strain: float = 0.02, seed: int = 0) -> Atoms:
    """A phase of the library, its atoms displaced (Å) and its cell strained."""
    atoms = get_phase(key).atoms()
    random = np.random.default_rng(seed)
    atoms.positions += random.normal(scale=amplitude, size=atoms.positions.shape)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain * random.normal(size=(3, 3))), scale_atoms=True)
    return atoms


def slab() -> Atoms:
    atoms = fcc111("Au", (1, 1, 4), vacuum=8.0, periodic=True)
    atoms.rattle(0.1, seed=2)
    return atoms


def odd_structures() -> dict[str, Atoms]:
    """Structures at the edges of what a graph can be."""
    dimer = [(0, 0, 0), (0, 0, 3.3)]
    return {
        "isolated atom": Atoms("Hg", cell=[20, 20, 20], pbc=True),
        "bond too long for angles": Atoms("Hg2", positions=dimer, cell=[20, 20, 20], pbc=True),
        "dimer with an isolated atom": Atoms("Hg3", positions=[*dimer, (0, 0, 11)], cell=[20, 20, 22], pbc=True),
        "molecule in a box": Atoms("Hg2", positions=dimer, cell=[8, 8, 8], pbc=False),
        "slab periodic in two directions": fcc111("Au", (1, 1, 3), vacuum=1.5),
        "one atom with many images": Atoms("Li", cell=[2.2, 2.2, 2.2], pbc=True),
        "very oblique cell": Atoms("Li", cell=[[2.7, 0, 0], [8.5, 2.7, 0], [0, 0, 3.5]], pbc=True),
        "atoms far outside the cell": Atoms(
            "LiHg", positions=[(-33, 7, 90), (1.6, 1.6, 1.5)], cell=[3.3] * 3, pbc=True
        ),
    }


def assert_equal_to_stock(model: str, atoms: Atoms, results: dict[str, Any], tolerance: float = 1e-6) -> None:
    reference = atoms.copy()
    reference.calc = stock(model)
    energy = reference.get_potential_energy() / len(atoms)
    # chgnet sums in single precision: the energies of the atoms once, their references a second time.
    rounding = 2 * float(np.spacing(np.float32(abs(energy))))
    assert results["energy"] / len(atoms) == pytest.approx(energy, abs=tolerance + rounding)
    assert results["free_energy"] == results["energy"]
    np.testing.assert_allclose(results["forces"], reference.get_forces(), rtol=0, atol=1e-4)
    np.testing.assert_allclose(results["stress"], reference.get_stress(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("model", LEAN_MODELS)
def test_equals_stock_on_phases(model):
    structures = [rattled(key, seed=index) for index, key in enumerate(PHASES)] + [slab()]
    for atoms, results in zip(structures, lean(model).evaluate_batch(structures), strict=True):
        assert_equal_to_stock(model, atoms, results)


@pytest.mark.parametrize("model", LEAN_MODELS)
def test_equals_stock_on_unrelaxed_symmetric_phases(model):
    # At straight angles the arc cosine magnifies single precision 700 times, and symmetry adds the errors up: chgnet
    # itself is 3e-6 eV/atom away from what it would give in double precision.
    structures = [get_phase(key).atoms() for key in ("Li_bcc", "LiHg", "LLTO_P4mmm_ordered")]
    exact = lean(model, "float64").evaluate_batch(structures)
    for atoms, results, double in zip(structures, lean(model).evaluate_batch(structures), exact, strict=True):
        assert_equal_to_stock(model, atoms, results, tolerance=3e-6)
        assert results["energy"] / len(atoms) == pytest.approx(double["energy"] / len(atoms), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("model", LEAN_MODELS)
@pytest.mark.parametrize("key", ["Li3PS4_beta_ordered", "LLTO_La5LiTi8O24", "LaTiO3", "Li2S", "P_black", "La2O3"])
def test_equals_stock_on_larger_phases(model, key):
    atoms = rattled(key)
    assert_equal_to_stock(model, atoms, lean(model).evaluate_batch([atoms])[0])


def test_equals_stock_on_glass_former():
    atoms = rattled("Li3PS4_gamma")
    assert_equal_to_stock("chgnet", atoms, lean().evaluate_batch([atoms])[0])


@pytest.mark.parametrize("name", odd_structures())
def test_equals_stock_on_odd_structures(name):
    atoms = odd_structures()[name]
    assert_equal_to_stock("chgnet", atoms, lean().evaluate_batch([atoms])[0])


@settings(max_examples=6, deadline=None)
@given(
    key=st.sampled_from(["Li_bcc", "Hg_alpha", "LiHg", "TiO2_rutile"]),
    amplitude=st.floats(0, 0.3),
    strain=st.floats(0, 0.06),
    seed=st.integers(0, 1000),
)
def test_equals_stock_on_random_distortions(key, amplitude, strain, seed):
    atoms = rattled(key, amplitude, strain, seed)
    assert_equal_to_stock("chgnet", atoms, lean().evaluate_batch([atoms])[0], tolerance=3e-6)


@pytest.mark.parametrize("compiled", [True, False])
def test_energies_alone_are_the_same(compiled, monkeypatch):
    calculator = LeanCHGNet()
    if not compiled:
        monkeypatch.setattr(calculator, "_network", Network(checkpoint("chgnet"), torch.float32, "cpu"))
    structures = [rattled("LiHg"), slab(), rattled("LLTO_P4mmm_ordered")]
    energies, _, _ = calculator.evaluate_atoms(structures)
    np.testing.assert_array_equal(calculator.evaluate_energies(structures), energies)


def test_threads_share_the_work():
    atoms = rattled("LLTO_P4mmm_ordered").repeat((2, 2, 2))
    found = []
    threads = torch.get_num_threads()
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            found.append(lean().evaluate_batch([atoms])[0])
    finally:
        torch.set_num_threads(threads)
    one, three = found
    assert one["energy"] == pytest.approx(three["energy"], abs=1e-7 * len(atoms))
    np.testing.assert_allclose(three["forces"], one["forces"], atol=1e-5)
    np.testing.assert_allclose(three["stress"], one["stress"], atol=1e-6)


@pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler")
@pytest.mark.parametrize("model", LEAN_MODELS)
def test_compiled_code_equals_torch_with_other_weights(model):
    # Weights that no training has balanced, so that what cancels or hardly counts in the trained ones shows.
    other = checkpoint(model)
    random = torch.Generator().manual_seed(3)
    for name, weight in other["state_dict"].items():
        if weight.is_floating_point() and not name.startswith("composition_model"):
            other["state_dict"][name] = weight * (1 + 0.2 * torch.randn(weight.shape, generator=random))
    structures = [*odd_structures().values(), rattled("LiHg"), rattled("LLTO_P4mmm_ordered"), slab()]
    results = []
    for dtype, library in ((torch.float32, native_code().library), (torch.float32, None), (torch.float64, None)):
        calculator = LeanCHGNet(model)
        calculator._network = Network(other, dtype, "cpu", library)
        results.append(calculator.evaluate_batch(structures))
    for atoms, compiled, single, exact in zip(structures, *results, strict=True):
        scale = 1 + np.abs(exact["forces"]).max() + abs(exact["energy"]) / len(atoms)
        for item in (compiled, single):
            assert item["energy"] / len(atoms) == pytest.approx(exact["energy"] / len(atoms), abs=2e-6 * scale)
            np.testing.assert_allclose(item["forces"], exact["forces"], rtol=0, atol=5e-5 * scale)
            np.testing.assert_allclose(item["stress"], exact["stress"], rtol=0, atol=5e-6 * scale)


@pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler")
def test_compiled_code_on_several_threads():
    atoms = rattled("LLTO_P4mmm_ordered").repeat((2, 2, 1))
    (expected,) = lean().evaluate_batch([atoms])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        (shared,) = lean().evaluate_batch([atoms])
    finally:
        torch.set_num_threads(threads)
    assert shared["energy"] == pytest.approx(expected["energy"], abs=1e-5)
    np.testing.assert_allclose(shared["forces"], expected["forces"], rtol=0, atol=2e-5)


def test_batch_equals_one_by_one():
    structures = [*odd_structures().values(), rattled("LiHg"), rattled("TiO2_rutile"), slab()]
    together = lean(dtype="float64").evaluate_batch(structures)
    for atoms, results in zip(structures, together, strict=True):
        (alone,) = lean(dtype="float64").evaluate_batch([atoms])
        for key in ("energy", "forces", "stress"):
            np.testing.assert_allclose(results[key], alone[key], rtol=0, atol=1e-11)


def test_batches_larger_than_the_memory_limit(monkeypatch):
    structures = [rattled("LiHg", seed=seed) for seed in range(5)]
    whole = lean(dtype="float64").evaluate_batch(structures)
    monkeypatch.setattr(LeanCHGNet, "max_atoms", 3)
    split = lean(dtype="float64").evaluate_batch(structures)
    np.testing.assert_allclose([item["energy"] for item in split], [item["energy"] for item in whole], atol=1e-12)
    assert lean().evaluate_batch([]) == []


@pytest.mark.parametrize("key", ["LiHg", "TiO2_rutile"])
def test_single_precision_is_close_to_double(key):
    atoms = rattled(key)
    (single,), (double,) = lean().evaluate_batch([atoms]), lean(dtype="float64").evaluate_batch([atoms])
    assert single["energy"] == pytest.approx(double["energy"], abs=2e-6 * len(atoms))
    np.testing.assert_allclose(single["forces"], double["forces"], rtol=0, atol=5e-5)
    assert {value.dtype for key, value in single.items() if key in ("forces", "stress")} == {np.dtype("float64")}


@pytest.mark.parametrize("atoms", [rattled("LiHg"), rattled("Li_bcc"), rattled("TiO2_rutile")], ids=str)
def test_forces_and_stress_are_derivatives_of_the_energy(atoms):
    calculator = lean(dtype="float64")
    (results,) = calculator.evaluate_batch([atoms])
    step = 1e-4
    moved = []
    for sign in (1, -1):
        displaced = atoms.copy()
        displaced.positions[-1, 1] += sign * step
        strained = [atoms.copy() for _ in range(2)]
        for item, (i, j) in zip(strained, [(0, 0), (1, 2)], strict=True):
            strain = np.zeros((3, 3))
            strain[i, j] = strain[j, i] = sign * step / (1 if i == j else 2)
            item.set_cell(item.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        moved += [displaced, *strained]
    energies = [item["energy"] for item in calculator.evaluate_batch(moved)]
    force, xx, yz = ((energies[k] - energies[k + 3]) / (2 * step) for k in range(3))
    assert results["forces"][-1, 1] == pytest.approx(-force, abs=2e-6)
    assert results["stress"][0] == pytest.approx(xx / atoms.cell.volume, abs=1e-7)
    assert results["stress"][3] == pytest.approx(yz / atoms.cell.volume, abs=1e-7)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10000))
def test_invariance_to_translation_rotation_permutation_and_supercell(seed):
    random = np.random.default_rng(seed)
    atoms = rattled("TiO2_rutile", seed=seed)
    shifted = atoms.copy()
    shifted.positions += random.uniform(-20, 20, size=3)
    order = random.permutation(len(atoms))
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ rotation.T, scale_atoms=True)
    double = atoms * (1, 1, 2)
    base, *others = lean(dtype="float64").evaluate_batch([atoms, shifted, atoms[order], turned, double])
    energies = [item["energy"] for item in others]
    np.testing.assert_allclose(energies, [base["energy"]] * 3 + [2 * base["energy"]], rtol=0, atol=1e-9)
    np.testing.assert_allclose(others[0]["forces"], base["forces"], atol=1e-8)
    np.testing.assert_allclose(others[1]["forces"], base["forces"][order], atol=1e-8)
    np.testing.assert_allclose(others[2]["forces"], base["forces"] @ rotation.T, atol=1e-8)
    np.testing.assert_allclose(others[3]["forces"], np.tile(base["forces"], (2, 1)), atol=1e-8)
    np.testing.assert_allclose(others[3]["stress"], base["stress"], atol=1e-10)


def test_forces_of_a_crystal_sum_to_zero():
    assert np.abs(lean().evaluate_batch([rattled("Li3Hg")])[0]["forces"].sum(axis=0)).max() < 1e-9


def test_left_handed_cell_has_the_stress_of_the_right_handed_one():
    # chgnet divides by the signed volume there, and turns the stress around.
    atoms = rattled("LiHg")
    left = atoms.copy()
    left.set_cell(atoms.cell.array[[1, 0, 2]], scale_atoms=False)
    one, other = lean(dtype="float64").evaluate_batch([atoms, left])
    np.testing.assert_allclose(other["stress"], one["stress"], atol=1e-10)


def test_as_an_ase_calculator():
    atoms = rattled("LiHg")
    atoms.calc = LeanCHGNet()
    (results,) = lean().evaluate_batch([atoms])
    assert atoms.get_potential_energy() == results["energy"]
    assert atoms.get_potential_energy(force_consistent=True) == results["energy"]
    np.testing.assert_array_equal(atoms.get_stress(), results["stress"])
    atoms.positions[0] += 0.1
    assert atoms.get_potential_energy() != results["energy"]


def test_molecule_without_a_cell_has_no_stress():
    atoms = Atoms("Hg2", positions=[(0, 0, 0), (0, 0, 3.3)], calculator=LeanCHGNet())
    assert np.abs(atoms.get_forces()[:, 2]).min() > 0
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()


def test_the_network_is_loaded_once():
    assert LeanCHGNet()._network is LeanCHGNet()._network
    assert LeanCHGNet("chgnet-r2scan")._network is not LeanCHGNet()._network


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LeanCHGNet("chgnet-0.2.0"), "unknown CHGNet model"),
        (lambda: LeanCHGNet(dtype="float16"), "float32 or float64"),
        (lambda: lean().evaluate_batch([Atoms("Cf", cell=[3, 3, 3], pbc=True)]), "Cf, an element"),
        (lambda: lean().evaluate_batch([Atoms("X", cell=[3, 3, 3], pbc=True)]), "X, an element"),
        (lambda: lean().evaluate_batch([rattled("LiHg"), Atoms()]), "none to evaluate"),
        (lambda: lean().evaluate_batch([bulk("Po", "sc", a=3.3)]), "Po, an element that chgnet does not know"),
        (
            lambda: lean().evaluate_batch([Atoms("Hg", cell=[3, 3, np.inf], pbc=True)]),
            "cell vector of Hg is not finite",
        ),
        (lambda: lean().evaluate_batch([Atoms("Hg", [[np.nan, 0, 0]])]), "not finite"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_two_atoms_at_one_place_have_no_energy():
    atoms = Atoms("Hg2", np.zeros((2, 3)))
    atoms.calc = lean()
    with pytest.raises(CalculationFailed, match="two atoms at one place"):
        atoms.get_potential_energy()
    (result, other) = lean().evaluate_batch([atoms, rattled("LiHg")])
    assert np.isnan(result["energy"])
    assert other["energy"] == pytest.approx(lean().evaluate_batch([rattled("LiHg")])[0]["energy"], abs=1e-5)


def test_refuses_weights_of_another_architecture():
    with pytest.raises(ValueError, match="mlp_first"):
        Network({"model_args": {"mlp_first": False}, "state_dict": {}}, torch.float32, "cpu")


@given(
    bonds=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12),
)
def test_angle_pairs_are_all_pairs_of_ends_at_an_atom(bonds):
    first, second = np.array([*zip(*bonds, strict=True)] if bonds else [[], []], dtype=np.int64)  # type: ignore[list-item]
    found = sorted(
        (min(a, b), max(a, b), int(c), int(s)) for a, b, c, s in zip(*angle_pairs(first, second, 5), strict=True)
    )
    ends = [(bond, atom, 1) for bond, (atom, _) in enumerate(bonds)]
    ends += [(bond, atom, -1) for bond, (_, atom) in enumerate(bonds)]
    expected = sorted(
        (min(a[0], b[0]), max(a[0], b[0]), a[1], a[2] * b[2])
        for index, a in enumerate(ends)
        for b in ends[index + 1 :]
        if a[1] == b[1]
    )
    assert found == expected


def test_graph_has_each_bond_once():
    atoms = rattled("LiHg")
    graph = GraphBuilder(6.0, 3.0).build([atoms])
    from ase.neighborlist import neighbor_list

    lengths = np.sort(neighbor_list("d", atoms, 6.0))
    np.testing.assert_allclose(np.sort(np.repeat(graph.length.numpy(), 2)), lengths, atol=1e-9)
    assert graph.n_short == np.count_nonzero(lengths < 3.0) // 2
