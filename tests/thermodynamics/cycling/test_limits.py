"""Voltages and means of films that end early, limits at the ends of their searches, and a solver that gives up."""

import math

import numpy as np
import pytest

from amalgamics.errors import InputError
from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics.cycling import transport
from amalgamics.thermodynamics.cycling.cell import Contact, symmetric_cell
from amalgamics.thermodynamics.cycling.cycle import CurrentStep, run_steps
from amalgamics.thermodynamics.cycling.film import METAL_AT_FRONT
from amalgamics.thermodynamics.cycling.healing import (
    NOT_FOLLOWED,
    Protocol,
    healing_points,
    largest_current,
    largest_diffusivity_factor,
    least_thickness_m,
    outcome_of,
)
from amalgamics.thermodynamics.cycling.initial_films import applied_film, equilibrium_film

pytest.importorskip("pybamm")

# Ratio, molar volume for each mol of the host and voltage beside the next richer phase, of computed hulls.
METALS = {
    "Li": (1, 0.0135, 0.9498, [(1 / 3, 1.664e-5, 0.8262), (1, 2.023e-5, 0.2991), (3, 3.561e-5, 0.0)]),
    "Na": (
        1, 0.056, 0.7982,
        [(0.5, 2.101e-5, 0.4146), (1, 2.845e-5, 0.0853), (1.5, 3.906e-5, 0.0756), (3, 6.305e-5, 0.0)],
    ),
    "K": (1, 0.0246, 0.9788, [(1 / 11, 1.715e-5, 0.9686), (3 / 11, 2.148e-5, 0.7073), (0.5, 2.632e-5, 0.0)]),
    "Mg": (2, 0.0309, 0.3057, [(0.5, 1.923e-5, 0.2815), (1, 2.425e-5, 0.0507), (2, 3.675e-5, 0.0)]),
    "Zn": (2, 0.0668, 0.0, []),
    "Al": (3, 1.5e-4, 0.0, []),
}  # fmt: skip


def chain_of(metal, diffusivity):
    electrons, solubility, volt, compounds = METALS[metal]
    return make_chain(compounds, electrons=electrons, solubility=solubility, D_solid=diffusivity, first=volt)


@pytest.mark.parametrize("metal", METALS)
@pytest.mark.parametrize("diffusivity", [1e-16, 1e-14])
def test_no_voltage_is_below_the_metal_less_the_barrier(metal, diffusivity):
    """Whatever the film: farther down the metal plates, and takes the current."""
    chain = chain_of(metal, diffusivity)
    for barrier in (0.01, 0.0):
        protocol = Protocol(18000.0, 450e-6, rest_s=36000.0, cycles=1, nucleation_V=barrier)
        film = applied_film(chain, 70e-6, metal_m=450e-6, cells=8)
        for current in (20.0, 500.0):
            cell = symmetric_cell(
                chain, film, current, 18000.0, cycles=1, rest_s=36000.0, nucleation_V=barrier, cells=8
            )
            volts = np.concatenate([cell.first.voltages_V, cell.second.voltages_V])
            assert np.isfinite(volts).all()
            assert volts.min() >= -barrier - 1e-9
            (point,) = healing_points(chain, protocol, [70e-6], [current])
            assert point.swing_V <= volts.max() + barrier + 1e-3  # of a coarser solution


@pytest.mark.parametrize("barrier", [0.0, 0.01])
@pytest.mark.parametrize("metal", ["Li", "K", "Zn"])
def test_a_run_that_metal_ends_has_its_voltage_at_the_end(metal, barrier):
    chain = chain_of(metal, 1e-14)
    film = equilibrium_film(chain, applied_film(chain, 70e-6, metal_m=1e-3))

    run = run_steps(chain, film, [CurrentStep(-3e4, 100.0)], nucleation_V=barrier)

    assert run.ended == METAL_AT_FRONT
    assert run.voltages_V[-1] == pytest.approx(-barrier, abs=1e-9)


@pytest.mark.parametrize(
    ("diffusivity", "current", "barrier"),
    [(1e-16, 20.0, 0.01), (1e-16, 50.0, 0.01), (1e-16, 200.0, 0.01), (1e-16, 20.0, 0.0), (1e-12, 20.0, 0.01)],
)
def test_the_mean_voltage_of_twelve_points_is_that_of_two_hundred(diffusivity, current, barrier):
    """Where liquid stays in front it answers a reversal within seconds of a step that takes half an hour."""
    chain = make_chain(D_solid=diffusivity)
    film = applied_film(chain, 70e-6, metal_m=1e-3)
    means = [
        symmetric_cell(
            chain, film, current, 36000.0, cycles=2, rest_s=36000.0, nucleation_V=barrier, points=points
        ).polarisation_V(Contact())
        for points in (12, 200)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.01, nan_ok=True)


def test_a_film_that_the_solver_gives_up_is_not_followed_and_no_error(monkeypatch):
    chain = make_chain()
    film = applied_film(chain, 70e-6, metal_m=1e-3, cells=8)
    monkeypatch.setattr(transport, "_model", lambda *_: (None, Helpless()))

    run = run_steps(chain, film, [CurrentStep(0.0, 60.0), CurrentStep(20.0, 60.0)], cells=8)

    assert (run.ended, outcome_of(run)) == (transport.GAVE_UP, NOT_FOLLOWED)
    assert run.films[-1].metal == pytest.approx(film.metal)
    protocol = Protocol(36000.0, 1e-3)
    assert healing_points(chain, protocol, [70e-6], [20.0])[0].outcome == NOT_FOLLOWED
    with pytest.raises(InputError, match="not followed, the solver gave up"):
        protocol.stays_liquid(chain, 70e-6, 20.0)


class Helpless:
    def solve(self, *_, **__):
        raise RuntimeError("IDA_ERR_FAIL")


def test_what_a_search_returns_at_an_end_is_a_bound():
    """Liquid on metal without compounds: any film will do, and any current that the whole charge takes less than."""
    chain = make_chain((), solubility=0.05)
    protocol = Protocol(10.0, 1e-3, nucleation_V=10.0, cycles=1)

    assert least_thickness_m(chain, protocol, 1.0, within_m=(1e-5, 1e-4)) == 1e-5
    assert largest_current(chain, protocol, 70e-6, within_A_m2=(0.1, 5.0)).current_A_m2 == 5.0


@pytest.mark.parametrize("precision", [0.0, -1.0, math.nan, math.inf, 1e-12, "fine", 2.0])
def test_a_search_refuses_a_precision_that_it_cannot_end_with(precision):
    chain, protocol = make_chain(), Protocol(36000.0, 1e-3)
    for search in (
        lambda: least_thickness_m(chain, protocol, 20.0, precision=precision),
        lambda: largest_current(chain, protocol, 70e-6, precision=precision),
        lambda: largest_diffusivity_factor(chain, protocol, 70e-6, 20.0, precision=precision),
    ):
        with pytest.raises(InputError, match="precision: "):
            search()
