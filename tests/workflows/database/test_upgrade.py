"""Rows of the time when ``+d4`` stood for the pairs of D4: renamed once, found again, and nothing else touched."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

from amalgamics.calculators.potentials.names import Potential, get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationError, RelaxationResult
from amalgamics.errors import InputError
from amalgamics.workflows.database import upgrade as database_upgrade
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.fingerprint import fingerprint, potential_identity
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.database.upgrade import UPGRADE, upgrade_database

SETTINGS = RelaxationSettings(fmax=0.05, relax_cell=False)
CUSTOM = "ase.calculators.lj:LennardJones"


class TwoBodyD4(Potential):
    """What ``X+d4`` was: the pairs of D4, under the name that is now that of the whole method."""

    def provenance(self) -> dict[str, Any]:
        record = get_potential(self.relaxation_name).provenance()
        dispersion = {"method": "d4", "functional": self.functional, "damping": "bj", "three_body": False}
        return {**record, "name": self.name, "dispersion": dispersion}


def old(name: str) -> TwoBodyD4:
    known = get_potential(name)
    return TwoBodyD4(known.name, known.model, known.dispersion, known.functional, known.elements)


def candidate(name: str, x: float, *, hold: bool = False, **labels: str | int) -> Candidate:
    atoms = Atoms("TiHg", positions=[[x, 1, 1], [1, 1, 4]], cell=[7.0, 7.0, 30.0], pbc=True)
    if hold:
        atoms.set_constraint(FixAtoms([0]))
    return Candidate(name, "interface", atoms, "made up", labels={"study": "made-up", **labels})


def relaxed(item: Candidate, energy: float) -> RelaxationResult:
    atoms = item.atoms.copy()
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    return RelaxationResult(atoms, energy, 0.01, 3, 4, 0.1)


OLD_ROWS = {
    # what is computed, with which potential, under which one it is to be found again
    "TiO2 seed 0, chgnet+d4": (candidate("TiO2 seed 0, chgnet+d4", 1.0), "chgnet+d4", "chgnet+d4pair"),
    "held, chgnet+d4": (candidate("held, chgnet+d4", 1.1, hold=True), "chgnet+d4", "chgnet+d4pair"),
    "custom": (candidate("custom", 1.2, seed=3), f"{CUSTOM}+d4@pbe", f"{CUSTOM}+d4pair@pbe"),
}


@pytest.fixture
def path(tmp_path) -> Path:
    """A file as it was before: three rows of the two-body D4 (one failed), one on a structure of it, and others."""
    database = StructureDatabase(tmp_path / "structures.db")
    for name, (item, potential, _) in OLD_ROWS.items():
        outcome = RelaxationError("exploded", item.atoms) if name == "custom" else relaxed(item, -1.0)
        database.add(item, outcome, old(potential), SETTINGS, more_data={"note": "kept"})
    on_it = candidate("TiO2 seed 0, chgnet+d4, single point with emt", 1.3, geometry="chgnet+d4")
    database.add(on_it, relaxed(on_it, -2.0), get_potential("emt"), None)
    for number, name in enumerate(["emt", "chgnet+d3", "chgnet+d4", "chgnet+d4pair", "chgnet-r2scan+d3atm"]):
        other = candidate(f"other {number}", 1.5 + number / 10)
        database.add(other, relaxed(other, -3.0), get_potential(name), SETTINGS)
    with contextlib.closing(sqlite3.connect(tmp_path / "structures.db")) as connection:
        connection.execute("PRAGMA user_version = 0")
    return tmp_path / "structures.db"


def version(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_rows_of_the_two_body_d4_are_found_under_its_new_name(path):
    database = StructureDatabase(path)
    for item, former, name in OLD_ROWS.values():
        potential = get_potential(name)
        row = database.find(fingerprint(item.atoms, potential, SETTINGS, item.labels))
        assert row is not None
        assert row.potential == row.data["provenance"]["name"] == name
        assert row.potential_identity == potential_identity(potential)
        assert row.data["provenance"] == potential.provenance()
        assert row.data["note"] == "kept"
        assert row.name == row.data["candidate"]["name"] == item.name.replace("+d4", "+d4pair")
        assert database.find(fingerprint(item.atoms, get_potential(former), SETTINGS, item.labels)) is None
    assert {row.name for row in database.select("potential=chgnet+d4pair")} == {
        "TiO2 seed 0, chgnet+d4pair",
        "held, chgnet+d4pair",
        "other 3",
    }
    assert [row.name for row in database.select("potential=chgnet+d4")] == ["other 2"]


def test_single_points_on_such_structures_name_them_as_well(path):
    database = StructureDatabase(path)
    (row,) = database.select("geometry=chgnet+d4pair")
    assert row.name == "TiO2 seed 0, chgnet+d4pair, single point with emt"
    assert (row.potential, row.energy) == ("emt", -2.0)
    labels = {"study": "made-up", "geometry": "chgnet+d4pair"}
    item = candidate("", 1.3)
    assert row.data["candidate"]["labels"] == labels
    assert row.fingerprint == fingerprint(item.atoms, get_potential("emt"), None, labels)
    assert not database.select("geometry=chgnet+d4")


def test_no_other_row_changes(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT * FROM systems WHERE id > 4 ORDER BY id").fetchall()
        texts = connection.execute("SELECT * FROM text_key_values WHERE id > 4 ORDER BY id, key").fetchall()
    upgrade_database(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM systems WHERE id > 4 ORDER BY id").fetchall() == before
        assert connection.execute("SELECT * FROM text_key_values WHERE id > 4 ORDER BY id, key").fetchall() == texts


def test_once_is_enough(path, monkeypatch):
    upgrade_database(path)
    assert version(path) == UPGRADE
    after = dump(path)
    upgrade_database(path)
    assert dump(path) == after
    monkeypatch.setattr(database_upgrade, "_changes", None)  # is not even looked for
    upgrade_database(path)


def test_it_is_done_as_a_whole_or_not_at_all(path, monkeypatch):
    before = dump(path)
    calls = []

    def fails_at_the_third(content):
        calls.append(content)
        if len(calls) == 3:
            raise sqlite3.OperationalError("disk full")
        return inner(content)

    from ase.db import core

    inner = core.object_to_bytes
    monkeypatch.setattr(core, "object_to_bytes", fails_at_the_third)
    upgrade_database(path)
    assert len(calls) == 3
    assert dump(path) == before
    assert version(path) == 0
    monkeypatch.undo()
    upgrade_database(path)
    assert version(path) == UPGRADE


def test_the_lock_is_held_and_another_process_may_have_been_faster(path, monkeypatch):
    inner = database_upgrade.file_lock

    @contextlib.contextmanager
    def slow_lock(locked):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {UPGRADE}")
        with inner(locked):
            yield

    before = dump(path)
    monkeypatch.setattr(database_upgrade, "file_lock", slow_lock)
    upgrade_database(path)
    assert dump(path) == before


def test_a_file_that_cannot_be_written_is_read_as_it_is(path, monkeypatch):
    def refuse(_):
        raise InputError("cannot write")

    monkeypatch.setattr(database_upgrade, "file_lock", refuse)
    assert len(StructureDatabase(path).select("potential=chgnet+d4")) == 3
    assert version(path) == 0


def test_what_is_no_structure_database_is_left_alone(tmp_path):
    missing, empty, other = tmp_path / "missing.db", tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE systems (id INTEGER)")
    for path in (missing, empty, other):
        upgrade_database(path)
    assert not missing.exists()
    assert empty.stat().st_size == 0
    assert version(other) == 0
    assert not list(tmp_path.glob("*.lock"))


def test_a_row_that_does_not_fit_its_fingerprint_keeps_it(path):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        query = "SELECT value FROM text_key_values WHERE key = 'fingerprint' AND id = 1"
        (stored,) = connection.execute(query).fetchone()
        for table, column in (("text_key_values", "value"), ("systems", "key_value_pairs")):
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, 'relax-unknown') WHERE id = 1", (stored,)
            )
    (row,) = StructureDatabase(path).select("id=1")
    assert (row.fingerprint, row.potential) == ("relax-unknown", "chgnet+d4pair")
