"""The plan of a stability study: a real embedded LaunchPad, EMT, a crystal of gold and silver as electrolyte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from fireworks import Firework, Workflow

from amalgamics.workflows.builder import spec_document
from amalgamics.workflows.database import StructureDatabase
from amalgamics.workflows.launchpad import open_launchpad
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.stability_analysis import StabilityOptions, stability_sections
from amalgamics.workflows.stability_candidates import stability_keys
from amalgamics.workflows.stability_tasks import PlanStability
from amalgamics.workflows.worker import Worker

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
    plan = Firework([PlanStability(workflow=document)], spec={"manifest": {"fingerprints": {}}})
    launchpad.add_wf(Workflow([plan]))
    scratch.mkdir(exist_ok=True)
    with monkeypatch.context() as patch:
        patch.chdir(scratch)
        return Worker(launchpad, None, ["amalgamics."], scratch).work()


def test_everything_is_relaxed_once_and_the_report_follows(
    job: Path, embedded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load_spec(job)
    launchpad = open_launchpad(embedded_url)
    document = spec_document(spec)
    assert work_through(launchpad, document, tmp_path / "scratch", monkeypatch) == 3  # electrolyte, products
    assert launchpad.get_fw_ids({"state": {"$ne": "COMPLETED"}}) == []
    database = StructureDatabase(spec.database_path)
    rows = database.select("", sort="id")
    assert {row.name for row in rows} == {"Au3Ag", "Al_fcc", "Ag_fcc", "Au_fcc"}
    assert {row.fingerprint for row in rows} == set(stability_keys(spec))
    assert work_through(launchpad, document, tmp_path / "scratch", monkeypatch) == 1
    assert [row.id for row in database.select("", sort="id")] == [row.id for row in rows]
    sections = stability_sections(StabilityOptions.of(spec.stability), database, spec.potential, stability_keys(spec))
    assert [section.anchor for section in sections] == ["stability", "stability-Au3Ag"]
    assert not sections[0].warnings
    assert [row[0] for row in sections[1].tables[0].rows] == ["Ag", "Al"]


def test_what_follows_still_gets_the_manifest(job: Path) -> None:
    task = PlanStability(workflow=spec_document(load_spec(job)))
    handed = {"manifest": {"fingerprints": {"Al_fcc": "x"}}, "terminations": ["TiO2"], "other": 1}
    action = task.run_task(handed)
    assert action.update_spec == {"manifest": handed["manifest"], "terminations": ["TiO2"]}
    names = [name for detour in action.detours[0].fws for name in detour.spec["structures"]]
    assert sorted(names) == ["Ag_fcc", "Al_fcc", "Au3Ag", "Au_fcc"]
