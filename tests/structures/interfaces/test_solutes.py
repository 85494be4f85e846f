from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc100
from ase.constraints import FixAtoms
from ase.data import covalent_radii
from ase.geometry import get_distances
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.checks import check_film
from amalgamics.structures.interfaces.films import add_film
from amalgamics.structures.interfaces.solutes import (
    CLEARANCE,
    film_voids,
    insert_solute,
    resting_heights,
    surface_positions,
)
from amalgamics.structures.tags import LIQUID, SOLID, SOLUTE


def interface() -> Atoms:
    slab = fcc100("Au", (3, 3, 4), vacuum=8.0)
    slab.set_constraint(FixAtoms(indices=range(18)))
    return add_film(slab, "Hg", min_film_size=9.0, seed=1)


FILM = interface()
HIGHEST_SOLID = FILM.positions[FILM.get_tags() == SOLID, 2].max()


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0, 1), st.floats(0, 1), st.floats(HIGHEST_SOLID, HIGHEST_SOLID + 11), st.sampled_from(["Li", "Na", "Mg"])
)
def test_an_inserted_solute_has_room_and_the_solid_stays(u: float, v: float, z: float, symbol: str) -> None:
    place = np.array([u, v, 0]) @ FILM.cell[:] + [0, 0, z]
    result = insert_solute(FILM, symbol, place)
    assert len(result) == len(FILM) + 1
    assert result.get_tags().tolist() == [*FILM.get_tags(), SOLUTE]
    assert result.symbols[-1] == symbol
    solid = FILM.get_tags() == SOLID
    assert (result.positions[:-1][solid] == FILM.positions[solid]).all()
    distances = result.get_distances(-1, range(len(FILM)), mic=True)
    wanted = CLEARANCE * (covalent_radii[result.numbers[:-1]] + covalent_radii[result.numbers[-1]])
    assert (distances > 0.995 * wanted).all()
    # What was not in the way stays where it was.
    assert (np.abs(result.positions[:-1] - FILM.positions).max(axis=1) < 1e-12).sum() > 0.6 * len(FILM)


def test_a_solute_with_room_moves_nothing() -> None:
    place = film_voids(FILM, 1)[0]
    result = insert_solute(FILM, "Li", place)
    assert (result.positions[:-1] == FILM.positions).all()
    np.testing.assert_allclose(result.positions[-1], place)
    check_film(result)


@pytest.mark.parametrize("z_range", [(0.0, 1.0), (0.3, 0.7), (0.5, 0.5)])
def test_voids_keep_their_range_distance_and_order(z_range: tuple[float, float]) -> None:
    voids = film_voids(FILM, 4, z_range=z_range, min_distance=2.5)
    assert voids.shape == (4, 3)
    z = FILM.positions[FILM.get_tags() != SOLID, 2]
    fractions = (voids[:, 2] - z.min()) / np.ptp(z)
    assert (fractions >= z_range[0] - 1e-9).all()
    assert (fractions <= z_range[1] + 1e-9).all()
    between = get_distances(voids, cell=FILM.cell, pbc=[1, 1, 0])[1]
    assert between[np.triu_indices(4, 1)].min() >= 2.5
    to_atoms = get_distances(voids, FILM.positions, cell=FILM.cell, pbc=[1, 1, 0])[1]
    sizes = (to_atoms - covalent_radii[FILM.numbers]).min(axis=1)
    assert (np.diff(sizes) <= 1e-9).all()


def test_a_void_is_found_where_an_atom_is_taken_out() -> None:
    z = FILM.positions[:, 2]
    liquid = np.flatnonzero(FILM.get_tags() == LIQUID)
    index = int(liquid[np.argsort(z[liquid])[len(liquid) // 2]])
    place = FILM.positions[index].copy()
    holed = FILM.copy()
    del holed[index]
    void = film_voids(holed, 1, z_range=(0.2, 0.8))
    assert get_distances(void, place[None], cell=FILM.cell, pbc=True)[1][0, 0] < 1.2


def test_voids_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="n is 500"):
        film_voids(FILM, 500)
    with pytest.raises(InputError, match="lower one first"):
        film_voids(FILM, 1, z_range=(0.7, 0.3))
    with pytest.raises(InputError, match="no atom is tagged as liquid"):
        film_voids(FILM[FILM.get_tags() == SOLID], 1)


def test_surface_positions_touch_the_film_from_above() -> None:
    places = surface_positions(FILM, 3, symbol="Li")
    distances = get_distances(places, FILM.positions, cell=FILM.cell, pbc=[1, 1, 0])[1]
    contact = covalent_radii[FILM.numbers] + covalent_radii[3]
    np.testing.assert_allclose((distances / contact).min(axis=1), 1.0, atol=1e-9)
    assert (np.diff(places[:, 2]) >= 0).all()
    between = get_distances(places, cell=FILM.cell, pbc=[1, 1, 0])[1]
    assert between[np.triu_indices(3, 1)].min() >= 2.5
    with pytest.raises(InputError, match="free surface"):
        surface_positions(FILM, 100)


def test_a_ball_rests_on_one_atom_and_falls_beside_it() -> None:
    atoms = Atoms("Au", positions=[(1, 1, 5)], cell=(20, 20, 20), pbc=True)
    heights, touched = resting_heights(atoms, np.array([[1, 1], [2, 1], [-19.0, 1], [10, 10]]), np.array([2.0]))
    np.testing.assert_allclose(heights, [7, 5 + np.sqrt(3), 7, -np.inf])
    assert touched.tolist() == [0, 0, 0, -1]


def test_a_bad_position_is_refused() -> None:
    with pytest.raises(InputError, match="three numbers"):
        insert_solute(FILM, "Li", np.zeros(2))
    with pytest.raises(InputError, match="unknown element"):
        insert_solute(FILM, "Lj", np.zeros(3))
