from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111
from ase.constraints import FixAtoms
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.films import add_film, detach, free_film
from amalgamics.structures.library.liquids import bulk_liquid, get_liquid, list_liquids
from amalgamics.structures.packing import SHORTEST
from amalgamics.structures.slabs.planar_frame import join_across_boundary, planar_area
from amalgamics.structures.tags import LIQUID, SOLID

METALS = [liquid.symbol for liquid in list_liquids()]


def substrate(size: tuple[int, int, int] = (3, 3, 4)) -> Atoms:
    slab = fcc111("Au", size, vacuum=8.0)
    slab.pbc = True
    slab.set_constraint(FixAtoms(indices=range(size[0] * size[1] * 2)))
    return slab


def closest(atoms: Atoms) -> float:
    """Shortest distance between any two atoms, own images included."""
    twice = atoms * (2, 2, 1)
    distances = twice.get_all_distances(mic=True)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


def test_mercury_has_its_density_and_surface_tension() -> None:
    mercury = get_liquid("Hg")
    assert mercury.number_density(298.15) == pytest.approx(0.04063, abs=2e-5)
    assert mercury.surface_tension_reference_K == 298.15
    assert mercury.surface_tension_J_m2 == pytest.approx(0.4855)
    assert mercury.surface_tension_slope_J_m2_K == pytest.approx(-2.049e-4)
    # First peak of the measured pair distribution: 3.0 to 3.1 Å.
    assert mercury.nearest_neighbour_distance() == pytest.approx(3.1, abs=0.1)


@pytest.mark.parametrize("symbol", METALS)
def test_a_liquid_is_plausible(symbol: str) -> None:
    liquid = get_liquid(symbol)
    assert liquid.number_density() == liquid.number_density(max(298.15, liquid.melting_point_K))
    assert liquid.number_density(liquid.melting_point_K + 200) < liquid.number_density(liquid.melting_point_K)
    assert liquid.surface_tension_slope_J_m2_K < 0.0
    # Ranges of all metals: an error of unit fails here.
    assert 0.1 < liquid.surface_tension_J_m2 < 1.3
    assert 0.012 < liquid.number_density() < 0.062
    assert 0 < liquid.surface_tension_uncertainty_J_m2 < 0.06
    assert liquid.confidence in ("checked", "recalled")
    assert liquid.density_source
    assert liquid.surface_tension_source


def test_an_unknown_liquid_is_named() -> None:
    with pytest.raises(InputError, match=r"unknown liquid metal 'Hgg'.*'Hg'"):
        get_liquid("Hgg")


def test_a_temperature_without_a_liquid_is_refused() -> None:
    with pytest.raises(InputError, match="temperature_K"):
        get_liquid("Hg").number_density(9000.0)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(METALS), st.integers(8, 60), st.integers(0, 1000))
def test_a_bulk_liquid_has_its_density_and_no_overlap(symbol: str, n_atoms: int, seed: int) -> None:
    liquid = get_liquid(symbol)
    cell = bulk_liquid(symbol, n_atoms, seed=seed)
    assert len(cell) / cell.get_volume() == pytest.approx(liquid.number_density())
    assert closest(cell) > (SHORTEST - 1e-6) * liquid.nearest_neighbour_distance()
    assert (cell.get_tags() == LIQUID).all()
    assert (cell.positions == bulk_liquid(symbol, n_atoms, seed=seed).positions).all()


def test_a_bulk_liquid_needs_atoms() -> None:
    with pytest.raises(InputError, match="n_atoms is 3"):
        bulk_liquid("Hg", 3)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["Hg", "Li", "K", "Al"]), st.floats(5.0, 16.0), st.integers(0, 1000), st.floats(2.0, 4.0))
def test_a_film_on_a_substrate(symbol: str, size: float, seed: int, gap: float) -> None:
    slab = substrate()
    film = add_film(slab, symbol, min_film_size=size, gap=gap, min_vacuum_size=14.0, seed=seed)
    solid, liquid = film.get_tags() == SOLID, film.get_tags() == LIQUID
    properties = get_liquid(symbol)

    assert (solid | liquid).all()
    assert (film.positions[solid] == slab.positions).all()
    assert film.constraints[0].index.tolist() == slab.constraints[0].index.tolist()
    assert film.pbc.all()
    assert liquid.sum() == round(properties.number_density() * planar_area(slab.cell) * size)
    assert closest(film[liquid]) > (SHORTEST - 1e-6) * properties.nearest_neighbour_distance()
    assert film.positions[liquid, 2].min() - slab.positions[:, 2].max() == pytest.approx(gap)
    vacuum = film.cell[2, 2] - np.ptp(film.positions[:, 2])
    assert vacuum >= 14.0 - 1e-9


def test_the_free_film_is_the_film_of_the_interface() -> None:
    slab = substrate()
    interface = add_film(slab, "Hg", min_film_size=9.0, seed=4)
    film = interface[interface.get_tags() == LIQUID]
    free = free_film("Hg", slab.cell[:2, :2], n_atoms=len(film), min_vacuum_size=13.0, seed=4)
    difference = free.positions - film.positions
    np.testing.assert_allclose(difference - difference[0], 0, atol=1e-9)
    assert free.cell[2, 2] - np.ptp(free.positions[:, 2]) == pytest.approx(13.0)
    assert free.positions[:, 2].min() > 0
    assert free.positions[:, 2].max() < free.cell[2, 2]


def test_other_seeds_give_other_films_of_the_same_size() -> None:
    first, second = (add_film(substrate(), "Hg", n_atoms=25, seed=seed) for seed in (0, 1))
    assert len(first) == len(second)
    assert np.abs(first.positions - second.positions).max() > 1.0


def test_a_substrate_that_wrapped_around_the_cell_is_brought_back() -> None:
    slab = substrate()
    wrapped = slab.copy()
    wrapped.positions[:, 2] -= slab.positions[:, 2].min() + 1.0
    wrapped.wrap()
    assert np.ptp(wrapped.positions[:, 2]) > 15.0
    film = add_film(wrapped, "Hg", n_atoms=20)
    solid = film[film.get_tags() == SOLID]
    assert np.ptp(solid.positions[:, 2]) == pytest.approx(np.ptp(slab.positions[:, 2]))


def test_a_bulk_crystal_is_not_torn_apart() -> None:
    slab = fcc111("Au", (2, 2, 3))
    slab.set_cell([*slab.cell[:2], [0, 0, 7.1]])
    slab.pbc = True
    assert (join_across_boundary(slab).positions == slab.positions).all()


def test_detach_gives_back_both_parts() -> None:
    slab = substrate()
    interface = add_film(slab, "Hg", n_atoms=20)
    solid, film = detach(interface)
    assert (solid.cell == interface.cell).all()
    assert (film.cell == interface.cell).all()
    assert (solid.positions == slab.positions).all()
    assert film.symbols.get_chemical_formula() == "Hg20"
    with pytest.raises(InputError, match="only one part"):
        detach(film)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"gap": -1.0}, "gap is -1.0"),
        ({"min_vacuum_size": 0.0}, "min_vacuum_size"),
        ({"min_film_size": float("nan")}, "min_film_size"),
        ({"n_atoms": 0}, "0 atoms"),
        ({"symbol": "Xx"}, "unknown liquid metal"),
    ],
)
def test_bad_sizes_are_named(change: dict[str, object], problem: str) -> None:
    arguments = {"symbol": "Hg"} | change
    with pytest.raises(InputError, match=problem):
        add_film(substrate(), **arguments)


def test_bad_cells_are_named() -> None:
    tilted = fcc111("Au", (2, 2, 3), vacuum=8.0)
    tilted.set_cell(tilted.cell[:] + [[0, 0, 0], [0, 0, 0], [3.0, 0, 0]])
    with pytest.raises(InputError, match="c along"):
        add_film(tilted, "Hg")
    with pytest.raises(InputError, match="wide"):
        add_film(fcc111("Au", (1, 1, 3), vacuum=8.0), "K")
    with pytest.raises(InputError, match="shape"):
        free_film("Hg", np.ones(3), n_atoms=10)
    with pytest.raises(InputError, match="in the xy plane"):
        free_film("Hg", np.ones((2, 2)), n_atoms=10)
