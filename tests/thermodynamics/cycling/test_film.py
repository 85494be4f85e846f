"""Films through time against what is known in closed form, and what must hold whatever the numbers are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import erfc, erfcx

from amalgamics.errors import InputError
from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics.cycling.cycle import CurrentStep, run_steps
from amalgamics.thermodynamics.cycling.film import (
    METAL_AT_FRONT,
    RUNS_DRY,
    Film,
    Layer,
    composition_profile,
    faces,
    front_voltage_V,
    layer_thickness_m,
    liquid_layer,
    recut,
    surface_ratio,
)
from amalgamics.thermodynamics.cycling.initial_films import applied_film, equilibrium_film
from amalgamics.thermodynamics.units import FARADAY

pytest.importorskip("pybamm")


def liquid_on_wall(host, ratio, cells):
    return Film((liquid_layer(host, ratio, cells),), None)


def slab(ratio, flux, diffusivity, thickness, places, time):
    """Concentration in a slab that a constant flux leaves at its end (Carslaw and Jaeger, Conduction of Heat, 3.8)."""
    n = np.arange(1, 400)[:, None]
    decay = np.exp(-diffusivity * (n * np.pi / thickness) ** 2 * time)
    series = ((-1.0) ** n / n**2 * decay * np.cos(n * np.pi * places / thickness)).sum(axis=0)
    parabola = (3 * places**2 - thickness**2) / (6 * thickness**2)
    return ratio - flux * (time / thickness + thickness / diffusivity * (parabola - 2 / np.pi**2 * series))


@settings(max_examples=8, deadline=None)
@given(
    current=st.floats(1.0, 100.0),
    diffusivity=st.sampled_from([1e-16, 1e-14, 1e-12]),
    nucleation=st.sampled_from([0.0, 0.01, 10.0]),
    metal=st.sampled_from([None, 30e-6, 400e-6]),
    x=st.floats(0.001, 0.7),
)
def test_host_and_metal_are_conserved_whatever_happens(current, diffusivity, nucleation, metal, x):
    chain = make_chain(D_solid=diffusivity)
    film = applied_film(chain, 50e-6, x, metal_m=metal, cells=8)
    time = 0.2 * FARADAY / current
    steps = [CurrentStep(value, time) for value in (0.0, current, -current, current, -2 * current)]

    run = run_steps(chain, film, steps, nucleation_V=nucleation, cells=8)

    assert abs(run.lost_metal) < 1e-9
    assert run.films[-1].host == pytest.approx(film.host, rel=1e-9)


def test_profile_is_that_of_a_slab_at_constant_flux_at_second_order():
    chain = make_chain((), dissolved=1e-12, solubility=0.05)
    volume, diffusivity, host, ratio = 1.48e-5, 1e-9, 4.0, 0.02
    flux, time = 3e-4, 2.0
    errors = []
    for cells in (8, 16, 32):
        run = run_steps(
            chain,
            liquid_on_wall(host, ratio, cells),
            [CurrentStep(flux * FARADAY, time)],
            cells=cells,
            rtol=1e-10,
        )
        edges = faces(cells)
        middles = (edges[1:] + edges[:-1]) / 2
        found = run.films[-1].front.cells / (host * np.diff(edges))
        expected = slab(ratio, flux, diffusivity / volume**2, host, host * middles, time)
        errors.append(np.abs(found - expected).max())

    assert errors[2] < 2e-5 * ratio
    assert errors[0] / errors[1] > 3.3
    assert errors[1] / errors[2] > 3.3


def test_a_thick_liquid_runs_dry_at_sands_time():
    chain = make_chain((), dissolved=1e-12, solubility=0.0135, electrons=2)
    ratio, current = 0.0135, 4000.0
    concentration = ratio / 1.48e-5
    sand = math.pi * 1e-9 * (2 * FARADAY * concentration / (2 * current)) ** 2
    thickness = 8 * math.sqrt(1e-9 * sand)

    film = liquid_on_wall(thickness / 1.48e-5, ratio, 64)
    run = run_steps(chain, film, [CurrentStep(current, 10 * sand)], cells=64)

    assert run.ended == RUNS_DRY
    assert run.times_s[-1] == pytest.approx(sand, rel=2e-3)


def test_steady_profile_on_metal_is_the_integral_of_the_conductivity():
    chain = make_chain((), solubility=0.05)
    film = applied_film(chain, 100e-6, metal_m=1e-3, cells=32)
    limit = chain.liquid_limit_A_m2(film.host)

    run = run_steps(chain, film, [CurrentStep(0.6 * limit, 600.0)], cells=32)

    # The integral of D c^2 dr is linear in N: 0.6 of it has passed at the front.
    def passed(ratio):
        return ratio / (1.48e-5 * (1.48e-5 + ratio * 1.3e-5))

    expected = brentq(lambda ratio: passed(ratio) - 0.4 * passed(0.05), 1e-6, 0.05)
    found = surface_ratio(chain, run.films[-1], 0.6 * limit / FARADAY)
    assert found == pytest.approx(expected, rel=1e-3)
    assert run.voltages_V[-1] == pytest.approx(chain.liquid_voltage_V(expected), abs=1e-4)
    assert run.ended is None


def test_more_than_the_limiting_current_runs_dry_and_less_does_not():
    chain = make_chain((), solubility=0.05)
    film = applied_film(chain, 100e-6, metal_m=1e-3, cells=32)
    limit = chain.liquid_limit_A_m2(film.host)

    ends = [run_steps(chain, film, [CurrentStep(part * limit, 600.0)], cells=32).ended for part in (0.99, 1.01)]

    assert ends == [None, RUNS_DRY]


def test_a_dissolving_compound_recedes_as_the_stefan_problem_says():
    chain = make_chain(dissolved=1e-12, solubility=0.1)
    start, rich, saturated, conductivity = 0.02, 1 / 3, 0.1, 1e-9 / 1.48e-5**2

    def balance(root):
        return (rich - saturated) * root * math.sqrt(math.pi) * erfcx(root) + saturated - start

    root = brentq(balance, -2.0, 0.0)
    time = 4.0
    moved = 2 * root * math.sqrt(conductivity * time)
    errors = []
    for cells in (16, 32, 64):
        film = Film((Layer(1, 20.0, 20.0 / 3), liquid_layer(30.0, start, cells)), None)
        run = run_steps(chain, film, [CurrentStep(0.0, time)], cells=cells)
        errors.append(abs((run.films[-1].layers[0].host - 20.0) / moved - 1.0))

    assert errors[-1] < 1e-3
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    front = run.films[-1].layers[1]
    places = front.host * (faces(64)[1:] + faces(64)[:-1]) / 2 + moved
    expected = start + (saturated - start) * erfc(places / (2 * math.sqrt(conductivity * time))) / erfc(root)
    np.testing.assert_allclose(front.cells / (front.host * np.diff(faces(64))), expected, rtol=2e-3)


def test_a_compound_between_metal_and_saturated_liquid_grows_by_the_parabolic_law():
    chain = make_chain(((1.0, 2.0e-5, 0.0),), D_solid=1e-13)
    film = applied_film(chain, 200e-6, metal_m=1e-3)

    run = run_steps(chain, film, [CurrentStep(0.0, 3600.0)])

    expected = math.sqrt(2 * chain.kappa(1) * 3600.0 / (1.0 - 0.0135))
    assert run.films[-1].layers[0].host == pytest.approx(expected, rel=1e-4)


def test_layers_that_grow_together_keep_the_ratios_of_wagner(chain):
    """All N_i grow as sqrt(t), so that each front's balance holds with N_i = a_i sqrt(t)."""
    run = run_steps(chain, applied_film(chain, 70e-6, metal_m=1e-3), [CurrentStep(0.0, 36000.0)], rtol=1e-9)

    film = run.films[-1]
    ratios = [chain.phases[layer.phase].ratio for layer in film.layers]
    fluxes = [chain.kappa(layer.phase) / layer.host for layer in film.layers[:-1]] + [0.0]
    speeds = [(fluxes[i] - fluxes[i + 1]) / (ratios[i] - ratios[i + 1]) for i in range(3)]
    for i, layer in enumerate(film.layers[:-1]):
        growth = speeds[i] - (speeds[i - 1] if i else 0.0)
        assert growth == pytest.approx(layer.host / (2 * 36000.0), rel=1e-3)


@pytest.mark.parametrize("metal_m", [None, 1e-3])
@pytest.mark.parametrize("x", [0.005, 0.1, 0.4, 0.6])
def test_zero_current_stays_at_equilibrium(chain, metal_m, x):
    film = equilibrium_film(chain, applied_film(chain, 50e-6, x, metal_m=metal_m))

    run = run_steps(chain, film, [CurrentStep(0.0, 1e6)])

    for before, after in zip(film.layers, run.films[-1].layers, strict=True):
        assert (after.phase, after.host) == (before.phase, pytest.approx(before.host, rel=1e-9))
    assert run.voltages_V[-1] == pytest.approx(run.voltages_V[0], abs=1e-9)


def test_rest_on_metal_leads_to_equilibrium():
    chain = make_chain(D_solid=1e-11)
    film = applied_film(chain, 30e-6, metal_m=1e-3)

    run = run_steps(chain, film, [CurrentStep(0.0, 1e6)])

    expected = equilibrium_film(chain, film)
    assert [layer.phase for layer in run.films[-1].layers] == [3]
    assert run.films[-1].reservoir == pytest.approx(expected.reservoir, rel=1e-9)
    assert run.voltages_V[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_solid_film_forms_a_poorer_phase_beyond_its_limit_and_not_below(chain):
    film = equilibrium_film(chain, applied_film(chain, 50e-6, metal_m=1e-3))
    limit = chain.solid_limit_A_m2(film.host)

    below, above = (run_steps(chain, film, [CurrentStep(part * limit, 100.0)]) for part in (0.99, 1.01))

    assert {len(state.layers) for state in below.films} == {1}
    assert below.voltages_V[-1] == pytest.approx(0.99 * chain.window_V(3)[0], rel=1e-9)
    assert [layer.phase for layer in above.films[-1].layers] == [3, 2]


@settings(max_examples=4, deadline=None)
@given(factor=st.floats(0.2, 5.0))
def test_thicker_films_do_the_same_more_slowly(factor):
    """Lengths times a, currents divided by a, times times a²: the same equations."""
    chain = make_chain()
    runs = []
    for scale in (1.0, factor):
        film = applied_film(chain, 30e-6 * scale, metal_m=200e-6 * scale, cells=8)
        steps = [CurrentStep(sign * 20.0 / scale, 600.0 * scale**2) for sign in (0.0, 1.0, -1.0)]
        runs.append(run_steps(chain, film, steps, cells=8, rtol=1e-10))

    one, other = runs
    assert other.voltages_V[-1] == pytest.approx(one.voltages_V[-1], abs=1e-6)
    assert other.liquid_m[-1] == pytest.approx(factor * one.liquid_m[-1], rel=1e-4)


def test_without_a_barrier_the_front_freezes_and_with_one_the_skin_stays(chain):
    film = applied_film(chain, 70e-6, metal_m=1e-3)
    steps = [CurrentStep(-20.0, 900.0)]

    free, held = (run_steps(chain, film, steps, nucleation_V=value) for value in (0.0, 0.01))

    assert free.liquid_m[-1] == 0.0
    assert held.liquid_m.min() > 0.0
    assert free.films[-1].metal == pytest.approx(held.films[-1].metal, rel=1e-9)


def test_metal_plates_at_the_electrolyte_once_the_richest_phase_takes_no_more(chain):
    film = equilibrium_film(chain, applied_film(chain, 50e-6, metal_m=1e-3))

    run = run_steps(chain, film, [CurrentStep(-100.0, 100.0)], nucleation_V=0.01)

    assert run.ended == METAL_AT_FRONT
    assert run.voltages_V[-1] <= -0.01


def test_the_voltage_of_a_front_is_that_of_the_two_phases_beside_it(chain):
    host = 2.0
    film = Film((Layer(2, host, host), Layer(1, host, host / 3)), None)

    assert front_voltage_V(chain, film, 0.0) == pytest.approx(0.9)
    dropped = front_voltage_V(chain, film, 1e-5) - 0.9
    assert dropped == pytest.approx(1e-5 * host * (0.95 - 0.9) / chain.kappa(1))


@pytest.mark.parametrize("current", [20.0, -20.0])
def test_a_profile_holds_all_metal_and_ends_where_the_film_does(chain, current):
    """The integral of x / V over the depth, with V of each phase, is the metal of the layers."""
    run = run_steps(
        chain, applied_film(chain, 70e-6, metal_m=1e-3), [CurrentStep(0.0, 3600.0), CurrentStep(current, 900.0)]
    )
    film = run.films[-1]

    depths, fractions = composition_profile(chain, film)

    assert (np.diff(depths) >= 0.0).all()
    assert depths[-1] == pytest.approx(film.thickness_m(chain))
    ratios = fractions / (1.0 - fractions)
    assert ratios[-1] == pytest.approx(chain.phases[film.layers[0].phase].ratio)
    metal, top = 0.0, 0.0
    for layer in film.layers[::-1]:
        inside = (depths >= top - 1e-15) & (depths <= top + (thick := layer_thickness_m(chain, layer)) + 1e-15)
        inside &= np.isclose(ratios, layer.ratio, rtol=0.2)
        volume = (
            chain.phases[layer.phase].molar_volume_m3 + (layer.phase == 0) * ratios[inside] * chain.dissolved_volume_m3
        )
        metal += np.trapezoid(ratios[inside] / volume, depths[inside])
        top += thick
    assert metal == pytest.approx(sum(layer.metal for layer in film.layers), rel=1e-3)
    assert run.stripped_C_m2[-1] == pytest.approx(run.charge_C_m2)


def test_a_wall_with_one_compound_passes_all_its_metal_on(chain):
    film = equilibrium_film(chain, applied_film(chain, 50e-6, 0.5, cells=8))
    assert [layer.phase for layer in film.layers] == [2]

    run = run_steps(chain, film, [CurrentStep(sign * 20.0, 600.0) for sign in (1.0, -1.0, -1.0)], cells=8)

    assert abs(run.lost_metal) < 1e-9
    assert run.ended is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"thickness_m": -1.0}, "thickness_m is -1.0"),
        ({"thickness_m": 0.9e-8}, "thickness_m is 9e-09; .*between 1e-08"),
        ({"thickness_m": 0.1}, "thickness_m is 0.1; .*0.01 m"),
        ({"x": 0.9}, "mole fraction 0.9"),
        ({"metal_m": 0.0}, "metal_m is 0.0"),
        ({"metal_m": 1e-12}, "too thin even to begin"),
    ],
)
def test_bad_films_are_named(chain, change, says):
    arguments = {"thickness_m": 50e-6, "x": 0.01, "metal_m": 1e-3} | change
    with pytest.raises(InputError, match=says):
        applied_film(chain, **arguments)


def test_bad_steps_are_named(chain):
    film = applied_film(chain, 50e-6)
    with pytest.raises(InputError, match="duration_s is 0"):
        CurrentStep(1.0, 0.0)
    with pytest.raises(InputError, match="no steps"):
        run_steps(chain, film, [])
    with pytest.raises(InputError, match=r"cells: 2 is not allowed; .* at least 4"):
        run_steps(chain, film, [CurrentStep(1.0, 1.0)], cells=2)
    with pytest.raises(InputError, match="nucleation_V is -1"):
        run_steps(chain, film, [CurrentStep(1.0, 1.0)], nucleation_V=-1.0)


@settings(max_examples=20, deadline=None)
@given(
    amounts=st.lists(st.floats(0.0, 1.0), min_size=4, max_size=40),
    host=st.floats(1e-6, 10.0),
    cells=st.integers(4, 60),
)
def test_a_liquid_that_is_cut_anew_keeps_its_metal_and_a_straight_profile(amounts, host, cells):
    layer = Layer(0, host, sum(amounts), np.array(amounts))
    film = Film((layer,), None)

    again = recut(film, cells)

    assert len(again.front.cells) == cells
    assert again.metal == pytest.approx(film.metal, rel=1e-12, abs=1e-15)
    even = Film((liquid_layer(host, 0.02, len(amounts)),), None)
    np.testing.assert_allclose(recut(even, cells).front.cells, liquid_layer(host, 0.02, cells).cells, rtol=1e-9)


def test_cells_are_those_of_the_run_whatever_the_film_began_with(chain):
    film = applied_film(chain, 50e-6, metal_m=1e-3, cells=40)

    run = run_steps(chain, film, [CurrentStep(20.0, 100.0)], cells=8)

    assert {len(one.front.cells) for one in run.films} == {8}
    assert abs(run.lost_metal) < 1e-12


def test_a_current_that_empties_the_film_at_once_is_told(chain):
    run = run_steps(chain, applied_film(chain, 50e-6, 0.005), [CurrentStep(1e6, 100.0)])

    assert run.ended == RUNS_DRY
    assert run.times_s[-1] == 0.0
