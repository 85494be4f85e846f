"""Reactions of dissolved lithium with what a face carries."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.amalgams.dilute import DiluteSolution
from amalgamics.thermodynamics.amalgams.measured_solutions import LI_IN_HG
from amalgamics.thermodynamics.units import BOLTZMANN_EV_PER_K
from amalgamics.thermodynamics.wetting.cleaning import (
    REACTIONS,
    Cleaning,
    CleaningReaction,
    Verdict,
    cleaning,
    layer_binding,
)

ALL = [reaction for reactions in REACTIONS.values() for reaction in reactions]
TO_HYDROXIDE, _, TO_OXIDE, _ = REACTIONS["H2O"]
HYDROXIDE_TO_OXIDE, HYDROXIDE_TO_HYDRIDE = REACTIONS["LiOH"]
KT = BOLTZMANN_EV_PER_K * LI_IN_HG.temperature_K
fractions = st.floats(-9.0, math.log10(LI_IN_HG.x_saturation)).map(lambda exponent: 10.0**exponent)
energies = st.floats(-2.0, 2.0)


def free_energy(reaction: CleaningReaction, x: float, binding: float = 0.0, hydrogen_bar: float = 1.0) -> float:
    found = cleaning(reaction, binding, LI_IN_HG, [x], hydrogen_bar=hydrogen_bar)
    return found.free_energies[x]


@pytest.mark.parametrize(
    ("carried", "n", "products", "said"),
    [
        ("H2O", 1, {"LiOH": 1, "H2": 1}, r"H2O \+ Li → LiOH \+ H2 does not balance: \+1 H on the right"),
        ("H2O", 2, {"LiOH": 1, "H2": 0.5}, "-1 Li"),
        ("Li2CO3", 4, {"Li2O": 3}, "-1 C"),
        ("CO2", 4, {"Li2O": 2, "C": 1}, "unknown formation free energy 'CO2'"),
        ("H2O", 0, {"H2O": 1}, "n_solute"),
    ],
)
def test_a_reaction_that_is_none_is_refused(carried: str, n: float, products: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        CleaningReaction(carried, n, products)


@given(fractions)
def test_two_steps_take_what_one_takes(x: float) -> None:
    steps = free_energy(TO_HYDROXIDE, x) + free_energy(HYDROXIDE_TO_OXIDE, x)
    assert steps == pytest.approx(free_energy(TO_OXIDE, x), abs=1e-9)


@given(fractions, energies)
def test_hydride_instead_of_gas_differs_by_its_formation(x: float, binding: float) -> None:
    by_gas, by_hydride = (free_energy(one, x, binding) for one in (HYDROXIDE_TO_OXIDE, HYDROXIDE_TO_HYDRIDE))
    # H2 and dissolved lithium: unstable at any content below saturation, so that hydrogen leaves as gas.
    hydride = -0.710 - float(LI_IN_HG.chemical_potential(x))
    assert by_hydride - by_gas == pytest.approx(hydride, abs=1e-3)
    assert hydride > 0.0


@pytest.mark.parametrize("reaction", ALL)
@given(st.floats(1e-12, 1e-8), st.floats(1.1, 100.0))
def test_in_a_dilute_liquid_it_falls_by_n_kT_ln_x(reaction: CleaningReaction, x: float, factor: float) -> None:
    fall = free_energy(reaction, x) - free_energy(reaction, factor * x)
    assert fall == pytest.approx(reaction.n_solute * KT * math.log(factor), abs=1e-5)


@pytest.mark.parametrize("reaction", ALL)
@given(energies)
def test_where_it_turns_the_free_energy_is_zero(reaction: CleaningReaction, binding: float) -> None:
    turns_at = cleaning(reaction, binding, LI_IN_HG, []).turns_at
    if turns_at is None:
        assert free_energy(reaction, LI_IN_HG.x_saturation, binding) >= 0.0
    else:
        assert 0.0 < turns_at <= LI_IN_HG.x_saturation
        assert free_energy(reaction, turns_at, binding) == pytest.approx(0.0, abs=1e-8)


@given(energies, st.floats(-2.0, 2.0), fractions)
def test_pure_solute_and_bulk_layer_give_the_tables(binding: float, mu: float, x: float) -> None:
    solution = DiluteSolution(mu - KT * math.log(x), LI_IN_HG.temperature_K, 1.0)
    found = cleaning(TO_OXIDE, binding, solution, [x]).free_energies[x]
    assert found == pytest.approx(TO_OXIDE.standard_free_energy - binding - 2 * mu, abs=1e-9)
    assert TO_OXIDE.standard_free_energy * 96.485 == pytest.approx(-561.2 + 237.1, abs=0.01)


@given(st.floats(1e-9, 100.0), fractions)
def test_hydrogen_counts_with_its_pressure(hydrogen_bar: float, x: float) -> None:
    for reaction, moles in ((TO_HYDROXIDE, 0.5), (TO_OXIDE, 1.0), (HYDROXIDE_TO_HYDRIDE, 0.0)):
        change = free_energy(reaction, x, hydrogen_bar=hydrogen_bar) - free_energy(reaction, x)
        assert change == pytest.approx(moles * KT * math.log(hydrogen_bar), abs=1e-9)


@given(st.dictionaries(st.sampled_from(["H", "O", "Ti"]), st.floats(-100.0, 100.0), min_size=3), st.integers(1, 5))
def test_binding_has_no_zero_and_no_size(shifts: dict[str, float], cells: int) -> None:
    hydrogen, oxygen, titanium = (shifts[symbol] for symbol in ("H", "O", "Ti"))
    water, clean = 2 * hydrogen + oxygen, 8 * titanium + 16 * oxygen
    covered = cells * (-700.0 + clean + 4 * water)
    binding = layer_binding(covered, cells * (-640.0 + clean), -14.5 + water, 4 * cells)
    assert binding == pytest.approx(-15.0 + 14.5, abs=1e-9)


@pytest.mark.parametrize(
    ("energy", "verdict"),
    [(-0.31, Verdict.FAVOURABLE), (-0.29, Verdict.UNDECIDED), (0.29, Verdict.UNDECIDED), (0.31, Verdict.UNFAVOURABLE)],
)
def test_a_verdict_stands_beyond_the_error(energy: float, verdict: Verdict) -> None:
    assert Cleaning(TO_OXIDE, 0.0, 0.3, {0.01: energy}, None).verdict(0.01) is verdict


def test_the_error_is_that_of_binding_and_tables() -> None:
    found = cleaning(HYDROXIDE_TO_OXIDE, -0.1, LI_IN_HG, [3e-5], binding_error=0.0)
    assert found.error == pytest.approx(math.hypot(2.5, 1.0) / 96.485, rel=1e-3)
    assert json.loads(json.dumps(found.as_dict()))["verdict"] == {"3e-05": "favourable"}


def test_what_no_amalgam_removes_does_not_turn() -> None:
    assert cleaning(HYDROXIDE_TO_HYDRIDE, -1.0, LI_IN_HG, []).turns_at is None


@pytest.mark.parametrize("change", [{"hydrogen_bar": 0.0}, {"binding_error": -1.0}, {"binding": math.nan}])
def test_a_bad_number_is_refused(change: dict[str, float]) -> None:
    arguments = {"binding": 0.0, **change}
    with pytest.raises(InputError, match=next(iter(change))):
        cleaning(TO_OXIDE, arguments.pop("binding"), LI_IN_HG, [0.01], **arguments)
