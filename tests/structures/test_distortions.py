from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgamics.structures.distortions import rattled, reversing_operations
from amalgamics.structures.library.electrolytes import get_electrolyte
from amalgamics.structures.slabs.slab import enumerate_slabs

LLTO = get_electrolyte("LLTO")


def test_operations_turn_the_normal_round_and_undo_themselves() -> None:
    operations = reversing_operations(LLTO, (0, 0, 1), symprec=0.3)
    # mmm: inversion, the mirror along the normal, and the two-fold axes in the plane
    assert len(operations) == 4
    for operation in operations:
        assert np.array_equal(np.array([0, 0, 1]) @ operation.rotation, [0, 0, -1])
        assert np.array_equal(operation.image[operation.image], np.arange(len(LLTO)))
        assert np.array_equal(LLTO.numbers[operation.image], LLTO.numbers)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), variant=st.integers(0, 3), size=st.floats(0.01, 0.08))
def test_the_kept_operation_is_exact(seed: int, variant: int, size: float) -> None:
    keep = reversing_operations(LLTO, (0, 0, 1), symprec=0.3)[variant]
    left = reversing_operations(rattled(LLTO, size, seed=seed, keep=keep), (0, 0, 1), symprec=1e-6)
    assert any(np.array_equal(operation.rotation, keep.rotation) for operation in left)


def test_one_operation_is_kept_and_the_others_are_not() -> None:
    keep = reversing_operations(LLTO, (0, 0, 1), symprec=0.3)[1]
    assert len(reversing_operations(rattled(LLTO, 0.05, keep=keep), (0, 0, 1))) == 1


def test_slabs_of_a_displaced_crystal_are_not_polar() -> None:
    for keep in reversing_operations(LLTO, (0, 0, 1), symprec=0.3):
        slabs = enumerate_slabs(rattled(LLTO, 0.05, keep=keep), (0, 0, 1), min_slab_size=11.0, symprec=0.3)
        assert slabs
        assert not any(slab.polar for slab in slabs)
    free = rattled(LLTO, 0.05, seed=3)
    assert not reversing_operations(free, (0, 0, 1))


@pytest.mark.parametrize("keep", [False, True])
def test_size_is_the_spread_of_a_displacement(keep: bool) -> None:
    copper = bulk("Cu", cubic=True).repeat(4)
    operation = reversing_operations(copper, (0, 0, 1))[0] if keep else None
    moved = rattled(copper, 0.05, seed=2, keep=operation).positions - copper.positions
    # An atom on a fixed place of the operation stays there.
    free = moved[np.abs(moved).max(axis=1) > 0] if keep else moved
    assert free.std() == pytest.approx(0.05, rel=0.15)
    assert len(free) > 0.7 * len(copper)


def test_seeds_differ_and_repeat() -> None:
    assert np.array_equal(rattled(LLTO, 0.05, seed=1).positions, rattled(LLTO, 0.05, seed=1).positions)
    assert not np.array_equal(rattled(LLTO, 0.05, seed=1).positions, rattled(LLTO, 0.05, seed=2).positions)


def test_a_polar_crystal_has_no_such_operation() -> None:
    wurtzite = bulk("ZnO", "wurtzite", a=3.25, c=5.2)
    assert reversing_operations(wurtzite, (0, 0, 1)) == []
    assert reversing_operations(wurtzite, (1, 0, 0))


def test_atoms_off_their_symmetric_places_are_put_there() -> None:
    rocksalt = bulk("LiF", "rocksalt", a=4.03, cubic=True)
    keep = reversing_operations(rocksalt, (0, 0, 1))[0]
    off = rocksalt.copy()
    off.positions[0] += 0.1
    mended = rattled(off, 0.0, keep=keep)
    assert reversing_operations(mended, (0, 0, 1), symprec=1e-6)


def test_another_electrolyte_and_a_single_atom() -> None:
    assert reversing_operations(get_electrolyte("Li3PS4-beta"), (1, 0, 0))
    lone = Atoms("Cu", cell=np.eye(3) * 3.0, pbc=True)
    assert len(reversing_operations(lone, (0, 0, 1))) > 1


def test_equivalent_operations_are_one() -> None:
    # of 4/mmm about the normal: inversion, mirror, and the two-fold axes along the edges and along the diagonals
    assert len(reversing_operations(bulk("Ni", cubic=True), (0, 0, 1))) == 4
    assert len(reversing_operations(bulk("Ni", cubic=True), (1, 1, 1))) == 2
