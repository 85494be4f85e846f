"""The plan of a stability study: a real embedded LaunchPad, EMT, a crystal of gold and silver as electrolyte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from fireworks import Firework, Workflow

from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.engine.worker import Worker
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies.stability.study import StabilityStudy
from amalgamics.workflows.submission import spec_document
from amalgamics.workflows.tasks import PlanStudy

MANIFEST = {"fingerprints": {"Al_fcc": "x"}, "fresh_after": 0}
JOB = """
name: tiny
systems: [Al-Ag]
potential: emt
structures: {prototypes: false}
relaxation: {fmax: 0.05}
stability: {electrolytes: [Au3Ag.cif], metal: Al, solvent: Ag}
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Input of the study and its crystal, in the working directory."""
    monkeypatch.chdir(tmp_path)
    places = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    Atoms("AgAu3", scaled_positions=places, cell=[4.07] * 3, pbc=True).write(tmp_path / "Au3Ag.cif")
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    return path


def work_through(launchpad: Any, document: dict[str, Any], scratch: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Plan the study in a workflow of its own and work until nothing is left; return how many Fireworks ran."""
    plan = Firework([PlanStudy(workflow=document, study="stability")], spec={"manifest": MANIFEST})
    launchpad.add_wf(Workflow([plan]))
    scratch.mkdir(exist_ok=True)
    with monkeypatch.context() as patch:
        patch.chdir(scratch)
        return Worker(launchpad, None, scratch).work()


def test_everything_is_relaxed_once_and_the_report_follows(
    job: Path, embedded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load_spec(job)
    launchpad = open_launchpad(embedded_url)
    document = spec_document(spec)
    assert work_through(launchpad, document, tmp_path / "scratch", monkeypatch) == 3  # electrolyte, products
    assert launchpad.get_fw_ids({"state": {"$ne": "COMPLETED"}}) == []
    database = StructureDatabase(spec.database_address)
    rows = database.select("", sort="id")
    assert {row.name for row in rows} == {"Au3Ag", "Al_fcc", "Ag_fcc", "Au_fcc"}
    study = StabilityStudy(Job.of(spec, {}))
    assert {row.fingerprint for row in rows} == set(study.keys_of(study.crystals))
    assert work_through(launchpad, document, tmp_path / "scratch", monkeypatch) == 1
    assert [row.id for row in database.select("", sort="id")] == [row.id for row in rows]
    sections = study.sections(study.results())
    assert [section.anchor for section in sections] == ["stability", "stability-Au3Ag"]
    assert not sections[0].warnings
    assert [row[0] for row in sections[1].tables[0].rows] == ["Ag", "Al"]


def test_what_follows_still_gets_the_manifest(job: Path) -> None:
    task = PlanStudy(workflow=spec_document(load_spec(job)), study="stability")
    action = task.run_task({"manifest": MANIFEST, "other": 1})
    assert action.update_spec == {"manifest": MANIFEST}
    names = [name for detour in action.detours[0].fws for name in detour.spec["structures"]]
    assert sorted(names) == ["Ag_fcc", "Al_fcc", "Au3Ag", "Au_fcc"]
