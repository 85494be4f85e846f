"""Compositions: each solute has its own, the ones asked for are exact, and none stands there twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.reference.published import observed_drops
from amalgamics.thermodynamics.amalgams.choose_solution import key_compositions, shown_compositions
from amalgamics.thermodynamics.wetting.curve import composition_grid

solubilities = st.floats(-5.5, 0.0).map(lambda exponent: 10.0**exponent)
fractions = st.floats(-8.0, -0.01).map(lambda exponent: 10.0**exponent)


@given(solubilities, st.lists(fractions, max_size=8), st.integers(3, 40))
def test_what_was_asked_for_is_exact_and_the_scale_keeps_away_from_it(x_saturation, include, per_decade) -> None:
    grid = composition_grid(x_saturation, include=include, points_per_decade=per_decade)
    asked = [*include, *([x_saturation] if x_saturation < 1.0 else [])]
    assert all(any(abs(x - there) <= 1e-9 * x for there in grid) for x in asked)
    # Neighbours of which one is a point of the scale differ by a quarter of a step at least; the step is at most this.
    least = (10.0 ** (0.25 / (per_decade + 1))) * (1 - 1e-9)
    for low, high in pairwise(grid):
        if not (low in asked and high in asked):
            assert high / low >= least
        assert high > low * (1.0 + 1e-9)


def test_a_composition_is_not_there_twice() -> None:
    """1e-5 and 9.99e-06 were."""
    grid = composition_grid(0.0133, include=(1e-6, 1e-5, 3e-5, 1e-4, 1e-3))
    assert min(high / low for low, high in pairwise(grid)) > 1.04
    assert {1e-6, 1e-5, 3e-5, 1e-4, 1e-3, 0.0133} <= set(grid)


def test_the_scale_is_left_alone_where_nothing_is_asked_for() -> None:
    grid = composition_grid(0.024)
    assert 3e-5 not in grid
    assert 0.0133 not in grid
    assert (grid[0], grid[-1]) == (1e-7, pytest.approx(0.048))
    assert max(high / low for low, high in pairwise(grid)) < 10.0 ** (2.0 / 12)


@given(st.sampled_from(["Li", "Na", "K", "Mg", "Zn", "Al"]), st.sampled_from(["Hg", "Ga"]), solubilities)
def test_key_compositions_run_from_the_pure_solvent_to_saturation(solute, solvent, x_saturation) -> None:
    keys = key_compositions(solute, solvent, x_saturation)
    assert keys[0] == 0.0
    assert keys[-1] == (x_saturation if x_saturation < 1.0 else 0.1)
    assert all(high > 1.02 * low for low, high in pairwise(keys))
    shown = shown_compositions(keys)
    assert set(keys) <= set(shown)
    assert list(shown) == sorted(shown)
    assert all(high > 1.02 * low for low, high in pairwise(shown))
    grid = composition_grid(x_saturation, lowest=min(1e-7, x_saturation / 10), include=shown[1:])
    assert set(shown[1:]) <= set(grid)


def test_lithium_in_mercury_keeps_what_was_observed() -> None:
    keys = key_compositions("Li", "Hg", 0.0133)
    assert keys == (0.0, 3e-5, 0.0133) == tuple(observed_drops("Li", "Hg"))
    assert shown_compositions(keys) == (0.0, 1e-7, 1e-6, 1e-5, 3e-5, 1e-4, 1e-3, 0.0133)
    assert key_compositions("Li", "Hg", 0.01) == (0.0, 3e-5, 0.01)
    assert key_compositions("Li", "Hg", 2e-5) == (0.0, 2e-5)
    assert key_compositions("Li", "Hg", 0.3) == (0.0, 3e-5, 0.0133, 0.3)


@pytest.mark.parametrize(
    ("solute", "x_saturation", "middle"),
    [("K", 0.024, 1e-4), ("Mg", 0.03, 1e-4), ("Zn", 0.063, 1e-4), ("Na", 0.053, 1e-4), ("Al", 1.5e-4, 1e-6)],
)
def test_other_solutes_have_compositions_of_their_own(solute, x_saturation, middle) -> None:
    assert key_compositions(solute, "Hg", x_saturation) == (0.0, middle, x_saturation)


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.5, float("nan")])
def test_key_compositions_need_a_solubility(bad) -> None:
    with pytest.raises(InputError, match="x_saturation"):
        key_compositions("K", "Hg", bad)
