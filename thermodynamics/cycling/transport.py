"""Diffusion through the layers of a film until something ends them: the equations, solved by PyBaMM.

In the frame of the host, whose amount N is the coordinate, a film neither swells nor shrinks, and only the fronts
between its layers move. With the ratio r of metal to host and fluxes J relative to the host

    compound between neighbours      J = s kappa / N,   s = +1, -1 or 0 as metal goes forth, back, or both are alike
    compound at the electrolyte      J = j / n F
    liquid                           dr/dt = d/dN (D c^2 dr/dN),   c = 1 / (V_Hg + r V_M)
    front between a and b            (r_a - r_b) dN/dt = J_a - J_b

The liquid at the electrolyte has its coordinate scaled to [0, 1] and is cut into finite volumes. The cells are scalar
variables, since PyBaMM's own operators interpolate at the ends of a domain and would lose metal at a moving front.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .film import DRY, GONE, SEED, Film, Layer, faces, phase_behind
from .phases import PhaseChain

ANOTHER_PHASE = "another phase begins at the electrolyte"
NO_METAL = "no metal is left behind the film"
EMPTY = "the liquid is empty at the electrolyte"
GAVE_UP = "the solver gave up"
_CLOSER, _CLOSE = 4.0, 6
"""How much closer to its beginning each of so many moments lies: what a new current changes, it changes at once."""
_ATOL = 1e-13
"""Of amounts in units of the host of the film; a compound that barely conducts is a millionth of it."""
MISSING = "cycling needs PyBaMM, which is not installed: pip install 'amalgamics[cycling]'"


@dataclass(frozen=True)
class Stage:
    """What a film did until the time was over or something ended a layer.

    Attributes
    ----------
    times_s
        From the start of the stage; shape (n,).
    films
        At these times.
    event
        What ended it; None when the time was over. `GAVE_UP` where the solver did, and then only the first film is
        there.
    """

    times_s: NDArray[np.float64]
    films: tuple[Film, ...]
    event: str | None


@dataclass(frozen=True)
class _Pattern:
    """What two films share that have the same equations: number of layers, signs, what is at either end."""

    signs: tuple[int, ...]  # of the layers that are not at the electrolyte
    liquid_front: bool
    behind_front: str  # layer, metal or wall
    reservoir: bool
    direction: int  # of the current: 1 strips
    cells: int


def run_stage(
    chain: PhaseChain,
    film: Film,
    flux: float,
    duration_s: float,
    *,
    nucleation_V: float,
    points: int = 8,
    rtol: float = 1e-8,
) -> Stage:
    """Return how a film changes under a constant flux until a layer ends or another must begin.

    Parameters
    ----------
    chain, film
        Phases and layers; the film is settled (:func:`~.film.settled`).
    flux
        Of metal into the electrolyte, mol/(m² s); positive when stripped.
    duration_s
        At most.
    nucleation_V
        How far below a front the voltage must fall for a richer phase to form at the electrolyte.
    points
        How many films are returned, evenly in time, besides that of the event; with more than two of them `_CLOSE` more
        soon after the beginning (:func:`moments`).
    rtol
        Of the solver.

    Raises
    ------
    InputError
        PyBaMM is not installed.
    """
    pattern = _pattern(chain, film, flux)
    inputs = _inputs(chain, film, flux, nucleation_V, pattern)
    model, solver = _model(pattern, rtol)
    times = moments(duration_s, points)
    try:
        with _without_log():  # what matters of it is said below
            solution = solver.solve(model, [0.0, duration_s], t_interp=times, inputs=inputs)
    except Exception:  # the solver has its own kinds
        return Stage(np.zeros(1), (film,), GAVE_UP)
    times, states = np.asarray(solution.t), np.asarray(solution.y)
    event = None
    if str(solution.termination).startswith("event: "):
        event = str(solution.termination).removeprefix("event: ")
        if times[-1] < solution.t_event[0]:
            times = np.append(times, solution.t_event)
            states = np.hstack([states, np.asarray(solution.y_event).reshape(-1, 1)])
    films = tuple(_film(chain, film, states[:, i], pattern) for i in range(len(times)))
    return Stage(times, films, event)


def moments(duration_s: float, points: int) -> NDArray[np.float64]:
    """Return times at which a stage is recorded: evenly spaced, and in the first interval ever closer to its beginning.

    Diffusion follows a new current as the root of the time. A mean over even intervals would smear the seconds that
    liquid takes for it over minutes.

    Examples
    --------
    >>> moments(8.0, 3).round(3).tolist()
    [0.0, 0.001, 0.004, 0.016, 0.062, 0.25, 1.0, 4.0, 8.0]
    """
    even = np.linspace(0.0, duration_s, max(points, 2))
    if points <= 2:
        return even
    return np.concatenate([[0.0], even[1] / _CLOSER ** np.arange(_CLOSE, 0, -1), even[1:]])


def _pattern(chain: PhaseChain, film: Film, flux: float) -> _Pattern:
    signs = []
    for index, layer in enumerate(film.layers[:-1]):
        behind, ahead = phase_behind(chain, film, index), film.layers[index + 1].phase
        signs.append(0 if behind is None or layer.phase == 0 or behind == ahead else int(np.sign(behind - ahead)))
    front_behind = phase_behind(chain, film, len(film.layers) - 1)
    kind = "layer" if len(film.layers) > 1 else ("wall" if front_behind is None else "metal")
    cells = 0 if film.front.cells is None else len(film.front.cells)
    return _Pattern(tuple(signs), film.front.phase == 0, kind, film.reservoir is not None, int(np.sign(flux)), cells)


def _inputs(chain: PhaseChain, film: Film, flux: float, nucleation_V: float, pattern: _Pattern) -> dict[str, float]:
    total = film.host
    inputs: dict[str, float] = {"J": flux / total}
    for i, layer in enumerate(film.layers):
        inputs[f"h{i}"] = layer.host / total
        inputs[f"r{i}"] = chain.phases[layer.phase].ratio if layer.phase or _is_liquid_front(film, i) else layer.ratio
        if i < len(film.layers) - 1 and pattern.signs[i]:
            inputs[f"k{i}"] = chain.kappa(layer.phase) / total**2
    if pattern.reservoir:
        inputs["w"] = (film.reservoir or 0.0) / total
    front = film.front
    if pattern.liquid_front:
        liquid = chain.phases[0]
        inputs |= {"D": liquid.diffusivity_m2_s / total**2, "VH": liquid.molar_volume_m3}
        inputs |= {"VM": chain.dissolved_volume_m3, "dry": DRY * liquid.ratio}
        if pattern.direction < 0:
            inputs["crit"] = chain.liquid_ratio(chain.front_voltages_V[0] - nucleation_V)
        assert front.cells is not None
        inputs |= {f"u{j}": amount / total for j, amount in enumerate(front.cells / np.diff(faces(pattern.cells)))}
    elif pattern.direction and pattern.behind_front != "wall":
        behind = phase_behind(chain, film, len(film.layers) - 1)
        poor, rich = chain.window_V(front.phase)
        inner = rich if behind is not None and behind > front.phase else poor
        limit = poor if pattern.direction > 0 else rich - nucleation_V
        inputs["room"] = (limit - inner) / (chain.slope_V(front.phase) * flux * total)
    return inputs


def _is_liquid_front(film: Film, index: int) -> bool:
    """Return whether a layer is liquid at the electrolyte, whose ratio at its back is the saturated one."""
    return index == len(film.layers) - 1 and film.layers[index].phase == 0


@lru_cache(maxsize=128)
def _model(pattern: _Pattern, rtol: float) -> tuple[Any, Any]:
    """Equations of a pattern and their solver, for any numbers; all amounts are in units of the film's host."""
    pybamm = _pybamm()
    model, value = pybamm.BaseModel(), pybamm.InputParameter
    count = len(pattern.signs) + 1
    host = [pybamm.Variable(f"h{i}") for i in range(count)]
    flux: list[Any] = [sign * value(f"k{i}") / host[i] if sign else 0.0 for i, sign in enumerate(pattern.signs)]
    cells = [pybamm.Variable(f"u{j}") for j in range(pattern.cells)] if pattern.liquid_front else []
    flux.append(_liquid_back_flux(pattern, cells, host[-1], value) if cells else value("J"))
    speed = [(flux[i] - flux[i + 1]) / (value(f"r{i}") - value(f"r{i + 1}")) for i in range(count - 1)]
    for i in range(count):
        ahead = speed[i] if i < count - 1 else 0.0
        rate = ahead - (speed[i - 1] if i else 0.0)
        model.rhs[host[i]] = rate if isinstance(rate, pybamm.Symbol) else pybamm.Scalar(rate)
        model.initial_conditions[host[i]] = value(f"h{i}")
        limit = -SEED / 2 if pattern.liquid_front and i == count - 1 else GONE
        if count > 1:
            model.events.append(pybamm.Event(f"layer {i} ends", host[i] + limit))
    if pattern.reservoir:
        behind = pybamm.Variable("w")
        model.rhs[behind] = -flux[0] if isinstance(flux[0], pybamm.Symbol) else pybamm.Scalar(-flux[0])
        model.initial_conditions[behind] = value("w")
        model.events.append(pybamm.Event(NO_METAL, behind))
    if cells:
        _add_liquid(model, pattern, cells, host[-1], flux[-1], speed[-1] if speed else 0.0)
    elif pattern.direction and pattern.behind_front != "wall":
        model.events.append(pybamm.Event(ANOTHER_PHASE, value("room") - host[-1]))
    pybamm.Discretisation().process_model(model)
    return model, pybamm.IDAKLUSolver(rtol=rtol, atol=_ATOL)


def _liquid_back_flux(pattern: _Pattern, cells: list[Any], host: Any, value: Any) -> Any:
    """Flux into the liquid at its back, where it is saturated unless it lies on a wall."""
    if pattern.behind_front == "wall":
        return 0.0
    edges = faces(pattern.cells)
    saturated = value(f"r{len(pattern.signs)}")
    return -_conductance(saturated, value) / host * (cells[0] / host - saturated) / (edges[1] / 2.0)


def _conductance(ratio: Any, value: Any) -> Any:
    return value("D") / (value("VH") + ratio * value("VM")) ** 2


def _add_liquid(model: Any, pattern: _Pattern, cells: list[Any], host: Any, back: Any, speed: Any) -> None:
    pybamm = _pybamm()
    value = pybamm.InputParameter
    edges = faces(pattern.cells)
    middles = (edges[1:] + edges[:-1]) / 2.0
    ratios = [cell / host for cell in cells]
    flows = [back - speed * value(f"r{len(pattern.signs)}")]
    for j in range(1, pattern.cells):
        share = (edges[j] - middles[j - 1]) / (middles[j] - middles[j - 1])
        between = share * ratios[j] + (1.0 - share) * ratios[j - 1]
        slope = (ratios[j] - ratios[j - 1]) / (middles[j] - middles[j - 1])
        flows.append(-_conductance(between, value) / host * slope - (1.0 - edges[j]) * speed * between)
    flows.append(value("J"))
    for j, cell in enumerate(cells):
        model.rhs[cell] = (flows[j] - flows[j + 1]) / (edges[j + 1] - edges[j])
        model.initial_conditions[cell] = value(f"u{j}")
    if pattern.direction:
        half = (edges[-1] - edges[-2]) / 2.0
        surface = ratios[-1] - value("J") * host * half / _conductance(ratios[-1], value)
        if pattern.direction > 0:
            model.events.append(pybamm.Event(EMPTY, surface - value("dry")))
        else:
            model.events.append(pybamm.Event(ANOTHER_PHASE, value("crit") - surface))


def _film(chain: PhaseChain, before: Film, state: NDArray[np.float64], pattern: _Pattern) -> Film:
    """The film of a state; of compounds the metal follows from the host."""
    total, count = before.host, len(before.layers)
    hosts = total * state[:count]
    layers = []
    for layer, host in zip(before.layers, hosts, strict=True):
        ratio = chain.phases[layer.phase].ratio if layer.phase else layer.ratio
        layers.append(Layer(layer.phase, float(host), float(host) * ratio))
    reservoir = total * float(state[count]) if pattern.reservoir else None
    if pattern.liquid_front:
        amounts = total * state[len(state) - pattern.cells :] * np.diff(faces(pattern.cells))
        layers[-1] = Layer(0, float(hosts[-1]), float(amounts.sum()), amounts)
    return Film(tuple(layers), reservoir, before.owed)


@contextlib.contextmanager
def _without_log() -> Iterator[None]:
    logger = logging.getLogger("pybamm.logger")
    was = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was


def _pybamm() -> Any:
    os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
    try:
        import pybamm
    except ImportError:
        raise InputError(MISSING) from None
    return pybamm
