"""Molecular dynamics of a liquid film that is taken off a rigid solid, step by step and reversibly.

1. The film moves freely on the solid: the mean height of its centre of mass, at which it is held from then on.
2. The attraction by dispersion between solid and film is turned down from λ = 1 to 0, one window for each λ.
3. What is left is taken apart at λ = 0: the film rises, and a phantom wall rises with it, so that no atom stays behind.

Each window starts from the last frame of the one before and has a checkpoint of its own, so that a run that was stopped
goes on to the same numbers. What they mean stands in ``thermodynamics/wetting/reversible_work.py``.

Phantom wall: F. Leroy and F. Müller-Plathe, Langmuir 31, 8335 (2015), doi:10.1021/acs.langmuir.5b01394. Theirs pushes
the liquid away alone; here the film's centre of mass rises, too, because a small film that nothing binds drifts away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms, units

from ...arguments import number, whole_number
from ...errors import InputError
from ...structures.interfaces.films import detach
from ...structures.slabs.planar_frame import check_upright, planar_area
from ...structures.tags import film_mask
from .coupling import (
    CoupledCalculator,
    PhantomWall,
    SplitPotential,
    cross_energy,
    part_energy,
    split_dispersion,
)
from .run import MDResult, run_md
from .stages import MDStage
from .thermostats import BUSSI, check_thermostat

logger = logging.getLogger(__name__)

# Gauss-Lobatto: the ends of [0, 1] and three points between, with which polynomials to degree 7 are integrated exactly.
LOBATTO_LAMBDAS = (1.0, 0.8273268353539885, 0.5, 0.1726731646460114, 0.0)
_RISES = (0.2, 0.4, 0.7, 1.0, 1.4, 1.9, 2.5, 3.2, 4.0, 5.0, 6.0)
_LEAST_FORCE = 1e-3  # eV/Å: where every frame has less, the solid no longer acts on the film
_CHECKPOINT_INTERVAL = 100  # steps
# Å between the lowest atom seen at λ = 0 and the wall: one that touched atoms at once would have cost work unseen.
_WALL_MARGIN = 0.3


@dataclass(frozen=True)
class DetachmentSettings:
    """How a film is taken off.

    Parameters
    ----------
    temperature_K
        Temperature, K.
    lambdas
        λ, from 1 down to 0.
    rises
        How far above its place on the solid the film is held at λ = 0, Å, ascending; the rest is left out where the
        solid no longer acts on the film.
    free_steps
        Steps in which the film moves freely and its height is measured, after as many to equilibrate.
    equilibration_steps, sampling_steps
        Steps of each window that are thrown away, and kept.
    frame_interval
        Steps between the frames from which averages are taken.
    timestep_fs
        Time step, fs.
    thermostat, friction_per_ps
        See :func:`~amalgamics.calculators.dynamics.run.run_md`; Bussi's leaves the diffusion of the film as it is.

    Raises
    ------
    InputError
        A value is out of range.
    """

    temperature_K: float = 298.15
    lambdas: tuple[float, ...] = LOBATTO_LAMBDAS
    rises: tuple[float, ...] = _RISES
    free_steps: int = 600
    equilibration_steps: int = 100
    sampling_steps: int = 500
    frame_interval: int = 5
    timestep_fs: float = 5.0
    thermostat: str = BUSSI
    friction_per_ps: float = 10.0

    def __post_init__(self) -> None:
        for key in ("temperature_K", "timestep_fs", "friction_per_ps"):
            number(key, getattr(self, key), above=0.0)
        for key in ("free_steps", "equilibration_steps", "sampling_steps", "frame_interval"):
            whole_number(key, getattr(self, key))
        check_thermostat(self.thermostat)
        lambdas, rises = np.array(self.lambdas), np.array(self.rises)
        if len(lambdas) < 2 or lambdas[0] != 1.0 or lambdas[-1] != 0.0 or not (np.diff(lambdas) < 0).all():
            raise InputError(f"lambdas: {self.lambdas!r} is not allowed; give numbers falling from 1 to 0")
        if len(rises) < 2 or rises[0] <= 0 or not (np.isfinite(rises).all() and (np.diff(rises) > 0).all()):
            raise InputError(
                f"rises: {self.rises!r} is not allowed; give at least two positive numbers, ascending, in Å"
            )
        shortest = min(self.free_steps, self.sampling_steps)
        if self.frame_interval > shortest:
            raise InputError(f"frame_interval: {self.frame_interval} keeps no frame of {shortest} steps")


@dataclass(frozen=True)
class Window:
    """What was sampled at one λ and one height.

    Attributes
    ----------
    scale
        λ.
    rise
        Of the film above its place on the solid, Å.
    cross_energies
        U_x of each frame, eV, shape (n,); None while the film rises, where it is not needed.
    solid_forces
        Force of the solid on the film along z in each frame, eV/Å, shape (n,); positive where it pushes the film off.
    potential_energies
        Of each frame without the phantom wall, eV, shape (n,).
    lowest_height
        Height of the lowest atom of the film in any frame, Å.
    temperature_K
        Mean temperature, K.
    wall_time_s
        Time of the dynamics, s.
    final
        The last structure.
    """

    scale: float
    rise: float
    cross_energies: np.ndarray | None
    solid_forces: np.ndarray
    potential_energies: np.ndarray
    lowest_height: float
    temperature_K: float
    wall_time_s: float
    final: Atoms


@dataclass(frozen=True)
class Detachment:
    """A film taken off a solid.

    Attributes
    ----------
    area
        Of the interface, Å^2.
    temperature_K
        Temperature of all windows, K.
    held_height
        Mean height of the film's centre of mass on the solid, Å, at which the windows of λ hold it.
    free_frames
        The film as it moves freely on the solid, for its diffusion and its order.
    frame_interval_ps
        Time between those, ps.
    couplings
        The windows of λ, from 1 to 0.
    lifts
        The windows at λ = 0 in which the film rises; the first of all, at no rise, is the last of ``couplings``.
    """

    area: float
    temperature_K: float
    held_height: float
    free_frames: list[Atoms]
    frame_interval_ps: float
    couplings: tuple[Window, ...]
    lifts: tuple[Window, ...]

    @property
    def force_at_place(self) -> float:
        """Mean force on the film where it is held, at λ = 1, eV/Å: far from 0 where ``free_steps`` were too few."""
        return float(np.mean(self.couplings[0].solid_forces))

    @property
    def place_energy(self) -> float:
        """F^2 / 2 k, eV, by which the held film lies above the best height: the work missed for want of it.

        F is the mean force where it is held, and k = kT / var(z) from how the height z of the free film swings.
        """
        film = film_mask(self.free_frames[0])
        swing = float(np.var([_height(frame, film) for frame in self.free_frames]))
        return self.force_at_place**2 * swing / (2.0 * units.kB * self.temperature_K)

    @property
    def cross_energies(self) -> dict[float, np.ndarray]:
        """U_x of each frame, eV, by λ."""
        return {window.scale: window.cross_energies for window in self.couplings if window.cross_energies is not None}

    @property
    def solid_forces(self) -> dict[float, np.ndarray]:
        """Force of the solid on the film at λ = 0, eV/Å, by the film's rise, Å."""
        return {window.rise: window.solid_forces for window in (self.couplings[-1], *self.lifts)}


def detach_film(
    interface: Atoms,
    potential: str | SplitPotential,
    folder: str | Path,
    settings: DetachmentSettings | None = None,
    *,
    seed: int = 0,
    on_step: Callable[[str, int, int], None] | None = None,
) -> Detachment:
    """Take a liquid film off a rigid solid, reversibly.

    Parameters
    ----------
    interface
        A film of equilibrated liquid on a solid, by its tags, in an upright cell; it is not modified. All atoms of the
        solid are held. The cell grows along z where the rising film needs room.
    potential
        Name of a potential with dispersion (pair terms are used), or one in two parts.
    folder
        Where the checkpoints go, made where it is missing. Delete it to begin anew.
    settings
        How; the defaults of :class:`DetachmentSettings` when left out.
    seed
        Of the dynamics.
    on_step
        Called after every step with the name of the window, the step and the number of steps in the window.

    Raises
    ------
    InputError
        Bad input, found before any compute.
    MDError
        The dynamics of a window has no result.
    """
    settings = settings or DetachmentSettings()
    detach(interface)  # refuses what is not a solid and a film
    check_upright(interface, "cell of the interface")
    if isinstance(potential, str):
        split_dispersion(potential)  # refuses what has no dispersion
    run = _Run(potential, Path(folder), settings, seed, on_step)
    start = with_room(interface, settings.rises[-1])
    return run.detach(start)


def with_room(interface: Atoms, rise: float, room: float = 10.0) -> Atoms:
    """Return an interface on held solid, whose film can rise so far and still has ``room`` above, Å."""
    atoms: Atoms = interface.copy()
    atoms.calc = None
    from ase.constraints import FixAtoms

    atoms.arrays.pop("momenta", None)
    heights = atoms.positions[:, 2]
    needed = heights.max() - heights.min() + rise + room
    cell = atoms.cell.array
    cell[2] = [0.0, 0.0, max(float(cell[2, 2]), needed)]
    atoms.set_cell(cell, scale_atoms=False)
    atoms.set_constraint(FixAtoms(indices=np.flatnonzero(~film_mask(atoms))))
    return atoms


class _Run:
    """The windows of one film, one after the other."""

    def __init__(
        self,
        potential: str | SplitPotential,
        folder: Path,
        settings: DetachmentSettings,
        seed: int,
        on_step: Callable[[str, int, int], None] | None,
    ) -> None:
        self.potential = split_dispersion(potential) if isinstance(potential, str) else potential
        self.folder, self.settings, self.seed, self.on_step = folder, settings, seed, on_step
        self.n_windows = 0

    def detach(self, start: Atoms) -> Detachment:
        from .held_height import HeldHeight

        settings, film = self.settings, film_mask(start)
        self.folder.mkdir(parents=True, exist_ok=True)
        solid_energy = part_energy(start[~film], self.potential)
        free = self._run(
            "free", start, CoupledCalculator(self.potential, 1.0), settings.free_steps, settings.free_steps
        )
        height = float(np.mean([_height(frame, film) for frame in free.frames]))
        atoms = _raised(free.final, film, height - _height(free.final, film))
        atoms.set_constraint([*start.constraints, HeldHeight(np.flatnonzero(film))])
        couplings: list[Window] = []
        for scale in settings.lambdas:
            window = self._window(atoms, f"lambda-{scale:.4f}", scale, 0.0, None, solid_energy)
            couplings.append(window)
            atoms = window.final
        lifts = self._lift(couplings[-1], film)
        interval_ps = settings.frame_interval * settings.timestep_fs / 1000
        area = planar_area(start.cell.array)
        return Detachment(
            area, settings.temperature_K, height, free.frames, interval_ps, tuple(couplings), tuple(lifts)
        )

    def _lift(self, last: Window, film: np.ndarray) -> list[Window]:
        lowest = last.lowest_height - _WALL_MARGIN
        lifts: list[Window] = []
        atoms, before = last.final, 0.0
        for rise in self.settings.rises:
            atoms = _raised(atoms, film, rise - before)
            window = self._window(atoms, f"rise-{rise:.4f}", 0.0, rise, PhantomWall(lowest + rise), None)
            lifts.append(window)
            atoms, before = window.final, rise
            if np.abs(window.solid_forces).max() < _LEAST_FORCE:
                break
        return lifts

    def _window(
        self, atoms: Atoms, name: str, scale: float, rise: float, wall: PhantomWall | None, solid_energy: float | None
    ) -> Window:
        settings, film = self.settings, film_mask(atoms)
        calculator = CoupledCalculator(self.potential, scale, wall)
        result = self._run(name, atoms, calculator, settings.equilibration_steps, settings.sampling_steps)
        forces = [_solid_force(frame, film, wall) for frame in result.frames]
        energies = None
        if solid_energy is not None:
            energies = np.array([cross_energy(frame, self.potential, solid_energy) for frame in result.frames])
        temperature = float(result.temperatures_K[settings.equilibration_steps :].mean())
        logger.info("window %s: %.2f s, %.0f K", name, result.wall_time_s, temperature)
        lowest = float(min(frame.positions[film, 2].min() for frame in result.frames))
        own = np.array([frame.get_potential_energy() - _wall_energy(frame, film, wall) for frame in result.frames])
        return Window(
            scale=scale,
            rise=rise,
            cross_energies=energies,
            solid_forces=np.array(forces),
            potential_energies=own,
            lowest_height=lowest,
            temperature_K=temperature,
            wall_time_s=result.wall_time_s,
            final=result.final,
        )

    def _run(self, name: str, atoms: Atoms, calculator: CoupledCalculator, before: int, steps: int) -> MDResult:
        settings = self.settings
        stages = [
            MDStage(before, settings.temperature_K),
            MDStage(steps, settings.temperature_K, frame_interval=settings.frame_interval),
        ]
        keywords: dict[str, Any] = {}
        if self.on_step is not None:
            tell = self.on_step
            keywords["on_step"] = lambda step, n_steps: tell(name, step, n_steps)
        self.n_windows += 1
        return run_md(
            atoms,
            calculator,
            stages,
            seed=self.seed + self.n_windows,
            timestep_fs=settings.timestep_fs,
            thermostat=settings.thermostat,
            friction_per_ps=settings.friction_per_ps,
            checkpoint=self.folder / f"{self.n_windows - 1:02d}-{name}.npz",
            checkpoint_interval=_CHECKPOINT_INTERVAL,
            checkpoint_frames=False,
            **keywords,
        )


def _height(atoms: Atoms, film: np.ndarray) -> float:
    masses = atoms.get_masses()[film]
    return float(masses @ atoms.positions[film, 2] / masses.sum())


def _raised(atoms: Atoms, film: np.ndarray, rise: float) -> Atoms:
    raised: Atoms = atoms.copy()
    raised.positions[film, 2] += rise
    return raised


def _wall_energy(frame: Atoms, film: np.ndarray, wall: PhantomWall | None) -> float:
    return 0.0 if wall is None else float(wall.energy_and_forces(frame.positions[film, 2])[0])


def _solid_force(frame: Atoms, film: np.ndarray, wall: PhantomWall | None) -> float:
    """Return the force of the solid on the film along z: the film's own forces add up to nothing."""
    force = float(frame.get_forces(apply_constraint=False)[film, 2].sum())
    if wall is not None:
        force -= float(wall.energy_and_forces(frame.positions[film, 2])[1].sum())
    return force
