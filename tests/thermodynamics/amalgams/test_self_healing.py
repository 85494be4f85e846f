"""Liquid, paste or solid, and what the interface does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.liquidus import VantHoffLiquidus
from amalgamics.thermodynamics.amalgams.phase_fractions import isotherm
from amalgamics.thermodynamics.amalgams.self_healing import (
    ConsistencyLimits,
    composition_range,
    consistency,
    interface_at,
    interface_steps,
    self_healing_map,
    step_between,
)
from amalgamics.thermodynamics.hulls.hull import PhaseEntry, build_hull
from amalgamics.thermodynamics.hulls.voltage import voltage_profile

HULL = build_hull(
    "Li-Hg",
    [
        PhaseEntry("Hg", "Hg", {"Hg": 1}, 0.0, 23.3),
        PhaseEntry("LiHg3", "LiHg3", {"Li": 1, "Hg": 3}, -0.235, 20.3),
        PhaseEntry("LiHg", "LiHg", {"Li": 1, "Hg": 1}, -0.40, 17.8),
        PhaseEntry("Li3Hg", "Li3Hg", {"Li": 3, "Hg": 1}, -0.28, 17.6),
        PhaseEntry("Li", "Li", {"Li": 1}, 0.0, 21.6),
    ],
)
LIQUIDUS = VantHoffLiquidus("Li", 0.0133, 298.15, 11.0)
ROOM = isotherm(HULL, "Li", 298.15, LIQUIDUS)


def test_map_agrees_with_its_isotherms() -> None:
    xs, kelvins = np.linspace(0.0, 1.0, 11), np.array([220.0, 298.15, 400.0])
    healing = self_healing_map(HULL, "Li", LIQUIDUS, xs, kelvins)
    assert healing.liquid_fraction.shape == (3, 11)
    assert np.isnan(healing.x_saturation[0])
    assert np.all(healing.consistency[0] == "solid")
    for column, x in enumerate(xs):
        mixture = healing.isotherms[1].mixture(x)
        assert healing.liquid_fraction[1, column] == mixture.liquid_fraction
        assert healing.consistency[1, column] == consistency(mixture)
    assert healing.consistency[1, 0] == "liquid"
    assert healing.consistency[1, 1] == "paste"
    assert healing.consistency[1, -1] == "solid"


@given(st.floats(240.0, 500.0), st.floats(0.02, 0.4), st.floats(0.5, 0.95))
def test_composition_range_is_where_the_consistency_changes(kelvin: float, paste: float, solid: float) -> None:
    limits = ConsistencyLimits(paste, solid)
    curve = isotherm(HULL, "Li", kelvin, LIQUIDUS)
    starts = composition_range(curve, limits)
    assert curve.x_saturation < starts["paste"] < starts["solid"] < 0.25
    assert starts["liquid"] == 0.0
    assert consistency(curve.mixture(starts["paste"] - 1e-9), limits) == "liquid"
    assert consistency(curve.mixture(starts["paste"] + 1e-9), limits) == "paste"
    assert consistency(curve.mixture(starts["solid"] - 1e-9), limits) == "paste"
    assert consistency(curve.mixture(starts["solid"] + 1e-9), limits) == "solid"


def test_limits_must_be_ordered() -> None:
    with pytest.raises(InputError, match="paste_from"):
        ConsistencyLimits(0.7, 0.6)


def test_steps_run_from_host_to_metal_and_join() -> None:
    steps = interface_steps(ROOM)
    assert [step.rich.formula for step in steps] == ["Hg", "LiHg3", "LiHg", "Li3Hg", "Li"]
    assert steps[0].poor.x == 0.0
    assert steps[-1].rich.x == 1.0
    for before, after in pairwise(steps):
        assert before.rich == after.poor


def test_volume_of_all_plated_metal_adds_up() -> None:
    """Along the steps to Li3Hg the plated volumes sum to the difference of the ends, per mercury atom."""
    steps = interface_steps(ROOM)[:-1]
    passed = [step.rich.x / (1 - step.rich.x) - step.poor.x / (1 - step.poor.x) for step in steps]
    added = sum(n * step.molar_volume_cm3 for n, step in zip(passed, steps, strict=True)) / 0.602214076
    assert added == pytest.approx(17.6 / 0.25 - ROOM.liquid_volume(0.0))


def test_stripping_undoes_plating() -> None:
    for step in interface_steps(ROOM)[:-1]:
        growth, shrinkage = step.volume_change_percent, step.stripping_volume_change_percent
        assert (1 + growth / 100) * (1 + shrinkage / 100) == pytest.approx(1.0)


def test_solid_steps_are_those_of_the_voltage_profile() -> None:
    profile = {(step.from_formula, step.to_formula): step for step in voltage_profile(HULL, "Li").steps}
    for first, second in (("LiHg3", "LiHg"), ("LiHg", "Li3Hg")):
        step = step_between(ROOM, second, first)
        assert step.volume_change_percent == pytest.approx(profile[first, second].volume_change_percent)


def test_interface_alternates_between_two_phases() -> None:
    stripping, plating = interface_at(ROOM, 0.6)
    assert stripping == plating
    assert (stripping.poor.formula, stripping.rich.formula) == ("LiHg", "Li3Hg")
    stripping, plating = interface_at(ROOM, 0.5)
    assert stripping.poor.formula == "LiHg3"
    assert plating.rich.formula == "Li3Hg"
    assert interface_at(ROOM, 0.0)[0] is None
    assert interface_at(ROOM, 1.0)[1] is None


def test_step_may_skip_a_phase() -> None:
    step = step_between(ROOM, "LiHg3", "Li3Hg")
    direct = (17.6 / 0.25) / (20.3 / 0.75) - 1
    assert step.volume_change_percent == pytest.approx(100 * direct)
    with pytest.raises(InputError, match="same composition"):
        step_between(ROOM, "LiHg", "LiHg")
    with pytest.raises(InputError, match="LiHg5"):
        step_between(ROOM, "LiHg5", "LiHg")


def test_empty_grid_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        self_healing_map(HULL, "Li", LIQUIDUS, [], [300.0])
