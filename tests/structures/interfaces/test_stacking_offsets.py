"""Where a film settles on a substrate: hollows of close-packed and square layers."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from amalgamics.structures.interfaces.coherent import CoherentInterface, coherent_interfaces
from amalgamics.structures.interfaces.stacking_offsets import registries
from amalgamics.structures.tags import LIQUID, SOLID

A = 4.08
GOLD = bulk("Au", a=A, cubic=True)


def joined(miller: tuple[int, int, int], film: float = A) -> CoherentInterface:
    return coherent_interfaces(bulk("Au", a=film, cubic=True), GOLD, miller, miller, max_area=40.0)[0]


def gap(atoms) -> float:
    z, tags = atoms.positions[:, 2], atoms.get_tags()
    return z[tags == LIQUID].min() - z[tags == SOLID].max()


@pytest.mark.parametrize(
    ("miller", "spacing", "count"), [((1, 1, 1), A / 3**0.5, 2), ((1, 0, 0), A / 2, 1), ((1, 1, 0), A / 8**0.5, 1)]
)
def test_a_crystal_settles_on_itself_as_its_own_next_layer(miller, spacing, count) -> None:
    found = registries(joined(miller), 5)
    assert len(found) == count
    for atoms in found:
        assert gap(atoms) == pytest.approx(spacing, abs=1e-6)


@pytest.mark.parametrize("miller", [(1, 1, 1), (1, 0, 0), (1, 1, 0)])
def test_no_atom_inside_has_lost_a_neighbour(miller) -> None:
    for atoms in registries(joined(miller), 2):
        repeated = atoms.repeat((3, 3, 1))
        distances = repeated.get_all_distances(mic=True)
        neighbours = ((distances > 0.1) & (distances < A / 2**0.5 + 0.1)).sum(axis=1)
        z = repeated.positions[:, 2]
        assert (neighbours[(z > 4) & (z < z.max() - 4)] == 12).all()


def test_the_start_does_not_matter() -> None:
    interface = joined((1, 1, 1), film=1.01 * A)
    moved = interface.atoms.copy()
    film = moved.get_tags() == LIQUID
    moved.positions[film] += [0.7, 0.4, 1.3]
    again = CoherentInterface(**{**vars(interface), "atoms": moved})
    gaps = [gap(atoms) for atoms in registries(interface, 3)]
    assert [gap(atoms) for atoms in registries(again, 3)] == pytest.approx(gaps, abs=1e-6)


def test_cell_vacuum_and_count_are_kept() -> None:
    interface = joined((1, 1, 1))
    only = registries(interface, 1)
    assert len(only) == 1
    top = only[0].cell[2, 2] - np.ptp(only[0].positions[:, 2])
    assert top == pytest.approx(interface.atoms.cell[2, 2] - np.ptp(interface.atoms.positions[:, 2]), abs=1e-6)
    np.testing.assert_allclose(only[0].cell[:2], interface.atoms.cell[:2])
    assert only[0].get_tags().tolist() == interface.atoms.get_tags().tolist()
