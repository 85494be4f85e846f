"""Rows page by page, text that is searched for, and databases that are only read."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.errors import InputError, NotStoredError
from amalgamics.workflows.database import row_selection
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

NAMES = ("Li", "Hg", "LiHg", "LiHg, again", "50% of it", "a_b", "Ünïcode", "it's", "<script>", 'a "quote"', "ha!")
SETTINGS = RelaxationSettings(fmax=0.05)


def fill(database: StructureDatabase) -> None:
    for number, name in enumerate(NAMES):
        atoms = Atoms("Li" if number % 2 else "Hg", cell=[3 + 0.1 * number] * 3, pbc=True)
        final = atoms.copy()
        final.calc = SinglePointCalculator(final, energy=-1.0 * number, forces=[[0, 0, 0]], stress=[0.0] * 6)
        outcome = RelaxationResult(final, -1.0 * number, 0.0, 3, 4, 0.1)
        database.add(Candidate(name, "library", atoms, "made up"), outcome, get_potential("emt"), SETTINGS)
    failed = Atoms("Li", cell=[9] * 3, pbc=True)
    candidate = Candidate("failed", "library", failed, "made up")
    database.add(candidate, RelaxationError("why", failed), get_potential("emt"), SETTINGS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "structures.db"
    fill(StructureDatabase(path))
    return path


def found(page: Callable[..., object], **asked: object) -> list[str]:
    return [row.name for row in page(**asked).rows]


@given(
    limit=st.integers(1, 20),
    query=st.sampled_from(["", "Li", "Li-Hg", "converged=False", "natoms>3", "e_above_hull<5"]),
    sort=st.sampled_from([None, "name", "-energy_per_atom", "e_above_hull", "-id", "natoms", "substrate"]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_together_are_the_selection(filled, limit, query, sort):
    database = StructureDatabase(filled)
    every = [row.id for row in database.select(query, sort=sort)]
    pages = [
        database.page(query, sort=sort, offset=offset, limit=limit)
        for offset in range(0, max(len(every), 1) + limit, limit)
    ]
    assert [row.id for page in pages for row in page.rows] == every
    assert {page.total for page in pages} == {len(every)}


@given(
    text=st.one_of(
        st.sampled_from(["li", "%", "_", "!", "'", '"', "<S", "AGAIN", "a_B", "!%", "\0", "li\0"]), st.text(max_size=4)
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_is_found_wherever_it_stands(filled, text):
    page = StructureDatabase(filled).page(containing=text, limit=99)
    formulas = {name: "Li" if number % 2 else "Hg" for number, name in enumerate(NAMES)}
    wanted = [
        name for name, formula in formulas.items() if text.lower() in name.lower() or text.lower() in formula.lower()
    ]
    assert [row.name for row in page.rows] == wanted
    assert page.total == len(wanted)


@pytest.mark.parametrize("many", [0, 3, 10**6])
def test_counts_do_not_depend_on_which_condition_is_rare(filled, monkeypatch, many):
    monkeypatch.setattr(row_selection, "_MANY", many)
    database = StructureDatabase(filled)
    assert database.page("Li-Hg", limit=2).total == len(NAMES)
    assert database.page("Li,energy_per_atom<-2", limit=1).total == len(database.select("Li,energy_per_atom<-2"))


def test_both_kinds_of_databases_give_pages(database_address):
    database = StructureDatabase(database_address)
    assert database.page() == ([], 0)
    assert database.count_values("potential") == {}
    with pytest.raises(NotStoredError, match="there is no row 1"):
        database.row(1)
    fill(database)
    assert found(database.page, sort="-energy_per_atom", offset=1, limit=2) == ["Hg", "LiHg"]
    assert found(database.page, containing="LIHG") == ["LiHg", "LiHg, again"]
    assert database.count_values("reduced_formula") == {"Hg": 6, "Li": 5}
    assert database.count_values("potential", "converged=False") == {"emt": 1}
    assert database.row(len(NAMES) + 1).name == "failed"


@pytest.mark.parametrize("row_id", [0, -1, 10**6, 2**31, 2**70])
def test_a_row_that_is_not_there_is_said(filled, row_id):
    with pytest.raises(NotStoredError, match="there is no row"):
        StructureDatabase(filled).row(row_id)


@pytest.fixture
def only_read(database_address: str) -> StructureDatabase:
    fill(StructureDatabase(database_address))
    return StructureDatabase(database_address, read_only=True)


def test_what_is_only_read_cannot_be_written(only_read):
    assert only_read.page().total == len(NAMES)
    assert only_read.select("Li", sort="e_above_hull")
    with pytest.raises(InputError, match="is only read here"):
        fill(only_read)
    with pytest.raises(InputError, match="is only read here"):
        only_read.forget_failed([only_read.row(len(NAMES) + 1).fingerprint])
    with pytest.raises(Exception, match=r"readonly|read-only"), only_read.backend.reading() as connection:
        connection.execute("DELETE FROM systems")
    assert only_read.page().total == len(NAMES)


def test_a_file_of_an_earlier_version_is_not_upgraded_by_reading(filled, tmp_path):
    path = tmp_path / "old.db"
    shutil.copy(filled, path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"earlier version.*amalgamics query --limit 1"):
        StructureDatabase(path, read_only=True)
    assert path.read_bytes() == before
    StructureDatabase(path)
    assert StructureDatabase(path, read_only=True).page().total == len(NAMES)
