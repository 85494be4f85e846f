"""The layers with their fronts against a scheme that knows no fronts: the enthalpy method on a fixed grid."""

import numpy as np
import pytest
from scipy.linalg import solve_banded

from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics.cycling.cycle import CurrentStep, run_steps
from amalgamics.thermodynamics.cycling.initial_films import applied_film
from amalgamics.thermodynamics.cycling.phases import FARADAY

pytest.importorskip("pybamm")

WIDTH = 0.004
"""Range of ratios that each line compound is given."""


def conductivity_integral(chain):
    """Ratios, and the integral of the conductivity up to there: it rises in single phases and is flat between them."""
    liquid = chain.phases[0]
    concentration = 1 / (liquid.molar_volume_m3 + 0.5 * liquid.ratio * chain.dissolved_volume_m3)
    ratios, sums = [0.0, liquid.ratio], [0.0, liquid.diffusivity_m2_s * concentration**2 * liquid.ratio]
    for k, phase in enumerate(chain.phases[1:], 1):
        poor, rich = chain.front_voltages_V[k - 1 : k + 1]
        mobility = phase.diffusivity_m2_s / (8.314462618 * chain.temperature_K)
        rise = mobility * phase.ratio * FARADAY * (poor - rich) / phase.molar_volume_m3**2
        ratios += [phase.ratio - WIDTH, phase.ratio + (WIDTH if k < len(chain.phases) - 1 else 0.0)]
        sums += [sums[-1], sums[-1] + rise]
    return np.array(ratios), np.array(sums)


def on_fixed_grid(chain, host, steps, cells, longest_s=60.0):
    """Ratio in each cell after the steps, and the host of each cell: implicit Euler and Newton."""
    ratios, sums = conductivity_integral(chain)
    slopes = np.diff(sums) / np.diff(ratios)
    edges = (1 - np.cos(np.pi * np.arange(cells + 1) / cells)) / 2 * host
    sizes, middles = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    gaps = np.concatenate([[middles[0]], np.diff(middles)])
    state = np.full(cells, chain.phases[0].ratio * (1 - 1e-9))
    for flux, duration in steps:
        left = duration
        step = longest_s / 1e3
        while left > 1e-9:
            step = min(step, left)
            new = state.copy()
            for _ in range(40):
                levels, slope = np.interp(new, ratios, sums), slopes[np.clip(np.searchsorted(ratios, new) - 1, 0, None)]
                flows = np.concatenate([-np.diff(levels, prepend=sums[-1]) / gaps, [flux]])
                missing = (new - state) * sizes - step * (flows[:-1] - flows[1:])
                if np.abs(missing).max() < 1e-12 * host:
                    break
                bands = np.zeros((3, cells))
                bands[1] = sizes + step * slope / gaps
                bands[1, :-1] += step * slope[:-1] / gaps[1:]
                bands[0, 1:] = -step * slope[1:] / gaps[1:]
                bands[2, :-1] = -step * slope[:-1] / gaps[1:]
                new = np.clip(new - np.clip(solve_banded((1, 1), bands, missing), -0.3, 0.3), 0.0, ratios[-1])
            else:
                step /= 2
                continue
            state, left = new, left - step
            step = min(1.3 * step, longest_s)
    return state, sizes


def shares(chain, state, sizes):
    """Share of the host in each phase, by the lever rule in each cell."""
    ratios = [phase.ratio for phase in chain.phases]
    found = np.zeros(len(ratios))
    for ratio, size in zip(state, sizes, strict=True):
        place = np.clip(np.interp(ratio, ratios, range(len(ratios))), 0, len(ratios) - 1)
        rich = int(np.ceil(place))
        found[rich] += size * (1 - (rich - place))
        found[max(rich - 1, 0)] += size * (rich - place)
    return found / sizes.sum()


def test_layers_are_those_of_a_scheme_without_fronts():
    chain = make_chain()
    film = applied_film(chain, 70e-6, metal_m=400e-6)
    steps = [(0.0, 36000.0), (20.0 / FARADAY, 1200.0)]

    run = run_steps(chain, film, [CurrentStep(flux * FARADAY, time) for flux, time in steps], nucleation_V=0.0)

    expected = shares(chain, *on_fixed_grid(chain, film.host, steps, 120))
    found = [sum(layer.host for layer in run.films[-1].layers if layer.phase == k) / film.host for k in range(4)]
    np.testing.assert_allclose(found, expected, atol=0.008)
