"""A hull is the same whoever holds its energies: phase entries, entries of pymatgen, or ASE's atoms."""

from __future__ import annotations

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry
from pymatgen.io.ase import AseAtomsAdaptor

import amalgamics
from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull

CRYSTALS = [
    bulk("Li", "bcc", a=3.44),
    bulk("Hg", "fcc", a=4.6),
    bulk("LiHg", "cesiumchloride", a=3.29),
]


def carrying(atoms, energy, name="unknown"):
    found = atoms.copy()
    found.calc = SinglePointCalculator(found, energy=energy)
    found.calc.name = name
    return found


@given(st.lists(st.floats(-3, 0), min_size=3, max_size=3))
def test_all_forms_give_one_hull(energies):
    totals = [energy * len(atoms) for energy, atoms in zip(energies, CRYSTALS, strict=True)]
    structures = [AseAtomsAdaptor.get_structure(atoms) for atoms in CRYSTALS]
    forms = [
        [carrying(atoms, total) for atoms, total in zip(CRYSTALS, totals, strict=True)],
        [ComputedStructureEntry(one, total) for one, total in zip(structures, totals, strict=True)],
    ]
    plain = [
        PhaseEntry(name, name, composition, energy, 20.0)
        for name, composition, energy in zip(
            ("Li", "Hg", "LiHg"), ({"Li": 1}, {"Hg": 1}, {"Li": 1, "Hg": 1}), energies, strict=True
        )
    ]
    expected = build_hull("Li-Hg", plain)
    for form in forms:
        found = build_hull("Li-Hg", form)
        for name in ("Li", "Hg", "LiHg"):
            assert found.phase(name).e_above_hull == pytest.approx(expected.phase(name).e_above_hull)
        assert found.phase("LiHg").volume_per_atom == pytest.approx(3.29**3 / 2)
        assert found.phase("LiHg").space_group == "Pm-3m"


def test_corrections_of_entries_count():
    structure = AseAtomsAdaptor.get_structure(CRYSTALS[2])
    rest = [carrying(CRYSTALS[0], 0.0), carrying(CRYSTALS[1], 0.0)]
    found = build_hull("Li-Hg", [*rest, ComputedStructureEntry(structure, -1.0, correction=-0.4)])
    assert found.phase("LiHg").formation_energy_per_atom == pytest.approx(-0.7)


def test_entries_of_one_name_are_numbered_and_keep_their_ids():
    entries = [ComputedEntry("Li", 0.0), ComputedEntry("Hg", 0.0), ComputedEntry("LiHg", -1.0, entry_id="mp-2012")]
    found = amalgamics.hull("Li-Hg", [*entries, ComputedEntry("LiHg", -0.5), ComputedEntry("LiHg", -0.4)])
    assert {phase.name for phase in found.phases} == {"Li", "Hg", "mp-2012", "LiHg", "LiHg-2"}
    assert found.stable == ("Hg", "mp-2012", "Li")
    assert found.phase("LiHg").volume_per_atom is None


def test_energies_without_structures_are_for_the_hull_alone():
    entries = [PDEntry("Li", 0.0), PDEntry("Hg", 0.0), PDEntry("LiHg", -1.0)]
    found = amalgamics.hull("Li-Hg", entries)
    assert found.phase("LiHg").formation_energy_per_atom == pytest.approx(-0.5)
    assert found.potential is None
    with pytest.raises(InputError, match="only energies were given"):
        _ = found.hull
    with pytest.raises(InputError, match="no structure, and so no volume"):
        build_hull("Li-Hg", entries)


def test_atoms_with_energies_are_taken_and_with_a_potential_relaxed():
    crystals = [
        carrying(bulk("Cu"), -1.0),
        carrying(bulk("Au"), -2.0),
        carrying(bulk("CuAu", "cesiumchloride", a=3.1), -9.0),
    ]
    taken = amalgamics.hull("Cu-Au", crystals)
    assert taken.phase("CuAu").formation_energy_per_atom == pytest.approx((-9.0 + 3.0) / 2)
    assert taken.hull.phase("CuAu").volume_per_atom == pytest.approx(3.1**3 / 2)
    relaxed = amalgamics.hull("Cu-Au", crystals, potential="emt", progress=False)
    assert relaxed.potential == "emt"
    assert relaxed.phase("CuAu").formation_energy_per_atom > -1.0


@pytest.mark.parametrize(
    ("phases", "told"),
    [
        ([carrying(bulk("Cu"), -1.0), bulk("Au")], "1 of 2 structures carry energies; give a potential"),
        ([ComputedEntry("Cu", -1.0), bulk("Au")], "energies and structures are mixed"),
        ([carrying(bulk("Cu"), 0.0, "vasp"), carrying(bulk("Au"), 0.0, "emt")], "energies of emt and vasp are mixed"),
        ([ComputedEntry("Cu", -1.0), ComputedEntry("Ag", -1.0)], "Ag, not in the system"),
        ([ComputedEntry("Cu", float("nan")), ComputedEntry("Au", -1.0)], "energy_per_atom is nan"),
    ],
)
def test_what_has_no_common_zero_is_refused(phases, told):
    with pytest.raises(InputError, match=told):
        amalgamics.hull("Cu-Au", phases)


def test_an_energy_of_a_structure_that_changed_is_none():
    copper = bulk("Cu")
    copper.calc = EMT()
    copper.get_potential_energy()
    copper.set_cell(copper.cell * 1.1, scale_atoms=True)
    gold = carrying(bulk("Au"), -1.0)
    with pytest.raises(InputError, match="1 of 2 structures carry energies"):
        amalgamics.hull("Cu-Au", [copper, gold])
