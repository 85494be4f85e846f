"""Equilibrium shapes: known ones, scaling, limits, and indices in whatever cell is given."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.errors import InputError
from amalgamics.thermodynamics.surfaces.wulff import wulff_shape

CUBIC = bulk("Al", cubic=True)
HEXAGONAL = bulk("Mg")
PLANES = ((1, 0, 0), (1, 1, 0), (1, 1, 1))

energies = st.floats(0.2, 3.0)


def test_one_energy_of_100_is_a_cube() -> None:
    shape = wulff_shape(CUBIC, {(1, 0, 0): 0.9})
    assert shape.area_fractions == {(1, 0, 0): pytest.approx(1.0)}
    assert shape.mean_surface_energy_J_m2 == pytest.approx(0.9)
    assert shape.missing == ()


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_hexagonal_prism(ratio: float) -> None:
    """Apothem p and half-height h are as the two energies: bases 4 sqrt(3) p^2, sides 8 sqrt(3) p h."""
    shape = wulff_shape(HEXAGONAL, {(0, 0, 1): 1.0, (1, 0, 0): ratio})
    assert shape.area_fractions[(0, 0, 1)] == pytest.approx(ratio / (ratio + 2.0))


def test_a_corner_is_cut_only_below_the_geometric_limit() -> None:
    """{111} reaches into a cube while gamma_111 < sqrt(3) gamma_100, and leaves an octahedron below 1/sqrt(3)."""
    fractions = {ratio: wulff_shape(CUBIC, {(1, 0, 0): 1.0, (1, 1, 1): ratio}) for ratio in (0.57, 0.59, 1.72, 1.74)}
    assert fractions[0.57].missing == ((1, 0, 0),)
    assert fractions[0.59].missing == fractions[1.72].missing == ()
    assert fractions[1.74].missing == ((1, 1, 1),)


@settings(max_examples=10, deadline=None)
@given(st.tuples(energies, energies, energies))
def test_mean_lies_between_the_energies_that_appear(values: tuple[float, float, float]) -> None:
    shape = wulff_shape(CUBIC, dict(zip(PLANES, values, strict=True)))
    present = [shape.surface_energies_J_m2[plane] for plane, share in shape.area_fractions.items() if share > 0.0]
    assert min(present) - 1e-9 <= shape.mean_surface_energy_J_m2 <= max(present) + 1e-9
    assert sum(shape.area_fractions.values()) == pytest.approx(1.0)
    assert min(values) in present


@settings(max_examples=10, deadline=None)
@given(st.tuples(energies, energies, energies), st.floats(0.1, 10.0))
def test_scaling_all_energies_keeps_the_shape(values: tuple[float, float, float], scale: float) -> None:
    shape = wulff_shape(CUBIC, dict(zip(PLANES, values, strict=True)))
    scaled = wulff_shape(CUBIC, {plane: scale * value for plane, value in zip(PLANES, values, strict=True)})
    assert scaled.area_fractions == pytest.approx(shape.area_fractions, abs=1e-6)
    assert scaled.mean_surface_energy_J_m2 == pytest.approx(scale * shape.mean_surface_energy_J_m2)


def test_indices_are_those_of_the_given_cell() -> None:
    """In the primitive cell of fcc (1 0 0) is conventional {111} and (1 1 0) is {100}; a long cell and a turned one."""
    expected = tuple(wulff_shape(CUBIC, {(1, 1, 1): 1.0, (1, 0, 0): 1.1}).area_fractions.values())
    primitive = wulff_shape(bulk("Al"), {(1, 0, 0): 1.0, (1, 1, 0): 1.1})
    long = wulff_shape(CUBIC * (2, 1, 1), {(2, 1, 1): 1.0, (0, 1, 0): 1.1})
    turned = CUBIC.copy()
    turned.rotate(30, (1, 2, 3), rotate_cell=True)
    also = wulff_shape(turned, {(1, 1, 1): 1.0, (1, 0, 0): 1.1})
    for shape in (primitive, long, also):
        assert tuple(shape.area_fractions.values()) == pytest.approx(expected, abs=1e-6)


def test_opposite_faces_of_a_polar_crystal_are_alike() -> None:
    """Zincblende {111} alone would be a tetrahedron; slabs give the mean of both faces, which makes an octahedron."""
    zincblende = bulk("ZnS", "zincblende", a=5.41, cubic=True)
    shape = wulff_shape(zincblende, {(1, 1, 1): 1.0, (1, 0, 0): 1.8})
    assert shape.missing == ((1, 0, 0),)


def test_a_crystal_without_symmetry() -> None:
    cell = [[3.0, 0.0, 0.0], [0.4, 3.3, 0.0], [0.5, 0.7, 4.1]]
    crystal = Atoms("LiHg", scaled_positions=[[0, 0, 0], [0.4, 0.45, 0.52]], cell=cell, pbc=True)
    shape = wulff_shape(crystal, {(1, 0, 0): 1.0, (0, 1, 0): 1.0, (0, 0, 1): 1.0})
    # A parallelepiped whose faces lie at one distance along their normals; its edges are dual to the normals.
    normals = np.linalg.inv(np.array(cell)).T
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    edges = np.linalg.inv(normals).T
    areas = [np.linalg.norm(np.cross(edges[i - 2], edges[i - 1])) for i in range(3)]
    assert list(shape.area_fractions.values()) == pytest.approx([area / sum(areas) for area in areas], abs=1e-6)


@pytest.mark.parametrize(
    ("crystal", "planes", "message"),
    [
        (CUBIC, {}, "at least one plane"),
        (CUBIC, {(0, 0, 0): 1.0}, "no Miller index"),
        (CUBIC, {(1, 0): 1.0}, "no Miller index"),
        (CUBIC, {(1, 0, 0): -1.0}, "positive"),
        (CUBIC, {(1, 0, 0): 1.0, (0, 1, 0): 1.1}, "equivalent"),
        (CUBIC, {(1, 0, 0): 1.0, (2, 0, 0): 1.1}, "equivalent"),
        (HEXAGONAL, {(0, 0, 1): 1.0}, "enclose"),
        (HEXAGONAL, {(1, 0, 0): 1.0}, "enclose"),
    ],
)
def test_refusals(crystal: Atoms, planes: dict[Any, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        wulff_shape(crystal, planes)


@pytest.mark.parametrize(
    ("crystal", "energies_J_m2"),
    [
        (CUBIC, {(1, 0, 0): 0.9}),
        (CUBIC, {(1, 1, 1): 0.7, (1, 0, 0): 0.75, (1, 1, 0): 0.79}),
        (HEXAGONAL, {(0, 0, 1): 0.8, (1, 0, 0): 1.0, (1, 0, 1): 1.0}),
    ],
)
def test_facets_enclose_the_volume_and_have_the_areas(crystal: Atoms, energies_J_m2: dict[Any, Any]) -> None:
    shape = wulff_shape(crystal, energies_J_m2)
    volume, areas = 0.0, dict.fromkeys(energies_J_m2, 0.0)
    for facet in shape.facets:
        first, *others = facet.vertices
        area = float(sum(np.linalg.norm(np.cross(a - first, b - first)) / 2 for a, b in pairwise(others)))
        normal = np.cross(others[0] - first, others[1] - first)
        volume += float(area * abs(first @ normal) / np.linalg.norm(normal) / 3)
        areas[facet.miller_index] += area
    assert volume == pytest.approx(1.0, rel=1e-6)
    total = sum(areas.values())
    assert {plane: area / total for plane, area in areas.items()} == pytest.approx(shape.area_fractions, abs=1e-6)


def test_a_cube_has_six_squares() -> None:
    facets = wulff_shape(CUBIC, {(1, 0, 0): 0.9}).facets
    assert [len(facet.vertices) for facet in facets] == [4] * 6
