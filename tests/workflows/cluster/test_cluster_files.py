"""What ``cluster init`` writes, what is refused, and what the checks find; without a batch system."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from amalgamics.errors import InputError
from amalgamics.workflows.cluster import checks as checks_module
from amalgamics.workflows.cluster.checks import cluster_checks
from amalgamics.workflows.cluster.files import write_cluster_files
from amalgamics.workflows.cluster.queue import pilots_in_queue, plan_submission, read_queue_file, submit_pilots
from amalgamics.workflows.cluster.settings import PilotSettings
from amalgamics.workflows.engine.launchpad import open_launchpad

COMMANDS = {"slurm": ("sbatch", "squeue", "sinfo"), "pbs": ("qsub", "qstat")}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("AMALGAMICS_LAUNCHPAD", "AMALGAMICS_DATABASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def written(tmp_path, embedded_url):
    open_launchpad(embedded_url)
    return write_cluster_files(tmp_path / "cluster", PilotSettings(partition="main"), launchpad=embedded_url)


def edit(path: Path, **changes: object) -> None:
    keys = {**yaml.safe_load(path.read_text()), **changes}
    path.write_text(yaml.safe_dump({key: value for key, value in keys.items() if value is not None}))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def found(folder: Path) -> dict[str, tuple[bool, str]]:
    return {name: (ok, text) for name, ok, text in cluster_checks(folder)}


@pytest.mark.parametrize("scheduler", ["slurm", "pbs"])
def test_the_script_is_complete_and_sound_for_the_shell(scheduler, tmp_path, embedded_url):
    pad = open_launchpad(embedded_url)
    settings = PilotSettings(
        scheduler, "main", "12:00:00", cores=8, memory="6G", account="mercury", allow_paths=(tmp_path / "it's here",)
    )
    folder = tmp_path / "my jobs" / "cluster"
    files = write_cluster_files(folder, settings, launchpad=embedded_url, database="postgresql://me@db/structures")
    script = plan_submission(read_queue_file(files.queue_file), pad, 1).script
    assert "$$" not in script
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    last = shlex.split(script.strip().splitlines()[-1])
    assert last[:2] == ["exec", sys.executable]
    assert last[last.index("--workers") + 1] == "4"  # six GB are enough for four
    assert last[last.index("--allow-path") + 1] == str(tmp_path / "it's here")
    assert last[last.index("--walltime") + 1] == "12:00:00"
    assert f"AMALGAMICS_LAUNCHPAD={shlex.quote(str(folder / 'my_launchpad.yaml'))}\n" in script
    assert "AMALGAMICS_DATABASE=postgresql://me@db/structures\n" in script
    assert "OMP_NUM_THREADS=2 " in script
    directives = [line for line in script.splitlines() if line.startswith(("#SBATCH", "#PBS"))]
    expected = {
        "slurm": ["--partition=main", "--account=mercury", "--time=12:00:00", "--cpus-per-task=8", "--mem=6G"],
        "pbs": ["-q main", "-A mercury", "-l walltime=12:00:00", "-l select=1:ncpus=8:mem=6gb"],
    }
    assert all(any(line.endswith(text) for line in directives) for text in expected[scheduler])


def test_without_partition_and_account_the_lines_are_left_out(tmp_path, embedded_url):
    pad = open_launchpad(embedded_url)
    files = write_cluster_files(tmp_path / "cluster", PilotSettings(), launchpad=embedded_url)
    script = plan_submission(read_queue_file(files.queue_file), pad, 1).script
    assert "--partition" not in script
    assert "--account" not in script
    assert "--mem" not in script


def test_several_nodes_of_a_job_are_started_by_srun():
    command = PilotSettings(nodes=3, cores=8).command()
    assert command.startswith(f"srun --ntasks-per-node=1 --cpus-per-task=8 {sys.executable} ")


def test_the_launchpad_file_is_private_and_holds_no_password_that_was_not_given(tmp_path):
    files = write_cluster_files(tmp_path / "cluster", PilotSettings())
    assert files.to_fill_in
    assert mode(files.launchpad) == 0o600
    content = yaml.safe_load(files.launchpad.read_text())
    assert (content["host"], content["password"]) == ("CHANGE-ME", None)
    assert found(tmp_path / "cluster")["LaunchPad of the workers"] == (
        False,
        f"{files.launchpad} has no host yet; fill it in",
    )


def test_a_launchpad_file_that_is_there_is_used_as_it_is(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("host: db.example.org\npassword: secret\n")
    files = write_cluster_files(tmp_path / "cluster", PilotSettings(), launchpad=str(own))
    assert files.launchpad == own
    assert not (tmp_path / "cluster" / "my_launchpad.yaml").exists()
    assert not any("secret" in path.read_text() for path in (tmp_path / "cluster").iterdir())


def test_files_that_are_there_are_kept_unless_forced(tmp_path):
    write_cluster_files(tmp_path / "cluster", PilotSettings())
    before = {path: path.read_text() for path in (tmp_path / "cluster").iterdir()}
    with pytest.raises(InputError, match=r"has slurm.yaml, pilot.slurm, my_fworker.yaml and my_launchpad.yaml already"):
        write_cluster_files(tmp_path / "cluster", PilotSettings(cores=16))
    assert {path: path.read_text() for path in (tmp_path / "cluster").iterdir()} == before
    write_cluster_files(tmp_path / "cluster", PilotSettings(cores=16), force=True)
    assert yaml.safe_load((tmp_path / "cluster" / "slurm.yaml").read_text())["cpus_per_task"] == 16


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"partition": "main; rm -rf"}, "partition: .* give a name"),
        ({"account": "a\nb"}, "account: "),
        ({"walltime": "24:00"}, "walltime: '24:00' is not allowed; give HH:MM:SS"),
        ({"walltime": "00:01:00"}, "walltime: 00:01:00 is too short"),
        ({"walltime": "1-00:00:00", "scheduler": "pbs"}, "not allowed for PBS"),
        ({"nodes": 2, "scheduler": "pbs"}, "nodes: 2 is not allowed for PBS"),
        ({"nodes": 0}, "nodes: 0 is not allowed; give 1 to"),
        ({"cores": -1}, "cores: -1 is not allowed"),
        ({"memory": "16"}, "memory: '16' is not allowed; give a number with M, G or T"),
        ({"scheduler": "slrum"}, "Did you mean 'slurm'"),
    ],
)
def test_what_no_batch_system_takes_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        PilotSettings(**settings)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"launchpad": "mongodb://me:secret@host/name"}, "holds a password"),
        ({"database": "postgresql://me:secret@host/name"}, "holds a password"),
        ({"database": "mysql://host/name"}, r"--database: .*postgresql://me@db.example.org/structures"),
        ({"launchpad": "nowhere.yaml"}, "there is no file"),
        ({"folder": Path("a$b")}, "batch scripts need a plainer path"),
    ],
)
def test_addresses_and_folders_that_cannot_be_are_refused_before_anything_is_written(given, message, tmp_path):
    with pytest.raises(InputError, match=message) as refusal:
        write_cluster_files(**{"folder": tmp_path / "cluster", "settings": PilotSettings(), **given})
    assert "secret" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"partition": "main"}, "partition: FireWorks passes it over and the job goes elsewhere; call it queue:"),
        ({"quue": "main"}, "unknown key 'quue'. Did you mean 'queue'"),
        ({"walltime": 86400}, "walltime: 86400 is a number; put it in quotes"),
        ({"walltime": "a day"}, "give HH:MM:SS"),
        ({"_fw_q_type": "LSF"}, "no _fw_q_type: SLURM or PBS"),
        ({"_fw_name": "{{os.Evil}}"}, "give CommonAdapter"),
        ({"_fw_template_file": "gone"}, "there is no"),
        ({"launchpad": None}, "launchpad is missing"),
        ({"queue": "a\nb"}, "give one line"),
    ],
)
def test_a_queue_file_that_would_be_misunderstood_is_refused(written, changes, message):
    edit(written.queue_file, **changes)
    with pytest.raises(InputError, match=message):
        read_queue_file(written.queue_file)
    (check, *_) = cluster_checks(written.queue_file.parent)
    assert check[:2] == ("slurm.yaml", False)


def test_checks_of_a_folder(written, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no batch system, whatever this machine has
    rows = found(tmp_path / "cluster")
    assert rows["slurm.yaml"] == (True, "queue: main")
    assert rows["SLURM commands"] == (False, "no sbatch, squeue, sinfo here")
    assert rows["python of the script"] == (True, sys.executable)
    assert rows["my_launchpad.yaml"] == (True, "mode 600")
    ok, text = rows["LaunchPad of the workers"]
    assert not ok
    assert "is an embedded store for one machine" in text
    written.launchpad.chmod(0o644)
    edit(written.queue_file, rocket_launch="/nowhere/python -m amalgamics")
    rows = found(tmp_path / "cluster")
    assert rows["my_launchpad.yaml"] == (False, f"mode 644, others may use it; chmod 600 {written.launchpad}")
    assert rows["python of the script"] == (False, "/nowhere/python is no program here")
    assert cluster_checks(tmp_path)[0][:2] == ("cluster folder", False)


@pytest.mark.parametrize(
    ("limit", "ok"),
    [("1-00:00:00", True), ("24:00:00", True), ("infinite", True), ("30:00", False), ("10:00:00", False)],
)
def test_the_walltime_is_compared_with_the_limit_of_the_partition(written, tmp_path, monkeypatch, limit, ok):
    for name in COMMANDS["slurm"]:
        program(tmp_path, name, f"echo 'other 1:00'; echo 'main* {limit}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert found(tmp_path / "cluster")["walltime"] == (ok, f"24:00:00, partition main allows {limit}")
    edit(written.queue_file, queue=None)  # the default partition, marked by a star
    assert found(tmp_path / "cluster")["walltime"][0] == ok


@pytest.mark.parametrize(("address", "nodes", "ok"), [("a.db", 1, True), ("a.db", 2, False)])
def test_sqlite_is_for_one_node(address, nodes, ok, tmp_path, embedded_url):
    open_launchpad(embedded_url)
    write_cluster_files(tmp_path / "cluster", PilotSettings(nodes=nodes), launchpad=embedded_url, database=address)
    assert found(tmp_path / "cluster")["database of the workers"][0] == ok


def test_sqlite_on_a_network_file_system_is_a_problem(tmp_path, embedded_url, monkeypatch):
    open_launchpad(embedded_url)
    write_cluster_files(tmp_path / "cluster", PilotSettings(), launchpad=embedded_url, database="a.db")
    monkeypatch.setattr(checks_module, "network_file_system", lambda _: "nfs4")
    ok, text = found(tmp_path / "cluster")["database of the workers"]
    assert not ok
    assert "on a network file system (nfs4), where SQLite's locks may fail" in text


def test_a_database_server_that_does_not_answer_is_a_problem(tmp_path, embedded_url):
    open_launchpad(embedded_url)
    address = "postgresql://me@127.0.0.1:1/structures"
    write_cluster_files(tmp_path / "cluster", PilotSettings(), launchpad=embedded_url, database=address)
    ok, text = found(tmp_path / "cluster")["database of the workers"]
    assert not ok
    assert "127.0.0.1:1" in text


def program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def submit_something(url: str) -> None:
    from fireworks import Firework, ScriptTask

    open_launchpad(url).add_wf(Firework([ScriptTask.from_str("true")]))


QSTAT = """
cat <<'END'
server:
                                                            Req'd  Req'd   Elap
Job ID          Username Queue    Jobname    SessID NDS TSK Memory Time  S Time
--------------- -------- -------- ---------- ------ --- --- ------ ----- - -----
12.server       me       main     amalgamics    --    1   4    --  24:00 Q   --
13.server       me       main     something     --    1   4    --  24:00 R   --
END
"""


def test_a_queue_is_topped_up_by_fireworks_own_launcher_under_pbs(tmp_path, embedded_url, monkeypatch):
    """With stand-ins for qsub and qstat: a PBS was not there to try it on."""
    submit_something(embedded_url)
    pad = open_launchpad(embedded_url)
    settings = PilotSettings("pbs", cores=2)
    queue_file = read_queue_file(write_cluster_files(tmp_path / "cluster", settings, launchpad=embedded_url).queue_file)
    assert pilots_in_queue(queue_file) is None  # there is no qstat
    with pytest.raises(InputError, match="there is no qsub here"):
        submit_pilots(queue_file, pad, 1)
    program(tmp_path, "qsub", f"cat $1 >> {tmp_path}/submitted; echo 14.server")
    program(tmp_path, "qstat", QSTAT)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    plan = plan_submission(queue_file, pad, 3)
    assert (plan.unfinished, plan.in_queue, plan.to_submit) == (1, 1, 2)
    assert submit_pilots(queue_file, pad, plan.to_submit) == ["14", "14"]
    assert (tmp_path / "submitted").read_text().count("#PBS -N amalgamics\n") == 2
    folders = list((tmp_path / "cluster" / "jobs").iterdir())
    assert len(folders) == 2
    assert all([path.name for path in folder.iterdir()] == ["FW_submit.script"] for folder in folders)
    program(tmp_path, "qsub", "echo 'qsub: Unknown queue' >&2; exit 1")
    with pytest.raises(InputError, match=r"qsub took no job: qsub: Unknown queue$"):
        submit_pilots(queue_file, pad, 1)


def test_nothing_is_submitted_where_nothing_is_to_do(written, embedded_url):
    plan = plan_submission(read_queue_file(written.queue_file), open_launchpad(embedded_url), 5)
    assert (plan.unfinished, plan.to_submit) == (0, 0)


def command_line(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "amalgamics.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["launch", "--jobs", "2"], "--jobs: needs --queue"),
        (["launch", "--dry-run"], "--dry-run: needs --queue"),
        (["launch", "--queue", "slurm.yaml"], "slurm.yaml cannot be read (No such file"),
        (["launch", "--queue", "slurm.yaml", "--workers", "2"], "--workers: is not for --queue"),
        (["launch", "--walltime", "soon"], "walltime: 'soon' is not allowed; give HH:MM:SS"),
        (["launch", "--stop-before", "00:10:00"], "before what? give --walltime"),
        (["cluster", "init", "--cores", "many"], "--cores: 'many' is not allowed; give a whole number"),
        (["cluster", "init", "--walltime", "1h"], "walltime: '1h' is not allowed"),
        (["cluster", "start"], "No such command 'start'"),
    ],
)
def test_the_command_line_refuses_in_one_line(arguments, message, tmp_path):
    done = command_line(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_init_says_what_to_do_next_and_doctor_looks_through_it(tmp_path):
    done = command_line(tmp_path, "cluster", "init")
    assert done.returncode == 0, done.stderr
    assert [line[:5] for line in done.stdout.splitlines()[1:]] == [f"  {number}. " for number in range(1, 6)]
    told = command_line(tmp_path, "doctor", "--cluster", "cluster", "--json")
    assert told.returncode == 1  # the host is not filled in
    rows = {row["check"]: row for row in json.loads(told.stdout)}
    assert rows["slurm.yaml"]["ok"]
    assert not rows["LaunchPad of the workers"]["ok"]
