"""Films to begin with: just applied, or as they are after a rest without end."""

from __future__ import annotations

from ...errors import InputError
from ..checks import positive
from .conditions import check_cells, check_fraction, check_thickness
from .film import SEED, Film, Layer, liquid_layer
from .phases import PhaseChain


def applied_film(
    chain: PhaseChain,
    thickness_m: float,
    x: float | None = None,
    *,
    metal_m: float | None = None,
    cells: int = 16,
) -> Film:
    """Return a film as it is just when it is applied: its own phases, and beneath them a trace of every richer one.

    Parameters
    ----------
    chain
        Its phases.
    thickness_m
        Of the film.
    x
        Its overall mole fraction of the metal; None for the saturated liquid. Where two phases coexist, the richer one
        lies at the back.
    metal_m
        Thickness of the metal behind it; None for a wall, from which nothing comes.
    cells
        Of the liquid.

    Raises
    ------
    InputError
        A thickness out of its range (`~.conditions.check_thickness`), cells not from 4 to 200, or a mole fraction
        outside those of the chain.
    """
    check_thickness("thickness_m", thickness_m)
    check_cells("film", cells)
    check_fraction("film", x)
    saturated = chain.phases[0].ratio
    if x is None:
        x = saturated / (1.0 + saturated)
    richest = chain.phases[-1].ratio
    if not 0.0 < x <= richest / (1.0 + richest) * (1.0 + 1e-9):
        raise InputError(
            f"film of {chain.metal} and {chain.host}: mole fraction {x!r}; it must lie above 0 and at most at"
            f" {richest / (1.0 + richest):.4g}, that of its phase richest in {chain.metal}"
        )
    ratio = min(x / (1.0 - x), richest)
    shares = _lever(chain, ratio)
    volume = sum(
        share * chain.molar_volume_m3(phase, ratio if chain.phases[phase].is_liquid else 0.0)
        for phase, share in shares.items()
    )
    host = thickness_m / volume
    layers = [_layer(chain, phase, share * host, ratio, cells) for phase, share in sorted(shares.items(), reverse=True)]
    reservoir = None
    if metal_m is not None:
        reservoir = positive("film", "metal_m", metal_m) / chain.metal_volume_m3
        missing = range(chain.richest, layers[0].phase, -1)
        seeds = [Layer(phase, SEED * host, chain.phases[phase].ratio * SEED * host) for phase in missing]
        taken = SEED * host * len(seeds)
        first = layers[0]
        kept = (first.host - taken) / first.host
        cells_kept = None if first.cells is None else first.cells * kept
        layers[0] = Layer(first.phase, first.host - taken, first.metal * kept, cells_kept)
        reservoir -= sum(seed.metal for seed in seeds) - taken * first.ratio
        layers = [*seeds, *layers]
        if reservoir <= 0.0:
            raise InputError("film: the metal behind it is too thin even to begin")
    return Film(tuple(layers), reservoir)


def equilibrium_film(chain: PhaseChain, film: Film, cells: int = 16) -> Film:
    """Return what a film becomes at rest: on enough metal its richest phase, else what the lever rule says.

    Parameters
    ----------
    chain
        Its phases.
    film
        Whose host and metal are taken.
    cells
        Of the liquid, 4 to 200.

    Raises
    ------
    InputError
        Another number of cells.
    """
    check_cells("film", cells)
    host, metal = film.host, film.metal
    richest = chain.phases[-1].ratio
    if metal >= richest * host:
        return Film((_layer(chain, chain.richest, host, richest, cells),), metal - richest * host)
    shares = _lever(chain, metal / host)
    layers = [_layer(chain, phase, share * host, metal / host, cells) for phase, share in sorted(shares.items())[::-1]]
    return Film(tuple(layers), None)


def _lever(chain: PhaseChain, ratio: float) -> dict[int, float]:
    """Shares of the host in one or two phases."""
    ratios = [phase.ratio for phase in chain.phases]
    if ratio <= ratios[0]:
        return {0: 1.0}
    above = next(i for i, one in enumerate(ratios) if ratio <= one * (1.0 + 1e-12))
    share = min((ratio - ratios[above - 1]) / (ratios[above] - ratios[above - 1]), 1.0)
    return {above: 1.0} if share == 1.0 else {above - 1: 1.0 - share, above: share}


def _layer(chain: PhaseChain, phase: int, host: float, ratio: float, cells: int) -> Layer:
    if phase:
        return Layer(phase, host, host * chain.phases[phase].ratio)
    return liquid_layer(host, min(ratio, chain.phases[0].ratio), cells)
