"""Films whose motion and order are known: Brownian particles, gases, liquids and crystals."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111

from amalgamics.errors import InputError
from amalgamics.structures.interfaces.film_motion import (
    decorrelation,
    diffusion_coefficient,
    film_paths,
    mean_squared_displacement,
    self_overlap,
)
from amalgamics.structures.interfaces.liquid_check import (
    check_liquid,
    density_order,
    pair_distribution,
)
from amalgamics.structures.tags import LIQUID, SOLID

STEP_PS = 0.1
D = 0.16  # Å^2/ps, 1.6e-5 cm2/s


def brownian(n_frames=2000, n_atoms=200, seed=0):
    steps = np.random.default_rng(seed).normal(0, math.sqrt(2 * D * STEP_PS), (n_frames, n_atoms, 3))
    paths = np.cumsum(steps, axis=0)
    return paths - paths.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("n_atoms", [5, 200])
def test_the_diffusion_of_brownian_particles(dimensions, n_atoms):
    found = diffusion_coefficient(brownian(n_atoms=n_atoms), STEP_PS, fit_ps=(0.2, 2.0), dimensions=dimensions)
    assert abs(found.coefficient_cm2_s - D * 1e-4) < 4 * found.error_cm2_s
    assert found.error_cm2_s < 0.15 * D * 1e-4


def test_the_error_of_the_diffusion_is_its_scatter():
    found = [diffusion_coefficient(brownian(400, 20, seed), STEP_PS, fit_ps=(0.2, 1.0)) for seed in range(60)]
    errors = np.mean([item.error_cm2_s for item in found])
    assert np.std([item.coefficient_cm2_s for item in found]) == pytest.approx(errors, rel=0.35)


def test_the_displacement_grows_as_six_d_t():
    squared = mean_squared_displacement(brownian(), 20)
    assert squared[0] == 0.0
    assert squared[1:] == pytest.approx(6 * D * STEP_PS * np.arange(1, 21), rel=0.05)


def test_the_overlap_is_the_gaussian_within_a_ball():
    overlap = self_overlap(brownian(), 1.5, 20)
    spread = math.sqrt(2 * D * STEP_PS * 20)
    scaled = 1.5 / spread
    exact = math.erf(scaled / math.sqrt(2)) - math.sqrt(2 / math.pi) * scaled * math.exp(-(scaled**2) / 2)
    assert overlap[0] == 1.0
    assert overlap[20] == pytest.approx(exact, abs=0.02)


def test_the_time_after_which_all_is_forgotten():
    found = decorrelation(brownian(), STEP_PS, 3.0)
    assert found.displacement_time_ps == pytest.approx(1.5**2 / (6 * D), abs=0.2)
    assert found.overlap_time_ps > found.displacement_time_ps
    assert found.time_ps == found.overlap_time_ps
    assert decorrelation(brownian(15), STEP_PS, 3.0).time_ps is None


def as_frames(positions, cell):
    template = Atoms(f"He1Hg{positions.shape[1]}", cell=cell, pbc=True)
    template.set_tags([SOLID] + [LIQUID] * positions.shape[1])
    frames = []
    for frame in positions:
        atoms = template.copy()
        atoms.positions[1:] = frame
        frames.append(atoms)
    return frames


CELL = np.diag([12.0, 12.0, 60.0])


@pytest.mark.parametrize("thickness", [0.5, 4.0, 15.0])
def test_an_ideal_film_of_any_thickness_has_no_pairs_of_its_own(thickness):
    rng = np.random.default_rng(1)
    frames = as_frames(rng.uniform([0, 0, 20], [12, 12, 20 + thickness], (60, 80, 3)), CELL)
    found = pair_distribution(frames)
    inside = (found.distances > 1.0) & (found.distances < 8.5)
    assert found.values[inside].mean() == pytest.approx(1.0, abs=0.02)
    slope = np.polyfit(found.distances[inside], found.values[inside], 1)[0]
    assert abs(slope) < 0.01


def random_walk_liquid(n_frames=120, seed=2):
    """Soft spheres that are moved at random and refuse to overlap: a liquid without forces."""
    rng = np.random.default_rng(seed)
    n = 36
    grid = np.array([(i, j, k) for k in range(3) for j in range(4) for i in range(3)], dtype=float)
    spots = (grid + 0.25) * [4.0, 3.0, 3.6]
    positions = spots + [0.0, 0.0, 20.0]
    frames = []
    for sweep in range(60 + n_frames * 12):
        for atom in rng.permutation(n):
            trial = positions[atom] + rng.normal(0, 0.7, 3)
            between = positions - trial
            between[:, :2] -= 12.0 * np.round(between[:, :2] / 12.0)
            distance = np.einsum("ij,ij->i", between, between)
            distance[atom] = 99.0
            if distance.min() > 2.75**2 and 19.0 < trial[2] < 32.0:
                positions[atom] = trial
        if sweep >= 60 and sweep % 12 == 0:
            frames.append(positions.copy())
    return as_frames(np.array(frames), CELL)


def crystal(amplitude=0.18, n_frames=80):
    slab = fcc111("Au", (4, 4, 4), a=4.2, orthogonal=True, vacuum=8.0)
    rng = np.random.default_rng(3)
    positions = slab.positions + rng.normal(0, amplitude, (n_frames, len(slab), 3))
    return as_frames(positions, slab.cell.array)


@pytest.fixture(scope="module")
def liquid():
    return random_walk_liquid()


def test_a_random_walk_is_liquid(liquid):
    found = check_liquid(liquid, STEP_PS)
    assert found.is_liquid, found.problems
    assert len(found.pairs.second_peaks) <= 1
    assert found.order < 0.15


def test_a_crystal_is_not():
    found = check_liquid(crystal(), STEP_PS)
    assert len(found.problems) == 4, found.problems
    assert found.pairs.first_peak == pytest.approx(4.2 / math.sqrt(2), abs=0.15)
    assert re.search("where they were .* does not diffuse .* lattice", "; ".join(found.problems))


def test_a_frozen_liquid_is_found_by_its_motion(liquid):
    rng = np.random.default_rng(4)
    still = liquid[0].positions[1:] + rng.normal(0, 0.2, (80, 36, 3))
    problems = check_liquid(as_frames(still, CELL), STEP_PS).problems
    assert any("where they were" in problem for problem in problems)


def test_a_crystal_that_drifts_does_not_diffuse():
    frames = crystal()
    for number, frame in enumerate(frames):
        frame.positions[1:, 0] += 0.3 * number
    assert not check_liquid(frames, STEP_PS).is_liquid


@pytest.mark.parametrize("amplitude", [0.0, 0.2])
def test_the_order_of_a_crystal_is_its_debye_waller_factor(amplitude):
    frames = crystal(amplitude, 200)
    order = density_order(film_paths(frames), frames[0].cell.array, 2.97)
    shortest = 2 * math.pi * math.sqrt(3) / 4.2
    assert order == pytest.approx(math.exp(-(shortest**2) * amplitude**2), abs=0.05)


def test_one_element_of_a_film_can_be_followed(liquid):
    assert film_paths(liquid, "Hg").shape == (len(liquid), 36, 3)
    with pytest.raises(InputError, match="Li"):
        film_paths(liquid, "Li")
    with pytest.raises(InputError, match="too few"):
        film_paths(liquid[:5])
