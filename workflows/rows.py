"""What rows of the structure database hold, beyond their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow


def atoms_of(row: AtomsRow) -> Atoms:
    """Return the structure of a row with its tags and constraints, without its calculator."""
    atoms: Any = row.toatoms()
    atoms.calc = None
    return atoms


def area_of(row: AtomsRow) -> float:
    """Return the area of the cell's base, Å²."""
    return float(np.linalg.norm(np.cross(row.cell[0], row.cell[1])))


def miller_text(miller_index: tuple[int, int, int]) -> str:
    """Return ``001`` for (0, 0, 1) and ``1.-1.0`` where an index has a sign or two digits."""
    separator = "" if all(0 <= index < 10 for index in miller_index) else "."
    return separator.join(map(str, miller_index))


def parse_miller(text: str) -> tuple[int, int, int]:
    """Return the plane of ``(001)`` or ``(1.-1.0)``."""
    inner = text.strip("()")
    first, second, third = inner.split(".") if "." in inner else list(inner)
    return int(first), int(second), int(third)
