"""Thermal expansion from free energies at several volumes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.vibrations.harmonic import ModeSpectrum, UnstableCrystalError, vibrational_free_energy
from amalgamics.thermodynamics.vibrations.quasi_harmonic import fit_vinet, quasi_harmonic, vinet_energy

VOLUMES = np.linspace(14.0, 18.0, 9)
STATIC = vinet_energy(VOLUMES, -3.0, 15.5, 80.0, 5.0)


def spectra(gruneisen: float, frequency: float = 5.0) -> list[ModeSpectrum]:
    return [ModeSpectrum.from_frequencies([frequency * (15.5 / volume) ** gruneisen]) for volume in VOLUMES]


@given(st.floats(-10, 10), st.floats(14.5, 17.5), st.floats(2.0, 300.0), st.floats(2.5, 7.0))
def test_the_fit_finds_the_parameters_it_was_made_from(
    energy: float, volume: float, modulus: float, derivative: float
) -> None:
    found = fit_vinet(VOLUMES, vinet_energy(VOLUMES, energy, volume, modulus, derivative))
    assert found.energy == pytest.approx(energy, abs=1e-6)
    assert found.volume == pytest.approx(volume, rel=1e-5)
    assert found.bulk_modulus_GPa == pytest.approx(modulus, rel=1e-3)
    assert found.bulk_modulus_derivative == pytest.approx(derivative, rel=1e-2)
    assert found.rms_error < 1e-6


def test_the_bulk_modulus_is_the_curvature_and_its_derivative_the_change_with_pressure() -> None:
    step = 1e-3
    v = 15.5 + step * np.arange(-2, 3)
    values = vinet_energy(v, -3.0, 15.5, 80.0, 5.0)
    curvature = (values[3] - 2 * values[2] + values[1]) / step**2
    assert curvature * 15.5 * 160.21766 == pytest.approx(80.0, rel=1e-4)


def test_without_gruneisen_parameter_nothing_expands() -> None:
    found = quasi_harmonic(VOLUMES, STATIC, spectra(0.0), [0.0, 300.0, 600.0])
    assert found.volume == pytest.approx(15.5, rel=1e-5)
    assert found.thermal_expansion_per_K == pytest.approx(0.0, abs=1e-8)
    expected = -3.0 + vibrational_free_energy(ModeSpectrum.from_frequencies([5.0]), 300.0)
    assert found.free_energy[1] == pytest.approx(expected, abs=1e-6)


def test_expansion_follows_gruneisens_law() -> None:
    """alpha = gamma C_v / (B V); classical C_v = 3 k."""
    gamma = 2.0
    found = quasi_harmonic(VOLUMES, STATIC, spectra(gamma, 1.0), [299.0, 300.0, 301.0])
    expected = gamma * 3.0 * 8.617333e-5 / (found.bulk_modulus_GPa[1] / 160.21766 * found.volume[1])
    assert found.thermal_expansion_per_K[1] == pytest.approx(expected, rel=0.02)
    assert found.volume[0] > 15.5


def test_a_volume_with_imaginary_modes_is_refused_or_flagged() -> None:
    modes = spectra(2.0)
    modes[-1] = ModeSpectrum.from_frequencies([-1.0, 4.0, 4.0, 4.0, 4.0])
    with pytest.raises(UnstableCrystalError):
        quasi_harmonic(VOLUMES, STATIC, modes, [0.0, 100.0])
    assert quasi_harmonic(VOLUMES, STATIC, modes, [0.0, 100.0], imaginary="absolute").flagged
    assert not quasi_harmonic(VOLUMES, STATIC, spectra(2.0), [0.0, 100.0]).flagged


def test_a_minimum_outside_the_volumes_is_refused() -> None:
    with pytest.raises(InputError, match=r"at \d+ K the volume of lowest free energy"):
        quasi_harmonic(VOLUMES, STATIC, spectra(3.0, 1.0), [0.0, 1000.0, 3000.0])


def test_phonons_that_jump_with_the_volume_are_refused() -> None:
    modes = spectra(2.0)
    modes[4] = ModeSpectrum.from_frequencies([3.0])
    with pytest.raises(InputError, match=r"at 300 K the free energies miss an equation of state by \d+\.\d meV"):
        quasi_harmonic(VOLUMES, STATIC, modes, [300.0, 400.0])


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="as many of each"):
        quasi_harmonic(VOLUMES, STATIC[:-1], spectra(1.0), [0.0, 1.0])
    with pytest.raises(InputError, match="ascending"):
        quasi_harmonic(VOLUMES, STATIC, spectra(1.0), [100.0, 0.0])
    with pytest.raises(InputError, match="at least 5"):
        fit_vinet([1, 2, 3], [1, 0, 1])
    with pytest.raises(InputError, match="downwards"):
        fit_vinet(VOLUMES, -STATIC)
