"""Every number is looked at where it enters, before a film is made or followed."""

import math

import pytest

from amalgamics.errors import InputError
from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics import PhaseEntry, build_hull, liquidus_for
from amalgamics.thermodynamics.cycling.cell import Contact, cycling_steps, symmetric_cell
from amalgamics.thermodynamics.cycling.contact import RoughFace
from amalgamics.thermodynamics.cycling.cycle import CurrentStep, run_steps
from amalgamics.thermodynamics.cycling.diffusivities import Diffusivities
from amalgamics.thermodynamics.cycling.healing import Protocol
from amalgamics.thermodynamics.cycling.initial_films import applied_film, equilibrium_film
from amalgamics.thermodynamics.cycling.phases import phase_chain

NO_COUNT = [2.5, 0, -4, 3, 201, math.nan, "8", True]


@pytest.mark.parametrize("cells", NO_COUNT)
def test_a_film_refuses_cells_that_would_lose_its_metal(cells):
    chain = make_chain()
    film = applied_film(chain, 70e-6, metal_m=450e-6)
    for attempt in (
        lambda: applied_film(chain, 70e-6, metal_m=450e-6, cells=cells),
        lambda: equilibrium_film(chain, film, cells=cells),
        lambda: run_steps(chain, film, [CurrentStep(1.0, 1.0)], cells=cells),
        lambda: symmetric_cell(chain, film, 20.0, 1.0, cycles=1, cells=cells),
        lambda: Protocol(1.0, 1e-3, cells=cells),
    ):
        with pytest.raises(InputError, match=r"cells: .* at least 4 and at most 200"):
            attempt()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rtol": 1.0}, "rtol: 1.0 is not allowed"),
        ({"rtol": 0.0}, "rtol: 0.0"),
        ({"rtol": math.nan}, "rtol: nan"),
        ({"points": 0}, "points: 0"),
        ({"points": 2.0}, "points: 2.0"),
        ({"nucleation_V": math.nan}, "nucleation_V is nan"),
        ({"steps": [20.0]}, "steps: 20.0 .* CurrentStep"),
    ],
)
def test_a_run_names_what_it_cannot_take(change, says):
    chain = make_chain()
    given = {"steps": [CurrentStep(1.0, 1.0)]} | change
    with pytest.raises(InputError, match=says):
        run_steps(chain, applied_film(chain, 70e-6), **given)


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda: Protocol(1.0, 1e-3, x=2.0), "protocol: x: 2.0"),
        (lambda: Protocol(1.0, 1e-3, x=0.0), "protocol: x: 0.0"),
        (lambda: Protocol(1.0, 0.0), "metal_m is 0.0"),
        (lambda: Protocol(1.0, math.inf), "metal_m is inf"),
        (lambda: applied_film(make_chain(), 70e-6, math.nan), "film: x: nan"),
        (lambda: cycling_steps(0.0, 1.0, 1), "current_A_m2: 0.0"),
        (lambda: cycling_steps(1.0, -1.0, 1), r"capacity_C_m2 is -1\.0"),
        (lambda: cycling_steps(1.0, 1.0, 1.5), r"cycles: 1\.5"),
        (lambda: cycling_steps(1.0, 1.0, 1, rest_s=-1.0), r"rest_s is -1\.0"),
        (lambda: Contact(1e-4, liquid="all"), "touched share: 'all'"),
        (lambda: RoughFace(pore_share=math.nan), "pore_share: nan"),
        (lambda: make_chain(electrons=1.5), r"electrons: 1\.5"),
        (lambda: make_chain(dissolved=math.nan), "dissolved_volume_m3 is nan"),
    ],
)
def test_what_is_out_of_range_is_named(attempt, says):
    with pytest.raises(InputError, match=says):
        attempt()


def test_a_symmetric_cell_has_a_positive_current_and_capacity():
    chain = make_chain()
    film = applied_film(chain, 70e-6, metal_m=450e-6)
    with pytest.raises(InputError, match=r"current_A_m2 is -20\.0"):
        symmetric_cell(chain, film, -20.0, 36000.0, cycles=1)
    with pytest.raises(InputError, match=r"capacity_C_m2 is -36000\.0"):
        symmetric_cell(chain, film, 20.0, -36000.0, cycles=1)


@pytest.fixture
def hull():
    return build_hull(
        "Li-Hg",
        [
            PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 23.0),
            PhaseEntry("LiHg", "LiHg", {"Li": 1, "Hg": 1}, -0.40, 17.8),
            PhaseEntry("Li3Hg", "Li3Hg", {"Li": 3, "Hg": 1}, -0.28, 17.7),
            PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 21.6),
        ],
    )


def test_a_diffusivity_of_a_compound_is_one_of_the_hull(hull):
    own = Diffusivities(1e-9, 1e-16, compounds_m2_s={"LiHg": 1e-15})
    chain = phase_chain(hull, "Li", 298.15, liquidus_for("Li"), own)
    assert [phase.diffusivity_m2_s for phase in chain.phases[1:]] == [1e-15, 1e-16]
    for formula in ("LiHg9", "HgLi", "Li", "Hg"):
        other = Diffusivities(1e-9, 1e-16, compounds_m2_s={formula: 1e-15})
        with pytest.raises(InputError, match=f"compounds_m2_s: .*{formula}"):
            phase_chain(hull, "Li", 298.15, liquidus_for("Li"), other)


def test_the_liquidus_of_another_metal_is_refused(hull):
    with pytest.raises(InputError, match="the liquidus is that of Na"):
        phase_chain(hull, "Li", 298.15, liquidus_for("Na"), Diffusivities(1e-9, 1e-16))
