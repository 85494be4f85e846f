"""Dispersion corrections: the right parameters and terms, sums that converge, forces that belong to the energies."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.calculator import CalculationFailed, PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from ase.units import Bohr, Hartree
from dftd3.ase import DFTD3
from dftd4.ase import DFTD4
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.potentials import dispersion_sum
from amalgamics.calculators.potentials.dispersion import dispersion_energy, get_dispersion_calculator, three_body_energy
from amalgamics.calculators.potentials.dispersion_methods import (
    DISPERSION_ELEMENTS,
    DISPERSION_METHODS,
    DISPERSION_PACKAGES,
    FUNCTIONALS,
    dispersion_provenance,
    has_three_body,
    pair_method,
)
from amalgamics.calculators.potentials.dispersion_sum import sum_dispersion, tail_weights
from amalgamics.errors import InputError

# As published: D3(BJ) doi 10.1002/jcc.21759, D4 doi 10.1063/1.5090222, r2SCAN doi 10.1063/5.0041008.
PUBLISHED = {
    ("d3", "pbe"): {"s8": 0.7875, "a1": 0.4289, "a2": 4.4407},
    ("d3", "r2scan"): {"s8": 0.78981345, "a1": 0.49484001, "a2": 5.73083694},
    ("d4", "pbe"): {"s8": 0.95948085, "a1": 0.38574991, "a2": 4.80688534},
    ("d4", "r2scan"): {"s8": 0.60187490, "a1": 0.51559235, "a2": 5.77342911},
}
PAIRS = ["d3", "d4pair"]
THREE_BODY = ["d3atm", "d4"]


def crystal() -> Atoms:
    """LiHg, distorted so that no force vanishes."""
    return Atoms(
        "LiHg",
        scaled_positions=[[0.02, 0.01, 0], [0.5, 0.5, 0.47]],
        cell=[[3.3, 0, 0], [0.1, 3.2, 0], [0, 0.05, 3.25]],
        pbc=True,
    )


def cluster() -> Atoms:
    """Atoms of three elements without any symmetry: acute and obtuse triangles, damped and undamped distances."""
    positions = [[0, 0, 0], [2.9, 0.2, 0], [1.1, 2.4, 0.7], [-1.8, 0.9, 2.6], [5.9, -0.3, 0.4], [0.4, -3.1, -4.2]]
    return Atoms("HgLiOHgTiHg", positions=positions)


def hexagon() -> Atoms:
    """Six atoms that symmetry keeps neutral, in triangles of three shapes."""
    angles = np.arange(6) * np.pi / 3
    return Atoms("Hg6", positions=3.1 * np.array([np.cos(angles), np.sin(angles), 0 * angles]).T)


def close_packed_mercury(a: float = 4.75) -> Atoms:
    return bulk("Hg", "fcc", a=a)


def film() -> Atoms:
    """Two close-packed layers of mercury."""
    return fcc111("Hg", (1, 1, 2), a=4.75, vacuum=20.0, periodic=True)


def library_of(method: str) -> str:
    return method[:2]


def direct(method: str, functional: str, *, three_body: bool):
    """The calculator of the method's own library with the published parameters."""
    parameters = {**PUBLISHED[library_of(method), functional], "s6": 1.0, "s9": 1.0 if three_body else 0.0}
    if library_of(method) == "d3":
        return DFTD3(damping="d3bj", params_tweaks=parameters)
    return DFTD4(params_tweaks=parameters)


def energy(calculator, atoms):
    return calculator.get_property("energy", atoms)


@pytest.mark.parametrize("functional", ["pbe", "r2scan"])
@pytest.mark.parametrize("method", PAIRS)
@pytest.mark.parametrize("atoms", [crystal(), cluster()], ids=["crystal", "cluster"])
def test_pair_methods_are_the_published_parameters_without_three_body(method, functional, atoms):
    ours, theirs = get_dispersion_calculator(method, functional), direct(method, functional, three_body=False)
    for key in ["energy", "forces"] + (["stress"] if atoms.pbc.any() else []):
        np.testing.assert_allclose(ours.get_property(key, atoms), theirs.get_property(key, atoms), atol=1e-10)


@pytest.mark.parametrize("functional", ["pbe", "r2scan"])
@pytest.mark.parametrize("method", THREE_BODY)
def test_three_body_methods_are_the_published_ones(method, functional):
    ours, theirs = get_dispersion_calculator(method, functional), direct(method, functional, three_body=True)
    for key in ("energy", "forces"):  # in a cluster no cutoff plays a part
        np.testing.assert_allclose(
            ours.get_property(key, cluster()), theirs.get_property(key, cluster()), atol=1e-10, err_msg=key
        )


def test_pairs_of_d4_are_what_d4_once_stood_for():
    # DFTD4(method="pbe", params_tweaks={"atm": False}), dftd4 4.3.1
    assert dispersion_energy(crystal(), "d4pair", "pbe") == pytest.approx(-0.4867277070967417, abs=1e-8)


def pair_energies(library: str, atoms: Atoms, **parameters) -> np.ndarray:
    """Energies of all pairs, Hartree, with only the C6 term and the damping of ``parameters``."""
    if library == "d3":
        from dftd3.interface import DispersionModel, RationalDampingParam, ZeroDampingParam

        model = DispersionModel(atoms.numbers, atoms.positions / Bohr)
        kind = ZeroDampingParam if "rs6" in parameters else RationalDampingParam
    else:
        from dftd4.interface import DampingParam as kind  # type: ignore[no-redef]  # noqa: N813
        from dftd4.interface import DispersionModel  # type: ignore[no-redef]

        model = DispersionModel(atoms.numbers, atoms.positions / Bohr)
    found = model.get_pairwise_dispersion(kind(s6=1.0, s8=0.0, s9=0.0, **parameters))["additive pairwise energy"]
    return found + found.T


def brute_force_three_body(method: str, atoms: Atoms) -> float:
    """The sum over all triples, eV, as published: C9 = -sqrt(C6 C6 C6), zero damping with the exponent 16.

    C6 and the radii of the damping come from the library's pair energies. The radii are 4/3 of those of D3(0) in D3
    (doi 10.1063/1.3382344, eqs. 11-14), and those of the Becke-Johnson damping in D4 (doi 10.1063/1.5090222).
    """
    library = library_of(method)
    distances = atoms.get_all_distances() / Bohr
    np.fill_diagonal(distances, 1.0)
    c6 = -pair_energies(library, atoms, a1=0.0, a2=0.0) * distances**6
    if library == "d3":
        damped = -pair_energies(library, atoms, rs6=1.0, alp=14.0) * distances**6
        np.fill_diagonal(c6, 1.0), np.fill_diagonal(damped, 0.5)  # type: ignore[func-returns-value]
        radii = 4 / 3 * distances * ((c6 / damped - 1) / 6) ** (1 / 14)
    else:
        published = PUBLISHED["d4", "pbe"]
        damped = -pair_energies(library, atoms, a1=published["a1"], a2=published["a2"])
        np.fill_diagonal(c6, 1.0), np.fill_diagonal(damped, 0.1)  # type: ignore[func-returns-value]
        radii = (c6 / damped - distances**6) ** (1 / 6)
    total = 0.0
    for i, j, k in combinations(range(len(atoms)), 3):
        sides = np.array([distances[i, j], distances[j, k], distances[k, i]])
        first, second, third = sides**2
        cosines = [
            (first + third - second) / (2 * sides[0] * sides[2]),
            (first + second - third) / (2 * sides[0] * sides[1]),
            (second + third - first) / (2 * sides[1] * sides[2]),
        ]
        product = np.prod(sides)
        damping = 1 / (1 + 6 * (radii[i, j] * radii[j, k] * radii[k, i] / product) ** (16 / 3))
        c9 = -np.sqrt(c6[i, j] * c6[j, k] * c6[k, i])
        total -= c9 * (3 * np.prod(cosines) + 1) / product**3 * damping
    return total * Hartree


@pytest.mark.parametrize(("method", "atoms"), [("d3atm", cluster()), ("d3atm", hexagon()), ("d4", hexagon())])
@pytest.mark.parametrize("scale", [1.0, 1.4])
def test_three_body_energy_is_the_sum_over_all_triples(method, atoms, scale):
    atoms = atoms.copy()
    atoms.positions *= scale
    expected = brute_force_three_body(method, atoms)
    assert abs(expected) > 1e-6
    assert three_body_energy(atoms, method, "pbe") == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("functional", ["pbe", "r2scan"])
@pytest.mark.parametrize("method", THREE_BODY)
def test_the_three_body_term_weakens_close_packed_mercury(method, functional):
    mercury = close_packed_mercury()
    term = dispersion_energy(mercury, method, functional) - dispersion_energy(mercury, pair_method(method), functional)
    assert 0.01 < term < 0.1
    assert three_body_energy(mercury, method, functional) == pytest.approx(term, abs=1e-12)


@pytest.mark.parametrize("method", DISPERSION_METHODS)
def test_twice_the_cell_is_twice_the_energy(method):
    once, twice = crystal(), crystal().repeat((2, 1, 1))
    assert dispersion_energy(twice, method, "pbe") == pytest.approx(
        2 * dispersion_energy(once, method, "pbe"), abs=1e-7
    )


def plain_sum(atoms: Atoms, method: str, cutoff_bohr: float) -> float:
    """Pairs and the triples up to one cutoff, eV, without any tail."""
    return float(dispersion_sum._sum_part(atoms, method, "pbe", False, cutoff_bohr * Bohr, (0, 1))["energy"]) * Hartree


def plain_sums(atoms: Atoms, method: str, *cutoffs_bohr: float) -> list[float]:
    return [plain_sum(atoms, method, cutoff) for cutoff in cutoffs_bohr]


@pytest.mark.parametrize("method", THREE_BODY)
@pytest.mark.parametrize("atoms", [close_packed_mercury(), film()], ids=["bulk", "film"])
def test_the_three_body_sum_converges_monotonically(method, atoms):
    steps = np.diff(plain_sums(atoms, method, 20, 27, 34, 41))
    assert (np.sign(steps) == np.sign(steps[0])).all()
    assert (np.diff(np.abs(steps)) < 0).all()


@pytest.mark.parametrize("method", THREE_BODY)
def test_the_tail_is_that_of_the_sum_to_60_bohr(method):
    with_tail, shorter, whole = dispersion_energy(film(), method, "pbe"), *plain_sums(film(), method, 35, 60)
    assert abs(with_tail - whole) < abs(shorter - whole)
    area = np.linalg.norm(np.cross(*film().cell.array[:2]))
    assert abs(with_tail - whole) / area < 1e-3 / 16.02  # 1 mJ/m²


@given(
    energy=st.floats(-10, 10),
    slope=st.floats(-10, 10),
    shorter=st.floats(1, 5),
    ratio=st.floats(1.1, 3),
    more=st.floats(1, 9),
)
def test_the_tail_is_exact_for_what_falls_off_as_the_inverse_square(energy, slope, shorter, ratio, more):
    longer, end = shorter * ratio, shorter * ratio * more
    sums = [energy - slope / cutoff**2 for cutoff in (shorter, longer)]
    weights = tail_weights(shorter, longer, end)
    assert sum(weights) == pytest.approx(1, abs=1e-9)
    assert np.dot(weights, sums) == pytest.approx(energy - slope / end**2, abs=1e-6)


@pytest.mark.parametrize("method", THREE_BODY)
def test_a_cluster_has_no_tail(method):
    assert dispersion_energy(cluster(), method, "pbe") == pytest.approx(plain_sum(cluster(), method, 60.0), abs=1e-12)


@pytest.mark.parametrize("method", THREE_BODY)
def test_threads_share_the_sum_and_do_not_change_it(method, monkeypatch):
    atoms = bulk("Hg", "fcc", a=4.75, cubic=True).repeat((2, 2, 1))
    atoms.rattle(0.1, seed=3)
    atoms.pbc = [True, True, False]
    monkeypatch.setattr(dispersion_sum, "THREE_BODY_CUTOFFS", (6.0, 8.0))  # what they are does not matter here
    monkeypatch.setattr(dispersion_sum, "current_threads", lambda: 1)
    alone = sum_dispersion(atoms, method, "pbe", derivatives=True)
    parts = []
    monkeypatch.setattr(dispersion_sum, "current_threads", lambda: 2)
    inner = dispersion_sum._sum_part
    monkeypatch.setattr(dispersion_sum, "_sum_part", lambda *args: parts.append(args[-1]) or inner(*args))  # type: ignore[func-returns-value]
    shared = sum_dispersion(atoms, method, "pbe", derivatives=True)
    assert set(parts) == ({(0, 2), (1, 2)} if method == "d3atm" else {(0, 1)})
    assert alone.keys() == shared.keys() == {"energy", "free_energy", "forces", "stress"}
    for key, value in alone.items():
        np.testing.assert_allclose(shared[key], value, rtol=0, atol=1e-11)


def test_small_structures_are_not_shared_out(monkeypatch):
    monkeypatch.setattr(dispersion_sum, "current_threads", lambda: 64)
    assert dispersion_sum._n_parts(crystal(), "d3atm") == 1
    assert dispersion_sum._n_parts(crystal().repeat((4, 4, 1)), "d3atm") == 4


@pytest.mark.parametrize("method", DISPERSION_METHODS)
def test_asked_for_the_energy_nothing_else_is_computed(method, monkeypatch):
    asked = []
    inner, compiled = dispersion_sum._sum_part, dispersion_sum.sum_pairs
    dispersion_sum._remembered_energy.cache_clear()
    monkeypatch.setattr(dispersion_sum, "_sum_part", lambda *args: asked.append(args[3]) or inner(*args))  # type: ignore[func-returns-value]
    monkeypatch.setattr(
        dispersion_sum,
        "sum_pairs",
        lambda *args, derivatives: asked.append(derivatives) or compiled(*args, derivatives=derivatives),  # type: ignore[func-returns-value]
    )
    atoms = cluster()
    atoms.calc = get_dispersion_calculator(method, "pbe")
    assert atoms.get_potential_energy() == pytest.approx(dispersion_energy(atoms, method, "pbe"), abs=1e-12)
    assert set(asked) == {False}
    atoms.get_forces()
    assert asked[-1] is True


def test_potentials_on_one_structure_share_one_sum(monkeypatch):
    sums = []
    whole = dispersion_sum.sum_dispersion

    def counted(atoms, method, functional, *, derivatives):
        sums.append((method, functional))
        return whole(atoms, method, functional, derivatives=derivatives)

    monkeypatch.setattr(dispersion_sum, "sum_dispersion", counted)
    dispersion_sum._remembered_energy.cache_clear()
    atoms = cluster()
    first = energy(get_dispersion_calculator("d4", "pbe"), atoms)
    assert (
        energy(get_dispersion_calculator("d4", "pbe"), atoms.copy()) == first == dispersion_energy(atoms, "d4", "pbe")
    )
    assert sums == [("d4", "pbe")]
    # What the energy depends on is summed anew.
    moved, charged, boxed = atoms.copy(), atoms.copy(), atoms.copy()
    moved.positions[0, 0] += 1e-6
    charged.set_initial_charges([1.0] + [0.0] * (len(atoms) - 1))
    boxed.set_cell([30.0] * 3)
    boxed.pbc = True
    found = [dispersion_energy(one, "d4", "pbe") for one in (moved, charged, boxed)]
    found += [dispersion_energy(atoms, "d4", "r2scan"), dispersion_energy(atoms, "d3", "pbe")]
    assert len(sums) == 6
    assert len({first, *found}) == 6


@pytest.mark.parametrize("method", PAIRS)
def test_forces_and_stress_are_the_derivatives_of_the_energy(method):
    check_derivatives(crystal(), method)


@pytest.mark.parametrize("method", THREE_BODY)
def test_forces_and_stress_with_the_three_body_term_are_the_derivatives_of_the_energy(method, monkeypatch):
    # Numerical derivatives need dozens of sums, and no triple may cross a cutoff: shorter ones between two shells.
    monkeypatch.setattr(dispersion_sum, "THREE_BODY_CUTOFFS", (4.2, 6.2))
    atoms = Atoms("LiHg", positions=[[0.1, 0.05, 0], [1.65, 1.6, 1.5]], cell=[3.3, 3.2, 9.0], pbc=True)
    check_derivatives(atoms, method)


def check_derivatives(atoms: Atoms, method: str) -> None:
    atoms.calc = get_dispersion_calculator(method, "pbe")
    np.testing.assert_allclose(
        atoms.get_forces(), calculate_numerical_forces(atoms, eps=1e-4, force_consistent=False), atol=1e-5
    )
    np.testing.assert_allclose(
        atoms.get_stress(), calculate_numerical_stress(atoms, eps=1e-5, force_consistent=False), atol=1e-5
    )


@pytest.mark.parametrize("functional", FUNCTIONALS)
@pytest.mark.parametrize("method", DISPERSION_METHODS)
def test_every_functional_binds(method, functional):
    pair = Atoms("Hg2", positions=[[0, 0, 0], [0, 0, 3.5]])
    assert -0.5 < dispersion_energy(pair, method, functional) < 0
    assert three_body_energy(pair, method, functional) == pytest.approx(0, abs=1e-12)


def test_methods_and_their_pairs():
    assert DISPERSION_METHODS == ("d3", "d3atm", "d4", "d4pair")
    assert [pair_method(method) for method in DISPERSION_METHODS] == ["d3", "d3", "d4pair", "d4pair"]
    assert [method for method in DISPERSION_METHODS if has_three_body(method)] == THREE_BODY
    assert set(DISPERSION_ELEMENTS) == set(DISPERSION_PACKAGES) == set(DISPERSION_METHODS)


@pytest.mark.parametrize(
    "call",
    [
        get_dispersion_calculator,
        lambda method, functional: dispersion_energy(cluster(), method, functional),
        lambda method, functional: three_body_energy(cluster(), method, functional),
    ],
)
def test_unknown_methods_and_functionals_are_refused(call):
    with pytest.raises(InputError, match=r"unknown method 'd5'.*d3, d3atm, d4, d4pair"):
        call("d5", "pbe")
    with pytest.raises(InputError, match=r"unknown functional 'pbee'. Did you mean 'pbe'"):
        call("d3", "pbee")


def test_what_a_library_cannot_compute_is_an_error_of_the_calculator():
    with pytest.raises(CalculationFailed, match="dftd4 cannot compute Hg2"):
        dispersion_energy(Atoms("Hg2", positions=np.zeros((2, 3))), "d4pair", "pbe")


def test_dftd4_needs_three_cell_vectors():
    atoms = Atoms("Au2", [[0, 0, 0], [2.6, 0.5, 0.2]], cell=[5.2, 0, 0], pbc=[True, False, False])
    atoms.calc = get_dispersion_calculator("d4", "pbe")
    with pytest.raises(CalculationFailed, match="three cell vectors; Au2 has 1"):
        atoms.get_potential_energy()


@pytest.mark.parametrize("method", ["d3", "d3atm"])
@pytest.mark.parametrize("axes", [1, 2])
def test_directions_that_are_not_periodic_need_no_cell_vector(method, axes):
    cell = [[5.2, 0, 0], [0, 6.0, 0], [0, 0, 40.0]]
    found = []
    for vectors in (cell, [*cell[:axes], *([[0, 0, 0]] * (3 - axes))]):
        pbc = [axis < axes for axis in range(3)]
        atoms = Atoms("AuAg", [[0, 0, 0], [2.6, 0.5, 0.2]], cell=vectors, pbc=pbc)
        atoms.calc = get_dispersion_calculator(method, "pbe")
        found.append((atoms.get_potential_energy(), atoms.get_forces()))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-10)
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1e-9)
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()


def test_provenance_says_what_was_used():
    pairs = {"functional": "r2scan", "damping": "bj", "three_body": False}
    assert dispersion_provenance("d3", "r2scan") == {"method": "d3", **pairs}
    assert dispersion_provenance("d4pair", "r2scan") == {"method": "d4pair", **pairs}
    assert dispersion_provenance("d4", "pbe") == {
        "method": "d4",
        "functional": "pbe",
        "damping": "bj",
        "three_body": True,
        "three_body_cutoffs": [13.2294, 18.5212],
        "three_body_tail_to": 31.7506,
        "relaxed_with": "pair terms",
    }
