"""A wetting study from its input to its report: real processes, a real embedded LaunchPad, EMT."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.errors import InputError
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.studies.films.cells import Role
from amalgamics.workflows.studies.registry import studies_of
from amalgamics.workflows.studies.wetting.stored import get_study
from amalgamics.workflows.studies.wetting.study import WettingStudy
from amalgamics.workflows.submission import build_workflow, submit
from amalgamics.workflows.tasks import fireworks_of

DOCUMENT = {"name": "job", "potential": "emt"}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "amalgamics.cli.main", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def run(folder: Path) -> str:
    process = start(folder, "run", "job.yaml", "--workers", "1")
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return output


def every_row(folder: Path) -> list[Any]:
    database = StructureDatabase(folder / "results" / "structures.db")
    return database.select("", sort="id") + database.select("converged=False")


@dataclass(frozen=True)
class Killed:
    """What a run left behind that was killed in the middle of the dynamics."""

    checkpoint: Path
    stored: dict[str, float]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, write_wetting_job) -> Killed:
    """Start the tiny job, and kill it as soon as there is a checkpoint."""
    job = write_wetting_job(tmp_path_factory.mktemp("job"))
    job.write_text(job.read_text().replace("melt_steps: 20", "melt_steps: 120"))
    checkpoints = job.parent / "results" / "checkpoints"
    process = start(job.parent, "run", "job.yaml", "--workers", "1")
    while not list(checkpoints.glob("*.npz")):
        assert process.poll() is None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()  # the pipe closes when the workers are gone too
    assert process.returncode == -signal.SIGKILL
    (checkpoint,) = checkpoints.glob("*.npz")
    return Killed(checkpoint, {row.fingerprint: row.ctime for row in every_row(job.parent)})


@pytest.fixture(scope="module")
def finished(killed) -> Path:
    """The directory of the killed job, which then ran to its end."""
    folder = killed.checkpoint.parents[2]
    output = run(folder)
    assert "going on with the unfinished workflow" in output
    assert "report: " in output
    return folder


def test_a_killed_run_goes_on_where_it_stopped(killed, finished):
    """The dynamics start from the checkpoint, and what was stored is not computed again."""
    log = (finished / "results" / "launchpad" / "workers.log").read_text()
    # Each frame is a step of its own, which goes on from where the one before stopped; the first one was killed.
    first, *_ = re.findall(rf"going on from step (\d+) of .*{re.escape(killed.checkpoint.name)}", log)
    assert int(first) >= 50
    assert killed.stored.items() <= {row.fingerprint: row.ctime for row in every_row(finished)}.items()


def test_the_report_is_there_and_nothing_else_in_the_way(finished):
    assert {path.name for path in finished.iterdir()} >= {"job.yaml", "results"}
    assert list((finished / "results" / "checkpoints").iterdir()) == []
    files = {path.name for path in (finished / "results" / "tiny").iterdir()}
    assert {"report.html", "hull.png", "summary.json"} <= files
    summary = json.loads((finished / "results" / "tiny" / "summary.json").read_text())
    assert "Ni(001)" in summary["headline"]
    page = (finished / "results" / "tiny" / "report.html").read_text()
    assert "Ni(001)" in page
    assert "Cu" in page


def test_each_calculation_is_stored_once(finished):
    rows = every_row(finished)
    assert max(Counter(row.fingerprint for row in rows).values()) == 1
    assert all(row.converged for row in rows)


def test_all_parts_of_the_study_are_there(finished, monkeypatch):
    monkeypatch.chdir(finished)
    spec = load_spec(finished / "job.yaml")
    study = get_study(StructureDatabase(spec.database_address))
    assert study.key == WettingStudy(Job.of(spec)).key
    assert study.members() == [("Ni", "emt")]
    frames = study.interface_energies("Ni", "emt")
    assert sorted(frames) == [(0, 0), (0, 1)]
    assert all(sorted(states) == [0, 1, 2] for states in frames.values())
    assert set(study.insertion_energies("solute-in-film", "emt")) == {(0, 0), (0, 1)}
    surfaces = {row.substrate for row in study.database.select("study=surfaces")}
    assert surfaces == {"Ni", "Cu", "CuAu"}


def test_what_the_studies_say_they_computed_is_every_row(finished, monkeypatch):
    """So that nothing is left to take from the database when the job is computed anew."""
    monkeypatch.chdir(finished)
    spec = load_spec(finished / "job.yaml")
    named = {row.fingerprint for study in studies_of(spec) for row in study(Job.of(spec)).computed()}
    assert named == {row.fingerprint for row in every_row(finished)}


def test_slabs_and_films_are_not_phases_of_the_hull(finished):
    process = start(finished, "hull", "Cu-Au", "--json")
    output, _ = process.communicate()
    assert {phase["formula"] for phase in json.loads(output)["phases"]} == {"Cu", "Au", "CuAu"}


def test_a_second_run_computes_nothing(finished):
    before = [(row.id, row.mtime, row.fingerprint) for row in every_row(finished) if row.get("role") == "interface"]
    count = len(every_row(finished))
    output = run(finished)
    assert "Ni(001)" in output
    assert "atoms" not in output  # no line of a result
    assert len(every_row(finished)) == count
    assert [
        (row.id, row.mtime, row.fingerprint) for row in every_row(finished) if row.get("role") == "interface"
    ] == before


def test_films_begin_with_the_job_and_surfaces_of_phases_wait_for_the_hull(wetting_job):
    workflow = build_workflow(load_spec(wetting_job))
    names = {firework.fw_id: firework.name for firework in workflow.fws}
    links = {names[parent]: [names[child] for child in children] for parent, children in workflow.links.items()}
    assert links == {
        "plan the hulls": ["plan the wetting"],
        "plan the wetting": ["write report"],
        "begin the wetting": ["write report"],
        "write report": [],
    }
    priorities = {firework.name: firework.spec.get("_priority", 0) for firework in workflow.fws}
    order = ["begin the wetting", "plan the hulls", "plan the wetting", "write report"]
    assert sorted(priorities, key=lambda name: -priorities[name]) == order


def test_a_frame_is_quenched_while_the_film_is_followed_to_the_next(wetting_job):
    spec = load_spec(wetting_job)
    study = WettingStudy(Job.of(spec, {}))
    plan = {step.title: step for step in study.plan_at_once()}
    assert plan["film on Ni, seed 0, frame 1"].after == ["film on Ni, seed 0, frame 0"]
    assert "film on Ni, seed 0, frame 0" in plan["quench Ni, seed 0, frame 0, emt"].after
    assert not [title for title in plan["quench Ni, seed 0, frame 0, emt"].after if "frame 1" in title]
    crystals = [title for title in plan if title.startswith("crystal of")]
    assert list(plan["relax the Ni slab"].after) == crystals
    made = {firework.name: firework.spec["_priority"] for firework in fireworks_of(list(plan.values()), DOCUMENT, "w")}
    film = made["film on Ni, seed 0, frame 0"]
    assert film > made["film on Ni, seed 0, frame 1"] > made["quench Ni, seed 0, frame 0, emt"]
    assert film > max(made["free film, seed 0"], made["bulk liquid, seed 0, emt"])


def test_single_points_wait_for_all_that_they_are_taken_on(wetting_job):
    study = WettingStudy(Job.of(load_spec(wetting_job), {}))
    study.settings = study.settings.model_copy(update={"single_points": ("ase.calculators.emt:EMT",)})
    plan = {step.title: step for step in study.plan_at_once()}
    first = plan["single points on the first film on Ni, ase.calculators.emt:EMT"]
    last = plan["single points on Ni, ase.calculators.emt:EMT"]
    assert list(first.after) == ["quench Ni, seed 0, frame 0, emt"]
    others = [title for title in plan if title.startswith(("quench", "dry", "solute in", "bulk liquid"))]
    assert set(last.after) == {*others, first.title}


def test_potentials_that_share_a_dispersion_energy_take_single_points_together(wetting_job):
    """In one process, which remembers the sums; the functional and whose structures they are count, too."""
    study = WettingStudy(Job.of(load_spec(wetting_job), {}))
    names = ("chgnet-r2scan+d4", "7net-mf-r2scan+d4", "chgnet+d4", "chgnet-r2scan+d3", "ase.calculators.emt:EMT")
    study.settings = study.settings.model_copy(update={"single_points": names, "dispersion_models": ()})
    steps = [step for step in study.plan_at_once() if step.method == "single_points"]
    found = [(step.arguments["potential"], *step.arguments.get("others", ())) for step in steps]
    assert found == [names[:2], *((name,) for name in names[2:])]
    assert len(steps[0].results) == 2 * len(steps[1].results)
    json.dumps([step.arguments for step in steps])


def test_failures_of_the_study_are_tried_again_when_asked(wetting_job, embedded_url):
    """Those of this study; others are left alone."""
    spec = load_spec(wetting_job)
    study = WettingStudy(Job.of(spec))
    database = study.database

    def refuse(_atoms: Atoms) -> None:
        raise InputError("film evaporated")

    calculations = Calculations(database, "emt", spec.wetting.relaxation())
    mine = calculations.single_point(study.candidate("frame", Role.FRAME, bulk("Au"), "mine"), verify=refuse)
    other = Candidate("other", "frame", bulk("Au"), "made up", labels={"study": "another", "role": "frame"})
    calculations.single_point(other, verify=refuse)
    launchpad = open_launchpad(embedded_url)
    submit(spec, launchpad)
    assert len(database.select("converged=False")) == 2
    submit(spec, launchpad, retry_failed=True)
    (left,) = database.select("converged=False")
    assert left.study == "another"
    assert database.find(mine.fingerprint) is None
