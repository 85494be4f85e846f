"""The facets of a hull, and interpolation on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from amalgamics.thermodynamics.hulls import facets
from amalgamics.thermodynamics.hulls.facets import interpolate, lower_facets

CORNERS = np.eye(3)
CENTRE = np.full((1, 3), 1 / 3)
AROUND_CENTRE = np.array([[0, 1, 3], [0, 2, 3], [1, 2, 3]])


def test_corners_keep_their_energy_and_points_between_are_linear() -> None:
    fractions = np.vstack([CORNERS, CENTRE, [[2 / 3, 1 / 6, 1 / 6]]])
    energies = np.array([0.0, 0.1, 0.2, -1.0, 99.0])
    expected = [0.0, 0.1, 0.2, -1.0, -0.5]
    assert interpolate(fractions, energies, AROUND_CENTRE) == pytest.approx(expected, abs=1e-12)


def test_chunks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    fractions = np.vstack([CORNERS, CENTRE, rng.dirichlet([1, 1, 1], 50)])
    energies = rng.normal(size=len(fractions))
    whole = interpolate(fractions, energies, AROUND_CENTRE)
    monkeypatch.setattr(facets, "_CHUNK", 1)
    assert interpolate(fractions, energies, AROUND_CENTRE) == pytest.approx(whole)


def test_sliver_does_not_disturb_its_surroundings() -> None:
    """A facet of almost no area, with a wild slope, must not reach the compositions beside it."""
    a, b = np.array([0.5, 0.5, 0.0]), np.array([0.5 - 1e-7, 0.5 - 1e-7, 2e-7])
    fractions = np.vstack([CORNERS, a, b, [[0.4, 0.4, 0.2]]])
    energies = np.array([0.0, 0.0, 0.0, -1.0, -1.0, 99.0])
    triangles = np.array([[0, 3, 4], [1, 3, 4], [0, 2, 4], [1, 2, 4]])
    assert interpolate(fractions, energies, triangles)[-1] == pytest.approx(-0.8, abs=1e-5)


def test_uncovered_composition() -> None:
    fractions = np.vstack([CORNERS, CENTRE, [[0.1, 0.1, 0.8]]])
    with pytest.raises(RuntimeError, match="outside every facet"):
        interpolate(fractions, np.zeros(5), AROUND_CENTRE[:1])


def test_a_chain_keeps_what_is_below_its_neighbours_only() -> None:
    """On the line between its neighbours, or above it, a phase is no corner; the order of the phases is free."""
    x = np.array([0.5, 0.0, 1.0, 0.25, 0.75, 0.6])
    energies = np.array([-1.0, 0.0, 0.0, -0.5, -0.4, -0.9])
    facets = lower_facets(np.column_stack([x, 1 - x]), energies)
    assert facets.tolist() == [[1, 0], [0, 5], [5, 2]]


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(0, 12))
def test_facets_are_those_of_pymatgen(seed: int, n_elements: int, n_compounds: int) -> None:
    rng = np.random.default_rng(seed)
    fractions = np.vstack([np.eye(n_elements), rng.dirichlet(np.ones(n_elements), n_compounds)])
    energies = np.append(np.zeros(n_elements), -rng.random(n_compounds) - 1e-3)
    elements = [Element.from_Z(number) for number in range(3, 3 + n_elements)]
    entries = [
        PDEntry(Composition(dict(zip(elements, row, strict=True))), energy, attribute=i)
        for i, (row, energy) in enumerate(zip(fractions, energies, strict=True))
    ]
    diagram = PhaseDiagram(entries, elements)
    corners = [entry.attribute for entry in diagram.qhull_entries]
    expected = {frozenset(corners[vertex] for vertex in facet) for facet in diagram.facets}
    assert {frozenset(facet) for facet in lower_facets(fractions, energies).tolist()} == expected
