"""Single atoms in a large empty cell: what cohesive energies refer to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...calculators.potentials.imported import is_imported
from ...calculators.potentials.names import get_potential
from ...calculators.relaxation.relax import RelaxationSettings
from ...errors import InputError
from ..database.calculations import Calculations
from ..database.candidates import Candidate

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..database.structure_database import StructureDatabase

STUDY = "free-atoms"
_BOX = 20.0
"""Å between an atom and its images: beyond the cutoff of every potential, and too far for dispersion to matter."""


def free_atom(symbol: str) -> Candidate:
    """Return a single atom as a structure to compute."""
    from ase import Atoms

    atoms = Atoms(symbol, positions=[[_BOX / 2] * 3], cell=[_BOX] * 3, pbc=True)
    labels = {"study": STUDY, "role": "atom"}
    return Candidate(f"{symbol} atom", "atom", atoms, f"one atom in a cell of {_BOX:g} Å", labels=labels)


def compute_free_atoms(database: StructureDatabase, potential: str, symbols: Iterable[str]) -> list[AtomsRow]:
    """Return the rows of the free atoms that the potential covers; those that are missing are computed and stored.

    Of energies that were imported there are none: nothing can be computed with them.
    """
    if is_imported(potential):
        return []
    covered = get_potential(potential)
    calculations = Calculations(database, potential, RelaxationSettings())
    rows = []
    for symbol in symbols:
        try:
            covered.check_elements([symbol])
        except InputError:
            continue
        rows.append(calculations.single_point(free_atom(symbol)))
    return rows


def free_atom_energies(database: StructureDatabase, potential: str, identity: str) -> dict[str, float]:
    """Return the stored energies of free atoms, eV, by element."""
    terms = f"study={STUDY},potential={potential},potential_identity={identity}"
    return {str(row.symbols[0]): float(row.energy) for row in database.select(terms)}
