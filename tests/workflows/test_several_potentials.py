"""A job with several potentials: a report with each, and one that puts them side by side."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from ase.build import bulk
from fireworks import FWorker
from fireworks.core.rocket_launcher import launch_rocket

import amalgamics as am
from amalgamics.calculators.potentials import custom
from amalgamics.cli.main import main
from amalgamics.errors import InputError, SeveralPotentialsError
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.job import Job
from amalgamics.workflows.job_comparison import write_job_comparison
from amalgamics.workflows.spec import ComparedJobs, WorkflowSpec, load_jobs, load_spec
from amalgamics.workflows.studies.wetting.study import WettingStudy
from amalgamics.workflows.submission import build_workflow, job_key, modules_of, paths_of, submit

CODE = """
from ase.calculators.emt import EMT

class Scaled(EMT):
    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results = {key: self.factor * value for key, value in self.results.items()}
"""
SOFT = {"calculator": "mycalc.py:Scaled", "kwargs": {"factor": 0.5}, "name": "soft"}
CRYSTALS = ("Cu.cif", "Au.cif", "CuAu.cif")
JOB = {
    "name": "job",
    "systems": ["Cu-Au"],
    "potential": ["emt", SOFT],
    "structures": {"library": False, "prototypes": False, "files": list(CRYSTALS)},
    "relaxation": {"fmax": 0.1},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the job, its calculator and its crystals, in which nothing ran yet."""
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    ordered = bulk("Au", cubic=True)
    ordered.symbols[:2] = "Cu"
    for atoms, name in zip((bulk("Cu"), bulk("Au"), ordered), CRYSTALS, strict=True):
        atoms.write(name)
    Path("mycalc.py").write_text(CODE)
    Path("job.yaml").write_text(yaml.safe_dump(JOB))
    custom._described.cache_clear()
    yield tmp_path
    sys.modules.pop("mycalc_py", None)
    custom._described.cache_clear()


def command(*words: str | int) -> object:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


@pytest.mark.usefixtures("folder")
def test_each_has_its_report_and_all_of_them_a_comparison(folder, capfd):
    assert command("run", "job.yaml", "--workers", 1) == 0
    printed = capfd.readouterr().out
    for potential in ("emt", "soft"):
        assert f"{potential}: " in printed
        assert json.loads(Path(f"results/job-{potential}/summary.json").read_text())["potential"] == potential
    assert re.search(r"^compared: .*\nreport: .*results/job/report\.html$", printed, flags=re.MULTILINE)
    assert re.search(r"Cu .* eV/atom .* soft$", printed, flags=re.MULTILINE)

    # The differences in the page are those of energies in the database.
    database = StructureDatabase("results/structures.db")
    energies = {(row.potential, row.name): row.energy_per_atom for row in database.select()}
    assert len(energies) == 6
    by_hand = {
        name: energies[name, "CuAu"] - 0.5 * (energies[name, "Cu"] + energies[name, "Au"]) for name in ("emt", "soft")
    }
    summary = json.loads(Path("results/job/summary.json").read_text())
    (found,) = [phase for phase in summary["comparison"]["phases"] if phase["name"] == "CuAu"]
    computed = {name: one["formation_energy_per_atom"] for name, one in found["computed"].items()}
    assert computed == pytest.approx(by_hand, abs=1e-9)
    assert found["formation_energy_spread"] == pytest.approx(abs(by_hand["emt"] - by_hand["soft"]), abs=1e-9)
    assert found["formation_energy_spread"] > 1e-4
    assert "Hulls of Cu–Au compared" in Path("results/job/report.html").read_text()

    # Its links lead to the reports, wherever the folder is moved.
    links = re.findall(r'<a href="(\.\./[^"]+)"', Path("results/job/report.html").read_text())
    assert [(Path("results/job") / unquote(link)).resolve() for link in links] == [
        folder / "results" / f"job-{name}" / "report.html" for name in ("emt", "soft")
    ]

    # From Python the same, of which nothing is left to compute.
    before = Path("results/job-emt/report.html").stat().st_mtime_ns
    result = am.run(am.load_job("job.yaml"), workers=1, progress=False)
    assert result.report == folder / "results/job/report.html"
    assert {name: one.output_dir.name for name, one in result.of_potentials.items()} == {
        "emt": "job-emt",
        "soft": "job-soft",
    }
    assert result.to_dict()["of_potentials"]["soft"]["summary"]["potential"] == "soft"
    assert len(database.select()) == 6
    assert Path("results/job-emt/report.html").stat().st_mtime_ns > before
    compared = am.compare("Cu-Au", database=database)
    assert compared.phase("CuAu").formation_energy_spread == pytest.approx(found["formation_energy_spread"])

    capfd.readouterr()
    assert command("results", "job.yaml") == 2
    assert "several potentials, emt, soft; choose one with --potential" in capfd.readouterr().err
    assert command("status", "--json") == 0
    (*_, last) = json.loads(capfd.readouterr().out)
    assert (last["potential"], last["report"]) == ("emt, soft", "results/job/report.html")


@pytest.mark.usefixtures("folder")
def test_a_list_of_one_is_that_one():
    job = yaml.safe_load(Path("job.yaml").read_text())
    Path("job.yaml").write_text(yaml.safe_dump({**job, "potential": ["emt"]}))
    spec = load_spec("job.yaml")
    assert (spec.potential, spec.output_dir.name) == ("emt", "job")
    assert job_key(spec) == job_key(load_spec("job.yaml", potential="emt"))


def test_several_on_the_command_line_do_what_a_list_does(folder):
    listed = load_jobs("job.yaml")
    assert isinstance(listed, ComparedJobs)
    given = load_jobs("job.yaml", potential=["emt", SOFT])
    assert given == listed
    assert job_key(given) == job_key(listed)
    one = load_jobs("job.yaml", potential="emt")
    assert isinstance(one, WorkflowSpec)
    assert one.output_dir == listed.jobs[0].output_dir == folder / "results" / "job-emt"
    with pytest.raises(SeveralPotentialsError, match=r"job\.yaml has several potentials, emt, soft; choose one"):
        load_spec("job.yaml")
    assert command("submit", "job.yaml", "--potential", "emt", "--potential", "mycalc.py:Scaled") == 0
    assert command("submit", "job.yaml", "--potential", "emt", "--potential", "emt") == 2


@pytest.mark.usefixtures("folder")
def test_paths_in_a_list_start_where_those_of_one_do(monkeypatch, tmp_path_factory, folder):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert load_jobs(folder / "job.yaml").jobs[1].potential == "soft"
    with pytest.raises(InputError, match=r"potential: potential 'mycalc.py:Scaled': there is no file"):
        load_jobs(folder / "job.yaml", potential=["emt", "mycalc.py:Scaled"])


def test_the_workflow_has_a_chain_for_each_and_the_comparison_behind_all(folder):
    jobs = load_jobs("job.yaml")
    workflow = build_workflow(jobs)
    names = {firework.fw_id: firework.name for firework in workflow.fws}
    assert list(names.values()) == [
        *(f"{task}, {name}" for name in ("emt", "soft") for task in ("plan the hulls", "write report")),
        "write comparison",
    ]
    links = {(names[parent], names[child]) for parent, children in workflow.links.items() for child in children}
    assert links == {
        *((f"plan the hulls, {name}", f"write report, {name}") for name in ("emt", "soft")),
        *((f"write report, {name}", "write comparison") for name in ("emt", "soft")),
    }
    assert workflow.metadata["potential"] == "emt, soft"
    assert [one.split("#")[0] for one in modules_of(jobs)] == [f"{folder / 'mycalc.py'}:Scaled"]
    assert {folder / "results" / name for name in ("job", "job-emt", "job-soft")} <= set(paths_of(jobs))


def test_a_potential_without_a_hull_is_left_out_by_name(tmp_path, made_up_study):
    """Here only one of them has relaxed anything."""
    study = made_up_study()
    study.add_crystals()
    rows = study.database.select("relax_cell=True")
    jobs = [
        Job(spec_of(tmp_path, potential), study.database, {row.name: row.fingerprint for row in rows} if there else {})
        for potential, there in (("chgnet+d3", True), ("7net-0+d3", False))
    ]
    paths = write_job_comparison(jobs, tmp_path / "out")
    summary = json.loads(paths["summary.json"].read_text())
    assert summary["warnings"] == [
        "there is no report with chgnet+d3",
        "there is no report with 7net-0+d3",
        "Li-Hg: 7net-0+d3 is left out: nothing is relaxed",
    ]
    assert (summary["potential"], summary["reports"]) == ("chgnet+d3, 7net-0+d3", {})
    assert "comparison" not in summary


@pytest.mark.usefixtures("folder")
def test_a_potential_that_fails_leaves_the_report_of_the_other_and_holds_the_comparison_up(monkeypatch):
    """It has no crystal of an element, so its report fails; once it is mended, the same command does the rest."""
    fail = """
import os
class Failing(Scaled):
    def calculate(self, atoms=None, *arguments, **more):
        if "Cu" in atoms.symbols and "BROKEN" in os.environ:
            raise RuntimeError("no copper")
        super().calculate(atoms, *arguments, **more)
"""
    Path("mycalc.py").write_text(CODE + fail)
    jobs = load_jobs("job.yaml", potential=["emt", "mycalc.py:Failing"])
    launchpad = open_launchpad(jobs.launchpad)

    def work(**options: bool) -> list[str]:
        submit(jobs, launchpad, **options)
        while launch_rocket(launchpad, FWorker()):
            pass
        found = launchpad.get_fw_ids({"state": {"$in": ["FIZZLED", "WAITING"]}})
        return sorted(launchpad.get_fw_by_id(one).name for one in found)

    monkeypatch.setenv("BROKEN", "1")
    assert work() == ["write comparison", "write report, mycalc.py:Failing"]
    assert {path.parent.name for path in Path("results").glob("*/report.html")} == {"job-emt"}
    monkeypatch.delenv("BROKEN")
    work(retry_failed=True)
    summary = json.loads(Path("results/job/summary.json").read_text())
    assert len(summary["comparison"]["potentials"]) == len(summary["reports"]) == 2
    assert summary["warnings"] == []


def spec_of(folder: Path, potential: str, **more: object) -> WorkflowSpec:
    return WorkflowSpec(
        name="job",
        systems=["Li-Hg"],
        potential=potential,
        output=folder / potential,
        database=folder / "results" / "structures.db",
        **more,
    )


def test_contact_angles_stand_side_by_side(tmp_path, monkeypatch):
    from amalgamics.tests.reports.wetting_examples import wetting_report

    reports = {"chgnet+d3": wetting_report(), "7net-0+d3": wetting_report()}
    monkeypatch.setattr(WettingStudy, "results", lambda self: reports[self.potential])
    database = StructureDatabase(tmp_path / "results" / "structures.db")
    jobs = [Job(spec_of(tmp_path, name, wetting={"substrate": "LLTO"}), database, {}) for name in reports]
    paths = write_job_comparison(jobs, tmp_path / "out")
    summary = json.loads(paths["summary.json"].read_text())
    assert set(summary["wetting_comparison"]) == set(reports)
    assert paths["wetting-comparison.png"].read_bytes().startswith(b"\x89PNG")
    assert "Contact angles compared" in paths["report.html"].read_text()
