"""Passwords of LaunchPads: where they may stand, and that they are found nowhere else."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pymongo
import pytest
import yaml
from ase.build import bulk
from fireworks import Firework

from amalgamics.errors import InputError
from amalgamics.workflows.defaults import chosen_launchpad
from amalgamics.workflows.engine.launching import failures, launch_workers
from amalgamics.workflows.engine.launchpad import launchpad_settings, open_launchpad, run_tool
from amalgamics.workflows.engine.launchpad_file import LaunchPadError
from amalgamics.workflows.spec import SpecError, WorkflowSpec, load_spec
from amalgamics.workflows.submission import build_workflow, job_key

from ..conftest import free_port, mongod_command, server_running

PASSWORD = "hunter2:/@x"
SHAPES = (PASSWORD, quote(PASSWORD, safe=""), quote(PASSWORD))

JOB = """
name: secret
systems: [Cu-Au]
potential: emt
structures: {library: false, prototypes: false, files: [Cu.cif, Au.cif]}
relaxation: {fmax: 0.05}
"""


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory) -> Iterator[str]:
    """A MongoDB server that asks for a password; host and port of it."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    with server_running([*mongod_command(folder, port), "--auth"], folder / "log"):
        address = f"127.0.0.1:{port}"
        with contextlib.closing(pymongo.MongoClient(address, serverSelectionTimeoutMS=60_000)) as client:
            client.admin.command("createUser", "root", pwd="root", roles=["root"])
        with contextlib.closing(pymongo.MongoClient(address, username="root", password="root")) as client:
            client.lab.command("createUser", "me", pwd=PASSWORD, roles=["readWrite", "dbAdmin"])
        yield address


def write_file(folder: Path, address: str, mode: int = 0o600, **changes) -> Path:
    """Write the my_launchpad.yaml of the guarded server."""
    host, port = address.split(":")
    content = {"host": host, "port": int(port), "name": "lab", "username": "me", "password": PASSWORD, **changes}
    path = folder / "my_launchpad.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))
    path.chmod(mode)
    return path


def write_job(folder: Path) -> Path:
    for symbol in ("Cu", "Au"):
        bulk(symbol).write(folder / f"{symbol}.cif")
    path = folder / "job.yaml"
    path.write_text(JOB)
    return path


def argument_lists() -> str:
    """Return the arguments of every process of the machine that can be seen."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().decode(errors="replace"))
    return "\n".join(found)


def run_watched(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run the command line; return its exit code, all that it printed, and the arguments of all processes meanwhile."""
    command = [sys.executable, "-m", "amalgamics.cli.main", *arguments]
    variables = {**os.environ, **(environment or {})}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables)
    seen, printed = "", ""
    while True:
        seen += argument_lists()
        with contextlib.suppress(subprocess.TimeoutExpired):
            printed, _ = process.communicate(timeout=0.05)
            return process.returncode, printed, seen


def contents(folder: Path, *, but: Path | None = None) -> str:
    """Return the content of every file below a folder."""
    return "\n".join(
        path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file() and path != but
    )


def documents(address: str) -> str:
    """Return every document of the LaunchPad."""
    with contextlib.closing(pymongo.MongoClient(address, username="root", password="root")) as client:
        return repr([list(client.lab[name].find()) for name in client.lab.list_collection_names()])


def leaks(text: str) -> list[str]:
    return [shape for shape in SHAPES if shape in text]


@pytest.mark.parametrize("how", ["file", pytest.param("environment", marks=pytest.mark.slow)])
def test_a_whole_run_shows_and_stores_no_password(how, guarded_server, tmp_path, monkeypatch):
    """In no argument list while it runs, not on the screen, not in logs, specs, database or report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))  # where workers.log and the files of lpad go
    (tmp_path / "tmp").mkdir()
    job, file, environment, given = write_job(tmp_path), None, {}, []
    if how == "file":
        file = write_file(tmp_path, guarded_server)
        given = ["--launchpad", file.name]
    else:
        url = f"mongodb://me:{quote(PASSWORD, safe='')}@{guarded_server}/lab?authSource=lab"
        environment = {"AMALGAMICS_LAUNCHPAD": url}
    code, printed, seen = run_watched("run", job.name, "--workers", "1", *given, environment=environment)
    assert code == 0, printed
    assert "engine.worker" in seen  # the workers were looked at
    stored = documents(guarded_server)
    assert "PlanStudy" in stored
    said = [printed]
    verbs = [["status"], ["submit", job.name], ["lpad", "get_wflows", "-d", "all"], ["rlaunch", "singleshot"]]
    for verb in [*verbs, ["doctor", "--json"]]:
        code, text, _ = run_watched(verb[0], *given, *verb[1:], environment=environment)
        assert code == 0, (verb, text)
        said.append(text)
    for where, text in {
        "arguments": seen,
        "screen": "\n".join(said),
        "LaunchPad": documents(guarded_server),
        "files": contents(tmp_path, but=file),
    }.items():
        assert not leaks(text), where
    assert not [path for path in (tmp_path / "tmp").iterdir() if path.name.startswith("amalgamics-")]


def test_a_wrong_password_is_one_line_without_it(guarded_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file(tmp_path, guarded_server, password="another:/@y")
    code, printed, _ = run_watched("status", "--launchpad", "my_launchpad.yaml")
    assert code == 2
    assert "does not admit us (Authentication failed)" in printed
    assert len(printed.splitlines()) == 1
    assert "another" not in printed
    code, printed, _ = run_watched("status", "--launchpad", f"mongodb://{guarded_server}/lab")
    assert code == 2
    assert "requires authentication" in printed


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o606])
def test_a_password_that_others_can_read_is_refused(tmp_path, mode):
    path = write_file(tmp_path, "127.0.0.1:1", mode)
    with pytest.raises(LaunchPadError, match=f"holds a password that others can read; chmod 600 {path}"):
        launchpad_settings(str(path))


def test_a_file_without_a_secret_may_be_read_by_all(tmp_path):
    path = write_file(tmp_path, "db.example.org:27018", 0o644, username=None, password=None)
    settings = launchpad_settings(str(path))
    assert (settings["host"], settings["port"], settings["name"]) == ("db.example.org", 27018, "lab")


def test_the_file_of_a_url_and_of_an_embedded_store(tmp_path):
    url = "mongodb://me:pw@db.example.org/lab"
    path = write_file(tmp_path, "x:1", host=url, port=None, username=None, password=None, uri_mode=True)
    assert launchpad_settings(str(path))["host"] == url
    path.chmod(0o644)
    with pytest.raises(LaunchPadError, match="chmod 600"):
        launchpad_settings(str(path))
    path.write_text(f"host: sqlite:///{tmp_path}/pad\nuri_mode: true\nname: fireworks\n")
    assert open_launchpad(str(path)).fw_id_assigner.count_documents({}) == 1
    assert (tmp_path / "pad").is_dir()


def test_options_for_tls_are_passed_on(tmp_path):
    path = write_file(tmp_path, "x:1", ssl=True, ssl_ca_file="/etc/ca.pem", mongoclient_kwargs={"appname": "us"})
    options = launchpad_settings(str(path))["mongoclient_kwargs"]
    assert options == {"tls": True, "tlsCAFile": "/etc/ca.pem", "appname": "us"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a mapping"),
        ("- host", "not a mapping"),
        ("host: [", "is not YAML"),
        ("host: x\npasswrd: hunter2", "passwrd"),
        ("name: lab", "has no host"),
        ("host: x\nport: many", "port: 'many' is not allowed; give a whole number"),
        ("host: x\npassword: 42", "password: a value is not allowed; give a text"),
        ("host: mongodb://x/y", "needs uri_mode: true"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, text, told):
    path = tmp_path / "my_launchpad.yaml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(LaunchPadError, match=told) as caught:
        open_launchpad(str(path))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(LaunchPadError, match="cannot be read"):
        open_launchpad(str(tmp_path / "none.yaml"))


def test_a_password_in_an_argument_or_a_job_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"mongodb://me:{PASSWORD}@db.example.org/lab"
    with pytest.raises(InputError, match=r"--launchpad: .*holds a password.*my_launchpad.yaml") as caught:
        chosen_launchpad(url)
    assert not leaks(str(caught.value))
    job = write_job(tmp_path)
    with pytest.raises(SpecError, match="holds a password") as caught:
        load_spec(job, launchpad=url)
    assert not leaks(str(caught.value))
    job.write_text(f"{JOB}launchpad: {url}\n")
    with pytest.raises(SpecError, match="holds a password") as caught:
        load_spec(job)
    assert not leaks(str(caught.value))


def test_the_password_of_the_environment_goes_with_the_same_server_only(monkeypatch):
    url = "mongodb://me:pw@db.example.org/lab"
    monkeypatch.setenv("AMALGAMICS_LAUNCHPAD", url)
    assert chosen_launchpad(None) == url
    assert chosen_launchpad("mongodb://me@db.example.org/lab") == url
    assert chosen_launchpad("mongodb://me@evil.example.org/lab") == "mongodb://me@evil.example.org/lab"


def test_stored_specs_have_no_address_and_keys_do_not_depend_on_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path)
    specs = [load_spec("job.yaml", launchpad=url) for url in ("sqlite:///a", "mongodb://me@db.example.org/lab")]
    assert specs[1].launchpad == "mongodb://me@db.example.org/lab"
    for spec in specs:
        stored = repr(build_workflow(spec).to_dict())
        assert "launchpad" not in stored
        assert "launchpad" not in spec.model_dump()
    assert job_key(specs[0]) == job_key(specs[1])
    assert WorkflowSpec.model_validate(specs[0].model_dump(mode="json")).name == "secret"


def test_a_traceback_is_stored_and_logged_without_passwords(url, tasks, tmp_path, monkeypatch):
    launchpad, log = open_launchpad(url), tmp_path / "log"
    address = f"postgresql://me:{PASSWORD}@db.example.org/lab"
    module = importlib.import_module(tasks)
    launchpad.add_wf(Firework([module.Fail()], name="fails"))
    monkeypatch.setenv("SECRET_ADDRESS", address)  # which the task tells in its error
    launch_workers(url, n_workers=1, allow=[tasks], log_file=log)
    (failure,) = failures(launchpad)
    assert failure.message == "ValueError: this one fails: postgresql://me:…@db.example.org/lab"
    stored = repr(list(launchpad.launches.find({}))) + repr(list(launchpad.fireworks.find({})))
    assert "postgresql://me:…@" in stored
    assert not leaks(stored)
    assert "postgresql://me:…@" in log.read_text()
    assert not leaks(log.read_text())


def test_the_file_for_stock_commands_is_private_and_goes(guarded_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = {}

    def look(arguments):
        path = Path(arguments[1])
        seen.update(mode=path.stat().st_mode & 0o777, folder=path.parent.stat().st_mode & 0o777, path=path)
        assert PASSWORD in path.read_text()

    monkeypatch.setattr("fireworks.scripts.lpad_run.lpad", look)
    assert run_tool("lpad", ["get_wflows"], str(write_file(tmp_path, guarded_server))) == 0
    assert (seen["mode"], seen["folder"]) == (0o600, 0o700)
    assert not seen["path"].parent.exists()


def test_worker_messages_lose_passwords(capsys, monkeypatch):
    """An error that ends a worker, and what anything logs."""
    from amalgamics.workflows.engine import worker

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    record = logging.LogRecord("pymongo", logging.WARNING, "", 0, "mongodb://me:%s@host/x", (PASSWORD,), None)
    assert not leaks(worker._WithoutPasswords("%(message)s").format(record))
    worker._log_without_passwords()
    try:
        raise ValueError(f"mongodb://me:{PASSWORD}@host/x")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "mongodb://me:…@host/x" in capsys.readouterr().err
