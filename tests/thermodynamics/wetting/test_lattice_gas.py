"""The interfacial lattice gas: Gibbs' equation, Langmuir's limit, additivity, errors."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e, k

from amalgamics.errors import InputError
from amalgamics.thermodynamics.wetting.lattice_gas import LatticeGas

UNIT = e * 1e20
KB = k / e
T = 298.15
KT = KB * T

energies = st.floats(-2.0, 1.0)
areas = st.floats(10.0, 300.0)
potentials = st.floats(-2.5, 0.5)
temperatures = st.floats(200.0, 1200.0)


@st.composite
def gases(draw: st.DrawFn) -> LatticeGas:
    n = draw(st.integers(1, 5))
    return LatticeGas.from_series(
        draw(areas),
        draw(st.lists(energies, min_size=n, max_size=n)),
        draw(st.lists(st.floats(1.0, 20.0), min_size=n, max_size=n)),
    )


@given(gases(), potentials, temperatures)
def test_gibbs(gas: LatticeGas, mu: float, temperature: float) -> None:
    """The numerical -d gamma / d mu is the coverage."""
    step = 1e-5
    below, above = gas.gamma_change_J_m2([mu - step, mu + step], temperature)
    slope_per_nm2 = -(above - below) / (2 * step) / UNIT * 100.0
    assert gas.coverage_per_nm2(mu, temperature) == pytest.approx(slope_per_nm2, rel=1e-4, abs=1e-6)


@given(energies, areas, potentials, temperatures)
def test_one_site_is_langmuir_and_szyszkowski(energy: float, area: float, mu: float, temperature: float) -> None:
    gas = LatticeGas.from_series(area, [energy])
    kT = KB * temperature
    activity = math.exp((mu - energy) / kT)
    assert gas.coverage_per_nm2(mu, temperature) == pytest.approx(100.0 / area * activity / (1.0 + activity))
    expected = -kT / area * math.log1p(activity) * UNIT
    assert gas.gamma_change_J_m2(mu, temperature) == pytest.approx(expected, abs=1e-12)


@given(energies, areas, potentials, st.integers(2, 6))
def test_independent_sites_are_langmuir_too(energy: float, area: float, mu: float, n: int) -> None:
    """N sites of one energy on the area N A, with binomial degeneracies, are one site on A."""
    one = LatticeGas.from_series(area, [energy])
    many = LatticeGas.from_series(n * area, [energy * i for i in range(1, n + 1)])
    assert many.gamma_change_J_m2(mu, T) == pytest.approx(one.gamma_change_J_m2(mu, T), abs=1e-12)
    assert many.coverage_per_nm2(mu, T) == pytest.approx(one.coverage_per_nm2(mu, T))


@given(gases(), potentials)
def test_doubling_the_area_changes_nothing(gas: LatticeGas, mu: float) -> None:
    """Two cells side by side have the squared partition function."""
    pairs = [(i, j) for i in range(len(gas.counts)) for j in range(len(gas.counts))]
    double = LatticeGas(
        2.0 * gas.area,
        tuple(gas.counts[i] + gas.counts[j] for i, j in pairs),
        tuple(gas.delta_energies[i] + gas.delta_energies[j] for i, j in pairs),
        tuple(gas.degeneracies[i] * gas.degeneracies[j] for i, j in pairs),
    )
    assert double.gamma_change_J_m2(mu, T) == pytest.approx(gas.gamma_change_J_m2(mu, T), abs=1e-12)
    assert double.coverage_per_nm2(mu, T) == pytest.approx(gas.coverage_per_nm2(mu, T))


@given(gases(), potentials, st.floats(-3.0, 3.0))
def test_zero_of_the_reference_changes_nothing(gas: LatticeGas, mu: float, zero: float) -> None:
    moved = gas.corrected(zero, "other zero")
    assert moved.gamma_change_J_m2(mu + zero, T) == pytest.approx(gas.gamma_change_J_m2(mu, T), abs=1e-9)


@given(gases(), potentials, st.floats(1e-3, 1.0))
def test_more_solute_lowers_gamma_and_raises_coverage(gas: LatticeGas, mu: float, more: float) -> None:
    assert gas.gamma_change_J_m2(mu + more, T) <= gas.gamma_change_J_m2(mu, T) <= 0.0
    assert gas.coverage_per_nm2(mu + more, T) >= gas.coverage_per_nm2(mu, T) - 1e-12


@given(gases())
def test_limits(gas: LatticeGas) -> None:
    assert gas.gamma_change_J_m2(-np.inf, T) == 0.0
    assert gas.coverage_per_nm2(-np.inf, T) == 0.0
    assert gas.coverage_per_nm2(50.0, T) == pytest.approx(gas.saturation_per_nm2)
    full = -(gas.counts[-1] * 50.0 - gas.delta_energies[-1]) / gas.area * UNIT
    assert gas.gamma_change_J_m2(50.0, T) == pytest.approx(full, rel=1e-2)


@given(gases(), potentials)
def test_occupation_is_a_distribution_with_the_mean_of_the_coverage(gas: LatticeGas, mu: float) -> None:
    _, occupation = gas.evaluate(mu, T)
    assert occupation.sum() == pytest.approx(1.0)
    assert occupation @ np.array(gas.counts) / gas.area * 100.0 == pytest.approx(gas.coverage_per_nm2(mu, T))


@given(gases(), st.floats(0.001, 0.999))
def test_chemical_potential_is_the_inverse_of_coverage(gas: LatticeGas, filling: float) -> None:
    wanted = filling * gas.saturation_per_nm2
    mu = gas.delta_mu(wanted, T)
    assert gas.coverage_per_nm2(mu, T) == pytest.approx(wanted, rel=1e-6)


def test_states_of_the_same_count_add() -> None:
    """Two occupations of equal energy are one of degeneracy two."""
    apart = LatticeGas(60.0, (0, 1, 1), (0.0, -1.0, -1.0), (1.0, 1.0, 1.0))
    together = LatticeGas.from_series(60.0, [-1.0], [2.0])
    mu = np.linspace(-1.5, -0.5, 7)
    assert apart.gamma_change_J_m2(mu, T) == pytest.approx(together.gamma_change_J_m2(mu, T))
    assert apart.coverage_per_nm2(mu, T) == pytest.approx(together.coverage_per_nm2(mu, T))


def test_arrays_keep_their_shape() -> None:
    gas = LatticeGas.from_series(60.0, [-1.2, -1.7, -1.5])
    mu = np.linspace(-1.0, 0.0, 6).reshape(2, 3)
    assert gas.gamma_change_J_m2(mu, T).shape == (2, 3)
    assert gas.evaluate(mu, T)[1].shape == (2, 3, 4)
    assert gas.gamma_change_J_m2(mu, T)[1, 2] == gas.gamma_change_J_m2(mu[1, 2], T)


def test_very_strong_adsorption_does_not_overflow() -> None:
    gas = LatticeGas.from_series(60.0, [-200.0])
    assert gas.gamma_change_J_m2(0.0, 10.0) == pytest.approx(-200.0 / 60.0 * UNIT)


class TestErrors:
    def test_draws_have_the_covariance_of_the_means(self) -> None:
        gas = LatticeGas.from_series(60.0, [-1.0, -1.5], standard_error_per_atom=0.05)
        gas = replace(gas, covariance=((0.0, 0.0, 0.0), (0.0, 0.0016, 0.0005), (0.0, 0.0005, 0.0064)))
        drawn = gas.draw_energies(np.random.default_rng(0), 40000)
        assert drawn.mean(axis=0) == pytest.approx(np.array(gas.delta_energies), abs=5e-3)
        assert np.cov(drawn, rowvar=False) == pytest.approx(gas.total_covariance(), abs=5e-4)
        assert np.all(drawn[:, 0] == pytest.approx(0.0, abs=1e-12))

    def test_an_error_of_the_reference_is_shared(self) -> None:
        gas = LatticeGas.from_series(60.0, [-1.0, -1.5], standard_error_per_atom=0.1)
        drawn = gas.draw_energies(np.random.default_rng(0), 50) - np.array(gas.delta_energies)
        assert drawn[:, 2] == pytest.approx(2.0 * drawn[:, 1], abs=1e-12)

    def test_without_errors_draws_are_the_means(self) -> None:
        gas = LatticeGas(60.0, (0, 1), (0.0, -1.0), (1.0, 1.0))
        assert np.all(gas.draw_energies(np.random.default_rng(0), 3) == [0.0, -1.0])
        assert gas.standard_errors == (0.0, 0.0)


class TestCorrection:
    def test_per_atom_with_its_label(self) -> None:
        gas = LatticeGas.from_series(60.0, [-0.8, -1.2]).corrected(-0.5, "PBE single points", standard_error=0.1)
        assert gas.delta_energies == pytest.approx((0.0, -1.3, -2.2))
        assert gas.corrections == ("PBE single points",)
        assert gas.standard_errors == pytest.approx((0.0, 0.1, 0.2))

    def test_per_state_and_twice(self) -> None:
        gas = LatticeGas.from_series(60.0, [-0.8, -1.2]).corrected([0.0, -0.5, -0.7], "first").corrected(0.1, "second")
        assert gas.delta_energies == pytest.approx((0.0, -1.2, -1.7))
        assert gas.corrections == ("first", "second")

    def test_refusals(self) -> None:
        gas = LatticeGas.from_series(60.0, [-0.8])
        with pytest.raises(InputError, match="label"):
            gas.corrected(0.1, " ")
        with pytest.raises(InputError, match="3 values for 2 states"):
            gas.corrected([0.0, 0.1, 0.2], "DFT")
        with pytest.raises(InputError, match="empty state"):
            gas.corrected([0.1, 0.1], "DFT")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"area": -1.0}, "area"),
        ({"counts": (1, 2)}, "empty state"),
        ({"counts": (0, 0)}, "empty state"),
        ({"counts": (0, -1)}, "counts"),
        ({"counts": (0, 1, 2)}, "3 counts"),
        ({"delta_energies": (0.1, -1.0)}, "empty state"),
        ({"delta_energies": (0.0, float("nan"))}, "delta_energies"),
        ({"degeneracies": (1.0, 0.0)}, "degeneracies"),
        ({"covariance": ((0.0, 0.0),)}, "covariance"),
        ({"covariance": ((0.0, 0.0), (0.0, -1.0))}, "covariance"),
    ],
)
def test_refusals(changes: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {
        "area": 60.0, "counts": (0, 1), "delta_energies": (0.0, -1.0), "degeneracies": (1.0, 1.0)
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        LatticeGas(**(arguments | changes))  # type: ignore[arg-type]


def test_refused_conditions() -> None:
    gas = LatticeGas.from_series(60.0, [-1.0])
    with pytest.raises(InputError, match="temperature_K"):
        gas.gamma_change_J_m2(0.0, 0.0)
    with pytest.raises(InputError, match="delta_mu"):
        gas.gamma_change_J_m2([0.0, np.nan], T)
    with pytest.raises(InputError, match="coverage_per_nm2"):
        gas.delta_mu(gas.saturation_per_nm2, T)
