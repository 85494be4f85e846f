"""Integrals of λ and of the force, and free energies by perturbation, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e, k

from amalgamics.errors import InputError
from amalgamics.thermodynamics.wetting.reversible_work import (
    bennett_difference,
    integrate_lambda,
    integrate_rise,
    lambda_weights,
    nvt_work_of_adhesion,
    reversible_work,
    rise_weights,
)

T = 300.0
KT = k * T / e
LOBATTO = (0.0, 0.1726731646460114, 0.5, 0.8273268353539885, 1.0)


def test_the_weights_are_those_of_the_rules_of_that_name():
    points, weights = np.polynomial.legendre.leggauss(5)
    assert np.allclose(lambda_weights((points + 1) / 2), weights / 2)
    assert np.allclose(lambda_weights(LOBATTO), [1 / 20, 49 / 180, 16 / 45, 49 / 180, 1 / 20])
    assert np.allclose(lambda_weights([0, 0.25, 0.5, 0.75, 1]), np.array([7, 32, 12, 32, 7]) / 90)
    assert np.allclose(lambda_weights([0.0, 1.0]), 0.5)


@given(st.lists(st.floats(-10, 10), min_size=8, max_size=8))
def test_five_lobatto_points_integrate_degree_seven(coefficients):
    polynomial = np.polynomial.Polynomial(coefficients)
    exact = polynomial.integ()(1.0)
    found = integrate_lambda(LOBATTO, [polynomial(point) for point in LOBATTO], [0.0] * 5)
    assert found.mean == pytest.approx(exact, abs=1e-9)
    assert found.standard_error == 0.0


@given(st.permutations(range(5)))
def test_the_order_of_the_points_does_not_matter(order):
    means, errors = np.array([3.0, 1, 4, 1, 5]), np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    expected = integrate_lambda(LOBATTO, means, errors)
    found = integrate_lambda([LOBATTO[i] for i in order], means[order], errors[order])
    assert found.mean == pytest.approx(expected.mean)
    assert found.standard_error == pytest.approx(expected.standard_error)


def test_the_error_of_the_integral_is_the_scatter_of_integrals():
    rng = np.random.default_rng(0)
    errors = np.array([0.5, 0.2, 0.1, 0.3, 0.4])
    values = [integrate_lambda(LOBATTO, rng.normal(0, errors), errors).mean for _ in range(4000)]
    assert np.std(values) == pytest.approx(integrate_lambda(LOBATTO, [0.0] * 5, errors).standard_error, rel=0.05)


@pytest.mark.parametrize("points", [[0.5], [0.0, 0.5, 0.5], [0.0, 1.2], [-0.1, 1.0], [0.0, np.nan]])
def test_bad_points_are_refused(points):
    with pytest.raises(InputError, match="lambdas"):
        integrate_lambda(points, [0.0] * len(points), [0.0] * len(points))


def test_points_with_negative_weights_are_refused():
    with pytest.raises(InputError, match="negative weights"):
        integrate_lambda([0.0, 0.01, 0.02], [0.0] * 3, [0.0] * 3)


def test_splines_integrate_cubic_ends_and_lines_exactly():
    rises = [0.0, 0.3, 0.7, 2.0]
    assert integrate_rise(rises, [1.0 + 2.0 * rise for rise in rises], [0.0] * 4).mean == pytest.approx(6.0)
    assert rise_weights([0.0, 3.0]) == pytest.approx([1.5, 1.5])
    fine = np.linspace(0, 6, 25)
    assert integrate_rise(fine, np.exp(-fine), [0.0] * 25).mean == pytest.approx(1 - np.exp(-6), rel=1e-3)
    with pytest.raises(InputError, match="rises"):
        integrate_rise([0.0, 2.0, 1.0], [0.0] * 3, [0.0] * 3)


@pytest.mark.parametrize("counts", [(20_000, 20_000), (20_000, 2_000), (500, 20_000)])
def test_bennett_gives_the_difference_of_two_harmonic_wells(counts):
    """Wells of stiffness 1 and 2 eV/Å^2: F_1 - F_0 = kT ln(2) / 2, plus the height of the second."""
    rng = np.random.default_rng(1)
    first, second = (rng.normal(0, np.sqrt(KT / s), n) for s, n in zip((1.0, 2.0), counts, strict=True))
    difference = bennett_difference(0.5 * first**2 + 0.1, 0.5 * second**2 + 0.1, T)
    assert difference == pytest.approx(0.1 + 0.5 * KT * np.log(2), abs=1e-3)


@given(st.floats(-100, 100))
def test_a_constant_is_its_own_free_energy(height):
    assert bennett_difference([height] * 3, [height] * 5, T) == pytest.approx(height, abs=1e-6)


def wells(scale, n, rng):
    """Cross energy of a Gaussian well: U_x = -1 + x^2 with U_0 = x^2 / 2, so that F(λ) is known."""
    x = rng.normal(0, np.sqrt(KT / (1 + 2 * scale)), n)
    return -1.0 + x**2


def test_the_work_is_positive_where_it_binds_and_both_routes_agree():
    rng = np.random.default_rng(2)
    energies = {scale: wells(scale, 5000, rng) for scale in LOBATTO}
    forces = {0.0: rng.normal(0.2, 0.1, 500), 0.5: rng.normal(0.1, 0.1, 500), 1.0: rng.normal(0, 1e-3, 500)}
    found = reversible_work(10.0, T, energies, forces)
    exact = (1.0 - 0.5 * KT * np.log(3.0)) / 10.0 * 16.02176634
    assert found.coupling_J_m2.mean == pytest.approx(exact, abs=4 * found.coupling_J_m2.standard_error + 1e-4)
    assert found.coupling_by_perturbation_J_m2 == pytest.approx(
        exact, abs=4 * found.coupling_J_m2.standard_error + 1e-4
    )
    assert found.rest_J_m2.mean == pytest.approx(-0.1 / 10.0 * 16.02, rel=0.1)
    assert found.work_J_m2.mean == pytest.approx(found.coupling_J_m2.mean + found.rest_J_m2.mean)
    assert found.work_J_m2.standard_error == pytest.approx(
        np.hypot(found.coupling_J_m2.standard_error, found.rest_J_m2.standard_error)
    )


@given(st.floats(0.5, 4.0))
def test_twice_the_area_with_twice_the_energy_is_the_same_work(factor):
    rng = np.random.default_rng(3)
    energies = {scale: wells(scale, 50, rng) for scale in (0.0, 0.5, 1.0)}
    forces = {0.0: rng.normal(0.2, 0.1, 50), 1.0: rng.normal(0, 0.1, 50)}
    one = reversible_work(10.0, T, energies, forces)
    more = reversible_work(
        10.0 * factor,
        T,
        {scale: factor * series for scale, series in energies.items()},
        {rise: factor * series for rise, series in forces.items()},
    )
    assert more.work_J_m2.mean == pytest.approx(one.work_J_m2.mean)
    assert more.work_J_m2.standard_error == pytest.approx(one.work_J_m2.standard_error)


def test_the_film_must_start_on_the_solid():
    energies = {0.0: [-1.0] * 20, 1.0: [-1.0] * 20}
    with pytest.raises(InputError, match="must start at 0"):
        reversible_work(10.0, T, energies, {0.5: [0.0] * 20, 1.0: [0.0] * 20})


def test_nvt_averages_are_solid_and_film_less_interface():
    rng = np.random.default_rng(4)
    film, interface = rng.normal(-10, 0.1, 512), rng.normal(-111, 0.1, 512)
    found = nvt_work_of_adhesion(-100.0, film, interface, 20.0)
    assert found.total_J_m2.mean == pytest.approx((-100.0 + film.mean() - interface.mean()) / 20.0 * 16.02176634)
    assert found.treatment == "nvt"
