"""Manifests: slabs that become surface energies, and films that become a contact angle, from the same numbers."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
import yaml
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from amalgamics.errors import InputError
from amalgamics.tests.conftest import AREA, J_PER_M2
from amalgamics.thermodynamics.surfaces.energies import surface_energy_J_m2
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.imports.importing import ImportOptions, import_calculations
from amalgamics.workflows.imports.manifest import read_manifest
from amalgamics.workflows.imports.wanted import wanted_of_manifest
from amalgamics.workflows.studies.surfaces.stored import stored_surfaces
from amalgamics.workflows.studies.wetting.analysis import wetting_report
from amalgamics.workflows.studies.wetting.options import WettingOptions
from amalgamics.workflows.studies.wetting.stored import get_study

_NUMBERS = count()


def take(database: StructureDatabase, path: Path):
    told = read_manifest(path)
    options = ImportOptions(told.label or "pbe", told.system, settings=told.settings, allow_mixed=told.allow_mixed)
    return import_calculations(database, wanted_of_manifest(told, path.parent), options)


def manifest(folder: Path, **content: object) -> Path:
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_slabs_of_two_thicknesses_are_a_surface_energy(tmp_path):
    copper = bulk("Cu", a=3.59)
    copper.calc = EMT()
    copper.get_potential_energy()
    write(tmp_path / "Cu.extxyz", copper)
    names = []
    for layers in (5, 7):
        slab = fcc111("Cu", (1, 1, layers), a=3.59, vacuum=8.0, periodic=True)
        slab.calc = EMT()
        slab.get_potential_energy()
        names.append(f"slab-{layers}.extxyz")
        write(tmp_path / names[-1], slab)
    surface = {"phase": "Cu", "miller_index": [1, 1, 1], "termination": "Cu", "slabs": names}
    told = manifest(tmp_path, label="emt", crystals=["Cu.extxyz"], surfaces=[surface])
    database = StructureDatabase(tmp_path / "structures.db")
    report = take(database, told)
    assert (len(report.rows), report.refused) == (3, ())
    (found,), problems = stored_surfaces(database, potential="dft:emt")
    (record,) = found.surfaces
    area = slab.cell.volume / slab.cell[2, 2]
    expected = surface_energy_J_m2(slab.get_potential_energy(), 7, copper.get_potential_energy(), area)
    assert record.surface_energy_J_m2 == pytest.approx(expected, rel=1e-3)
    assert (record.miller_index, record.n_slabs) == ((1, 1, 1), 2)
    assert not problems
    assert len(database.select("potential=dft:emt,e_above_hull<1")) == 1  # slabs are on no hull
    assert [row.is_new for row in take(database, told).rows] == [False] * 3


def structure(folder: Path, energy: float) -> str:
    """Write a cell of the area of the made-up study with an energy, and return the name of its file."""
    number = next(_NUMBERS)
    atoms = Atoms("TiHg", positions=[[1, 1, 1], [1, 1, 3.0 + 0.01 * number]], cell=[7.0, 7.0, 30.0], pbc=True)
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    write(folder / f"{number}.extxyz", atoms)
    return f"{number}.extxyz"


def films(folder: Path, **more: object) -> dict[str, object]:
    """A wetting study with the energies of the made-up one: W = 0.3 J/m², lithium that gains 0.2 and 0.3 eV."""
    bare = -150.0 - 0.3 * AREA / J_PER_M2
    one_film = {
        "interface": [
            {"file": structure(folder, bare), "n_solute": 0},
            {"file": structure(folder, bare - 1.0 - 0.2), "n_solute": 1, "degeneracy": 4},
            {"file": structure(folder, bare - 2.0 - 0.3), "n_solute": 2, "degeneracy": 2},
        ],
        "detached_film": structure(folder, -50.0),
        "film": structure(folder, -40.0),
        "solute_in_film": [structure(folder, -41.0), structure(folder, -40.5)],
        "solute_on_film": [structure(folder, -40.7)],
    }
    study = {
        "substrate": "LLTO",
        "miller_index": [0, 0, 1],
        "termination": "TiO2",
        "solute": "Li",
        "bulk": structure(folder, -10.0),
        "solid": structure(folder, -100.0),
        "films": [one_film],
    }
    return study | more


def test_films_are_a_contact_angle_as_if_they_had_been_computed_here(tmp_path, made_up_study):
    database = StructureDatabase(tmp_path / "imported.db")
    report = take(database, manifest(tmp_path, label="pbe", wetting=[films(tmp_path)]))
    assert report.refused == ()
    study = get_study(database, substrate="LLTO")
    assert (study.potential, study.solvent, study.solute) == ("dft:pbe", "Hg", "Li")
    imported = wetting_report("imported", study, WettingOptions())
    work = imported.faces[0].members[0].parameters
    assert work.work_of_adhesion_J_m2 == pytest.approx(0.3)
    made = made_up_study()
    made.fill(seeds=1, frames=1, spread=0.0)
    computed = wetting_report("computed", get_study(made.database), WettingOptions())
    for x in (1e-5, 1e-3, 0.0133):
        ours, theirs = (one.faces[0].curve.at(x).fresh.theta_deg for one in (imported, computed))
        assert ours == pytest.approx(theirs, abs=1e-6)
    assert take(database, tmp_path / "manifest.yaml").rows[0].is_new is False


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "names no file"),
        ({"label": "pbe", "files": ["a"]}, "files"),
        ({"crystals": [{"file": "a.extxyz", "name": "Li Hg"}]}, "crystals.0.*'Li Hg' is not allowed"),
        (
            {"surfaces": [{"phase": "Cu", "miller_index": [1, 1, 1], "termination": "Cu", "slabs": ["a"]}]},
            "slabs: 1 slab is not",
        ),
        ({"surfaces": [{"phase": "Cu", "miller_index": [1, 1], "termination": "Cu", "slabs": ["a", "b"]}]}, "miller"),
        ({"settings": {"cutof_eV": 3}}, "unknown setting 'cutof_eV'. Did you mean 'cutoff_eV'"),
        ({"settings": {"cutoff_eV": "high"}}, "cutoff_eV is 'high'; give a positive number"),
        ({"settings": {"functional": 3}}, "functional is 3; give a text"),
        ({"settings": {"hubbard_U": 4.0}}, "hubbard_U is 4.0; give a value for each element"),
        ({"corrections": "mp"}, "corrections.*'mp'"),
        ({"label": "pbe", "wetting": [{"substrate": "LLTO"}]}, "wetting.0"),
    ],
)
def test_a_wrong_manifest_is_refused_before_anything_is_read(tmp_path, content, told):
    with pytest.raises(InputError, match=told) as error:
        read_manifest(manifest(tmp_path, **content))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"solute": "Hg"}, "Hg is the solvent, too"),
        ({"solute": "Xx"}, "unknown element 'Xx'"),
        ({"dry_face": [{"file": "a", "n_solute": 0}]}, "the key 'solid'"),
        ({"films": []}, "films"),
    ],
)
def test_a_wetting_study_that_gives_no_angle_is_refused(tmp_path, change, told):
    with pytest.raises(InputError, match=told):
        read_manifest(manifest(tmp_path, label="pbe", wetting=[films(tmp_path, **change)]))


def test_a_film_without_the_pure_interface_is_refused(tmp_path):
    study = films(tmp_path)
    study["films"][0]["interface"] = study["films"][0]["interface"][1:]  # type: ignore[index]
    with pytest.raises(InputError, match=r"n_solute is \[1, 2\]; give one without solute"):
        read_manifest(manifest(tmp_path, label="pbe", wetting=[study]))


def test_what_files_do_not_tell_the_manifest_may(tmp_path):
    copper = bulk("Cu")
    copper.calc = SinglePointCalculator(copper, energy=-1.0)
    copper.info["functional"] = "PBEsol"
    write(tmp_path / "Cu.extxyz", copper)
    settings = {"code": "CP2K", "functional": "PBE", "cutoff_eV": 500, "hubbard_U": {}}
    path = manifest(tmp_path, label="pbe", settings=settings, crystals=[{"file": "Cu.extxyz", "name": "copper"}])
    (row,) = take(StructureDatabase(tmp_path / "structures.db"), path).rows
    found = row.calculation
    # what a file tells of itself stays
    assert (row.name, found.code, found.functional, found.cutoff_eV) == ("copper", "CP2K", "PBEsol", 500)
