"""Harmonic free energies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.constants import e, h, k

from amalgamics.errors import InputError
from amalgamics.thermodynamics.units import BOLTZMANN_EV_PER_K
from amalgamics.thermodynamics.vibrations.harmonic import (
    EV_PER_THZ,
    ModeSpectrum,
    UnstableCrystalError,
    thermal_properties,
    vibrational_free_energy,
    zero_point_energy,
)

frequencies = st.lists(st.floats(0.1, 50.0), min_size=1, max_size=12)
temperatures = st.floats(1.0, 2000.0)


@given(frequencies)
def test_heat_capacity_tends_to_three_k_per_atom(values: list[float]) -> None:
    found = thermal_properties(ModeSpectrum.from_frequencies(values), [1e6])
    assert found.heat_capacity[0] == pytest.approx(3.0 * BOLTZMANN_EV_PER_K, rel=1e-5)


@given(frequencies)
def test_zero_point_energy_is_half_a_quantum_per_mode(values: list[float]) -> None:
    spectrum = ModeSpectrum.from_frequencies(values)
    expected = 3.0 * np.mean([0.5 * h * value * 1e12 / e for value in values])
    assert zero_point_energy(spectrum) == pytest.approx(expected)
    found = thermal_properties(spectrum, [0.0])
    assert found.free_energy[0] == found.zero_point_energy == pytest.approx(expected)
    assert found.entropy[0] == found.heat_capacity[0] == 0.0


@given(frequencies, temperatures)
def test_entropy_is_the_slope_of_the_free_energy(values: list[float], kelvin: float) -> None:
    spectrum = ModeSpectrum.from_frequencies(values)
    step = 1e-3 * kelvin
    found = thermal_properties(spectrum, [kelvin - step, kelvin, kelvin + step])
    slope = (found.free_energy[2] - found.free_energy[0]) / (2.0 * step)
    assert -slope == pytest.approx(found.entropy[1], rel=1e-3, abs=1e-12)


@given(frequencies, temperatures)
def test_heat_capacity_is_the_slope_of_the_internal_energy(values: list[float], kelvin: float) -> None:
    spectrum = ModeSpectrum.from_frequencies(values)
    step = 1e-3 * kelvin
    found = thermal_properties(spectrum, [kelvin - step, kelvin, kelvin + step])
    internal_energy = found.free_energy + found.temperatures_K * found.entropy
    slope = (internal_energy[2] - internal_energy[0]) / (2.0 * step)
    assert slope == pytest.approx(found.heat_capacity[1], rel=1e-3, abs=1e-12)


@given(frequencies, temperatures)
def test_free_energy_falls_with_temperature_and_rises_with_stiffness(values: list[float], kelvin: float) -> None:
    spectrum = ModeSpectrum.from_frequencies(values)
    stiffer = ModeSpectrum.from_frequencies([1.1 * value for value in values])
    assert vibrational_free_energy(spectrum, kelvin) <= vibrational_free_energy(spectrum, 0.0)
    assert vibrational_free_energy(stiffer, kelvin) > vibrational_free_energy(spectrum, kelvin)


def test_free_energy_in_the_classical_limit() -> None:
    spectrum = ModeSpectrum.from_frequencies([1.0, 2.0, 4.0])
    kelvin = 3000.0
    thermal = BOLTZMANN_EV_PER_K * kelvin
    expected = thermal * np.log(np.array([1.0, 2.0, 4.0]) * EV_PER_THZ / thermal).sum()
    assert vibrational_free_energy(spectrum, kelvin) == pytest.approx(expected, rel=1e-4)


def test_debye_solid_follows_the_cube_law() -> None:
    cutoff = 6.0
    edges = np.linspace(0.0, cutoff, 200_001)
    middles = 0.5 * (edges[1:] + edges[:-1])
    spectrum = ModeSpectrum(middles, 3.0 * np.diff(edges**3) / cutoff**3)
    debye_K = h * cutoff * 1e12 / k
    low = debye_K / 60.0
    expected = 12.0 * np.pi**4 / 5.0 * BOLTZMANN_EV_PER_K * (low / debye_K) ** 3
    assert thermal_properties(spectrum, [low]).heat_capacity[0] == pytest.approx(expected, rel=1e-3)
    assert zero_point_energy(spectrum) == pytest.approx(9.0 / 8.0 * BOLTZMANN_EV_PER_K * debye_K, rel=1e-6)


def test_an_unstable_crystal_is_refused_by_name() -> None:
    spectrum = ModeSpectrum.from_frequencies([-1.5, 2.0, 3.0], name="bcc Cu")
    assert not spectrum.stable
    with pytest.raises(UnstableCrystalError, match=r"bcc Cu .* 33.33% .* 1.50i THz"):
        vibrational_free_energy(spectrum, 300.0)
    with pytest.raises(UnstableCrystalError):
        zero_point_energy(spectrum)


def test_imaginary_modes_are_skipped_or_taken_absolute_when_asked_and_flagged() -> None:
    spectrum = ModeSpectrum.from_frequencies([-1.5, 2.0, 3.0])
    skipped = thermal_properties(spectrum, [300.0], imaginary="skip")
    absolute = thermal_properties(spectrum, [300.0], imaginary="absolute")
    assert skipped.flagged
    assert absolute.flagged
    assert absolute.imaginary_fraction == pytest.approx(1 / 3)
    whole = vibrational_free_energy(ModeSpectrum.from_frequencies([1.5, 2.0, 3.0]), 300.0)
    assert absolute.free_energy[0] == pytest.approx(whole)
    one = vibrational_free_energy(ModeSpectrum.from_frequencies([1.5]), 300.0) / 3.0
    assert skipped.free_energy[0] == pytest.approx(whole - one)


def test_an_instability_beside_the_mesh_counts() -> None:
    spectrum = ModeSpectrum(np.array([2.0, 3.0]), np.array([1.5, 1.5]), lowest_elsewhere_THz=-0.8, name="soft")
    assert not spectrum.stable
    with pytest.raises(UnstableCrystalError, match=r"soft .* 0.80i THz"):
        vibrational_free_energy(spectrum, 300.0)
    found = thermal_properties(spectrum, [300.0], imaginary="skip")
    assert found.flagged
    assert found.imaginary_fraction == 0.0


def test_noise_within_the_tolerance_counts_as_a_real_mode() -> None:
    noisy = ModeSpectrum.from_frequencies([-0.05, 2.0, 3.0])
    assert noisy.stable
    found = thermal_properties(noisy, [300.0])
    assert not found.flagged
    real = ModeSpectrum.from_frequencies([0.05, 2.0, 3.0])
    assert found.free_energy[0] == pytest.approx(vibrational_free_energy(real, 300.0))


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([0.0, 1.0], [1.5, 1.5], "a frequency is 0"),
        ([1.0, np.nan], [1.5, 1.5], "finite"),
        ([1.0, 2.0], [1.0, 1.0], "sum to 2"),
        ([1.0, 2.0], [4.0, -1.0], "positive"),
        ([1.0], [1.5, 1.5], "as many of both"),
        ([], [], "as many of both"),
    ],
)
def test_bad_spectra_are_refused(values: list[float], weights: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ModeSpectrum(np.array(values), np.array(weights))


def test_bad_arguments_are_refused() -> None:
    spectrum = ModeSpectrum.from_frequencies([1.0])
    with pytest.raises(InputError, match="temperature_K is -1"):
        thermal_properties(spectrum, [-1.0])
    with pytest.raises(InputError, match="treatment of imaginary modes 'drop'"):
        vibrational_free_energy(spectrum, 300.0, imaginary="drop")  # type: ignore[arg-type]
