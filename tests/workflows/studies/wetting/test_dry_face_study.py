"""The face without liquid, searched as under the film, with EMT: copper on nickel under gold, and without it."""

from __future__ import annotations

import pytest

from amalgamics.structures.tags import SOLID, SOLUTE
from amalgamics.workflows.database.rows import atoms_of
from amalgamics.workflows.studies.wetting.dry_face import fill_dry_face
from amalgamics.workflows.studies.wetting.members import member_parameters
from amalgamics.workflows.studies.wetting.stored import get_study

OTHER = "ase.calculators.emt:EMT"
"""The same energies under another name."""


def held(atoms):
    return {int(index) for item in atoms.constraints for index in item.get_indices()}


def test_every_number_is_searched_and_taken_from_under_the_film(lab):
    fill_dry_face(lab.study, "emt", "Ni")
    rows = lab.rows("dry-face")
    assert {row.n_solute for row in rows} == {1, 2}
    assert sum("as under the film" in row.name for row in rows) == 2
    for row in rows:
        atoms = atoms_of(row)
        assert set(atoms.get_tags()) == {SOLID, SOLUTE}
        assert set(atoms.symbols[atoms.get_tags() == SOLUTE]) == {"Cu"}
        assert held(atoms) == held(atoms_of(lab.rows("solid")[0]))


def test_a_second_time_nothing_is_computed(lab, no_compute):
    fill_dry_face(lab.study, "emt", "Ni")
    before = [row.id for row in lab.all_rows()]
    no_compute()
    fill_dry_face(lab.study, "emt", "Ni")
    assert [row.id for row in lab.all_rows()] == before


def test_energies_are_those_of_the_slab_against_the_same_reference(lab):
    fill_dry_face(lab.study, "emt", "Ni")
    study = get_study(lab.database)
    parameters = member_parameters(study, "Ni", "emt", study.dry_face("Ni", "emt"))
    solid = min(row.energy for row in lab.rows("solid"))
    lowest = {n: min(row.energy for row in lab.rows("dry-face", n_solute=n)) for n in (1, 2)}
    (film,) = lab.rows("film")
    reference = min(row.energy for row in lab.rows("solute-in-film")) - film.energy
    expected = [0.0, *(lowest[n] - solid - n * reference for n in (1, 2))]
    assert parameters.dry_face.delta_energies == pytest.approx(expected)
    assert parameters.dry_face.area == parameters.interface.area


def test_another_potential_follows_the_first(lab):
    fill_dry_face(lab.study, "emt", "Ni")
    fill_dry_face(lab.study, OTHER, "Ni")
    again = lab.rows("dry-face", potential=OTHER)
    assert [row.n_solute for row in again] == [1, 2]
    assert {row.n_steps for row in again} == {0}


def test_without_it_there_is_no_equilibrated_limit(quenched):
    study = get_study(quenched.database)
    assert member_parameters(study, "Ni", "emt", study.dry_face("Ni", "emt")).dry_face is None
