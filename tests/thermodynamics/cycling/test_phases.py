"""The chain of phases against what other parts of the package say of the same hull."""

import math

import pytest

from amalgamics.errors import InputError
from amalgamics.reference.metals import metal
from amalgamics.tests.thermodynamics.cycling.conftest import make_chain
from amalgamics.thermodynamics import (
    PhaseEntry,
    SolidPhase,
    build_hull,
    finite_temperature_hull,
    liquidus_for,
    saturated_emf,
    voltage_profile,
)
from amalgamics.thermodynamics.cycling.diffusivities import Diffusivities, diffusivity_in_mercury
from amalgamics.thermodynamics.cycling.phases import phase_chain

HULL = build_hull(
    "Li-Hg",
    [
        PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 23.0),
        PhaseEntry("LiHg3", "LiHg3", {"Li": 1, "Hg": 3}, -0.235, 20.3),
        PhaseEntry("LiHg", "LiHg", {"Li": 1, "Hg": 1}, -0.40, 17.8),
        PhaseEntry("Li3Hg", "Li3Hg", {"Li": 3, "Hg": 1}, -0.28, 17.7),
        PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 21.6),
    ],
)
DIFFUSIVITIES = Diffusivities.measured("Li", 1e-14, 0.4)


def li_chain(hull=HULL, kelvin=298.15, **changes):
    return phase_chain(hull, changes.pop("metal", "Li"), kelvin, liquidus_for("Li"), DIFFUSIVITIES)


def test_voltages_are_those_of_the_hull_and_of_the_saturated_amalgam():
    chain = li_chain()

    solids = [step.voltage_V for step in voltage_profile(HULL, "Li").steps]
    assert chain.front_voltages_V[1:-1] == pytest.approx(solids[1:])
    assert chain.front_voltages_V[0] == pytest.approx(saturated_emf(HULL, "Li", 298.15)[1])
    assert [phase.formula for phase in chain.phases] == ["Hg", "LiHg3", "LiHg", "Li3Hg"]


def test_volumes_and_ratios_are_those_of_the_crystals():
    lihg3 = li_chain().phases[1]

    assert lihg3.ratio == pytest.approx(1 / 3)
    assert lihg3.molar_volume_m3 == pytest.approx(20.3 * 4 / 3 * 0.602214e-6, rel=1e-5)


def test_the_liquid_is_that_of_the_measured_law_moved_to_the_hull():
    from amalgamics.thermodynamics import LI_IN_HG

    chain = li_chain()
    x = 3e-5
    gap = chain.liquid_voltage_V(x / (1 - x)) - chain.front_voltages_V[0]

    assert gap == pytest.approx(float(LI_IN_HG.voltage_V(x)) - LI_IN_HG.saturation_voltage_V, abs=1e-6)
    assert chain.liquid_ratio(chain.liquid_voltage_V(0.001)) == pytest.approx(0.001)


def test_a_compound_that_liquid_mercury_dissolves_is_no_layer():
    """Liquid mercury lies below the solid of the hull: a phase barely on that hull is none beside the liquid."""
    entries = [
        PhaseEntry(p.name, p.formula, dict(p.composition), p.energy_per_atom, p.volume_per_atom) for p in HULL.stable
    ]
    poor = PhaseEntry("LiHg9", "LiHg9", {"Li": 1, "Hg": 9}, 0.4 * -0.235 - 1e-5, 22.0)

    assert [phase.formula for phase in li_chain(build_hull("Li-Hg", [*entries, poor])).phases][1] == "LiHg3"


def test_diffusivities_follow_arrhenius():
    warm = li_chain(kelvin=350.0)

    solid = 1e-14 * math.exp(-0.4 / 8.617333e-5 * (1 / 350.0 - 1 / 298.15))
    assert warm.phases[1].diffusivity_m2_s == pytest.approx(solid, rel=1e-5)
    assert warm.phases[0].diffusivity_m2_s > li_chain().phases[0].diffusivity_m2_s
    activation = metal("Hg").known("self_diffusion_activation").value
    assert diffusivity_in_mercury("Na") == (metal("Na").known("diffusivity_in_mercury").value, activation)


def test_an_activation_may_not_carry_a_diffusivity_out_of_its_range():
    slow = Diffusivities(1e-9, 1e-20, 0.0, 0.4)

    assert slow.solid("LiHg", 298.15) == 1e-20
    with pytest.raises(InputError, match=r"at 250 K is 4\.99e-22"):
        slow.solid("LiHg", 250.0)


def test_kappa_is_the_slope_of_the_voltage_across_the_window():
    chain = make_chain()
    poor, rich = chain.window_V(2)

    assert chain.kappa(2) * chain.slope_V(2) == pytest.approx(poor - rich)
    assert chain.with_solid_diffusivity(10.0).kappa(2) == pytest.approx(10.0 * chain.kappa(2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kelvin": 220.0}, "Hg is solid"),
        ({"kelvin": 460.0}, "Li is liquid"),
        ({"kelvin": 700.0}, "Hg boils"),
        ({"metal": "Na"}, "Na in Hg-Li|Na in Li-Hg"),
    ],
)
def test_what_makes_no_film_is_named(change, says):
    with pytest.raises(InputError, match=says):
        li_chain(**change)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0.0, 1e-14), "liquid_m2_s is 0.0"),
        ((1e-9, -1.0), "solid_m2_s is -1.0"),
        ((1e-9, 1e-14, 0.0, -0.1), "solid_activation_eV is -0.1"),
        ((1e-9, 1e-14, 0.0, 0.0, {"LiHg": 0.0}), "LiHg"),
        ((1e-9, 0.99e-20), "solid_m2_s is 9.9e-21; .*between 1e-20"),
        ((1e-9, 1e-14, 0.0, 0.0, {"LiHg": 1e-3}), "LiHg is 0.001"),
    ],
)
def test_bad_diffusivities_are_named(arguments, says):
    with pytest.raises(InputError, match=says):
        Diffusivities(*arguments)


def test_voltages_that_do_not_fall_are_refused():
    with pytest.raises(InputError, match="must fall"):
        make_chain(((1 / 3, 1.7e-5, 0.3), (1.0, 2.0e-5, 0.4), (3.0, 3.6e-5, 0.0)))


def test_a_hull_that_holds_liquid_mercury_gives_the_same_chain():
    entries = [
        PhaseEntry(one.name, one.formula, dict(one.composition), one.energy_per_atom, one.volume_per_atom)
        for one in HULL.stable
    ]
    melted = finite_temperature_hull("Li-Hg", [SolidPhase(entry) for entry in entries], 298.15).hull

    static, molten = li_chain(), li_chain(melted)
    assert molten.front_voltages_V == pytest.approx(static.front_voltages_V)
    assert [phase.formula for phase in molten.phases] == [phase.formula for phase in static.phases]
    assert molten.metal_volume_m3 == pytest.approx(static.metal_volume_m3)
