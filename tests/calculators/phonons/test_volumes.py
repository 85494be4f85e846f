"""Phonons at several volumes, and the quasi-harmonic approximation on them."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from amalgamics.calculators.phonons.finite_displacements import PhononSettings
from amalgamics.calculators.phonons.volumes import phonons_at_volumes
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.errors import InputError
from amalgamics.thermodynamics.vibrations.harmonic import ModeSpectrum
from amalgamics.thermodynamics.vibrations.quasi_harmonic import quasi_harmonic

SMALL = PhononSettings(min_supercell_length=5.0, mesh_length=20.0, path_spacing=0.2)


def test_copper_expands_on_heating() -> None:
    seen: list[tuple[int, int]] = []
    points = phonons_at_volumes(
        bulk("Cu", "fcc", a=3.59),
        "emt",
        SMALL,
        volume_ratios=(0.96, 0.99, 1.02, 1.05, 1.08),
        on_volume=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (5, 5)
    highest = [point.phonons.frequencies_THz.max() for point in points]
    assert np.all(np.diff(highest) < 0)  # looser crystals are softer
    found = quasi_harmonic(
        [point.volume_per_atom for point in points],
        [point.energy_per_atom for point in points],
        [ModeSpectrum.from_phonons(point.phonons) for point in points],
        np.arange(0.0, 601.0, 100.0),
    )
    assert np.all(np.diff(found.volume) > 0)
    assert 1e-5 < found.thermal_expansion_per_K[3] < 1e-4  # measured: 5e-5 1/K at 300 K
    assert np.all(np.diff(found.bulk_modulus_GPa) < 0)


def test_bad_input_is_refused() -> None:
    crystal = bulk("Cu", "fcc", a=3.6)
    with pytest.raises(InputError, match="volume_ratios: 0"):
        phonons_at_volumes(crystal, "emt", volume_ratios=(0.0, 1.0))
    with pytest.raises(InputError, match="relax_cell"):
        phonons_at_volumes(crystal, "emt", relaxation=RelaxationSettings())
