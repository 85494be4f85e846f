"""Arguments: what each kind takes comes back as a plain object, and everything else is an error that names it."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.api.quantities import INTERFACE_ENERGY, LIQUID_TEMPERATURE, SOLUTE_ENERGY
from amalgamics.arguments import choice, flag, items, number, path, text, whole_number
from amalgamics.errors import InputError
from amalgamics.thermodynamics.checks import finite, finite_array

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.binary(),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(), st.integers(), max_size=2),
    st.just(10**400),
    st.just(np.array([1.0, 2.0])),
    st.just(np.array(1.0)),
)


@given(ANYTHING)
def test_a_number_is_finite_or_refused_by_name(value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    if is_number:
        found = number("fmax", value)
        assert type(found) is float
        assert found == float(value)
    else:
        with pytest.raises(InputError, match=r"^fmax: .* is not allowed; give a finite number$"):
            number("fmax", value)


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-10, 10))
def test_bounds_hold(value: float, low: float, high: float) -> None:
    for bounds, holds in (
        ({"above": low, "below": high}, low < value < high),
        ({"least": low, "most": high}, low <= value <= high),
    ):
        if holds:
            assert number("x", value, **bounds) == value
        else:
            with pytest.raises(InputError, match=r"^x: "):
                number("x", value, **bounds)


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1.0), np.int64(1), Fraction(1)])
def test_numbers_come_in_all_types(value: Any) -> None:
    assert number("x", value) == 1.0


@given(ANYTHING)
def test_other_kinds_give_their_own_or_an_error_that_names_the_argument(value: Any) -> None:
    for take, kind in ((flag, bool), (text, str), (whole_number, int), (path, Path)):
        try:
            found = take("key", value)
        except InputError as error:
            assert str(error).startswith("key: ")  # noqa: PT017 - either is right, as the value is
        else:
            assert isinstance(found, kind)
    try:
        assert isinstance(items("key", value, "a list"), list)
    except InputError as error:
        assert str(error).endswith("is not allowed; give a list")  # noqa: PT017


def test_a_choice_is_one_of_the_texts() -> None:
    assert choice("treatment", "rigid", ("relaxed", "rigid")) == "rigid"
    for value in ("Rigid", None, np.array(["rigid", "relaxed"])):
        with pytest.raises(InputError, match=r"^treatment: unknown treatment"):
            choice("treatment", value, ("relaxed", "rigid"))


@given(st.floats(0.05, 10.0))
def test_the_other_unit_is_offered_where_the_value_fits_in_it(value_J_m2: float) -> None:
    assert INTERFACE_ENERGY.check("W", value_J_m2) == value_J_m2
    with pytest.raises(InputError, match=f"; .* mN/m would be {value_J_m2:g} J/m²$"):
        INTERFACE_ENERGY.check("W", 1000.0 * value_J_m2)


def test_no_unit_is_offered_where_none_fits() -> None:
    with pytest.raises(InputError, match=r"in K$"):
        LIQUID_TEMPERATURE.check("temperature_K", -300.0)


def test_the_energy_of_several_atoms_may_be_that_many_times_as_large() -> None:
    assert SOLUTE_ENERGY.check_each("E", [-15.0, -30.0], "energies", shares=True) == [-15.0, -30.0]
    with pytest.raises(InputError, match=r"^E\[1\] per atom: -25.0"):
        SOLUTE_ENERGY.check_each("E", [-15.0, -50.0], "energies", shares=True)


@pytest.mark.parametrize("value", ["0.3", True, np.True_, None, 1j])
def test_formulas_take_neither_texts_nor_truth_values_for_numbers(value: Any) -> None:
    with pytest.raises(InputError, match="energy is"):
        finite("gas", "energy", value)
    with pytest.raises(InputError, match=r"energies is .* must be numbers"):
        finite_array("gas", "energies", [value, value])


def test_formulas_take_arrays_of_one_number() -> None:
    assert math.isclose(finite("gas", "energy", np.array(0.3)), 0.3)
