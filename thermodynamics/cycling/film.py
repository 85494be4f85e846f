"""A film as a stack of layers from the metal to the electrolyte, and what may happen to it between two moments."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..checks import not_negative
from .phases import PhaseChain

SEED = 1e-6
"""Share of the film's host in a new layer of liquid, and in each compound beneath a film that was just applied."""
GONE = 1e-9
"""Share of the host below which a solid layer is gone."""
DRY = 1e-6
"""Ratio at the electrolyte, in units of the saturated one, at which the liquid is empty."""
METAL_AT_FRONT = "metal plates at the electrolyte"
RUNS_DRY = "the film runs dry at the electrolyte"
TOO_MANY = "more layers than the model follows"
_MOST_LAYERS = 40
_SMALL_V = 1e-10


@dataclass(frozen=True)
class Layer:
    """One phase of the film, in mol for each m² of electrode.

    Attributes
    ----------
    phase
        Its number in the chain: 0 is the liquid.
    host
        Amount of the host.
    metal
        Amount of the metal.
    cells
        Of liquid at the electrolyte, the metal in each of its cells, from back to front; None of all others, in which
        nothing varies.
    """

    phase: int
    host: float
    metal: float
    cells: NDArray[np.float64] | None = None

    @property
    def ratio(self) -> float:
        """Metal for each host atom, the mean over the layer."""
        return self.metal / self.host if self.host > 0.0 else math.nan


@dataclass(frozen=True)
class Film:
    """Layers from the metal to the electrolyte.

    Attributes
    ----------
    layers
        From back to front.
    reservoir
        Metal behind them, mol/m²; None for a wall.
    owed
        Metal that a layer left when it ended and that no front could take yet: less than a millionth of the film.
    """

    layers: tuple[Layer, ...]
    reservoir: float | None
    owed: float = 0.0

    @property
    def host(self) -> float:
        """Host of all layers, mol/m²; it never changes."""
        return math.fsum(layer.host for layer in self.layers)

    @property
    def metal(self) -> float:
        """Metal of the layers and behind them, mol/m²."""
        return math.fsum([*(layer.metal for layer in self.layers), self.reservoir or 0.0, self.owed])

    @property
    def front(self) -> Layer:
        """The layer at the electrolyte."""
        return self.layers[-1]

    def liquid_thickness_m(self, chain: PhaseChain) -> float:
        """Return the thickness of the liquid at the electrolyte; 0 where a solid is."""
        return layer_thickness_m(chain, self.front) if self.front.phase == 0 else 0.0

    def thickness_m(self, chain: PhaseChain) -> float:
        """Return the thickness of all layers, without the metal behind them."""
        return sum(layer_thickness_m(chain, layer) for layer in self.layers)

    def stack_m(self, chain: PhaseChain) -> float:
        """Return the thickness of the layers and of the metal behind them."""
        return self.thickness_m(chain) + (self.reservoir or 0.0) * chain.metal_volume_m3


def layer_thickness_m(chain: PhaseChain, layer: Layer) -> float:
    """Return the thickness of a layer, m."""
    if layer.host <= 0.0:
        return 0.0
    return layer.host * chain.molar_volume_m3(layer.phase, layer.ratio)


def composition_profile(chain: PhaseChain, film: Film) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where in a film which mole fraction of the metal is; without the metal behind it.

    Parameters
    ----------
    chain, film
        Its phases and layers.

    Returns
    -------
    tuple
        Depths below the electrolyte, rising, m, and mole fractions there; both of shape (n,). A layer has a point at
        either end, so that depths stand twice where two meet; the liquid at the electrolyte has the middles of its
        cells besides, and at its ends what is in the first and the last one.
    """
    depths, fractions, top = [], [], 0.0
    for layer in reversed(film.layers):
        if layer.host <= 0.0:  # one that is about to grow
            continue
        ratios = np.array([layer.ratio])
        pieces = np.array([layer_thickness_m(chain, layer)])
        if layer.cells is not None:
            hosts = layer.host * np.diff(faces(_count(layer)))
            ratios = (layer.cells / hosts)[::-1]
            pieces = hosts[::-1] * (chain.phases[0].molar_volume_m3 + ratios * chain.dissolved_volume_m3)
        ends = top + np.concatenate([[0.0], np.cumsum(pieces)])
        middles = (ends[1:] + ends[:-1]) / 2.0 if layer.cells is not None else np.zeros(0)
        depths += [ends[:1], middles, ends[-1:]]
        fractions += [ratios[:1], ratios if len(middles) else middles, ratios[-1:]]
        top = float(ends[-1])
    found = np.concatenate(fractions)
    return np.concatenate(depths), found / (1.0 + found)


def faces(cells: int) -> NDArray[np.float64]:
    """Return the faces of the cells of a liquid layer from 0 to 1, finer at both ends; shape (cells + 1,)."""
    return (1.0 - np.cos(np.pi * np.arange(cells + 1) / cells)) / 2.0


def liquid_layer(host: float, ratio: float, cells: int) -> Layer:
    """Return a layer of liquid of one composition, ready to be at the electrolyte."""
    amounts = host * ratio * np.diff(faces(cells))
    return Layer(0, host, float(amounts.sum()), amounts)


def tidy(chain: PhaseChain, film: Film, cells: int) -> Film:
    """Return the film without layers that are gone, and with neighbours of one phase joined; nothing is lost."""
    total = film.host
    layers = list(film.layers)
    surplus, index = film.owed, 0
    while index < len(layers) and len(layers) > 1:
        layer = layers[index]
        limit = SEED / 2 * 1.001 if layer.phase == 0 else GONE
        if layer.host > limit * total or _just_born(layers, index):
            index += 1
            continue
        into = index - 1 if index else 1
        heir = layers[into]
        merged = _resized(chain, heir, heir.host + layer.host)
        surplus += heir.metal + layer.metal - merged.metal
        layers[into] = merged
        del layers[index]
        index = max(index - 1, 0)
    joined: list[Layer] = []
    for layer in layers:
        if joined and joined[-1].phase == layer.phase:
            joined[-1] = _joined(joined[-1], layer, cells)
        else:
            joined.append(layer)
    inner = [replace(layer, cells=None) for layer in joined[:-1]]
    front = joined[-1]
    if front.phase == 0 and front.cells is None:
        front = Layer(0, front.host, front.metal, front.metal * np.diff(faces(cells)))
    return balanced(chain, Film((*inner, front), film.reservoir), surplus)


def _just_born(layers: list[Layer], index: int) -> bool:
    """A solid at the electrolyte begins with nothing."""
    return index == len(layers) - 1 and layers[index].phase > 0 and layers[index].host == 0.0


def _resized(chain: PhaseChain, layer: Layer, host: float) -> Layer:
    if layer.phase:
        return Layer(layer.phase, host, chain.phases[layer.phase].ratio * host)
    factor = host / layer.host if layer.host > 0.0 else 0.0
    return Layer(0, host, layer.metal * factor, None if layer.cells is None else layer.cells * factor)


def _joined(back: Layer, front: Layer, cells: int) -> Layer:
    """Two layers of one phase as one; the profile of liquids is kept, on new cells."""
    if back.phase:
        return Layer(back.phase, back.host + front.host, back.metal + front.metal)
    edges = faces(cells)
    return _cut(
        [
            part if part.cells is not None else replace(part, cells=part.metal * np.diff(edges))
            for part in (back, front)
        ],
        cells,
    )


def recut(film: Film, cells: int) -> Film:
    """Return the film with so many cells in the liquid at the electrolyte; its metal and its profile are kept."""
    front = film.front
    if front.cells is None or _count(front) == cells:
        return film
    return replace(film, layers=(*film.layers[:-1], _cut([front], cells)))


def _cut(parts: list[Layer], cells: int) -> Layer:
    """Liquids, one in front of the other, as one with new cells; within each of the old ones the metal is even."""
    host = sum(part.host for part in parts)
    places, below = [np.zeros(1)], 0.0
    for part in parts:
        places.append(below + part.host * faces(_count(part))[1:])
        below += part.host
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([_amounts(part) for part in parts]))])
    amounts = np.diff(np.interp(host * faces(cells), np.concatenate(places), sums))
    return Layer(0, host, float(amounts.sum()), amounts)


def _amounts(layer: Layer) -> NDArray[np.float64]:
    assert layer.cells is not None
    return layer.cells


def _count(layer: Layer) -> int:
    return len(_amounts(layer))


def balanced(chain: PhaseChain, film: Film, surplus: float) -> Film:
    """Return the film with so much more metal: put behind it, or else into a front between two of its layers.

    It is what a layer leaves that is taken as gone, or wants that begins: a millionth of the film.
    """
    if surplus == 0.0:
        return film
    if film.reservoir is not None:
        return replace(film, reservoir=film.reservoir + surplus)
    layers = list(film.layers)
    fronts = [
        (min(layers[i].host, layers[i + 1].host), i)
        for i in range(len(layers) - 1)
        if layers[i].phase != layers[i + 1].phase
    ]
    room, i = max(fronts, default=(0.0, 0))
    moved = surplus / (layers[i].ratio - layers[i + 1].ratio) if room > 0.0 else 0.0
    if room <= 10.0 * abs(moved):
        return replace(film, owed=film.owed + surplus)
    layers[i], layers[i + 1] = (
        _resized(chain, layers[i], layers[i].host + moved),
        _resized(chain, layers[i + 1], layers[i + 1].host - moved),
    )
    return replace(film, layers=tuple(layers))


def front_voltage_V(chain: PhaseChain, film: Film, flux: float) -> float:
    """Return the voltage at the electrolyte, V against the pure metal; ``flux`` is that into it, mol/(m² s).

    A lone compound on a wall has none at rest; returned is the one at which it is stripped, or plated.
    """
    front = film.front
    if front.phase == 0:
        return chain.liquid_voltage_V(max(surface_ratio(chain, film, flux), DRY * chain.phases[0].ratio))
    behind = phase_behind(chain, film, len(film.layers) - 1)
    poor, rich = chain.window_V(front.phase)
    if behind is None:
        return poor if flux >= 0.0 else rich
    inner = rich if behind > front.phase else poor
    return inner + flux * front.host * chain.slope_V(front.phase)


def phase_behind(chain: PhaseChain, film: Film, index: int) -> int | None:
    """Return the number of the phase behind a layer; one above the richest is the metal, None a wall."""
    if index:
        return film.layers[index - 1].phase
    return None if film.reservoir is None else chain.richest + 1


def surface_ratio(chain: PhaseChain, film: Film, flux: float) -> float:
    """Return the ratio of metal to host where the liquid touches the electrolyte."""
    front = film.front
    amounts = _amounts(front)
    edges = faces(len(amounts))
    last = amounts[-1] / (front.host * (edges[-1] - edges[-2]))
    volume = chain.molar_volume_m3(0, last)
    return float(
        last - flux * front.host * (edges[-1] - edges[-2]) / 2.0 * volume**2 / chain.phases[0].diffusivity_m2_s
    )


def settled(
    chain: PhaseChain, film: Film, flux: float, *, nucleation_V: float, cells: int, begin: bool = False
) -> tuple[Film, str | None]:
    """Return the film with the phase at the electrolyte that the current asks for, and what ends the run, if anything.

    Stripped beyond the window of its front phase, the film forms the next poorer phase there, without a barrier. Plated
    beyond it, it forms the next richer one once the voltage is ``nucleation_V`` below the front between both. With
    ``begin`` that was found before, and one phase forms in any case.
    """
    not_negative("film", "nucleation_V", nucleation_V)
    film = tidy(chain, film, cells)
    while flux != 0.0:
        if len(film.layers) > _MOST_LAYERS:
            return film, TOO_MANY
        front = film.front
        if flux > 0.0 and front.phase == 0:
            return film, RUNS_DRY if surface_ratio(chain, film, flux) <= 2.0 * DRY * chain.phases[0].ratio else None
        if not (begin or _is_beyond(chain, film, flux, nucleation_V)):
            return film, None
        begin = False
        if flux < 0.0 and front.phase == chain.richest:
            return film, METAL_AT_FRONT
        if flux > 0.0:
            film = _with_poorer_front(chain, film, cells)
        else:
            film = replace(film, layers=(*film.layers, Layer(front.phase + 1, 0.0, 0.0)))
    return film, None


def _is_beyond(chain: PhaseChain, film: Film, flux: float, nucleation_V: float) -> bool:
    """Whether the front phase cannot take the current; a compound alone on a wall never can."""
    phase = film.front.phase
    if phase and phase_behind(chain, film, len(film.layers) - 1) is None:
        return True
    voltage = front_voltage_V(chain, film, flux)
    if flux > 0.0:
        return voltage >= chain.window_V(phase)[0] - _SMALL_V
    return voltage <= chain.front_voltages_V[phase] - nucleation_V + _SMALL_V


def _with_poorer_front(chain: PhaseChain, film: Film, cells: int) -> Film:
    front = film.front
    if front.phase > 1:
        return replace(film, layers=(*film.layers, Layer(front.phase - 1, 0.0, 0.0)))
    host = SEED * film.host
    if front.host <= 2.0 * host:  # what there is becomes liquid altogether
        liquid = liquid_layer(front.host, chain.phases[0].ratio, cells)
        film = replace(film, layers=(*film.layers[:-1], liquid))
        return tidy(chain, balanced(chain, film, front.metal - liquid.metal), cells)
    liquid = liquid_layer(host, chain.phases[0].ratio, cells)
    solid = _resized(chain, front, front.host - host)
    film = replace(film, layers=(*film.layers[:-1], solid, liquid))
    return balanced(chain, film, front.metal - solid.metal - liquid.metal)
