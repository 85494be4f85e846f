"""The short chaos run: every kind of kill, on every pair of stores, and the same job four times at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from amalgamics.tests.chaos.concurrency import same_job_at_once
from amalgamics.tests.chaos.disks import can_mount, fill_disks
from amalgamics.tests.chaos.job import Result, import_everything
from amalgamics.tests.chaos.run import SHORT, strike_pair, undisturbed
from amalgamics.tests.chaos.stores import KILLABLE, why_not
from amalgamics.tests.chaos.table import read_record, write_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for jobs; this process has made all imports, so that its forks have not to."""
    where = tmp_path_factory.mktemp("chaos")
    import_everything(where / "imports")
    return where


@pytest.fixture(scope="module")
def expected(folder: Path) -> Result:
    """What the job finds when nothing happens to it."""
    return undisturbed(folder / "undisturbed", {}, forked=True)[0]


@pytest.mark.parametrize("pair", ["sqlite+embedded", pytest.param("postgresql+mongodb", marks=pytest.mark.slow)])
def test_nothing_is_lost_whatever_is_killed(pair: str, folder: Path) -> None:
    if reason := why_not(pair):
        pytest.skip(reason)
    tally = strike_pair(pair, KILLABLE[pair], SHORT, 16, folder, forked=True)
    assert tally.ledger.problems() == []
    assert all(tally.struck[kind] == SHORT for kind in KILLABLE[pair])


def test_the_same_job_four_times_at_once_is_one_workflow(folder: Path, expected: Result) -> None:
    assert same_job_at_once(folder / "four", {}, expected, forked=True).ledger.problems() == []


def test_a_full_disk_costs_nothing_once_there_is_room(folder: Path, expected: Result) -> None:
    if not can_mount(folder):
        pytest.skip("file systems of a given size can be mounted by root only")
    tally = fill_disks("sqlite+embedded", folder, {}, expected, (16, 384), forked=True)
    assert tally.ledger.problems() == []
    assert tally.struck["disk full"] == 2


def test_the_table_adds_up_what_was_noted(tmp_path: Path) -> None:
    page, record = tmp_path / "page.md", tmp_path / "record"
    zero = '"doubled": 0, "orphans": 0, "tracebacks": 0, "leftovers": 0}\n'
    record.write_text(2 * f'{{"pair": "a", "fault": "b", "struck": 3, "jobs": 1, "lost": 1, {zero}')
    page.write_text("above\n<!-- chaos: begin -->\nold\n<!-- chaos: end -->\nbelow\n")
    write_table(page, read_record(record))
    assert "| a | b | 6 | 2 | 2 | 0 | 0 | 0 | 0 |" in page.read_text()
    assert page.read_text().startswith("above\n")
    assert page.read_text().endswith("\nbelow\n")
    assert "old" not in page.read_text()
