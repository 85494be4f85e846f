"""Pictures of reactions with an electrolyte."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from amalgamics.errors import InputError
from amalgamics.reports.figures.style import DPI
from amalgamics.reports.stability.figures import SIZE_INCHES, reactivity_png, window_png
from amalgamics.structures.compositions import parse_formula
from amalgamics.thermodynamics.hulls.hull import Hull, PhaseEntry, build_hull
from amalgamics.thermodynamics.stability.electrolyte_window import electrolyte_window
from amalgamics.thermodynamics.stability.reactivity import interface_reaction

ENERGIES = {"Li": 0.0, "P": 0.0, "S": 0.0, "Hg": 0.0, "Li2S": -1.4, "Li3P": -0.7, "Li3PS4": -0.9, "Li3Hg": -0.3}
ORANGE, BLUE = (0xC2, 0x41, 0x0C), (0x0B, 0x5C, 0x8A)


@pytest.fixture(scope="module")
def hull() -> Hull:
    entries = [PhaseEntry(name, name, parse_formula(name), energy, 10.0) for name, energy in ENERGIES.items()]
    return build_hull("Li-P-S-Hg", entries)


def share(png: bytes, colour: tuple[int, int, int]) -> float:
    picture = np.asarray(imread(io.BytesIO(png), format="png"))[..., :3]
    assert picture.shape[:2] == (SIZE_INCHES[1] * DPI, SIZE_INCHES[0] * DPI)
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert np.all(edge > 0.99)
    return float(np.mean(np.all(np.abs(picture - np.array(colour) / 255) < 0.02, axis=-1)))


def test_reactions_are_drawn_within_the_frame(hull: Hull) -> None:
    reactions = [interface_reaction(hull, first, "Li3PS4") for first in ("Hg", "Li3Hg", "Li")]
    assert share(reactivity_png(reactions, "a $ sign"), BLUE) > 0.001
    opened = interface_reaction(hull, "Hg", "Li3PS4", open_element="Li", voltage_V=0.9)
    assert reactivity_png([opened]) != reactivity_png(reactions[:1])


def test_plateaus_are_drawn_within_the_frame_and_the_published_onset_is_marked(hull: Hull) -> None:
    window = electrolyte_window(hull, "Li3PS4")
    amalgams = {"saturated amalgam": 0.94, "a $ sign": 1.11}
    plain, marked = window_png(window, "p", amalgams=amalgams), window_png(window, "p", published_onset_V=1.71)
    assert share(plain, ORANGE) == 0.0
    assert share(marked, ORANGE) > 0.0001
    assert share(plain, BLUE) > 0.002


def test_nothing_to_draw_is_refused(hull: Hull) -> None:
    with pytest.raises(InputError, match="same second reactant"):
        reactivity_png([])
    with pytest.raises(InputError, match="same second reactant"):
        reactivity_png([interface_reaction(hull, "Li", second) for second in ("S", "P")])
    with pytest.raises(InputError, match="no reduction"):
        window_png(electrolyte_window(hull, "Li3P"))
