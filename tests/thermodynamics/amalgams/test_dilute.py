"""Dilute solutes: standard potential, insertion energy, solubility."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e, k

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.dilute import (
    DiluteSolution,
    computed_solubility,
    standard_potential,
)
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG

KT = k * 298.15 / e
energies = st.floats(-2.0, 1.0)


def test_standard_potential_of_lithium_is_minus_its_measured_voltage() -> None:
    assert standard_potential(LI_IN_HG) == pytest.approx(-0.8438)


@given(energies, st.floats(0.0, 50.0), st.floats(200.0, 800.0))
def test_standard_potential_is_what_was_put_in(mu: float, slope: float, temperature: float) -> None:
    assert standard_potential(DiluteSolution(mu, temperature, 0.01, slope)) == pytest.approx(mu, abs=1e-9)


@given(st.floats(1e-9, 1.0))
def test_measured_amalgam_as_a_dilute_solution(x: float) -> None:
    copy = DiluteSolution.from_emf(LI_IN_HG, 298.15)
    assert copy.chemical_potential(x) == pytest.approx(LI_IN_HG.chemical_potential(x))


def test_carried_to_another_temperature_it_says_so() -> None:
    warm = DiluteSolution.from_emf(LI_IN_HG, 350.0)
    assert warm.temperature_K == 350.0
    assert "carried to 350 K" in warm.source
    assert standard_potential(warm) == pytest.approx(-0.8438)


@given(st.floats(0.01, 1.0))
def test_pinned_above_saturation(x: float) -> None:
    solution = DiluteSolution(-0.8, 298.15, 0.01)
    assert solution.chemical_potential(x) == solution.chemical_potential(0.01)


@given(energies, st.floats(0.0, 50.0), st.floats(-15.0, -1.0))
def test_solubility_equates_the_chemical_potentials(mu: float, slope: float, log_x: float) -> None:
    x = math.exp(log_x)
    solid = float(DiluteSolution(mu, 298.15, 1.0, slope).chemical_potential(x))
    assert computed_solubility(mu, solid, 298.15, ln_gamma_slope=slope) == pytest.approx(x, rel=1e-6)


def test_solubility_of_lithium_from_its_own_plateau() -> None:
    x = computed_solubility(-0.8438, -LI_IN_HG.saturation_voltage_V, 298.15, ln_gamma_slope=33.6)
    assert x == pytest.approx(0.0133)


@given(energies, st.floats(0.5, 50.0))
def test_solubility_never_exceeds_one(mu: float, higher: float) -> None:
    assert computed_solubility(mu, mu + higher, 298.15) == 1.0
    assert 0.0 < computed_solubility(mu, mu + higher, 298.15, ln_gamma_slope=3.0) <= 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DiluteSolution(-0.8, 298.15, 1.5), "x_saturation"),
        (lambda: DiluteSolution(-0.8, 0.0, 0.01), "temperature_K"),
        (lambda: DiluteSolution(-0.8, 298.15, 0.01, -1.0), "ln_gamma_slope"),
        (lambda: DiluteSolution(-0.8, 298.15, 0.01, electrons_per_ion=0), "electrons_per_ion"),
        (lambda: DiluteSolution(-0.8, 298.15, 0.01).chemical_potential(0.0), "mole fraction"),
        (lambda: computed_solubility(0.0, 0.0, -1.0), "temperature_K"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
