"""The fast cell filter equals ASE's."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, expm_frechet, logm

from amalgamics.calculators.relaxation.cell_filter import (
    FastFrechetCellFilter,
    matrix_exp,
    matrix_exp_derivative,
    matrix_log,
)


class Given(Calculator):
    """Forces and stress that were given to it."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def __init__(self, forces: np.ndarray, stress: np.ndarray) -> None:
        super().__init__()
        self.given = {"energy": -1.0, "forces": forces, "stress": stress}

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = dict(self.given)


def matrices(size: float, n: int = 3) -> st.SearchStrategy[np.ndarray]:
    number = st.floats(-size, size, allow_nan=False)
    return st.lists(number, min_size=n * n, max_size=n * n).map(lambda values: np.array(values).reshape(n, n))


def two_filters(stress: np.ndarray, **options) -> tuple[FrechetCellFilter, FastFrechetCellFilter]:
    filters = []
    for kind in (FrechetCellFilter, FastFrechetCellFilter):
        atoms = bulk("NaCl", "rocksalt", a=5.6)
        atoms.calc = Given(np.arange(6.0).reshape(2, 3) / 10 - 0.2, stress)
        filters.append(kind(atoms, **options))
    return filters[0], filters[1]  # type: ignore[return-value]


STRESSES = st.lists(st.floats(-0.5, 0.5), min_size=6, max_size=6).map(np.array)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "mask": st.sampled_from([[1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 1], [True, False, True, True, False, True]]),
        "scalar_pressure": st.floats(-0.1, 0.1),
        "hydrostatic_strain": st.booleans(),
        "constant_volume": st.booleans(),
        "exp_cell_factor": st.floats(0.5, 20),
    },
)


@settings(max_examples=40, deadline=None)
@given(move=matrices(0.25), stress=STRESSES, options=OPTIONS)
def test_forces_and_coordinates_equal_those_of_ase(move, stress, options):
    slow, fast = two_filters(stress, **options)
    factor = slow.exp_cell_factor
    for target in (slow, fast):
        positions = target.get_positions()
        positions[:2] += 0.05
        positions[2:] += move * factor
        target.set_positions(positions)
    np.testing.assert_allclose(fast.atoms.cell.array, slow.atoms.cell.array, rtol=0, atol=1e-11)
    np.testing.assert_allclose(fast.atoms.positions, slow.atoms.positions, rtol=0, atol=1e-11)
    np.testing.assert_allclose(fast.get_positions(), slow.get_positions(), rtol=0, atol=1e-10 * max(1, factor))
    np.testing.assert_allclose(fast.get_forces(), slow.get_forces(), rtol=0, atol=5e-11 * max(1, 2 / factor))
    np.testing.assert_allclose(fast.stress, slow.stress, rtol=0, atol=1e-12)
    assert fast.get_potential_energy(False) == pytest.approx(slow.get_potential_energy(False), abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(strain=matrices(0.3), stress=STRESSES)
def test_cell_that_was_set_from_outside(strain, stress):
    slow, fast = two_filters(stress)
    for target in (slow, fast):
        target.atoms.set_cell(target.atoms.cell.array @ expm(strain), scale_atoms=True)
    np.testing.assert_allclose(fast.get_positions(), slow.get_positions(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(fast.get_forces(), slow.get_forces(), rtol=0, atol=5e-11)


@settings(max_examples=60, deadline=None)
@given(matrix=matrices(1.5), direction=matrices(2.0))
def test_exponential_logarithm_and_derivative(matrix, direction):
    exponential = expm(matrix)
    scale = max(1.0, np.abs(exponential).max())
    np.testing.assert_allclose(matrix_exp(matrix), exponential, rtol=0, atol=1e-12 * scale)
    derivative = expm_frechet(matrix, direction, compute_expm=False)
    np.testing.assert_allclose(matrix_exp_derivative(matrix, direction), derivative, rtol=0, atol=1e-11 * scale)
    logarithm = np.asarray(logm(exponential))
    if np.linalg.cond(exponential) < 100 and np.isrealobj(logarithm):
        np.testing.assert_allclose(matrix_log(exponential), logarithm, rtol=0, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(matrix=matrices(0.8), first=matrices(1.0), second=matrices(1.0))
def test_derivative_is_self_adjoint_up_to_transposition(matrix, first, second):
    one = np.sum(matrix_exp_derivative(matrix, first) * second)
    other = np.sum(first * matrix_exp_derivative(matrix.T, second))
    assert one == pytest.approx(other, abs=1e-9)


@pytest.mark.parametrize("turned", [np.diag([1.0, -1.0, -1.0]), np.diag([1.0, 1.0, -1.0])])
def test_cell_turned_inside_out_has_no_logarithm(turned):
    with pytest.raises(ValueError, match="no real logarithm"):
        matrix_log(turned @ np.diag([1.0, 1.1, 1.3]))


def test_rotation_by_most_of_half_a_turn_still_has_one():
    angle = 3.0
    rotation = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    np.testing.assert_allclose(matrix_log(rotation), logm(rotation), atol=1e-10)


def strained_copper() -> Atoms:
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.03, seed=3)
    atoms.set_cell(
        atoms.cell.array @ (np.eye(3) + [[0.03, 0.01, 0], [0, -0.02, 0.02], [0.01, 0, 0.02]]), scale_atoms=True
    )
    atoms.calc = EMT()
    return atoms


@pytest.mark.parametrize("symmetric", [False, True])
def test_relaxation_takes_the_same_way(symmetric):
    ends = []
    for kind in (FrechetCellFilter, FastFrechetCellFilter):
        atoms = strained_copper()
        if symmetric:
            atoms = bulk("Cu", cubic=True, a=3.75)
            atoms.set_constraint(FixSymmetry(atoms))
            atoms.calc = EMT()
        optimizer = BFGS(kind(atoms), logfile=None)
        assert optimizer.run(fmax=0.001, steps=100)
        ends.append((optimizer.nsteps, atoms))
    assert ends[0][0] == ends[1][0]
    np.testing.assert_allclose(ends[1][1].cell.array, ends[0][1].cell.array, atol=1e-8)
    assert ends[1][1].get_potential_energy() == pytest.approx(ends[0][1].get_potential_energy(), abs=1e-9)


def test_forces_are_the_gradient_of_the_energy():
    target = FastFrechetCellFilter(strained_copper())
    positions, forces = target.get_positions(), target.get_forces()
    step = 1e-4
    for place in [(0, 0), (3, 2), (4, 1), (5, 0), (6, 2), (6, 0)]:
        energies = []
        for sign in (1, -1):
            moved = positions.copy()
            moved[place] += sign * step
            target.set_positions(moved)
            energies.append(target.get_potential_energy())
        assert -(energies[0] - energies[1]) / (2 * step) == pytest.approx(forces[place], abs=1e-6)


def test_is_a_frechet_cell_filter():
    assert isinstance(FastFrechetCellFilter(bulk("Cu")), FrechetCellFilter)
