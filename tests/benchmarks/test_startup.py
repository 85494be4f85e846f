"""The start-up benchmark runs the commands that it names, and sees the first output of a job."""

from __future__ import annotations

import pytest

from amalgamics.benchmarks import startup


def test_each_command_is_run_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "QUICK_ROUNDS", 1)
    monkeypatch.setattr(startup, "QUICK_RUN_ROUNDS", 1)
    result = startup.run_startup("quick")
    (table,) = result.tables
    times = {str(row["command"]): row for row in table.rows}
    assert set(times) > {*startup.YARDSTICKS, *startup.COMMANDS}
    assert len(times) == len(startup.YARDSTICKS) + len(startup.COMMANDS) + 1
    assert all(row["wall time (s)"] > 0 and row["CPU time (s)"] > 0 for row in table.rows)
    assert len(result.targets) == 4


def test_what_a_terminal_does_not_show_is_no_output() -> None:
    assert not startup._CONTROL.sub(b"", b"\x1b[?25l\r\n \x1b[2K")
    assert startup._CONTROL.sub(b"", b"\x1b[?25l\x1b[90mA line\x1b[0m") == b"Aline"
