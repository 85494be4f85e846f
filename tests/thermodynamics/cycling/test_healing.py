"""Contact, symmetric cells, and where films heal."""

from types import SimpleNamespace

import numpy as np
import pytest

from amalgamics.errors import InputError
from amalgamics.reports.cycling.pictures import OUTCOME_COLOURS
from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics.cycling.cell import Contact, cycling_steps, symmetric_cell
from amalgamics.thermodynamics.cycling.contact import RoughFace, contact_resistance, wetted_fraction
from amalgamics.thermodynamics.cycling.film import TOO_MANY
from amalgamics.thermodynamics.cycling.healing import (
    DRY,
    LIQUID,
    METAL,
    NOT_FOLLOWED,
    OUTCOMES,
    SOLID,
    Protocol,
    healing_points,
    host_for_capacity,
    largest_current,
    least_thickness_m,
    outcome_of,
)
from amalgamics.thermodynamics.cycling.initial_films import applied_film


def test_wetting_falls_with_the_angle_and_rises_with_the_pressure():
    angles = np.linspace(0.0, 180.0, 37)
    loose, pressed = (RoughFace(0.3, 1e-6, 1.0, pressure) for pressure in (1e5, 1e7))

    shares = [wetted_fraction(loose, angle, 0.48) for angle in angles]
    assert shares[:19] == [1.0] * 19
    assert np.all(np.diff(shares) <= 1e-12)
    assert shares[-1] >= 0.7
    assert wetted_fraction(pressed, 140.0, 0.48) > wetted_fraction(loose, 140.0, 0.48)


def test_half_of_the_pores_fill_where_the_pressure_is_that_of_their_median():
    pressure = 2.0 * 0.48 * 0.5 / 1e-6  # cos 120 degrees
    assert wetted_fraction(RoughFace(0.4, 1e-6, 0.7, pressure), 120.0, 0.48) == pytest.approx(0.8)


def test_contact_takes_the_whole_current_through_what_is_touched():
    assert contact_resistance(5e-4, 0.25) == pytest.approx(2e-3)
    with pytest.raises(InputError, match="touched share: 0"):
        contact_resistance(5e-4, 0.0)
    with pytest.raises(InputError, match="pore_share: 2"):
        RoughFace(pore_share=2)
    with pytest.raises(InputError, match="angle_deg is 200"):
        wetted_fraction(RoughFace(), 200.0, 0.48)


def test_the_cell_is_antisymmetric_and_its_resistance_adds_up():
    pytest.importorskip("pybamm")
    chain = make_chain(D_solid=1e-16)
    film = applied_film(chain, 70e-6, metal_m=1e-3, cells=8)
    cell = symmetric_cell(chain, film, 20.0, 18000.0, cycles=2, cells=8)

    bare, loaded = cell.voltage_V(Contact()), cell.voltage_V(Contact(5e-4, electrolyte_ohm_m2=1e-3))
    early = (cell.times_s > 0.0) & (cell.times_s < 900.0)
    np.testing.assert_allclose((loaded - bare)[early], 20.0 * 2e-3)
    assert (bare[early] > 0.0).all()
    late = (cell.times_s > 910.0) & (cell.times_s < 1800.0)
    assert (bare[late] < 0.0).all()
    half_wet = cell.polarisation_V(Contact(5e-4, liquid=0.5)) - cell.polarisation_V(Contact(5e-4))
    assert half_wet == pytest.approx(20.0 * 2 * 5e-4, rel=1e-6)


def test_outcomes_over_diffusivity_and_current():
    pytest.importorskip("pybamm")
    slow, fast = make_chain(D_solid=1e-17), make_chain(D_solid=1e-11)
    protocol = Protocol(18000.0, 1e-3, rest_s=36000.0)

    assert healing_points(slow, protocol, [70e-6], [20.0])[0].outcome == LIQUID
    solid, *_ = healing_points(fast, protocol, [70e-6], [20.0])
    assert (solid.outcome, solid.heals, solid.least_liquid_m) == (SOLID, False, 0.0)
    assert healing_points(fast, protocol, [70e-6], [5000.0])[0].outcome == METAL
    assert healing_points(make_chain(()), protocol, [70e-6], [1e5])[0].outcome == DRY


def test_the_least_film_is_that_of_its_stoichiometry_when_nothing_else_takes_host():
    pytest.importorskip("pybamm")
    chain = make_chain(D_solid=1e-20)
    capacity = 36000.0
    protocol = Protocol(capacity, 1e-3, cycles=1)

    found = least_thickness_m(chain, protocol, 20.0, precision=0.01)

    host = host_for_capacity(chain) * capacity / 200.59  # mol/m2
    assert found == pytest.approx(host * chain.molar_volume_m3(0, 0.0135), rel=0.03)
    assert host_for_capacity(make_chain(())) == 0.0


def test_liquid_alone_is_cut_off_at_its_limiting_current():
    """On a wall of metal that never ends the skin lasts to the steady limiting current, and then runs dry."""
    pytest.importorskip("pybamm")
    chain = make_chain((), solubility=0.05)
    protocol = Protocol(36e6, 1.0, cycles=1, nucleation_V=10.0)
    film = applied_film(chain, 100e-6, metal_m=1.0)

    found = largest_current(chain, protocol, 100e-6, precision=0.01)

    assert found.current_A_m2 == pytest.approx(chain.liquid_limit_A_m2(film.host), rel=0.02)
    assert found.beyond == DRY


def test_the_largest_current_is_the_last_that_stays_liquid():
    pytest.importorskip("pybamm")
    chain = make_chain(D_solid=1e-15)
    protocol = Protocol(18000.0, 1e-3, rest_s=36000.0)

    found = largest_current(chain, protocol, 70e-6)

    assert protocol.stays_liquid(chain, 70e-6, found.current_A_m2)
    assert healing_points(chain, protocol, [70e-6], [1.06 * found.current_A_m2])[0].outcome == found.beyond
    fast = largest_current(make_chain(D_solid=1e-10), protocol, 70e-6)
    assert (fast.current_A_m2, fast.beyond) == (None, SOLID)


def test_steps_begin_with_the_sign_of_the_current():
    steps = cycling_steps(-20.0, 40.0, 2, rest_s=5.0)

    assert [step.current_A_m2 for step in steps] == [0.0, -20.0, 20.0, -20.0, 20.0]
    assert steps[1].duration_s == 2.0


def test_the_least_film_keeps_its_skin_plated_first_too():
    pytest.importorskip("pybamm")
    chain = make_chain(D_solid=1e-16)
    protocol = Protocol(36000.0, 1e-3, rest_s=36000.0)

    least = least_thickness_m(chain, protocol, 20.0, within_m=(1e-5, 2e-4))

    assert protocol.stays_liquid(chain, least, 20.0)
    thinner = 0.95 * least
    assert outcome_of(protocol.run(chain, thinner, 20.0)) == LIQUID
    assert outcome_of(protocol.run(chain, thinner, 20.0, plated=True)) != LIQUID
    assert healing_points(chain, protocol, [thinner], [20.0])[0].outcome != LIQUID


def test_the_mean_voltage_does_not_hang_on_the_moments_that_are_kept():
    pytest.importorskip("pybamm")
    chain = make_chain(D_solid=1e-14)
    film = applied_film(chain, 70e-6, metal_m=1e-3, cells=8)
    means = [
        symmetric_cell(chain, film, 20.0, 18000.0, cycles=1, rest_s=36000.0, cells=8, points=points).polarisation_V(
            Contact()
        )
        for points in (12, 48)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.02)


def test_cells_and_protocols_name_what_is_not_positive():
    film = applied_film(make_chain(), 70e-6, metal_m=1e-3, cells=8)
    with pytest.raises(InputError, match=r"current_A_m2 is 0\.0"):
        symmetric_cell(make_chain(), film, 0.0, 36000.0, cycles=1)
    with pytest.raises(InputError, match=r"capacity_C_m2 is -1\.0"):
        Protocol(-1.0, 1e-3)
    with pytest.raises(InputError, match="cycles: 0"):
        Protocol(1.0, 1e-3, cycles=0)
    with pytest.raises(InputError, match="cycles: 0"):
        symmetric_cell(make_chain(), film, 20.0, 36000.0, cycles=0)


@pytest.mark.parametrize(
    ("thicknesses", "currents", "says"),
    [
        ([], [20.0], "thicknesses_m is empty"),
        ([70e-6], [], "currents_A_m2 is empty"),
        ([70e-6], [20.0, -1.0], r"currents_A_m2 is -1\.0"),
        ([70e-6, 1e-9], [20.0], "thicknesses_m is 1e-09"),
        (70e-6, [20.0], "thicknesses_m has 0 dimensions"),
    ],
)
def test_a_map_of_nothing_is_refused_before_a_film_is_followed(thicknesses, currents, says):
    films = []
    with pytest.raises(InputError, match=says):
        healing_points(make_chain(), Protocol(1.0, 1e-3), thicknesses, currents, tick=lambda: films.append(1))
    assert not films


def test_a_film_that_the_model_cannot_follow_is_an_outcome_with_a_colour():
    assert outcome_of(SimpleNamespace(ended=TOO_MANY)) == NOT_FOLLOWED
    assert set(OUTCOMES) == set(OUTCOME_COLOURS)
