"""Films melted and quenched on a solid, step by step, with EMT: gold with copper on nickel."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from ase.constraints import FixAtoms

from amalgamics.errors import InputError
from amalgamics.structures.tags import LIQUID, SOLID, SOLUTE
from amalgamics.workflows.database import calculations as calculations_module
from amalgamics.workflows.database.rows import atoms_of
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.films import sampling as film_sampling
from amalgamics.workflows.studies.films.cells import Role, hold_solid
from amalgamics.workflows.studies.films.steps import (
    chosen_terminations,
    quench_bulk_liquid,
    relax_slab,
    relax_solid,
    relax_substrate,
    sample_film,
    sample_interface,
)
from amalgamics.workflows.studies.wetting.dry_face import fill_dry_face
from amalgamics.workflows.studies.wetting.members import member_parameters
from amalgamics.workflows.studies.wetting.quench import quench_film, quench_interface
from amalgamics.workflows.studies.wetting.single_points import repeat_with
from amalgamics.workflows.studies.wetting.stored import get_study
from amalgamics.workflows.studies.wetting.study import WettingStudy

FIRST = {"termination": "Ni", "seed": 0, "frame": 0}
OTHER = "ase.calculators.emt:EMT"
"""The same energies under another name."""


def held(atoms):
    return {int(index) for item in atoms.constraints for index in item.get_indices()}


def test_the_frame_is_a_film_on_a_solid_that_did_not_move(quenched):
    (frame,) = quenched.rows("frame")
    atoms, slab = atoms_of(frame), relax_slab(quenched.study, "Ni")
    solid = atoms.get_tags() == SOLID
    assert set(atoms.get_tags()) == {SOLID, LIQUID}
    assert atoms.positions[solid] == pytest.approx(slab.positions)
    assert held(atoms) == set(np.flatnonzero(solid))
    assert set(atoms.symbols[~solid]) == {"Au"}
    assert atoms.positions[~solid, 2].min() > slab.positions[:, 2].max()
    assert atoms.cell[2, 2] - np.ptp(atoms.positions[:, 2]) > 12


def test_the_free_film_has_as_many_atoms_in_the_same_cell(quenched):
    (frame,), (free,) = quenched.rows("frame"), quenched.rows("film-frame")
    assert free.natoms == (np.array(frame.tags) == LIQUID).sum()
    assert free.cell[:2] == pytest.approx(frame.cell[:2])


def test_every_state_is_there_once(quenched):
    """All places for a first solute atom are alike on this surface; a second one sits near it or far from it."""
    assert Counter((row.role, row.get("n_solute")) for row in quenched.all_rows()) == {
        ("substrate", None): 4,  # one for each way to be nonpolar
        ("slab", None): 1,
        ("frame", None): 1,
        ("film-frame", None): 1,
        ("solid", None): 2,
        ("detached-film", None): 1,
        ("interface", 0): 1,
        ("interface", 1): 1,
        ("interface", 2): 2,
        ("film", 0): 1,
        ("solute-in-film", 1): 2,
        ("solute-on-film", 1): 2,
    }


def test_quenching_lowers_the_energy_and_leaves_the_lower_half(quenched):
    (frame,), (bare,) = quenched.rows("frame"), quenched.rows("interface", n_solute=0)
    before, after = atoms_of(frame), atoms_of(bare)
    assert bare.energy < frame.energy
    fixed = held(after)
    assert 0 < len(fixed) < (after.get_tags() == SOLID).sum()
    assert fixed <= set(np.flatnonzero(after.get_tags() == SOLID))
    assert after.positions[sorted(fixed)] == pytest.approx(before.positions[sorted(fixed)])


def test_the_parts_alone_are_relaxed_and_rigid(quenched):
    """A part that relaxes can only gain; the solid of the interface keeps its lower half."""
    (bare,), (film,) = quenched.rows("interface", n_solute=0), quenched.rows("detached-film")
    (solid,) = [row for row in quenched.rows("solid") if "frame" in row]
    assert film.energy <= bare.rigid_film_energy + 1e-6
    assert solid.energy <= bare.rigid_solid_energy + 1e-6
    assert solid.natoms + film.natoms == bare.natoms
    # the film sticks
    assert bare.energy < solid.energy + film.energy
    (alone,) = [row for row in quenched.rows("solid") if "frame" not in row]
    assert held(atoms_of(solid)) == held(atoms_of(alone)) == held(atoms_of(bare))


def test_solute_atoms_come_one_by_one_each_state_from_the_lowest_before(quenched):
    for n_solute in (1, 2):
        for row in quenched.rows("interface", n_solute=n_solute):
            atoms = atoms_of(row)
            assert (atoms.get_tags() == SOLUTE).sum() == n_solute
            assert set(atoms.symbols[atoms.get_tags() == SOLUTE]) == {"Cu"}
            assert row.degeneracy >= 1
    best = min(quenched.rows("interface", n_solute=1), key=lambda row: row.energy)
    first = set(best.site.removeprefix("sites-").split("+"))
    for row in quenched.rows("interface", n_solute=2):
        assert first < set(row.site.removeprefix("sites-").split("+"))


def test_parameters_are_differences_of_what_is_stored(quenched):
    study = get_study(quenched.database)
    parameters = member_parameters(study, "Ni", "emt", {})
    (bare,) = quenched.rows("interface", n_solute=0)
    lowest = {n: min(row.energy for row in quenched.rows("interface", n_solute=n)) for n in (1, 2)}
    (film,) = quenched.rows("film")
    reference = min(row.energy for row in quenched.rows("solute-in-film")) - film.energy
    expected = [0.0, *(lowest[n] - bare.energy - n * reference for n in (1, 2))]
    assert parameters.interface.delta_energies == pytest.approx(expected)
    solid = min(row.energy for row in quenched.rows("solid"))
    (detached,) = quenched.rows("detached-film")
    area = abs(np.linalg.det(bare.cell[:2, :2]))
    work = (solid + detached.energy - bare.energy) / area * 16.0217663
    assert parameters.work_of_adhesion_J_m2 == pytest.approx(work)
    assert parameters.unknown_errors  # one frame leaves no scatter


def test_a_second_time_nothing_is_computed(lab, no_compute):
    before = [row.id for row in lab.all_rows()]
    no_compute()
    sample_interface(lab.study, "Ni", 0)
    sample_film(lab.study, "Ni", 0)
    relax_solid(lab.study, "emt", "Ni")
    quench_interface(lab.study, "emt", **FIRST)
    quench_film(lab.study, "emt", 0, 0)
    assert [row.id for row in lab.all_rows()] == before


def test_more_occupations_add_to_those_that_are_there(lab):
    before = {row.fingerprint for row in lab.all_rows()}
    quench_interface(lab.with_(max_solute=3), "emt", **FIRST)
    after = {row.fingerprint for row in lab.all_rows()}
    assert before < after
    assert {row.n_solute for row in lab.rows("interface")} == {0, 1, 2, 3}


def test_more_frames_go_on_with_the_same_film(lab):
    """The first frame of two is the only frame of one: nothing is thrown away."""
    (before,) = lab.rows("frame")
    rows = sample_interface(lab.with_(frames=2), "Ni", 0)
    assert [row.frame for row in rows] == [0, 1]
    assert rows[0].id == before.id
    assert len(lab.rows("frame")) == 2


def test_no_checkpoint_is_left(quenched):
    assert list((quenched.database.path.parent / "checkpoints").iterdir()) == []


def test_seeds_are_different_films(lab):
    sample_interface(lab.study, "Ni", 1)
    first, second = lab.rows("frame")
    assert not np.allclose(first.positions, second.positions, atol=0.1)


def test_the_frames_of_an_interrupted_run_are_those_of_a_whole_one(lab, tmp_path):
    """Stopped in the middle, the next attempt goes on from the checkpoint and takes the same steps."""

    def film(folder, on_step=None):
        shutil.copy(lab.database.path, folder / "structures.db")
        database = StructureDatabase(folder / "structures.db")
        spec = longer.job.spec.model_copy(update={"database": folder / "structures.db"})
        study = WettingStudy(replace(longer.job, spec=spec, database=database))
        return [row.positions for row in sample_interface(study, "Ni", 3, on_step)]

    sampling = lab.study.settings.sampling.model_copy(update={"melt_steps": 70})
    longer = lab.with_(sampling=sampling)
    relax_slab(longer, "Ni")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    taken = []

    def stop(step, _n_steps):
        taken.append(step)
        if step == 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film(broken, stop)
    assert len(list((broken / "checkpoints").iterdir())) == 1
    taken.clear()
    again = film(broken, lambda step, _n_steps: taken.append(step))
    assert taken[0] == 51
    assert np.array_equal(again, film(whole))


def test_a_film_followed_frame_by_frame_gives_the_rows_of_one_that_was_not(lab, tmp_path):
    """Each frame is there before the next is sampled; how the film moved is in all rows, as soon as it is known."""

    def study_in(folder):
        folder.mkdir()
        shutil.copy(lab.database.path, folder / "structures.db")
        database = StructureDatabase(folder / "structures.db")
        spec = longer.job.spec.model_copy(update={"database": folder / "structures.db"})
        return WettingStudy(replace(longer.job, spec=spec, database=database))

    sampling = lab.study.settings.sampling.model_copy(update={"steps_between_frames": 40})
    longer = lab.with_(sampling=sampling, frames=3)
    relax_slab(longer, "Ni")
    whole, parts = study_in(tmp_path / "whole"), study_in(tmp_path / "parts")
    sample_interface(whole, "Ni", 3)
    for frame in range(3):
        rows = sample_interface(parts, "Ni", 3, frame=frame)
        assert [row.frame for row in rows] == list(range(frame + 1))
        assert ("followed_ps" in rows[0]) == (frame == 2)
        left = list((tmp_path / "parts" / "checkpoints").iterdir())
        assert len(left) == (frame < 2)
    wanted, found = (one.rows(Role.FRAME, seed=3) for one in (whole, parts))
    assert [row.fingerprint for row in found] == [row.fingerprint for row in wanted]
    assert [row.key_value_pairs for row in found] == [row.key_value_pairs for row in wanted]
    assert all("followed_ps" in row for row in found)


def test_screening_asks_once_for_all_sites_and_for_energies_alone(lab, monkeypatch):
    """For each number of solute atoms; two are relaxed of those that look best."""
    asked, relaxed = [], []
    energies, relax = calculations_module.potential_energies, calculations_module.relax

    def watched_energies(structures, name):
        asked.append([len(atoms) for atoms in structures])
        return energies(structures, name)

    def watched_relax(atoms, *rest):
        relaxed.append(len(atoms))
        return relax(atoms, *rest)

    monkeypatch.setattr(calculations_module, "potential_energies", watched_energies)
    monkeypatch.setattr(calculations_module, "relax", watched_relax)
    fill_dry_face(lab.with_(max_solute=3), "emt", "Ni")
    (solid,) = {row.natoms for row in lab.rows("solid")}
    assert [set(trials) for trials in asked] == [{solid + n} for n in (1, 2, 3)]
    # At most two of each, and what lay lowest under the film.
    best = [min(2, len(trials)) for trials in asked]
    assert relaxed == [solid + n for n, count in enumerate(np.add(best, [1, 1, 0]), start=1) for _ in range(count)]


def spoil(lab, positions) -> None:
    """Store a second frame like the first, with its gold atoms moved by ``positions(atoms, gold)``."""
    (frame,) = lab.rows("frame")
    atoms = atoms_of(frame)
    positions(atoms, np.flatnonzero(atoms.get_tags() == LIQUID))
    candidate = lab.study.candidate("frame", Role.FRAME, atoms, "spoilt", termination="Ni", seed=7, frame=0)
    calculations = calculations_module.Calculations(lab.database, "emt", lab.study.settings.relaxation())
    calculations.single_point(candidate)


def evaporate(atoms, gold):
    atoms.cell[2, 2] += 20
    atoms.positions[gold[-1], 2] += 12


def react(atoms, gold):
    """Exchange a gold atom with a nickel atom in the lowest layer but one."""
    solid = np.flatnonzero(atoms.get_tags() == SOLID)
    low = solid[np.argsort(atoms.positions[solid, 2])[5]]
    atoms.positions[[gold[0], low]] = atoms.positions[[low, gold[0]]]


@pytest.mark.parametrize(("spoiling", "reason"), [(evaporate, "film evaporated"), (react, "film reacted")])
def test_a_film_that_is_none_is_stored_with_the_reason(lab, spoiling, reason):
    spoil(lab, spoiling)
    quench_interface(lab.study, "emt", termination="Ni", seed=7, frame=0)
    (failed,) = get_study(lab.database).failures()
    assert failed.role == "interface"
    assert failed.data["reason"].startswith(reason)
    # nothing is built on it, and the others do not notice
    assert lab.rows("detached-film", seed=7) == lab.rows("interface", seed=7) == []
    assert (7, 0) not in get_study(lab.database).interface_energies("Ni", "emt")


def test_a_frame_without_film_is_stored_and_skipped(lab, monkeypatch, no_compute):
    """One bad frame does not stop the others, and is not sampled again."""
    whole = film_sampling.run_md

    def with_one_lost(*arguments, **options):
        result = whole(*arguments, **options)
        lost = result.frames[0]
        lost.cell[2, 2] += 20
        lost.positions[-1, 2] += 12
        return result

    monkeypatch.setattr(film_sampling, "run_md", with_one_lost)
    two = lab.with_(frames=2)
    rows = sample_interface(two, "Ni", 5)
    assert [row.converged for row in rows] == [False, True]
    assert rows[0].data["reason"].startswith("film evaporated")
    no_compute()
    assert [row.id for row in sample_interface(two, "Ni", 5)] == [row.id for row in rows]
    quench_interface(two, "emt", termination="Ni", seed=5, frame=0)
    assert lab.rows("interface", seed=5) == []


def test_another_potential_relaxes_what_the_first_found_lowest(lab):
    """The same energies under another name have nothing left to relax and find the same parameters."""
    other = OTHER
    relax_solid(lab.study, other, "Ni")
    quench_interface(lab.study, other, **FIRST)
    quench_film(lab.study, other, 0, 0)
    for role in ("interface", "film", "solute-in-film", "solute-on-film"):
        again = lab.rows(role, potential=other)
        assert {row.n_solute: row.site for row in again} == {
            n: min(lab.rows(role, potential="emt", n_solute=n), key=lambda row: row.energy).site
            for n in {row.n_solute for row in again}
        }
        assert {row.n_steps for row in again} == {0}
    study = get_study(lab.database)
    first, second = (member_parameters(study, "Ni", name, {}) for name in ("emt", other))
    assert second.work_of_adhesion_J_m2 == pytest.approx(first.work_of_adhesion_J_m2)
    assert second.interface.delta_energies == pytest.approx(first.interface.delta_energies)
    assert second.interface.degeneracies == first.interface.degeneracies


def test_another_potential_takes_as_many_solute_atoms_as_asked(lab):
    other = OTHER
    quench_interface(lab.with_(max_solute=1), other, **FIRST)
    assert [row.n_solute for row in lab.rows("interface", potential=other)] == [0, 1]


def test_another_potential_has_nothing_to_follow_without_a_quenched_frame(lab, no_compute):
    no_compute()
    quench_interface(lab.study, OTHER, termination="Ni", seed=9, frame=0)
    quench_film(lab.study, OTHER, 9, 0)
    assert lab.rows("interface", seed=9) == lab.rows("film", seed=9) == []


def test_without_a_quenched_frame_there_is_nothing_to_repeat(lab, no_compute):
    no_compute()
    repeat_with(lab.study, "emt", "NiO")
    assert lab.rows("interface", termination="NiO") == []


def test_the_bulk_liquid_is_relaxed_with_its_cell(lab):
    quench_bulk_liquid(lab.with_(fmax=0.3), "emt", 0)
    (frame,), (relaxed,) = (
        lab.with_(fmax=0.3).rows(Role.LIQUID_FRAME),
        lab.with_(fmax=0.3).rows(Role.BULK_LIQUID),
    )
    assert relaxed.relax_cell
    assert relaxed.energy < frame.energy
    assert abs(relaxed.volume / frame.volume - 1) < 0.3
    assert set(relaxed.symbols) == {"Au"}


def test_terminations_are_those_named_or_found(lab):
    assert chosen_terminations(lab.study) == ["Ni"]
    named = lab.study.settings.substrate.model_copy(update={"termination": ("b", "a")})
    assert chosen_terminations(lab.with_(substrate=named)) == ["b"]
    assert chosen_terminations(lab.with_(substrate=named, all_terminations=True)) == ["b", "a"]


def test_the_substrate_relaxes_to_its_own_lattice(quenched):
    atoms = relax_substrate(quenched.study)
    assert atoms.cell.lengths() == pytest.approx([3.49] * 3, abs=0.05)


def test_a_step_that_cannot_go_on_says_why(lab):
    """A slab that does not converge is an error of the step, not a film on nothing."""
    hopeless = lab.with_(max_steps=1, fmax=1e-4)
    with pytest.raises(InputError, match=r"Ni slab: .*"):
        sample_interface(hopeless, "Ni", 0)


def test_holding_is_kept_in_the_database(lab):
    (frame,) = lab.rows("frame")
    atoms = hold_solid(atoms_of(frame))
    candidate = lab.study.candidate("frame", Role.FRAME, atoms, "kept", termination="Ni", seed=8, frame=0)
    calculations = calculations_module.Calculations(lab.database, "emt", lab.study.settings.relaxation())
    back = atoms_of(calculations.single_point(candidate))
    assert held(back) == held(atoms)
    assert back.get_tags().tolist() == atoms.get_tags().tolist()
    assert isinstance(back.constraints[0], FixAtoms)
    assert back.calc is None
