from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from ase import Atoms
from ase.build import bcc110, fcc100, fcc111
from ase.data import atomic_numbers, covalent_radii
from ase.geometry import get_distances
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.checks import check_film
from amalgamics.structures.interfaces.films import add_film
from amalgamics.structures.interfaces.sites import InterfaceSites, find_interface_sites
from amalgamics.structures.interfaces.solutes import insert_solute
from amalgamics.structures.library.phases import get_phase


def llto(repeat: tuple[int, int] = (2, 2)) -> Atoms:
    """A slab of the layered model cell with TiO2 on both sides."""
    crystal = get_phase("LLTO_P4mmm_ordered").atoms()
    height = crystal.cell[2, 2]
    layers = crystal.copy()
    layers.positions[:, 2] = (crystal.get_scaled_positions()[:, 2] * height - 1.5) % height
    closing = layers[layers.positions[:, 2] < 1.0]
    closing.positions[:, 2] += height
    slab = (layers + closing) * (*repeat, 1)
    slab.center(vacuum=8.0, axis=2)
    return slab


def square(n: int) -> InterfaceSites:
    """Sites in an n by n square lattice under p4mm, made by hand."""
    places = [(i, j) for i in range(n) for j in range(n)]
    number = {place: k for k, place in enumerate(places)}
    moves = []
    for matrix in ([[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]):
        for mirror in ([[1, 0], [0, 1]], [[1, 0], [0, -1]]):
            point = np.array(matrix) @ np.array(mirror)
            for shift in places:
                moves.append([number[tuple((point @ place + shift) % n)] for place in places])
    positions = np.array([(3.0 * i, 3.0 * j, 0.0) for i, j in places])
    cell = np.diag([3.0 * n, 3.0 * n, 20.0])
    return InterfaceSites(positions, np.zeros(n * n, dtype=int), np.unique(moves, axis=0), cell)


SQUARES = {n: square(n) for n in (2, 3)}
LLTO = find_interface_sites(llto())


def distinct_occupations(sites: InterfaceSites, n: int) -> set[frozenset[int]]:
    """One of each set of equivalent occupations by ``n`` atoms, from all of them."""
    return {sites.canonical(occupied) for occupied in combinations(range(len(sites)), n)}


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([2, 3]), st.data())
def test_orbit_sizes_add_up_to_all_occupations(n: int, data: st.DataObject) -> None:
    sites = SQUARES[n]
    k = data.draw(st.integers(0, len(sites)))
    distinct = distinct_occupations(sites, k)
    assert sum(sites.orbit_size(occupied) for occupied in distinct) == comb(len(sites), k)


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 8), max_size=6), st.data())
def test_symmetry_leaves_orbits_and_extensions_alone(occupied: set[int], data: st.DataObject) -> None:
    sites = SQUARES[3]
    move = sites.permutations[data.draw(st.integers(0, len(sites.permutations) - 1))]
    moved = {int(move[site]) for site in occupied}
    assert sites.orbit_size(moved) == sites.orbit_size(occupied)
    assert sites.canonical(moved) == sites.canonical(occupied)
    assert len(sites.permutations) % sites.orbit_size(occupied) == 0
    outcomes = {sites.canonical({*occupied, site}) for site in sites.extend(occupied)}
    assert outcomes == {sites.canonical({*moved, site}) for site in sites.extend(moved)}
    assert outcomes == {sites.canonical({*occupied, site}) for site in set(range(9)) - occupied}


def test_pairs_on_a_square_lattice() -> None:
    # On a periodic 3 x 3 lattice a pair is joined along an edge or a diagonal.
    pairs = distinct_occupations(SQUARES[3], 2)
    assert sorted(SQUARES[3].orbit_size(pair) for pair in pairs) == [18, 18]


def test_the_sites_of_llto_are_its_empty_a_sites() -> None:
    slab = llto()
    assert len(LLTO) == 4
    a = slab.cell[0, 0] / 2
    np.testing.assert_allclose(np.sort(LLTO.positions[:, :2] % (2 * a), axis=0)[:, 0] % a, 0, atol=0.02)
    oxygen = slab[slab.symbols == "O"]
    distances = get_distances(LLTO.positions, oxygen.positions, cell=slab.cell, pbc=[1, 1, 0])[1]
    nearest = np.sort(distances, axis=1)[:, :4]
    assert ((nearest > 1.8) & (nearest < 2.3)).all()
    assert [len(distinct_occupations(LLTO, n)) for n in range(5)] == [1, 1, 2, 1, 1]
    assert [LLTO.orbit_size(range(n)) for n in (0, 1, 4)] == [1, 4, 1]
    assert sorted(LLTO.orbit_size(pair) for pair in distinct_occupations(LLTO, 2)) == [2, 4]


def test_bridges_come_after_the_hollows() -> None:
    sites = find_interface_sites(llto(), bridges=True)
    assert (sites.orbits[:4] == 0).all()
    np.testing.assert_allclose(sites.positions[:4], LLTO.positions, atol=1e-6)
    assert len(sites) > 4
    assert sites.positions[4:, 2].min() > sites.positions[:4, 2].max()
    assert sum(sites.orbit_size(pair) for pair in distinct_occupations(sites, 2)) == comb(len(sites), 2)
    assert len(find_interface_sites(llto(), bridges=True, max_sites=4)) == 4


def test_a_relaxed_slab_keeps_the_symmetry_of_its_ideal() -> None:
    slab = llto()
    relaxed = slab.copy()
    relaxed.positions += np.random.default_rng(0).normal(0, 0.08, relaxed.positions.shape)
    sites = find_interface_sites(relaxed, ideal=slab)
    assert len(sites) == 4
    assert (np.unique(sites.permutations, axis=0) == sites.permutations).all()
    assert sites.orbit_size({0}) == 4
    # Without the ideal slab every site stands for itself.
    assert find_interface_sites(relaxed, symprec=1e-3).orbit_size({0}) == 1


@pytest.mark.parametrize(
    ("slab", "per_cell"),
    [(fcc100("Ag", (2, 2, 4), vacuum=8.0), 1), (fcc111("Ag", (2, 2, 4), vacuum=8.0, orthogonal=True), 2)],
)
def test_hollows_of_metals(slab: Atoms, per_cell: int) -> None:
    slab.set_tags(0)
    sites = find_interface_sites(slab)
    assert len(sites) == 4 * per_cell
    # The fcc and hcp hollows of (111) are two orbits.
    assert len(set(sites.orbits.tolist())) == per_cell
    assert [len(distinct_occupations(sites, 1)), len(sites.extend([]))] == [per_cell, per_cell]


def test_tags_and_vacuum_do_not_matter() -> None:
    slab = llto()
    film = add_film(slab, "Hg", min_film_size=8.0)
    of_interface = find_interface_sites(film)
    np.testing.assert_allclose(of_interface.positions, LLTO.positions, atol=1e-3)
    assert (of_interface.permutations == LLTO.permutations).all()


def test_every_site_takes_a_solute() -> None:
    slab = llto()
    film = add_film(slab, "Hg", min_film_size=8.0, seed=3)
    for position in LLTO.positions:
        check_film(insert_solute(film, "Li", position))


def test_neighbours_that_are_too_close_are_left_out() -> None:
    sites = SQUARES[3]
    assert sites.extend({0}, min_separation=3.5) == [4]
    assert sites.extend({0}, min_separation=5.0) == []


def test_the_whole_group_is_found() -> None:
    # p4mm of a 2 x 2 cell: 8 operations and 4 translations; on the 4 sites some of them do the same.
    assert len(LLTO.permutations) == 8
    slab = bcc110("Na", (2, 2, 3), vacuum=8.0, orthogonal=True)
    slab.set_tags(0)
    assert len(find_interface_sites(slab, symbol="Li")) >= 2


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="site 7 does not exist; the 4 sites are 0 to 3"):
        LLTO.orbit_size({7})
    with pytest.raises(InputError, match="'Xx' of the solute"):
        find_interface_sites(llto(), symbol="Xx")
    slab = llto()
    slab.set_tags(1)
    with pytest.raises(InputError, match="no atom is tagged as solid"):
        find_interface_sites(slab)


@pytest.mark.parametrize("symbol", ["Ge", "P"])
def test_germanium_is_touched_at_the_sum_of_covalent_radii_as_phosphorus_is(symbol: str) -> None:
    """In GeS4 it is bound covalently; only metals of such a solid are ions, which come closer."""
    slab = Atoms([symbol, "S"], [[0, 0, 8.0], [1.5, 1.5, 6.0]], cell=[3.0, 3.0, 20.0], pbc=True)
    contact = covalent_radii[atomic_numbers[symbol]] + covalent_radii[atomic_numbers["Li"]]
    (site,) = find_interface_sites(slab, symbol="Li").positions
    assert site[2] == pytest.approx(8.0 + (contact**2 - 4.5) ** 0.5, abs=1e-3)
