"""Structures of the database as files: what other programs read is what was stored."""

from __future__ import annotations

import csv
import gzip
import json
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read

import amalgamics
from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.errors import InputError
from amalgamics.structures.library.phases import get_phase
from amalgamics.workflows.database.candidates import Candidate, primitive_atoms
from amalgamics.workflows.database.export import export_rows
from amalgamics.workflows.database.rows import conventional_of
from amalgamics.workflows.database.structure_database import StructureDatabase

EMT = get_potential("emt")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Two elements, a compound that lies between them, and a slab."""
    store = StructureDatabase(tmp_path_factory.mktemp("export") / "structures.db")
    alloy = Atoms("CuAu", cell=[3, 3, 3], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
    slab = fcc111("Cu", (1, 1, 3), vacuum=6.0, periodic=True)
    for name, kind, atoms, energy in (
        ("Cu_fcc", "library", bulk("Cu"), -0.1),
        ("Au fcc, odd/name", "library", bulk("Au"), 0.2),
        ("CuAu", "prototype", alloy, -0.9),
        ("Cu slab", "slab", slab, 1.5),
    ):
        final = atoms.copy()
        forces = np.full((len(atoms), 3), 0.01)
        final.calc = SinglePointCalculator(final, energy=energy, forces=forces, stress=np.zeros(6))
        result = RelaxationResult(final, energy, 0.01, 3, 4, 0.1)
        store.add(Candidate(name, kind, atoms, "made up"), result, EMT, RelaxationSettings())
    return store.select("")


def test_csv_has_every_key(rows, tmp_path):
    with export_rows(rows, tmp_path / "rows.csv").open(encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    assert [row["name"] for row in found] == [row.name for row in rows]
    assert [float(row["energy"]) for row in found] == [row.energy for row in rows]
    assert {key for row in rows for key in row.key_value_pairs} <= set(found[0])
    assert found[3]["space_group"] == ""  # a slab has none


def test_extxyz_gives_the_atoms_back(rows, tmp_path):
    frames = read(export_rows(rows, tmp_path / "rows.extxyz"), ":")
    for row, frame in zip(rows, frames, strict=True):
        atoms = row.toatoms()
        assert frame.get_chemical_symbols() == atoms.get_chemical_symbols()
        assert frame.positions == pytest.approx(atoms.positions, abs=1e-6)
        assert frame.cell.array == pytest.approx(atoms.cell.array, abs=1e-6)
        assert frame.get_potential_energy() == pytest.approx(row.energy)
        assert frame.get_forces() == pytest.approx(atoms.get_forces())
        assert (frame.info["name"], frame.info["id"]) == (row.name, row.id)


@pytest.mark.filterwarnings("ignore:.*CIF|.*crystal system")
def test_cif_has_one_block_for_each_row_with_its_symmetry(rows, tmp_path):
    path = export_rows(rows, tmp_path / "rows.cif")
    text = path.read_text(encoding="utf-8")
    headers = [line for line in text.splitlines() if line.startswith("data_")]
    assert headers == ["data_Cu_fcc-1", "data_Au_fcc_odd_name-2", "data_CuAu-3", "data_Cu_slab-4"]
    frames = read(path, ":", format="cif")
    assert [frame.info["spacegroup"].no for frame in frames] == [225, 225, 221, 1]
    for row, frame in zip(rows, frames, strict=True):
        assert frame.symbols.formula.reduce()[0] == row.toatoms().symbols.formula.reduce()[0]
        assert frame.get_volume() / len(frame) == pytest.approx(row.volume_per_atom, rel=1e-5)


@pytest.mark.parametrize(
    ("cell", "space_group"),
    [
        ((3.0, 3.15, 3.3, 90, 88, 90), "P2/m"),
        ((3, 3, 3, 88, 88, 88), "R-3m"),
        ((3.0, 3.15, 3.3, 88, 89, 91), "P-1"),
        ((3, 3, 3, 90, 90, 90), "Pm-3m"),
    ],
)
def test_a_small_distortion_comes_back_from_a_cif(cell, space_group, tmp_path):
    atoms = Atoms("CuAu", cell=cell, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], pbc=True)
    final = atoms.copy()
    final.calc = SinglePointCalculator(final, energy=-1.0, forces=np.zeros((2, 3)), stress=np.zeros(6))
    store = StructureDatabase(tmp_path / "structures.db")
    store.add(
        Candidate("mine", "file", atoms, "made up"),
        RelaxationResult(final, -1.0, 0.01, 3, 4, 0.1),
        EMT,
        RelaxationSettings(),
    )
    (row,) = store.select("")
    assert row.space_group == space_group
    back = read(export_rows([row], tmp_path / "mine.cif"))
    assert back.cell.cellpar() == pytest.approx(atoms.cell.cellpar(), abs=1e-5)
    assert sorted(back.symbols) == ["Au", "Cu"]
    assert back.get_distance(0, 1, mic=True) == pytest.approx(atoms.get_distance(0, 1, mic=True), abs=1e-5)


def test_a_crystal_is_exported_in_the_cell_that_its_planes_refer_to(tmp_path):
    phase = get_phase("KHg2")  # Imma with a > b, which spglib would exchange
    primitive = primitive_atoms(phase.structure())
    final = primitive.copy()
    final.calc = SinglePointCalculator(final, energy=-1.0, forces=np.zeros((6, 3)), stress=np.zeros(6))
    store = StructureDatabase(tmp_path / "structures.db")
    outcome = RelaxationResult(final, -1.0, 0.01, 3, 4, 0.1)
    store.add(Candidate("KHg2", "library", primitive, "made up"), outcome, EMT, RelaxationSettings())
    (row,) = store.select("")
    assert row.data["lattice"] == pytest.approx(list(phase.lattice))
    assert conventional_of(row).atoms.cell.cellpar() == pytest.approx(list(phase.lattice))
    assert conventional_of(row, axes="standard").atoms.cell.lengths()[:2] == pytest.approx(
        [phase.lattice.b, phase.lattice.a]
    )
    assert read(export_rows([row], tmp_path / "KHg2.cif")).cell.cellpar() == pytest.approx(list(phase.lattice))


def test_entries_make_a_phase_diagram(rows, tmp_path):
    from monty.serialization import loadfn
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.entries.computed_entries import ComputedStructureEntry

    entries = loadfn(export_rows(rows[:3], tmp_path / "rows.json"))
    assert all(isinstance(entry, ComputedStructureEntry) for entry in entries)
    for row, entry in zip(rows, entries, strict=False):
        assert (entry.energy, entry.correction) == (pytest.approx(row.energy), 0.0)
        assert entry.data["name"] == row.name
        assert entry.data["provenance"] == row.data["provenance"]
        assert entry.parameters["potential"] == "emt"
        assert entry.structure.volume == pytest.approx(row.volume)
    diagram = PhaseDiagram(entries)
    assert diagram.get_form_energy_per_atom(entries[2]) == pytest.approx((-0.9 - (-0.1 + 0.2)) / 2)


def test_what_cannot_be_written_is_refused_and_leaves_nothing(rows, tmp_path):
    with pytest.raises(InputError, match=r"must end in one of \.csv, \.extxyz, \.cif, \.json"):
        export_rows(rows, tmp_path / "new" / "rows.poscar")
    with pytest.raises(InputError, match="no structure matches"):
        export_rows([], tmp_path / "new" / "rows.csv")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.cif").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a directory"):
        export_rows(rows, tmp_path / "folder.cif")
    with pytest.raises(InputError, match="file is not a directory"):
        export_rows(rows, tmp_path / "file" / "rows.cif")


def test_a_row_without_energy_is_no_entry(tmp_path):
    store = StructureDatabase(tmp_path / "structures.db")
    failed = Candidate("Cu", "library", bulk("Cu"), "made up")
    store.add(failed, RelaxationError("no luck", bulk("Cu")), EMT, RelaxationSettings())
    with pytest.raises(InputError, match=r"row 1 .* has no energy"):
        export_rows(store.select("converged=False"), tmp_path / "rows.json")


def test_the_database_has_a_public_name():
    assert amalgamics.Database is StructureDatabase
    assert "Database" in amalgamics.__all__
    with pytest.raises(AttributeError, match="Databas'"):
        _ = amalgamics.Databas


def test_asking_for_the_version_imports_nothing_heavy():
    import subprocess

    code = "import sys, amalgamics; amalgamics.__version__; print(sorted({'ase', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_crystal_off_its_origin_is_exported_about_it(tmp_path) -> None:
    """Operations with other fractions than those of the International Tables are misread by other programs."""
    from ase import Atoms
    from ase.io import read

    from amalgamics.structures.cif import cif_block
    from amalgamics.structures.input.reader import read_one
    from amalgamics.structures.symmetry import conventional_cell

    places = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]) + [0.013, 0.21, 0.4]
    crystal = Atoms("AuCu3", scaled_positions=places, cell=[3.8, 3.8, 3.8], pbc=True)
    path = tmp_path / "x.cif"
    path.write_text(cif_block(conventional_cell(crystal, idealise=True), "x"), encoding="utf-8")
    assert read_one(path).structure.composition.formula.replace(" ", "") == "Cu3Au1"
    assert read(path).symbols.formula.count() == {"Au": 1, "Cu": 3}


@pytest.mark.parametrize("name", ["rows.chemiscope.json", "rows.chemiscope.json.gz", "ROWS.Chemiscope.JSON"])
def test_chemiscope_gets_structures_and_a_value_for_each(rows, tmp_path, name):
    content = export_rows(rows, tmp_path / name).read_bytes()
    found = json.loads(gzip.decompress(content) if name.endswith("gz") else content)
    assert set(found) == {"meta", "settings", "structures", "properties"}
    for row, structure in zip(rows, found["structures"], strict=True):
        assert structure["size"] == len(structure["names"]) == row.natoms
        again = Atoms(
            structure["names"],
            positions=np.transpose([structure[axis] for axis in "xyz"]),
            cell=np.reshape(structure["cell"], (3, 3)),
        )
        assert again.symbols.get_chemical_formula() == row.toatoms().symbols.get_chemical_formula()
        assert again.positions == pytest.approx(row.positions)
        assert again.cell.array == pytest.approx(row.cell)
    properties = found["properties"]
    assert all(one["target"] == "structure" and len(one["values"]) == len(rows) for one in properties.values())
    assert properties["energy"] == {"target": "structure", "values": [row.energy for row in rows], "units": "eV"}
    assert properties["name"]["values"] == [row.name for row in rows]
    assert properties["converged"]["values"] == ["yes"] * 4
    assert properties["space_group"]["values"][3] == ""  # a slab has none
    assert "e_above_hull" not in properties  # nor this, and a number must be there for each
    assert "space_group_number" not in properties


def test_chemiscope_gets_distances_to_the_hull_of_crystals(rows, tmp_path):
    path = export_rows(rows[:3], tmp_path / "rows.chemiscope.json")
    above = json.loads(path.read_text(encoding="utf-8"))["properties"]["e_above_hull"]
    assert above["values"] == pytest.approx([row.e_above_hull for row in rows[:3]])
    assert above["units"] == "eV/atom"
