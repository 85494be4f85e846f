"""Work of adhesion: definitions, split, averages, liquid films."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e

from amalgamics.errors import InputError
from amalgamics.thermodynamics.surfaces.energies import ImplausibleValueError, surface_energy_J_m2
from amalgamics.thermodynamics.uncertainty import Estimate, average
from amalgamics.thermodynamics.wetting.adhesion import (
    AdhesionSample,
    average_adhesion,
    check_work_of_adhesion,
    film_surface_energy_J_m2,
    interface_energy_J_m2,
    work_of_adhesion_J_m2,
)

UNIT = e * 1e20
energies = st.floats(-100.0, 0.0)
gammas = st.floats(0.01, 3.0)
areas = st.floats(5.0, 500.0)


def sample(work: float, *, area: float = 50.0, dispersion: float = 0.0, treatment: str = "relaxed") -> AdhesionSample:
    return AdhesionSample(
        -10.0, -5.0, -15.0 - work * area / UNIT, area, treatment, (-1.0, -2.0, -3.0 - dispersion * area / UNIT)
    )


@given(gammas, gammas, st.floats(-1.0, 3.0), energies, energies, areas)
def test_energies_and_surfaces_agree(
    gamma_a: float, gamma_b: float, gamma_ab: float, bulk_a: float, bulk_b: float, area: float
) -> None:
    """Built from bulk, surfaces and interface, W_ad = gamma_a + gamma_b - gamma_ab comes back out."""
    solid = bulk_a + 2.0 * gamma_a * area / UNIT
    film = bulk_b + 2.0 * gamma_b * area / UNIT
    interface = bulk_a + bulk_b + (gamma_a + gamma_b + gamma_ab) * area / UNIT
    measured = AdhesionSample(solid, film, interface, area, "relaxed").total_J_m2
    assert measured == pytest.approx(work_of_adhesion_J_m2(gamma_a, gamma_b, gamma_ab), abs=1e-8)
    recovered = interface_energy_J_m2(interface, bulk_a + bulk_b, area, gamma_a, gamma_b)
    assert recovered == pytest.approx(gamma_ab, abs=1e-8)


@given(gammas, st.floats(-5.0, 0.0), areas, st.integers(4, 40))
def test_a_crystal_on_itself(gamma: float, bulk: float, area: float, n: int) -> None:
    """Two slabs of one crystal join without strain: gamma_int = 0 and W_ad = 2 gamma."""
    slab = n * bulk + 2.0 * area * gamma / UNIT
    joined = 2 * n * bulk + 2.0 * area * gamma / UNIT
    own_gamma = surface_energy_J_m2(slab, n, bulk, area)
    assert interface_energy_J_m2(joined, 2 * n * bulk, area, own_gamma, own_gamma) == pytest.approx(0.0, abs=1e-8)
    assert AdhesionSample(slab, slab, joined, area, "rigid").total_J_m2 == pytest.approx(2.0 * own_gamma, abs=1e-8)


@given(energies, energies, energies, areas)
def test_doubling_the_area_changes_nothing(solid: float, film: float, interface: float, area: float) -> None:
    once = AdhesionSample(solid, film, interface, area, "rigid").total_J_m2
    twice = AdhesionSample(2 * solid, 2 * film, 2 * interface, 2 * area, "rigid").total_J_m2
    assert twice == pytest.approx(once, abs=1e-9)


@given(energies, energies, energies, st.floats(-50.0, 50.0))
def test_zero_of_energy_changes_nothing(solid: float, film: float, interface: float, zero: float) -> None:
    once = AdhesionSample(solid, film, interface, 50.0, "rigid").total_J_m2
    moved = AdhesionSample(solid + zero, film - 2 * zero, interface - zero, 50.0, "rigid").total_J_m2
    assert moved == pytest.approx(once, abs=1e-8)


def test_periodic_stack_has_two_interfaces() -> None:
    one = AdhesionSample(-10.0, -5.0, -16.0, 50.0, "rigid")
    two = AdhesionSample(-10.0, -5.0, -17.0, 50.0, "rigid", n_interfaces=2)
    assert two.total_J_m2 == pytest.approx(one.total_J_m2)


@given(st.floats(-0.5, 2.0), st.floats(-0.5, 2.0))
def test_parts_sum_to_the_total(work: float, dispersion: float) -> None:
    parts = sample(work, dispersion=dispersion)
    assert parts.dispersion_J_m2 == pytest.approx(dispersion, abs=1e-9)
    assert parts.potential_J_m2 == pytest.approx(work - dispersion, abs=1e-9)
    assert AdhesionSample(-1.0, -1.0, -3.0, 10.0, "rigid").potential_J_m2 is None


def test_average_over_seeds_with_parts() -> None:
    work = average_adhesion(
        {"1": [sample(0.3, dispersion=0.25), sample(0.5, dispersion=0.35)], "2": [sample(0.2, dispersion=0.4)]}
    )
    assert work.total_J_m2.mean == pytest.approx(0.3)
    assert work.total_J_m2.standard_error == pytest.approx(0.1)
    assert work.total_J_m2.n_samples == 2
    assert work.treatment == "relaxed"
    assert work.dispersion_J_m2 is not None
    assert work.potential_J_m2 is not None
    assert work.dispersion_J_m2.mean + work.potential_J_m2.mean == pytest.approx(0.3)


def test_parts_are_left_out_when_one_quench_lacks_them() -> None:
    bare = AdhesionSample(-1.0, -1.0, -3.0, 10.0, "relaxed")
    assert average_adhesion({"1": [sample(0.3), bare]}).dispersion_J_m2 is None


def test_one_quench_has_no_error() -> None:
    assert average_adhesion({"1": [sample(0.3)]}).total_J_m2.standard_error is None


def test_treatments_are_not_mixed() -> None:
    with pytest.raises(InputError, match="relaxed, rigid"):
        average_adhesion({"1": [sample(0.3), sample(0.3, treatment="rigid")]})


@given(gammas, st.integers(1, 200), st.floats(-1.0, 0.0), areas, st.floats(0.0, 0.1), st.floats(0.0, 0.01))
def test_liquid_film(gamma: float, n: int, bulk: float, area: float, film_error: float, bulk_error: float) -> None:
    film = Estimate(n * bulk + 2.0 * gamma * area / UNIT, film_error, 8)
    estimate = film_surface_energy_J_m2(film, n, Estimate(bulk, bulk_error, 8), area)
    assert estimate.mean == pytest.approx(gamma, abs=1e-8)
    expected = (film_error**2 + (n * bulk_error) ** 2) ** 0.5 / (2.0 * area) * UNIT
    assert estimate.standard_error == pytest.approx(expected)


def test_average_of_quenches_of_one_seed() -> None:
    works = [0.31, 0.36, 0.35]
    assert average_adhesion({"1": [sample(work) for work in works]}).total_J_m2.standard_error == pytest.approx(
        average(works).standard_error
    )


@pytest.mark.parametrize(
    "work", [Estimate(0.35), Estimate(0.0), Estimate(-0.1, 0.06, 3), Estimate(-0.015), Estimate(3.2, 0.15, 3)]
)
def test_plausible_works_pass_as_they_are(work: Estimate) -> None:
    assert check_work_of_adhesion(work, "Hg on TiO2") is work


@pytest.mark.parametrize("work", [Estimate(-0.1), Estimate(-0.1, 0.04, 3), Estimate(3.2), Estimate(20.0, 1.0, 3)])
def test_implausible_works_are_named(work: Estimate) -> None:
    with pytest.raises(ImplausibleValueError, match=rf"'Hg on TiO2'.*{work.mean:.4g}.*0 to 3"):
        check_work_of_adhesion(work, "Hg on TiO2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"area": 0.0}, "area"),
        ({"film": float("nan")}, "film"),
        ({"treatment": "relax"}, "'relaxed'"),
        ({"n_interfaces": 3}, "n_interfaces"),
        ({"dispersion": (0.0, 0.0, float("inf"))}, "dispersion"),
    ],
)
def test_refusals(changes: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"solid": -1.0, "film": -1.0, "interface": -3.0, "area": 10.0, "treatment": "rigid"}
    with pytest.raises(InputError, match=message):
        AdhesionSample(**(arguments | changes))  # type: ignore[arg-type]
