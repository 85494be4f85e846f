"""Jobs on a real SLURM: two hosts with addresses and names of their own, pilots in the queue, walltimes, scancel."""

from __future__ import annotations

import importlib
import json
import os
import re
import uuid
from pathlib import Path

import pytest
import yaml
from fireworks import Firework, Workflow

from amalgamics.tests.workflows.cluster.conftest import Site
from amalgamics.tests.workflows.cluster.slurm_cluster import Slurm
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad

pytestmark = pytest.mark.slow

JOB = """
name: emt
systems: [Ag-Au]
potential: emt
structures: {prototypes: {max_candidates: 5, max_atoms: 4}}
relaxation: {fmax: 0.01}
surfaces: {phases: [Ag, Au], planes: 1}
"""


@pytest.fixture
def prepared(site: Site, slurm: Slurm, mongo: str, tmp_path: Path) -> Site:
    """A folder after ``cluster init``, with a LaunchPad of its own."""
    site.environment |= slurm.environment | {"PYTHONPATH": os.environ["PYTHONPATH"]}
    address = f"{mongo}/test-{uuid.uuid4().hex[:12]}"
    told = site.amalgamics(
        *("cluster", "init", "--partition", "main", "--walltime", "00:10:00", "--cores", "2", "--memory", "1500M"),
        *("--launchpad", address, "--allow-path", str(tmp_path)),
    )
    assert len(told.splitlines()) == 6
    return site


def submitted(site: Site, *arguments: str) -> list[str]:
    told = site.amalgamics("launch", "--queue", "cluster/slurm.yaml", *arguments)
    assert told.count("\n") == 1, told
    return re.findall(r"\d+", told.partition("; submitted ")[2])


def output_of(site: Site, job: str) -> str:
    (path,) = (site.folder / "cluster" / "jobs").glob(f"*/{job}.out")
    return path.read_text()


def edit_queue_file(site: Site, **changes: str) -> None:
    path = site.folder / "cluster" / "slurm.yaml"
    keys = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**keys, **changes}))


def energies(site: Site) -> dict[str, float]:
    rows = json.loads(site.amalgamics("query", "--json"))
    return {row["name"]: row["energy_per_atom"] for row in rows}


def test_a_job_goes_through_the_queue_and_gives_what_it_gives_here(prepared, slurm, tmp_path):
    site, pad = prepared, "cluster/my_launchpad.yaml"
    (site.folder / "job.yaml").write_text(JOB)
    checks = json.loads(site.amalgamics("doctor", "--cluster", "cluster", "--json"))
    found = {check["check"]: check for check in checks}
    assert found["slurm.yaml"]["found"] == "queue: main"
    assert found["walltime"]["found"] == "00:10:00, partition main allows 1:00:00"
    assert "answers, 0 Fireworks" in found["LaunchPad of the workers"]["found"]
    site.amalgamics("submit", "job.yaml", "--launchpad", pad)
    told = site.amalgamics("launch", "--queue", "cluster/slurm.yaml", "--jobs", "2", "--dry-run")
    assert "#SBATCH --partition=main\n" in told
    assert "of at most 2 jobs in the queue; would submit 2" in told
    assert "$$" not in told
    assert slurm.run("squeue", "-h") == ""
    jobs = submitted(site, "--jobs", "2")
    assert len(jobs) == 2
    for job in jobs:
        assert slurm.wait_for(job, "COMPLETED") == "COMPLETED"
    assert (site.folder / "results" / "emt" / "report.html").is_file()
    assert "COMPLETED" in site.amalgamics("status", "--launchpad", pad)
    assert submitted(site, "--jobs", "2") == []  # nothing is left to do
    by_slurm = energies(site)
    local = Site(tmp_path / "local", site.environment)
    local.folder.mkdir()
    (local.folder / "job.yaml").write_text(JOB)
    local.amalgamics("run", "job.yaml")
    here = energies(local)
    assert by_slurm.keys() == here.keys()
    assert all(by_slurm[name] == pytest.approx(here[name], abs=1e-9) for name in here)
    left = sorted(path.name for path in (site.folder / "cluster").iterdir())
    assert left == ["jobs", "my_fworker.yaml", "my_launchpad.yaml", "pilot.slurm", "slurm.yaml"]


@pytest.fixture
def waiting(prepared, tasks, tmp_path, request):
    """A LaunchPad with one Firework, or more, that wait at fifos; jobs may import their tasks."""
    prepared.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    keys = yaml.safe_load((prepared.folder / "cluster" / "slurm.yaml").read_text())
    edit_queue_file(prepared, rocket_launch=f"{keys['rocket_launch']} --allow-import {tasks}")
    launchpad = open_launchpad(str(prepared.folder / "cluster" / "my_launchpad.yaml"))
    module = importlib.import_module(tasks)
    waits = []
    for number in range(1, getattr(request, "param", 1) + 1):
        os.mkfifo(tmp_path / f"fifo{number}")
        task = module.Wait(path=str(tmp_path / f"out{number}"), fifo=str(tmp_path / f"fifo{number}"))
        waits.append(Firework([task], name=f"wait {number}"))
    launchpad.add_wf(Workflow(waits))
    return launchpad


@pytest.mark.parametrize("waiting", [2], indirect=True)
def test_jobs_of_two_hosts_work_at_once(waiting, prepared, slurm, tmp_path):
    jobs = submitted(prepared, "--jobs", "2")
    assert submitted(prepared, "--jobs", "2") == []  # there are two already
    # Opens when the task does: both run, and there is one worker on each host.
    with (tmp_path / "fifo1").open("w"), (tmp_path / "fifo2").open("w"):
        names = waiting.launches.distinct("fworker.name")
        assert {name.partition(":")[0] for name in names} == {"node1", "node2"}
    for job in jobs:
        slurm.wait_for(job, "COMPLETED")
    assert count_by_state(waiting) == {"COMPLETED": 2}


def test_a_worker_stops_before_the_walltime_and_the_next_goes_on(waiting, prepared, slurm, tmp_path):
    command = yaml.safe_load((prepared.folder / "cluster" / "slurm.yaml").read_text())["rocket_launch"]
    # Half a minute of work in a job of three.
    edit_queue_file(prepared, walltime="00:03:00", rocket_launch=f"{command} --stop-before 00:02:30")
    (job,) = submitted(prepared)
    assert slurm.wait_for(job, "COMPLETED") == "COMPLETED"  # exit code 0
    told = output_of(prepared, job)
    assert "stopped before the time is over; left: 1 ready; interrupted and ready again: wait 1" in told
    assert count_by_state(waiting) == {"READY": 1}
    edit_queue_file(prepared, rocket_launch=command, walltime="00:10:00")
    (job,) = submitted(prepared)
    (tmp_path / "fifo1").open("w").close()  # opens when the task opens its end
    slurm.wait_for(job, "COMPLETED")
    assert count_by_state(waiting) == {"COMPLETED": 1}


@pytest.mark.parametrize("how", [[], ["--signal=USR1", "--batch"]])
def test_scancel_leaves_what_ran_ready(waiting, prepared, slurm, tmp_path, how):
    (job,) = submitted(prepared)
    with (tmp_path / "fifo1").open("w"):
        slurm.run("scancel", *how, job)
        state = slurm.wait_for(job, "CANCELLED", "COMPLETED")
    assert state == ("COMPLETED" if how else "CANCELLED")
    expected = "stopped before the time is over" if how else "stopped by SIGTERM; the same command goes on"
    assert expected in output_of(prepared, job)
    assert count_by_state(waiting) == {"READY": 1}


def test_what_slurm_refuses_is_told_in_its_words(prepared):
    (prepared.folder / "job.yaml").write_text(JOB)
    prepared.amalgamics("submit", "job.yaml", "--launchpad", "cluster/my_launchpad.yaml")
    edit_queue_file(prepared, queue="elsewhere")
    told = prepared.amalgamics("launch", "--queue", "cluster/slurm.yaml", code=2)
    assert re.fullmatch(r"error: queue: sbatch took no job: .*invalid partition specified: elsewhere.*\n", told)
    checks = prepared.amalgamics("doctor", "--cluster", "cluster", code=1)
    assert "there is no partition 'elsewhere'; there are main" in checks
    edit_queue_file(prepared, queue="main", walltime="02:00:00")
    assert "02:00:00, partition main allows 1:00:00" in prepared.amalgamics("doctor", "--cluster", "cluster", code=1)
