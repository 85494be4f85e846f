"""Pictures of phonons and of free energies over temperature."""

from __future__ import annotations

import io

import numpy as np
import pytest
from ase.build import bulk
from matplotlib.image import imread

from amalgamics.calculators.phonons.finite_displacements import PhononSettings, run_phonons
from amalgamics.calculators.phonons.results import Phonons
from amalgamics.errors import InputError
from amalgamics.reports.figures.style import DPI
from amalgamics.reports.phonons.figures import SIZE_INCHES, formation_free_energy_png, phonon_png
from amalgamics.thermodynamics.hulls.finite_temperature import SolidPhase, finite_temperature_hull
from amalgamics.thermodynamics.hulls.hull import PhaseEntry
from amalgamics.thermodynamics.vibrations.harmonic import ModeSpectrum

SMALL = PhononSettings(min_supercell_length=5.0, mesh_length=20.0, path_spacing=0.03)
WARNING = (0xC2, 0x41, 0x0C)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(imread(io.BytesIO(png), format="png"))[..., :3]


def share(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float(np.mean(np.all(np.abs(picture - np.array(colour) / 255) < 0.02, axis=-1)))


def check_frame(picture: np.ndarray) -> None:
    assert picture.shape[:2] == (SIZE_INCHES[1] * DPI, SIZE_INCHES[0] * DPI)
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert np.all(edge > 0.99)


@pytest.fixture(scope="module")
def stable() -> Phonons:
    return run_phonons(bulk("Cu", "fcc", a=3.594), "emt", SMALL)


def test_a_stable_crystal_shows_no_warning_colour(stable: Phonons) -> None:
    picture = pixels(phonon_png(stable))
    check_frame(picture)
    assert share(picture, (0x0B, 0x5C, 0x8A)) > 0.003
    assert share(picture, WARNING) == 0.0


def test_imaginary_modes_are_drawn_in_the_warning_colour() -> None:
    unstable = run_phonons(bulk("Cu", "bcc", a=2.86), "emt", SMALL)
    picture = pixels(phonon_png(unstable, "a $ sign & <b>"))
    check_frame(picture)
    assert share(picture, WARNING) > 0.0005


def test_phonons_without_bands_are_refused(stable: Phonons) -> None:
    with pytest.raises(InputError, match="no band structure"):
        phonon_png(Phonons.from_dict(stable.as_dict() | {"bands": []}))


def test_free_energies_over_temperature() -> None:
    data = [("Hg", {"Hg": 1}, -0.30, 2.0), ("NaHg", {"Na": 1, "Hg": 1}, -1.0, 3.0), ("Na", {"Na": 1}, -1.3, 3.0)]
    phases = [
        SolidPhase(PhaseEntry(name, name, atoms, energy, 20.0), ModeSpectrum.from_frequencies([frequency]))
        for name, atoms, energy, frequency in data
    ]
    hulls = [finite_temperature_hull("Na-Hg", phases, kelvin) for kelvin in range(0, 401, 50)]
    picture = pixels(formation_free_energy_png(hulls, "chgnet+d3"))
    check_frame(picture)
    assert share(picture, (0x0B, 0x5C, 0x8A)) > 0.0003
    with pytest.raises(InputError, match="two or more temperatures"):
        formation_free_energy_png(hulls[:1])
