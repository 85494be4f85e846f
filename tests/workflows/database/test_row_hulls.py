"""Distances to the hull: of the hull that holds everything there is, whichever job came last."""

from __future__ import annotations

import contextlib
import csv
import json
import sqlite3
from dataclasses import fields

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import amalgamics
from amalgamics.calculators.potentials.names import Potential, get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.errors import InputError
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.export import export_rows
from amalgamics.workflows.database.fingerprint import potential_identity
from amalgamics.workflows.database.structure_database import StructureDatabase
from amalgamics.workflows.job import Job
from amalgamics.workflows.report import report_of_job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.hulls.analysis import rows_for_system

EMT = get_potential("emt")
CRYSTALS = {"Cu": ("Cu", 0.0), "Au": ("Au", 0.0), "CuAu": ("CuAu", -0.200), "CuAu_observed": ("CuAu", -0.1976)}


@pytest.fixture
def database(database_address) -> StructureDatabase:
    """The elements and two polymorphs of CuAu, the observed one 2.4 meV/atom above the other."""
    return with_crystals(StructureDatabase(database_address))


def with_crystals(store: StructureDatabase) -> StructureDatabase:
    for name, (formula, energy) in CRYSTALS.items():
        add(store, name, formula, energy)
    return store


def add(store, name, formula, energy_per_atom, *, kind="library", potential=EMT, c=None, fmax=0.05, **labels):
    """Store a relaxation to a made-up cell; unless ``c`` (Å) is nearly that of another row, to one of its own."""
    atoms = Atoms(formula, cell=[4.0, 4.0, c or 4.0 + 0.3 * store.last_id()], pbc=True)
    atoms.set_scaled_positions([[n / len(atoms)] * 3 for n in range(len(atoms))])
    total = energy_per_atom * len(atoms)
    final = atoms.copy()
    final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
    how = RelaxationSettings(fmax=fmax, relax_cell=not labels)
    candidate = Candidate(name, kind, atoms, "made up", labels=labels)
    return store.add(candidate, RelaxationResult(final, total, 0.0, 3, 4, 0.1), potential, how)


def names(rows):
    return [row.name for row in rows]


def finish(store, wanted, folder):
    """Let a job end that has only these structures."""
    fingerprints = {row.name: row.fingerprint for row in store.select("") if row.name in wanted}
    spec = WorkflowSpec(name="job", systems=["Cu-Au"], potential="emt", database=store.address)
    report_of_job(Job(spec, store, fingerprints), folder / "report")


def test_a_smaller_job_does_not_make_its_phases_stable(database, tmp_path):
    finish(database, CRYSTALS, tmp_path)
    finish(database, ["Cu", "Au", "CuAu_observed"], tmp_path)
    stable = database.select("Cu-Au,e_above_hull<0.0001", sort="id")
    assert names(stable) == ["Cu", "Au", "CuAu"]
    (observed,) = database.select("name=CuAu_observed")
    assert observed.e_above_hull == pytest.approx(0.0024)
    assert observed.formation_energy_per_atom == pytest.approx(-0.1976)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=5))
def test_a_query_says_what_the_hull_says(tmp_path_factory, energies):
    from amalgamics.workflows.database.row_hulls import hull_of_rows

    store = StructureDatabase(tmp_path_factory.mktemp("rows") / "structures.db")
    for name in ("Cu", "Au"):
        add(store, name, *CRYSTALS[name])
    for number, energy in enumerate(energies):
        formula = ("CuAu", "Cu3Au", "CuAu3")[number % 3]
        add(store, f"phase {number}", formula, energy)
    hull, _ = hull_of_rows("Cu-Au", rows_for_system(store, "Cu-Au"))
    found = {row.name: row for row in store.select("Cu-Au")}
    assert found.keys() == {phase.name for phase in hull.phases}
    for phase in hull.phases:
        row = found[phase.name]
        assert row.formation_energy_per_atom == pytest.approx(phase.formation_energy_per_atom, abs=1e-12)
        assert row.e_above_hull == pytest.approx(phase.e_above_hull, abs=1e-12)
    assert names(store.select("e_above_hull=0", sort="name")) == sorted(phase.name for phase in hull.stable)


def test_every_number_of_a_hull_follows_a_phase_that_joins(database):
    before = {row.name: row.e_above_hull for row in database.select("Cu-Au")}
    add(database, "Cu3Au", "Cu3Au", -0.9)
    after = {row.name: row.e_above_hull for row in database.select("Cu-Au")}
    assert before["CuAu"] == 0 < after["CuAu"]
    assert after["CuAu"] == pytest.approx(-0.2 - 2 / 3 * -0.9)


def test_what_is_not_on_the_hull_has_no_place(database):
    add(database, "CuAu again", "CuAu", -0.2001, kind="prototype", c=4.605)  # relaxed into CuAu
    add(database, "slab", "CuAu", -0.3, kind="slab", study="surfaces")
    add(database, "CuAu_observed", "CuAu", -0.1976, fmax=0.01)  # a second time, to a lower force
    places = {row.id: row.get("e_above_hull") for row in database.select("")}
    assert places[1] == places[2] == places[3] == 0
    assert (places[4], places[5], places[6]) == (None, None, None)
    assert places[7] == pytest.approx(0.0024)
    assert [row.id for row in database.select("e_above_hull")] == [1, 2, 3, 7]
    assert [row.id for row in database.select("e_above_hull<9,kind=slab")] == []


def test_potentials_have_hulls_of_their_own(database):
    other = get_potential("chgnet")
    for name, energy in (("Cu", -4.0), ("Au", -3.0), ("CuAu_observed", -3.7)):
        add(database, name, CRYSTALS[name][0], energy, potential=other)
    values = {(row.potential, row.name): row.e_above_hull for row in database.select("Cu-Au")}
    assert values["chgnet", "CuAu_observed"] == 0
    assert values["emt", "CuAu_observed"] == pytest.approx(0.0024)


def test_without_an_element_there_is_no_hull(tmp_path):
    store = StructureDatabase(tmp_path / "structures.db")
    add(store, "CuAu", "CuAu", -0.2)
    (row,) = store.select("")
    assert row.get("e_above_hull") is None
    with pytest.raises(AttributeError, match="not on a hull"):
        _ = row.e_above_hull


def test_conditions_and_sorting_go_with_all_others(database):
    add(database, "slab", "CuAu", -0.3, kind="slab", study="surfaces")
    assert names(database.select("formation_energy_per_atom<-0.1,e_above_hull>0,natoms=2")) == ["CuAu_observed"]
    assert names(database.select("Cu-Au,e_above_hull!=0")) == ["CuAu_observed"]
    assert names(database.select("", sort="formation_energy_per_atom", limit=2)) == ["CuAu", "CuAu_observed"]
    assert names(database.select("natoms=2", sort="-e_above_hull")) == ["CuAu_observed", "CuAu", "slab"]
    assert names(database.select("e_above_hull<1", sort="-energy_per_atom", limit=1)) == ["Cu"]
    with pytest.raises(InputError, match="no number"):
        database.select("e_above_hull<few")


def test_what_an_old_database_holds_is_not_believed(tmp_path):
    database = with_crystals(StructureDatabase(tmp_path / "structures.db"))
    with connect(database.path, type="db", use_lock_file=False) as old:
        for row_id in (1, 2, 3, 4):
            old.update(row_id, e_above_hull=0.0, formation_energy_per_atom=7.0, extra=5.0)
    with contextlib.closing(sqlite3.connect(database.path)) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
    as_it_is = database.select("e_above_hull>0")  # opened before: not upgraded
    upgraded = StructureDatabase(database.path).select("e_above_hull>0")
    for rows in (as_it_is, upgraded):
        (row,) = rows
        assert (row.name, row.e_above_hull) == ("CuAu_observed", pytest.approx(0.0024))
        assert "e_above_hull" not in row.key_value_pairs
        assert row.extra == 5.0
    with connect(database.path, type="db", use_lock_file=False) as theirs:
        assert not list(theirs.select("e_above_hull"))
        assert theirs.count("extra=5") == 4
        assert "e_above_hull" not in theirs.get(id=4).key_value_pairs


def test_files_have_the_places(database, tmp_path):
    from ase.io import read
    from monty.serialization import loadfn

    rows = database.select("Cu-Au", sort="id")
    with export_rows(rows, tmp_path / "rows.csv").open(encoding="utf-8") as stream:
        assert float(list(csv.DictReader(stream))[3]["e_above_hull"]) == pytest.approx(0.0024)
    assert read(export_rows(rows, tmp_path / "rows.extxyz"), 3).info["e_above_hull"] == pytest.approx(0.0024)
    entry = loadfn(export_rows(rows, tmp_path / "rows.json"))[3]
    assert entry.data["formation_energy_per_atom"] == pytest.approx(-0.1976)


def test_the_command_prints_the_places(database):
    from amalgamics.cli.main import app

    arguments = ["query", "Cu-Au", "--database", database.address, "--sort", "-e_above_hull"]
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert [row["name"] for row in found] == ["CuAu_observed", "Cu", "Au", "CuAu"]
    assert found[0]["e_above_hull"] == pytest.approx(0.0024)


class Edited(Potential):
    """The same name with something else behind it."""

    def provenance(self):
        return {**super().provenance(), "code": "edited"}


def test_a_hull_says_what_else_was_behind_the_name_of_its_potential(database):
    from amalgamics.cli.main import app

    quiet: list[str] = []
    rows_for_system(database, "Cu-Au", None, quiet)
    assert quiet == []
    edited = Edited(**{item.name: getattr(EMT, item.name) for item in fields(EMT)})
    for name, energy in {"Cu": 0.0, "Au": 0.0, "CuAu": -0.3}.items():
        add(database, name, name, energy, potential=edited)
    old, new = potential_identity(EMT), potential_identity(edited)
    shown = f"shown is the newest, {new} (3 structures), and left out are 4 structures of {old}"

    result = CliRunner().invoke(app, ["hull", "Cu-Au", "--database", database.address, "--json"])
    assert min(phase["formation_energy_per_atom"] for phase in json.loads(result.stdout)["phases"]) == -0.3
    assert result.stderr.startswith("note: Cu-Au: emt has not always been the same; ")
    assert shown in result.stderr
    found = amalgamics.hull("Cu-Au", database=database)
    assert [shown in note for note in found.notes] == [True]
    assert found.to_dict()["notes"] == list(found.notes)
    assert shown in found._repr_html_()
