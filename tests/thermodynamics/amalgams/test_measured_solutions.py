"""Lithium dissolved in mercury: the measured electromotive force and its inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e, k

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG, AmalgamEMF

KT = k * 298.15 / e
fractions = st.floats(1e-12, 0.0133)


def test_voltage_at_two_concentrations() -> None:
    """0.003 % and the saturated 1.33 % lithium amalgam."""
    assert LI_IN_HG.voltage_V(3e-5) == pytest.approx(1.111, abs=5e-4)
    assert LI_IN_HG.voltage_V(0.0133) == pytest.approx(0.943, abs=5e-4)
    assert LI_IN_HG.saturation_voltage_V == pytest.approx(0.943, abs=5e-4)


def test_slope_of_the_activity_coefficient_in_decades() -> None:
    """ln(gamma) = 33.6 x is the published log10(gamma) = 14.6 x."""
    assert LI_IN_HG.ln_gamma_slope / np.log(10) == pytest.approx(14.6, abs=0.01)


@given(fractions)
def test_nernst_in_the_dilute_limit(x: float) -> None:
    """Without the activity coefficient the voltage is E0 - kT ln x."""
    assert LI_IN_HG.voltage_V(x) + KT * 33.6 * x == pytest.approx(0.8438 - KT * np.log(x))


@given(fractions)
def test_mole_fraction_is_the_inverse(x: float) -> None:
    assert LI_IN_HG.mole_fraction(LI_IN_HG.voltage_V(x)) == pytest.approx(x, rel=1e-8)


@given(fractions, fractions)
def test_voltage_falls_with_concentration(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert LI_IN_HG.voltage_V(low) >= LI_IN_HG.voltage_V(high)


@given(st.floats(0.0133, 1.0))
def test_pinned_above_saturation(x: float) -> None:
    assert LI_IN_HG.voltage_V(x) == LI_IN_HG.saturation_voltage_V


@given(st.floats(-5.0, 0.94))
def test_saturated_below_the_plateau(voltage: float) -> None:
    assert LI_IN_HG.mole_fraction(voltage) == pytest.approx(0.0133)


@given(fractions)
def test_chemical_potential_is_minus_the_voltage(x: float) -> None:
    assert LI_IN_HG.chemical_potential(x) == pytest.approx(-LI_IN_HG.voltage_V(x))


def test_arrays_keep_their_shape() -> None:
    x = np.array([[1e-5, 1e-4], [1e-3, 0.5]])
    voltage = LI_IN_HG.voltage_V(x)
    assert voltage.shape == (2, 2)
    assert LI_IN_HG.mole_fraction(voltage) == pytest.approx(np.minimum(x, 0.0133))


@pytest.mark.parametrize("x", [0.0, -1e-3, 1.01, float("nan"), [1e-3, 0.0]])
def test_mole_fraction_out_of_range(x: float) -> None:
    with pytest.raises(InputError, match="mole fraction"):
        LI_IN_HG.voltage_V(x)


def test_voltage_not_finite() -> None:
    with pytest.raises(InputError, match="voltage"):
        LI_IN_HG.mole_fraction(float("nan"))


@pytest.mark.parametrize(
    "bad", [{"ln_gamma_slope": 0.0}, {"x_saturation": 1.5}, {"x_saturation": 0.0}, {"temperature_K": -1.0}]
)
def test_model_out_of_range(bad: dict[str, float]) -> None:
    values = {"ln_gamma_slope": 33.6, "x_saturation": 0.01, "temperature_K": 298.15} | bad
    with pytest.raises(InputError, match=next(iter(bad))):
        AmalgamEMF(metal="Li", E0_V=0.8, electrons_per_ion=1, source="none", **values)
