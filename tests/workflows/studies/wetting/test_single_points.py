"""Single points with another potential on quenched structures, and what they change in the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from amalgamics.workflows.database.row_selection import delete_rows
from amalgamics.workflows.studies.films.steps import quench_bulk_liquid
from amalgamics.workflows.studies.films.stored import SinglePoints
from amalgamics.workflows.studies.wetting import analysis as wetting_analysis
from amalgamics.workflows.studies.wetting.dry_face import fill_dry_face
from amalgamics.workflows.studies.wetting.members import study_members
from amalgamics.workflows.studies.wetting.single_points import repeat_on_first_film, repeat_with
from amalgamics.workflows.studies.wetting.stored import get_study

OTHER = "ase.calculators.emt:EMT"
"""The same energies under another name."""


def test_single_points_with_the_same_energies_correct_nothing(lab):
    """Another name for the same energies: W_ad(0), both faces and the free film stay as they are."""
    fill_dry_face(lab.study, "emt", "Ni")
    quench_bulk_liquid(lab.study, "emt", 0)
    repeat_with(lab.study, OTHER, "Ni")
    relaxed, repeated = study_members(get_study(lab.database))[0]
    assert (relaxed.structures_from, repeated.structures_from) == ("", "emt")
    assert repeated.parameters.work_of_adhesion_J_m2 == pytest.approx(relaxed.parameters.work_of_adhesion_J_m2)
    for face in ("interface", "dry_face"):
        own, other = (getattr(one.parameters, face) for one in (relaxed, repeated))
        assert other.delta_energies == pytest.approx(own.delta_energies, abs=1e-9)
    assert repeated.surface_energy_J_m2.mean == pytest.approx(relaxed.surface_energy_J_m2.mean)
    assert repeated.parameters.corrections == (f"single points with {OTHER} on one frame",)
    points = [row for row in lab.all_rows() if "geometry" in row]
    assert {row.role for row in points} == set(SinglePoints.ROLES)
    assert all(row.fingerprint.startswith("point-") for row in points)
    assert len(get_study(lab.database).members()) == 1


def test_those_on_the_first_film_are_taken_before_the_others_and_once(lab, no_compute):
    def points():
        return {(row.role, row.get("n_solute"), row.fingerprint) for row in lab.all_rows() if "geometry" in row}

    repeat_on_first_film(lab.study, OTHER, "Ni")
    first = points()
    assert {one[:2] for one in first} == {*(("interface", n) for n in range(3)), ("detached-film", None)}
    repeat_with(lab.study, OTHER, "Ni")
    assert first < points()
    no_compute()
    repeat_on_first_film(lab.study, OTHER, "Ni")
    repeat_with(lab.study, OTHER, "Ni")


def test_without_solute_under_the_first_film_another_may_stand_for_it(lab):
    gone = [row.id for row in lab.rows("interface", n_solute=1)]
    with lab.database.backend.writing() as rows:
        delete_rows(rows.connection, gone)
    repeat_on_first_film(lab.study, OTHER, "Ni")
    assert not [row for row in lab.all_rows() if "geometry" in row]


def test_single_points_shift_by_their_differences(lab, tmp_path, monkeypatch):
    """A potential that gives every copper atom on the solid 0.3 eV more, and nothing else."""
    (tmp_path / "costly_copper.py").write_text(
        "from ase.calculators.emt import EMT\n"
        "class Costly(EMT):\n"
        "    def calculate(self, atoms=None, *arguments):\n"
        "        super().calculate(atoms, *arguments)\n"
        "        copper = atoms.symbols == 'Cu'\n"
        "        deep = copper & (atoms.get_tags() == 2) & any(atoms.symbols == 'Ni')\n"
        "        self.results['energy'] += 0.3 * deep.sum()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    fill_dry_face(lab.study, "emt", "Ni")
    repeat_with(lab.study, "costly_copper:Costly", "Ni")
    relaxed, repeated = study_members(get_study(lab.database))[0]
    for face in ("interface", "dry_face"):
        own, other = (getattr(one.parameters, face) for one in (relaxed, repeated))
        shifts = np.subtract(other.delta_energies, own.delta_energies)
        assert shifts == pytest.approx([0.3 * n for n in own.counts], abs=1e-6)
    assert repeated.parameters.work_of_adhesion_J_m2 == pytest.approx(relaxed.parameters.work_of_adhesion_J_m2)


def test_old_single_points_correct_the_interface_alone_and_say_so(lab):
    """Those made before had no solid, no film and no dry face."""
    repeat_with(lab.study, OTHER, "Ni")
    old = {"interface", "film", "solute-in-film"}
    gone = [row.id for row in lab.all_rows() if "geometry" in row and row.role not in old]
    with lab.database.backend.writing() as rows:
        delete_rows(rows.connection, gone)
    repeated = study_members(get_study(lab.database))[0][-1]
    assert repeated.parameters.dry_face is None
    assert repeated.parameters.corrections == (f"single points with {OTHER} on one frame, W_ad(0) not corrected",)


def test_a_correction_that_is_stretched_says_so(lab):
    repeat_with(lab.with_(max_solute=1), OTHER, "Ni")
    repeated = study_members(get_study(lab.database))[0][-1]
    (label,) = repeated.parameters.corrections
    assert label.endswith("that of n = 1 stretched to n = 2")


def test_single_points_are_among_the_potentials_that_a_job_shows(lab):
    """Those that the job asked for and the database has, and no others."""
    stored = get_study(lab.database)
    assert stored.potentials_among(("emt", OTHER)) == ("emt",)
    repeat_with(lab.study, OTHER, "Ni")
    assert stored.potentials_among((OTHER, "emt", "chgnet")) == (OTHER, "emt")


def test_the_report_of_a_job_holds_its_single_points(lab, monkeypatch):
    repeat_with(lab.study, OTHER, "Ni")
    options = []
    monkeypatch.setattr(wetting_analysis, "wetting_report", lambda *arguments, **_: options.append(arguments[2]))
    lab.with_(single_points=(OTHER,), surfaces=0).results()
    assert options[0].potentials == ("emt", OTHER)
