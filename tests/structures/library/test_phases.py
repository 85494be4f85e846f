from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.data import covalent_radii
from pymatgen.core import Composition, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from amalgamics.errors import InputError
from amalgamics.structures.library import phases as phases_module
from amalgamics.structures.library.phases import NotBuildableError, Phase, get_phase, list_phases, read_library

ALL = list_phases()
BUILDABLE = [phase for phase in ALL if phase.buildable]
DISORDERED = [phase for phase in ALL if phase.sites and not phase.ordered]
WITHOUT_COORDINATES = [phase for phase in ALL if not phase.sites]


# Crystals that mercury was measured on, or may meet, and ice: density (g/cm3, handbooks) and the bonds of published
# refinements, as pairs of elements with the number of neighbours of the first and their distances (Å, with tolerance).
PANEL: dict[str, tuple[float, list[tuple[str, str, int, float, float]]]] = {
    "graphite": (2.26, [("C", "C", 3, 1.42, 0.01)]),
    "BN_hexagonal": (2.28, [("B", "N", 3, 1.446, 0.01)]),
    "Al2O3_corundum": (3.987, [("Al", "O", 6, 1.915, 0.07)]),
    "CaCO3_calcite": (2.711, [("C", "O", 3, 1.284, 0.01), ("Ca", "O", 6, 2.36, 0.01)]),
    "MgO": (3.58, [("Mg", "O", 6, 2.106, 0.01)]),
    "NaCl": (2.165, [("Na", "Cl", 6, 2.82, 0.01)]),
    "KCl": (1.984, [("K", "Cl", 6, 3.147, 0.01)]),
    "LiF": (2.635, [("Li", "F", 6, 2.01, 0.01)]),
    "CaF2": (3.18, [("Ca", "F", 8, 2.366, 0.01)]),
    "SiO2_quartz": (2.65, [("Si", "O", 4, 1.609, 0.01)]),
    "LiOH": (1.46, [("O", "H", 1, 0.935, 0.05), ("Li", "O", 4, 1.96, 0.02)]),
    "ice_XI": (0.935, [("O", "H", 2, 0.985, 0.08), ("H", "O", 1, 0.985, 0.08)]),
    "brucite": (2.37, [("O", "H", 1, 0.935, 0.05), ("Mg", "O", 6, 2.1, 0.02)]),
    "Li3PO4_gamma": (2.45, [("P", "O", 4, 1.54, 0.02), ("Li", "O", 4, 1.97, 0.08)]),
    "Li3PO4_beta": (2.48, [("P", "O", 4, 1.545, 0.02), ("Li", "O", 4, 1.97, 0.08)]),
    "LLZO_tetragonal": (5.11, [("Zr", "O", 6, 2.11, 0.03), ("La", "O", 8, 2.55, 0.1)]),
}


def by_key(phase: Phase) -> str:
    return phase.key


def atoms_numbers(structure: Structure) -> np.ndarray:
    return np.array([site.specie.Z for site in structure])


def test_the_library_is_complete() -> None:
    assert len(ALL) == 165
    assert len({phase.key for phase in ALL}) == 165
    assert len(BUILDABLE) + len(DISORDERED) + len(WITHOUT_COORDINATES) == 165
    assert (len(BUILDABLE), len(DISORDERED), len(WITHOUT_COORDINATES)) == (133, 13, 19)


@pytest.mark.parametrize(
    "metal",
    re.findall("[A-Z][a-z]?", "LiNaKRbCsMgCaSrBaZnAlCdInTlSnPbCuAgAuPdPtNiMnLaCeTiZr"),
)
def test_every_amalgam_system_has_both_elements_and_an_entry_of_its_own(metal: str) -> None:
    found = list_phases(f"{metal}-Hg")
    for symbol in (metal, "Hg"):
        assert any(phase.elements == {symbol} and phase.measured_volume_per_atom for phase in found)
    assert any(phase.elements == {metal, "Hg"} for phase in found)
    assert any(phase.elements == {metal, "Hg"} and phase.buildable for phase in found) == (metal not in ("Al", "Zn"))


@pytest.mark.parametrize("phase", BUILDABLE, ids=by_key)
def test_buildable_phase(phase: Phase) -> None:
    structure = phase.structure()
    atoms = phase.atoms()
    assert phase.lattice is not None
    assert phase.formula is not None

    assert structure.composition.reduced_composition.almost_equals(Composition(phase.formula).reduced_composition)
    assert sorted(atoms.get_chemical_symbols()) == sorted(site.specie.symbol for site in structure)
    assert atoms.pbc.all()

    assert len(structure) == sum(site.multiplicity for site in phase.sites) == phase.atom_count
    assert structure.volume == pytest.approx(phase.cell_volume, rel=1e-9)
    np.testing.assert_allclose(structure.lattice.parameters, phase.lattice, rtol=1e-9)
    assert 8 < structure.volume / len(structure) < (80 if len(phase.elements) > 1 else 120)  # caesium has 116

    analyzer = SpacegroupAnalyzer(structure, symprec=1e-3)
    assert analyzer.get_space_group_number() == phase.space_group_number
    assert analyzer.get_space_group_symbol() == phase.space_group_symbol
    if phase.pearson is not None:
        # Rhombohedral Pearson symbols count the rhombohedral cell, a third of the hexagonal one.
        per_symbol = len(structure) / 3 if phase.pearson.startswith("hR") else len(structure)
        assert int(phase.pearson[2:]) == per_symbol

    i, j, _, distances = structure.get_neighbor_list(5.0)
    radii = covalent_radii[atoms_numbers(structure)]
    assert (distances > 0.75 * (radii[i] + radii[j])).all()


@pytest.mark.parametrize("phase", DISORDERED, ids=by_key)
def test_disordered_phase_has_a_structure_but_no_atoms(phase: Phase) -> None:
    structure = phase.structure()
    assert not structure.is_ordered
    assert structure.composition.num_atoms == pytest.approx(phase.atom_count)
    assert structure.volume == pytest.approx(phase.cell_volume)
    analyzer = SpacegroupAnalyzer(structure, symprec=1e-3)
    assert analyzer.get_space_group_number() == phase.space_group_number

    with pytest.raises(NotBuildableError, match="partially occupied") as refusal:
        phase.atoms()
    assert phase.key in str(refusal.value)
    if phase.ordered_model is not None:
        assert phase.ordered_model in str(refusal.value)
        assert get_phase(phase.ordered_model).buildable


@pytest.mark.parametrize("phase", WITHOUT_COORDINATES, ids=by_key)
def test_phase_without_coordinates_refuses_and_says_why(phase: Phase) -> None:
    assert not phase.buildable
    assert phase.missing
    for build in (phase.structure, phase.atoms):
        with pytest.raises(NotBuildableError) as refusal:
            build()
        assert phase.key in str(refusal.value)
        assert phase.missing in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_the_system_without_a_compound_says_so() -> None:
    (entry,) = [phase for phase in list_phases("Al-Hg") if phase.elements == {"Al", "Hg"}]
    assert entry.formula is None
    assert "no such crystal" in (entry.why_not_buildable or "")


def test_measured_volumes_agree_with_handbook_densities() -> None:
    # g/cm3 at the temperature of each entry, independent of the lattice parameters in the library.
    densities = {"Li_bcc": 0.534, "Na_bcc": 0.968, "Mg_hcp": 1.738, "Hg_alpha": 14.48, "Au_fcc": 19.3, "MgHg": 9.07}
    for key, density in densities.items():
        phase = get_phase(key)
        composition = Composition(phase.formula)
        mass_per_atom = composition.weight / composition.num_atoms
        assert phase.measured_volume_per_atom == pytest.approx(mass_per_atom / density / 0.602214, rel=0.01), key
        assert phase.volume_per_atom == phase.measured_volume_per_atom


@pytest.mark.parametrize("key", PANEL)
def test_bonds_and_density_of_the_solids_under_mercury(key: str) -> None:
    density, bonds = PANEL[key]
    structure = get_phase(key).structure()
    assert structure.density == pytest.approx(density, rel=0.01)
    i, j, _, distances = structure.get_neighbor_list(4.0)
    symbols = np.array([site.specie.symbol for site in structure])
    for first, second, neighbours, length, tolerance in bonds:
        near = (symbols[i] == first) & (symbols[j] == second) & (distances < length + 0.2)
        assert np.abs(distances[near] - length).max() < tolerance
        assert set(np.bincount(i[near], minlength=len(symbols))[symbols == first]) == {neighbours}


def test_no_solid_under_mercury_enters_the_hull_of_an_amalgam() -> None:
    for metal in ("Li", "Na", "K", "Mg", "Al"):
        assert not set(PANEL) & {phase.key for phase in list_phases(f"{metal}-Hg")}
    assert {get_phase(key).role for key in PANEL} == {"related", "contaminant", "phase", "polymorph"}


def test_model_and_estimated_cells_are_not_called_measured() -> None:
    for phase in ALL:
        if phase.role == "model" or phase.cell != "measured":
            assert phase.measured_volume_per_atom is None


def test_disordered_volume_counts_occupied_sites_only() -> None:
    phase = get_phase("AgHg_schachnerite")
    assert phase.atom_count == pytest.approx(2)
    layered = get_phase("LLTO_P4mmm_avg")
    assert layered.atom_count == pytest.approx(8 + 0.784 + 0.16 + 0.32 + 0.5)


def test_list_phases_selects_by_system_in_any_order() -> None:
    keys = [phase.key for phase in list_phases("Li-Hg")]
    assert keys == [phase.key for phase in list_phases("Hg-Li")]
    assert {"Li_bcc", "Hg_alpha", "Hg_beta", "LiHg", "Li3Hg", "LiHg3", "Li2Hg", "LiHg2"} <= set(keys)
    assert all(phase.elements <= {"Li", "Hg"} for phase in list_phases("Li-Hg"))
    assert {phase.key for phase in list_phases("Li-Hg", buildable=False)} == {"Li2Hg", "LiHg2"}
    assert [phase.key for phase in list_phases("Au-Hg", role="model")] == ["Au3Hg_D019_model"]
    assert list_phases("U") == []


@pytest.mark.parametrize("system", ["", "Li-Xx", "Li-Li", "LiHg"])
def test_list_phases_refuses_a_bad_system(system: str) -> None:
    with pytest.raises(InputError, match="system"):
        list_phases(system)


def test_list_phases_refuses_an_unknown_role() -> None:
    with pytest.raises(InputError, match="Did you mean 'phase'"):
        list_phases(role="phases")


@pytest.mark.parametrize(
    ("asked", "key"),
    [("LiHg3", "LiHg3"), ("Hg3Li", "LiHg3"), ("Li6Hg2", "Li3Hg"), ("P2S5", "P2S5"), ("Zn3Hg", "ZnHg_gamma")],
)
def test_get_phase_takes_a_key_or_a_unique_formula(asked: str, key: str) -> None:
    assert get_phase(asked).key == key


@pytest.mark.parametrize(
    ("formula", "keys"),
    [
        ("Hg", ["Hg_alpha", "Hg_beta"]),
        ("Li", ["Li_bcc", "Li_9R"]),
        ("Li3PS4", ["Li3PS4_beta", "Li3PS4_beta_ordered", "Li3PS4_gamma"]),
    ],
)
def test_get_phase_lists_the_choices_of_an_ambiguous_formula(formula: str, keys: list[str]) -> None:
    with pytest.raises(InputError, match="several phases") as refusal:
        get_phase(formula)
    assert all(key in str(refusal.value) for key in keys)


@pytest.mark.parametrize(
    ("asked", "suggestion"), [("LiHg33", "LiHg3"), ("lihg3", "LiHg3"), ("Hg_alfa", "Hg_alpha"), ("LiHg4", "LiHg")]
)
def test_get_phase_suggests_the_nearest_key(asked: str, suggestion: str) -> None:
    with pytest.raises(InputError, match=f"Did you mean '{suggestion}'"):
        get_phase(asked)


def test_get_phase_refuses_what_is_not_text() -> None:
    with pytest.raises(InputError, match="named by a text"):
        get_phase(3)  # type: ignore[arg-type]


def test_loading_the_library_does_not_import_pymatgen() -> None:
    program = (
        "import sys; from amalgamics.structures.library.phases import list_phases; list_phases('Li-Hg'); "
        "sys.exit('pymatgen' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_data_file_is_small_and_every_entry_has_a_source() -> None:
    text = (Path(phases_module.__file__).parents[1] / "data" / "phases.yaml").read_text(encoding="utf-8")
    assert len(text.encode()) < 1024**2
    assert all(phase.source.strip() for phase in ALL)


GOOD = {
    "key": "LiHg",
    "formula": "LiHg",
    "system": "Li-Hg",
    "role": "phase",
    "space_group": {"symbol": "Pm-3m", "number": 221},
    "lattice": {"a": 3.287, "b": 3.287, "c": 3.287, "alpha": 90, "beta": 90, "gamma": 90},
    "cell": "measured",
    "coordinates": "given",
    "sites": [
        {"label": "Li1", "wyckoff": "1a", "species": {"Li": 1}, "xyz": [0, 0, 0]},
        {"label": "Hg1", "wyckoff": "1b", "species": {"Hg": 1}, "xyz": [0.5, 0.5, 0.5]},
    ],
    "source": "test",
    "confidence": "checked",
}


def library(*entries: object) -> str:
    return yaml.safe_dump({"schema": 1, "phases": list(entries)})


def test_read_library_accepts_a_good_entry() -> None:
    (phase,) = read_library(library(GOOD))
    assert phase.atoms().get_chemical_formula() == "HgLi"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lattice": GOOD["lattice"] | {"a": -1}}, r"lattice.*greater than 0.*-1"),  # type: ignore[operator]
        ({"lattice": {"a": 1}}, "lattice"),
        ({"colour": "grey"}, "colour"),
        ({"role": "guess"}, "role"),
        ({"source": None}, "source"),
        ({"system": "Na-Hg"}, "system 'Na-Hg'"),
        ({"formula": "LiHg2"}, "not formula 'LiHg2'"),
        ({"formula": "LiXx"}, "unknown element 'Xx'"),
        ({"space_group": {"symbol": "Pm-3m", "number": 231}}, "space_group_number"),
        ({"space_group": {"name": "Pm-3m"}}, "space_group takes"),
        ({"sites": []}, "need space_group, lattice and sites"),
        ({"coordinates": "unknown"}, "exclude sites"),
        ({"coordinates": "unknown", "sites": []}, "'missing'"),
        ({"cell": None}, "lattice and cell"),
        ({"ordered_model": "nothing"}, "ordered_model.*nothing"),
        ({"sites": [GOOD["sites"][0] | {"wyckoff": "a1"}]}, "wyckoff"),  # type: ignore[index]
        ({"sites": [GOOD["sites"][0] | {"species": {"Li": 0.9, "Hg": 0.2}}]}, "more than one atom"),  # type: ignore[index]
    ],
)
def test_read_library_names_entry_and_field(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        read_library(library(GOOD | change), "my.yaml")
    assert str(refusal.value).startswith("my.yaml: entry 'LiHg'")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phases: [", "not valid YAML"),
        ("[]", "list named 'phases'"),
        ("schema: 2\nphases: []", "schema is 2"),
        (library({"formula": "Li"}), "text 'key'"),
        (library(GOOD, GOOD), "more than once"),
    ],
)
def test_read_library_refuses_a_broken_file(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_library(text)
