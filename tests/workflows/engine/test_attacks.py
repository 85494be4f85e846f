"""What somebody who can write to the LaunchPad tries, on both stores: refused before anything is imported or touched.

The foreign module leaves a file behind when it is imported, by whatever process and code path.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk
from fireworks import Firework, FWAction, FWorker, Workflow

from amalgamics import permissions
from amalgamics.cli.main import main
from amalgamics.workflows.engine import recovery
from amalgamics.workflows.engine.allowed_tasks import OWN_TASKS, ForeignTaskError
from amalgamics.workflows.engine.launching import failures, launch_workers
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad, run_tool
from amalgamics.workflows.engine.worker import Worker
from amalgamics.workflows.spec import load_spec
from amalgamics.workflows.submission import modules_of, submit


@dataclass
class Evil:
    """A module that must not be imported."""

    name: str
    marker: Path

    @property
    def task(self) -> dict[str, str]:
        return {"_fw_name": f"{{{{{self.name}.Task}}}}"}

    @property
    def file(self) -> Path:
        return self.marker.with_name(f"{self.name}.py")

    def copy_to(self, folder: Path) -> Path:
        return Path(shutil.copy(self.file, folder))

    def link_from(self, folder: Path) -> Path:
        (folder / "link.py").symlink_to(self.file)
        return folder / "link.py"

    @property
    def was_imported(self) -> bool:
        return self.marker.exists()


@pytest.fixture
def evil(tmp_path, monkeypatch) -> Evil:
    name, folder = f"evil_{uuid.uuid4().hex[:12]}", tmp_path / "evil"
    folder.mkdir()
    marker = folder / "imported"
    text = (
        f"open({str(marker)!r}, 'w').close()\n"
        "import os\n"
        "from ase.calculators.emt import EMT as Calculator\n"
        "from fireworks import FiretaskBase, explicit_serialize\n"
        "@explicit_serialize\n"
        "class Task(FiretaskBase):\n"
        "    def run_task(self, fw_spec):\n"
        "        pass\n"
    )
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(recovery, "_PATIENCE_S", (0.05, 0.1))
    yield Evil(name, marker)
    sys.modules.pop(name, None)


@pytest.fixture
def launchpad(url, tasks, tmp_path, monkeypatch):
    """A LaunchPad with a first step, which adds two, and a child; ``out`` tells what ran."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    module, pad = importlib.import_module(tasks), open_launchpad(url)
    first = Firework([module.Add(path=str(tmp_path / "out"), count=1)])
    last = Firework([module.Note(path=str(tmp_path / "out"), text="last")])
    pad.add_wf(Workflow([first, last], {first: [last]}, name="two steps"))
    pad.url, pad.module, pad.out = url, tasks, tmp_path / "out"
    pad.first, pad.last = first.fw_id, last.fw_id
    return pad


def work(launchpad, folder: Path) -> None:
    """Do here what a worker process does."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    Worker(launchpad, None, scratch).work()


def test_the_own_tasks_are_all_there_are():
    from fireworks import FiretaskBase

    from amalgamics.workflows import tasks

    found = {f"{tasks.__name__}.{name}" for name, one in vars(tasks).items() if isinstance(one, type)}
    assert {name for name in found if issubclass(getattr(tasks, name.rpartition(".")[2]), FiretaskBase)} - {
        f"{tasks.__name__}.FiretaskBase"
    } == OWN_TASKS


def test_the_marker_appears_when_the_module_is_allowed(launchpad, evil, tmp_path):
    """Otherwise none of these tests could fail."""
    launchpad.fireworks.update_one({"fw_id": launchpad.first}, {"$set": {"spec._tasks.0": evil.task}})
    with permissions.modules_allowed([evil.name]):
        work(launchpad, tmp_path)
    assert evil.was_imported
    assert count_by_state(launchpad) == {"COMPLETED": 2}


FOREIGN = {
    "a foreign task": lambda evil: {"spec._tasks.0": evil.task},
    "a class of monty": lambda evil: {
        "spec.deep": [{"er": {"@module": evil.name, "@class": "Task", "@version": None}}]
    },
    "a task deep in an argument": lambda evil: {"spec._tasks.0.path": {"of": [evil.task]}},
    "a name outside the spec": lambda evil: {"extra": [evil.task]},
    "a spec that is a task": lambda evil: {"spec._fw_name": evil.task["_fw_name"]},
    "a shell command": lambda evil: {"spec._tasks.0": {"_fw_name": "ScriptTask", "script": [f"touch {evil.marker}"]}},
    "a function": lambda evil: {"spec._tasks.0": {"_fw_name": "PyTask", "func": f"{evil.name}.Task", "args": []}},
    "out of the command line": lambda _: {"spec._tasks.0": {"_fw_name": "{{amalgamics.cli.main.importlib}}"}},
    "a class of ours that is no task": lambda _: {"spec._tasks.0": {"_fw_name": "{{amalgamics.workflows.tasks.Job}}"}},
    "a function of ours": lambda _: {"spec._tasks.0": {"_fw_name": "{{amalgamics.permissions.restrict}}"}},
    "a prefix of ours": lambda _: {"spec._tasks.0": {"_fw_name": "{{amalgamics_evil.Task}}"}},
    "a neighbour of an allowed module": lambda _: {"spec._tasks.0": {"_fw_name": "{{ALLOWED_bad.Task}}"}},
    "no braces": lambda evil: {"spec._tasks.0": {"_fw_name": f"{evil.name}.Task"}},
}


@pytest.mark.parametrize("how", FOREIGN)
@pytest.mark.parametrize("which", ["first", "last"])
def test_a_foreign_name_is_left_alone(launchpad, evil, tmp_path, how, which):
    """In a Firework that could run, and in a child of it, which FireWorks reads as well."""
    change = FOREIGN[how](evil)
    for value in change.values():
        if isinstance(value, dict) and "_fw_name" in value:
            value["_fw_name"] = value["_fw_name"].replace("ALLOWED", launchpad.module)
    launchpad.fireworks.update_one({"fw_id": getattr(launchpad, which)}, {"$set": change})
    work(launchpad, tmp_path)
    assert not evil.was_imported
    assert not launchpad.out.exists()
    assert count_by_state(launchpad) == {"READY": 1, "WAITING": 1}


def keys_that_reach_for_files(folder: Path, evil: Evil) -> dict[str, object]:
    secret = str(folder / "secret")
    return {
        "_trackers": [{"filename": secret, "nlines": 25, "allow_zipped": False}],
        "_launch_dir": str(folder / "made"),
        "_files_in": {"a": str(folder / "made")},
        "_files_prev": {"a": secret},
        "_files_out": {"a": str(folder / "s*")},
        "_background_tasks": [{"_fw_name": "BackgroundTask", "tasks": [evil.task], "num_launches": 0}],
        "_recovery": {"_prev_dir": str(folder), "_mode": "cp", "_task_n": 0},
        "_queueadapter": {"pre_rocket": f"touch {folder / 'made'}"},
        "_dupefinder": {"_fw_name": "DupeFinderExact"},
        "_add_launchpad_and_fw_id": True,
        "_a_key_of_the_future": 1,
    }


@pytest.mark.parametrize("key", keys_that_reach_for_files(Path(), Evil("evil", Path())))
def test_a_key_that_reaches_for_files_is_left_alone(launchpad, evil, tmp_path, key):
    (tmp_path / "secret").write_text("the secret")
    value = keys_that_reach_for_files(tmp_path, evil)[key]
    change = {f"spec.{key}": value}
    if key in ("_files_in", "_files_prev"):  # one says where to, the other where from
        keys = keys_that_reach_for_files(tmp_path, evil)
        change = {f"spec.{one}": keys[one] for one in ("_files_in", "_files_prev")}
    launchpad.fireworks.update_one({"fw_id": launchpad.first}, {"$set": change})
    work(launchpad, tmp_path)
    assert not evil.was_imported
    assert not (tmp_path / "made").exists()
    assert "the secret" not in repr(list(launchpad.launches.find({})))
    assert count_by_state(launchpad) == {"READY": 1, "WAITING": 1}


@pytest.mark.parametrize("key", ["_fworker", "_category", "_priority", "_preserve_fworker", "_pass_job_info"])
def test_keys_that_only_say_where_it_runs_are_allowed(launchpad, tmp_path, key):
    launchpad.fireworks.update_one({"fw_id": launchpad.first}, {"$set": {f"spec.{key}": 1}})
    work(launchpad, tmp_path)
    # One with a _fworker or _category is for the workers of that name.
    assert count_by_state(launchpad).get("COMPLETED") in (None, 3)
    assert not failures(launchpad)


def make_foreign(launchpad, fw_id: int, evil: Evil):
    """Return what gives a Firework a foreign task."""
    return lambda: launchpad.fireworks.update_one({"fw_id": fw_id}, {"$set": {"spec._tasks.0": evil.task}})


def swap_after(monkeypatch, owner, name, swap) -> None:
    """Change the LaunchPad right after a method was called: a check that ran before is worth nothing then."""
    done: list[Any] = []
    original = getattr(owner, name)

    def and_swap(*args, **kwargs):
        found = original(*args, **kwargs)
        if not done:
            done.append(swap())
        return found

    monkeypatch.setattr(owner, name, and_swap)


def test_a_spec_that_is_changed_after_it_was_checked_is_not_run(launchpad, evil, tmp_path, monkeypatch):
    swap_after(monkeypatch, Worker, "_ready_ids", make_foreign(launchpad, launchpad.first, evil))
    work(launchpad, tmp_path)
    assert not evil.was_imported
    (failure,) = failures(launchpad)
    assert re.fullmatch(rf".*ForeignTaskError: a stored Firework names {evil.name}.Task, which.*", failure.message)


def test_a_child_that_is_changed_while_its_parent_runs_is_not_read(launchpad, evil, tmp_path, monkeypatch):
    swap_after(monkeypatch, launchpad, "checkout_fw", make_foreign(launchpad, launchpad.last, evil))
    work(launchpad, tmp_path)  # ends, and does not wait for what it leaves alone
    assert not evil.was_imported
    assert "last" not in (launchpad.out.read_text() if launchpad.out.exists() else "")


def test_trackers_in_the_launch_that_runs_read_nothing(launchpad, tmp_path):
    """Each heartbeat would copy the file into the LaunchPad."""
    (tmp_path / "secret").write_text("the secret")
    _, launch_id = launchpad.checkout_fw(FWorker(), ".")
    tracker = {"filename": str(tmp_path / "secret"), "nlines": 25, "allow_zipped": False}
    launchpad.launches.update_one({"launch_id": launch_id}, {"$set": {"trackers": [tracker]}})
    launchpad.ping_launch(launch_id)
    assert "the secret" not in repr(list(launchpad.launches.find({})))


def foreign_workflow(evil: Evil) -> dict[str, object]:
    """A workflow as an action holds it."""
    fireworks = [{"fw_id": -1, "spec": {"_tasks": [evil.task]}, "name": "added"}]
    return {"fws": fireworks, "links": {"-1": []}, "name": "added", "metadata": {}}


@pytest.mark.parametrize("kind", ["detours", "additions"])
def test_recover_reads_no_foreign_steps_of_an_action(launchpad, evil, tmp_path, kind):
    """Of a launch that ended, and whose action has not reached its workflow."""
    _, launch_id = launchpad.checkout_fw(FWorker(name="nobody"), ".")
    action = {**FWAction().to_dict(), kind: [foreign_workflow(evil)]}
    launchpad.launches.update_one({"launch_id": launch_id}, {"$set": {"state": "COMPLETED", "action": action}})
    assert recovery.recover(launchpad).total == 0
    work(launchpad, tmp_path)
    with pytest.raises(ForeignTaskError):
        launchpad.get_launch_by_id(launch_id)
    assert not evil.was_imported


def test_recover_does_not_restart_a_lost_foreign_firework(launchpad, evil):
    _, launch_id = launchpad.checkout_fw(FWorker(name="elsewhere:1:1"), ".")
    history = launchpad.launches.find_one({"launch_id": launch_id})["state_history"]
    history[-1]["updated_on"] = (datetime.now(UTC) - timedelta(hours=5)).isoformat()
    launchpad.launches.update_one({"launch_id": launch_id}, {"$set": {"state_history": history}})
    launchpad.fireworks.update_one({"fw_id": launchpad.first}, {"$set": {"spec._tasks.0": evil.task}})
    assert recovery.recover(launchpad).total == 0
    assert not evil.was_imported
    assert count_by_state(launchpad) == {"RUNNING": 1, "WAITING": 1}


def test_stock_commands_import_nothing_foreign(launchpad, evil, capfd):
    launchpad.fireworks.update_one({"fw_id": launchpad.first}, {"$set": {"spec._tasks.0": evil.task}})
    for arguments in (["get_fws", "-i", str(launchpad.first), "-d", "all"], ["rerun_fws", "-i", str(launchpad.first)]):
        with pytest.raises(ForeignTaskError):
            run_tool("lpad", arguments, launchpad.url)
    assert run_tool("rlaunch", ["singleshot"], launchpad.url) == 0
    assert not evil.was_imported
    capfd.readouterr()


JOB = """
name: job
systems: [Cu-Au]
potential: emt
structures: {library: false, prototypes: false, files: [Cu.cif, Au.cif]}
relaxation: {fmax: 0.3}
"""


@pytest.fixture
def job(url, tmp_path, monkeypatch):
    """The input of a job in the working directory."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for symbol in ("Cu", "Au"):
        bulk(symbol).write(f"{symbol}.cif")
    Path("job.yaml").write_text(JOB)
    return load_spec("job.yaml", launchpad=url)


WETTING = {"substrate": "LLTO", "solvent": "Au", "solute": "Cu"}
STORED = {
    "potential": lambda evil, _: {"potential": f"{evil.name}:Calculator"},
    "with dispersion": lambda evil, _: {"potential": f"{evil.name}:Calculator+d3@pbe"},
    "more potentials": lambda evil, _: {"wetting": {**WETTING, "more_potentials": [f"{evil.name}:Calculator"]}},
    "single points": lambda evil, _: {"wetting": {**WETTING, "single_points": [f"{evil.name}:Calculator"]}},
    "phonons": lambda evil, _: {"phonons": {"potential": f"{evil.name}:Calculator"}},
    "a mapping": lambda evil, _: {"potential": {"calculator": f"{evil.name}:Calculator"}},
    "a mapping with arguments": lambda evil, _: {
        "potential": {"calculator": f"{evil.name}:Calculator", "kwargs": {"asap_cutoff": True}, "name": "innocent"}
    },
    "a mapping among more": lambda evil, _: {
        "wetting": {**WETTING, "more_potentials": [{"calculator": f"{evil.file}:Calculator"}]}
    },
    "a file": lambda evil, _: {"potential": {"calculator": f"{evil.file}:Calculator"}},
    "a file by its name": lambda evil, _: {"potential": f"{evil.file}:Calculator"},
    "a file in the working directory": lambda evil, folder: {
        "potential": f"{evil.copy_to(folder / 'work')}:Calculator"
    },
    "a file by a link": lambda evil, folder: {"potential": f"{evil.link_from(folder / 'work')}:Calculator"},
    "a command in an argument": lambda evil, _: {
        "potential": {
            "calculator": "ase.calculators.nwchem:NWChem",
            "kwargs": {"command": f"touch {evil.marker}"},
        }
    },
    "weights": lambda evil, folder: {
        "potential": {"calculator": "7net-omni", "kwargs": {"weights": str(evil.copy_to(folder / "work"))}}
    },
    "a task in an argument": lambda evil, _: {
        "potential": {"calculator": "ase.calculators.emt:EMT", "kwargs": {"options": evil.task}}
    },
    "database": lambda _, folder: {"database": str(folder / "elsewhere" / "made.db")},
    "database by a link": lambda _, folder: {"database": str(folder / "work" / "link" / "made.db")},
    "a server": lambda *_: {"database": "postgresql://me@evil.example.org/made"},
    "output": lambda _, folder: {"output": str(folder / "elsewhere" / "made")},
    "structures": lambda _, folder: {"structures": {"files": [str(folder / "elsewhere" / "secret.cif")]}},
    "folder of structures": lambda _, folder: {"structures": {"files": [str(folder / "elsewhere")]}},
    "substrate": lambda _, folder: {
        "wetting": {**WETTING, "substrate": {"file": str(folder / "elsewhere/secret.cif")}}
    },
}


@pytest.mark.parametrize("how", STORED)
def test_a_stored_job_names_nothing_that_the_worker_was_not_given(job, url, evil, tmp_path, monkeypatch, how):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bulk("Ni").write(elsewhere / "secret.cif")
    (tmp_path / "work" / "link").symlink_to(elsewhere)
    before = sorted(elsewhere.iterdir())
    launchpad = open_launchpad(url)
    submit(job, launchpad)
    (first,) = launchpad.get_fw_ids({"state": "READY"})
    stored = launchpad.fireworks.find_one({"fw_id": first})["spec"]["_tasks"][0]["workflow"]
    stored.update(STORED[how](evil, tmp_path))
    launchpad.fireworks.update_one({"fw_id": first}, {"$set": {"spec._tasks.0.workflow": stored}})
    monkeypatch.setattr(permissions, "_restricted", True)  # as in a worker process
    monkeypatch.setenv("AMALGAMICS_ALLOW_PATH", str(Path.cwd()))
    work(launchpad, tmp_path)
    assert not evil.was_imported
    assert sorted(elsewhere.iterdir()) == before
    if how == "a task in an argument":  # the whole workflow is left alone
        assert count_by_state(launchpad)["READY"] == 1
        return
    (failure,) = failures(launchpad)
    assert re.search(r"--allow-import|--allow-path|--database|is a URL", failure.message), failure.message
    assert "Ni" not in failure.message


def test_worker_processes_are_restricted(job, url, evil):
    """To what their parent was told to allow, and no more."""
    launchpad = open_launchpad(url)
    submit(job, launchpad)
    (first,) = launchpad.get_fw_ids({"state": "READY"})
    change = {"$set": {"spec._tasks.0.workflow.potential": f"{evil.name}:Calculator"}}
    launchpad.fireworks.update_one({"fw_id": first}, change)
    launch_workers(url, n_workers=1)
    assert not evil.was_imported
    (failure,) = failures(launchpad)
    assert f"start it with --allow-import {evil.name}" in failure.message
    launchpad.rerun_fw(first)
    launch_workers(url, n_workers=1, allow=[evil.name])
    assert evil.was_imported


FACTOR = """
from ase.calculators.emt import EMT
class Scaled(EMT):
    def __init__(self, factor=1.0, command=""):
        super().__init__()
        self.factor = factor
        if command:
            open(command, "w").close()
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        self.results = {key: self.factor * value for key, value in self.results.items()}
"""


@pytest.mark.parametrize("place", ["file", "module"])
def test_run_allows_the_arguments_of_its_job_and_no_others(job, url, tmp_path, monkeypatch, place):
    """Somebody who can write to the LaunchPad could have given others, such as a command."""
    own = tmp_path / "own"
    own.mkdir()
    name = f"scaled_{uuid.uuid4().hex[:12]}"
    (own / f"{name}.py").write_text(FACTOR)
    if place == "module":
        monkeypatch.syspath_prepend(str(own))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(own), os.environ.get("PYTHONPATH", "")]))
    target = f"{name}:Scaled" if place == "module" else f"{own / name}.py:Scaled"
    spec = type(job).model_validate(
        {**job.model_dump(), "potential": {"calculator": target, "kwargs": {"factor": 0.5}}, "launchpad": url}
    )
    allow, launchpad = modules_of(spec), open_launchpad(url)
    submit(spec, launchpad)
    (first,) = launchpad.get_fw_ids({"state": "READY"})
    key, marker = "spec._tasks.0.workflow.potential.kwargs", tmp_path / "marker"
    launchpad.fireworks.update_one({"fw_id": first}, {"$set": {key: {"command": str(marker)}}})
    launch_workers(url, n_workers=1, allow=allow, workflow_of=first)
    (failure,) = failures(launchpad)
    assert f"start it with --allow-import {target}, or set" in failure.message
    assert not marker.exists()
    launchpad.fireworks.update_one({"fw_id": first}, {"$set": {key: {"factor": 0.5}}})
    launchpad.rerun_fw(first)
    launch_workers(url, n_workers=1, allow=allow, workflow_of=first)
    assert not failures(launchpad)


def test_run_does_not_read_a_failed_foreign_firework_again(job, url, evil):
    launchpad = open_launchpad(url)
    submit(job, launchpad)
    (first,) = launchpad.get_fw_ids({"state": "READY"})
    launchpad.fireworks.update_one({"fw_id": first}, {"$set": {"spec._tasks.0": evil.task, "state": "FIZZLED"}})
    launchpad.workflows.update_one({"nodes": first}, {"$set": {"state": "FIZZLED", f"fw_states.{first}": "FIZZLED"}})
    with pytest.raises(ForeignTaskError, match=evil.name):
        submit(job, launchpad)
    assert "locked" not in launchpad.workflows.find_one({"nodes": first})
    assert not evil.was_imported


def test_the_command_line_says_it_in_one_line(launchpad, evil, capfd):
    launchpad.fireworks.update_one({"fw_id": launchpad.first}, {"$set": {"spec._tasks.0": evil.task}})
    for verb in (["status"], ["recover"]):
        with pytest.raises(SystemExit) as stop:
            main([*verb, "--launchpad", launchpad.url])
        assert stop.value.code == 0
    with pytest.raises(SystemExit) as stop:
        main(["lpad", "--launchpad", launchpad.url, "rerun_fws", "-i", str(launchpad.first)])
    assert stop.value.code == 2
    told = capfd.readouterr().err.strip().splitlines()
    assert told[-1].startswith(f"error: a stored Firework names {evil.name}.Task, which is not imported here")
    assert not evil.was_imported


def test_allowing_a_module_is_exact(monkeypatch):
    monkeypatch.setenv("AMALGAMICS_ALLOW_IMPORT", "a.b, c")
    names = ("a", "a.b", "a.b.c", "a.bad", "a.b_", "c", "c.d", "cd")
    assert list(filter(permissions.is_allowed, names)) == ["a.b", "a.b.c", "c", "c.d"]
    monkeypatch.setenv("AMALGAMICS_ALLOW_IMPORT", "a.b:make, /c/d.py, c:make")
    assert not any(map(permissions.is_allowed, ("a.b", "a.b:make", "/c/d", "/c/d.py", "c")))
    monkeypatch.setenv("AMALGAMICS_ALLOW_IMPORT", "a/b")
    with pytest.raises(permissions.InputError, match=r"AMALGAMICS_ALLOW_IMPORT: 'a/b' is not the name of a module"):
        permissions.is_allowed("a")


CALLS = [
    ("a.b", ("a.b", "make", "{}"), True),
    ("a.b", ("a.b.c", "make", "{}"), True),
    ("a.b", ("a.bad", "make", "{}"), False),
    ("a.b", ("a.b", "make", '{"x": 1}'), False),
    ("a.b:make", ("a.b", "make", '{"x": 1}'), True),
    ("a.b:make", ("a.b", "make", "{}"), True),
    ("a.b:make", ("a.b", "make.other", "{}"), False),
    ("a.b:make", ("a.b", "other", "{}"), False),
    ("a.b:make", ("a.b.c", "make", "{}"), False),
    (f"a.b:make#{permissions.arguments_digest('{}')}", ("a.b", "make", "{}"), True),
    (f"a.b:make#{permissions.arguments_digest('{}')}", ("a.b", "make", '{"x": 1}'), False),
    ("/c/d.py", ("/c/d.py", "make", "{}"), True),
    ("/c/d.py", ("/c/d.py", "make", '{"x": 1}'), False),
    ("/c/d.py", ("/c/e.py", "make", "{}"), False),
    ("/c/d.py", ("/c/x/../d.py", "make", "{}"), True),
    ("/c", ("/c/d.py", "make", "{}"), False),
    ("/c/d.py:make", ("/c/d.py", "make", '{"x": 1}'), True),
    ("/c/d.py:make", ("/c/d.py", "other", "{}"), False),
    ("d", ("/c/d.py", "make", "{}"), False),
]


@pytest.mark.parametrize(("allowed", "call", "may"), CALLS)
def test_allowing_a_call_is_exact(monkeypatch, allowed: str, call: tuple[str, str, str], may: bool):
    monkeypatch.setattr(permissions, "_restricted", True)
    monkeypatch.setenv("AMALGAMICS_ALLOW_IMPORT", allowed)
    if may:
        permissions.check_call(*call, "potential")
    else:
        with pytest.raises(permissions.NotAllowedError, match="--allow-import"):
            permissions.check_call(*call, "potential")


def test_an_allowed_module_leads_to_no_other(evil, monkeypatch):
    """What it imports could be named through it."""
    from amalgamics.calculators.potentials.names import get_calculator

    monkeypatch.setattr(permissions, "_restricted", True)
    monkeypatch.setenv("AMALGAMICS_ALLOW_IMPORT", evil.name)
    assert get_calculator(f"{evil.name}:Calculator").implemented_properties
    with pytest.raises(permissions.NotAllowedError, match="the module 'os' is not imported"):
        get_calculator(f"{evil.name}:os.getcwd")
