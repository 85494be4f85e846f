"""Two hosts that share a MongoDB server; one of them is lost."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fireworks import Firework, Workflow

from amalgamics.tests.workflows.cluster.conftest import Site
from amalgamics.tests.workflows.cluster.slurm_cluster import Host, Network
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad

pytestmark = pytest.mark.slow

LOST_AFTER_S = 4


@pytest.fixture
def address(mongo: str) -> str:
    return f"{mongo}/test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def start(
    site: Site, address: str, tasks: str, network: Network, request
) -> Iterator[Callable[[Host], subprocess.Popen[str]]]:
    """Start a launch with one worker on a host; all that is left of them is killed at the end."""
    environment = site.environment | {
        "PYTHONPATH": os.environ["PYTHONPATH"],
        "AMALGAMICS_LOST_AFTER": str(LOST_AFTER_S),
    }
    started = []

    def launch(host: Host) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "amalgamics.cli.main", "launch", "--workers", "1", "--launchpad", address]
        if "structures_server" in request.fixturenames:
            command += ["--database", request.getfixturevalue("structures_server")]
        process = subprocess.Popen(
            host.command(*command, "--allow-import", tasks),
            cwd=site.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield launch
    for host in network.hosts:
        kill_everything_on(host)
    for process in started:
        process.wait()
        process.stdout.close()


def processes_on(host: Host) -> list[int]:
    """Ids of the processes of a host; all but the pilot's own are in sessions of their own."""
    told = subprocess.run(["ip", "netns", "pids", host.namespace], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid in told.split() if "amalgamics" in command_of(int(pid))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def kill_everything_on(host: Host) -> None:
    for pid in processes_on(host):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def waiting(address, tasks, tmp_path):
    """A LaunchPad with two Fireworks that wait at fifos, so that each host has one of them."""
    module, launchpad = importlib.import_module(tasks), open_launchpad(address)
    waits = []
    for number in (1, 2):
        os.mkfifo(tmp_path / f"fifo{number}")
        task = module.Wait(path=str(tmp_path / f"out{number}"), fifo=str(tmp_path / f"fifo{number}"))
        waits.append(Firework([task], name=f"wait {number}"))
    launchpad.add_wf(Workflow(waits))
    return launchpad


def holder(launchpad, name: str) -> str:
    """Host on which a Firework runs."""
    fw_id = launchpad.fireworks.find_one({"name": name})["fw_id"]
    launch = launchpad.launches.find_one({"fw_id": fw_id, "state": "RUNNING"})
    return launch["fworker"]["name"].partition(":")[0] if launch else ""


def wait_until(condition: Callable[[], bool], patience_s: float = 240) -> float:
    """Wait, and return how long it took."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < patience_s
        time.sleep(0.1)
    return time.monotonic() - begin


def open_for(fifo: Path) -> threading.Thread:
    """Let the next one who waits at a fifo go on."""
    thread = threading.Thread(target=lambda: fifo.open("w").close())
    thread.start()
    return thread


def test_what_a_killed_host_ran_is_noticed_in_seconds_and_done_by_the_other(
    waiting, start, network, tmp_path, record_property
):
    first, second = network.hosts
    survivor = start(first)
    start(second)
    streams = {number: (tmp_path / f"fifo{number}").open("w") for number in (1, 2)}  # open when both run
    hosts = {number: holder(waiting, f"wait {number}") for number in (1, 2)}
    assert set(hosts.values()) == {"node1", "node2"}
    theirs = next(number for number, host in hosts.items() if host == "node2")
    ours = 3 - theirs
    kill_everything_on(second)
    streams[theirs].close()
    streams[ours].close()  # the other host has nothing to do any more, and looks after its colleague
    taken_s = wait_until(lambda: holder(waiting, f"wait {theirs}") == "node1")
    record_property("taken over after, s", round(taken_s, 1))
    print(f"taken over {taken_s:.1f} s after the kill; lost after {LOST_AFTER_S} s")
    open_for(tmp_path / f"fifo{theirs}").join()
    assert survivor.wait(240) == 0
    assert count_by_state(waiting) == {"COMPLETED": 2}
    launches = {
        (launch["fw_id"], launch["fworker"]["name"].partition(":")[0], launch["state"])
        for launch in waiting.launches.find({})
    }
    ids = {number: waiting.fireworks.find_one({"name": f"wait {number}"})["fw_id"] for number in (1, 2)}
    assert launches == {
        (ids[ours], "node1", "COMPLETED"),
        (ids[theirs], "node2", "FIZZLED"),
        (ids[theirs], "node1", "COMPLETED"),
    }
    assert waiting.db.workers.find_one({}) is None


JOB = """
name: emt
systems: [Ag-Au]
potential: emt
structures: {prototypes: {max_candidates: 5, max_atoms: 4}}
relaxation: {fmax: 0.01}
surfaces: {phases: [Ag, Au], planes: 3}
"""


def energies(address: Path | str) -> dict[str, float]:
    return {row.fingerprint: row.energy_per_atom for row in StructureDatabase(address).select()}


def test_a_job_on_two_servers_loses_a_host_and_nothing_else(address, start, network, site, structures_server, tmp_path):
    """MongoDB and PostgreSQL by the addresses of a network; the energies are those of one machine."""
    (site.folder / "job.yaml").write_text(JOB)
    site.amalgamics("submit", "job.yaml", "--launchpad", address, "--database", structures_server)
    first, second = network.hosts
    doomed = start(second)
    wait_until(lambda: bool(energies(structures_server)))
    kill_everything_on(second)
    doomed.communicate()
    survivor = start(first)
    told = survivor.communicate(timeout=500)[0]
    assert survivor.returncode == 0, told
    assert set(count_by_state(open_launchpad(address))) == {"COMPLETED"}
    assert (site.folder / "results" / "emt" / "report.html").is_file()
    alone = Site(tmp_path / "alone", site.environment)
    alone.folder.mkdir()
    (alone.folder / "job.yaml").write_text(JOB)
    alone.amalgamics("run", "job.yaml")
    expected = energies(alone.folder / "results" / "structures.db")
    assert energies(structures_server) == pytest.approx(expected, abs=1e-9)


def test_a_host_that_was_cut_off_gives_up_what_others_took_over(waiting, start, network, tmp_path):
    first, second = network.hosts
    survivor = start(first)
    start(second)
    streams = {number: (tmp_path / f"fifo{number}").open("w") for number in (1, 2)}
    theirs = next(number for number in (1, 2) if holder(waiting, f"wait {number}") == "node2")
    fw_id = waiting.fireworks.find_one({"name": f"wait {theirs}"})["fw_id"]
    worker = int((tmp_path / f"out{theirs}").read_text())
    inside = (
        subprocess.run(
            ["ip", "-n", second.namespace, "-o", "link", "show", "type", "veth"],
            capture_output=True,
            text=True,
            check=True,
        )
        .stdout.split(": ")[1]
        .partition("@")[0]
    )
    subprocess.run(["ip", "-n", second.namespace, "link", "set", inside, "down"], check=True)
    streams[3 - theirs].close()
    wait_until(lambda: holder(waiting, f"wait {theirs}") == "node1")
    assert worker in processes_on(second)  # it works on, unaware
    subprocess.run(["ip", "-n", second.namespace, "link", "set", inside, "up"], check=True)
    wait_until(lambda: worker not in processes_on(second))
    streams[theirs].close()
    assert survivor.wait(240) == 0
    completed = waiting.launches.find({"fw_id": fw_id, "state": "COMPLETED"})
    assert [launch["fworker"]["name"].partition(":")[0] for launch in completed] == ["node1"]
    assert count_by_state(waiting) == {"COMPLETED": 2}
