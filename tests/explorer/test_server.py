"""``amalgamics serve`` as a process: one line with the address, this machine only, and an end by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from ase.build import bulk
from ase.db import connect

from amalgamics.cli.main import main
from amalgamics.errors import InputError
from amalgamics.explorer import server
from amalgamics.explorer.sources import Sources, open_database

LINE = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=([\w-]{43})\n")


def started(database: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "amalgamics.cli.main", "serve", "--no-browser", "--database", str(database)]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    return subprocess.Popen(
        [*command, *arguments],
        cwd=database.parent,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_one_line_is_printed_and_a_signal_ends_it(database_file, number, code):
    process = started(database_file)
    assert process.stdout
    line = process.stdout.readline()
    found = LINE.fullmatch(line)
    assert found, line
    with urlopen(line.strip()) as answer:
        assert answer.status == 200
        assert answer.headers["Server"].strip() == "amalgamics"
    with pytest.raises(HTTPError, match="403"):
        urlopen(line.strip()[:-1])
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (code, "", "")


def test_it_listens_on_this_machine_only():
    listening = server._listening(0)
    with listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_said(database_file):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"--port: {port} cannot be used .*give another one, or 0 for any"):
            server.serve(Sources(open_database(str(database_file)), ""), port=port, browser=False, say=print)


def test_the_browser_gets_a_key_for_one_visit(database_file, monkeypatch):
    opened, said = [], []
    monkeypatch.setattr(server.webbrowser, "open", opened.append)
    monkeypatch.setattr(server, "_has_screen", lambda: True)

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server.BaseWSGIServer, "serve_forever", stop)
    server.serve(Sources(open_database(str(database_file)), ""), port=0, browser=True, say=said.append)
    (address,), (line,) = opened, said
    assert LINE.fullmatch(f"{line}\n")
    assert address.partition("=")[0] == line.partition("=")[0]
    assert address != line


@pytest.mark.parametrize(
    ("variables", "screen"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "w"}, True)]
)
def test_no_browser_is_opened_in_a_terminal(monkeypatch, variables, screen):
    monkeypatch.setattr(server.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert server._has_screen() is screen


def other_database(path: Path) -> None:
    with connect(path, type="db", use_lock_file=False) as rows:
        rows.write(bulk("Cu"), relaxed=True)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path, "no structure database at"),
        (Path.touch, "holds no structure yet"),
        (lambda path: path.write_text("junk"), "not SQLite"),
        (other_database, "is one of ase.db, but not of this package"),
        ("postgresql://nobody@127.0.0.1:1/none", "does not answer"),
    ],
)
def test_what_is_no_database_of_ours_is_refused_in_one_line(make, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(server, "make_server", lambda *_, **__: pytest.fail("it serves"))
    address = make if isinstance(make, str) else str(tmp_path / "some.db")
    if not isinstance(make, str):
        make(tmp_path / "some.db")
    with pytest.raises(SystemExit) as stopped:
        main(["serve", "--no-browser", "--database", address])
    lines = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert said in lines[0]
