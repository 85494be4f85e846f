"""Capacities, standard potentials and amalgam potentials."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.choose_solution import solution_for
from amalgamics.thermodynamics.amalgams.electrochemistry import (
    amalgam_potential,
    get_electrode,
    list_electrodes,
)


def test_capacities_are_those_the_paper_quotes() -> None:
    assert [item.symbol for item in list_electrodes()] == ["Li", "Na", "K", "Al", "Zn", "Mg"]
    for electrode in list_electrodes():
        assert electrode.capacity_mAh_per_g == pytest.approx(electrode.quoted_capacity_mAh_per_g, rel=3e-3)


def test_only_the_potential_of_aluminium_is_flagged() -> None:
    warned = {item.symbol: item.warning for item in list_electrodes() if item.warning}
    assert list(warned) == ["Al"]
    assert "-2.069 V" in warned["Al"]
    assert "-1.662 V of Al3+/Al" in warned["Al"]
    assert "fluoro complex" in warned["Al"]


@pytest.mark.parametrize(("metal", "density"), [("Li", 0.534), ("Na", 0.97), ("Al", 2.70), ("Zn", 7.14), ("Mg", 1.74)])
def test_volumetric_capacity_has_the_density_of_the_metal(metal: str, density: float) -> None:
    electrode = get_electrode(metal)
    assert electrode.density_g_cm3 == pytest.approx(density, rel=0.01)
    assert electrode.capacity_mAh_per_cm3 == pytest.approx(electrode.capacity_mAh_per_g * electrode.density_g_cm3)


def test_unknown_metal() -> None:
    with pytest.raises(InputError, match="electrode"):
        get_electrode("Cu")


@given(st.floats(1e-8, 1e-5))
def test_dilute_amalgam_obeys_nernst(x: float) -> None:
    solution = solution_for("Na", "Hg")
    dilute, tenfold = amalgam_potential(solution, "Na", [x, 10 * x])
    slope = 8.617333e-5 * 298.15 * math.log(10)
    assert dilute.voltage_V - tenfold.voltage_V == pytest.approx(slope, abs=1e-4)


def test_lithium_amalgam_of_the_paper() -> None:
    dilute, saturated, beyond = amalgam_potential(solution_for("Li", "Hg"), "Li", [3e-5, 0.0133, 0.1])
    assert dilute.voltage_V == pytest.approx(1.1113, abs=1e-4)
    assert saturated.voltage_V == pytest.approx(0.9433, abs=1e-4)
    assert beyond.voltage_V == saturated.voltage_V
    assert [item.saturated for item in (dilute, saturated, beyond)] == [False, True, True]
    assert dilute.potential_V_SHE == pytest.approx(-3.0401 + 1.1113, abs=1e-4)


def test_ions_shift_the_potential_but_not_the_voltage() -> None:
    solution = solution_for("Li", "Hg")
    (standard,) = amalgam_potential(solution, "Li", [0.001])
    (dilute,) = amalgam_potential(solution, "Li", [0.001], ion_activity=0.1)
    assert dilute.voltage_V == standard.voltage_V
    assert standard.potential_V_SHE - dilute.potential_V_SHE == pytest.approx(0.05916, abs=1e-5)
    with pytest.raises(InputError, match="ion_activity"):
        amalgam_potential(solution, "Li", [0.001], ion_activity=0.0)


def test_no_hydrogen_scale_at_another_temperature() -> None:
    (point,) = amalgam_potential(solution_for("Li", "Hg", 350.0), "Li", [0.001])
    assert point.potential_V_SHE is None
