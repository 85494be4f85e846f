"""Which part of an interface cell an atom belongs to, kept in ASE's tags so that files and databases carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

SOLID = 0
LIQUID = 1  # the film on the solid, also where it is a crystal
SOLUTE = 2
ADLAYER = -1  # what the face of the solid carries, such as hydroxyl; negative, for ASE's builders number layers from 1


def is_solid(tags: np.ndarray) -> np.ndarray:
    """Return which atoms belong to the solid, its adlayer among them, in the shape of ``tags``."""
    return np.asarray((tags == SOLID) | (tags == ADLAYER))


def film_mask(atoms: Atoms) -> np.ndarray:
    """Return which atoms are the film, a solute among them; shape (n,)."""
    return ~is_solid(atoms.get_tags())
