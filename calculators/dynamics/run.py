"""Molecular dynamics at constant volume and given temperature, with ASE's own integrators.

A run is a list of stages, each at one temperature or along a linear ramp. It can be stopped at any time: from its
checkpoint file it goes on to the same numbers, bit by bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.calculators.singlepoint import SinglePointCalculator

from ...arguments import number, whole_number
from ...errors import InputError
from ...structures.finite import is_finite
from ..potentials.names import get_potential
from ..relaxation.relax import MIN_DISTANCE, shortest_distance
from .checkpoint import FrameState, MDState, describe_run, read_checkpoint, write_checkpoint
from .listening import tell
from .restartable import RestartableCalculator
from .stages import MDStage
from .thermostats import LANGEVIN, Thermostat, check_thermostat

__all__ = ["MAX_TIMESTEP_FS", "MDError", "MDResult", "MDStage", "run_md"]

logger = logging.getLogger(__name__)

MAX_TIMESTEP_FS = 10.0

# A run has exploded when it is this many times hotter than it should be. A random start may shed a lot of heat, so cold
# targets are taken as room temperature here.
_MAX_HEATING = 20.0
_HEATING_FLOOR_K = 300.0


class MDError(RuntimeError):
    """A molecular dynamics run left the physics or its potential failed.

    Attributes
    ----------
    reason
        What went wrong, in one line that names the step.
    step
        The step, counted from 1 over all stages; 0 for the start.
    atoms
        The structure where it went wrong.
    """

    def __init__(self, reason: str, step: int, atoms: Atoms) -> None:
        super().__init__(f"molecular dynamics, step {step}: {reason}")
        self.reason = str(self)
        self.step = step
        self.atoms = atoms


@dataclass(frozen=True)
class MDResult:
    """A finished run.

    Attributes
    ----------
    frames
        The frames kept, in order of time, with energy (eV) and forces (eV/Å), tags and constraints of the start, and
        ``step``, ``time_fs`` and ``temperature_K`` in ``info``; without momenta.
    final
        The last structure, likewise, with its momenta.
    temperatures_K
        Temperature after each step, K, shape (n_steps,).
    potential_energies
        Potential energy after each step, eV, shape (n_steps,).
    n_steps
        Steps of all stages.
    wall_time_s
        Time it took, s, earlier parts of an interrupted run included.
    """

    frames: list[Atoms]
    final: Atoms
    temperatures_K: np.ndarray
    potential_energies: np.ndarray
    n_steps: int
    wall_time_s: float


def run_md(
    atoms: Atoms,
    potential: str | BaseCalculator,
    stages: Sequence[MDStage],
    *,
    seed: int = 0,
    timestep_fs: float = 5.0,
    thermostat: str = LANGEVIN,
    friction_per_ps: float = 10.0,
    checkpoint: str | Path | None = None,
    checkpoint_interval: int = 50,
    checkpoint_frames: bool = True,
    on_step: Callable[[int, int], None] | None = None,
    pause_at: int | None = None,
) -> MDResult:
    """Run molecular dynamics at given temperature (NVT) through all stages.

    Velocities are drawn from the Maxwell-Boltzmann distribution of the first stage. Atoms held by a constraint stay
    where they are; where nothing is held, the centre of mass is.

    Parameters
    ----------
    atoms
        Start; it is not modified. Its constraints are kept, its momenta are not used.
    potential
        Name of a potential (see :func:`~amalgamics.calculators.potentials.names.get_potential`) or an ASE calculator.
        Named with a dispersion that has a three-body term, the potential moves the atoms with the pair terms, and all
        energies of the run are those that belong to these forces.
    stages
        What to do, one after the other.
    seed
        Of the velocities and the random forces: the same seed gives the same run.
    timestep_fs
        Time step, fs, at most 10. Recommended: 2 where lithium moves, 1 with hydrogen, 5 for mercury on a frozen solid.
    thermostat
        ``langevin``: friction and noise on every atom, which takes heat away where it is set free, but slows diffusion.
        ``bussi``: all velocities scaled together, which leaves diffusion as it is; for what is near equilibrium.
    friction_per_ps
        Rate at which the thermostat takes hold, 1/ps: the friction of Langevin's, the inverse of Bussi's time constant.
    checkpoint
        File for the state of the run. Where it exists, the run goes on from it. It is kept after the end, and then
        gives the result without any compute.
    checkpoint_interval
        Steps between checkpoints. The calculator starts afresh at the same
        steps, with or without a file, so that nothing it remembers from earlier steps can make a resumed run differ.
    checkpoint_frames
        Write one with every frame, too; false where frames follow within a few steps.
    on_step
        Called after every step with its number and the number of all steps. What it raises ends the run.
    pause_at
        Stop at the first checkpoint from this step on; the same call without it, or with a later step, goes on from
        there as if there had been no pause. None runs to the end.

    Returns
    -------
    MDResult
        Frames, final structure and series, up to the end or the pause.

    Raises
    ------
    InputError
        Bad input, found before any compute: a value out of range, an element the potential does not cover, atoms on
        top of each other, no atom that can move, or a checkpoint of another run.
    MDError
        The run exploded (not finite, or more than 20 times hotter than wanted), two atoms fused, or the potential
        failed. The checkpoint holds an earlier state.
    """
    stages = list(stages)
    _check_run(atoms, stages, seed, timestep_fs, friction_per_ps, checkpoint_interval)
    check_thermostat(thermostat)
    pause = _at_checkpoint(pause_at, sum(stage.n_steps for stage in stages), checkpoint_interval)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and not path.parent.is_dir():
        raise InputError(f"checkpoint: the folder of {str(path)!r} does not exist")
    if isinstance(potential, str):
        known = get_potential(potential)
        known.check_elements(atoms.get_chemical_symbols())
        potential = known.relaxation_name
    run = describe_run(
        atoms,
        potential,
        [asdict(stage) for stage in stages],
        seed=int(seed),
        timestep_fs=float(timestep_fs),
        friction_per_ps=float(friction_per_ps),
    )
    if thermostat != LANGEVIN:  # said only then, so that files of runs from before there was a choice go on
        run["thermostat"] = thermostat
    state = read_checkpoint(path, run) if path is not None and path.exists() else None
    bath = Thermostat(thermostat, timestep_fs, friction_per_ps)
    dynamics = _Dynamics(atoms, RestartableCalculator(potential), stages, timestep_fs, bath)
    if state is None:
        dynamics.start(seed)
    else:
        logger.info("going on from step %d of %s", state.step, path)
        dynamics.restore(state)
    for step in range(dynamics.state.step + 1, min(pause, dynamics.n_steps) + 1):
        keep = dynamics.advance()
        if (keep and checkpoint_frames) or step % checkpoint_interval == 0 or step == dynamics.n_steps:
            dynamics.calculator.start_afresh()
            if path is not None:
                write_checkpoint(path, run, dynamics.snapshot())
        if on_step:
            on_step(step, dynamics.n_steps)
        tell(step, dynamics.n_steps)
    return dynamics.result()


class _Dynamics:
    """ASE's integrator with the state around it: stages, series and frames."""

    def __init__(
        self,
        atoms: Atoms,
        calculator: RestartableCalculator,
        stages: list[MDStage],
        timestep_fs: float,
        thermostat: Thermostat,
    ) -> None:
        self.template = atoms.copy()
        self.template.arrays.pop("momenta", None)
        self.work = self.template.copy()
        if not self.work.constraints:
            from ase.constraints import FixCom

            self.work.set_constraint(FixCom())
        self.work.calc = self.calculator = calculator
        self.stages = stages
        self.n_steps = sum(stage.n_steps for stage in stages)
        self.timestep_fs = timestep_fs
        self.rng = np.random.default_rng()
        self.thermostat = thermostat
        self.state: MDState
        self.started = time.perf_counter()

    def start(self, seed: int) -> None:
        from ase.md.velocitydistribution import thermalize_momenta

        self.rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        thermalize_momenta(self.work, self.stages[0].temperature_K, rng=self.rng)
        with _FailsAs(self, 0):
            forces = self.work.get_forces(apply_constraint=False)
            energy = float(self.work.get_potential_energy())
        self.state = MDState(0, self.work.get_positions(), self.work.get_momenta(), forces, energy, {})

    def restore(self, state: MDState) -> None:
        self.rng.bit_generator.state = state.rng_state
        self.work.positions = state.positions
        self.work.set_momenta(state.momenta, apply_constraint=False)
        self.calculator.remember(self.work, state.energy, state.forces)
        self.state = state
        self.started -= state.wall_time_s

    def advance(self) -> bool:
        """Take one step; return whether its frame is kept."""
        state, step = self.state, self.state.step + 1
        stage, step_in_stage = self._locate(step)
        target = stage.target_K(step_in_stage)
        with _FailsAs(self, step):
            self.thermostat.step(self.work, target, self.rng)
            state.energy, state.forces = self.calculator.last()
        state.step = step
        state.positions, state.momenta = self.work.get_positions(), self.work.get_momenta()
        temperature = float(self.work.get_temperature())
        self._check(step, temperature, target)
        state.temperatures_K.append(temperature)
        state.potential_energies.append(state.energy)
        keep = stage.frame_interval is not None and step_in_stage % stage.frame_interval == 0
        if keep:
            state.frames.append(FrameState(step, temperature, state.energy, state.positions, state.forces))
        return keep

    def snapshot(self) -> MDState:
        self.state.rng_state = dict(self.rng.bit_generator.state)
        self.state.wall_time_s = time.perf_counter() - self.started
        return self.state

    def result(self) -> MDResult:
        state = self.state
        last = FrameState(state.step, state.temperatures_K[-1], state.energy, state.positions, state.forces)
        final = self._atoms(last)
        final.set_momenta(state.momenta, apply_constraint=False)
        frames = [self._atoms(frame) for frame in state.frames]
        temperatures, energies = np.array(state.temperatures_K), np.array(state.potential_energies)
        elapsed = time.perf_counter() - self.started
        logger.debug("molecular dynamics of %s: %d steps, %.2f s", final.symbols, self.n_steps, elapsed)
        return MDResult(frames, final, temperatures, energies, self.n_steps, elapsed)

    def _atoms(self, frame: FrameState) -> Atoms:
        atoms: Atoms = self.template.copy()
        atoms.positions = frame.positions
        atoms.info.update(
            step=frame.step, time_fs=frame.step * self.timestep_fs, temperature_K=float(frame.temperature_K)
        )
        atoms.calc = SinglePointCalculator(atoms, energy=float(frame.energy), forces=np.array(frame.forces))
        return atoms

    def _locate(self, step: int) -> tuple[MDStage, int]:
        for stage in self.stages:
            if step <= stage.n_steps:
                return stage, step
            step -= stage.n_steps
        raise ValueError(f"no stage has step {step}")

    def _check(self, step: int, temperature_K: float, target_K: float) -> None:
        if not (np.isfinite(self.work.positions).all() and isfinite(temperature_K)):
            raise MDError("exploded: a position or the temperature is not finite", step, self.work.copy())
        limit = _MAX_HEATING * max(target_K, _HEATING_FLOOR_K)
        if temperature_K > limit:
            reason = f"exploded: {temperature_K:.0f} K where {target_K:.0f} K is wanted"
            raise MDError(reason, step, self.work.copy())
        distance = shortest_distance(self.work, MIN_DISTANCE)
        if distance < MIN_DISTANCE:
            raise MDError(f"two atoms fused: they are {distance:.2f} Å apart", step, self.work.copy())


def _at_checkpoint(step: int | None, n_steps: int, interval: int) -> int:
    """Return the first step from this one on after which the state is written; the last one for None."""
    if step is None:
        return n_steps
    return -(-whole_number("pause_at", step) // interval) * interval


class _FailsAs:
    """Turns what a potential raises on a structure it cannot handle into an error that names the step."""

    def __init__(self, dynamics: _Dynamics, step: int) -> None:
        self.dynamics, self.step = dynamics, step

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, InputError | OSError | MemoryError):
            is_own = isinstance(error, FloatingPointError)
            reason = str(error) if is_own else f"the potential failed: {type(error).__name__}: {error}"
            raise MDError(reason, self.step, self.dynamics.work.copy()) from error


def _check_run(
    atoms: Atoms,
    stages: list[MDStage],
    seed: int,
    timestep_fs: float,
    friction_per_ps: float,
    checkpoint_interval: int,
) -> None:
    if not stages:
        raise InputError("stages: there are none; give at least one")
    whole_number("seed", seed, least=0)
    whole_number("checkpoint_interval", checkpoint_interval)
    number("timestep_fs", timestep_fs, above=0.0, most=MAX_TIMESTEP_FS)
    number("friction_per_ps", friction_per_ps, above=0.0)
    if not is_finite(atoms):
        raise InputError(f"atoms: {atoms.symbols} has a position or cell vector that is not a finite number")
    free = atoms.copy()
    if not free.constraints:
        from ase.constraints import FixCom

        free.set_constraint(FixCom())
    if len(atoms) == 0 or free.get_number_of_degrees_of_freedom() < 1:
        raise InputError(f"atoms: {atoms.symbols} has no atom that can move; molecular dynamics needs one")
    distance = shortest_distance(atoms, MIN_DISTANCE)
    if distance < MIN_DISTANCE:
        raise InputError(f"atoms: two of {atoms.symbols} are {distance:.2f} Å apart; they overlap")
