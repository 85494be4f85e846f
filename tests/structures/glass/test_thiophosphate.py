"""Thiophosphate glass: a packing without overlaps, an analysis that counts right, and slabs with whole units."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.reference.published import glass_facts
from amalgamics.structures.glass.analysis import analyse_glass, compare_glass
from amalgamics.structures.glass.thiophosphate import GlassError, bonded_units, glass_slab, random_glass
from amalgamics.structures.tags import SOLID

TETRAHEDRON = 2.05 / np.sqrt(3) * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


@pytest.fixture(scope="module")
def glass() -> Atoms:
    return random_glass(8, seed=1)


def units_in_a_box(n_sulphur=4, edge=12.0):
    """One PS_n unit torn by every face of the cell, and lithium 2.4 Å from its first sulphur atom."""
    sulphur = TETRAHEDRON[:n_sulphur]
    lithium = sulphur[0] + 2.4 / np.sqrt(3)
    atoms = Atoms(f"PS{n_sulphur}Li", positions=[[0, 0, 0], *sulphur, lithium], cell=[edge] * 3, pbc=True)
    atoms.wrap()
    return atoms


@pytest.mark.parametrize("seed", [0, 1])
def test_a_packing_has_its_density_and_no_overlaps(seed):
    atoms = random_glass(8, density_g_cm3=1.8, seed=seed)
    assert atoms.get_chemical_formula() == "Li24P8S32"
    grams = atoms.get_masses().sum() / units.kg * 1e3
    assert grams / (atoms.cell.volume / units.m**3 * 1e6) == pytest.approx(1.8, rel=1e-9)
    found = analyse_glass(atoms)
    assert found.density_g_cm3 == pytest.approx(1.8, rel=1e-9)
    assert found.intact_fraction == 1.0
    assert found.p_s_coordination == 4.0
    assert found.p_s_distance == pytest.approx(2.05, abs=0.05)
    for pair, least in {"Li-S": 2.1, "Li-Li": 2.4, "S-S": 3.0, "P-P": 3.9, "Li-P": 2.6, "P-S": 1.95}.items():
        assert found.shortest[pair] > least


def test_seeds_repeat_and_differ():
    first, again, other = (random_glass(4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.positions, again.positions)
    assert np.abs(first.positions - other.positions).max() > 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_formula_units": 3}, "n_formula_units: 3 is too few"),
        ({"n_formula_units": 4.5}, "n_formula_units"),
        ({"density_g_cm3": 0}, "density_g_cm3"),
        ({"density_g_cm3": float("nan")}, "density_g_cm3"),
    ],
)
def test_bad_numbers_are_refused(arguments, message):
    with pytest.raises(GlassError, match=message):
        random_glass(**arguments)


def test_a_density_at_which_nothing_fits_is_refused(monkeypatch):
    monkeypatch.setattr("amalgamics.structures.glass.thiophosphate._ATTEMPTS", 1)
    with pytest.raises(GlassError, match=r"do not fit at 4 g/cm3"):
        random_glass(4, density_g_cm3=4.0)


def test_a_unit_across_the_boundary_is_counted_once():
    atoms = units_in_a_box()
    found = analyse_glass(atoms)
    assert found.intact_fraction == 1.0
    assert found.p_s_coordination == 4.0
    assert found.li_s_coordination == 1.0
    assert found.li_s_distance == pytest.approx(2.4, abs=0.01)
    unit_of, bonds = bonded_units(atoms)
    assert unit_of.tolist() == [0, 0, 0, 0, 0, 1]
    assert sorted(bonds[:, 1].tolist()) == [1, 2, 3, 4]


def test_broken_and_joined_units_are_not_intact():
    assert analyse_glass(units_in_a_box(3)).intact_fraction == 0.0
    # P2S7: two tetrahedra that share a corner.
    other = 2 * TETRAHEDRON[0] - TETRAHEDRON
    pair = Atoms(
        "PS4PS3Li",
        positions=[[0, 0, 0], *TETRAHEDRON, 2 * TETRAHEDRON[0], *other[1:], [8, 8, 8]],
        cell=[14] * 3,
        pbc=True,
    )
    found = analyse_glass(pair)
    assert found.intact_fraction == 0.0
    assert found.p_s_coordination == 4.0
    assert bonded_units(pair)[0].max() == 1


def test_numbers_stand_beside_measured_ones(glass):
    table = {row.quantity: row for row in compare_glass(analyse_glass(glass))}
    assert table.keys() == {"density_g_cm3", *glass_facts()} - {"density"}
    assert (table["p_s_distance"].unit, table["p_s_coordination"].unit) == ("Å", "")
    assert table["density_g_cm3"].agrees
    assert table["p_s_coordination"].agrees
    assert all(row.confidence and row.source for row in table.values())
    light = glass.copy()
    light.set_cell(light.cell.array * 1.1, scale_atoms=False)
    assert not compare_glass(analyse_glass(light))[0].agrees


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10), st.floats(-20, 20), st.floats(10, 30))
def test_a_slab_keeps_every_unit_whole(seed, shift, vacuum):
    glass = random_glass(4, seed=seed % 3)
    glass.positions += [shift, 0.3 * shift, -shift]
    glass.wrap()
    slab = glass_slab(glass, vacuum)
    assert sorted(slab.numbers) == sorted(glass.numbers)
    found = analyse_glass(slab)
    assert found.intact_fraction == 1.0
    heights = slab.positions[:, 2]
    assert heights.min() == 0.0
    assert slab.cell[2, 2] - heights.max() == pytest.approx(vacuum)
    # Whole in space, too: no bond needs the periodic image along z.
    slab.pbc = (True, True, False)
    open_distances = np.sort(slab.get_all_distances(mic=True)[slab.numbers == 15][:, slab.numbers == 16], axis=1)
    assert open_distances[:, :4].max() < 2.6
    assert (slab.get_tags() == SOLID).all()


def test_a_slab_lets_no_more_lithium_go_than_it_must(glass):
    """The slab has the neighbours of the glass but for those across one plane."""
    slab = analyse_glass(glass_slab(glass))
    whole = analyse_glass(glass)
    assert whole.li_s_coordination - 1.0 < slab.li_s_coordination < whole.li_s_coordination


def test_a_slab_of_a_tilted_cell_is_upright(glass):
    tilted = glass.copy()
    tilted.set_cell(tilted.cell.array @ [[1, 0, 0], [0.1, 1, 0.05], [-0.08, 0.1, 1]], scale_atoms=True)
    slab = glass_slab(tilted, 12.0)
    np.testing.assert_allclose(slab.cell.array[[0, 0, 1, 2, 2], [1, 2, 2, 0, 1]], 0.0, atol=1e-12)
    assert slab.cell[2, 2] > 0
    assert analyse_glass(slab).intact_fraction == analyse_glass(tilted).intact_fraction


def test_what_cannot_be_cut_or_analysed_is_refused(glass):
    # Chains P-S-P-S along x without an end.
    chain = Atoms("PSLi", positions=[[0, 0, 0], [2.0, 0, 0], [0, 5, 5]], cell=[4, 10, 10], pbc=True)
    with pytest.raises(GlassError, match="run through the whole cell"):
        glass_slab(chain)
    with pytest.raises(GlassError, match="min_vacuum_size"):
        glass_slab(glass, 0.0)
    with pytest.raises(GlassError, match="has no Li, P"):
        analyse_glass(Atoms("S2", cell=[5] * 3, pbc=True))
    open_glass = glass.copy()
    open_glass.pbc = False
    for refuse in (glass_slab, analyse_glass):
        with pytest.raises(GlassError, match="periodic in three directions"):
            refuse(open_glass)
