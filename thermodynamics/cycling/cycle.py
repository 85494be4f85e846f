"""A film through steps of constant current: its layers, its voltage, and how long it is liquid at the electrolyte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...arguments import number, refusal, whole_number
from ...errors import InputError
from ..checks import finite, not_negative, positive
from ..units import FARADAY
from .conditions import check_cells
from .film import RUNS_DRY, TOO_MANY, Film, front_voltage_V, recut, settled, tidy
from .phases import PhaseChain
from .transport import ANOTHER_PHASE, EMPTY, GAVE_UP, NO_METAL, run_stage

_MOST_STAGES = 400
_SAME_TIME = 1e-9


@dataclass(frozen=True)
class CurrentStep:
    """A constant current for a time.

    Attributes
    ----------
    current_A_m2
        Current density; positive when the metal is stripped, 0 at rest.
    duration_s
        Positive.

    Raises
    ------
    InputError
        A number out of its range.
    """

    current_A_m2: float
    duration_s: float

    def __post_init__(self) -> None:
        finite("step", "current_A_m2", self.current_A_m2)
        positive("step", "duration_s", self.duration_s)


@dataclass(frozen=True)
class FilmRun:
    """What a film did through its steps.

    Attributes
    ----------
    chain
        Its phases.
    times_s
        Shape (n,), rising; where a layer begins, two films stand at one time.
    steps
        Number of the step that each belongs to, shape (n,).
    currents_A_m2
        Shape (n,).
    films
        n of them.
    voltages_V
        At the electrolyte, against the pure metal, shape (n,). Where metal plates there it is 0 less the barrier, with
        which it begins; where the liquid runs dry, that of the least it is followed to.
    ended
        Why before its time; None when all steps were done.
    charge_C_m2
        Passed in all, stripping positive.
    """

    chain: PhaseChain
    times_s: NDArray[np.float64]
    steps: NDArray[np.int_]
    currents_A_m2: NDArray[np.float64]
    films: tuple[Film, ...]
    voltages_V: NDArray[np.float64]
    ended: str | None
    charge_C_m2: float

    @cached_property
    def liquid_m(self) -> NDArray[np.float64]:
        """Thickness of the liquid at the electrolyte, shape (n,)."""
        return np.array([film.liquid_thickness_m(self.chain) for film in self.films])

    @cached_property
    def in_last_cycle(self) -> NDArray[np.bool_]:
        """Whether each belongs to the last two steps, out and in, shape (n,)."""
        return np.asarray(self.steps >= self.steps[-1] - 1)

    @property
    def last_liquid_m(self) -> float:
        """Thinnest liquid at the electrolyte in the last cycle."""
        return float(self.liquid_m[self.in_last_cycle].min())

    @cached_property
    def stripped_C_m2(self) -> NDArray[np.float64]:
        """Charge that was stripped since the beginning, less what was plated, shape (n,): the state of charge."""
        return np.concatenate([[0.0], np.cumsum(np.diff(self.times_s) * self.currents_A_m2[1:])])

    @cached_property
    def stack_m(self) -> NDArray[np.float64]:
        """Thickness of film and metal behind it, shape (n,)."""
        return np.array([film.stack_m(self.chain) for film in self.films])

    @property
    def lost_metal(self) -> float:
        """Metal that the books lack, as a share of all: 0 but for the solver."""
        first, last = self.films[0].metal, self.films[-1].metal
        passed = self.charge_C_m2 / (self.chain.electrons * FARADAY)
        return (first - last - passed) / first

    def liquid_share(self, step: int) -> float:
        """Return the share of a step's time in which the electrolyte touches liquid; NaN for a step without time."""
        inside = self.steps == step
        times, wet = self.times_s[inside], self.liquid_m[inside] > 0.0
        gaps = np.diff(times)
        if not gaps.size or gaps.sum() == 0.0:
            return float("nan")
        return float(gaps[wet[1:] & wet[:-1]].sum() / gaps.sum())

    def least_liquid_m(self, step: int) -> float:
        """Return the thinnest that the liquid at the electrolyte is in a step, m; NaN for one that was not reached."""
        inside = self.liquid_m[self.steps == step]
        return float(inside.min()) if inside.size else float("nan")


def run_steps(
    chain: PhaseChain,
    film: Film,
    steps: Sequence[CurrentStep],
    *,
    nucleation_V: float = 0.01,
    cells: int = 16,
    points: int = 8,
    rtol: float = 1e-8,
) -> FilmRun:
    """Return how a film changes through steps of constant current.

    Parameters
    ----------
    chain, film
        Phases and layers to begin with.
    steps
        One after the other; the run ends early where metal plates at the electrolyte or the film runs dry there.
    nucleation_V
        How far the voltage falls below a front before a richer phase begins at the electrolyte. At 0 it begins at
        once, which is one limit; far above the voltages of the chain only the fronts that exist move, the other one.
    cells
        Finite volumes of the liquid at the electrolyte; that of ``film`` is cut anew where it has another number.
    points
        Films recorded for each stage of a step in which no layer begins or ends, evenly, and with more than two of them
        some more soon after its beginning.
    rtol
        Of the solver, 10⁻¹² to 10⁻⁴. Where it gives up the run ends, and says so.

    Raises
    ------
    InputError
        No steps, a number out of its range, or PyBaMM is not installed.
    """
    not_negative("film", "nucleation_V", nucleation_V)
    check_cells("film", cells)
    whole_number("film: points", points, least=2, most=10_000)
    number("film: rtol", rtol, least=1e-12, most=1e-4)
    _check_steps(steps)
    film = recut(film, cells)
    record = _Record(chain, nucleation_V)
    charge, time, ended = 0.0, 0.0, None
    for step, one in enumerate(steps):
        flux = one.current_A_m2 / (chain.electrons * FARADAY)
        left, begin = one.duration_s, False
        for _ in range(_MOST_STAGES):
            film, ended = settled(chain, film, flux, nucleation_V=nucleation_V, cells=cells, begin=begin)
            if ended:
                record.add(time, step, one.current_A_m2, film, flux)
                break
            stage = run_stage(chain, film, flux, left, nucleation_V=nucleation_V, points=points, rtol=rtol)
            for moment, state in zip(stage.times_s, stage.films, strict=True):
                record.add(time + moment, step, one.current_A_m2, state, flux)
            film = stage.films[-1]
            passed = min(float(stage.times_s[-1]), left)
            time, left, charge = time + passed, left - passed, charge + passed * one.current_A_m2
            if stage.event == NO_METAL:
                film = replace(film, reservoir=None)
            ended = {EMPTY: RUNS_DRY, GAVE_UP: GAVE_UP}.get(stage.event or "")
            begin = stage.event == ANOTHER_PHASE
            if ended or left <= _SAME_TIME * one.duration_s:
                break
        else:
            ended = TOO_MANY
        if ended:
            break
        film = tidy(chain, film, cells)
    return record.run(ended, charge)


def _check_steps(steps: Sequence[CurrentStep]) -> None:
    if not steps:
        raise InputError("film: there are no steps")
    for one in steps:
        if not isinstance(one, CurrentStep):
            raise refusal("film: steps", one, "each as a CurrentStep")


class _Record:
    def __init__(self, chain: PhaseChain, nucleation_V: float) -> None:
        self.chain, self.nucleation_V = chain, nucleation_V
        self.rows: list[tuple[float, int, float, Film, float]] = []

    def add(self, time: float, step: int, current: float, film: Film, flux: float) -> None:
        volts = front_voltage_V(self.chain, film, flux)
        if flux < 0.0:  # farther down the next phase takes over, which of the richest compound is the metal
            volts = max(volts, self.chain.front_voltages_V[film.front.phase] - self.nucleation_V)
        self.rows.append((time, step, current, film, volts))

    def run(self, ended: str | None, charge: float) -> FilmRun:
        times, steps, currents, films, volts = zip(*self.rows, strict=True)
        return FilmRun(
            self.chain, np.array(times), np.array(steps), np.array(currents), films, np.array(volts), ended, charge
        )
