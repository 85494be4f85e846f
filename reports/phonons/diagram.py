"""What a picture of phonons shows, independent of who draws it: named points, bands, and the density of states.

The PNG and the interactive figure both draw a `PhononDiagram`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import InputError

if TYPE_CHECKING:
    from ...calculators.phonons.results import BandSegment, Phonons

DENSITY_TITLE = "states/THz/atom"


@dataclass(frozen=True)
class BandLine:
    """One band along one segment of the path, drawn as stable; what is imaginary of it is drawn again on top.

    Attributes
    ----------
    distances
        Along the path, 1/Å, shape (n,).
    frequencies_THz
        Shape (n,); imaginary ones are negative.
    imaginary_THz
        The same with None where the frequency is real; empty for a crystal that is dynamically stable, whose small
        negative values are noise.
    """

    distances: tuple[float, ...]
    frequencies_THz: tuple[float, ...]
    imaginary_THz: tuple[float | None, ...]


@dataclass(frozen=True)
class PhononDiagram:
    """Bands, density of states, and the axes of both.

    Attributes
    ----------
    ticks
        Where the named points lie and what they are called, indices in ``_{}``; two names where the path jumps.
    bands
        One line for each band of each segment.
    density, density_THz
        States/THz/atom and their frequencies, both of shape (m,).
    frequency_title
        Of the axis that both panels share.
    """

    ticks: tuple[tuple[float, str], ...]
    bands: tuple[BandLine, ...]
    density: tuple[float, ...]
    density_THz: tuple[float, ...]
    frequency_title: str


def phonon_diagram(phonons: Phonons) -> PhononDiagram:
    """Lay out bands and density of states.

    Raises
    ------
    InputError
        There are no bands.
    """
    if not phonons.bands:
        raise InputError("phonons: there is no band structure to draw")
    stable = phonons.dynamically_stable
    return PhononDiagram(
        ticks=_ticks(phonons.bands),
        bands=tuple(
            BandLine(
                tuple(segment.distances.tolist()),
                tuple(band),
                () if stable else tuple(value if value < 0.0 else None for value in band),
            )
            for segment in phonons.bands
            for band in segment.frequencies_THz.T.tolist()
        ),
        density=tuple(phonons.dos.tolist()),
        density_THz=tuple(phonons.dos_frequencies_THz.tolist()),
        frequency_title="frequency (THz)" if stable else "frequency (THz), imaginary below 0",
    )


def _ticks(bands: Sequence[BandSegment]) -> tuple[tuple[float, str], ...]:
    ticks = [(float(bands[0].distances[0]), _name(bands[0].labels[0]))]
    for number, segment in enumerate(bands):
        if number and bands[number - 1].labels[1] != segment.labels[0]:
            place, text = ticks[-1]
            ticks[-1] = (place, f"{text}|{_name(segment.labels[0])}")
        ticks.append((float(segment.distances[-1]), _name(segment.labels[1])))
    return tuple(ticks)


def _name(label: str) -> str:
    """``G`` is Gamma; digits are indices."""
    letters = label.rstrip("0123456789")
    digits = label[len(letters) :]
    name = "Γ" if letters == "G" else letters
    return f"{name}_{{{digits}}}" if digits else name
