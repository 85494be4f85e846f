"""Finished calculations read as their programs mean them, and refused with the reason where they did not end well."""

from __future__ import annotations

import gzip
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.db import connect
from ase.io import Trajectory, write
from ase.units import Ry
from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry
from pymatgen.io.ase import AseAtomsAdaptor

from amalgamics.calculators.imported.calculation import AS_GIVEN, EXTRAPOLATED, FREE_ENERGY, CalculationFileError
from amalgamics.calculators.imported.files import calculation_files, name_of_calculation
from amalgamics.calculators.imported.reader import read_calculations
from amalgamics.tests import calculation_files as made

CRYSTAL = bulk("CuAu", "rocksalt", a=5.6)
ENERGY = -7.53


def with_energy(atoms: Atoms, energy: float = ENERGY, **info: object) -> Atoms:
    found = atoms.copy()
    found.calc = SinglePointCalculator(found, energy=energy, forces=np.zeros((len(found), 3)))
    found.info.update(info)
    return found


def test_a_vasprun_tells_all(tmp_path):
    forces = [[0.0, 0.0, 0.3], [0.0, 0.0, -0.4]]
    text = made.vasprun(CRYSTAL, ENERGY, encut=520, nsw=20, ionic_steps=3, forces=forces)
    path = made.write(tmp_path / "LiHg" / "vasprun.xml", text)
    (found,) = read_calculations(path)
    assert found.energy == pytest.approx(ENERGY)
    assert found.energy_kind == EXTRAPOLATED
    assert (found.code, found.version, found.functional, found.dispersion) == ("VASP", "6.3.2", "PBE", "none")
    assert (found.cutoff_eV, found.hubbard_U, found.steps, found.n_steps) == (520.0, {}, "relaxation", 3)
    assert found.pseudopotentials == {"Cu": "PAW_PBE Cu 01Jan2000", "Au": "PAW_PBE Au 01Jan2000"}
    assert found.max_force == pytest.approx(0.4)
    assert found.atoms.symbols.get_chemical_formula() == "AuCu"
    assert found.atoms.cell.volume == pytest.approx(CRYSTAL.cell.volume)
    assert found.file == "LiHg/vasprun.xml"
    assert str(tmp_path) not in json.dumps(found.record())
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"electronic_steps": 60}, "electronic steps did not converge within NELM = 60"),
        ({"nsw": 3, "ionic_steps": 3}, "relaxation did not converge within NSW = 3"),
        ({"incar": {"PSTRESS": "10"}}, "under a pressure"),
        ({"incar": {"ML_LMLFF": "True"}}, "force field"),
    ],
)
def test_a_vasprun_that_did_not_end_well_is_refused(tmp_path, options, told):
    path = made.write(tmp_path / "vasprun.xml", made.vasprun(CRYSTAL, ENERGY, **options))
    with pytest.raises(CalculationFileError, match=told):
        read_calculations(path)


def test_a_vasprun_that_was_cut_off_is_refused(tmp_path):
    text = made.vasprun(CRYSTAL, ENERGY)
    path = made.write(tmp_path / "vasprun.xml", text[: len(text) // 2])
    with pytest.raises(CalculationFileError, match="cut off"):
        read_calculations(path)


@pytest.mark.parametrize(
    ("gga", "titles", "incar", "expected"),
    [
        ("PE", {}, {}, ("PBE", "none", {})),
        ("PS", {}, {}, ("PBEsol", "none", {})),
        ("--", {}, {}, ("PBE", "none", {})),
        ("--", {"Cu": "PAW Cu 1", "Au": "PAW Au 1"}, {}, ("LDA", "none", {})),
        ("PE", {}, {"IVDW": "12"}, ("PBE", "DFT-D3-BJ", {})),
        ("PE", {}, {"METAGGA": "R2SCAN"}, ("R2SCAN", "none", {})),
        ("PE", {}, {"LDAU": "True", "LDAUU": "4.0 0.0", "LDAUJ": "1.0 0.0"}, ("PBE", "none", {"Cu": 3.0})),
    ],
)
def test_functional_dispersion_and_u_of_vasp(tmp_path, gga, titles, incar, expected):
    text = made.vasprun(CRYSTAL, ENERGY, gga=gga, titles=titles, incar=incar)
    (found,) = read_calculations(made.write(tmp_path / "vasprun.xml", text))
    assert (found.functional, found.dispersion, found.hubbard_U) == expected


@pytest.mark.parametrize(("name", "text"), [("pw.out", made.pw_output), ("data-file-schema.xml", made.pw_xml)])
def test_output_and_xml_of_quantum_espresso(tmp_path, name, text):
    path = made.write(tmp_path / "CuAu" / name, text(CRYSTAL, ENERGY))
    (found,) = read_calculations(path)
    assert found.energy == pytest.approx(ENERGY, abs=1e-6)
    assert found.energy_kind == FREE_ENERGY
    assert (found.code, found.version, found.functional) == ("Quantum ESPRESSO", "6.8", "PBE")
    assert found.cutoff_eV == pytest.approx(60 * Ry)
    assert found.pseudopotentials == {"Cu": "Cu.pbe.UPF", "Au": "Au.pbe.UPF"}
    assert found.atoms.cell.array == pytest.approx(CRYSTAL.cell.array, abs=1e-4)
    assert name_of_calculation(str(path)) == "CuAu"
    path.write_text(text(CRYSTAL, ENERGY, converged=False))
    with pytest.raises(CalculationFileError, match="electronic steps did not converge"):
        read_calculations(path)


def test_an_output_without_an_end_is_refused(tmp_path):
    path = made.write(tmp_path / "pw.out", made.pw_output(CRYSTAL, ENERGY, done=False))
    with pytest.raises(CalculationFileError, match="cut off"):
        read_calculations(path)


def test_a_real_vasprun_and_a_real_outcar():
    """Those that ASE tests its own readers with."""
    folder = Path(str(files("ase") / "test" / "testdata" / "vasp"))
    if not folder.is_dir():
        pytest.skip("this ASE comes without its test data")
    (salt,) = read_calculations(folder / "vasprun_dfpt.xml")
    assert (salt.functional, salt.cutoff_eV, salt.energy) == ("PBE", 400.0, pytest.approx(-6.74587304))
    (nickel,) = read_calculations(folder / "OUTCAR_example_1")
    assert (nickel.functional, nickel.cutoff_eV, nickel.energy) == ("PBE", 300.0, pytest.approx(-68.23102426))
    assert nickel.energy_kind == EXTRAPOLATED
    with pytest.raises(CalculationFileError, match="PSTRESS = 1"):
        read_calculations(folder / "vasprun_pstress.xml")


def test_u_of_an_outcar_and_why_it_is_refused(tmp_path):
    folder = Path(str(files("ase") / "test" / "testdata" / "vasp"))
    if not folder.is_dir():
        pytest.skip("this ASE comes without its test data")
    text = (folder / "OUTCAR_example_1").read_text()
    with_u = "TITEL  = PAW_PBE Ni_pv 06Sep2000\n LDA+U is selected, type is set to LDAUTYPE =   2\n"
    with_u += "   U (eV)  for each species LDAUU =   6.2\n   J (eV)  for each species LDAUJ =   0.2\n"
    (found,) = read_calculations(made.write(tmp_path / "u" / "OUTCAR", with_u + text))
    assert found.hubbard_U == {"Ni": pytest.approx(6.0)}
    assert found.pseudopotentials == {"Ni": "PAW_PBE Ni_pv 06Sep2000"}
    cut = made.write(tmp_path / "a" / "OUTCAR", text.partition("General timing")[0])
    with pytest.raises(CalculationFileError, match="cut off"):
        read_calculations(cut)
    limit = made.write(tmp_path / "b" / "OUTCAR", text.replace("aborting loop because EDIFF is reached", "end"))
    with pytest.raises(CalculationFileError, match="electronic steps did not converge"):
        read_calculations(limit)


def test_frames_of_extended_xyz_are_calculations_and_tell_their_settings(tmp_path):
    other = bulk("Cu")
    told = {"code": "CP2K", "functional": "PBE", "cutoff_eV": 400, "energy_kind": FREE_ENERGY}
    write(tmp_path / "all.extxyz", [with_energy(CRYSTAL, **told), with_energy(other, -1.0)])
    first, second = read_calculations(tmp_path / "all.extxyz")
    assert (first.code, first.functional, first.cutoff_eV, first.energy_kind) == ("CP2K", "PBE", 400.0, FREE_ENERGY)
    assert (second.code, second.functional, second.energy_kind, second.converged) == (None, None, AS_GIVEN, None)
    assert second.file.endswith("all.extxyz@1")
    (chosen,) = read_calculations(f"{tmp_path / 'all.extxyz'}@-1")
    assert chosen.energy == -1.0
    with pytest.raises(CalculationFileError, match="none in @5"):
        read_calculations(f"{tmp_path / 'all.extxyz'}@5")


def test_of_a_relaxation_only_the_end_counts_and_of_a_collection_all(tmp_path):
    with Trajectory(tmp_path / "relaxation.traj", "w") as trajectory:
        for energy in (-1.0, -2.0, -3.0):
            trajectory.write(with_energy(CRYSTAL, energy))
    (last,) = read_calculations(tmp_path / "relaxation.traj")
    assert (last.energy, last.n_steps) == (-3.0, 3)
    with Trajectory(tmp_path / "several.traj", "w") as trajectory:
        trajectory.write(with_energy(CRYSTAL, -1.0))
        trajectory.write(with_energy(bulk("Cu"), -2.0))
    assert [one.energy for one in read_calculations(tmp_path / "several.traj")] == [-1.0, -2.0]


def test_rows_of_an_ase_database_tell_by_their_keys(tmp_path):
    copper = bulk("Cu")
    copper.calc = EMT()
    copper.get_potential_energy()
    connect(tmp_path / "rows.db").write(copper, functional="PBE", cutoff_eV=350.0)
    (found,) = read_calculations(tmp_path / "rows.db")
    assert (found.code, found.functional, found.cutoff_eV) == ("emt", "PBE", 350.0)
    assert found.energy == pytest.approx(copper.get_potential_energy())


@pytest.mark.parametrize("packed", [False, True])
def test_entries_of_pymatgen_without_their_corrections(tmp_path, packed):
    structure = AseAtomsAdaptor.get_structure(bulk("MgO", "rocksalt", a=4.2))
    parameters = {
        "run_type": "GGA+U",
        "hubbards": {"Mg": 0.0},
        "potcar_symbols": ["PAW_PBE Mg_pv 06Sep2000", "PAW_PBE O 08Apr2002"],
    }
    entry = ComputedStructureEntry(structure, -11.9, correction=-0.687, parameters=parameters, entry_id="mp-1265")
    text = json.dumps([entry.as_dict()])
    path = tmp_path / "entries.json"
    if packed:
        path = path.with_name("entries.json.gz")
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    (found,) = read_calculations(path)
    assert found.energy == -11.9
    assert (found.code, found.functional, found.hubbard_U) == ("VASP", "PBE", {})
    assert found.pseudopotentials == {"Mg": "PAW_PBE Mg_pv 06Sep2000", "O": "PAW_PBE O 08Apr2002"}
    assert "its own correction of -0.687 eV is left out" in found.notes


def test_json_makes_no_object_of_what_it_names(tmp_path):
    """A file that names a class of another module is read without it."""
    structure = AseAtomsAdaptor.get_structure(bulk("Cu")).as_dict()
    entry = {"@module": "os", "@class": "system", "structure": structure, "energy": -1.0, "parameters": {}}
    (tmp_path / "entry.json").write_text(json.dumps(entry))
    (found,) = read_calculations(tmp_path / "entry.json")
    assert found.energy == -1.0


def test_forces_on_atoms_that_are_held_do_not_count(tmp_path):
    atoms = CRYSTAL.copy()
    atoms.set_constraint(FixAtoms([0]))
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=[[0, 0, 9.0], [0, 0, 0.2]])
    with Trajectory(tmp_path / "held.traj", "w") as trajectory:
        trajectory.write(atoms)
    (found,) = read_calculations(tmp_path / "held.traj")
    assert found.max_force == pytest.approx(0.2)


def isolated(path: Path) -> None:
    molecule = Atoms("Hg2", positions=[[0, 0, 0], [0, 0, 3]])
    molecule.calc = SinglePointCalculator(molecule, energy=-1.0)
    write(path, molecule, format="extxyz")


def no_energy(path: Path) -> None:
    atoms = bulk("Cu")
    atoms.info["dft_energy"] = -1.0
    write(path, atoms, format="extxyz")


def no_number(path: Path) -> None:
    write(path, with_energy(bulk("Cu"), float("nan")), format="extxyz")


def on_top(path: Path) -> None:
    write(path, with_energy(Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 0.1]], cell=[3] * 3, pbc=True)), format="extxyz")


def dummy(path: Path) -> None:
    write(path, with_energy(Atoms("X", cell=[3] * 3, pbc=True)), format="extxyz")


def endless_force(path: Path) -> None:
    atoms = bulk("Cu")
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=[[0, 0, 1e300]])
    write(path, atoms, format="extxyz")


def endless_energy(path: Path) -> None:
    write(path, with_energy(bulk("Cu"), 1e12), format="extxyz")


def entry_without_structure(path: Path) -> None:
    path.write_text(json.dumps(ComputedEntry("LiHg", -1.0).as_dict()))


@pytest.mark.parametrize(
    ("name", "fill", "told"),
    [
        ("a.extxyz", isolated, r"not periodic in three directions \(pbc F F F\)"),
        ("a.extxyz", no_energy, r"without an energy \(it has dft_energy\)"),
        ("a.extxyz", no_number, "its energy is nan"),
        ("a.extxyz", on_top, "0.1 Å apart"),
        ("a.extxyz", dummy, r"dummy atom .*atomic number 0"),
        ("a.extxyz", endless_force, "no three numbers for each atom"),
        ("a.extxyz", endless_energy, "which no atoms have"),
        ("a.json", entry_without_structure, "ComputedEntry holds no structure.*amalgamics.hull"),
        ("a.json", lambda path: path.write_text("[1, 2"), "not valid JSON"),
        ("a.txt", lambda path: path.write_text("a line"), "no format that is known"),
        ("a.extxyz", lambda path: path.write_text(""), "empty"),
        ("vasprun.xml", lambda path: path.write_text("<modeling>"), "cut off"),
        ("vasprun.xml", lambda path: path.write_bytes(bytes(range(256))), r"cut off|damaged"),
        ("OUTCAR", lambda path: path.write_text("vasp.6"), "cut off"),
        ("a.traj", lambda path: path.write_bytes(b"- of Ulm"), "damaged"),
        ("a.gpw", lambda path: path.write_bytes(b"- of UlmGPAW" + bytes(40)), r"damaged|no format"),
        ("a.json.gz", lambda path: path.write_bytes(b"no gzip"), "no whole .gz"),
        ("a.extxyz", lambda path: path.mkdir(), "no file"),
        ("a.extxyz", lambda _: None, "no such file"),
    ],
)
def test_what_is_no_finished_calculation_is_refused_in_one_line(tmp_path, name, fill, told):
    fill(tmp_path / name)
    with pytest.raises(CalculationFileError, match=told) as error:
        read_calculations(tmp_path / name)
    assert "\n" not in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_a_slab_is_read_and_left_to_those_who_know_what_it_is(tmp_path):
    write(tmp_path / "slab.extxyz", with_energy(fcc111("Cu", (1, 1, 3), vacuum=8, periodic=True)))
    assert len(read_calculations(tmp_path / "slab.extxyz")) == 1


def test_folders_and_patterns_give_files_and_one_calculation_is_there_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("LiHg", "Hg"):
        made.write(Path("runs") / name / "vasprun.xml", "")
        made.write(Path("runs") / name / "OUTCAR", "")
    made.write(Path("runs") / "Li" / "OUTCAR.gz", "")
    made.write(Path("runs") / "Li" / "INCAR", "")
    expected = ["runs/Hg/vasprun.xml", "runs/Li/OUTCAR.gz", "runs/LiHg/vasprun.xml"]
    assert calculation_files(["runs"]) == expected
    assert calculation_files(["runs/**/*"]) == sorted([*expected, "runs/Li/INCAR"])
    assert calculation_files(["runs/**/vasprun.xml", "runs/Hg"]) == [expected[0], expected[2]]
    assert calculation_files(["runs/Hg/OUTCAR"]) == ["runs/Hg/OUTCAR"]
    for nothing in ("runs/*.cif", "runs/nothing/*"):
        with pytest.raises(CalculationFileError, match="no file matches"):
            calculation_files([nothing])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CalculationFileError, match="holds no finished calculation"):
        calculation_files(["empty"])
