"""Choice of the chemical potential: measured at its own temperature, carried to another, or computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e, k

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.choose_solution import (
    MEASURED,
    measured_solubility,
    pinned_solution,
    solution_for,
    solution_warning,
)
from amalgamics.thermodynamics.amalgams.dilute import standard_potential
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG, NA_IN_HG
from amalgamics.thermodynamics.amalgams.solubility import get_solubility, list_solubilities, solubility_at
from amalgamics.thermodynamics.wetting.contact_angle import SurfaceTension
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas
from amalgamics.thermodynamics.wetting.model import WettingModel, WettingParameters

temperatures = st.floats(240.0, 620.0)


def test_lithium_at_its_temperature_is_the_measurement() -> None:
    assert solution_for("Li", "Hg") is LI_IN_HG
    assert solution_warning("Li", "Hg") is None


@given(temperatures, st.floats(-12.0, -2.0))
def test_only_the_mixing_term_follows_the_temperature(temperature: float, log_x: float) -> None:
    solution = solution_for("Li", "Hg", temperature)
    x = 10.0**log_x
    mixing = float(solution.chemical_potential(x)) + LI_IN_HG.E0_V
    there = float(LI_IN_HG.chemical_potential(x)) + LI_IN_HG.E0_V
    assert mixing == pytest.approx(there * solution.temperature_K / LI_IN_HG.temperature_K, abs=1e-9)
    assert solution.x_saturation == LI_IN_HG.x_saturation


def test_another_temperature_is_said_to_be_carried_there() -> None:
    assert "carried to 350 K" in solution_for("Li", "Hg", 350.0).source
    assert "mixing entropy" in (solution_warning("Li", "Hg", 350.0) or "")


def test_the_model_takes_it_at_every_temperature() -> None:
    member = WettingParameters("oxide", 0.35, LatticeGas.from_series(59.0, [-1.3]))
    for temperature in (250.0, 298.15, 298.5, 400.0):
        solution = solution_for("Li", "Hg", temperature)
        curve = WettingModel(solution, SurfaceTension(0.4855), (member,)).curve()
        assert curve.temperature_K == pytest.approx(temperature, abs=0.5)


def test_sodium_reproduces_the_cell_it_comes_from_and_says_what_it_is_worth() -> None:
    x = (0.206 / 22.99) / (0.206 / 22.99 + 99.794 / 200.59)
    assert float(NA_IN_HG.voltage_V(x)) == pytest.approx(0.845, abs=1e-3)
    assert NA_IN_HG.saturation_voltage_V == pytest.approx(0.78, abs=0.02)
    assert "recalled" in (solution_warning("Na", "Hg") or "")
    assert "recalled" in solution_for("Na", "Hg").source


@given(st.floats(-2.0, 0.5), temperatures)
def test_computed(mu_infinity: float, temperature: float) -> None:
    solution = solution_for("K", "Hg", temperature, "computed", mu_infinity=mu_infinity)
    assert standard_potential(solution) == pytest.approx(mu_infinity, abs=1e-9)
    step = np.diff(solution.chemical_potential([1e-4, 1e-3]))
    assert step == pytest.approx(k / e * temperature * np.log(10.0))
    assert "computed" in solution.source


def test_computed_knows_common_ions() -> None:
    assert solution_for("Mg", "Hg", source="computed", mu_infinity=-0.5, x_saturation=0.03).electrons_per_ion == 2
    other = solution_for("Sn", "Hg", source="computed", mu_infinity=-0.1, electrons_per_ion=2)
    assert (other.electrons_per_ion, other.x_saturation) == (2, 1.0)


metals = st.sampled_from([item.metal for item in list_solubilities()])


@given(metals, st.floats(-2.0, 0.5), st.floats(-20.0, 0.0), temperatures)
def test_above_the_measured_solubility_mu_stays_what_it_is_there(metal, mu_infinity, log_computed, temperature) -> None:
    """Whatever was computed, the liquid is saturated where it was measured to be, and mu is continuous."""
    solution, warnings = pinned_solution(
        metal,
        "Hg",
        temperature,
        mu_infinity=mu_infinity,
        computed_solubility=10.0**log_computed,
        potential="p",
        electrons_per_ion=1,
    )
    limit, source = measured_solubility(metal, "Hg", temperature)
    assert solution.x_saturation == limit
    below, at, above = solution.chemical_potential([limit * (1.0 - 1e-12), limit, min(2.0 * limit, 1.0)])
    assert below == pytest.approx(at, abs=1e-9)
    assert above == at == pytest.approx(mu_infinity + k / e * temperature * np.log(limit))
    assert "measured" in solution.source
    assert "computed" in solution.source
    assert any(source in text for text in warnings)


def test_solubilities_elsewhere_are_carried_there() -> None:
    for item in list_solubilities():
        assert solubility_at(item.metal, item.temperature_K)[0] == item.x
        warm, source = solubility_at(item.metal, 350.0)
        assert warm > item.x
        assert "350 K" in source
    # Van 't Hoff, ln x falls by H/R (1/T - 1/T0).
    known = get_solubility("K")
    ratio = solubility_at("K", 350.0)[0] / known.x
    assert ratio == pytest.approx(np.exp(-13000.0 / 8.314462618 * (1 / 350.0 - 1 / 298.15)))
    assert measured_solubility("Cu", "Hg", 298.15) is None
    assert measured_solubility("Li", "Ga", 298.15) is None


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("K", "Hg"), {}, "Li in Hg, Na in Hg.*mu_infinity"),
        (("Li", "Ga"), {}, "no measured"),
        (("K", "Hg"), {"source": "computed"}, "mu_infinity"),
        (("Fe", "Hg"), {"source": "computed", "mu_infinity": -0.1}, "electrons_per_ion"),
        (("Li", "Hg"), {"source": "guessed"}, "measured"),
        (("Li", "Hg"), {"mu_infinity": -0.8}, "computed"),
        (("Li", "Hg", 200.0), {}, "liquid from 234"),
        (("Li", "Hg", 700.0), {"source": "computed", "mu_infinity": -0.8}, "liquid"),
        (("Li", "Hg", -1.0), {}, "positive"),
    ],
)
def test_refusals(arguments: tuple[Any, ...], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        solution_for(*arguments, **settings)


def test_every_measured_pair_is_named_after_its_metal() -> None:
    for (metal, _), emf in MEASURED.items():
        assert emf.metal == metal
