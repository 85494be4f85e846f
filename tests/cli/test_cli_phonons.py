"""``amalgamics phonons`` on a database with EMT phonons."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from ase.build import bulk

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import relax
from amalgamics.cli import main as cli
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.phonons.settings import PhononStudySettings
from amalgamics.workflows.studies.phonons.study import PhononStudy


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copper, gold, and bcc copper, which is unstable."""
    store = StructureDatabase(tmp_path_factory.mktemp("phonons") / "structures.db")
    section = PhononStudySettings(min_length=4.5)
    spec = WorkflowSpec(name="job", systems=["Cu-Au"], potential="emt", database=store.path, phonons=section)
    study = PhononStudy(Job(spec, store, {}))
    crystals = {"Cu": bulk("Cu"), "Au": bulk("Au"), "Cu-bcc": bulk("Cu", "bcc", a=2.86)}
    for name, crystal in crystals.items():
        result = relax(crystal, "emt", section.relaxation())
        row_id = store.add(Candidate(name, "file", crystal, "test"), result, get_potential("emt"), section.relaxation())
        (row,) = store.select(f"id={row_id}")
        study.compute(row.fingerprint)
    return Path(store.address)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.VERBS, "phonons", "Print vibrations.")


def run(capsys: pytest.CaptureFixture[str], database: Path, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["phonons", "Cu-Au", "--database", str(database), *arguments])
    printed = capsys.readouterr()
    return int(stop.value.code or 0), printed.out, printed.err


def test_tables_and_notes(capsys, database: Path) -> None:
    code, printed, notes = run(capsys, database)
    assert code == 0
    assert "Dynamical stability, Cu-Au with emt" in printed
    assert "298.15 K" in printed
    assert "Cu (Cu-bcc) is dynamically unstable" in notes
    assert "the absolute value of their frequencies is taken" in notes


def test_json_has_the_documented_keys(capsys, database: Path) -> None:
    code, printed, notes = run(capsys, database, "--json", "--temperature", "300", "--temperature", "100")
    assert code == 0
    table = json.loads(printed)
    assert list(table) == [
        "system", "potential", "imaginary", "problem", "phases", "missing", "vibrations", "hulls", "changes"
    ]  # fmt: skip
    assert [hull["temperature_K"] for hull in table["hulls"]] == [100.0, 300.0]
    assert table["hulls"][0]["flagged"].keys() == {"Cu-bcc"}
    assert "Cu-bcc" in notes


def test_csv_has_a_row_for_each_phase_and_temperature(capsys, database: Path) -> None:
    _, printed, _ = run(capsys, database, "--csv", "--temperature", "300")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert {row["name"] for row in rows} == {"Cu", "Au", "Cu-bcc"}
    assert all(float(row["free_energy_per_atom"]) for row in rows)
    bcc = next(row for row in rows if row["name"] == "Cu-bcc")
    assert bcc["dynamically_stable"] == "False"
    assert float(bcc["lowest_frequency_THz"]) < -0.1


def test_refusing_imaginary_modes_ends_in_one_line(capsys, database: Path) -> None:
    code, printed, notes = run(capsys, database, "--imaginary", "refuse")
    assert code == 2
    assert "Dynamical stability" in printed
    assert "error: no hull: Cu-bcc has no harmonic free energy" in notes


def test_pictures_are_written_where_asked(capsys, database: Path, tmp_path: Path, monkeypatch) -> None:
    for name in ("phonon_png", "formation_free_energy_png"):
        monkeypatch.setattr(f"amalgamics.reports.phonons.section.{name}", lambda *_, **__: b"png")
    run(capsys, database, "--output", str(tmp_path / "pictures"))
    found = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert found == {"phonons-cu.png", "phonons-au.png", "phonons-cu-bcc.png", "temperature-cu-au.png"}


@pytest.mark.parametrize("arguments", [["--temperature", "-3"], ["--imaginary", "ignore"], ["--potential", "chgnet"]])
def test_bad_options_end_in_one_line(capsys, database: Path, arguments: list[str]) -> None:
    code, printed, notes = run(capsys, database, *arguments)
    assert (code, printed) == (2, "")
    assert len(notes.strip().splitlines()) == 1
