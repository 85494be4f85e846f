"""A film taken off a wall whose free energy is known: by integral, by hand, and by another route."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.lj import LennardJones

from amalgamics.calculators.dynamics.coupling import (
    CoupledCalculator,
    PhantomWall,
    SplitPotential,
    cross_energy,
    split_dispersion,
)
from amalgamics.calculators.dynamics.detachment import DetachmentSettings, detach_film, with_room
from amalgamics.calculators.dynamics.held_height import HeldHeight
from amalgamics.calculators.dynamics.run import MDStage, run_md
from amalgamics.errors import InputError
from amalgamics.structures.tags import LIQUID, SOLID
from amalgamics.thermodynamics.statistics import correlated_mean
from amalgamics.thermodynamics.uncertainty import block_average
from amalgamics.thermodynamics.wetting.reversible_work import integrate_rise, reversible_work

KT = units.kB * 300.0
CELL = [10.0, 10.0, 60.0]


class Part(Calculator):
    """A power of the height over the solid for each atom of the film; a spring of 3 Å along x between its two."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, coefficient, power, spring=0.0):
        super().__init__(coefficient=coefficient, power=power, spring=spring)

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        coefficient, power, spring = (self.parameters[key] for key in ("coefficient", "power", "spring"))
        film = atoms.get_tags() != SOLID
        forces = np.zeros((len(atoms), 3))
        energy = 0.0
        if (~film).any() and film.any():
            height = atoms.positions[film, 2] - atoms.positions[~film, 2].max()
            energy += coefficient * (height**-power).sum()
            forces[film, 2] += power * coefficient * height ** (-power - 1)
            forces[np.flatnonzero(~film)[0], 2] -= forces[film, 2].sum()
        if spring and film.any():
            first, second = np.flatnonzero(film)[:2]
            between = atoms.positions[second] - atoms.positions[first] - [3.0, 0.0, 0.0]
            energy += 0.5 * spring * between @ between
            forces[first] += spring * between
            forces[second] -= spring * between
        self.results = {"energy": float(energy), "forces": forces}


REPULSION, ATTRACTION = 60.0, -3.0  # the minimum is at (9 x 60 / 3 x 3)^(1/6) = 1.98 Å


def wall_potential(spring=0.0):
    return SplitPotential(
        lambda: Part(REPULSION, 9, spring), lambda: Part(ATTRACTION, 3), f"nine-three wall, spring {spring}"
    )


def dumbbell():
    atoms = Atoms("HeAr2", [[0, 0, 0], [0, 0, 2.0], [3.0, 0, 2.1]], cell=CELL, pbc=True)
    atoms.set_tags([SOLID, LIQUID, LIQUID])
    return atoms


QUICK = DetachmentSettings(
    temperature_K=300.0,
    rises=(0.1, 0.2, 0.3, 0.5, 0.8, 1.4, 3.0),
    free_steps=150,
    equilibration_steps=20,
    sampling_steps=200,
    timestep_fs=10.0,
    thermostat="langevin",
)


def wall(height):
    return REPULSION * height**-9.0 + ATTRACTION * height**-3.0


def exact_work(place, spring):
    """-kT ln of the partition function of the held dumbbell at ``place`` over that far away, eV: an integral over u."""
    half = np.linspace(-1.5, 1.5, 60001)

    def free_energy(height):
        up, down = np.maximum(height + half, 0.3), np.maximum(height - half, 0.3)
        energy = 0.5 * spring * (2 * half) ** 2 + wall(up) + wall(down)
        return -KT * np.log(np.exp(-energy / KT).sum())

    return free_energy(200.0) - free_energy(place)


@pytest.fixture(scope="module")
def taken_off(tmp_path_factory):
    return detach_film(dumbbell(), wall_potential(0.3), tmp_path_factory.mktemp("dumbbell"), QUICK, seed=5)


def test_the_work_of_a_dumbbell_is_that_of_its_partition_function(taken_off):
    found = reversible_work(1.0, 300.0, taken_off.cross_energies, taken_off.solid_forces)
    exact = exact_work(taken_off.held_height, 0.3) * units.m**2 / units.J
    error = found.work_J_m2.standard_error
    assert error > 0
    assert error < 0.05 * exact
    assert abs(found.work_J_m2.mean - exact) < 4 * np.hypot(error, found.quadrature_error_J_m2)
    assert found.coupling_J_m2.mean > found.work_J_m2.mean > 0 > found.rest_J_m2.mean


def test_both_routes_from_the_same_samples_agree(taken_off):
    found = reversible_work(1.0, 300.0, taken_off.cross_energies, taken_off.solid_forces)
    error = found.coupling_J_m2.standard_error
    assert abs(found.coupling_by_perturbation_J_m2 - found.coupling_J_m2.mean) < 4 * error


def test_the_mean_cross_energy_falls_with_lambda_by_its_variance(taken_off):
    series = taken_off.cross_energies
    fall = np.mean(series[0.0]) - np.mean(series[1.0])
    expected = np.mean([np.var(series[scale]) for scale in series]) / KT
    first, last = (block_average(series[scale]).standard_error for scale in (0.0, 1.0))
    error = np.hypot(first, last)
    assert fall == pytest.approx(expected, abs=4 * error)


def test_the_film_is_held_and_rises_as_told(taken_off):
    assert taken_off.force_at_place == np.mean(taken_off.couplings[0].solid_forces)
    for window in (*taken_off.couplings, *taken_off.lifts):
        assert window.final.positions[1:, 2].mean() == pytest.approx(taken_off.held_height + window.rise, abs=1e-9)
        assert np.array_equal(window.final.positions[0], [0, 0, 0])
    assert [window.rise for window in taken_off.lifts] == [*QUICK.rises][: len(taken_off.lifts)]


def test_a_film_held_off_its_place_misses_the_energy_of_a_spring(taken_off):
    """Heights that swing by +-0.1 Å stand for k = kT / 0.01 Å^2; a force F lies F^2 / 2 k above the best height."""
    frames = [frame.copy() for frame in taken_off.free_frames[:2]]
    for frame, height in zip(frames, (2.9, 3.1), strict=True):
        frame.positions[1:, 2] = height
    pressed = replace(taken_off.couplings[0], solid_forces=np.full(5, 0.4))
    found = replace(taken_off, free_frames=frames, couplings=(pressed, *taken_off.couplings[1:]))
    stiffness = units.kB * taken_off.temperature_K / 0.1**2
    assert found.place_energy == pytest.approx(0.4**2 / (2 * stiffness))


def test_a_single_particle_costs_its_potential_energy_exactly(tmp_path):
    atoms = dumbbell()[:2]
    rises = (0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 1.0, 1.4, 2.0)
    settings = DetachmentSettings(
        rises=rises, free_steps=10, equilibration_steps=1, sampling_steps=8, frame_interval=1, thermostat="langevin"
    )
    found = detach_film(atoms, wall_potential(), tmp_path, settings)
    work = reversible_work(1.0, 298.15, found.cross_energies, found.solid_forces)
    place = found.held_height
    assert work.coupling_J_m2.mean == pytest.approx(-ATTRACTION * place**-3 * units.m**2 / units.J, rel=1e-6)
    # All but what the repulsion still is at the last rise.
    exact = (REPULSION * (place + found.lifts[-1].rise) ** -9 - wall(place)) * units.m**2 / units.J
    assert abs(work.work_J_m2.mean - exact) < work.quadrature_error_J_m2 + 1e-6


class KilledError(Exception):
    """The end of the queue's time."""


def test_a_killed_run_goes_on_to_the_same_numbers(tmp_path):
    settings = DetachmentSettings(
        lambdas=(1.0, 0.5, 0.0), rises=(0.5, 1.0), free_steps=10, equilibration_steps=5, sampling_steps=10
    )
    whole = detach_film(dumbbell(), wall_potential(1.0), tmp_path / "whole", settings)

    def killer(window, at):
        def on_step(name, step, _):
            if (name, step) == (window, at):
                raise KilledError

        return on_step

    for window, at in (("free", 7), ("lambda-0.5000", 13), ("rise-1.0000", 1)):
        with pytest.raises(KilledError):
            detach_film(dumbbell(), wall_potential(1.0), tmp_path / "parts", settings, on_step=killer(window, at))
    parts = detach_film(dumbbell(), wall_potential(1.0), tmp_path / "parts", settings)
    for scale, series in whole.cross_energies.items():
        assert np.array_equal(series, parts.cross_energies[scale])
    for rise, series in whole.solid_forces.items():
        assert np.array_equal(series, parts.solid_forces[rise])
    assert whole.held_height == parts.held_height


def test_other_settings_do_not_go_on_from_the_files(tmp_path):
    settings = {"lambdas": (1.0, 0.0), "rises": (0.5, 1.0), "free_steps": 10, "equilibration_steps": 5}
    settings["sampling_steps"] = 10
    detach_film(dumbbell(), wall_potential(1.0), tmp_path, DetachmentSettings(**settings))
    with pytest.raises(InputError, match="another run"):
        detach_film(dumbbell(), wall_potential(2.0), tmp_path, DetachmentSettings(**settings))


@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("height", [None, 2.3])
def test_forces_are_the_derivative_of_the_energy(scale, height):
    wall_ = None if height is None else PhantomWall(height)
    atoms = dumbbell()
    atoms.calc = CoupledCalculator(wall_potential(2.0), scale, wall_)
    forces = atoms.get_forces()
    for atom in (1, 2):
        energies = []
        for step in (-1e-4, 1e-4):
            moved = atoms.copy()
            moved.positions[atom, 2] += step
            moved.calc = CoupledCalculator(wall_potential(2.0), scale, wall_)
            energies.append(moved.get_potential_energy())
        assert forces[atom, 2] == pytest.approx((energies[0] - energies[1]) / 2e-4, rel=1e-5)


def mercury_on_neon():
    """Atoms without a model: D3 of three mercury atoms on a slab of two."""
    atoms = Atoms("Ne2Hg3", [[0, 0, 0], [2, 2, 0], [0, 0, 3], [2, 2, 3.2], [1, 1, 6]], cell=[6, 6, 30], pbc=True)
    atoms.set_tags([SOLID] * 2 + [LIQUID] * 3)
    return atoms


class Nothing(Part):
    def __init__(self):
        super().__init__(0.0, 3)


def test_dispersion_is_whole_at_one_and_apart_at_zero():
    split = split_dispersion("chgnet+d3atm")  # the three-body term does not move atoms
    assert "d3atm" not in split.description
    split = SplitPotential(Nothing, split.coupling, "D3 alone")
    atoms = mercury_on_neon()
    energies = [CoupledCalculator(split, scale).get_property("energy", atoms) for scale in (0.0, 0.4, 1.0)]
    cross = cross_energy(atoms, split)
    assert cross < 0
    assert energies[2] - energies[0] == pytest.approx(cross, abs=1e-10)
    assert energies[1] - energies[0] == pytest.approx(0.4 * cross, abs=1e-10)
    apart = sum(split.coupling().get_property("energy", part) for part in (atoms[:2], atoms[2:]))
    assert energies[0] == pytest.approx(apart, abs=1e-10)


def test_the_solid_of_another_structure_is_summed_anew():
    split = SplitPotential(Nothing, split_dispersion("chgnet+d3").coupling, "D3 alone")
    calculator = CoupledCalculator(split, 0.0)
    atoms = mercury_on_neon()
    calculator.get_property("energy", atoms)
    atoms.positions[1, 0] += 0.5
    assert calculator.get_property("energy", atoms) == CoupledCalculator(split, 0.0).get_property("energy", atoms)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lambdas", (1.0, 0.5)),
        ("lambdas", (0.0, 1.0)),
        ("rises", (1.0,)),
        ("rises", (1.0, 0.5)),
        ("temperature_K", -1.0),
        ("sampling_steps", 0),
        ("frame_interval", 10_000),
        ("thermostat", "berendsen"),
    ],
)
def test_settings_out_of_range_are_refused(key, value):
    with pytest.raises(InputError, match=key):
        DetachmentSettings(**{key: value})


def test_a_potential_without_dispersion_is_refused(tmp_path):
    with pytest.raises(InputError, match="'chgnet' has no dispersion"):
        detach_film(dumbbell(), "chgnet", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_film_without_a_solid_is_refused(tmp_path):
    with pytest.raises(InputError, match="solid and a film"):
        detach_film(dumbbell()[1:], wall_potential(1.0), tmp_path)


def test_there_is_room_for_the_film_to_rise():
    atoms = dumbbell()
    atoms.set_cell([10.0, 10.0, 8.0])
    assert with_room(atoms, 6.0).cell[2, 2] == pytest.approx(2.1 + 6.0 + 10.0)
    assert with_room(dumbbell(), 6.0).cell[2, 2] == 60.0


def test_the_held_centre_moves_in_the_plane_only():
    atoms = Atoms("HeArKr", [[0, 0, 0], [3, 3, 3], [3, 6, 5]], cell=CELL, pbc=True)
    constraint = HeldHeight([1, 2])
    atoms.set_constraint(constraint)
    masses = atoms.get_masses()
    before = masses[1:] @ atoms.positions[1:] / masses[1:].sum()
    atoms.set_positions(atoms.positions + np.random.default_rng(0).normal(size=(3, 3)))
    after = masses[1:] @ atoms.positions[1:] / masses[1:].sum()
    assert after[2] == pytest.approx(before[2], abs=1e-12)
    assert abs(after[0] - before[0]) > 0.01
    atoms.set_momenta(np.random.default_rng(1).normal(size=(3, 3)))
    assert atoms.get_momenta()[1:, 2].sum() == pytest.approx(0.0, abs=1e-12)
    assert atoms.get_number_of_degrees_of_freedom() == 8


def test_the_wall_begins_without_a_force(taken_off):
    last = taken_off.couplings[-1]
    assert last.lowest_height <= last.final.positions[1:, 2].min()
    first = taken_off.lifts[0]
    assert first.lowest_height > last.lowest_height + first.rise - 0.3


def pulled_with_everything_on(split, found):
    """The film lifted at λ = 1, with the wall but without turning anything down: mean forces by rise, eV/Å."""
    rises = (0.0, 0.15, 0.3, 0.5, 0.7, 1.0, 1.4, 1.9, 2.5, 3.3, 4.5, 6.5, 9.5, 14.0)
    atoms, before, forces = found.couplings[0].final, 0.0, []
    held = film_of(atoms)
    for number, rise in enumerate(rises):
        atoms = atoms.copy()
        atoms.positions[held, 2] += rise - before
        wall_ = PhantomWall(found.couplings[0].lowest_height - 0.3 + rise)
        result = run_md(
            atoms, CoupledCalculator(split, 1.0, wall_), [MDStage(60, 90.0), MDStage(600, 90.0, frame_interval=5)],
            seed=100 + number, timestep_fs=8.0, thermostat="bussi",
        )  # fmt: skip
        series = []
        for frame in result.frames:
            pushed = wall_.energy_and_forces(frame.positions[held, 2])[1].sum()
            series.append(frame.get_forces(apply_constraint=False)[held, 2].sum() - pushed)
        forces.append(correlated_mean(series))
        atoms, before = result.final, rise
    tail = -ATTRACTION_LJ * (atoms.positions[held, 2] ** -3).sum()  # beyond the last rise
    means, errors = [item.mean for item in forces], [item.standard_error for item in forces]
    return integrate_rise(rises, means, errors), tail


@pytest.mark.slow
def test_a_liquid_comes_off_a_wall_by_two_independent_routes(tmp_path):
    """Lennard-Jones argon at 90 K on a 9-3 wall: turned down and lifted, against lifted with all of its attraction."""
    film, split = lennard_jones_film(tmp_path)
    settings = DetachmentSettings(
        temperature_K=90.0, rises=(0.15, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0), free_steps=600,
        equilibration_steps=60, sampling_steps=600, timestep_fs=8.0,
    )  # fmt: skip
    found = detach_film(film, split, tmp_path / "windows", settings)
    work = reversible_work(found.area, 90.0, found.cross_energies, found.solid_forces)
    pulled, tail = pulled_with_everything_on(split, found)
    to_work = units.m**2 / units.J / found.area
    direct = (tail - pulled.mean) * to_work
    error = np.hypot(work.work_J_m2.standard_error, pulled.standard_error * to_work)
    print(work.work_J_m2, direct, error, found.force_at_place, work.quadrature_error_J_m2)
    assert error < 0.1 * work.work_J_m2.mean
    assert abs(work.work_J_m2.mean - direct) < 3 * np.hypot(error, work.quadrature_error_J_m2)


# Weaker than argon's own cohesion, or the film would tear when it is pulled.
ATTRACTION_LJ = -0.5


def film_of(atoms):
    return atoms.get_tags() != SOLID


class FilmOfArgon(Calculator):
    """Lennard-Jones between atoms of the film, and the repulsion of a wall that one atom of the solid marks."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.liquid = LennardJones(sigma=3.4, epsilon=0.0104, rc=6.5, ro=5.5, smooth=True)
        self.wall = Part(120.0, 9)

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        film = film_of(atoms)
        part = atoms[film]
        part.set_constraint()
        forces = np.array(self.wall.get_property("forces", atoms))
        forces[film] += self.liquid.get_property("forces", part)
        energy = self.wall.get_property("energy", atoms) + self.liquid.get_property("energy", part)
        self.results = {"energy": energy, "forces": forces}


def lennard_jones_film(folder):
    grid = np.array([(i, j, k) for k in range(4) for j in range(3) for i in range(3)]) * 3.75
    film = Atoms(f"He1Ar{len(grid)}", [[0, 0, 0], *(grid + [0.5, 0.5, 2.9])], cell=[11.25, 11.25, 60.0], pbc=True)
    film.set_tags([SOLID] + [LIQUID] * len(grid))
    split = SplitPotential(FilmOfArgon, lambda: Part(ATTRACTION_LJ, 3), "argon on a nine-three wall")
    film = with_room(film, 15.0)
    melted = run_md(
        film, CoupledCalculator(split, 1.0), [MDStage(300, 150.0), MDStage(400, 90.0)], timestep_fs=8.0,
        checkpoint=folder / "melt.npz",
    )  # fmt: skip
    return melted.final, split
