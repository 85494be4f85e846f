"""Patterns of what a database holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase
from amalgamics.workflows.database.candidates import Candidate, Kind
from amalgamics.workflows.database.row_hulls import hull_of_rows
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.hulls.diffraction import diffraction_sections, relaxed_crystal

ENERGIES = {"Li_bcc": 0.0, "Hg_alpha": 0.0, "Hg_beta": 0.01, "LiHg3": -0.24, "LiHg": -0.44, "Li3Hg": -0.1}


@pytest.fixture
def database(tmp_path: Path) -> StructureDatabase:
    """Library phases with made-up energies; Li3Hg is above the hull."""
    store = StructureDatabase(tmp_path / "structures.db")
    for name, energy in ENERGIES.items():
        add(store, name, energy, "chgnet+d3")
    return store


def add(
    store: StructureDatabase, name: str, energy: float, potential: str, prototype: str = "", volume: float = 1.0
) -> None:
    atoms = get_phase(name).atoms()
    atoms.set_cell(atoms.cell * volume ** (1 / 3), scale_atoms=True)
    final = atoms.copy()
    total = energy * len(atoms)
    final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
    outcome = RelaxationResult(final, total, 0.0, 3, 4, 0.1)
    kind: Kind = "prototype" if prototype else "library"
    candidate = Candidate(prototype or name, kind, atoms, "made up")
    store.add(candidate, outcome, get_potential(potential), RelaxationSettings())


def test_stable_solids_have_a_pattern_liquids_do_not(database: StructureDatabase) -> None:
    rows = database.select("")
    hull, _ = hull_of_rows("Li-Hg", rows)
    assert {phase.name for phase in hull.stable} == {"Hg_alpha", "LiHg3", "LiHg", "Li_bcc"}
    (section,) = diffraction_sections(["Li-Hg"], rows, [hull])
    assert {row[0] for row in section.tables[0].rows} == {"LiHg₃", "LiHg", "Li_bcc"}
    assert "chgnet+d3" in " ".join(section.paragraphs)


def test_an_observed_phase_just_above_a_prototype_is_drawn_in_its_place(database: StructureDatabase) -> None:
    add(database, "LiHg", -0.442, "chgnet+d3", "LiHg-below-the-observed", 1.05)
    add(database, "Li3Hg", -0.3, "chgnet+d3", "Li3Hg-far-below-the-observed", 1.05)
    rows = database.select("")
    hull, _ = hull_of_rows("Li-Hg", rows)
    assert {"LiHg", "LiHg-below-the-observed"} & {phase.name for phase in hull.stable} == {"LiHg-below-the-observed"}
    (section,) = diffraction_sections(["Li-Hg"], rows, [hull])
    assert {row[0] for row in section.tables[0].rows} == {
        "LiHg₃",
        "LiHg",
        "Li₃Hg-far-below-the-observed",
        "Li_bcc",
    }


def test_a_crystal_is_found_by_name_or_formula(database: StructureDatabase) -> None:
    assert relaxed_crystal(database, "Hg_beta").name == "Hg_beta"
    assert relaxed_crystal(database, "Hg").name == "Hg_alpha"  # the lowest
    with pytest.raises(InputError, match="Did you mean 'LiHg"):
        relaxed_crystal(database, "LiHg33")


def test_of_several_potentials_one_is_chosen(database: StructureDatabase) -> None:
    add(database, "LiHg", -0.4, "7net-0+d3")
    with pytest.raises(InputError, match="choose one"):
        relaxed_crystal(database, "LiHg")
    assert relaxed_crystal(database, "LiHg", "7net-0+d3").potential == "7net-0+d3"
    with pytest.raises(InputError, match="not computed with 'emt'"):
        relaxed_crystal(database, "LiHg", "emt")
