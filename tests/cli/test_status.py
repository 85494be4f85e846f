"""``amalgamics status`` as a user meets it: fast, failures with what to do, and a live view on terminals and pipes."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fireworks import Firework, Workflow

from amalgamics.cli.main import main
from amalgamics.cli.watch import duration, left_text
from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.launchpad import open_launchpad
from amalgamics.workflows.engine.progress import TimeLeft

TASKS = '''
"""Tasks that worker processes run."""
from pathlib import Path
from fireworks import FiretaskBase, explicit_serialize

@explicit_serialize
class Nothing(FiretaskBase):
    def run_task(self, fw_spec):
        pass

@explicit_serialize
class Fail(FiretaskBase):
    def run_task(self, fw_spec):
        raise ValueError("this one fails")

@explicit_serialize
class Wait(FiretaskBase):
    """Run until the other end of a fifo was opened and closed."""
    def run_task(self, fw_spec):
        Path(self["fifo"]).read_text()
'''

COMMAND = [sys.executable, "-m", "amalgamics.cli.main", "status"]
PATIENCE_S = 120


@pytest.fixture
def tasks(tmp_path, monkeypatch):
    """A module with test tasks that worker processes can import too."""
    name, folder = f"tasks_{tmp_path.name.replace('-', '_')}", tmp_path / "modules"
    folder.mkdir()
    (folder / f"{name}.py").write_text(TASKS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    yield importlib.import_module(name)
    sys.modules.pop(name, None)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with the LaunchPad that the command takes by itself; its address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    return "sqlite:///results/launchpad"


def status(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        main(["status", *arguments])
    assert not stop.value.code
    return capsys.readouterr().out


@pytest.fixture
def failed(here, tasks):
    """A LaunchPad with a workflow that failed and one that is not begun; the messages of the first have secrets."""
    launchpad = open_launchpad(here)
    bad, child = Firework([tasks.Fail()], name="bad"), Firework([tasks.Fail()], name="child")
    launchpad.add_wf(Workflow([bad, child], {bad: [child]}, name="fails", metadata={"potential": "emt"}))
    launch_workers(here, n_workers=1, allow=[tasks.__name__])
    launchpad.add_wf(Workflow([Firework([tasks.Fail()], name="later")], name="waits", metadata={"potential": "emt"}))
    return launchpad


@pytest.mark.usefixtures("failed")
def test_failures_stand_below_the_table_with_what_to_do(capsys):
    lines = status(capsys).splitlines()
    assert "fails: bad (Firework 2) failed: ValueError: this one fails" in lines
    assert any(line.startswith("fails: next: ") and "amalgamics run" in line for line in lines)
    assert any(line.startswith("waits: next: amalgamics launch") for line in lines)


@pytest.mark.usefixtures("failed")
def test_json_has_failures_and_counts_of_each_workflow(capsys):
    first, second = json.loads(status(capsys, "--json"))
    assert first["failures"] == [{"fw_id": 2, "step": "bad", "reason": "ValueError: this one fails"}]
    assert (first["fizzled"], first["waiting"], first["per_minute"]) == (1, 1, None)
    assert (second["failures"], second["ready"]) == ([], 1)
    assert second["next_step"].startswith("amalgamics launch")


@pytest.mark.parametrize(("chosen", "name"), [("fails", "fails"), ("1", "fails"), ("2", "fails"), ("3", "waits")])
@pytest.mark.usefixtures("failed")
def test_a_workflow_is_chosen_by_name_or_id(capsys, chosen, name):
    (row,) = json.loads(status(capsys, chosen, "--json"))
    assert row["name"] == name


@pytest.mark.usefixtures("failed")
def test_csv_keeps_to_the_columns(capsys):
    lines = status(capsys, "--csv").splitlines()
    assert lines[0].startswith("id,name,state,completed,running,ready,waiting,fizzled,updated")
    assert len(lines) == 3


def test_secrets_and_escape_codes_do_not_reach_the_terminal(failed, capsys):
    trace = "Traceback\nOSError: mongodb://me:hunter2@db/x \x1b[31m is away"
    failed.launches.update_many({}, {"$set": {"action.stored_data._exception._stacktrace": trace}})
    failed.workflows.update_one({"name": "fails"}, {"$set": {"name": "fa\x1b[2Jils"}})
    for arguments in ((), ("--json",), ("--csv",)):
        printed = status(capsys, *arguments)
        assert "hunter2" not in printed
        assert "\x1b" not in printed
    assert "OSError: mongodb://me:" in status(capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], ["nobody", "fails", "waits"]),
        (["99"], ["99"]),
        (["--interval", "3"], ["--interval", "--watch"]),
        (["--watch", "--interval", "0.01"], ["--interval", "0.01", "0.2"]),
        (["--watch", "--json"], ["--watch", "--json"]),
        (["--log", "--watch"], ["--log", "--watch"]),
    ],
)
@pytest.mark.usefixtures("failed")
def test_what_cannot_be_meant_is_refused_in_one_line(capsys, arguments, words):
    with pytest.raises(SystemExit) as stop:
        main(["status", *arguments])
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert all(word in message for word in words)


def test_the_log_is_printed_readably(here, tasks, capsys, tmp_path):
    launchpad = open_launchpad(here)
    metadata = {"output": str(tmp_path / "results" / "job"), "potential": "emt"}
    launchpad.add_wf(Workflow([Firework([tasks.Nothing()], name="a step")], name="job", metadata=metadata))
    assert status(capsys, "--log") == "nothing is logged yet\n"
    launch_workers(here, n_workers=1, allow=[tasks.__name__])
    first, last = status(capsys, "--log", "job").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+:\d+ job: a step started", first)
    assert re.search(r"a step finished \([\d.]+ s\)$", last)
    assert status(capsys, "--log", "--lines", "1").splitlines() == [last]
    assert [entry["event"] for entry in json.loads(status(capsys, "--log", "--json"))] == ["started", "finished"]


@contextlib.contextmanager
def at_work(url, tasks, tmp_path) -> Iterator[Path]:
    """A workflow whose second step runs in a worker until the fifo that this yields is opened and closed."""
    launchpad = open_launchpad(url)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    first = Firework([tasks.Nothing()], name="first step", spec={"structures": ["a", "b"]})
    wait = Firework([tasks.Wait(fifo=str(fifo))], name="a step that waits", spec={"structures": ["c"]})
    launchpad.add_wf(Workflow([first, wait], {first: [wait]}, name="job", metadata={"potential": "emt"}))
    worker = threading.Thread(target=launch_workers, args=(url,), kwargs={"n_workers": 1, "allow": [tasks.__name__]})
    worker.start()
    try:
        yield fifo
    finally:
        if fifo.exists():  # nobody let the step end
            threading.Thread(target=release, args=(fifo,), daemon=True).start()
        worker.join(PATIENCE_S)
    assert not worker.is_alive()


def release(fifo: Path) -> None:
    """Let the step end, as soon as it waits: it is shown as running before."""
    with fifo.open("w"):
        fifo.unlink()


class Terminal:
    """A command on a pseudo-terminal of a given size."""

    def __init__(self, command, columns, rows=24):
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            # What readline tells child processes of the terminal of the tests stands in no os.environ.
            environment = {**os.environ, "TERM": "xterm"}
            environment.pop("COLUMNS", None)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(command[0], command, environment)
        self.text = ""

    def read_until(self, pattern) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.plain()):
            assert self._read(limit), f"it ended without {pattern!r}:\n{self.plain()}"

    def finish(self) -> int:
        limit = time.monotonic() + PATIENCE_S
        while self._read(limit):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def plain(self) -> str:
        """Return what was printed, each line that was drawn again on a line of its own."""
        drawn = self.text.replace("\r", "").replace("\x1b[2K", "\n")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)

    def _read(self, limit: float) -> bool:
        watched = select.poll()  # which, unlike select, takes descriptors above 1024
        watched.register(self.end, select.POLLIN | select.POLLHUP)
        ready = watched.poll(1000 * max(0, limit - time.monotonic()))
        assert ready, f"nothing for {PATIENCE_S} s:\n{self.plain()}"
        try:
            data = os.read(self.end, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)


@pytest.mark.parametrize("columns", [80, 40])
def test_the_live_view_fits_the_terminal_and_ends_with_the_work(here, tasks, tmp_path, columns):
    with at_work(here, tasks, tmp_path) as fifo:
        terminal = Terminal([*COMMAND, "--watch", "--interval", "0.2"], columns)
        terminal.read_until(r"calculations  2 of 3")
        terminal.read_until(r"running       a step that waits")
        assert re.search(r"workers       1 on \S+", terminal.plain())
        release(fifo)
        assert terminal.finish() == 0
    lines = terminal.plain().splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[-1].strip() == "calculations  3 of 3 done"


def test_ctrl_c_leaves_the_live_view_and_not_the_work(here, tasks, tmp_path):
    with at_work(here, tasks, tmp_path) as fifo:
        terminal = Terminal([*COMMAND, "--watch", "--interval", "0.2"], 80)
        terminal.read_until(r"running       a step that waits")
        os.write(terminal.end, b"\x03")
        assert terminal.finish() == 0
        assert "Traceback" not in terminal.plain()
        release(fifo)
    (workflow,) = open_launchpad(here).workflows.find({})
    assert workflow["state"] == "COMPLETED"


def test_a_pipe_gets_a_block_for_each_change(here, tasks, tmp_path):
    with at_work(here, tasks, tmp_path) as fifo:
        command = [*COMMAND, "--watch", "--interval", "0.2"]
        watching = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        lines = []
        for line in watching.stdout:
            lines.append(line)
            if "a step that waits" in line:
                break
        release(fifo)
        lines += watching.stdout.readlines()
        assert watching.wait(PATIENCE_S) == 0
    blocks = "".join(lines).strip().split("\n\n")
    assert len({block.split("\n", 1)[1] for block in blocks}) == len(blocks)
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\njob \(1\): ", block) for block in blocks)
    assert blocks[-1].endswith("calculations  3 of 3 done")


def test_a_view_of_what_is_over_ends_at_once(failed, capsys):
    failed.defuse_wf(3)
    printed = status(capsys, "--watch")
    assert "failed        bad (2): ValueError: this one fails" in printed
    assert "held          1 wait" in printed


def test_times_in_words():
    assert duration(59) == "59 s"
    assert duration(3600) == "1 h 00 min"
    assert left_text(TimeLeft(100, 400)) == "2 min to 7 min"
    assert left_text(TimeLeft(240, 241)) == "about 4 min"
    assert left_text(TimeLeft(0, None, "not planned yet: wetting")) == "not yet known (not planned yet: wetting)"
    assert left_text(TimeLeft(60, None, "x")) == "at least 60 s (x)"


def test_the_page_names_what_json_and_the_log_have(here, tasks, capsys, tmp_path):
    launchpad = open_launchpad(here)
    metadata = {"output": str(tmp_path / "results" / "job"), "potential": "emt"}
    launchpad.add_wf(Workflow([Firework([tasks.Nothing()])], name="job", metadata=metadata))
    launch_workers(here, n_workers=1, allow=[tasks.__name__])
    page = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text(encoding="utf-8")
    section = page.partition("## Watching\n")[2].partition("\n## ")[0]
    (row,) = json.loads(status(capsys, "--json"))
    entries = json.loads(status(capsys, "--log", "--json"))
    more = list(row)[list(row).index("report") + 1 :]
    missing = [key for key in (*more, *entries[0], *(entry["event"] for entry in entries)) if f"`{key}`" not in section]
    assert missing == []
