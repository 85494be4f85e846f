"""Liquid elements as references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.fusion import (
    Fusion,
    get_fusion,
    liquid_free_energy,
    list_fusions,
    reference_free_energy,
)

SYMBOLS = [fusion.symbol for fusion in list_fusions()]


def test_the_nine_amalgam_metals_and_mercury_are_there() -> None:
    assert {"Hg", "Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn"} <= set(SYMBOLS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_solid_and_liquid_are_equal_at_the_melting_point(symbol: str) -> None:
    melting = get_fusion(symbol).melting_point_K
    assert liquid_free_energy(symbol, melting, -1.0) == pytest.approx(-1.0, abs=1e-12)
    assert liquid_free_energy(symbol, melting - 1.0, -1.0) > -1.0
    assert liquid_free_energy(symbol, melting + 1.0, -1.0) < -1.0


@given(st.sampled_from(SYMBOLS), st.floats(0.0, 3000.0), st.floats(-10.0, 10.0))
def test_the_reference_is_the_stable_form(symbol: str, kelvin: float, solid: float) -> None:
    reference = reference_free_energy(symbol, kelvin, solid)
    if kelvin <= get_fusion(symbol).melting_point_K:
        assert reference == pytest.approx(solid, abs=1e-12)
    else:
        assert reference == liquid_free_energy(symbol, kelvin, solid) < solid


def test_mercury_at_room_temperature() -> None:
    """H (1 - T/Tm) = 2295 (1 - 298.15/234.32) J/mol = -625 J/mol = -6.48 meV."""
    assert liquid_free_energy("Hg", 298.15, 0.0) == pytest.approx(-6.48e-3, abs=2e-5)


@pytest.mark.parametrize("change", [0.0, 3.0])
@pytest.mark.parametrize("kelvin", [200.0, 300.0, 450.0])
def test_the_slope_is_the_entropy_and_the_curvature_the_heat_capacity(change: float, kelvin: float) -> None:
    fusion = Fusion("X", 300.0, 3.0, "", "recalled", heat_capacity_change_J_mol_K=change)
    step = 0.05
    low, middle, high = (fusion.free_energy(kelvin + shift) * 96485.33212 for shift in (-step, 0.0, step))
    if kelvin == fusion.melting_point_K:
        assert -(high - low) / (2 * step) == pytest.approx(fusion.entropy_J_mol_K, rel=1e-6)
    assert -kelvin * (high - 2 * middle + low) / step**2 == pytest.approx(change, abs=0.01)


def test_unknown_elements_and_bad_temperatures_are_refused() -> None:
    with pytest.raises(InputError, match="unknown element with a heat of fusion 'He'"):
        get_fusion("He")
    with pytest.raises(InputError, match="temperature_K is -5"):
        liquid_free_energy("Hg", -5, 0.0)
    with pytest.raises(InputError, match="solid_free_energy"):
        liquid_free_energy("Hg", 300, float("nan"))
