"""Structures that were different before the relaxation and are the same after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

# Two relaxations of one structure end this close; only such pairs are compared site by site.
_ENERGY_TOLERANCE = 0.003  # eV/atom
_VOLUME_TOLERANCE = 0.03
# Library phases come first: a prototype that relaxes into an observed phase is that phase.
_RANK = {"library": 0, "file": 1, "prototype": 2}


def find_twins(rows: Sequence[AtomsRow]) -> dict[int, int]:
    """Return the ids of rows whose relaxed structure is that of another row, with the id of the one to keep.

    Structures are the same when their compositions and space groups are equal, energies and volumes agree within the
    convergence of a relaxation, and pymatgen's ``StructureMatcher`` maps one onto the other at equal density.
    """
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.io.ase import AseAtomsAdaptor

    matcher = StructureMatcher(ltol=0.1, stol=0.15, angle_tol=4, scale=False)
    kept: list[AtomsRow] = []
    twins: dict[int, int] = {}
    for row in sorted(rows, key=lambda item: (_RANK.get(item.kind, 3), item.energy_per_atom, item.id)):
        for other in kept:
            if _alike(row, other) and matcher.fit(
                AseAtomsAdaptor.get_structure(row.toatoms()), AseAtomsAdaptor.get_structure(other.toatoms())
            ):
                twins[int(row.id)] = int(other.id)
                break
        else:
            kept.append(row)
    return twins


def _alike(row: AtomsRow, other: AtomsRow) -> bool:
    return (
        row.reduced_formula == other.reduced_formula
        and row.space_group_number == other.space_group_number
        and abs(row.energy_per_atom - other.energy_per_atom) < _ENERGY_TOLERANCE
        and abs(row.volume_per_atom / other.volume_per_atom - 1) < _VOLUME_TOLERANCE
    )
