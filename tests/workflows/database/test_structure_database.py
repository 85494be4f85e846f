"""The structure database: queries, reuse, hull values; on a real SQLite file and a real PostgreSQL server."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.errors import InputError
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.fingerprint import fingerprint
from amalgamics.workflows.database.measures import find_symmetry
from amalgamics.workflows.database.query import parse_query, subsystems
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.studies.batches import split_batches

EMT = get_potential("emt")
SETTINGS = RelaxationSettings(fmax=0.01)


def candidate(name: str, atoms: Atoms) -> Candidate:
    return Candidate(name=name, kind="library", atoms=atoms, source="made up", space_group="Fm-3m")


def result(atoms: Atoms, energy: float) -> RelaxationResult:
    final = atoms.copy()
    final.calc = SinglePointCalculator(final, energy=energy, forces=0 * final.positions, stress=[0.0] * 6)
    return RelaxationResult(atoms=final, energy=energy, max_force=0.0, n_steps=3, n_force_calls=4, wall_time_s=0.1)


@pytest.fixture
def database(database_address) -> StructureDatabase:
    store = StructureDatabase(database_address)
    store.add(candidate("Cu_fcc", bulk("Cu")), result(bulk("Cu"), -0.1), EMT, SETTINGS)
    store.add(candidate("Au_fcc", bulk("Au")), result(bulk("Au"), 0.0), EMT, SETTINGS)
    alloy = Atoms("CuAu", cell=[3, 3, 3], scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], pbc=True)
    store.add(candidate("CuAu", alloy), result(alloy, -0.4), EMT, SETTINGS)
    return store


def test_same_calculation_is_stored_once(database):
    first = database.find(fingerprint(bulk("Cu"), EMT, SETTINGS))
    again = database.add(candidate("Cu_again", bulk("Cu")), result(bulk("Cu"), -9.0), EMT, SETTINGS)
    assert again == first.id
    assert database.find(fingerprint(bulk("Cu"), EMT, SETTINGS)).energy_per_atom == pytest.approx(-0.1)


def test_other_settings_are_another_calculation(database):
    assert database.find(fingerprint(bulk("Cu"), EMT, RelaxationSettings(fmax=0.02))) is None


@given(st.floats(-1e-7, 1e-7), st.floats(0.01, 0.2))
def test_fingerprint_sees_structure_not_float_noise(noise, move):
    base = bulk("Cu", cubic=True)
    noisy, moved = base.copy(), base.copy()
    noisy.positions[1] += noise
    moved.positions[1, 0] += move
    key = fingerprint(base, EMT, SETTINGS)
    assert fingerprint(noisy, EMT, SETTINGS) == key
    assert fingerprint(moved, EMT, SETTINGS) != key


def test_chemical_system_includes_its_elements(database):
    assert {row.name for row in database.select("Cu-Au")} == {"Cu_fcc", "Au_fcc", "CuAu"}
    assert {row.name for row in database.select("Au-Ag")} == {"Au_fcc"}
    assert {row.name for row in database.select("Cu-Au,natoms>1")} == {"CuAu"}
    assert {row.name for row in database.select("Cu")} == {"Cu_fcc", "CuAu"}


def test_sort_and_limit_over_subsystems(database):
    assert [row.name for row in database.select("Cu-Au", sort="-energy_per_atom", limit=2)] == ["Au_fcc", "Cu_fcc"]


@pytest.mark.parametrize("query", ["e_above_hul<1", "Xx-Hg", "bogus", "Li-Hg,Na-Hg", "natoms<few"])
def test_bad_query_is_refused(database, query):
    with pytest.raises(InputError):
        database.select(query)


def test_failed_relaxation_is_kept_out_of_the_way_until_forgotten(database):
    silver = candidate("Ag_fcc", bulk("Ag"))
    database.add(silver, RelaxationError("no luck", bulk("Ag")), EMT, SETTINGS)
    key = fingerprint(bulk("Ag"), EMT, SETTINGS)
    assert not database.find(key).converged
    assert database.find(key).data["reason"] == "no luck"
    assert "Ag_fcc" not in {row.name for row in database.select("")}
    assert {row.name for row in database.select("converged=False")} == {"Ag_fcc"}
    assert database.forget_failed([key]) == 1
    assert database.find(key) is None


@pytest.mark.parametrize(("cubic", "count"), [(True, 4), (False, 1)])
def test_symmetry_does_not_depend_on_the_cell(cubic, count):
    atoms = bulk("Cu", a=3.6, cubic=cubic)
    assert len(atoms) == count
    symmetry = find_symmetry(atoms)
    assert (symmetry.symbol, symmetry.number) == ("Fm-3m", 225)
    assert symmetry.lattice == pytest.approx([3.6, 3.6, 3.6, 90, 90, 90])


def test_values_are_indexed(database):
    """Without an index on values, finding a stored calculation reads every row."""
    question = "SELECT id FROM text_key_values WHERE key='name' AND value='x'"
    if database.path is None:
        with database.backend.reading() as connection:
            connection.execute("SET LOCAL enable_seqscan = off")  # which is faster while there are few rows
            plan = connection.execute(f"EXPLAIN {question}").fetchall()
        assert "text_value_index" in str(plan)
        return
    with contextlib.closing(sqlite3.connect(database.path)) as connection:
        (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
    assert "text_value_index (key=? AND value=?)" in plan[-1]


def test_reading_a_missing_or_foreign_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no structure database"):
        StructureDatabase(tmp_path / "none.db", must_exist=True)
    (tmp_path / "text.db").write_text("this is not a database at all")
    with pytest.raises(InputError, match="not SQLite"):
        StructureDatabase(tmp_path / "text.db")
    assert StructureDatabase(tmp_path / "none.db").select("Li-Hg") == []
    assert not (tmp_path / "none.db").exists()


def test_a_stale_lock_file_does_not_block(tmp_path):
    store = StructureDatabase(tmp_path / "structures.db")
    (tmp_path / ".structures.db.lock").touch()
    assert store.add(candidate("Cu_fcc", bulk("Cu")), result(bulk("Cu"), -0.1), EMT, SETTINGS) == 1


def test_ase_db_itself_can_write_to_the_file_afterwards(tmp_path):
    """It waits for ever where there is a file called ``structures.db.lock``, whoever left it."""
    from ase.db import connect

    path = tmp_path / "structures.db"
    StructureDatabase(path).add(candidate("Cu_fcc", bulk("Cu")), result(bulk("Cu"), -0.1), EMT, SETTINGS)
    assert not path.with_name("structures.db.lock").exists()
    assert connect(path).write(bulk("Au"), note="of another program") == 2


def test_candidate_survives_json():
    import json

    before = Candidate("x", "library", bulk("Cu"), "src", measured_lattice=(1.0, 2.0, 3.0, 90.0, 90.0, 90.0))
    after = Candidate.from_dict(json.loads(json.dumps(before.as_dict())))
    assert after.atoms == before.atoms
    assert after.metadata() == before.metadata()


@given(st.lists(st.sampled_from(["Li", "Na", "Hg", "Zn"]), min_size=1, max_size=4, unique=True))
def test_subsystems_are_all_subsets(symbols):
    found = subsystems(symbols)
    assert len(found) == len(set(found)) == 2 ** len(symbols) - 1
    assert "-".join(sorted(symbols)) in found


def test_query_terms_are_told_apart():
    assert parse_query("Li-Hg, e_above_hull<0.05") == (["e_above_hull<0.05"], ["Hg", "Li", "Hg-Li"])


@given(st.lists(st.integers(1, 60), max_size=40))
def test_batches_lose_and_repeat_nothing(sizes):
    candidates = [candidate(f"n{index}", Atoms("Cu" * size)) for index, size in enumerate(sizes)]
    batches = split_batches(candidates, "chgnet")
    assert sorted(item.name for batch in batches for item in batch) == sorted(item.name for item in candidates)
    assert all(len(batch) == 1 or sum(len(item.atoms) for item in batch) <= 100 for batch in batches)
