"""Ordered cells: whole numbers, neutrality, the lowest energy of all, every ordering once, and shares near random."""

from __future__ import annotations

from collections import Counter
from math import comb
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.analysis.ewald import EwaldSummation
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from amalgamics.errors import InputError
from amalgamics.structures.electrostatics import ChargePolynomial
from amalgamics.structures.ordering.charges import formal_states
from amalgamics.structures.ordering.order import order_structure


def perovskite(lanthanum: float, lithium: float, *, edge: float = 3.87) -> Structure:
    """La and Li share the A site."""
    species: list[Any] = [{"La": lanthanum, "Li": lithium}, "Ti", "O"]
    places = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(edge), species, places, labels=["A", "Ti", "O"])


def alloy(share: float) -> Structure:
    species: list[Any] = [{"Cu": share, "Au": 1.0 - share}]
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.9), species, [[0, 0, 0]])


def counts(atoms: Atoms) -> dict[str, int]:
    return dict(Counter(atoms.get_chemical_symbols()))


def ewald(atoms: Atoms) -> float:
    structure = AseAtomsAdaptor.get_structure(atoms)
    structure.add_oxidation_state_by_element({"La": 3, "Li": 1, "Ti": 4, "O": -2})
    return float(EwaldSummation(structure).total_energy)


def test_states_are_the_common_ones() -> None:
    assert formal_states(perovskite(0.5, 0.5)) == {"La": 3.0, "Li": 1.0, "Ti": 4.0, "O": -2.0}
    assert formal_states(perovskite(0.557, 0.329)) == {"La": 3.0, "Li": 1.0, "Ti": 4.0, "O": -2.0}
    assert formal_states(alloy(0.5)) is None


def test_the_energy_is_the_lowest_of_all() -> None:
    """Eight cells with four La and four Li: each of the 70 orderings summed on its own."""
    found = order_structure(perovskite(0.5, 0.5), "ewald", n=3, max_atoms=40)
    every = order_structure(perovskite(0.5, 0.5), "all", max_atoms=10)
    assert found[0].cells == every[0].cells == (1, 1, 2)  # the smallest whose numbers are whole
    for one in found:
        assert one.ewald_energy == pytest.approx(ewald(one.atoms), abs=1e-5)
    assert found[0].ewald_energy == pytest.approx(min(ewald(one.atoms) for one in every), abs=1e-5)
    assert counts(found[0].atoms) == {"La": 1, "Li": 1, "Ti": 2, "O": 6}


@settings(max_examples=15, deadline=None)
@given(vacant=st.sampled_from([0.1, 0.05, 0.0625, 0.12, 0.15]))
def test_ordered_cells_are_neutral(vacant: float) -> None:
    """La(2/3 - x) Li(3x): whatever the shares, charges add up, and the note says what became of them."""
    lithium = 3.0 * vacant
    (one,) = order_structure(perovskite(2.0 / 3.0 - vacant, lithium), "ewald", max_atoms=60)
    number = counts(one.atoms)
    assert 3 * number["La"] + number.get("Li", 0) + 4 * number["Ti"] == 2 * number["O"]
    assert len(one.atoms) <= 60
    assert "cells of the file with sites La" in one.note


def test_exchanges_find_what_all_orderings_have() -> None:
    """Too many orderings to look at all: the best found is no worse than any of another thousand random ones."""
    structure = perovskite(0.5, 0.5)
    structure.make_supercell((2, 2, 2))
    (one,) = order_structure(structure, "ewald", max_atoms=80)
    (again,) = order_structure(structure, "ewald", max_atoms=80)
    assert one.ewald_energy == again.ewald_energy  # seeded
    assert len(one.atoms) == 40
    rng = np.random.default_rng(1)
    places = [k for k, symbol in enumerate(one.atoms.symbols) if symbol in ("La", "Li")]
    for _ in range(20):
        other = one.atoms.copy()
        other.symbols[places] = rng.permutation(np.array(other.symbols)[places])
        assert ewald(other) >= float(one.ewald_energy or 0.0) - 1e-6


def test_every_ordering_once() -> None:
    """CuAu in the conventional fcc cell: L1_0 only; Cu3Au: L1_2 only; in two cells of CsCl two."""
    assert len(order_structure(alloy(0.5), "all", max_atoms=4)) == 1
    (cu3au,) = order_structure(alloy(0.75), "all", max_atoms=4)
    assert counts(cu3au.atoms) == {"Cu": 3, "Au": 1}
    assert cu3au.considered == comb(4, 1)


def test_the_number_of_orderings_is_that_of_orbits() -> None:
    """Burnside: a chain of six along c, three of each, under the rotations and reflections of a ring is 3 necklaces."""
    chain = Structure(Lattice.tetragonal(3.0, 18.0), [{"Cu": 0.5, "Au": 0.5}] * 6, [[0, 0, k / 6] for k in range(6)])
    assert len(order_structure(chain, "all", max_atoms=6)) == 3


def test_quasi_random_cells_have_their_shares() -> None:
    pytest.importorskip("icet")
    (one,) = order_structure(alloy(0.75), "sqs", max_atoms=32)
    assert counts(one.atoms) == {"Cu": 24, "Au": 8}
    assert one.cells == (2, 2, 2)
    # Pairs of next neighbours are as often alike as in a random alloy: 0.75² + 0.25², not 0.5 as in L1_2.
    i, j, *_ = AseAtomsAdaptor.get_structure(one.atoms).get_neighbor_list(3.0)
    symbols = np.array(one.atoms.get_chemical_symbols())
    assert np.mean(symbols[i] == symbols[j]) == pytest.approx(0.625, abs=0.03)


def test_split_sites_are_filled_once() -> None:
    """Two half-filled places 0.6 Å apart never both hold an atom."""
    cell = Lattice.tetragonal(4.2, 4.2)
    sites = [{"Li": 0.5}, {"Li": 0.5}, {"F": 1.0}]
    structure = Structure(cell, sites, [[0, 0, -0.07], [0, 0, 0.07], [0.5, 0.5, 0.5]], labels=["Li1", "Li1", "F1"])
    (one,) = order_structure(structure, "ewald", max_atoms=10)
    assert counts(one.atoms) == {"Li": 1, "F": 1}
    with pytest.raises(InputError, match="exclude each other"):
        order_structure(structure, "sqs", max_atoms=24)


@pytest.mark.parametrize(
    ("structure", "method", "message"),
    [
        (alloy(0.5), "ewald", "no oxidation states make it neutral, which order: ewald needs; take sqs or all"),
        (alloy(0.5), "ewalt", "Did you mean 'ewald'"),
        (alloy(0.01), "all", "no supercell of up to 8 sites has whole numbers near"),
        (alloy(1.0), "all", "every site is full"),
    ],
)
def test_what_cannot_be_ordered_is_named(structure: Structure, method: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        order_structure(structure, method, max_atoms=8)  # type: ignore[arg-type]


def test_too_many_orderings_are_refused() -> None:
    structure = alloy(0.5)
    structure.make_supercell((2, 2, 2))
    with pytest.raises(InputError, match="too many for order: all"):
        order_structure(structure, "all", max_atoms=32)


@given(st.data())
def test_the_polynomial_is_the_sum(data: st.DataObject) -> None:
    """E(q) of the polynomial is the Ewald sum of those charges, neutral or not."""
    structure = Structure(Lattice.cubic(4.0), ["Cl"] * 3, [[0, 0, 0], [0.5, 0.5, 0.5], [0.2, 0.6, 0.1]])
    charges = [data.draw(st.floats(-3, 3).map(lambda q: round(q, 2))) for _ in range(3)]
    polynomial = ChargePolynomial(structure, charges, [0, 2])
    charged = structure.copy()
    charged.add_oxidation_state_by_site(charges)
    expected = float(EwaldSummation(charged).total_energy_matrix.sum())
    assert polynomial.energies(np.array([[charges[0], charges[2]]]))[0] == pytest.approx(expected, abs=1e-6)


def test_charges_go_to_the_anions() -> None:
    """Li6PS5Cl is P5+ and Cl-, not P3- and Cl7+, which would add up as well."""
    sites = [{"Li": 1.0}] * 6 + [{"P": 1.0}] + [{"S": 1.0}] * 5 + [{"Cl": 1.0}]
    places = np.random.default_rng(0).random((13, 3))
    structure = Structure(Lattice.cubic(9.0), sites, places)
    assert formal_states(structure) == {"Li": 1.0, "P": 5.0, "S": -2.0, "Cl": -1.0}


def test_argyrodite_has_the_same_order_whichever_site_comes_first() -> None:
    """Three mixed sublattices: the energy is that of an independent sum, far below a random arrangement."""
    species: list[Any] = [{"Li": 0.5}, "P", "S", {"S": 0.5, "Cl": 0.5}, {"S": 0.5, "Cl": 0.5}]
    places = [[0.3104, 0.0221, 0.6896], [0, 0, 0.5], [0.1184, 0.1184, 0.6184], [0.25] * 3, [0, 0, 0]]
    for turn in (slice(None), slice(None, None, -1)):
        structure = Structure.from_spacegroup("F-43m", Lattice.cubic(9.86), species[turn], places[turn])
        (one,) = order_structure(structure, "ewald", max_atoms=80)
        ordered = AseAtomsAdaptor.get_structure(one.atoms)
        ordered.add_oxidation_state_by_element({"Li": 1, "P": 5, "S": -2, "Cl": -1})
        assert one.ewald_energy == pytest.approx(float(EwaldSummation(ordered).total_energy), abs=1e-3)
        assert float(one.ewald_energy or 0.0) < -1025.0  # the best of 25 independent descents has -1032.1


def test_half_charged_cobalt_is_between_its_states() -> None:
    species: list[Any] = [{"Li": 0.5}, "Co", "O"]
    places = [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.26]]
    structure = Structure.from_spacegroup("R-3m", Lattice.hexagonal(2.82, 14.2), species, places)
    assert formal_states(structure) == {"Li": 1.0, "Co": 3.5, "O": -2.0}
    (one,) = order_structure(structure, "ewald", max_atoms=24)
    assert counts(one.atoms)["Co"] == 2 * counts(one.atoms)["Li"]


def test_a_large_cell_is_ordered_in_its_primitive_one() -> None:
    structure = alloy(0.5)
    structure.make_supercell((2, 2, 2))
    (one, *_) = order_structure(structure, "all", max_atoms=4)
    assert len(one.atoms) <= 4
    assert "primitive cells of the file" in one.note
    cell = np.array(one.vectors) @ structure.lattice.matrix
    assert np.allclose(cell, one.atoms.cell.array, atol=1e-6)


def test_elements_on_two_sublattices_are_refused_for_sqs() -> None:
    pytest.importorskip("icet")
    mixed: list[Any] = [{"Cu": 0.5, "Au": 0.5}, {"Cu": 0.5, "Ni": 0.5}]
    structure = Structure(Lattice.tetragonal(3.85, 3.85), mixed, [[0, 0, 0], [0.5, 0.5, 0.5]], labels=["A", "B"])
    with pytest.raises(InputError, match="sites of several kinds hold Cu, which order: sqs would mix"):
        order_structure(structure, "sqs", max_atoms=16)
