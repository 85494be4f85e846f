"""Rows from one structure database into another, between files and servers; backups and checks of either."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import signal
import sqlite3
import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from typer.testing import CliRunner

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.errors import InputError, NotStoredError
from amalgamics.tests.postgresql_server import PostgreSQLCluster
from amalgamics.workflows.database import merging
from amalgamics.workflows.database.backup import back_up, default_output
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.checking import check_rows
from amalgamics.workflows.database.merging import MergeReport
from amalgamics.workflows.database.row_selection import TABLES
from amalgamics.workflows.database.structure_database import StructureDatabase

FORK = multiprocessing.get_context("fork")
EMT, SETTINGS = get_potential("emt"), RelaxationSettings()


def add(store: StructureDatabase, n: int, energy: float | None = -0.1) -> int:
    """Store a crystal of its own for each number, failed without an energy, and return the id of its row."""
    atoms = bulk("Cu", a=3.5 + 0.001 * n, cubic=True)
    atoms.set_constraint(FixAtoms([0]))
    candidate = Candidate(f"crystal {n}", "frame", atoms.copy(), "made up", labels={"frame": n, "site": "top"})
    if energy is None:
        return store.add(candidate, RelaxationError("no luck", atoms), EMT, SETTINGS)
    forces = np.full((4, 3), n / 3)
    atoms.calc = SinglePointCalculator(atoms, energy=4 * energy, forces=forces, stress=[0.1 * n] * 6)
    data = {"nested": {"z": [1, 2.5, None], "a": float("nan")}}
    return store.add(candidate, RelaxationResult(atoms, 4 * energy, 0.0, n, 4, 0.1), EMT, SETTINGS, more_data=data)


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], StructureDatabase]:
    """Return what makes an empty database of a kind."""
    if request.param == "sqlite":
        numbers = count(1)
        return lambda: StructureDatabase(tmp_path / f"{next(numbers)}.db")
    cluster: PostgreSQLCluster = request.getfixturevalue("postgresql")
    return lambda: StructureDatabase(cluster.new_schema())


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> StructureDatabase:
    """A database of either kind with three results and a failure."""
    place: str | Path = tmp_path / "source" / "structures.db"
    if request.param == "postgresql":
        place = request.getfixturevalue("postgresql").new_schema()
    store = StructureDatabase(place)
    for n in range(3):
        add(store, n)
    add(store, 3, None)
    return store


def all_rows(store: StructureDatabase) -> list[object]:
    """Return what is stored of each row, without its id and when it was written."""
    return [
        (
            row.toatoms(),
            row.get("energy"),
            None if row.get("forces") is None else row.forces.tolist(),
            [fix.index.tolist() for fix in row.constraints],
            row.key_value_pairs,
            repr(dict(row.data)),
            (row.ctime, row.user, row.calculator if "calculator" in row else None),
        )
        for row in sorted(store.rows_after(0), key=lambda row: str(row.name))
    ]


def test_everything_of_a_row_arrives(source, new):
    target = new()
    assert target.merge_from(source) == MergeReport(added=4)
    assert all_rows(target) == all_rows(source)
    assert target.merge_from(source) == MergeReport(present=4)
    assert len(target.select("converged=False")) == 1
    back = new()
    back.merge_from(target)
    assert all_rows(back) == all_rows(source)
    assert check_rows(target) == (4, [])


def test_only_what_lacks_is_added_and_results_take_the_place_of_failures(source, new):
    target = new()
    add(target, 1)
    add(target, 2, None)
    add(target, 3, None)
    add(target, 9)
    assert target.merge_from(source) == MergeReport(added=1, replaced=1, present=2)
    assert {row.frame for row in target.select()} == {0, 1, 2, 9}
    assert {row.frame for row in target.select("converged=False")} == {3}
    assert target.last_id() == 6  # those who follow the ids see what took a place
    other = new()
    add(other, 3)
    assert other.merge_from(source) == MergeReport(added=3, present=1)
    assert {row.frame for row in other.select()} == {0, 1, 2, 3}
    assert check_rows(other) == (4, [])


def test_energies_that_differ_are_named_and_those_of_the_target_kept(source, new):
    target = new()
    add(target, 0, -0.1009)
    add(target, 1, -0.25)
    found = target.merge_from(source)
    assert (found.added, found.present) == (2, 2)
    (one,) = found.disagreements
    assert (one.name, one.kept, one.other) == ("crystal 1", pytest.approx(-0.25), pytest.approx(-0.1))
    assert "150.0 meV/atom apart" in str(one)
    assert one.fingerprint in str(one)
    (row,) = target.select("frame=1")
    assert row.energy_per_atom == pytest.approx(-0.25)


def test_a_merge_is_whole_or_nothing(source, new, monkeypatch):
    target = new()
    add(target, 7)
    copied: list[int] = []
    copy = merging.copy_row

    def fail_at_the_last(rows, row):
        if len(copied) == 3:
            raise InputError("the disk is full")
        copied.append(1)
        return copy(rows, row)

    monkeypatch.setattr(merging, "copy_row", fail_at_the_last)
    with pytest.raises(InputError, match="disk"):
        target.merge_from(source)
    assert [row.frame for row in target.rows_after(0)] == [7]
    monkeypatch.undo()
    assert target.merge_from(source).added == 4


def test_more_rows_than_ase_keeps_in_a_transaction_are_one_all_the_same(source, new, monkeypatch):
    """``ase.db`` commits by itself after so many changes."""
    target = new()
    add(target, 7)

    def die(rows, row, copy=merging.copy_row):
        rows.change_count = 4999  # the next change but one is the one at which it does
        copy(rows, row)
        if row.frame == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(merging, "copy_row", die)
    process = FORK.Process(target=lambda: StructureDatabase(target.address).merge_from(source))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [row.frame for row in target.rows_after(0)] == [7]


def test_rows_of_another_program_are_left_out_and_told(tmp_path, new):
    from ase.db import connect

    with connect(tmp_path / "theirs.db", use_lock_file=False) as theirs:
        theirs.write(bulk("Cu"), name="theirs")
    store = StructureDatabase(tmp_path / "theirs.db")
    add(store, 1)
    assert new().merge_from(store) == MergeReport(added=1, foreign=1)


def test_a_database_is_not_merged_into_itself(source):
    with pytest.raises(InputError, match="into itself"):
        StructureDatabase(source.address).merge_from(source)


def test_nothing_is_made_by_merging_from_nothing(new):
    target = new()
    assert target.merge_from(new()) == MergeReport()
    assert not target.backend.exists()


def test_a_backup_is_a_database_with_the_same_rows(source, tmp_path):
    made = back_up(source, tmp_path / "deep" / "copy.db")
    assert made.rows == 4
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    copy = StructureDatabase(made.path, must_exist=True)
    assert all_rows(copy) == all_rows(source)
    assert check_rows(copy) == (4, [])
    assert len(copy.select("Cu,frame<2", sort="-frame")) == 2
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()  # reading changes nothing
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert [path.name for path in made.path.parent.iterdir()] == ["copy.db"]


def test_a_backup_replaces_nothing_unasked(source, tmp_path):
    made = back_up(source, tmp_path / "copy.db")
    add(source, 5)
    with pytest.raises(InputError, match=r"there already; --force"):
        back_up(source, made.path)
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert back_up(source, made.path, force=True).rows == 5
    os.mkfifo(tmp_path / "pipe")
    for taken in (tmp_path, tmp_path / "pipe"):  # as /dev/null is no file either, and would be gone
        with pytest.raises(InputError, match="is no file, and is not replaced by one"):
            back_up(source, taken, force=True)
    assert (tmp_path / "pipe").is_fifo()
    if source.path is not None:
        with pytest.raises(InputError, match="itself"):
            back_up(source, source.path, force=True)
    assert default_output(source).name.endswith(".db")


def test_a_backup_of_nothing_is_refused(new, tmp_path):
    with pytest.raises(NotStoredError, match="no structure database"):
        back_up(new(), tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_backups_while_others_write_are_all_sound(source, tmp_path):
    stop = FORK.Event()

    def write() -> None:
        store, n = StructureDatabase(source.address), 10
        while not stop.is_set():
            add(store, n)
            n += 1

    process = FORK.Process(target=write)
    process.start()
    try:
        counts = []
        for number in range(5):
            made = back_up(source, tmp_path / f"copy-{number}.db")
            counts.append(made.rows)
            assert check_rows(StructureDatabase(made.path)) == (made.rows, [])
    finally:
        stop.set()
        process.join()
    assert process.exitcode == 0
    assert counts == sorted(counts)
    assert counts[-1] <= source.last_id()


DAMAGE = [
    ('UPDATE systems SET key_value_pairs = \'{"name": "other"}\' WHERE id = 1', "row 1 .* text_key_values does not"),
    ("UPDATE text_key_values SET value = 'other' WHERE key = 'name' AND id = 2", "row 2 .* text_key_values does not"),
    ("UPDATE number_key_values SET value = 7 WHERE key = 'n_steps' AND id = 2", "row 2 .* number_key_values does not"),
    ("DELETE FROM keys WHERE id = 3", "row 3 .* keys does not"),
    ("UPDATE species SET n = 3 WHERE id = 3", "row 3 .* species does not"),
    ("UPDATE systems SET natoms = 9 WHERE id = 3", "row 3 .* 4 atoms, and 9"),
    ("UPDATE systems SET energy = NULL WHERE id = 1", "row 1 .* has no energy"),
    ("UPDATE systems SET data = 'null' WHERE id = 1", "row 1 .* do not say what was computed"),
]


@pytest.mark.parametrize(("statement", "told"), DAMAGE)
def test_what_does_not_agree_is_named(source, statement, told):
    import re

    assert check_rows(source) == (4, [])
    with source.backend.writing() as rows:
        rows.connection.execute(statement)
    number, problems = check_rows(source)
    assert number == 4
    assert len(problems) >= 1
    assert all(re.search(told, line) or told.split()[1] in line for line in problems)
    assert any(re.search(told, line) for line in problems), problems


def file_with_rows(folder: Path) -> Path:
    store = StructureDatabase(folder / "structures.db")
    for n in range(3):
        add(store, n)
    assert store.path is not None
    return store.path


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE systems SET positions = x'00' WHERE id = 2", "row 2: cannot be read"),
        ("UPDATE systems SET data = x'00112233' WHERE id = 2", "row 2: cannot be read"),
        ("UPDATE systems SET key_value_pairs = '{' WHERE id = 2", "row 2: cannot be read"),
        ("DELETE FROM systems WHERE id = 2", "belong to no row"),
        ("UPDATE text_key_values SET value = (SELECT value FROM text_key_values WHERE key = 'fingerprint' AND id = 1)"
         " WHERE key = 'fingerprint' AND id = 2", "row 1: its fingerprint .* is that of 2 rows"),
    ],
)  # fmt: skip
def test_damage_that_a_server_would_not_let_happen(tmp_path, statement, told):
    import re

    path = file_with_rows(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    _, problems = check_rows(StructureDatabase(path))
    assert re.search(told, "\n".join(problems))
    assert all("\n" not in line for line in problems)


def test_damaged_pages_are_told_and_never_backed_up(tmp_path):
    path = file_with_rows(tmp_path)
    content = bytearray(path.read_bytes())
    size = 4096
    content[-size * 4 :] = bytes(size * 4)
    path.write_bytes(content)
    from amalgamics.cli.main import app

    store = StructureDatabase(path)
    number, problems = check_rows(store)
    assert number == 0
    assert problems
    with pytest.raises(InputError, match=r"damaged|malformed"):
        back_up(store, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    result = CliRunner().invoke(app, ["backup", "--check", "--database", str(path)])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == problems


def run(*arguments: str) -> list[str]:
    from amalgamics.cli.main import app

    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_the_commands_move_a_database_to_a_server_and_back(tmp_path, postgresql):
    path, server = str(file_with_rows(tmp_path)), postgresql.new_schema()
    assert run("merge", path, "--database", server) == [f"{path}: 3 added, 0 in place of failed ones, 0 were there"]
    assert run("backup", "--check", "--database", server) == [f"the structure database {server} is sound, 3 rows"]
    copied, digest = run("backup", "--database", server, "--output", str(tmp_path / "copy.db"))
    assert copied == f"3 rows: {tmp_path / 'copy.db'}"
    assert digest == f"SHA-256 {hashlib.sha256((tmp_path / 'copy.db').read_bytes()).hexdigest()}"
    (told,) = run("merge", server, "--database", path)
    assert told == f"{server}: 0 added, 0 in place of failed ones, 3 were there"
    assert all_rows(StructureDatabase(tmp_path / "copy.db")) == all_rows(StructureDatabase(path))


def test_the_tables_that_are_checked_are_those_there_are():
    from ase.db.sqlite import all_tables

    assert set(TABLES) == {*all_tables, "information"}
