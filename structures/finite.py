"""Whether a structure is made of numbers at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms


def is_finite(atoms: Atoms) -> bool:
    """Return whether all positions and cell vectors are finite numbers.

    Examples
    --------
    >>> from ase import Atoms
    >>> from amalgamics.structures.finite import is_finite
    >>> is_finite(Atoms("Hg")), is_finite(Atoms("Hg", cell=[3, 3, float("inf")]))
    (True, False)
    """
    return bool(np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all())
