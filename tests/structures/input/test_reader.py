"""One reader for every file: what it takes, what it keeps, what it calls things, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.constraints import FixAtoms, FixScaled
from ase.io import write
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from amalgamics.errors import InputError
from amalgamics.structures.input.checks import widest_gap
from amalgamics.structures.input.crystals import read_crystal, read_crystals
from amalgamics.structures.input.names import NAME_PATTERN, check_name, name_of_file, names_of_files
from amalgamics.structures.input.paths import structure_files
from amalgamics.structures.input.reader import read_one, read_structures
from amalgamics.structures.library.phases import list_phases

from .cif_files import CU3AU, WITH_OCCUPANCY, cif_text, write_cif

POSCAR = """Cu3Au
1.0
3.744 0.0 0.0
0.0 3.744 0.0
0.0 0.0 3.744
Au Cu
1 3
Direct
0.0 0.0 0.0
0.0 0.5 0.5
0.5 0.0 0.5
0.5 0.5 0.0
"""


def cu3au() -> Atoms:
    places = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    return Atoms("AuCu3", scaled_positions=places, cell=[3.744] * 3, pbc=True)


@pytest.mark.parametrize(
    "name", ["x.extxyz", "x.traj", "x.json", "x.xsf", "x.res", "x.vasp", "POSCAR", "a.POSCAR.vasp"]
)
def test_formats_give_the_same_crystal(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, cu3au(), format="vasp" if "vasp" in name or name == "POSCAR" else None)
    atoms = read_one(path).atoms()
    assert atoms.symbols.formula.count() == {"Au": 1, "Cu": 3}
    assert np.allclose(atoms.get_all_distances(mic=True), cu3au().get_all_distances(mic=True), atol=1e-5)
    assert atoms.calc is None
    assert atoms.info == {}


@pytest.mark.parametrize(
    "content",
    [
        CU3AU.encode("utf-8-sig"),
        CU3AU.encode("utf-16"),
        CU3AU.replace("\n", "\r\n").encode(),
        ("# a comment\n" + CU3AU).encode(),
        CU3AU.replace("data_x", "data_x\n_publ_section_title 'Überstruktur'").encode("latin-1"),
    ],
    ids=["byte-order mark", "UTF-16", "CRLF", "comment", "Latin-1"],
)
@pytest.mark.parametrize("name", ["x.cif", "UPPER.CIF", "noext"])
def test_encodings(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_one(path).structure.composition.reduced_formula == "Cu3Au"


def test_a_byte_order_mark_of_a_poscar(tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    path.write_bytes(POSCAR.encode("utf-8-sig"))
    assert read_one(path).structure.composition.reduced_formula == "Cu3Au"


def test_pymatgen_json(tmp_path: Path) -> None:
    structure = Structure.from_spacegroup("Pm-3m", Lattice.cubic(3.744), ["Au", "Cu"], [[0, 0, 0], [0, 0.5, 0.5]])
    entry = {"@module": "pymatgen.entries.computed_entries", "@class": "ComputedStructureEntry", "energy": -1.0}
    path = tmp_path / "s.json"
    path.write_text(json.dumps(structure.as_dict()))
    assert read_one(path).structure.matches(structure)
    path.write_text(json.dumps([{**entry, "structure": structure.as_dict()}] * 2))
    assert [one.name for one in read_structures(path)] == ["s-0", "s-1"]
    path.write_text(json.dumps({"@module": "pymatgen.core.composition", "@class": "Composition", "Cu": 1}))
    with pytest.raises(InputError, match="Composition holds no structure"):
        read_structures(path)


def test_nothing_but_structures_is_made_of_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"@module": "subprocess", "@class": "Popen", "args": ["false"]}))
    with pytest.raises(InputError, match=r"x\.json"):
        read_structures(path)


def test_vasp_4_is_read_only_where_the_comment_is_its_elements(tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    without = POSCAR.replace("Au Cu\n", "")
    path.write_text(without)
    with pytest.raises(InputError, match=r"line 6: counts of atoms \(1 3\) without a line of elements"):
        read_structures(path)
    path.write_text(without.replace("Cu3Au", "Au Cu"))
    found = read_one(path)
    assert found.structure.composition.reduced_formula == "Cu3Au"
    assert found.notes == ("its elements, Au Cu, stand in the comment (VASP 4)",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (POSCAR.replace("1 3", "1 1000000000"), "1000000001 atoms are too many"),
        (POSCAR.replace("1 3", "1 " + "9" * 5000), "atoms are too many"),
        (POSCAR.replace("1 3", "1 9"), "announces 10 atoms, and after line 8 come 4 lines"),
        (POSCAR.replace("1.0\n3.744", "one\n3.744"), "line 2: the scale, one number or three, is expected"),
        (POSCAR.replace("0.0 0.0 3.744", "0.0 0.0"), "line 5: a cell vector, three numbers, is expected"),
        (POSCAR.replace("1 3", "one three"), "line 7: as many counts of atoms"),
        ("nothing", "at least 8 lines"),
        (POSCAR.replace("0.0 0.5 0.5", "0.0 nan 0.5"), "not a finite number"),
        (POSCAR.replace("3.744", "0.03744"), "1 to 500 Å are allowed"),
    ],
)
def test_broken_poscars(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "POSCAR"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        read_structures(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_selective_dynamics_are_kept(tmp_path: Path) -> None:
    atoms = cu3au()
    atoms.set_constraint([FixAtoms([0]), FixScaled([1], (True, True, False))])
    write(tmp_path / "POSCAR", atoms, format="vasp")
    kept = read_crystal(tmp_path / "POSCAR").atoms.constraints
    assert {type(item).__name__: item.get_indices().tolist() for item in kept} == {"FixAtoms": [0], "FixScaled": [1]}


def test_several_structures_are_all_taken_or_chosen(tmp_path: Path) -> None:
    path = tmp_path / "three.extxyz"
    write(path, [cu3au(), bulk("Cu"), bulk("Au")])
    assert [one.name for one in read_structures(path)] == ["three-0", "three-1", "three-2"]
    assert [str(one.atoms.symbols) for one in read_crystals(f"{path}@1:")] == ["Cu", "Au"]
    assert read_one(f"{path}@-1").name == "three-2"
    with pytest.raises(InputError, match=r"holds 3 structures \(Cu3Au, Cu, Au\); choose one, as in three.extxyz@0"):
        read_one(path)
    with pytest.raises(InputError, match="there is no structure 3; it holds 3, counted from 0"):
        read_one(f"{path}@3")
    with pytest.raises(InputError, match="none in 5:"):
        read_structures(f"{path}@5:")


def test_a_file_may_have_an_at_sign(tmp_path: Path) -> None:
    path = write_cif(tmp_path / "run@300.cif", CU3AU)
    assert read_one(path).name == "run-300"


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]), "periodic in three directions"),
        (Atoms("Cu", cell=[3, 3, 3], pbc=[True, True, False]), r"pbc T T F"),
        (Atoms("Hg2", [[0, 0, 0], [0, 0, 1.5]], cell=[4, 4, 4], pbc=True), r"are 1\.50 Å apart"),
        (Atoms("Cu", cell=[3, 3, 600], pbc=True), "1 to 500 Å"),
        (Atoms("Cu", cell=[40, 40, 40], pbc=True), "Å³ per atom"),
        (Atoms("HHe", [[0, 0, 0], [0, 0, 1.5]], cell=[3, 3, 0.99], pbc=True), "1 to 500 Å"),
        (Atoms("X", cell=[3, 3, 3], pbc=True), "dummy atom"),
        (Atoms("Cu", cell=[3.615 * 1.89] * 3, pbc=True), "27 times the volume of its atoms closely packed"),
        (bulk("Cu", cubic=True) * (11, 11, 11), "5324 atoms are too many; at most 5000"),
    ],
)
def test_what_is_no_crystal_is_refused(tmp_path: Path, atoms: Atoms, message: str) -> None:
    path = tmp_path / "x.extxyz"
    write(path, atoms)
    with pytest.raises(InputError, match=message):
        read_structures(path)


@pytest.mark.parametrize("content", [b"", b"\0\1\2" * 100, b"hello", b"4\n\nCu 0 0 0\n", b"{", b"[]", b"{}"])
@pytest.mark.parametrize("name", ["x", "x.cif", "x.vasp", "x.xyz", "x.json", "x.traj", "x.extxyz"])
def test_what_is_no_structure_is_refused_in_one_line(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_structures(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.cif' does not exist"):
        read_structures(tmp_path / "none.cif")
    with pytest.raises(InputError, match="is a folder"):
        read_structures(tmp_path)
    with pytest.raises(InputError, match="holds a control character"):
        read_structures("a\0b")
    with pytest.raises(InputError, match="structure file"):
        read_structures("~nosuchuser/x.cif")
    with pytest.raises(InputError, match="structure file"):
        read_structures("x" * 5000)


def test_every_phase_of_the_library_passes_the_checks(tmp_path: Path) -> None:
    """What is published and can be built is never taken for a broken file."""
    for phase in list_phases(buildable=True):
        path = tmp_path / f"{phase.key}.json"
        path.write_text(json.dumps(phase.structure().as_dict()))
        assert len(read_structures(path)) == 1, phase.key


def test_a_gap_tells_a_slab() -> None:
    assert widest_gap(fcc111("Cu", (1, 1, 3), vacuum=6.0, periodic=True)) == pytest.approx(12.0, abs=1e-6)
    assert widest_gap(bulk("Cu", cubic=True)) < 2.0


def test_partly_filled_sites_need_an_order(tmp_path: Path) -> None:
    text = cif_text(
        [3.95] * 3 + [90] * 3, "P m -3 m", ["Cu1 Cu 0 0 0 0.5", "Au1 Au 0.5 0.5 0 1"], columns=WITH_OCCUPANCY
    )
    path = write_cif(tmp_path / "vacancy.cif", text)
    with pytest.raises(
        InputError,
        match=r"partly filled or shared \(1 of 4 sites: Cu 0\.5, empty 0\.5\); give an ordered cell, or an order",
    ):
        read_crystal(path)
    (crystal,) = read_crystals(path, order="all")
    assert crystal.atoms.symbols.formula.reduce()[0].count() == {"Cu": 1, "Au": 6}
    assert crystal.vectors[2] == (0.0, 0.0, 2.0)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write_cif(tmp_path / "x.cif", CU3AU)
    assert len(read_crystal(path).atoms) == 4
    write_cif(path, cif_text([4.0782] * 3 + [90] * 3, "F m -3 m", ["Au1 Au 0 0 0"]))
    assert set(read_crystal(path).atoms.symbols) == {"Au"}


@given(
    st.text(min_size=1, max_size=120).filter(lambda text: "/" not in text and "\0" not in text and text not in "...")
)
def test_every_file_has_a_plain_name(stem: str) -> None:
    name = name_of_file(Path(stem + ".cif"))
    assert NAME_PATTERN.fullmatch(name), name
    assert check_name(name) == name


@pytest.mark.parametrize("stem", ["1534028", "1e5", "True", "02", "nan", "None", "-5", "inf"])
def test_names_are_never_values(stem: str) -> None:
    assert name_of_file(Path(f"{stem}.cif")).startswith("file-")


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [Path("runs/a/CONTCAR"), Path("runs/b/CONTCAR"), Path("old/b/CONTCAR"), Path("LiHg.cif")]
    assert names_of_files(paths) == ["a-CONTCAR", "runs-b-CONTCAR", "old-b-CONTCAR", "LiHg"]


def test_patterns_and_folders(tmp_path: Path) -> None:
    for name in ("b.cif", "a.cif", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "CONTCAR").write_text("")
    assert [Path(one).name for one in structure_files(str(tmp_path))] == ["a.cif", "b.cif"]
    assert [Path(one).name for one in structure_files(f"{tmp_path}/*.cif")] == ["a.cif", "b.cif"]
    assert [Path(one).name for one in structure_files(f"{tmp_path}/**/CONTCAR")] == ["CONTCAR"]
    with pytest.raises(InputError, match="no file matches"):
        structure_files(f"{tmp_path}/*.vasp")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no structure file"):
        structure_files(str(tmp_path / "empty"))


SHELX = "TITL x\nCELL 0.71073 2.4 2.4 2.4 90 90 90\nLATT -1\nSFAC Cu\nCu 1 0 0 0 11.0 0.02\nEND\n"


def test_shelx_files_with_symmetry_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.res"
    path.write_text(SHELX)
    assert len(read_one(path).structure) == 1
    for old, new, message in (
        ("LATT -1", "LATT 4", "line 3: the symmetry of SHELX files is not read"),
        ("LATT -1", "LATT -1\nSYMM -X,-Y,Z", "line 4: the symmetry"),
        ("11.0", "10.5", "line 5: the occupancy of Cu is 10.5"),
    ):
        path.write_text(SHELX.replace(old, new))
        with pytest.raises(InputError, match=message):
            read_structures(path)


@pytest.mark.parametrize("name", ["x@2.vasp", "z@1.extxyz", "user@host.traj", "w@3.json"])
def test_names_with_an_at_sign_are_files(tmp_path: Path, name: str) -> None:
    write(tmp_path / name.replace("@", "-"), bulk("Cu"), format="vasp" if name.endswith("vasp") else None)
    (tmp_path / name.replace("@", "-")).rename(tmp_path / name)
    assert read_one(tmp_path / name).structure.composition.reduced_formula == "Cu"


def test_a_cif_under_another_name_is_a_cif(tmp_path: Path) -> None:
    assert len(read_one(write_cif(tmp_path / "x.vasp", CU3AU)).structure) == 4


def test_more_coordinates_than_announced_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "POSCAR"
    path.write_text(POSCAR + "0.1 0.1 0.1\n")
    with pytest.raises(InputError, match="announces 4 atoms, and has coordinates of more"):
        read_structures(path)
    path.write_text(POSCAR + "\n" + "0.0 0.0 0.0\n" * 4)  # velocities stand after a blank line
    assert len(read_one(path).structure) == 4


def test_selective_dynamics_of_pymatgen_json_are_kept(tmp_path: Path) -> None:
    structure = Structure.from_spacegroup("Pm-3m", Lattice.cubic(3.744), ["Au", "Cu"], [[0, 0, 0], [0, 0.5, 0.5]])
    structure.add_site_property("selective_dynamics", [[False] * 3, [True, True, False], [True] * 3, [True] * 3])
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"material_id": "mp-1", "structure": structure.as_dict()}))
    kept = read_one(path).constraints
    assert {type(item).__name__: item.get_indices().tolist() for item in kept} == {"FixAtoms": [0], "FixScaled": [1]}


def test_hidden_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.cif").write_text("")
    (tmp_path / "._a.cif").write_text("")
    assert [Path(one).name for one in structure_files(str(tmp_path))] == ["a.cif"]
    assert [Path(one).name for one in structure_files(f"{tmp_path}/*")] == ["a.cif"]


def test_orderings_with_atoms_on_top_of_each_other_are_refused(tmp_path: Path) -> None:
    sites = ["Ag1 Ag 0.05 0 0 0.5", "Ag2 Ag 0.35 0 0 0.5", "I1 I 0.5 0.5 0.5 1"]
    text = cif_text([5.0] * 3 + [90] * 3, "P 1", sites, columns=WITH_OCCUPANCY)
    with pytest.raises(InputError, match=r"ordered \(all\).*Å apart"):
        read_crystals(write_cif(tmp_path / "x.cif", text), order="all", max_atoms=12)


def test_a_structure_file_imports_nothing(tmp_path, monkeypatch):
    """pymatgen makes an object of what a property of a site names, and imports its module for that."""
    marker = tmp_path / "imported"
    (tmp_path / "evil_of_a_file.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Thing: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    content = Structure(Lattice.cubic(3.5), ["Li"], [[0, 0, 0]]).as_dict()
    thing = {"@module": "evil_of_a_file", "@class": "Thing"}
    content["sites"][0]["properties"] = {"thing": [thing], "selective_dynamics": [True, False, True]}
    content["properties"] = {"thing": thing}
    path = tmp_path / "evil.json"
    path.write_text(json.dumps([content, {"structure": content, "thing": thing}]))
    found = read_structures(path)
    assert len(found) == 2
    assert found[0].constraints
    assert not marker.exists()
    Structure.from_dict(content)
    assert marker.exists()  # so that this test can fail
