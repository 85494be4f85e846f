"""Thin layers of lithium hydroxide and carbonate on a face."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.coherent import NoMatchError
from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.slabs.planar_frame import planar_area
from amalgamics.structures.slabs.slab import get_slab
from amalgamics.structures.surface_states.checks import check_surface_state
from amalgamics.structures.surface_states.layers import covered_with
from amalgamics.structures.tags import ADLAYER, SOLID


def lithium_hydroxide() -> Atoms:
    """P4/nmm, a = 3.549, c = 4.334 Å: sheets of LiO4 with OH pointing into the gaps."""
    places = [(0, 0, 0), (0.5, 0.5, 0), (0, 0.5, 0.195), (0.5, 0, -0.195), (0, 0.5, 0.407), (0.5, 0, -0.407)]
    return Atoms("Li2O2H2", scaled_positions=places, cell=[3.549, 3.549, 4.334], pbc=True)


@cache
def llto_slab() -> Atoms:
    return get_slab(get_electrolyte("LLTO"), (0, 0, 1), termination="TiO2", min_slab_size=8.0, min_width=7.0).atoms


def carried(atoms: Atoms) -> Atoms:
    return atoms[atoms.get_tags() == ADLAYER]


@pytest.mark.parametrize("n_layers", [1, 2])
def test_hydroxide_lies_on_llto_in_whole_units(n_layers: int) -> None:
    slab = llto_slab()
    atoms = covered_with(slab, lithium_hydroxide(), (0, 0, 1), n_layers)
    counts = Counter(carried(atoms).get_chemical_symbols())
    assert counts["Li"] == counts["O"] == counts["H"]
    # Two units in each cell of a sheet, the area of which changes by less than twice 8 %.
    per_sheet = 2 * planar_area(np.asarray(atoms.cell)) / 3.549**2
    assert counts["Li"] == pytest.approx(n_layers * per_sheet, rel=0.16)
    state = check_surface_state(atoms, atoms)
    assert state.water_per_nm2 == 0
    assert state.thickness == pytest.approx(4.5 + 4.334 * (n_layers - 1), abs=1.0)


def test_carbonate_keeps_its_units_and_the_slab_its_place() -> None:
    slab = llto_slab()
    atoms = covered_with(slab, get_electrolyte("Li2CO3"), (0, 0, 1))
    layer = carried(atoms)
    assert layer.symbols.formula.reduce()[0].count() == {"Li": 2, "C": 1, "O": 3}
    apart = layer.get_all_distances(mic=True)
    for carbon in np.flatnonzero(layer.symbols == "C"):
        assert (apart[carbon][layer.symbols == "O"] < 1.5).sum() == 3
    solid = atoms[atoms.get_tags() == SOLID]
    repeats = round(planar_area(np.asarray(atoms.cell)) / planar_area(np.asarray(slab.cell)))
    assert len(solid) == repeats * len(slab)
    assert sorted(solid.positions[:, 2]) == pytest.approx(sorted(np.repeat(slab.positions[:, 2], repeats)), abs=1e-6)
    vacuum = [each.cell[2, 2] - np.ptp(each.positions[:, 2]) for each in (slab, atoms)]
    assert vacuum[1] == pytest.approx(vacuum[0])


def test_a_crystal_on_itself_is_not_strained() -> None:
    magnesia = bulk("MgO", "rocksalt", 4.21, cubic=True)
    slab = get_slab(magnesia, (0, 0, 1), min_slab_size=6.0, min_width=5.5).atoms
    atoms = covered_with(slab, magnesia, (0, 0, 1), 2, max_strain=1e-6)
    assert len(carried(atoms)) % len(slab.symbols) == len(carried(atoms)) % len(slab)
    assert planar_area(np.asarray(atoms.cell)) == pytest.approx(planar_area(np.asarray(slab.cell)))
    apart = atoms.get_all_distances(mic=True)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 2.0


def test_too_much_strain_names_the_best_match() -> None:
    with pytest.raises(NoMatchError, match=r"max_strain 0.1% and max_area 70 Å\^2; the best match has a strain of \d"):
        covered_with(llto_slab(), lithium_hydroxide(), (0, 0, 1), max_strain=0.001, max_area=70.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_layers": 0}, "n_layers: 0 is not allowed"),
        ({"n_layers": 1.5}, "n_layers: 1.5 is not allowed"),
        ({"max_strain": 0}, "max_strain: 0"),
        ({"max_area": -1}, "max_area: -1"),
        ({"miller_index": (0, 0, 0)}, "miller_index"),
    ],
)
def test_wrong_settings(options, message: str) -> None:
    given = {"miller_index": (0, 0, 1), **options}
    with pytest.raises(InputError, match=message):
        covered_with(llto_slab(), lithium_hydroxide(), given.pop("miller_index"), **given)


def test_polar_planes_make_no_layer() -> None:
    magnesia = bulk("MgO", "rocksalt", 4.21, cubic=True)
    with pytest.raises(InputError, match="all polar or not stoichiometric"):
        covered_with(llto_slab(), magnesia, (1, 1, 1))
