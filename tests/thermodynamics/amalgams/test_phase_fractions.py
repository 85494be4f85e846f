"""The lever rule between liquid mercury and solids, and the regular-solution liquidus against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from amalgamics.errors import InputError
from amalgamics.reference.published import decompositions
from amalgamics.thermodynamics.amalgams.liquidus import (
    RegularLiquidus,
    TabulatedLiquidus,
    VantHoffLiquidus,
    regular_liquidus,
)
from amalgamics.thermodynamics.amalgams.phase_fractions import isotherm, phase_fractions
from amalgamics.thermodynamics.amalgams.solubility import (
    compare_solubility,
    decomposition_temperature,
    get_solubility,
    liquidus_for,
    list_solubilities,
    saturating_solid,
)
from amalgamics.thermodynamics.hulls.fusion import get_fusion
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull
from amalgamics.thermodynamics.hulls.voltage import voltage_profile
from amalgamics.thermodynamics.units import BOLTZMANN_EV_PER_K

ROOM = 298.15
SHARES = {"LiHg3": 0.25, "LiHg": 0.5, "Li3Hg": 0.75}


def li_hg(*energies: float) -> Hull:
    """The hull of lithium and mercury with LiHg3, LiHg and Li3Hg at these formation energies, eV/atom."""
    elements = [PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 23.3), PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 21.6)]
    amounts = {"LiHg3": {"Li": 1, "Hg": 3}, "LiHg": {"Li": 1, "Hg": 1}, "Li3Hg": {"Li": 3, "Hg": 1}}
    compounds = [
        PhaseEntry(name, name, amounts[name], energy, volume)
        for name, energy, volume in zip(amounts, energies, (20.3, 17.8, 17.6), strict=False)
    ]
    return build_hull("Li-Hg", [*elements, *compounds])


HULL = li_hg(-0.235, -0.40, -0.28)
LIQUIDUS = VantHoffLiquidus("Li", 0.0133, ROOM, 11.0)
fraction = st.floats(0.0, 1.0)
kelvin = st.floats(150.0, 620.0)


@given(fraction, kelvin)
def test_fractions_sum_to_one_and_metal_is_conserved(x: float, temperature_K: float) -> None:
    mixture = phase_fractions(HULL, "Li", x, temperature_K, LIQUIDUS)
    assert 1 <= len(mixture.amounts) <= 2
    for kind in ("atom_fraction", "mass_fraction", "volume_fraction"):
        shares = [getattr(amount, kind) for amount in mixture.amounts]
        assert sum(shares) == pytest.approx(1.0)
        assert min(shares) >= 0.0
    metal = sum(amount.atom_fraction * amount.phase.x for amount in mixture.amounts)
    assert metal == pytest.approx(x, abs=1e-12)


@given(fraction, kelvin)
def test_mass_of_the_metal_is_conserved(x: float, temperature_K: float) -> None:
    mixture = phase_fractions(HULL, "Li", x, temperature_K, LIQUIDUS)

    def metal_mass(share: float) -> float:
        return share * 6.94 / (share * 6.94 + (1 - share) * 200.592)

    inside = sum(amount.mass_fraction * metal_mass(amount.phase.x) for amount in mixture.amounts)
    assert inside == pytest.approx(metal_mass(x), rel=1e-3, abs=1e-12)


@given(st.floats(0.0, 1.0), st.floats(240.0, 500.0))
def test_pure_liquid_up_to_saturation(share: float, temperature_K: float) -> None:
    curve = isotherm(HULL, "Li", temperature_K, LIQUIDUS)
    assert curve.x_saturation == pytest.approx(LIQUIDUS.saturation(HULL.phase("LiHg3"), temperature_K))
    mixture = curve.mixture(share * curve.x_saturation)
    assert mixture.liquid_fraction == 1.0
    assert mixture.solid_volume_fraction == 0.0


@pytest.mark.parametrize(("formula", "x"), SHARES.items())
def test_pure_solid_at_the_composition_of_a_compound(formula: str, x: float) -> None:
    mixture = phase_fractions(HULL, "Li", x, ROOM, LIQUIDUS)
    assert [amount.phase.formula for amount in mixture.amounts] == [formula]
    assert mixture.solid_volume_fraction == 1.0


def test_lever_rule_by_hand() -> None:
    mixture = phase_fractions(HULL, "Li", 0.1, ROOM, LIQUIDUS)
    assert mixture.liquid_fraction == pytest.approx((0.25 - 0.1) / (0.25 - 0.0133))
    assert [amount.phase.state for amount in mixture.amounts] == ["liquid", "solid"]


def test_mercury_freezes_and_lithium_melts() -> None:
    assert isotherm(HULL, "Li", 230.0, LIQUIDUS).x_saturation is None
    assert phase_fractions(HULL, "Li", 0.1, 230.0, LIQUIDUS).liquid_fraction == 0.0
    hot = phase_fractions(HULL, "Li", 0.9, 480.0, LIQUIDUS)
    assert [(amount.phase.formula, amount.phase.state) for amount in hot.amounts] == [
        ("Li3Hg", "solid"),
        ("Li", "liquid"),
    ]


def test_compounds_disappear_at_their_decomposition_temperature() -> None:
    names = [corner.formula for corner in isotherm(HULL, "Li", 520.0, LIQUIDUS).corners]
    assert "LiHg3" not in names
    kept = isotherm(HULL, "Li", 520.0, LIQUIDUS, decompositions_K={}).corners
    assert "LiHg3" in [corner.formula for corner in kept]


@pytest.mark.parametrize("x", [-0.1, 1.1, math.nan])
def test_composition_outside_is_refused(x: float) -> None:
    with pytest.raises(InputError, match="mole fraction of Li"):
        phase_fractions(HULL, "Li", x, ROOM, LIQUIDUS)


def test_ternary_hull_is_refused() -> None:
    entries = [PhaseEntry(el, el, {el: 1}, 0.0, 20.0) for el in ("Li", "Hg", "Na")]
    with pytest.raises(InputError, match="two elements"):
        isotherm(build_hull("Li-Na-Hg", entries), "Li", ROOM, LIQUIDUS)


@settings(deadline=None, max_examples=60)
@given(
    st.floats(-0.25, -0.05),
    st.floats(-0.40, -0.10),
    st.floats(-0.25, -0.05),
    st.floats(-0.8, -0.1),
    st.floats(260.0, 440.0),
)
def test_regular_liquidus_is_the_common_tangent(
    first: float, second: float, third: float, interaction: float, temperature_K: float
) -> None:
    """The first edge of the lower hull of the sampled liquid and the solids starts where the liquid is saturated."""
    hull = li_hg(first, second, third)
    liquidus = RegularLiquidus("Li", "Hg", interaction)
    curve = isotherm(hull, "Li", temperature_K, liquidus, decompositions_K={})
    assert curve.x_saturation is not None
    assume(1e-3 < curve.x_saturation < 0.6)
    kT = BOLTZMANN_EV_PER_K * temperature_K
    x = np.linspace(1e-6, 1 - 1e-6, 8001)
    liquid = x * get_fusion("Li").free_energy(temperature_K) + (1 - x) * get_fusion("Hg").free_energy(temperature_K)
    liquid += kT * (x * np.log(x) + (1 - x) * np.log(1 - x)) + interaction * x * (1 - x)
    solids = [(phase.fraction("Li"), phase.formation_energy_per_atom) for phase in hull.stable if phase.name != "Hg"]
    points = np.array([*zip(x, liquid, strict=True), *solids])
    # Far points close the hull from above.
    shape = ConvexHull(np.vstack([points, [[0.0, 5.0], [1.0, 5.0]]]))
    edges = [tuple(sorted(edge)) for edge, plane in zip(shape.simplices, shape.equations, strict=True) if plane[1] < 0]
    leaving = [edge for edge in edges if edge[0] < len(x) <= edge[1] < len(points)]
    leanest = min(x[edge[0]] for edge in leaving)
    assert leanest == pytest.approx(curve.x_saturation, abs=3e-3)


@given(st.floats(1e-4, 0.1), st.floats(-0.3, -0.1))
def test_fitted_regular_solution_has_the_measured_solubility(x: float, energy: float) -> None:
    hull = li_hg(energy, -0.35, -0.2)
    fitted = regular_liquidus(hull, "Li", x, ROOM)
    assert isotherm(hull, "Li", ROOM, fitted, decompositions_K={}).x_saturation == pytest.approx(x, rel=1e-6)


def test_regular_solution_of_a_pure_metal_ends_at_its_melting_point() -> None:
    hull = build_hull("Zn-Hg", [PhaseEntry(el, el, {el: 1}, 0.0, 20.0) for el in ("Zn", "Hg")])
    liquidus = liquidus_for("Zn", "regular", hull=hull)
    zinc = hull.phase("Zn")
    assert liquidus.saturation(zinc, 692.0) > 0.98
    assert liquidus.saturation(zinc, 693.0) == 1.0


def test_insoluble_metal_does_not_divide_by_zero() -> None:
    hull = build_hull("Al-Hg", [PhaseEntry(el, el, {el: 1}, 0.0, 20.0) for el in ("Al", "Hg")])
    liquidus = liquidus_for("Al", "regular", hull=hull)
    values = [liquidus.saturation(hull.phase("Al"), float(kelvin)) for kelvin in range(240, 940, 20)]
    assert np.all(np.diff(values) > 0.0)


def test_vant_hoff_slope_is_the_heat() -> None:
    low, high = (LIQUIDUS.saturation(HULL.phase("LiHg3"), kelvin) for kelvin in (300.0, 400.0))
    heat = 8.314462618e-3 * math.log(high / low) / (1 / 300.0 - 1 / 400.0)
    assert heat == pytest.approx(11.0)


@given(st.floats(250.0, 650.0))
def test_tabulated_liquidus_rises_and_meets_its_points(temperature_K: float) -> None:
    liquidus = liquidus_for("Na")
    assert isinstance(liquidus, TabulatedLiquidus)
    solid = HULL.phase("Li")
    for kelvin, x in liquidus.points:
        assert liquidus.saturation(solid, kelvin) == pytest.approx(x)
    assert liquidus.saturation(solid, temperature_K + 1.0) > liquidus.saturation(solid, temperature_K)


def test_points_must_rise() -> None:
    with pytest.raises(InputError, match="must rise"):
        TabulatedLiquidus("Na", [(300.0, 0.1), (350.0, 0.05)])
    with pytest.raises(InputError, match="at least 2"):
        TabulatedLiquidus("Na", [(300.0, 0.1)])


def test_solubilities_of_the_nine_metals_are_listed_with_their_confidence() -> None:
    assert {item.metal for item in list_solubilities()} == {"Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn"}
    for item in list_solubilities():
        assert 0.0 < item.uncertainty < item.x < 0.1
        assert item.heat_of_solution_kJ_mol > item.heat_uncertainty_kJ_mol > 0.0
        assert {item.confidence, item.heat_confidence} <= {"checked", "recalled", "derived"}
    assert get_solubility("Li").x == 0.0133


def test_decomposition_is_found_by_composition() -> None:
    assert decomposition_temperature({"Hg": 6, "Li": 2}) == 510.65
    assert decomposition_temperature({"Li": 2, "Hg": 7}) is None
    assert all(300.0 < item.value < 1000.0 for item in decompositions().values())


def test_liquidus_arguments_are_checked() -> None:
    for arguments, message in [
        ({"model": "nrtl"}, "liquidus model"),
        ({"model": "regular"}, "needs a hull"),
        ({"model": "measured"}, "no measured points"),
        ({"model": "regular", "hull": HULL, "heat_of_solution_kJ_mol": 3.0}, "heat_of_solution"),
    ]:
        with pytest.raises(InputError, match=message):
            liquidus_for("Li", **arguments)
    other = build_hull("Li-Ga", [PhaseEntry(el, el, {el: 1}, 0.0, 20.0) for el in ("Li", "Ga")])
    with pytest.raises(InputError, match="those in Hg, not Ga"):
        liquidus_for("Li", "regular", hull=other)
    with pytest.raises(InputError, match="metal with a solubility"):
        liquidus_for("Cu")


def test_saturating_solid_follows_the_first_plateau() -> None:
    solid, mu = saturating_solid(HULL, "Li", get_fusion("Hg").melting_point_K)
    assert solid.formula == "LiHg3"
    assert mu == pytest.approx(-voltage_profile(HULL, "Li").steps[0].voltage_V)


def test_computed_solubility_is_measured_when_the_energies_agree() -> None:
    emf = {"mu_infinity": -0.8438, "ln_gamma_slope": 33.6}
    wanted = -0.8438 + BOLTZMANN_EV_PER_K * ROOM * (math.log(0.0133) + 33.6 * 0.0133)
    liquid_hg = get_fusion("Hg").free_energy(ROOM)
    hull = li_hg(0.25 * wanted + 0.75 * liquid_hg, -0.35, -0.2)
    result = compare_solubility(hull, "Li", **emf)
    assert result.solid == "LiHg3"
    assert result.factor == pytest.approx(1.0)
    assert result.energy_error == pytest.approx(0.0, abs=1e-9)
