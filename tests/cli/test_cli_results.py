"""``amalgamics results`` on the database of a job that ran, with EMT."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from ase.build import bulk

from amalgamics.cli import main as cli
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies.equation_of_state import EquationOfStateStudy

JOB = """
name: moduli
systems: [Cu-Au]
potential: emt
structures: {library: [Cu_fcc, Au_fcc], prototypes: false}
database: structures.db
equation_of_state: {n_volumes: 5}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copper and gold at five volumes."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "job.yaml").write_text(JOB, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        job = Job.of(load_spec("job.yaml"))
        calculations = Calculations(job.database, "emt", job.spec.relaxation.settings())
        for candidate in job.candidates:
            calculations.relax(candidate, relax_cell=True)
        study = EquationOfStateStudy(job)
        for step in study.plan():
            study.run(step.method, step.arguments)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["results", "job.yaml", *arguments])
    printed = capsys.readouterr()
    return int(stop.value.code or 0), printed.out, printed.err


def test_the_tables_of_a_study_as_json_and_csv(capsys, folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    code, printed, _ = run(capsys, "--section", "equations-of-state", "--json")
    assert code == 0
    (table,) = json.loads(printed)
    assert table["section"] == "equations-of-state"
    moduli = {row[1]: row[table["columns"].index("B (GPa)")] for row in table["rows"]}
    assert set(moduli) == {"Cu_fcc", "Au_fcc"}
    assert 100 < moduli["Cu_fcc"] < 200
    code, printed, _ = run(capsys, "--section", "equations-of-state", "--csv")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [float(row["B (GPa)"]) for row in rows] == pytest.approx(list(moduli.values()))


def test_all_sections_are_printed_for_people(capsys, folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    code, printed, _ = run(capsys)
    assert code == 0
    assert "Equations of state" in printed
    assert "Powder pattern" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--section", "equation-of-state"), "Did you mean 'equations-of-state'"),
        (("--database", "elsewhere.db"), "no structure database"),
    ],
)
def test_what_is_not_there_is_told(capsys, folder: Path, monkeypatch, arguments, told: str) -> None:
    monkeypatch.chdir(folder)
    code, _, errors = run(capsys, *arguments)
    assert code == 2
    assert told in errors


def test_another_database_has_nothing_of_the_job(capsys, folder: Path, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(folder)
    other = load_spec("job.yaml", database=tmp_path / "other.db")
    relaxation = other.relaxation.settings()
    Calculations(Job.of(other).database, "emt", relaxation).relax(Candidate("Ag", "file", bulk("Ag"), "test"))
    code, _, errors = run(capsys, "--database", str(tmp_path / "other.db"))
    assert code == 2
    assert "has no result of moduli" in errors
