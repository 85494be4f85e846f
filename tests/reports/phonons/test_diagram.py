"""What both drawings of phonons show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk

from amalgamics.calculators.phonons.finite_displacements import PhononSettings, run_phonons
from amalgamics.calculators.phonons.results import Phonons
from amalgamics.errors import InputError
from amalgamics.reports.phonons.diagram import phonon_diagram
from amalgamics.reports.phonons.interactive import phonon_figure

SMALL = PhononSettings(min_supercell_length=5.0, mesh_length=20.0, path_spacing=0.05)


@pytest.fixture(scope="module")
def unstable() -> Phonons:
    return run_phonons(bulk("Cu", "bcc", a=2.86), "emt", SMALL)


def test_gamma_digits_and_jumps_are_named(unstable: Phonons) -> None:
    first, second = unstable.bands[0], unstable.bands[1]
    bands = (replace(first, labels=("G", "H2")), replace(second, labels=("N", "<P>")))
    diagram = phonon_diagram(replace(unstable, bands=bands))
    assert [name for _, name in diagram.ticks] == ["Γ", "H_{2}|N", "<P>"]
    assert [place for place, _ in diagram.ticks] == [
        first.distances[0],
        first.distances[-1],
        second.distances[-1],
    ]
    axis = phonon_figure(replace(unstable, bands=bands))["layout"]["xaxis"]
    assert axis["ticktext"] == ["Γ", "H<sub>2</sub>|N", "&lt;P&gt;"]


def test_every_band_is_a_line_and_what_is_imaginary_of_it_apart(unstable: Phonons) -> None:
    diagram = phonon_diagram(unstable)
    expected = [band for segment in unstable.bands for band in segment.frequencies_THz.T]
    assert len(diagram.bands) == len(expected)
    for line, band in zip(diagram.bands, expected, strict=True):
        assert np.array_equal(line.frequencies_THz, band)
        assert [value is not None for value in line.imaginary_THz] == list(band < 0.0)
    assert "imaginary" in diagram.frequency_title
    figure = phonon_figure(unstable)
    assert figure["layout"]["yaxis"]["title"]["text"] == diagram.frequency_title
    assert [trace["line"]["color"] for trace in figure["data"]] == ["--stable", "--reference", "--stable"]


def test_noise_of_a_stable_crystal_is_not_called_imaginary(unstable: Phonons) -> None:
    calm = replace(unstable, stability_tolerance_THz=100.0)
    assert calm.dynamically_stable
    diagram = phonon_diagram(calm)
    assert not any(line.imaginary_THz for line in diagram.bands)
    assert diagram.frequency_title == "frequency (THz)"


def test_without_bands_there_is_nothing_to_draw(unstable: Phonons) -> None:
    with pytest.raises(InputError, match="no band structure"):
        phonon_diagram(replace(unstable, bands=()))
