from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from amalgamics.benchmarks.systems import (
    HG_GAP,
    HG_PER_CUBIC_ANGSTROM,
    MAX_ATOMS,
    llto_slab,
    mercury_on_llto,
    small_crystals,
    supercell,
)


def shortest(atoms: Atoms, cutoff: float = 4.0) -> float:
    return float(neighbor_list("d", atoms, cutoff).min())


def test_crystals_are_small_distinct_and_without_overlaps() -> None:
    crystals = small_crystals(300)
    names = [name for name, _ in crystals]
    assert len(set(names)) == len(crystals) == 300
    for name, atoms in crystals:
        assert 1 <= len(atoms) <= MAX_ATOMS, name
        assert atoms.pbc.all(), name
        assert shortest(atoms, 6.0) > 1.9, name
    assert len({atoms.symbols.get_chemical_formula(empirical=True) for _, atoms in crystals}) > 50


def test_crystals_are_the_same_each_time_and_fewer_are_picked_from_all() -> None:
    first, again, every = small_crystals(40), small_crystals(40), dict(small_crystals(300))
    for (name, atoms), (other_name, other) in zip(first, again, strict=True):
        assert name == other_name
        assert np.array_equal(atoms.positions, other.positions)
        assert np.array_equal(atoms.cell.array, every[name].cell.array)
    positions = [list(every).index(name) for name, _ in first]
    assert positions == sorted(positions)
    assert positions[-1] > 280


def test_more_crystals_than_there_are() -> None:
    with pytest.raises(ValueError, match="there are 300 crystals, not 301"):
        small_crystals(301)


def test_slab_is_stoichiometric_with_vacuum() -> None:
    slab = llto_slab()
    assert len(slab) == 80
    assert slab.symbols.get_chemical_formula(empirical=True) == "LaLiO6Ti2"
    assert 1.6 < shortest(slab) < 2.1  # Ti-O
    heights = slab.positions[:, 2]
    assert slab.cell.lengths()[2] - np.ptp(heights) > 10


def test_mercury_has_the_density_of_the_liquid_and_keeps_its_distance() -> None:
    interface = mercury_on_llto()
    is_mercury = interface.numbers == 80
    mercury, slab = interface[is_mercury], interface[~is_mercury]
    assert len(mercury) == 36
    assert len(slab) == 80
    assert shortest(mercury) > 2.6
    distances = interface.get_all_distances(mic=True)[np.ix_(is_mercury, ~is_mercury)]
    assert distances.min() >= 2.6
    assert mercury.positions[:, 2].min() - slab.positions[:, 2].max() == pytest.approx(HG_GAP)
    # A film of 9 layers: 8 spacings between its outermost planes.
    area = interface.cell.lengths()[0] * interface.cell.lengths()[1]
    height = np.ptp(mercury.positions[:, 2]) * 9 / 8
    assert len(mercury) / (area * height) == pytest.approx(HG_PER_CUBIC_ANGSTROM, rel=0.05)


@pytest.mark.parametrize(("key", "wanted"), [("LiHg", 2), ("LiHg", 54), ("LiHg", 250), ("Hg_alpha", 64)])
def test_supercells_are_near_to_cubic_and_of_the_size_asked_for(key: str, wanted: int) -> None:
    atoms = supercell(key, wanted)
    assert wanted <= len(atoms) <= 2 * wanted
    lengths = atoms.cell.lengths()
    assert lengths.max() / lengths.min() < 2.1
    assert shortest(atoms) > 2.4
