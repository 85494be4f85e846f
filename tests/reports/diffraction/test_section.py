"""The section of the report on powder patterns."""

from __future__ import annotations

import pytest
from ase import Atoms

from amalgamics.reports.diffraction.section import diffraction_section
from amalgamics.structures.library.phases import get_phase


def scaled(key: str, factor: float, rattle: float = 0.0) -> Atoms:
    atoms = get_phase(key).atoms()
    atoms.set_cell(atoms.cell * factor, scale_atoms=True)
    atoms.rattle(rattle, seed=0)
    return atoms


def test_the_section_compares_cells_and_tells_the_phases_apart() -> None:
    crystals = [("LiHg3", scaled("LiHg3", 1.01)), ("Li3Hg", scaled("Li3Hg", 0.98)), ("LiHg", scaled("LiHg", 1.0))]
    section = diffraction_section("Li-Hg", crystals, potential="chgnet+d3", warnings=["one"])
    assert section.anchor == "diffraction-li-hg"
    assert section.warnings == ("one",)
    assert "LiHg₃ by 201 at 37.76°" in section.paragraphs[0]
    assert "LiHg₃, a +1.0 %, c +1.0 %; Li₃Hg, a −2.0 %" in section.paragraphs[1]
    assert "chgnet+d3" in section.paragraphs[2]
    (picture,) = section.pictures
    assert picture.png.startswith(b"\x89PNG")
    strongest, cells = section.tables
    assert {row[0] for row in strongest.rows} == {"LiHg₃", "Li₃Hg", "LiHg"}
    assert [row[:2] for row in cells.rows] == [("LiHg₃", "a"), ("LiHg₃", "c"), ("Li₃Hg", "a")]
    assert cells.rows[0][2] == pytest.approx(1.01 * cells.rows[0][3], abs=0.01)
    assert "04-004-8746" in cells.rows[0]


def test_relaxed_atoms_a_little_off_their_sites_keep_the_symmetry_of_the_phase() -> None:
    section = diffraction_section("Li-Hg", [("LiHg3", scaled("LiHg3", 1.0, rattle=0.002))])
    assert not section.warnings
    assert {row[1] for row in section.tables[0].rows} == {"100", "101", "200", "002", "201"}


def test_published_lines_stand_beside_those_with_the_same_indices() -> None:
    section = diffraction_section("Au-Hg", [("Au6Hg5", scaled("Au6Hg5", 1.01)), ("Au_fcc", scaled("Au_fcc", 1.0))])
    lines = section.tables[-1]
    assert "Au₆Hg₅" in lines.caption
    assert len(lines.rows) == 7
    assert all(row[0] == row[4] and row[6] < 0 for row in lines.rows)  # larger cell, smaller angle
    assert "Diamonds" in section.pictures[0].caption


def test_a_crystal_of_another_space_group_is_told() -> None:
    section = diffraction_section("Li-Hg", [("Li3Hg", get_phase("LiHg").atoms())])
    assert any("space group" in warning for warning in section.warnings)
    assert len(section.tables) == 1


def test_what_has_no_pattern_is_left_out() -> None:
    molecule = Atoms("Hg", cell=[5, 5, 5], pbc=False)
    section = diffraction_section("Li-Hg", [("Hg", molecule), ("LiHg", get_phase("LiHg").atoms())])
    assert "Hg is left out" in section.warnings[0]
    assert section.paragraphs[0].startswith("The strongest line of LiHg is 100")
    nothing = diffraction_section("Li-Hg", [("Hg", molecule)])
    assert not nothing.pictures
    assert nothing.warnings
