"""The faces of the solids that mercury was measured on: whole units, neutral, and cut where each crystal allows it."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.structures.library.phases import get_phase
from amalgamics.structures.slabs.bonds import covalent_bonds
from amalgamics.structures.slabs.buckled_layers import open_buckled_layers
from amalgamics.structures.slabs.slab import Slab, enumerate_slabs, get_slab
from amalgamics.structures.slabs.stacking import stack_crystal
from amalgamics.structures.slabs.terminations import find_terminations

# Crystal, plane, upper face, and atoms of the slab that is 12 Å thick and 7 Å wide.
FACES = [
    ("graphite", (0, 0, 1), "C", 96),
    ("BN_hexagonal", (0, 0, 1), "BN", 96),
    ("Al2O3_corundum", (0, 0, 1), "Al-2", 90),
    ("CaCO3_calcite", (1, 0, 4), "CaCO3", 80),
    ("MgO", (0, 0, 1), "MgO", 96),
    ("NaCl", (0, 0, 1), "NaCl", 40),
    ("KCl", (0, 0, 1), "KCl", 32),
    ("LiF", (0, 0, 1), "LiF", 96),
    ("CaF2", (1, 1, 1), "F", 72),
    ("SiO2_quartz", (0, 0, 1), "O-2", 63),
    ("LiOH", (0, 0, 1), "HO", 72),
    ("brucite", (0, 0, 1), "HO", 105),
    ("Li2CO3", (0, 0, 1), "Li2CO3", 90),
    ("Li2O", (1, 1, 1), "Li", 105),
    ("Li3PO4_gamma", (1, 0, 0), "Li", 96),
    ("Li3PO4_gamma", (1, 0, 0), "LiPO4", 96),
    ("Li3PO4_beta", (0, 1, 0), "LiPO4", 96),
]
SALTS = ["CaCO3_calcite", "Li2CO3", "LiOH", "brucite", "Li3PO4_gamma", "Li3PO4_beta"]


def bond_ends(atoms: Atoms) -> int:
    """Bonds between non-metals, each counted from both of its ends."""
    return len(covalent_bonds(atoms)[0])


def without_images_above(slab: Slab) -> Atoms:
    atoms = slab.atoms.copy()
    atoms.pbc = [True, True, False]
    return atoms


@pytest.mark.parametrize(("name", "plane", "termination", "atoms"), FACES)
def test_the_face_of_the_panel_is_neutral_and_stoichiometric(
    name: str, plane: tuple[int, int, int], termination: str, atoms: int
) -> None:
    slab = get_slab(get_phase(name).atoms(), plane, termination=termination, min_slab_size=12.0, min_width=7.0)
    assert (slab.symmetric, slab.stoichiometric, slab.polar) == (True, True, False)
    assert slab.bottom_termination == termination
    assert len(slab.atoms) == atoms


@pytest.mark.parametrize("name", SALTS)
def test_no_cut_divides_a_carbonate_phosphate_or_hydroxide(name: str) -> None:
    crystal = get_phase(name).atoms()
    per_oxygen = bond_ends(crystal) / crystal.get_chemical_symbols().count("O")
    for plane in ((0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 1), (1, 0, 4)):
        for slab in enumerate_slabs(crystal, plane, min_slab_size=8.0):
            ends = bond_ends(without_images_above(slab))
            assert ends == per_oxygen * slab.counts["O"], (plane, slab.termination)


def test_a_network_of_tetrahedra_loses_few_bonds() -> None:
    # Quartz has no unit that stays whole; each of its cuts breaks as few Si-O bonds as any.
    crystal = get_phase("SiO2_quartz").atoms()
    slab = get_slab(crystal, (0, 0, 1), termination="O-2")
    missing = bond_ends(crystal) * len(slab.atoms) / len(crystal) - bond_ends(without_images_above(slab))
    # Two cut bonds in each primitive cell, shared by two faces and counted from both ends.
    assert missing == 4


def test_corundum_ends_with_one_of_the_two_aluminium_atoms_of_its_buckled_layer() -> None:
    crystal = get_phase("Al2O3_corundum").atoms()
    faces = {slab.termination: slab for slab in enumerate_slabs(crystal, (0, 0, 1), min_slab_size=12.0)}
    assert set(faces) == {"Al-2", "Al", "O"}
    # Without a name the neutral one is taken.
    assert get_slab(crystal, (0, 0, 1)).termination == "Al-2"
    heights = np.sort(faces["Al-2"].atoms.positions[:, 2])
    # One Al, then three O 0.84 Å below: the outermost Al-O bond is the short one.
    assert faces["Al-2"].atoms.symbols[faces["Al-2"].atoms.positions[:, 2].argmax()] == "Al"
    np.testing.assert_allclose(heights[-1] - heights[-4:-1], 12.9947 * (2 / 3 - 0.3522 - 0.25), atol=1e-6)
    assert faces["Al"].excess == {"Al": 2.0}
    assert faces["O"].excess == {"Al": -2.0}
    assert faces["Al"].polar
    assert faces["O"].polar


def test_buckled_layers_stay_closed_where_they_need_not_open() -> None:
    phosphate = stack_crystal(get_phase("Li3PO4_gamma").atoms(), (0, 0, 1))
    assert len(phosphate.spare_cuts) > 0
    assert open_buckled_layers(phosphate, {"Li": 1.0, "P": 5.0, "O": -2.0}) is phosphate
    corundum = stack_crystal(get_phase("Al2O3_corundum").atoms(), (0, 0, 1))
    assert open_buckled_layers(corundum, None) is corundum
    # Flat charged layers have nothing to open: rock salt (111) stays polar.
    assert all(slab.polar for slab in enumerate_slabs(bulk("MgO", "rocksalt", a=4.21), (1, 1, 1), min_slab_size=9.0))


def test_opening_a_layer_renames_no_other_face() -> None:
    crystal = get_phase("Li3PS4_beta_ordered").atoms()
    stacking = stack_crystal(crystal, (1, 1, 1))
    closed = {round(float(stacking.cuts[each.cuts[0]]), 6): each.label for each in find_terminations(stacking)}
    opened = open_buckled_layers(stacking, {"Li": 1.0, "P": 5.0, "S": -2.0})
    names = {round(float(opened.cuts[cut]), 6): each.label for each in find_terminations(opened) for cut in each.cuts}
    assert len(names) > len(closed)
    assert {height: names[height] for height in closed} == closed
