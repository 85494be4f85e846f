"""Reports of different potentials lie in folders of their own; a changed calculator computes anew and says so."""

from __future__ import annotations

import json
import sys

import pytest

from amalgamics.calculators.potentials import custom
from amalgamics.cli.main import main
from amalgamics.errors import InputError
from amalgamics.workflows.database.fingerprint import potential_identity
from amalgamics.workflows.output_folder import folder_for, potential_of_report, report_folder
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.tasks import RunStep

JOB = """
name: job
systems: [Cu-Au]
potential: emt
structures: {library: [Cu_fcc, Au_fcc], prototypes: false}
"""
CUSTOM = "ase.calculators.emt:EMT"


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    return path


def put_report(folder, potential):
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps({"potential": potential}))


@pytest.mark.parametrize(("output", "plain"), [("", "results/job"), ("output: my/report", "my/report")])
def test_another_potential_on_the_command_line_has_a_folder_of_its_own(job, tmp_path, output, plain):
    job.write_text(JOB + output)
    assert load_spec(job).output_dir == tmp_path / plain
    assert load_spec(job, potential="emt").output_dir == tmp_path / plain
    other = load_spec(job, potential=CUSTOM)
    assert other.output_dir == tmp_path / f"{plain}-ase.calculators.emt-EMT"


def test_a_report_of_another_potential_stays_where_it_is(tmp_path):
    folder = tmp_path / "job"
    assert report_folder(folder, "7net-0+d3") == folder
    put_report(folder, "chgnet+d3")
    assert report_folder(folder, "chgnet+d3") == folder
    assert report_folder(folder, "7net-0+d3") == tmp_path / "job-7net-0+d3" == folder_for(folder, "7net-0+d3")


CALCULATOR = """
from ase.calculators.emt import EMT
class Shifted(EMT):
    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        self.results["energy"] += {shift} * len(self.atoms)
"""


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["run", "job.yaml", "--workers", "1", *arguments])
    assert ended.value.code == 0


def energies():
    from amalgamics.workflows.database.structure_database import StructureDatabase

    rows = StructureDatabase("results/structures.db").select("potential=shifted:Shifted,Cu")
    return [row.energy_per_atom for row in rows]


@pytest.mark.usefixtures("job")
def test_an_edited_calculator_is_not_answered_with_old_energies(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(str(tmp_path))
    for shift in (0.0, 1.0):
        (tmp_path / "shifted.py").write_text(CALCULATOR.format(shift=shift))
        sys.modules.pop("shifted", None)
        custom._described.cache_clear()
        potential_identity.cache_clear()
        run("--potential", "shifted:Shifted")
    first, second = energies()
    assert second - first == pytest.approx(1.0, abs=1e-4)
    printed = capsys.readouterr().out
    assert printed.count("2 other results of shifted:Shifted") == 1
    assert "job-shifted-Shifted/report.html" in printed
    sys.modules.pop("shifted", None)


@pytest.mark.usefixtures("job")
def test_status_says_which_potential_and_where_the_report_is(tmp_path, capsys):
    run()
    run("--potential", CUSTOM)
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["status", "--json"])
    found = {row["potential"]: row["report"] for row in json.loads(capsys.readouterr().out)}
    assert found == {
        "emt": "results/job/report.html",
        CUSTOM: "results/job-ase.calculators.emt-EMT/report.html",
    }
    assert all(potential_of_report((tmp_path / report).parent) == potential for potential, report in found.items())


def test_a_step_that_was_planned_for_another_calculator_is_refused():
    document = {"name": "job", "systems": ["Cu-Au"], "potential": "emt", "database": "x"}
    task = RunStep(workflow=document, study="hulls", step="relax", arguments={"candidates": [], "settings": {}})
    with pytest.raises(InputError, match="not what it was when the job was planned"):
        task.run_task({"identities": {"emt": "potential-other"}, "manifest": {"fingerprints": {}}})
