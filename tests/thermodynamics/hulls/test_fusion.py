"""Liquid elements as references."""

from __future__ import annotations

import pytest

from amalgamics.errors import InputError
from amalgamics.thermodynamics.hulls.fusion import Fusion, get_fusion, list_fusions

SYMBOLS = [fusion.symbol for fusion in list_fusions()]


def test_the_nine_amalgam_metals_and_mercury_are_there() -> None:
    assert {"Hg", "Li", "Na", "K", "Mg", "Zn", "Al", "Ag", "Au", "Sn"} <= set(SYMBOLS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_solid_and_liquid_are_equal_at_the_melting_point(symbol: str) -> None:
    fusion = get_fusion(symbol)
    melting = fusion.melting_point_K
    assert fusion.free_energy(melting) == pytest.approx(0.0, abs=1e-12)
    assert fusion.free_energy(melting - 1.0) > 0.0
    assert fusion.free_energy(melting + 1.0) < 0.0


def test_mercury_at_room_temperature() -> None:
    """H (1 - T/Tm) = 2295 (1 - 298.15/234.32) J/mol = -625 J/mol = -6.48 meV."""
    assert get_fusion("Hg").free_energy(298.15) == pytest.approx(-6.48e-3, abs=2e-5)


@pytest.mark.parametrize("change", [0.0, 3.0])
@pytest.mark.parametrize("kelvin", [200.0, 300.0, 450.0])
def test_the_slope_is_the_entropy_and_the_curvature_the_heat_capacity(change: float, kelvin: float) -> None:
    fusion = Fusion("X", 300.0, 3.0, "", "recalled", heat_capacity_change_J_mol_K=change)
    step = 0.05
    low, middle, high = (fusion.free_energy(kelvin + shift) * 96485.33212 for shift in (-step, 0.0, step))
    if kelvin == fusion.melting_point_K:
        entropy_J_mol_K = 1000.0 * fusion.heat_kJ_mol / fusion.melting_point_K
        assert -(high - low) / (2 * step) == pytest.approx(entropy_J_mol_K, rel=1e-6)
    assert -kelvin * (high - 2 * middle + low) / step**2 == pytest.approx(change, abs=0.01)


def test_unknown_elements_and_bad_temperatures_are_refused() -> None:
    with pytest.raises(InputError, match="unknown element with a heat of fusion 'He'"):
        get_fusion("He")
    with pytest.raises(InputError, match="temperature_K is -5"):
        get_fusion("Hg").free_energy(-5)
