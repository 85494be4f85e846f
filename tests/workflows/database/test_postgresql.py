"""A structure database on a PostgreSQL server: many processes, kills at any moment, and errors in one line."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.errors import InputError, NotStoredError
from amalgamics.tests.postgresql_server import PostgreSQLCluster, running_server
from amalgamics.workflows.database.backends import postgresql as module
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.checking import check_rows
from amalgamics.workflows.database.row_selection import INDICES, TABLES
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.submission import spec_document

FORK = multiprocessing.get_context("fork")
SETTINGS = RelaxationSettings()


@pytest.fixture
def address(postgresql: PostgreSQLCluster) -> str:
    return postgresql.new_schema()


def crystal(n: int) -> Atoms:
    return bulk("Cu", a=3.5 + 0.001 * n)


def add(store: StructureDatabase, n: int, energy: float = -0.1) -> int:
    """Store a crystal of its own for each number and return the id of its row."""
    atoms = crystal(n)
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=0 * atoms.positions, stress=[0.0] * 6)
    outcome = RelaxationResult(atoms, energy, 0.0, n, n + 1, 0.1)
    candidate = Candidate(f"crystal {n}", "frame", crystal(n), "made up", labels={"frame": n})
    return store.add(candidate, outcome, get_potential("emt"), SETTINGS)


def in_processes(*works: Callable[[], object]) -> list[int | None]:
    """Do each work in a forked process of its own, all at once, and return their exit codes."""
    processes = [FORK.Process(target=work) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def tables(cluster: PostgreSQLCluster, address: str) -> set[str]:
    rows = cluster.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", at=address)
    return {table for (table,) in rows}


def test_reading_an_empty_database_makes_nothing(postgresql, address):
    store = StructureDatabase(address)
    assert [store.last_id(), list(store.rows_after(0)), store.find_all(["none"]), store.select()] == [0, [], {}, []]
    assert store.forget_failed(["none"]) == 0
    assert store.backend.recover().startswith("there is no structure database")
    with pytest.raises(NotStoredError, match="no structure database at postgresql://"):
        StructureDatabase(address, must_exist=True)
    assert tables(postgresql, address) == set()
    add(store, 1)
    assert tables(postgresql, address) == set(TABLES)
    assert StructureDatabase(address, must_exist=True).backend.recover().endswith("is sound")


def test_results_are_set_aside_on_a_server_as_in_a_file(address):
    store = StructureDatabase(address)
    assert store.set_aside(["none"]) == 0
    add(store, 0)
    (row,) = store.select()
    assert store.fingerprints_of(row.potential_identity) == [row.fingerprint]
    assert store.set_aside([row.fingerprint, "none"]) == 1
    (aside,) = store.select()
    assert (aside.id, aside.name, aside.energy) == (row.id, row.name, row.energy)
    assert aside.data["provenance"] == row.data["provenance"]
    assert aside.potential_identity.startswith(f"{row.potential_identity}-until-")
    assert store.find(row.fingerprint) is None
    assert add(store, 0) != row.id
    assert check_rows(store) == (2, [])


@pytest.mark.parametrize("count", [2, 8])
def test_processes_that_use_an_empty_database_at_once_all_find_their_way(postgresql, count):
    for _ in range(4):
        address = postgresql.new_schema()
        start = FORK.Barrier(count)

        def work(number: int, address: str = address, start: Any = start) -> None:
            store = StructureDatabase(address)
            start.wait()
            for step in range(5):
                add(store, number * 5 + step)

        assert in_processes(*(lambda n=n: work(n) for n in range(count))) == [0] * count
        rows = StructureDatabase(address).select()
        assert {row.name for row in rows} == {f"crystal {n}" for n in range(5 * count)}
        for row in rows:  # and each has the keys of its own
            n = int(row.name.removeprefix("crystal "))
            assert (row.frame, row.n_steps, row.cell[0, 1]) == (n, n, pytest.approx(crystal(n).cell[0, 1]))
            assert [one.id for one in StructureDatabase(address).select(f"frame={n}")] == [row.id]


def test_writers_of_the_same_calculation_store_it_once(address):
    count = 8
    start = FORK.Barrier(count)

    def work() -> None:
        store = StructureDatabase(address)
        start.wait()
        for n in range(5):
            add(store, n)

    assert in_processes(*[work] * count) == [0] * count
    store = StructureDatabase(address)
    assert sorted(row.frame for row in store.select()) == list(range(5))
    with store.backend.reading() as connection:
        (number,) = connection.execute("SELECT COUNT(*) FROM systems").fetchone()
    assert number == 5


def test_the_server_itself_refuses_a_second_row_of_a_calculation(address):
    store = StructureDatabase(address)
    add(store, 1)
    (row,) = store.select()
    with pytest.raises(InputError, match="unique"), store.backend.writing() as rows:
        rows.write(crystal(1), key_value_pairs={"fingerprint": row.fingerprint})
    assert store.last_id() == 1


def test_rows_become_visible_in_the_order_of_their_ids(address):
    """Who follows a database from the last id that was seen misses none."""
    count, each = 4, 15
    seen: list[int] = []

    def work(number: int) -> None:
        store = StructureDatabase(address)
        for step in range(each):
            add(store, number * each + step)

    processes = [FORK.Process(target=work, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    store = StructureDatabase(address)
    while len(seen) < count * each and any(process.is_alive() for process in processes):
        seen += [int(row.id) for row in store.rows_after(seen[-1] if seen else 0)]
    for process in processes:
        process.join()
    seen += [int(row.id) for row in store.rows_after(seen[-1] if seen else 0)]
    assert len(seen) == count * each
    assert seen == sorted(seen)


def test_a_kill_at_any_statement_of_the_first_write_does_no_harm(postgresql):
    for moment in range(100):
        address = postgresql.new_schema()

        def die_then_write(address: str = address, moment: int = moment) -> None:
            die_at(moment)
            add(StructureDatabase(address), 1)

        (code,) = in_processes(die_then_write)
        assert code in (0, -signal.SIGKILL)
        held = tables(postgresql, address)
        assert held in (set(), set(TABLES)), moment
        store = StructureDatabase(address)
        assert len(store.select()) == (1 if held else 0)
        assert [add(store, 1), add(store, 2)][0] >= 1
        assert {row.frame for row in store.select()} == {1, 2}
        if code == 0:
            break
    assert moment > len(TABLES) + len(INDICES)
    assert code == 0


def die_at(moment: int) -> None:
    """Kill this process when it gives the server that statement."""
    left = [moment]
    execute = module.ServerConnection.execute

    def count(self: Any, *arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, *arguments)

    module.ServerConnection.execute = count  # type: ignore[method-assign, assignment]


def test_a_writer_that_is_killed_holding_the_lock_blocks_nobody(address):
    def die_writing() -> None:
        store = StructureDatabase(address)
        with store.backend.writing() as rows:
            rows.write(crystal(1), key_value_pairs={"name": "lost"})
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_processes(die_writing) == [-signal.SIGKILL]
    store = StructureDatabase(address)
    add(store, 2)
    assert [row.name for row in store.select()] == ["crystal 2"]


@pytest.fixture
def own_server() -> Iterator[PostgreSQLCluster]:
    """A server that may be killed."""
    with running_server() as cluster:
        yield cluster


def test_a_server_that_is_killed_in_mid_write_and_comes_back_loses_nothing(own_server):
    address = own_server.new_database()
    store = StructureDatabase(address)
    add(store, 0)
    back = threading.Thread(target=own_server.start)
    killed: list[int] = []

    class Killing(module.ServerConnection):
        def cursor(self) -> Any:
            """Lose the server when a row is about to be written."""
            if not killed:
                killed.append(1)
                own_server.kill()
                back.start()
            return super().cursor()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ServerConnection", Killing)
        assert add(store, 1) > 1
    back.join()
    assert killed
    assert sorted(row.frame for row in StructureDatabase(address).select()) == [0, 1]


def test_a_server_that_stays_away_is_not_waited_for_for_ever(own_server, monkeypatch):
    store = StructureDatabase(own_server.new_database())
    add(store, 0)
    own_server.kill()
    monkeypatch.setattr(module, "PATIENCE_S", 0.5)
    for attempt in (store.last_id, lambda: add(store, 1), store.select, lambda: list(store.rows_after(0))):
        with pytest.raises(InputError, match="does not answer") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_rows_come_back_as_they_went(address):
    atoms = Atoms("CuAu", positions=[[0, 0, 0], [1.23456789012345, 1, 1e-17]], cell=[3, 4, 5], pbc=[True, True, False])
    atoms.set_tags([0, 3])
    atoms.set_initial_magnetic_moments([0.5, -0.5])
    forces = np.array([[0.1, 0.2, 1 / 3], [-0.1, -0.2, -1 / 3]])
    final = atoms.copy()
    final.calc = SinglePointCalculator(final, energy=1 / 3, forces=forces, magmoms=[1.0, 2.0], magmom=np.float64(3.0))
    outcome = RelaxationResult(final, 1 / 3, 0.0, 3, 4, 0.1)
    data = {"z": 1, "a": [1.0, 1e22, float("nan")], "longest": {"γ": None, "b": True, "inf": float("inf")}}
    candidate = Candidate("Cu γ-phase 'quoted' 100 % \\ ?", "frame", atoms, "made up")
    store = StructureDatabase(address)
    store.add(candidate, outcome, get_potential("emt"), SETTINGS, more_data=data)
    (row,) = store.select(where={"name": candidate.name})
    assert row.toatoms() == final
    assert row.toatoms().get_forces().tolist() == forces.tolist()
    assert row.toatoms().get_magnetic_moments().tolist() == [1.0, 2.0]
    assert row.energy == 1 / 3
    assert row.magmom == 3.0
    assert [key for key in row.data if key in data] == list(data)
    assert row.data["longest"] == data["longest"]
    assert row.data["a"][:2] == [1.0, 1e22]
    assert np.isnan(row.data["a"][2])
    assert Candidate.from_dict(row.data["candidate"]).atoms.positions.tolist() == atoms.positions.tolist()


def test_texts_are_sorted_as_in_a_file(address):
    store = StructureDatabase(address)
    for n, name in enumerate(("b", "B", "a", "_", "é")):
        atoms = crystal(n)
        candidate = Candidate(name, "frame", atoms, "made up")
        store.add(candidate, RelaxationError("none", atoms), get_potential("emt"), SETTINGS)
    found = [row.name for row in store.select("converged=False", sort="name")]
    assert found == sorted(found)
    assert [row.name for row in store.select("converged=False,name>B", sort="name")] == ["_", "a", "b", "é"]


def test_ase_reads_what_is_stored(address):
    from ase.db import connect

    add(StructureDatabase(address), 1)
    theirs = connect(address.replace("@/", "@localhost/"), type="postgresql", use_lock_file=False)
    theirs._connect = lambda: _plain_connection(address)
    (row,) = theirs.select("frame=1,natoms<2")
    assert row.name == "crystal 1"
    assert row.data["candidate"]["labels"] == {"frame": 1}


def _plain_connection(address: str) -> Any:
    import psycopg2
    from ase_db_backends.postgresql import Connection

    return Connection(psycopg2.connect(address))


def test_tables_that_ase_made_are_taken_and_indexed(postgresql, address):
    from ase_db_backends.postgresql import PostgreSQLDatabase

    theirs = PostgreSQLDatabase(address, use_lock_file=False)
    theirs._connect = lambda: _plain_connection(address)
    theirs.write(crystal(7), name="theirs", converged=True, frame=7)
    store = StructureDatabase(address, must_exist=True)
    assert [row.name for row in store.select()] == ["theirs"]
    add(store, 1)
    query = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
    indices = {index for (index,) in postgresql.execute(query, at=address)}
    assert {*INDICES, "fingerprint_unique"} <= indices
    assert [row.name for row in store.select(sort="frame")] == ["crystal 1", "theirs"]


def test_tables_of_something_else_are_left_alone(postgresql):
    address = postgresql.new_database()
    postgresql.execute("CREATE TABLE words (word TEXT)", at=address)
    store = StructureDatabase(address)
    for attempt in (store.select, lambda: add(store, 1), store.backend.check_usable):
        with pytest.raises(InputError, match=r"not a structure database.*words"):
            attempt()
    assert tables(postgresql, address) == {"words"}
    # A schema beside them is a place of its own.
    postgresql.execute("CREATE SCHEMA mercury", at=address)
    inside = StructureDatabase(f"{address}&options=-csearch_path%3Dmercury")
    add(inside, 1)
    assert inside.last_id() == 1
    assert tables(postgresql, address) == {"words"}


def test_an_incomplete_database_is_named(postgresql, address):
    add(StructureDatabase(address), 1)
    postgresql.execute("DROP TABLE text_key_values", at=address)
    for attempt in (lambda s: s.select(), lambda s: add(s, 2), lambda s: s.backend.recover()):
        with pytest.raises(InputError, match="incomplete: it lacks text_key_values"):
            attempt(StructureDatabase(address))


def test_what_a_user_may_not_do_is_refused_before_anything_is_computed(postgresql):
    address = postgresql.new_database()
    postgresql.execute("CREATE ROLE guest LOGIN")
    as_guest = address.replace("tester@", "guest@")
    guest = StructureDatabase(as_guest)
    with pytest.raises(InputError, match=r"its user may not make tables in it.*GRANT"):
        guest.backend.check_usable()
    with pytest.raises(InputError, match="GRANT"):
        add(guest, 1)
    store = StructureDatabase(address)
    add(store, 1)
    with pytest.raises(InputError, match=r"no right to that.*GRANT"):
        guest.select()
    postgresql.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", at=address)
    assert [row.frame for row in guest.select()] == [1]
    with pytest.raises(InputError, match="may not write into its tables"):
        guest.backend.check_usable()
    rights = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest"
    postgresql.execute(rights, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO guest", at=address)
    guest.backend.check_usable()
    assert add(guest, 2) == 2


def test_a_server_that_is_away_is_one_line_within_the_time(monkeypatch):
    monkeypatch.setitem(module._OPTIONS, "connect_timeout", 2)
    with contextlib.closing(socket.socket()) as silent:  # listens, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        urls = [f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x", "postgresql://127.0.0.1:1/x"]
        for url in [*urls, "postgresql:///x?host=/nowhere"]:
            with pytest.raises(InputError, match=r"^database: postgresql://.*does not answer") as caught:
                StructureDatabase(url)
            assert "\n" not in str(caught.value)


def test_a_database_that_is_not_there_and_a_user_who_is_not(postgresql):
    with pytest.raises(InputError, match=r'"none" does not exist.*createdb'):
        StructureDatabase(postgresql.url("none"))
    with pytest.raises(InputError, match='role "nobody" does not exist'):
        StructureDatabase(postgresql.url("postgres", user="nobody"))


def test_without_the_extra_the_message_says_what_to_install():
    code = (
        "import sys; sys.modules['psycopg2'] = None\n"
        "from amalgamics.workflows.database.structure_database import StructureDatabase\n"
        "StructureDatabase('postgresql://me:hunter2@127.0.0.1/x')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert "postgresql://me@127.0.0.1/x needs the package psycopg2" in last
    assert "pip install 'amalgamics[postgresql]'" in last


@pytest.fixture
def guarded(own_server: PostgreSQLCluster, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that asks for a password, which holds what a URL does not take as it is."""
    address = own_server.new_database()
    own_server.execute("CREATE ROLE me LOGIN SUPERUSER PASSWORD 'hunter@2/%'")
    rules = own_server.folder / "data" / "pg_hba.conf"
    rules.write_text("local all tester trust\nlocal all all scram-sha-256\n")
    own_server.execute("SELECT pg_reload_conf()")
    for variable in ("AMALGAMICS_DATABASE", "PGPASSWORD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    return address.replace("tester@", "me@")


def test_the_password_comes_from_the_environment_and_goes_nowhere(guarded, monkeypatch, tmp_path):
    with pytest.raises(InputError, match=r"no password supplied.*~/\.pgpass or \$PGPASSWORD"):
        StructureDatabase(guarded)
    with_password = guarded.replace("me@", "me:hunter%402%2F%25@")
    with pytest.raises(InputError, match="password authentication failed") as caught:
        StructureDatabase(guarded.replace("me@", "me:hunter3@"))
    assert "hunter" not in str(caught.value)
    monkeypatch.setenv("AMALGAMICS_DATABASE", with_password)
    store = StructureDatabase(guarded)
    add(store, 1)
    assert store.address == guarded
    spec = WorkflowSpec(name="job", systems=["Cu-Au"], potential="emt", output=tmp_path)
    assert (spec.database, spec.database_address) == (guarded, guarded)
    spec.check()
    assert "hunter" not in str(spec_document(spec)) + repr(spec)
    assert spec.checkpoint_folder == tmp_path / "checkpoints"
    monkeypatch.setenv("AMALGAMICS_DATABASE", guarded)
    monkeypatch.setenv("PGPASSWORD", "hunter@2/%")
    assert StructureDatabase(guarded).last_id() == 1


JOB = """
name: first
systems: [Cu-Au]
potential: emt
structures: {prototypes: false}
relaxation: {fmax: 0.05}
"""


def test_a_job_runs_on_a_server_and_its_password_stands_nowhere(guarded, tmp_path):
    (tmp_path / "job.yaml").write_text(JOB)
    variables = {"AMALGAMICS_DATABASE": guarded.replace("me@", "me:hunter%402%2F%25@"), "OMP_NUM_THREADS": "1"}
    said = ""
    for arguments in (["run", "job.yaml", "--workers", "1"], ["query", "--csv"], ["recover"], ["backup", "--check"]):
        command = [sys.executable, "-m", "amalgamics.cli.main", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout + done.stderr
    assert "is sound, 2 rows" in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"report.html", "launchpad.lock"} <= {path.name for path in files}
    for content in (said.encode(), *(path.read_bytes() for path in files)):
        assert b"hunter" not in content


def test_a_process_that_was_forked_does_not_talk_on_the_connection_of_its_parent(address):
    store = StructureDatabase(address)
    add(store, 0)
    works = [lambda n=n: add(store, n) for n in range(1, 5)]
    assert in_processes(*works) == [0] * 4
    assert sorted(row.frame for row in store.select()) == list(range(5))
