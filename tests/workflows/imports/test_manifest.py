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
from amalgamics.workflows.imports.balance import imbalances
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


def structure(folder: Path, energy: float, symbols: str = "TiHg", edge: float = 7.0) -> str:
    """Write a cell of the area of the made-up study with an energy, and return the name of its file."""
    number = next(_NUMBERS)
    atoms = Atoms(symbols, cell=[edge, edge, 30.0], pbc=True)
    atoms.positions = [[1, 1, 1 + 3.0 * place] for place in range(len(atoms))]
    atoms.positions[-1, 0] += 0.01 * number
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    write(folder / f"{number}.extxyz", atoms)
    return f"{number}.extxyz"


def films(folder: Path, **more: object) -> dict[str, object]:
    """A wetting study with the energies of the made-up one: W = 0.3 J/m², lithium that gains 0.2 and 0.3 eV."""
    bare = -150.0 - 0.3 * AREA / J_PER_M2
    one_film = {
        "interface": [
            {"file": structure(folder, bare, "Ti2Hg3"), "n_solute": 0},
            {"file": structure(folder, bare - 1.0 - 0.2, "Ti2Hg3Li"), "n_solute": 1, "degeneracy": 4},
            {"file": structure(folder, bare - 2.0 - 0.3, "Ti2Hg3Li2"), "n_solute": 2, "degeneracy": 2},
        ],
        "detached_film": structure(folder, -50.0, "Hg3"),
        "film": structure(folder, -40.0, "Hg4"),
        "solute_in_film": [structure(folder, -41.0, "Hg4Li"), structure(folder, -40.5, "Hg4Li")],
        "solute_on_film": [structure(folder, -40.7, "Hg4Li")],
    }
    study = {
        "substrate": "LLTO",
        "miller_index": [0, 0, 1],
        "termination": "TiO2",
        "solute": "Li",
        "bulk": structure(folder, -10.0),
        "solid": structure(folder, -100.0, "Ti2"),
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


@pytest.mark.parametrize(
    ("key", "symbols", "edge", "told"),
    [
        ("detached_film", "Hg3", 7.5, "its cell has an area of 56.2 Å², and that of the solid 49.0"),
        ("film", "Hg6", 7.0, "it holds Hg4Li1, and the free film Hg6: that is not one Li more"),
        ("detached_film", "Hg4", 7.0, "it holds Hg3Ti2, and solid and detached film together Hg4Ti2"),
    ],
)
def test_cells_that_do_not_belong_together_are_refused(tmp_path, key, symbols, edge, told):
    study = films(tmp_path)
    study["films"][0][key] = structure(tmp_path, -40.0, symbols, edge)  # type: ignore[index]
    report = take(StructureDatabase(tmp_path / "a.db"), manifest(tmp_path, label="pbe", wetting=[study]))
    assert report.refused
    assert any(one.reason == told for one in report.refused)


def cells(**counts: str) -> list[tuple[dict[str, object], Atoms]]:
    found = []
    for name, symbols in counts.items():
        role, _, number = name.partition("_")
        labels = {"role": role.replace("0", "-"), "n_solute": int(number or 0), "seed": 0, "frame": 0, "solute": "Li"}
        found.append((labels, Atoms(symbols, cell=[7.0, 7.0, 30.0])))
    return found


def test_a_solute_may_take_the_place_of_the_solvent_but_then_everywhere():
    films = {"solid": "Ti2", "detached0film": "Hg4", "film": "Hg6", "solute0in0film": "Hg5Li", "interface_0": "Ti2Hg4"}
    assert imbalances(cells(**films, interface_1="Ti2Hg3Li", interface_2="Ti2Hg2Li2")) == {}
    (told,) = imbalances(cells(**films, interface_1="Ti2Hg4Li")).values()
    assert told.startswith("it holds Hg4Li1Ti2, and solid and detached film together and 1 times what enters the film")
    assert told.endswith("Hg3Li1Ti2")
    dry = imbalances([({**labels, "role": "dry-face"}, atoms) for labels, atoms in cells(x_1="Ti2Li")] + cells(**films))
    assert list(dry) == [0]
    assert imbalances(cells(**{**films, "solute0in0film": "Hg5Na"}))
