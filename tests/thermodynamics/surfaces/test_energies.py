"""Surface energies: definitions, the thickness fit, open surfaces, cleavage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e

from amalgamics.errors import InputError
from amalgamics.thermodynamics.surfaces.energies import (
    ImplausibleValueError,
    OpenSurface,
    check_surface_energy,
    fit_thickness,
    surface_energy_J_m2,
)

UNIT = e * 1e20  # 1 eV/Å^2 in J/m^2
energies = st.floats(-10.0, 0.0)
gammas = st.floats(0.01, 3.0)
areas = st.floats(5.0, 500.0)
PEROVSKITE = {"A": 1.0, "Ti": 1.0, "O": 3.0}


def slab(gamma: float, n_atoms: int, bulk: float, area: float) -> float:
    return n_atoms * bulk + 2.0 * area * gamma / UNIT


@given(gammas, st.integers(1, 500), energies, areas)
def test_energy_of_one_slab(gamma: float, n: int, bulk: float, area: float) -> None:
    assert surface_energy_J_m2(slab(gamma, n, bulk, area), n, bulk, area) == pytest.approx(gamma, abs=1e-9)


@given(energies, st.integers(1, 200), energies, areas)
def test_doubling_the_area_changes_nothing(energy: float, n: int, bulk: float, area: float) -> None:
    once = surface_energy_J_m2(energy, n, bulk, area)
    assert surface_energy_J_m2(2 * energy, 2 * n, bulk, 2 * area) == pytest.approx(once)


@given(energies, st.integers(1, 200), energies, areas)
def test_doubling_the_thickness_changes_nothing(energy: float, n: int, bulk: float, area: float) -> None:
    once = surface_energy_J_m2(energy, n, bulk, area)
    assert surface_energy_J_m2(energy + n * bulk, 2 * n, bulk, area) == pytest.approx(once, abs=1e-8)


class TestThicknessFit:
    @given(gammas, energies, areas, st.integers(2, 6))
    def test_recovers_exact_slabs(self, gamma: float, bulk: float, area: float, n_slabs: int) -> None:
        atoms = [10 * (i + 1) for i in range(n_slabs)]
        fit = fit_thickness([slab(gamma, n, bulk, area) for n in atoms], atoms, area, bulk_energy_per_atom=bulk)
        assert fit.surface_energy_J_m2 == pytest.approx(gamma, abs=1e-6)
        assert fit.bulk_energy_per_atom == pytest.approx(bulk, abs=1e-8)
        assert fit.bulk_mismatch == pytest.approx(0.0, abs=1e-8)
        assert fit.warning is None
        assert (fit.standard_error_J_m2 is None) == (n_slabs == 2)

    @given(gammas, energies, st.floats(-0.1, 0.1))
    def test_an_error_of_the_bulk_energy_does_not_reach_gamma(self, gamma: float, bulk: float, error: float) -> None:
        atoms = [10, 20, 30]
        fit = fit_thickness([slab(gamma, n, bulk, 20.0) for n in atoms], atoms, 20.0, bulk_energy_per_atom=bulk + error)
        assert fit.surface_energy_J_m2 == pytest.approx(gamma, abs=1e-6)
        assert fit.bulk_mismatch == pytest.approx(-error, abs=1e-8)

    @pytest.mark.parametrize(("error", "warned"), [(0.0019, False), (0.0021, True), (-0.0021, True)])
    def test_warns_beyond_the_tolerance(self, error: float, warned: bool) -> None:
        atoms = [10, 20, 30]
        fit = fit_thickness([slab(1.0, n, -3.0, 20.0) for n in atoms], atoms, 20.0, bulk_energy_per_atom=-3.0 + error)
        assert (fit.warning is not None) == warned
        if fit.warning is not None:
            assert "-3.0000" in fit.warning
            assert "0.025 J/m2" in fit.warning  # 0.0021 eV x 30 atoms / 40 Å^2

    def test_standard_errors_are_those_of_numpy(self) -> None:
        atoms, heights = [8, 16, 24, 32], [-10.0, -19.9, -30.1, -40.05]
        fit = fit_thickness(heights, atoms, 20.0)
        (slope, intercept), covariance = np.polyfit(atoms, heights, 1, cov=True)
        assert fit.bulk_energy_per_atom == pytest.approx(slope)
        assert fit.surface_energy_J_m2 == pytest.approx(intercept / 40.0 * UNIT)
        assert fit.bulk_standard_error == pytest.approx(np.sqrt(covariance[0, 0]))
        assert fit.standard_error_J_m2 == pytest.approx(np.sqrt(covariance[1, 1]) / 40.0 * UNIT)
        assert fit.largest_residual == pytest.approx(np.abs(heights - slope * np.array(atoms) - intercept).max())
        assert fit.bulk_mismatch is None

    @pytest.mark.parametrize(
        ("heights", "atoms", "message"),
        [([1.0], [4], "two or more"), ([1.0, 2.0], [4, 4], "two or more"), ([1.0, 2.0], [4], "2 slab_energies")],
    )
    def test_refusals(self, heights: list[float], atoms: list[int], message: str) -> None:
        with pytest.raises(InputError, match=message):
            fit_thickness(heights, atoms, 10.0)


class TestOpenSurface:
    @given(energies, energies, areas, st.floats(-5.0, 0.0))
    def test_stoichiometric_slab_ignores_chemical_potentials(
        self, energy: float, bulk: float, area: float, mu: float
    ) -> None:
        surface = OpenSurface(energy, {"A": 3, "Ti": 3, "O": 9}, PEROVSKITE, bulk, area, "Ti")
        expected = surface_energy_J_m2(energy, 15, bulk / 5.0, area)
        assert surface.surface_energy_J_m2({}) == pytest.approx(expected)
        assert surface.surface_energy_J_m2({"O": mu, "A": mu}) == pytest.approx(expected)

    @given(energies, areas, st.floats(-5.0, 0.0), st.floats(-5.0, 0.0), st.floats(-5.0, 0.0))
    def test_choice_of_the_reference_element_changes_nothing(
        self, energy: float, area: float, mu_A: float, mu_Ti: float, mu_O: float
    ) -> None:
        potentials = {"A": mu_A, "Ti": mu_Ti, "O": mu_O}
        bulk = mu_A + mu_Ti + 3.0 * mu_O  # equilibrium with the bulk
        results = [
            OpenSurface(energy, {"A": 3, "Ti": 4, "O": 11}, PEROVSKITE, bulk, area, element).surface_energy_J_m2(
                potentials
            )
            for element in PEROVSKITE
        ]
        direct = (energy - 3 * mu_A - 4 * mu_Ti - 11 * mu_O) / (2.0 * area) * UNIT
        assert results == pytest.approx([direct] * 3, abs=1e-9)

    def test_slope_is_minus_the_excess(self) -> None:
        surface = OpenSurface(-100.0, {"A": 3, "Ti": 4, "O": 11}, PEROVSKITE, -40.0, 15.0, "Ti")
        assert surface.excess == {"A": -1.0, "O": -1.0}
        mu = np.array([-5.0, -4.0])
        gamma = surface.surface_energy_J_m2({"O": mu, "A": -1.0})
        assert np.diff(gamma) == pytest.approx(1.0 / 30.0 * UNIT)

    def test_adsorbate_is_all_excess(self) -> None:
        surface = OpenSurface(-100.0, {"A": 3, "Ti": 3, "O": 9, "H": 2}, PEROVSKITE, -33.0, 15.0, "Ti")
        assert surface.excess == {"A": 0.0, "O": 0.0, "H": 2.0}
        with pytest.raises(InputError, match="'H'"):
            surface.surface_energy_J_m2({"O": -4.0})

    def test_unknown_reference(self) -> None:
        with pytest.raises(InputError, match="'Zr'"):
            OpenSurface(-1.0, {"A": 1}, PEROVSKITE, -1.0, 1.0, "Zr")


@given(energies, energies, energies, areas)
def test_complementary_open_surfaces_need_no_chemical_potential(a: float, b: float, bulk: float, area: float) -> None:
    """Their sum is the energy of cutting the crystal between them: the excesses cancel, whatever mu is."""
    counts = ({"A": 4, "Ti": 3, "O": 10}, {"A": 3, "Ti": 4, "O": 11})
    cut = (a + b - 7 * bulk) / (2.0 * area) * UNIT
    for mu in ({"A": -1.0, "O": -2.0}, {"A": 0.5, "O": -4.0}):
        surfaces = [
            OpenSurface(energy, each, PEROVSKITE, bulk, area, "Ti").surface_energy_J_m2(mu)
            for energy, each in zip((a, b), counts, strict=True)
        ]
        assert float(sum(surfaces)) == pytest.approx(cut, abs=1e-8)


@pytest.mark.parametrize("gamma", [-0.2, 0.0, 7.0, float("nan")])
def test_implausible_value_is_named(gamma: float) -> None:
    with pytest.raises(ImplausibleValueError, match=r"LLTO.*J/m2"):
        check_surface_energy(gamma, "LLTO (001)")


def test_plausible_value_passes() -> None:
    assert check_surface_energy(1.08, "LLTO (001)") == 1.08


@pytest.mark.parametrize("area", [0.0, -1.0, float("nan"), True, None])
def test_area_out_of_range(area: float) -> None:
    with pytest.raises(InputError, match="area"):
        surface_energy_J_m2(-1.0, 1, -1.0, area)
