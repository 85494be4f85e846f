"""``amalgamics surfaces`` on slabs of silver computed with EMT."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from ase.build import bulk

from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.cli import main as main_module
from amalgamics.reports.surfaces.model import InterfaceRecord
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.rows import conventional_of
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.surfaces import stored_interfaces
from amalgamics.workflows.studies.surfaces.phase_surfaces import relax_slabs, slab_candidates


@pytest.fixture(scope="module")
def silver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two planes of silver."""
    database = StructureDatabase(tmp_path_factory.mktemp("silver") / "structures.db")
    settings = RelaxationSettings(fmax=0.05)
    candidate = Candidate("Ag_fcc", "library", bulk("Ag", a=4.06), "made up")
    row = Calculations(database, "emt", settings).relax(candidate, relax_cell=True)
    crystal = conventional_of(row).atoms
    slabs = Calculations(database, "emt", RelaxationSettings(fmax=0.05, relax_cell=False))
    for plane in ((1, 1, 1), (1, 0, 0)):
        relax_slabs(slabs, slab_candidates("Ag_fcc", crystal, plane))
    return Path(database.address)


@pytest.fixture
def surfaces(silver: Path, tmp_path: Path, monkeypatch, capsys):
    """Run the verb in a directory that has the database; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.setitem(main_module.VERBS, "surfaces", "Print surface energies.")
    (tmp_path / "results").mkdir()
    shutil.copy(silver, tmp_path / "results" / "structures.db")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main_module.main(["surfaces", *arguments])
        output, errors = capsys.readouterr()
        return int(ended.value.code or 0), output, errors

    return run


def test_the_table_has_each_plane(surfaces) -> None:
    code, output, _ = surfaces()
    assert code == 0
    assert "(111)" in output
    assert "(100)" in output
    assert "work of adhesion" not in output


def test_slabs_of_another_job_are_named_and_can_be_chosen(surfaces, tmp_path: Path) -> None:
    database = StructureDatabase(tmp_path / "results" / "structures.db")
    (row,) = database.select("name=Ag_fcc")
    slabs = Calculations(database, "emt", RelaxationSettings(fmax=0.003, relax_cell=False))
    relax_slabs(slabs, slab_candidates("Ag_fcc", conventional_of(row).atoms, (1, 1, 1)))
    _, output, errors = surfaces("--csv")
    assert len(list(csv.DictReader(io.StringIO(output)))) == 2
    assert "not mixed with it: group 2 ((111), fmax 0.003)" in errors
    (tight,) = csv.DictReader(io.StringIO(surfaces("Ag", "--group", "2", "--csv")[1]))
    assert tight["plane"] == "(111)"
    code, _, errors = surfaces("--group", "3")
    assert code == 2
    assert "group: 3 is not allowed" in errors


def test_json_and_csv_hold_the_same_numbers(surfaces) -> None:
    (silver,) = json.loads(surfaces("Ag", "--json")[1])["phases"]
    rows = list(csv.DictReader(io.StringIO(surfaces("Ag_fcc", "--csv")[1])))
    assert [float(row["surface_energy_J_m2"]) for row in rows] == [
        item["surface_energy_J_m2"] for item in silver["surfaces"]
    ]
    assert sum(float(row["area_fraction"]) for row in rows) == pytest.approx(1.0)
    low, high = sorted(item["surface_energy_J_m2"] for item in silver["surfaces"])
    assert low < silver["mean_surface_energy_J_m2"] < high


def test_the_csv_has_the_adhesion_that_the_json_has(surfaces, monkeypatch) -> None:
    joined = InterfaceRecord(
        "Ag_fcc", "Au_fcc", "(111)", "(111)", "emt", 7.1, 12, 0.004, 0.004, 1.19, 1.21, (0.6, None)
    )
    monkeypatch.setattr(stored_interfaces, "stored_interfaces", lambda *_, **__: ([joined], []))
    (told,) = json.loads(surfaces("--json")[1])["interfaces"]
    rows = list(csv.DictReader(io.StringIO(surfaces("--csv")[1])))
    assert [bool(row["surface_energy_J_m2"]) for row in rows] == [True, True, False]
    (row,) = (row for row in rows if row["substrate"])
    assert (row["phase"], row["plane"], row["substrate"], row["potential"]) == ("Ag_fcc", "(111)", "Au_fcc", "emt")
    assert float(row["work_of_adhesion_J_m2"]) == told["relaxed_J_m2"] == 1.19
    assert float(row["rigid_work_of_adhesion_J_m2"]) == told["rigid_J_m2"]
    assert row["interface_energy_J_m2"] == ""


def test_pictures_are_written_when_asked(surfaces, tmp_path: Path) -> None:
    code, _, errors = surfaces("--json", "--output", "pictures")
    assert code == 0
    assert "wulff.png" in errors
    assert (tmp_path / "pictures" / "wulff.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "pictures" / "surface-energies.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("Ag_fc",), "Ag_fcc"), (("--potential", "chgnet"), "no surface"), (("--database", "none.db"), "no structure")],
)
def test_what_is_not_there_is_one_line_and_exit_two(surfaces, arguments, told) -> None:
    code, _, errors = surfaces(*arguments)
    assert code == 2
    assert told in errors
    assert errors.count("\n") == 1


def test_lattice_constants_are_those_of_the_symmetrised_crystal(surfaces, tmp_path: Path) -> None:
    database = StructureDatabase(tmp_path / "results" / "structures.db")
    strained = bulk("Ag", "fcc", a=4.06, cubic=True)
    strained.set_cell([4.06, 4.06, 4.063], scale_atoms=True)
    settings = RelaxationSettings(fmax=0.05, relax_cell=False)
    calculations = Calculations(database, "emt", settings)
    row = calculations.relax(Candidate("strained", "file", strained, "made up"), relax_cell=False)
    relax_slabs(calculations, slab_candidates("strained", conventional_of(row).atoms, (1, 1, 1)))
    (found,) = json.loads(surfaces("strained", "--json")[1])["phases"]
    assert found["axes"] == "Fm-3m, as given"
    assert found["lattice"] == pytest.approx([4.061] * 3 + [90.0] * 3)
    assert found["symmetrised"].startswith("symmetrised to Fm-3m within symprec 0.05 Å")
    _, output, errors = surfaces("strained")
    assert "a × b × c = 4.061 × 4.061 × 4.061 Å" in output.replace("\n", " ")
    assert "note: strained with emt: symmetrised to Fm-3m" in errors
    assert json.loads(surfaces("Ag_fcc", "--json")[1])["phases"][0]["symmetrised"] is None
