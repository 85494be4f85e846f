"""Jobs with a potential of the user's own: from the file beside the job to rows, reports and commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from ase.build import bulk

from amalgamics.calculators.potentials import custom
from amalgamics.cli.main import main
from amalgamics.errors import InputError
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.studies.wetting.study import WettingStudy
from amalgamics.workflows.submission import job_key, modules_of, spec_document

CODE = """
from ase.calculators.emt import EMT

class Scaled(EMT):
    def __init__(self, factor=1.0, device="cpu"):
        super().__init__()
        self.factor, self.device = factor, device
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results = {key: self.factor * value for key, value in self.results.items()}
"""
JOB = {
    "name": "job",
    "systems": ["Cu-Au"],
    "structures": {"library": False, "prototypes": False, "files": ["Cu.cif", "Au.cif"]},
    "relaxation": {"fmax": 0.3},
}
SOFT = {"calculator": "mycalc.py:Scaled", "kwargs": {"factor": 0.5}, "name": "soft"}


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """A working folder with crystals, and a folder of jobs beside it that holds the calculator."""
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("work", "jobs"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for symbol in ("Cu", "Au"):
        bulk(symbol).write(f"{symbol}.cif")
    (tmp_path / "jobs" / "mycalc.py").write_text(CODE)
    custom._described.cache_clear()
    yield tmp_path / "work"
    sys.modules.pop("mycalc_py", None)
    custom._described.cache_clear()


def write(work: Path, potential: object, **more: object) -> Path:
    path = work.parent / "jobs" / "job.yaml"
    path.write_text(yaml.safe_dump({**JOB, "potential": potential, **more}))
    return path


def command(*words: str | Path | int) -> object:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


def test_a_job_runs_with_it_and_is_found_by_its_name(work, capfd):
    job = write(work, SOFT)
    assert command("run", job, "--workers", 1) == 0
    rows = list(StructureDatabase("results/structures.db").select(sort="id"))
    assert {row.potential for row in rows} == {"soft"}
    assert {row.data["provenance"]["calculator"]["kwargs"]["factor"] for row in rows} == {0.5}
    assert json.loads(Path("results/job/summary.json").read_text())["potential"] == "soft"
    capfd.readouterr()
    assert command("hull", "Cu-Au", "--potential", "soft", "--json") == 0
    assert json.loads(capfd.readouterr().out)["potential"] == "soft"
    assert command("query", "potential=soft", "--json") == 0
    assert len(json.loads(capfd.readouterr().out)) == 2
    # Nothing is computed twice, wherever it computes; other arguments are another potential of the same name.
    assert command("run", job, "--workers", 1, "--device", "cpu") == 0
    assert len(list(StructureDatabase("results/structures.db").select())) == 2
    assert command("run", write(work, {**SOFT, "kwargs": {"factor": 0.6}}), "--workers", 1) == 0
    rows = list(StructureDatabase("results/structures.db").select(sort="id"))
    assert len(rows) == 4
    assert len({row.potential_identity for row in rows}) == 2
    assert "2 other results of soft" in capfd.readouterr().out


def test_a_worker_that_was_not_told_does_not_run_the_file(work, capfd):
    assert command("submit", write(work, SOFT)) == 0
    assert command("launch", "--workers", 1, "--allow-path", work.parent) == 1
    target = f"{work.parent / 'jobs' / 'mycalc.py'}:Scaled"
    assert f"start it with --allow-import {target}" in capfd.readouterr().err
    assert command("submit", work.parent / "jobs" / "job.yaml") == 0
    assert command("launch", "--workers", 1, "--allow-import", "../jobs/mycalc.py:Scaled") == 0


def test_a_potential_on_the_command_line_is_taken_from_the_current_folder(work):
    job = write(work, "emt")
    (work / "other.py").write_text(CODE)
    spec = load_spec(job, potential="other.py:Scaled")
    assert spec.potential == "other.py:Scaled"
    assert spec.output_dir.name == "job-other.py-Scaled"
    with pytest.raises(InputError, match=r"potential: potential 'mycalc.py:Scaled': there is no file"):
        load_spec(job, potential="mycalc.py:Scaled")
    assert load_spec(write(work, "mycalc.py:Scaled")).output_dir.name == "job"


def test_what_is_stored_is_read_again_anywhere(work, monkeypatch):
    spec = load_spec(write(work, SOFT, phonons={"potential": {**SOFT, "kwargs": {}, "name": "hard"}}))
    document, key = json.loads(json.dumps(spec_document(spec))), job_key(spec)
    assert document["potential"]["calculator"] == str(work.parent / "jobs" / "mycalc.py:Scaled")
    monkeypatch.chdir("/")
    again = WorkflowSpec.model_validate(document)
    assert (again.potential, again.phonons.potential) == ("soft", "hard")
    assert again.potential.definition == spec.potential.definition
    assert job_key(again) == key
    assert [name.partition("#")[0] for name in modules_of(spec)] == [
        str(work.parent / "jobs" / "mycalc.py"),
        str(work.parent / "jobs" / "mycalc.py:Scaled"),
    ]


def test_the_device_of_the_command_line_is_that_of_the_potential_of_the_job(work):
    for potential in (SOFT, "mycalc.py:Scaled", {**SOFT, "device": "cpu"}):
        spec = load_spec(write(work, potential), device="cpu")
        assert spec.potential.definition.device == "cpu"
        assert spec.output_dir.name == "job"


def test_steps_know_a_potential_by_its_name_alone(work, monkeypatch):
    """Their arguments are stored as plain JSON."""
    bulk("Ni", cubic=True).write("Ni.cif")
    substrate = {"file": "Ni.cif", "miller_index": [0, 0, 1]}
    wetting: dict[str, object] = {"substrate": substrate, "solvent": "Au", "solute": "Cu", "dispersion_models": ["d4"]}
    wetting["more_potentials"] = [{**SOFT, "functional": "PBE", "dispersion": "d3"}]
    content = yaml.safe_load(write(work, "emt", wetting=wetting).read_text())
    spec = WorkflowSpec.model_validate(content, context={"folder": work.parent / "jobs"})
    study = WettingStudy(Job.of(spec, {}))
    assert study.all_potentials[:3] == ("emt", "soft+d3@pbe", "soft+d4@pbe")
    used = []
    monkeypatch.setattr(
        "amalgamics.workflows.studies.wetting.study.relax_solid",
        lambda study, potential, _: used.append(study.calculations(potential).potential),
    )
    for name in json.loads(json.dumps(study.all_potentials[:3])):
        study.run("solid", {"termination": "Ni", "potential": name})
    assert [one.name for one in used] == ["emt", "soft+d3@pbe", "soft+d4@pbe"]
    assert [one.definition and one.definition.kwargs for one in used] == [None, {"factor": 0.5}, {"factor": 0.5}]
    assert [study.base_of(name) for name in study.repeating_potentials[:1]] == ["soft+d3@pbe"]
