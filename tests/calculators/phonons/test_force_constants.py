"""Force constants that are kept give the modes again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from amalgamics.calculators.phonons.finite_displacements import PhononSettings, run_phonons
from amalgamics.calculators.phonons.results import Phonons
from amalgamics.calculators.phonons.supercell import idealised_primitive
from amalgamics.errors import InputError

SMALL = PhononSettings(min_supercell_length=5.0, mesh_length=15.0, path_spacing=0.1)


@pytest.fixture(scope="module")
def copper() -> Phonons:
    return run_phonons(bulk("Cu", "fcc", a=3.594), "emt", SMALL)


@pytest.fixture(scope="module")
def alloy() -> Phonons:
    """Two kinds of atoms in one primitive cell, from EMT at the lattice constant that suits it."""
    crystal = Atoms("CuAu3", cell=[4.0] * 3, scaled_positions=[[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    crystal.pbc = True
    return run_phonons(crystal, "emt", SMALL)


@pytest.mark.parametrize("name", ["copper", "alloy"])
def test_they_give_the_frequencies_again_and_at_other_wave_vectors(name: str, request) -> None:
    phonons: Phonons = request.getfixturevalue(name)
    assert phonons.force_constants is not None
    again = phonons.force_constants.phonopy()
    for segment in phonons.bands[:2]:
        again.run_qpoints(segment.qpoints)
        found = np.sort(again.get_qpoints_dict()["frequencies"], axis=1)
        assert found == pytest.approx(segment.frequencies_THz, abs=1e-4)


@pytest.mark.parametrize("decimals", [None, 6])
def test_they_go_through_json(alloy: Phonons, decimals: int | None) -> None:
    plain = json.loads(json.dumps(alloy.as_dict(decimals)))
    again = Phonons.from_dict(plain)
    assert again.force_constants is not None
    tolerance = 1e-12 if decimals is None else 1e-6
    assert again.force_constants.values == pytest.approx(alloy.force_constants.values, abs=tolerance)
    assert again.frequencies_THz == pytest.approx(alloy.frequencies_THz, abs=tolerance)
    assert again.force_constants.repeats == alloy.force_constants.repeats
    assert np.abs(again.force_constants.values.sum(axis=1)).max() < 1e-4  # translation


def test_rounding_makes_it_small(alloy: Phonons) -> None:
    assert len(json.dumps(alloy.as_dict(6))) < 0.7 * len(json.dumps(alloy.as_dict()))


def test_phonons_without_force_constants_are_read_too(copper: Phonons) -> None:
    plain = copper.as_dict()
    del plain["force_constants"]
    assert Phonons.from_dict(plain).force_constants is None


def test_atoms_near_their_sites_are_moved_there() -> None:
    crystal = bulk("Cu", "fcc", a=3.6, cubic=True)
    crystal.rattle(0.002, seed=3)
    primitive = idealised_primitive(crystal, 0.05)
    assert len(primitive) == 1
    with pytest.raises(InputError, match="symmetry"):
        idealised_primitive(Atoms("Cu2", cell=[3, 3, 3], positions=[[0, 0, 0]] * 2, pbc=True), 0.05)
