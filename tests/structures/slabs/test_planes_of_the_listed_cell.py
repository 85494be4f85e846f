"""Slabs of every phase of the library: their plane is the one that its indices name in the cell the library lists."""

from __future__ import annotations

import numpy as np
import pytest

from amalgamics.structures.library.phases import Phase, list_phases
from amalgamics.structures.slabs.lattice_planes import planar_cell_area
from amalgamics.structures.slabs.slab import enumerate_slabs
from amalgamics.structures.symmetry import conventional_cell

PLANES = ((0, 1, 0), (0, 0, 1), (1, 0, -1), (0, 1, 2))
SMALL = [phase for phase in list_phases(buildable=True) if len(phase.structure()) <= 20]


def coplanar(lattice: np.ndarray, index: tuple[int, ...]) -> np.ndarray:
    """Whole-number combinations of lattice vectors that lie in a plane, Å."""
    grid = np.stack(np.meshgrid(*[np.arange(-8, 9)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return grid[grid @ np.array(index) == 0] @ lattice


@pytest.mark.parametrize("phase", SMALL, ids=lambda one: one.key)
def test_the_plane_of_a_slab_is_the_one_named(phase: Phase) -> None:
    listed = phase.structure()
    cell = conventional_cell(phase.atoms())
    assert cell.lattice == pytest.approx(listed.lattice.matrix)
    primitive_volume = abs(np.linalg.det(cell.lattice)) / len(cell.centring)
    for index in PLANES[: 3 if len(listed) > 4 else 4]:
        # The shortest reciprocal vector along the normal that the centring allows.
        order = next(n for n in range(1, 7) if cell.allows([n * part for part in index]))
        length = order * np.linalg.norm(np.array(index) @ np.linalg.inv(listed.lattice.matrix).T)
        assert planar_cell_area(cell.atoms, index) == pytest.approx(primitive_volume * length)
        (slab, *_) = enumerate_slabs(cell.atoms, index, min_slab_size=4.0)
        assert slab.area == pytest.approx(primitive_volume * length, rel=1e-6)
        # Its vectors are lattice vectors in that plane: lengths and angle, twice the plane's where a centring is near.
        lengths = np.linalg.norm(coplanar(listed.lattice.matrix, index), axis=1)
        for vector in slab.atoms.cell.array[:2]:
            doubled = np.linalg.norm(vector) * np.array([1, 2, 3])
            assert any(np.isclose(lengths, value, atol=1e-4).any() for value in doubled)
