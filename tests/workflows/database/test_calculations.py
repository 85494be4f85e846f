"""Calculations by need: computed once, failures kept with their reasons, and what makes two the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.errors import InputError
from amalgamics.workflows.database import calculations as module
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.fingerprint import fingerprint, potential_identity, structure_key
from amalgamics.workflows.database.structure_database import StructureDatabase

POTENTIAL = get_potential("emt")
SETTINGS = RelaxationSettings(fmax=0.05, relax_cell=False)
LABELS = st.dictionaries(
    st.sampled_from(["study", "role", "termination", "site"]), st.text("abcTiO2(+)-", min_size=1, max_size=8)
) | st.dictionaries(st.sampled_from(["seed", "frame", "n_solute"]), st.integers(0, 99))


def copper(x: float = 0.4) -> Atoms:
    """Two atoms, one moved off its site."""
    atoms = bulk("Cu", cubic=True)[:2]
    atoms.positions[1, 0] += x
    return atoms


def candidate(atoms: Atoms | None = None, **labels: str | int) -> Candidate:
    return Candidate("moved", "frame", atoms or copper(), "made up", labels=labels)


@pytest.fixture
def calculations(database_address) -> Calculations:
    return Calculations(StructureDatabase(database_address), "emt", SETTINGS)


@pytest.fixture
def no_compute(monkeypatch):
    """From now on nothing can be computed."""

    def refuse(*_arguments, **_options):
        raise AssertionError("computed again")

    def switch_off():
        monkeypatch.setattr(module, "relax", refuse)
        monkeypatch.setattr(module, "potential_energies", refuse)

    return switch_off


def test_a_relaxation_is_computed_once(calculations, no_compute):
    first = calculations.relax(candidate(role="film", seed=3), degeneracy=4)
    assert first.converged
    assert (first.role, first.seed, first.degeneracy) == ("film", 3, 4)
    atoms = first.toatoms()
    assert np.linalg.norm(atoms.get_forces(), axis=1).max() < SETTINGS.fmax
    assert atoms.cell[:] == pytest.approx(copper().cell[:])
    no_compute()
    assert calculations.relax(candidate(role="film", seed=3)).id == first.id


def test_the_cell_relaxes_when_asked(calculations):
    row = calculations.relax(candidate(bulk("Cu", a=3.8)), relax_cell=True)
    assert row.relax_cell
    assert row.toatoms().cell.volume ** (1 / 3) < 3.8 / 4 ** (1 / 3)


def test_a_single_point_leaves_the_structure_as_it_is(calculations, no_compute):
    atoms = copper()
    row = calculations.single_point(candidate(), geometry_energy=1.5)
    atoms.calc = EMT()
    assert row.energy == pytest.approx(atoms.get_potential_energy())
    assert row.toatoms().positions == pytest.approx(atoms.positions)
    assert row.fingerprint.startswith("point-")
    assert row.geometry_energy == 1.5
    no_compute()
    assert calculations.single_point(candidate()).id == row.id


def test_energies_of_many_are_those_of_each_and_store_nothing(calculations):
    structures = [copper(0.1 * n) for n in range(4)]
    assert calculations.energies(structures) == pytest.approx([calculations.energy(one) for one in structures])
    assert calculations.energies([]).shape == (0,)
    assert calculations.database.select("") == []


def test_numbers_that_were_not_known_yet_are_added_and_those_that_were_stay(calculations):
    row = calculations.single_point(candidate(role="frame"), geometry_energy=1.5)
    calculations.database.complete(row.fingerprint, {"geometry_energy": 9.0, "degeneracy": 2.5})
    (found,) = calculations.database.select("degeneracy>2")
    assert (found.fingerprint, found.geometry_energy, found.degeneracy) == (row.fingerprint, 1.5, 2.5)
    assert found.energy == row.energy
    assert found.data == row.data
    assert found.toatoms().positions == pytest.approx(row.toatoms().positions)


def test_an_end_that_is_refused_is_stored_with_the_reason(calculations, no_compute):
    def refuse(atoms):
        raise InputError(f"film evaporated: {len(atoms)} atoms left it")

    for compute in (calculations.relax, calculations.single_point):
        row = compute(candidate(), verify=refuse)
        assert not row.converged
        assert row.data["reason"] == "film evaporated: 2 atoms left it"
    assert calculations.database.select("") == []
    no_compute()
    assert not calculations.relax(candidate(), verify=refuse).converged


def test_an_end_that_is_fine_is_not_refused(calculations):
    seen: list[Any] = []
    assert calculations.relax(candidate(), verify=seen.append).converged
    # what was verified is the end, not the start
    assert seen[0].positions != pytest.approx(copper().positions)


def test_a_relaxation_that_fails_is_stored_and_nothing_is_measured(tmp_path):
    hopeless = RelaxationSettings(fmax=1e-9, max_steps=1, relax_cell=False)
    calculations = Calculations(StructureDatabase(tmp_path / "structures.db"), "emt", hopeless)
    row = calculations.relax(candidate(), measure=lambda _result: 1 / 0)  # type: ignore[return-value]
    assert not row.converged
    assert "1" in row.data["reason"]


def test_measures_are_stored_with_the_row(calculations):
    row = calculations.relax(candidate(), measure=lambda result: {"rigid_film_energy": 2 * result.energy})
    assert row.rigid_film_energy == pytest.approx(2 * row.energy)


def test_energies_do_not_see_what_is_held(calculations):
    held = copper()
    held.set_constraint(FixAtoms([0]))
    assert calculations.energy(held) == pytest.approx(calculations.energy(copper()))
    assert held.constraints
    assert not calculations.database.backend.exists()


def test_atoms_that_are_held_stay(calculations):
    held = copper()
    held.set_constraint(FixAtoms([1]))
    row = calculations.relax(candidate(held))
    after = row.toatoms()
    assert after.positions[1] == pytest.approx(held.positions[1])
    assert after.constraints[0].get_indices().tolist() == [1]


@given(st.floats(-0.3, 0.3), st.booleans())
def test_plain_relaxations_keep_the_fingerprint_they_had(x, relax_cell):
    """Rows of earlier databases must be found again: numbers, periodicity, cell and positions, to four decimals."""
    atoms = copper(x)

    def digest(content):
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]

    rounded = [(np.round(array, 4) + 0.0).tolist() for array in (atoms.cell.array, atoms.positions)]
    before = digest([atoms.numbers.tolist(), atoms.pbc.tolist(), *rounded])
    settings = RelaxationSettings(relax_cell=relax_cell)
    whole = "relax-" + digest([before, potential_identity(POTENTIAL), settings.as_dict()])
    assert structure_key(atoms) == before
    assert fingerprint(atoms, POTENTIAL, settings) == fingerprint(atoms, POTENTIAL, settings, {}) == whole


@given(st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3)))
def test_what_is_held_is_part_of_the_structure(first, second):
    def key(held):
        atoms = bulk("Cu", cubic=True)
        if held:
            atoms.set_constraint(FixAtoms(sorted(held)))
        return structure_key(atoms)

    assert (key(first) == key(second)) == (first == second)


@given(LABELS, LABELS)
def test_labels_are_part_of_the_calculation(first, second):
    """The same structure in two studies, or as two parts of one, is two rows; the order of labels means nothing."""
    keys = [fingerprint(copper(), POTENTIAL, SETTINGS, labels) for labels in (first, second)]
    assert (keys[0] == keys[1]) == (first == second)
    assert fingerprint(copper(), POTENTIAL, SETTINGS, dict(reversed(first.items()))) == keys[0]
    assert fingerprint(copper(), POTENTIAL, None, first) != keys[0]


@given(LABELS)
def test_a_candidate_with_labels_survives_json(labels):
    before = candidate(**labels)
    after = Candidate.from_dict(json.loads(json.dumps(before.as_dict())))
    assert after.atoms == before.atoms
    assert dict(after.labels) == labels
    assert after.metadata() == before.metadata()
    assert ("labels" in before.as_dict()) == bool(labels)
    assert fingerprint(after.atoms, POTENTIAL, SETTINGS, after.labels) == fingerprint(
        before.atoms, POTENTIAL, SETTINGS, labels
    )


def test_every_label_is_a_key_of_the_row_and_can_be_asked_for(calculations):
    labels = {"study": "LLTO(001)-Li-Hg-1a", "miller": "(1.-1.0)", "termination": "LaLiO2-2", "site": "sites-0+12"}
    row = calculations.single_point(candidate(**labels, n_solute=2))
    query = ",".join(f"{key}={value}" for key, value in labels.items())
    assert [found.id for found in calculations.database.select(f"{query},n_solute=2")] == [row.id]
    assert calculations.database.select(f"{query},n_solute=3") == []
