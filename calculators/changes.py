"""What of a structure changed since a calculator computed it, told in a fraction of the time that ASE takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.calculators.calculator import all_changes

if TYPE_CHECKING:
    from ase import Atoms

_OF_ATOMS = ("initial_charges", "initial_magmoms")


class ComparesExactly:
    """Mixed into an ASE calculator that is asked several times a step whether it knows the structure already.

    ASE compares every array within the rounding of its numbers, which for a hundred atoms takes a good part of a
    millisecond each time; here they are equal or not.
    """

    atoms: Atoms | None

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:  # noqa: ARG002 - the ASE signature
        """Return what differs from the structure that was computed last, in ASE's names; all where there is none."""
        known = self.atoms
        if known is None:
            return list(all_changes)
        if len(known) != len(atoms):
            return list(all_changes)
        changes = [key for key in ("positions", "numbers") if not np.array_equal(known.arrays[key], atoms.arrays[key])]
        changes += [] if np.array_equal(known.cell.array, atoms.cell.array) else ["cell"]
        changes += [] if np.array_equal(known.pbc, atoms.pbc) else ["pbc"]
        return changes + [key for key in _OF_ATOMS if not _same(known, atoms, key)]


def _same(one: Atoms, other: Atoms, key: str) -> bool:
    """Return whether both have the same charges or moments; none are zeros."""
    first, second = one.arrays.get(key), other.arrays.get(key)
    if first is None and second is None:
        return True
    if first is not None and second is not None:
        return bool(np.array_equal(first, second))
    return not (first if first is not None else second).any()  # type: ignore[union-attr]  # one of them is there
