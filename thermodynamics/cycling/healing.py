"""Where a film stays liquid at the electrolyte, over current and thickness, and the least host it needs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...arguments import as_float, items, number, refusal, whole_number
from ...errors import InputError
from ..checks import finite_array, not_negative, positive
from ..hulls.voltage import molar_mass
from ..units import FARADAY
from .cell import cycling_steps
from .conditions import check_cells, check_fraction, check_thickness
from .cycle import FilmRun, run_steps
from .film import METAL_AT_FRONT, RUNS_DRY
from .initial_films import applied_film
from .phases import PhaseChain

LIQUID = "liquid throughout"
IN_TURN = "liquid and solid in turn"
SOLID = "solid throughout"
METAL = "metal at the electrolyte"
DRY = "runs dry"
THICKNESS_RANGE_M = (1e-6, 1e-3)
CURRENT_RANGE_A_M2 = (0.1, 1e5)
"""Between which a limit is looked for. One found at an end is a bound: nothing is known of what lies beyond."""
_GRID = 7
_CURRENTS = 13
_FINEST = 1e-6
NOT_FOLLOWED = "not followed"
OUTCOMES = (LIQUID, IN_TURN, SOLID, METAL, DRY, NOT_FOLLOWED)
"""What a film does in its last cycle, or what ended it; it heals in the first two."""


@dataclass(frozen=True)
class Protocol:
    """How films are made and cycled.

    Attributes
    ----------
    capacity_C_m2
        Of each half cycle.
    metal_m
        Thickness of the metal behind the film; None for a wall.
    rest_s
        Between the making and the first cycle.
    cycles
        How many; the last one is judged.
    x
        Overall mole fraction of the metal in the film as it is made; None for the saturated liquid.
    nucleation_V
        How far the voltage falls below a front before a richer phase begins at the electrolyte.
    cells
        Finite volumes of the liquid.

    Raises
    ------
    InputError
        A number out of its range.
    """

    capacity_C_m2: float
    metal_m: float | None
    rest_s: float = 0.0
    cycles: int = 3
    x: float | None = None
    nucleation_V: float = 0.01
    cells: int = 8

    def __post_init__(self) -> None:
        positive("protocol", "capacity_C_m2", self.capacity_C_m2)
        not_negative("protocol", "rest_s", self.rest_s)
        not_negative("protocol", "nucleation_V", self.nucleation_V)
        whole_number("protocol: cycles", self.cycles)
        check_cells("protocol", self.cells)
        check_fraction("protocol", self.x)
        if self.metal_m is not None:
            positive("protocol", "metal_m", self.metal_m)

    def run(
        self, chain: PhaseChain, thickness_m: float, current_A_m2: float, *, points: int = 2, plated: bool = False
    ) -> FilmRun:
        """Return a film of a thickness (m) through the protocol, stripped first or ``plated`` first."""
        positive("protocol", "current_A_m2", current_A_m2)
        film = applied_film(chain, thickness_m, self.x, metal_m=self.metal_m, cells=self.cells)
        steps = cycling_steps(-current_A_m2 if plated else current_A_m2, self.capacity_C_m2, self.cycles, self.rest_s)
        return run_steps(chain, film, steps, nucleation_V=self.nucleation_V, cells=self.cells, points=points, rtol=1e-6)

    def stays_liquid(self, chain: PhaseChain, thickness_m: float, current_A_m2: float) -> bool:
        """Return whether both films of a symmetric cell are liquid at the electrolyte throughout their last cycle.

        Raises
        ------
        InputError
            A film cannot be followed to the end, so that nobody knows.
        """
        for plated in (True, False):
            run = self.run(chain, thickness_m, current_A_m2, plated=plated)
            outcome = outcome_of(run)
            if outcome == NOT_FOLLOWED:
                raise InputError(
                    f"film of {1e6 * thickness_m:.4g} µm at {current_A_m2:.4g} A/m²: not followed, {run.ended}"
                )
            if outcome != LIQUID:
                return False
        return True


@dataclass(frozen=True)
class HealingPoint:
    """What the two films of a symmetric cell do, one stripped first and the other plated first.

    Attributes
    ----------
    temperature_K, thickness_m, current_A_m2
        Of the film.
    outcome
        One of `OUTCOMES`, of the film that fares worse.
    least_liquid_m
        Thinnest liquid at the electrolyte of either in the last cycle.
    swing_V
        Largest difference between the highest and the lowest voltage at the electrolyte of one in the last cycle.
    """

    temperature_K: float
    thickness_m: float
    current_A_m2: float
    outcome: str
    least_liquid_m: float
    swing_V: float

    @property
    def heals(self) -> bool:
        """Whether the electrolyte touches liquid at some time in each cycle, and nothing ended it."""
        return self.outcome in (LIQUID, IN_TURN)


def outcome_of(run: FilmRun) -> str:
    """Return what a film does in its last cycle, or what ended it; `NOT_FOLLOWED` if that is the model's limit."""
    if run.ended == METAL_AT_FRONT:
        return METAL
    if run.ended == RUNS_DRY:
        return DRY
    if run.ended:
        return NOT_FOLLOWED
    wet = run.liquid_m[run.in_last_cycle] > 0.0
    return LIQUID if wet.all() else IN_TURN if wet.any() else SOLID


def worst_outcome(*runs: FilmRun) -> str:
    """Return what the film does that fares worst, in the order of `OUTCOMES`."""
    return max((outcome_of(run) for run in runs), key=OUTCOMES.index)


def _swing_V(run: FilmRun) -> float:
    volts = run.voltages_V[run.in_last_cycle]
    finite = volts[np.isfinite(volts)]
    return float(finite.max() - finite.min()) if finite.size else float("nan")


def healing_points(
    chain: PhaseChain,
    protocol: Protocol,
    thicknesses_m: Sequence[float],
    currents_A_m2: Sequence[float],
    *,
    tick: Callable[[], None] | None = None,
) -> list[HealingPoint]:
    """Return what films of each thickness do at each current.

    Parameters
    ----------
    chain
        Phases, at one temperature.
    protocol
        How the films are made and cycled.
    thicknesses_m, currents_A_m2
        Of the films, all positive.
    tick
        Called after each film.

    Raises
    ------
    InputError
        No thicknesses or no currents, or one out of its range, before any film is followed.
    """
    for thickness in _some("thicknesses_m", thicknesses_m):
        check_thickness("thicknesses_m", thickness)
    for current in _some("currents_A_m2", currents_A_m2):
        positive("healing map", "currents_A_m2", current)
    found = []
    for thickness in thicknesses_m:
        for current in currents_A_m2:
            runs = [protocol.run(chain, thickness, current, plated=plated) for plated in (False, True)]
            outcome = worst_outcome(*runs)
            least = min(run.last_liquid_m for run in runs)
            swing = float(np.fmax(_swing_V(runs[0]), _swing_V(runs[1])))
            found.append(HealingPoint(chain.temperature_K, thickness, current, outcome, least, swing))
            if tick is not None:
                tick()
    return found


def _some(name: str, values: Sequence[float]) -> list[float]:
    found: list[float] = finite_array("healing map", name, values, ndim=1).tolist()
    if not found:
        raise InputError(f"healing map: {name} is empty; one at least is needed")
    return found


@dataclass(frozen=True)
class CurrentLimit:
    """Up to which current both films of a symmetric cell stay liquid at the electrolyte, and what happens beyond.

    Attributes
    ----------
    current_A_m2
        The largest; the upper end of the range where every one will do, None where none does.
    beyond
        One of `OUTCOMES`: what the film that fares worse does just above it, or without any at the lowest; empty where
        every one will do.
    """

    current_A_m2: float | None
    beyond: str


def largest_current(
    chain: PhaseChain,
    protocol: Protocol,
    thickness_m: float,
    *,
    within_A_m2: tuple[float, float] = CURRENT_RANGE_A_M2,
    precision: float = 0.05,
) -> CurrentLimit:
    """Return the current above which a film loses its liquid skin while plating, or runs dry while stripping.

    Small currents take long, and the compounds grow meanwhile: the largest on a grid that keeps the skin is where the
    bisection begins.

    Parameters
    ----------
    chain, protocol, thickness_m
        The film.
    within_A_m2
        Currents to look between.
    precision
        Relative.

    Raises
    ------
    InputError
        The range or the precision is none, or what :meth:`Protocol.run` refuses.
    """
    least, most = _search("largest current", "within_A_m2", within_A_m2, precision)

    @functools.cache
    def outcome(current: float) -> str:
        return worst_outcome(*(protocol.run(chain, thickness_m, current, plated=one) for one in (False, True)))

    grid: list[float] = np.geomspace(most, least, _CURRENTS).tolist()
    begin = next((place for place, current in enumerate(grid) if outcome(current) == LIQUID), None)
    if begin is None:
        return CurrentLimit(None, outcome(grid[-1]))
    if begin == 0:
        return CurrentLimit(grid[0], "")
    largest, beyond = _bisect(grid[begin], grid[begin - 1], lambda current: outcome(current) == LIQUID, precision)
    return CurrentLimit(largest, outcome(beyond))


def _bisect(good: float, bad: float, holds: Callable[[float], bool], precision: float) -> tuple[float, float]:
    """Return two positive numbers, closer than a relative precision, between which what holds for ``good`` ends."""
    while max(good, bad) / min(good, bad) > 1.0 + precision:
        middle = (good * bad) ** 0.5
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good, bad


def _search(owner: str, name: str, within: tuple[float, float], precision: float) -> tuple[float, float]:
    """Return the ends of a range that a bisection looks in; with a precision finer than that of the films it ends."""
    ends = items(f"{owner}: {name}", within, "two rising positive numbers")
    if len(ends) != 2 or not 0.0 < as_float(ends[0]) < as_float(ends[1]) < math.inf:
        raise refusal(f"{owner}: {name}", within, "two rising positive numbers")
    number(f"{owner}: precision", precision, least=_FINEST, most=1.0)
    return float(ends[0]), float(ends[1])


def host_for_capacity(chain: PhaseChain) -> float:
    """Return the host that a charge turns from liquid into the poorest compound, g/C: below it no skin can last.

    Each host atom takes up r_1 - r_0 atoms of the metal. Without compounds the metal itself is plated, and none is
    needed: 0.
    """
    if not chain.richest:
        return 0.0
    taken = chain.phases[1].ratio - chain.phases[0].ratio
    return molar_mass(chain.host) / (chain.electrons * FARADAY * taken)


def largest_diffusivity_factor(
    chain: PhaseChain,
    protocol: Protocol,
    thickness_m: float,
    current_A_m2: float,
    *,
    within: tuple[float, float] = (1e-6, 1e2),
    precision: float = 0.05,
) -> float | None:
    """Return by how much the diffusivities of the compounds may be multiplied for the film to stay liquid throughout.

    Parameters
    ----------
    chain, protocol, thickness_m, current_A_m2
        The film.
    within
        Factors to look between, rising and positive.
    precision
        Relative.

    Returns
    -------
    float or None
        The largest factor by bisection, the higher end where every one will do; None where the lowest is too much.

    Raises
    ------
    InputError
        The range or the precision is none, or what :meth:`Protocol.run` refuses.
    """

    def stays(factor: float) -> bool:
        return protocol.stays_liquid(chain.with_solid_diffusivity(factor), thickness_m, current_A_m2)

    low, high = _search("largest diffusivity", "within", within, precision)
    if not stays(low):
        return None
    if stays(high):
        return high
    return _bisect(low, high, stays, precision)[0]


def least_thickness_m(
    chain: PhaseChain,
    protocol: Protocol,
    current_A_m2: float,
    *,
    within_m: tuple[float, float] = THICKNESS_RANGE_M,
    precision: float = 0.03,
) -> float | None:
    """Return the thinnest film that stays liquid, stripped or plated first, by bisection; None where none does.

    A thick one may run dry where liquid alone conducts: the thickest on a grid that stays liquid is where it begins.

    Parameters
    ----------
    chain, protocol, current_A_m2
        The film.
    within_m
        Thicknesses to look between.
    precision
        Relative.

    Returns
    -------
    float or None
        Thickness in m; the lower end where even that one stays liquid, so that the thinnest is at most as thick.

    Raises
    ------
    InputError
        The range or the precision is none, or what :meth:`Protocol.run` refuses.
    """
    low, high = _search("least film", "within_m", within_m, precision)

    def stays(thickness: float) -> bool:
        return protocol.stays_liquid(chain, thickness, current_A_m2)

    if stays(low):
        return low
    grid: list[float] = np.geomspace(high, low, _GRID)[:-1].tolist()
    begin = next((thickness for thickness in grid if stays(thickness)), None)
    if begin is None:
        return None
    return _bisect(begin, low, stays, precision)[0]
