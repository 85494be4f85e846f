"""The synthetic database of the query benchmark is one that queries and ase.db read alike."""

from __future__ import annotations

import pytest
from ase.db import connect

from amalgamics.benchmarks.query import QUERIES, fill, run_queries
from amalgamics.workflows.database.structure_database import StructureDatabase


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("query") / "structures.db"
    fill(path, 2000)
    return StructureDatabase(path)


def test_rows_are_what_they_say(database):
    rows = database.select("")
    assert [row.id for row in rows] == list(range(1, 2001))
    for row in rows[:200]:
        assert row.chemical_system == "-".join(sorted(set(row.symbols)))
        assert row.energy == pytest.approx(row.energy_per_atom * row.natoms)
        assert row.key_value_pairs["fingerprint"] == f"synthetic-{row.id}"
        assert row.data["settings"] == {"fmax": 0.02}


def test_ase_reads_the_same_rows(database):
    with connect(database.path, type="db", use_lock_file=False) as theirs:
        found = [row.id for row in theirs.select("reduced_formula=LiHg3,Hg>2,energy_per_atom<-2.1")]
    assert found
    assert [row.id for row in database.select("reduced_formula=LiHg3,Hg>2,energy_per_atom<-2.1")] == found


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.title)
def test_every_query_finds_something(database, query):
    assert database.select(query.conditions, sort=query.sort, limit=query.limit)


def test_the_benchmark_runs(monkeypatch):
    monkeypatch.setattr("amalgamics.benchmarks.query.ROUNDS", 1)
    monkeypatch.setattr("amalgamics.benchmarks.query.QUICK_ROWS", 1000)
    result = run_queries("quick")
    table, of_hulls = result.tables
    assert all(row["first, CPU time (ms)"] > row["again, CPU time (ms)"] for row in of_hulls.rows)
    assert len(table.rows) == len(QUERIES)
    assert all(row["amalgamics is faster (CPU)"] > 0 for row in table.rows)
    (target,) = result.targets
    assert "1000 rows" in target.what
