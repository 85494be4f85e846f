"""Rows by SQL: the same as ase.db finds, whatever is indexed, sorted and limited."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.db import connect
from ase.db.row import AtomsRow
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.workflows.database.merging import copy_row
from amalgamics.workflows.database.plain_row import PlainRow
from amalgamics.workflows.database.row_selection import (
    COLUMNS,
    INDICES,
    add_indices,
    has_indices,
    read_rows,
    select_ids,
)
from amalgamics.workflows.database.structure_database import StructureDatabase

ELEMENTS = ("Li", "Na", "Zn")
CONDITIONS = st.sampled_from(
    [
        "dispersion_energy<0.1",
        "dispersion_energy>=0.1",
        "potential=chgnet+d3",
        "potential!=chgnet+d3",
        "converged=True",
        "natoms>2",
        "Hg",
        "Hg>1",
        "Hg<2",
        "Hg=0",
        "Li!=1",
        "name=row-3",
        "prototype",
        "kind=library",
        "energy<-3",
        "id>7",
        "formula=LiHg",
        "age<3d",
        "age>=1h",
        "volume>100",
        "name!=True",
    ]
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Thirty rows with what the queries below ask for."""
    rng = np.random.default_rng(1)
    target = tmp_path_factory.mktemp("rows") / "structures.db"
    with connect(target, type="db", use_lock_file=False) as database:
        for number in range(30):
            metal, n_mercury = ELEMENTS[number % 3], number % 4
            atoms = Atoms([metal] + ["Hg"] * n_mercury, positions=rng.uniform(0, 5, (1 + n_mercury, 3)))
            atoms.set_cell([5, 5, 5])
            atoms.pbc = [True, True, number % 2]
            atoms.calc = SinglePointCalculator(
                atoms, energy=-float(number) / 5, forces=rng.normal(size=(len(atoms), 3))
            )
            if number % 3 == 0:
                atoms.set_tags(range(len(atoms)))
                atoms.set_constraint(FixAtoms([0]))
            pairs: dict[str, Any] = {
                "name": f"row-{number}",
                "kind": "library" if number % 5 else "prototype",
                "potential": "chgnet+d3" if number % 2 else "7net-0+d3",
                "chemical_system": "-".join(sorted({metal, "Hg"} if n_mercury else {metal})),
                "converged": number != 11,
            }
            if number % 5 == 0:
                pairs["prototype"] = "CsCl"
            if number % 7:
                pairs["dispersion_energy"] = round(float(rng.uniform(0, 0.3)), 2)
            database.write(atoms, key_value_pairs=pairs, data={"settings": {"fmax": 0.02}, "number": [number]})
    with contextlib.closing(sqlite3.connect(target)) as connection, connection:
        add_indices(connection)
    return target


def select_rows(connection, *query, **options):
    return read_rows(connection, select_ids(connection, *query, **options), AtomsRow)


def select(path, conditions, systems=(), **options):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return select_rows(connection, conditions, systems, **options)


def with_ase(path, conditions):
    with connect(path, type="db", use_lock_file=False) as database:
        return sorted(row.id for row in database.select(",".join(conditions)))


@pytest.fixture(scope="module")
def server(path, postgresql):
    """The same rows on a server."""
    store = StructureDatabase(postgresql.new_schema())
    with contextlib.closing(sqlite3.connect(path)) as connection, store.backend.writing() as rows:
        for row in read_rows(connection, list(range(1, 31)), AtomsRow):
            copy_row(rows, row)
    return store


@given(
    st.lists(CONDITIONS, max_size=4, unique=True),
    st.lists(st.sampled_from(["Li", "Hg-Li", "Hg-Zn"]), unique=True),
    st.sampled_from(
        [None, "dispersion_energy", "-dispersion_energy", "energy", "-name", "prototype", "user", "-natoms"]
    ),
    st.none() | st.integers(1, 40),
)
def test_a_server_gives_the_same_rows_in_the_same_order(path, server, conditions, systems, sort, limit):
    wanted = select(path, conditions, systems, sort=sort, limit=limit)
    with server.backend.reading() as connection:
        found = select_rows(connection, conditions, systems, sort=sort, limit=limit)
    assert [row.id for row in found] == [row.id for row in wanted]
    for row, other in zip(found, wanted, strict=True):
        assert row.toatoms() == other.toatoms()
        assert (row.key_value_pairs, dict(row.data)) == (other.key_value_pairs, dict(other.data))


@pytest.mark.parametrize(
    "query", ["unique_id=123", "user=7", "id>999999999999", "Hg>99999999999", "name=3", "natoms=1e9"]
)
def test_odd_values_are_asked_alike(path, server, query):
    assert [row.id for row in server.select(query)] == [row.id for row in StructureDatabase(path).select(query)]


@given(st.lists(CONDITIONS, max_size=4, unique=True))
def test_the_rows_are_those_that_ase_finds(path, conditions):
    assert [row.id for row in select(path, conditions)] == with_ase(path, conditions)


@given(st.lists(CONDITIONS, max_size=3, unique=True), st.sampled_from(["", "-"]), st.integers(1, 40))
def test_sorting_and_limiting_leave_the_lowest(path, conditions, direction, limit):
    for key in ("dispersion_energy", "energy", "name"):
        every = [row for row in select(path, conditions) if row.get(key) is not None]
        missing = [row.id for row in select(path, conditions) if row.get(key) is None]
        wanted = sorted(every, key=lambda row: row.get(key), reverse=bool(direction))
        found = select(path, conditions, sort=f"{direction}{key}", limit=limit)
        assert [row.get(key) for row in found] == ([row.get(key) for row in wanted] + [None] * len(missing))[:limit]
        assert len({row.id for row in found}) == len(found)


@given(st.lists(st.sampled_from(["Li", "Hg-Li", "Hg-Zn"]), unique=True, min_size=1), st.lists(CONDITIONS, max_size=2))
def test_any_of_the_systems_will_do(path, systems, conditions):
    wanted = {row_id for one in systems for row_id in with_ase(path, [*conditions, f"chemical_system={one}"])}
    assert {row.id for row in select(path, conditions, systems)} == wanted


def test_a_row_is_read_completely(path):
    with connect(path, type="db", use_lock_file=False) as database:
        theirs = {row.id: row for row in database.select(include_data=True)}
    for row in select(path, []):
        other = theirs[row.id]
        assert set(row) == set(other)
        assert row.key_value_pairs == other.key_value_pairs
        assert (dict(row.data), row.calculator, row.user) == (dict(other.data), other.calculator, other.user)
        ours, atoms = row.toatoms(), other.toatoms()
        assert ours == atoms
        assert ours.get_potential_energy() == atoms.get_potential_energy()
        assert ours.get_forces() == pytest.approx(atoms.get_forces())
        assert [fix.index.tolist() for fix in ours.constraints] == [fix.index.tolist() for fix in atoms.constraints]
        ours.positions += 1.0  # not a view of the file's read-only bytes


def test_a_plain_row_has_the_values_of_the_row(path, server):
    for database in (StructureDatabase(path), server):
        with database.backend.reading() as connection:
            ids = select_ids(connection, [])
            pairs = zip(read_rows(connection, ids, PlainRow), read_rows(connection, ids, AtomsRow), strict=True)
            for row, other in pairs:
                for name in [*other.key_value_pairs, *COLUMNS, "kind", "calculator", "nothing"]:
                    if name != "mass":
                        assert row.get(name) == other.get(name), name
                assert row.symbols == other.symbols
                assert row.data == dict(other.data)
                for name in ("numbers", "positions", "cell", "pbc", "forces"):
                    assert row.get(name).tolist() == other.get(name).tolist()


@pytest.mark.parametrize(
    "data", [{}, {"1": {"2": "a"}}, {"a": [1, 2]}, {"a": np.arange(3)}, {"a": 1j}, {"__a": "b"}, {"a": 'says "__a"'}]
)
def test_data_of_a_plain_row_are_read_as_ase_reads_them(tmp_path, postgresql, data):
    for store in (StructureDatabase(tmp_path / "one.db"), StructureDatabase(postgresql.new_schema())):
        with store.backend.writing() as rows:
            rows.write(Atoms("Hg"), key_value_pairs={"name": "one"}, data=data)
        with store.backend.reading() as connection:
            (row,), (other,) = (read_rows(connection, [1], make) for make in (PlainRow, AtomsRow))
        assert repr(dict(row.data)) == repr(dict(other.data))
        with pytest.raises(AttributeError, match="no cell"):
            row.volume  # noqa: B018


def test_a_file_without_indices_gives_the_same_rows(path, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
        for name in INDICES:
            connection.execute(f"DROP INDEX {name}")
        assert not has_indices(connection)
        for conditions in (["Hg>1", "dispersion_energy<0.2"], ["Hg=0"], ["potential!=chgnet+d3", "natoms<4"]):
            rows = select_rows(connection, conditions, ["Hg-Li", "Li"])
            assert [row.id for row in rows] == [row.id for row in select(path, conditions, ["Hg-Li", "Li"])]


def test_each_test_of_a_row_uses_an_index(path):
    """A test that scans its table would read the whole file once for every row."""
    statements: list[Any] = []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.set_trace_callback(statements.append)
        select_rows(connection, ["dispersion_energy<0.1", "potential=chgnet+d3", "Hg>1", "converged=True"], ["Hg-Li"])
        connection.set_trace_callback(None)
        (search,) = [text for text in statements if text.startswith("SELECT found.id")]
        plan = [step[-1] for step in connection.execute(f"EXPLAIN QUERY PLAN {search}")]
    assert any("SEARCH found USING COVERING INDEX text_value_index" in step for step in plan)
    assert not [step for step in plan if step.startswith("SCAN")]


def test_a_database_that_was_made_without_indices_gets_them_at_the_first_query(path, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
        for name in INDICES:
            connection.execute(f"DROP INDEX {name}")
    assert len(StructureDatabase(copy).select("Li-Hg")) == len(StructureDatabase(path).select("Li-Hg"))
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert has_indices(connection)


def test_a_locked_database_is_read_without_indices(path, tmp_path, monkeypatch):
    monkeypatch.setattr("amalgamics.workflows.database.backends.sqlite._READER_TIMEOUT_S", 0.0)
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DROP INDEX species_id_index")
        connection.execute("BEGIN IMMEDIATE")
        assert StructureDatabase(copy).select("Li-Hg,Hg>1")


def test_what_cannot_be_asked_is_refused(path, tmp_path):
    with pytest.raises(InputError, match="sort"):
        StructureDatabase(path).select("Li-Hg", sort="e_above_hul")
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE words (word TEXT)")
    with pytest.raises(InputError, match="not a structure database"):
        StructureDatabase(other).select("Li-Hg")
    empty = tmp_path / "empty.db"
    empty.touch()
    assert StructureDatabase(empty).select("Li-Hg") == []


def test_values_reach_sqlite_as_values(path):
    assert select(path, ["name=row-3' OR TRUE --"]) == []
