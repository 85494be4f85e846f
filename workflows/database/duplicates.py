"""Structures that were different before the relaxation and are the same after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

# Two relaxations of one structure end this close; only such pairs are compared site by site.
_ENERGY_TOLERANCE = 0.003  # eV/atom
_VOLUME_TOLERANCE = 0.03
# Library phases come first: a prototype that relaxes into an observed phase is that phase.
_RANK = {"library": 0, "file": 1, "prototype": 2}


def find_twins(rows: Sequence[AtomsRow], known: dict[tuple[int, int], bool] | None = None) -> dict[int, int]:
    """Return the ids of rows whose relaxed structure is that of another row, with the id of the one to keep.

    Structures are the same when their compositions and space groups are equal, energies and volumes agree within the
    convergence of a relaxation, and pymatgen's ``StructureMatcher`` maps one onto the other at equal density.

    Parameters
    ----------
    rows
        Relaxed crystals.
    known
        Whether two rows, by their ids, have one structure; added to. Elements are on the hulls of many systems.
    """
    match = _Matcher({} if known is None else known)
    kept: dict[tuple[str, int], list[AtomsRow]] = {}
    twins: dict[int, int] = {}
    for row in sorted(rows, key=lambda item: (_RANK.get(item.kind, 3), item.energy_per_atom, item.id)):
        rivals = kept.setdefault((row.reduced_formula, row.space_group_number), [])
        twin = next((other for other in rivals if _alike(row, other) and match(row, other)), None)
        if twin is None:
            rivals.append(row)
        else:
            twins[int(row.id)] = int(twin.id)
    return twins


class _Matcher:
    """Whether two rows have one structure; each is prepared once, and pymatgen imported when there is a pair."""

    def __init__(self, known: dict[tuple[int, int], bool]) -> None:
        self._known = known
        self._structures: dict[int, Any] = {}
        self._matcher: Any = None

    def __call__(self, row: AtomsRow, other: AtomsRow) -> bool:
        pair = int(row.id), int(other.id)
        if pair not in self._known:
            self._known[pair] = _identical(row, other) or self._fit(row, other)
        return self._known[pair]

    def _fit(self, row: AtomsRow, other: AtomsRow) -> bool:
        if self._matcher is None:
            from pymatgen.analysis.structure_matcher import StructureMatcher

            self._matcher = StructureMatcher(ltol=0.1, stol=0.15, angle_tol=4, scale=False)
        return bool(self._matcher.fit(self._structure(row), self._structure(other)))

    def _structure(self, row: AtomsRow) -> Any:
        from ase import Atoms
        from pymatgen.io.ase import AseAtomsAdaptor

        if row.id not in self._structures:
            bare = Atoms(row.numbers, row.positions, cell=row.cell, pbc=row.pbc)
            self._structures[row.id] = AseAtomsAdaptor.get_structure(bare)
        return self._structures[row.id]


def _identical(row: AtomsRow, other: AtomsRow) -> bool:
    """Return whether two rows hold the same atoms at the same places, as a structure that was stored twice."""
    pairs = ((row.numbers, other.numbers), (row.cell, other.cell), (row.positions, other.positions))
    return all(np.array_equal(a, b) for a, b in pairs)


def _alike(row: AtomsRow, other: AtomsRow) -> bool:
    """Return whether two structures of one composition and space group may be the same."""
    return bool(
        abs(row.energy_per_atom - other.energy_per_atom) < _ENERGY_TOLERANCE
        and abs(row.volume_per_atom / other.volume_per_atom - 1) < _VOLUME_TOLERANCE
    )
