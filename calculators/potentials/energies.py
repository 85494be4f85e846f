"""Energies alone, of many structures at once: what it takes to tell which of them is lowest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase.calculators.mixing import SumCalculator

from .lean import LeanCalculator
from .names import get_calculator

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator


def potential_energies(structures: Sequence[Atoms], potential: str) -> np.ndarray:
    """Return the energies of structures, eV, shape (S,).

    Lean evaluators take them in batches and leave out forces, as dispersion does; other calculators take one after the
    other.

    Parameters
    ----------
    structures
        Left as they are; constraints do not matter.
    potential
        Its name; see :func:`~amalgamics.calculators.potentials.names.get_potential`.

    Raises
    ------
    InputError
        The potential is unknown or not available, or does not know an element.
    """
    calculator = get_calculator(potential)
    parts = calculator.mixer.calcs if type(calculator) is SumCalculator else [calculator]
    total = np.zeros(len(structures))
    for part in parts:
        total += part.energies(structures) if isinstance(part, LeanCalculator) else _one_by_one(structures, part)
    return total


def _one_by_one(structures: Sequence[Atoms], calculator: BaseCalculator) -> np.ndarray:
    found = []
    for atoms in structures:
        work = atoms.copy()
        work.set_constraint()
        work.calc = calculator
        found.append(float(work.get_potential_energy()))
    return np.array(found)
