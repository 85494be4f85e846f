"""The compiled pairs of D3 give what dftd3 gives, for every element, and leave to it what they cannot be sure of."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.units import Bohr, Hartree
from dftd3.interface import DispersionModel, RationalDampingParam
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.calculators.native.library import SWITCH, native_code
from amalgamics.calculators.potentials import dispersion_pairs, dispersion_sum
from amalgamics.calculators.potentials.dispersion_methods import DISPERSION_ELEMENTS, FUNCTIONALS
from amalgamics.calculators.potentials.dispersion_pairs import reference, sum_pairs
from amalgamics.calculators.potentials.dispersion_sum import sum_dispersion

needs_kernels = pytest.mark.skipif(native_code().library is None, reason="nothing is compiled on this machine")
OTHERWISE = {"Cm", "Md"}
"""Elements of which dftd3 has other reference data."""
COMMON = ("Li", "O", "Ti", "La", "Hg", "Cr")  # chromium: reference systems with 2 and with 11 neighbours


def by_dftd3(atoms: Atoms, functional: str = "pbe") -> dict[str, np.ndarray]:
    lattice = atoms.cell.array / Bohr if atoms.pbc.any() else None
    model = DispersionModel(atoms.numbers, atoms.positions / Bohr, lattice, atoms.pbc if atoms.pbc.any() else None)
    return model.get_dispersion(RationalDampingParam(method=functional, atm=False), grad=True)


def check_same(atoms: Atoms, functional: str = "pbe") -> None:
    wanted, found = by_dftd3(atoms, functional), sum_pairs(atoms, functional, derivatives=True)
    assert found is not None
    for key, value in wanted.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-8, atol=1e-10, err_msg=key)
    alone = sum_pairs(atoms, functional, derivatives=False)
    assert alone is not None
    assert alone == {"energy": found["energy"]}


def random_crystal(seed: int, n: int) -> Atoms:
    """Atoms anywhere in a sheared cell and beside it, as dynamics leave them."""
    rng = np.random.default_rng(seed)
    cell = np.diag(rng.uniform(3.0, 7.0, 3)) + rng.uniform(-0.8, 0.8, (3, 3))
    return Atoms(rng.choice(COMMON, n), rng.uniform(-1.5, 2.5, (n, 3)) @ cell, cell=cell, pbc=True)


@needs_kernels
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 9))
def test_energy_gradient_and_virial_are_those_of_the_library(seed, n):
    check_same(random_crystal(seed, n))


@needs_kernels
@pytest.mark.parametrize("edge", [8.0, 5.0, 4.0])
def test_every_element_is_as_in_the_library(edge):
    """With a partner, from few to more neighbours than any reference system has."""
    for symbol in sorted(DISPERSION_ELEMENTS["d3"] - OTHERWISE):
        scaled = [[0.01, 0.0, 0.0], [0.3, 0.1, 0.02], [0.05, 0.4, 0.2]]
        check_same(Atoms([symbol, "Hg", symbol], cell=[edge, 1.1 * edge, edge], scaled_positions=scaled, pbc=True))


@needs_kernels
@pytest.mark.parametrize("symbol", sorted(OTHERWISE))
@pytest.mark.parametrize("a", [3.4, 6.0])
def test_what_the_library_knows_otherwise_it_does(symbol, a):
    atoms = bulk(f"Al{symbol}", "cesiumchloride", a=a)
    assert sum_pairs(atoms, "pbe", derivatives=True) is None
    wanted = by_dftd3(atoms)["energy"] * Hartree
    assert sum_dispersion(atoms, "d3", "pbe", derivatives=True)["energy"] == pytest.approx(wanted, rel=1e-12)


@needs_kernels
@pytest.mark.parametrize("functional", FUNCTIONALS)
def test_every_functional_is_as_in_the_library(functional):
    check_same(random_crystal(1, 4), functional)


@needs_kernels
def test_far_more_neighbours_than_any_reference_system():
    check_same(Atoms("La8", np.random.default_rng(0).uniform(0, 3.2, (8, 3)), cell=[3.2] * 3, pbc=True))


@needs_kernels
def test_threads_share_the_sum_and_do_not_change_it(monkeypatch):
    atoms = random_crystal(2, 8).repeat((3, 3, 1))
    alone = sum_pairs(atoms, "pbe", derivatives=True)
    monkeypatch.setattr(dispersion_pairs, "current_threads", lambda: 2)
    shared = sum_pairs(atoms, "pbe", derivatives=True)
    assert alone is not None
    assert shared is not None
    for key, value in alone.items():
        np.testing.assert_allclose(shared[key], value, rtol=1e-12, atol=1e-13)


@needs_kernels
def test_a_library_with_other_numbers_is_the_measure(monkeypatch):
    """Of another version, say: what it holds is then what counts."""
    atoms = Atoms("LiHg", positions=[[0, 0, 0], [1.6, 1.6, 1.6]], cell=[3.2] * 3, pbc=True)
    dispersion_pairs._as_in_dftd3.cache_clear()
    wrong = np.array(dispersion_pairs._damping("pbe"))
    wrong[1] *= 1 + 1e-6
    monkeypatch.setattr(dispersion_pairs, "_damping", lambda _: wrong)
    try:
        assert sum_pairs(atoms, "pbe", derivatives=True) is None
    finally:
        dispersion_pairs._as_in_dftd3.cache_clear()


def test_without_a_compiler_the_library_sums(monkeypatch):
    atoms = Atoms("LiHg", positions=[[0, 0, 0], [1.6, 1.5, 1.7]], cell=[3.2] * 3, pbc=True)
    usual = sum_dispersion(atoms, "d3", "pbe", derivatives=True)
    monkeypatch.setenv(SWITCH, "0")
    native_code.cache_clear()
    try:
        assert sum_pairs(atoms, "pbe", derivatives=True) is None
        plain = sum_dispersion(atoms, "d3", "pbe", derivatives=True)
    finally:
        native_code.cache_clear()
    for key, value in plain.items():
        np.testing.assert_allclose(usual[key], value, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "broken",
    [
        Atoms("Li2", positions=[[0, 0, 0], [0, 0, np.nan]], cell=[3] * 3, pbc=True),
        Atoms("Li2", positions=[[0, 0, 0], [0, 0, 1]], cell=[3, 3, 1e-5], pbc=True),
        Atoms("LiRf", positions=[[0, 0, 0], [0, 0, 3]], cell=[5] * 3, pbc=True),
        Atoms("LiX", positions=[[0, 0, 0], [0, 0, 3]], cell=[5] * 3, pbc=True),
        Atoms("Li2", positions=[[0, 0, 0], [0, 0, 3]], cell=[5] * 3, pbc=[True, True, False]),
        Atoms("Li2", positions=[[0, 0, 0], [0, 0, 3]]),
        Atoms(cell=[5] * 3, pbc=True),
    ],
    ids=["nan", "collapsed", "unknown", "ghost", "slab", "molecule", "nothing"],
)
def test_what_is_no_whole_crystal_is_left_to_the_library(broken):
    assert sum_pairs(broken, "pbe", derivatives=True) is None


@needs_kernels
def test_the_pairs_of_d3_do_not_go_through_the_library(monkeypatch):
    atoms = Atoms("LiHg", positions=[[0, 0, 0], [1.6, 1.5, 1.7]], cell=[3.2] * 3, pbc=True)
    sum_pairs(atoms, "pbe", derivatives=True)  # compares once
    monkeypatch.setattr(dispersion_sum, "_sum_part", lambda *_: pytest.fail("the library was asked"))
    assert sum_dispersion(atoms, "d3", "pbe", derivatives=True).keys() == {"energy", "free_energy", "forces", "stress"}


def test_reference_data_are_symmetric_and_whole():
    known = reference()
    np.testing.assert_array_equal(known.c6, known.c6.transpose(1, 0, 3, 2))
    there = known.coordination >= 0
    assert there[1:, 0].all()
    assert (known.c6[there[:, None, :, None] & there[None, :, None, :]] > 0).all()
    # The free atoms of hydrogen and helium: 6.5 and 1.46 a.u. exactly and by experiment; PBE38 is that near.
    assert known.c6[1, 1, 1, 1] == pytest.approx(6.5, rel=0.2)
    assert known.c6[2, 2, 0, 0] == pytest.approx(1.46, rel=0.1)
