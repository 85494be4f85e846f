"""The file of the structure database: complete or not there, whoever looks, writes or is killed in between."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db.sqlite import all_tables, index_statements, init_statements
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.errors import InputError
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.file import (
    FileState,
    database_path,
    examine,
    file_lock,
    make_complete,
    open_rows,
    unfinished_file,
)
from amalgamics.workflows.database.row_selection import INDICES
from amalgamics.workflows.database.structure_database import StructureDatabase

FORK = multiprocessing.get_context("fork")
TABLES = [*all_tables, "information"]
NOBODY = 65534


def add(path: Path, symbol: str = "Cu") -> int:
    """Store a crystal and return the id of its row."""
    atoms = bulk(symbol)
    atoms.calc = SinglePointCalculator(atoms, energy=-0.1, forces=0 * atoms.positions, stress=[0.0] * 6)
    candidate = Candidate(name=f"{symbol}_fcc", kind="library", atoms=bulk(symbol), source="made up")
    outcome = RelaxationResult(atoms=atoms, energy=-0.1, max_force=0.0, n_steps=3, n_force_calls=4, wall_time_s=0.1)
    return StructureDatabase(path).add(candidate, outcome, get_potential("emt"), RelaxationSettings())


def execute(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def half_make(path: Path, count: int) -> None:
    """Leave the file as ``ase.db`` does when it is killed after so many statements."""
    path.touch()
    execute(path, *init_statements[:count])


def ask_everything(path: Path) -> list[object]:
    """Return what each way of reading finds."""
    store = StructureDatabase(path, must_exist=path.exists())
    return [store.last_id(), list(store.rows_after(0)), store.find_all(["none"]), store.select()]


NOTHING: list[object] = [0, [], {}, []]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def indices(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


def test_reading_where_nothing_is_makes_nothing(tmp_path):
    path = tmp_path / "results" / "structures.db"
    assert ask_everything(path) == NOTHING
    assert StructureDatabase(path).forget_failed(["none"]) == 0
    assert not path.parent.exists()
    path.parent.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        open_rows(path).count()
    assert content(path.parent) == {}


@pytest.mark.parametrize("count", range(len(init_statements)))
def test_readers_take_a_half_made_file_for_an_empty_one_and_leave_it_so(tmp_path, count):
    half_make(tmp_path / "structures.db", count)
    before = content(tmp_path)
    assert ask_everything(tmp_path / "structures.db") == NOTHING
    assert content(tmp_path) == before


@pytest.mark.parametrize("count", [None, *range(len(init_statements) + 1)])
def test_the_first_write_completes_the_file(tmp_path, count):
    path = tmp_path / "structures.db"
    if count is not None:
        half_make(path, count)
    assert add(path) == 1
    assert add(path, "Au") == 2
    assert examine(path) == FileState()
    expected = set(INDICES)
    if count != len(init_statements):
        expected |= {statement.split()[2] for statement in index_statements}
    assert expected <= indices(path)
    assert [row.name for row in StructureDatabase(path).rows_after(0)] == ["Cu_fcc", "Au_fcc"]
    assert {file.name for file in tmp_path.iterdir()} <= {"structures.db", ".structures.db.lock"}


@pytest.mark.parametrize("count", range(1, len(init_statements)))
def test_a_half_made_file_with_rows_is_named_and_left_alone(tmp_path, count):
    path = tmp_path / "structures.db"
    half_make(path, count)
    execute(path, "INSERT INTO systems (unique_id) VALUES ('kept')")
    before = path.read_bytes()
    store = StructureDatabase(path)
    tries: list[Callable[[], object]] = [
        store.last_id,
        lambda: list(store.rows_after(0)),
        lambda: store.find("x"),
        store.select,
        lambda: add(path),
        lambda: store.forget_failed(["x"]),
    ]
    for attempt in tries:
        with pytest.raises(InputError) as refusal:
            attempt()
        assert str(path) in str(refusal.value)
        assert all(part in str(refusal.value) for part in [*TABLES[count:], "version", "1 in systems", "move it away"])
    assert path.read_bytes() == before


@settings(deadline=None, max_examples=30)
@given(st.sets(st.sampled_from(TABLES)), st.booleans())
def test_whatever_tables_are_missing_no_row_is_lost(missing, stored):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "structures.db"
        if stored:
            add(path)
        else:
            with file_lock(path):
                make_complete(path)
        execute(path, *(f"DROP TABLE {table}" for table in missing))
        before = path.read_bytes()
        has_rows = stored and not set(all_tables) <= missing
        if missing and has_rows:
            with pytest.raises(InputError, match=", ".join(part for part in TABLES if part in missing)):
                add(path, "Au")
            assert path.read_bytes() == before
        else:
            assert add(path, "Au") == 1 + (has_rows and not missing)
            assert examine(path) == FileState()


def test_what_belongs_to_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.db"
    execute(path, "CREATE TABLE words (word TEXT)", init_statements[0])
    before = path.read_bytes()
    for attempt in (lambda: add(path), lambda: StructureDatabase(path).last_id()):
        with pytest.raises(InputError, match=r"not a structure database.*words"):
            attempt()
    assert path.read_bytes() == before


def test_tables_that_ase_was_told_to_add_are_no_damage(tmp_path):
    path = tmp_path / "structures.db"
    add(path)
    with open_rows(path) as rows:
        rows.update(1, external_tables={"measured": {"angle": 140.0}})
    assert StructureDatabase(path).last_id() == 1
    assert add(path, "Au") == 2


def test_a_file_that_is_taken_away_is_made_again(tmp_path):
    path = tmp_path / "structures.db"
    add(path)
    store = StructureDatabase(path)
    assert store.last_id() == 1
    path.unlink()
    assert [store.last_id(), list(store.rows_after(0)), store.select()] == [0, [], []]
    assert not path.exists()
    assert add(path) == 1


def test_the_journal_of_a_file_that_is_gone_does_not_undo_the_new_one(tmp_path):
    """SQLite applies a journal to whatever file has the name that belongs to it."""
    path = tmp_path / "structures.db"

    def die_writing() -> None:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("CREATE TABLE numbers (value BLOB)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(bytes(5000),)] * 100)
        os.kill(os.getpid(), signal.SIGKILL)

    in_another_process(die_writing)
    assert path.with_name("structures.db-journal").stat().st_size
    path.unlink()
    assert add(path) == 1
    assert StructureDatabase(path).last_id() == 1


def in_another_process(work: Callable[[], object]) -> int:
    """Do the work in a forked process and return its exit code, negative for a signal."""
    process = FORK.Process(target=work)
    process.start()
    process.join()
    return process.exitcode  # type: ignore[return-value]


def test_processes_that_start_at_the_same_moment_all_find_their_way(tmp_path):
    """One that only reads, as the one that shows progress, and two workers, over and over in fresh folders."""
    rounds = 40
    start = FORK.Barrier(3)

    def go(work: Callable[[Path], object]) -> None:
        with aborting(start):
            for number in range(rounds):
                start.wait()
                work(tmp_path / f"run-{number}" / "structures.db")

    def watch(path: Path) -> None:
        store = StructureDatabase(path)
        last = 0
        while last < 2:
            last = max(last, store.last_id(), *(row.id for row in store.rows_after(last)))

    def work(path: Path, symbol: str) -> None:
        store = StructureDatabase(path)
        store.last_id()
        store.find_all(["none"])
        add(path, symbol)

    tasks = [watch, lambda path: work(path, "Cu"), lambda path: work(path, "Au")]
    processes = [FORK.Process(target=go, args=(task,)) for task in tasks]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    for number in range(rounds):
        path = tmp_path / f"run-{number}" / "structures.db"
        assert {row.name for row in StructureDatabase(path).select()} == {"Cu_fcc", "Au_fcc"}
        assert examine(path) == FileState()


@contextlib.contextmanager
def aborting(barrier: multiprocessing.synchronize.Barrier) -> Iterator[None]:
    """Let the others fail too, instead of waiting for ever."""
    try:
        yield
    except BaseException:
        barrier.abort()
        raise


@pytest.mark.parametrize("before", [None, 0, 3])
def test_a_kill_at_any_moment_of_the_making_does_no_harm(tmp_path, before):
    """Killed before each statement that SQLite is given, one after the other, and before the file takes its place."""
    for moment in range(100):
        path = tmp_path / f"run-{moment}" / "structures.db"
        path.parent.mkdir()
        if before is not None:
            half_make(path, before)

        def die_then(path: Path = path, moment: int = moment) -> None:
            die_at(moment)
            with file_lock(path):
                make_complete(path)

        killed = in_another_process(die_then) == -signal.SIGKILL
        assert ask_everything(path) == NOTHING
        assert add(path) == 1
        assert add(path, "Au") == 2
        assert examine(path) == FileState()
        assert {file.name for file in path.parent.iterdir()} <= {"structures.db", ".structures.db.lock"}
        if not killed:
            break
    assert moment > len(init_statements) + len(index_statements)
    assert not killed


def die_at(moment: int) -> None:
    """Kill this process at that statement of SQLite or move of a file."""
    left = [moment]
    connect, move = sqlite3.connect, Path.replace

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(*arguments, **options) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(count)
        return connection

    def counted_move(*arguments) -> Path:
        count()
        return move(*arguments)

    sqlite3.connect, Path.replace = watched, counted_move  # type: ignore[method-assign, assignment]


def test_a_file_left_unfinished_is_removed_by_the_next_write(tmp_path):
    path = tmp_path / "structures.db"
    unfinished_file(path).write_bytes(b"SQLite format 3, cut off")
    assert ask_everything(path) == NOTHING
    assert add(path) == 1
    assert not unfinished_file(path).exists()


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that others may enter; pytest's own is closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def without_rights(folder: Path, work: Callable[[], object]) -> None:
    """Do the work where nothing can be written: in another process, since root may write everywhere."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)

    def drop_rights() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        work()

    try:
        assert in_another_process(drop_rights) == 0
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize("count", [None, *range(len(init_statements))])
def test_a_file_that_cannot_be_written_is_read_all_the_same(shelf, count):
    path = shelf / "structures.db"
    if count is not None:
        half_make(path, count)

    def read() -> None:
        assert ask_everything(path) == NOTHING
        with pytest.raises(InputError, match="cannot write in"):
            add(path)

    before = content(shelf)
    without_rights(shelf, read)
    assert content(shelf) == before


def test_rows_are_read_where_nothing_can_be_written(shelf):
    path = shelf / "structures.db"
    add(path)
    execute(path, "DROP INDEX text_value_index")
    (shelf / ".structures.db.lock").unlink()

    def read() -> None:
        store = StructureDatabase(path, must_exist=True)
        assert store.last_id() == 1
        assert [row.name for row in store.rows_after(0)] == [row.name for row in store.select("Cu")] == ["Cu_fcc"]

    before = content(shelf)
    without_rights(shelf, read)
    assert content(shelf) == before


def test_a_database_is_no_device_or_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # to open one would wait for ever
    with pytest.raises(InputError, match="pipe is a device or pipe; give the path of a file"):
        database_path(tmp_path / "pipe")
