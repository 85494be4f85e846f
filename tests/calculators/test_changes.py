"""What changed of a structure is what ASE says that changed."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes, compare_atoms
from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.changes import ComparesExactly


class Known(ComparesExactly, Calculator):
    """Knows a structure."""

    def __init__(self, atoms: Atoms | None) -> None:
        super().__init__()
        self.atoms = atoms


def structure() -> Atoms:
    return Atoms("LiHg", positions=[[0, 0, 0], [1.6, 1.6, 1.6]], cell=[3.2] * 3, pbc=True)


def move(atoms: Atoms) -> None:
    atoms.positions[1, 2] += 1e-9


CHANGES = {
    "positions": move,
    "numbers": lambda atoms: atoms.set_atomic_numbers([3, 79]),
    "cell": lambda atoms: atoms.set_cell([3.2, 3.2, 3.3]),
    "pbc": lambda atoms: atoms.set_pbc([True, True, False]),
    "initial_charges": lambda atoms: atoms.set_initial_charges([0.1, 0.0]),
    "initial_magmoms": lambda atoms: atoms.set_initial_magnetic_moments([0.0, 1.0]),
}


@given(st.sets(st.sampled_from(sorted(CHANGES))), st.booleans())
def test_changes_are_those_that_ase_finds(names, other_way):
    before, after = structure(), structure()
    for name in names:
        CHANGES[name](after)
    if other_way:
        before, after = after, before
    assert set(Known(before).check_state(after)) == set(compare_atoms(before, after)) == names


def test_zeros_are_no_charges_and_tags_do_not_matter():
    after = structure()
    after.set_initial_charges([0.0, 0.0])
    after.set_tags([1, 2])
    after.info["name"] = "other"
    assert Known(structure()).check_state(after) == []


@pytest.mark.parametrize("known", [None, structure().repeat((1, 1, 2))])
def test_nothing_or_another_number_of_atoms_is_all_new(known):
    assert Known(known).check_state(structure()) == all_changes


def test_the_smallest_step_counts():
    after = structure()
    after.positions[1, 0] = np.nextafter(after.positions[1, 0], 9)
    assert Known(structure()).check_state(after) == ["positions"]
