"""Structures of a job: files with names of their own, constraints kept, refusals when the job is checked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.constraints import FixAtoms, FixScaled
from ase.io import write

import amalgamics
from amalgamics.errors import InputError
from amalgamics.workflows.database.candidates import Candidate, gather_candidates
from amalgamics.workflows.database.fingerprint import structure_key
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import load_spec

CELL = """
_cell_length_a 3.744
_cell_length_b 3.744
_cell_length_c 3.744
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'P m -3 m'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
"""
CU3AU = f"data_x{CELL}Au1 0 0 0 1\nCu1 0 0.5 0.5 1\n"
SHARED = f"data_x{CELL}Au1 0 0 0 0.5\nCu1 0 0 0 0.5\nCu2 0.5 0.5 0.5 1\n".replace("3.744", "3.0")


def job(folder: Path, files: str, more: str = "") -> Path:
    path = folder / "job.yaml"
    path.write_text(
        "name: job\nsystems: [Cu-Au]\npotential: emt\ndatabase: results/structures.db\n"
        f"structures: {{library: [Cu_fcc, Au_fcc], prototypes: false, files: {files}}}\n{more}"
    )
    return path


def names(path: Path) -> list[str]:
    return [one.name for one in gather_candidates(load_spec(path))[0] if one.kind == "file"]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_names_of_files(tmp_path: Path) -> None:
    for name in ("1534028.cif", "1e5.cif", "True.cif", "Cu3Au model (1).cif", "a=b,c.cif"):
        (tmp_path / name).write_text(CU3AU)
    found = names(job(tmp_path, "['*.cif', {file: True.cif, name: mine}]"))
    assert found == ["file-1534028", "file-1e5", "Cu3Au-model-(1)", "file-True", "a-b-c", "mine"]


def test_the_same_file_name_in_two_folders(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "CONTCAR", bulk("Cu"), format="vasp")
    assert names(job(tmp_path, "[a/CONTCAR, b/CONTCAR]")) == ["a-CONTCAR", "b-CONTCAR"]
    assert names(job(tmp_path, "[{file: a/CONTCAR, name: one}, b/CONTCAR]")) == ["one", "CONTCAR"]
    with pytest.raises(InputError, match="both called 'one'; give one a name"):
        load_spec(job(tmp_path, "[{file: a/CONTCAR, name: one}, {file: b/CONTCAR, name: one}]"))


def test_structures_and_orderings_are_counted(tmp_path: Path) -> None:
    write("two.extxyz", [bulk("Cu"), bulk("Au")])
    (tmp_path / "shared.cif").write_text(SHARED)
    assert names(job(tmp_path, "[two.extxyz]")) == ["two-0", "two-1"]
    assert names(job(tmp_path, "['two.extxyz@1']")) == ["two-1"]
    assert names(job(tmp_path, "[{file: shared.cif, order: all, max_atoms: 4}]")) == ["shared"]
    with pytest.raises(InputError, match=r"shared\.cif.*partly filled or shared.*order: ewald, sqs or all"):
        load_spec(job(tmp_path, "[shared.cif]"))


def test_the_choice_of_an_ordering_is_told(tmp_path: Path) -> None:
    (tmp_path / "shared.cif").write_text(SHARED)
    spec = load_spec(job(tmp_path, "[{file: shared.cif, order: all, max_atoms: 4}]"))
    (candidate,) = [one for one in gather_candidates(spec)[0] if one.kind == "file"]
    assert candidate.note == (
        "1 x 1 x 2 cells of the file with sites Au0.5 Cu0.5; ordering 1 of all 1 that differ by symmetry"
    )


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (bulk("Ni"), "holds Ni, outside Cu-Au"),
        (fcc111("Cu", (1, 1, 4), vacuum=8, periodic=True), r"16\.0 Å without atoms, as a slab"),
        (Atoms("Cu", cell=[3, 3, 3], pbc=[True, True, False]), "periodic in three directions"),
        (Atoms("Cu2", [[0, 0, 0], [0, 0, 1]], cell=[4, 4, 4], pbc=True), r"are 1\.00 Å apart"),
    ],
)
def test_a_job_reads_its_files_when_it_is_checked(tmp_path: Path, atoms: Atoms, message: str) -> None:
    write("x.extxyz", atoms)
    path = job(tmp_path, "[x.extxyz]")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        load_spec(path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ("[none.cif]", "no such structure file: none.cif"),
        ("[]", ""),
        ("[{file: none.cif, name: x}]", "no such structure file"),
        ("['*.xyz']", r"no file matches \*\.xyz"),
        ("[{file: x.cif, name: 'a b'}]", "'a b' is not allowed"),
        ("[{file: x.cif, name: '12'}]", "'12' is not allowed"),
        ("[{file: x.cif, order: ewalt}]", "order"),
        ("[{fil: x.cif}]", "fil"),
        ("[5]", "files"),
        ("['']", "empty"),
        ("['~nosuchuser/x.cif']", "structure file"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, files: str, message: str) -> None:
    (tmp_path / "x.cif").write_text(CU3AU)
    path = job(tmp_path, files)
    if not message:
        assert names(path) == []
        return
    with pytest.raises(InputError, match=message) as error:
        load_spec(path)
    assert "\n" not in str(error.value)


def test_constraints_survive_json() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.set_constraint([FixAtoms([0]), FixScaled([1], (True, False, True))])
    candidate = Candidate("x", "file", atoms, "x.vasp")
    again = Candidate.from_dict(json.loads(json.dumps(candidate.as_dict())))
    assert [item.todict()["name"] for item in again.atoms.constraints] == ["FixAtoms", "FixScaled"]
    assert structure_key(again.atoms) == structure_key(atoms)
    free, other = atoms.copy(), atoms.copy()
    free.set_constraint()
    other.set_constraint([FixAtoms([0]), FixScaled([1], (True, True, False))])
    assert len({structure_key(one) for one in (atoms, free, other)}) == 3


def test_held_atoms_stay_and_names_are_found_again(tmp_path: Path) -> None:
    """A displaced atom that selective dynamics hold keeps its place in the cell; the job finds it by its own name."""
    atoms = bulk("Cu", cubic=True)
    atoms.positions[1] += [0.1, 0.0, 0.0]
    atoms.set_constraint(FixAtoms([0, 1]))
    write("held (1).vasp", atoms, format="vasp")
    path = job(tmp_path, "['held (1).vasp']")
    amalgamics.run(path, workers=1, progress=False)
    row = Job.of(load_spec(path)).crystal("held-(1)")
    assert row is not None
    assert row.name == "held-(1)"
    scaled = row.toatoms().get_scaled_positions()
    assert np.allclose((scaled[1] - scaled[0]) % 1.0, (atoms.get_scaled_positions()[1]) % 1.0, atol=1e-6)
    # The same crystal under another name is the same row, found by either.
    write("other.vasp", atoms, format="vasp")
    again = Job.of(load_spec(job(tmp_path, "[other.vasp]"))).crystal("other")
    assert again is not None
    assert again.id == row.id


def test_a_file_called_like_a_phase_of_the_library(tmp_path: Path) -> None:
    write("Cu_fcc.vasp", bulk("Cu"), format="vasp")
    assert names(job(tmp_path, "[Cu_fcc.vasp]")) == ["file-Cu_fcc"]
    with pytest.raises(InputError, match=r"the job has a phase 'Au_fcc'; give .* another name"):
        load_spec(job(tmp_path, "[{file: Cu_fcc.vasp, name: Au_fcc}]"))


def test_a_name_of_ones_own_is_kept_for_one_structure(tmp_path: Path) -> None:
    write("two.extxyz", [bulk("Cu"), bulk("Au")])
    assert names(job(tmp_path, "[{file: two.extxyz@1, name: 'gold(1)'}]")) == ["gold(1)"]
