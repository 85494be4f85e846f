"""Which phase of the library an imported crystal is, so that it stands beside what was measured of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...structures.library.phases import list_phases
from ..database.measures import find_symmetry, reduced_formula
from ..database.query import chemical_system

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow
    from pymatgen.core import Structure

    from ...structures.library.phases import Phase

_VOLUME_RATIO = 0.2
"""Relative difference of volumes up to which a functional may have another volume than was measured."""
_EDGES = 0.1
"""The same of edges and angles."""
_SAME_VOLUME = 3e-3
"""Relative difference of volumes up to which two cells may be of one calculated crystal."""
_SAME_EDGES = 1e-3
"""The same of edges, and of positions to the spacing of atoms."""


def library_phase(atoms: Atoms) -> Phase | None:
    """Return the phase of the library that a crystal is, or None.

    It has the composition and space group of the phase, and its atoms lie where they do in a cell of the same shape,
    up to its size.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from amalgamics.workflows.imports.recognition import library_phase
    >>> library_phase(bulk("Cu", a=3.7)).key
    'Cu_fcc'
    >>> library_phase(bulk("Cu", "bcc", a=2.9)) is None
    True
    """
    formula = reduced_formula(atoms)
    symbols = set(atoms.get_chemical_symbols())
    same = [phase for phase in list_phases(chemical_system(symbols), buildable=True) if set(phase.elements) == symbols]
    if not same:
        return None
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.core import Composition

    own, number = _structure(atoms), find_symmetry(atoms).number
    matcher = StructureMatcher(ltol=0.1, stol=0.15, angle_tol=4, scale=True)
    for phase in same:
        if Composition(phase.formula or "").reduced_formula != formula or phase.space_group_number != number:
            continue
        listed = phase.structure()
        ratio = (own.volume / len(own)) / (listed.volume / len(listed))
        if abs(ratio - 1.0) <= _VOLUME_RATIO and matcher.fit(own, listed):
            return phase
    return None


class KnownCrystals:
    """The crystals of a label, to find one again in another cell: a supercell, a primitive cell, another setting.

    Parameters
    ----------
    rows
        Of crystals.
    """

    def __init__(self, rows: Iterable[AtomsRow] = ()) -> None:
        self._of_formula: dict[str, list[_Known]] = {}
        for row in rows:
            known = _Known(str(row.fingerprint), float(row.volume_per_atom), int(row.space_group_number), row.toatoms)
            self._of_formula.setdefault(str(row.reduced_formula), []).append(known)

    def add(self, key: str, atoms: Atoms) -> None:
        """Add a crystal under its key."""
        volume = float(atoms.get_volume() / len(atoms))
        known = _Known(key, volume, find_symmetry(atoms).number, atoms.copy)
        self._of_formula.setdefault(reduced_formula(atoms), []).append(known)

    def find(self, atoms: Atoms) -> str | None:
        """Return the key of the crystal that this is in another cell; None where there is none.

        Cell and positions agree to a thousandth: the same crystal stretched, or relaxed otherwise, is another
        calculation.
        """
        volume = float(atoms.get_volume() / len(atoms))
        near = [
            one
            for one in self._of_formula.get(reduced_formula(atoms), [])
            if abs(one.volume_per_atom / volume - 1.0) < _SAME_VOLUME
        ]
        number = find_symmetry(atoms).number if near else 0
        near = [one for one in near if one.space_group_number == number]
        if not near:
            return None
        from pymatgen.analysis.structure_matcher import StructureMatcher

        matcher = StructureMatcher(ltol=_SAME_EDGES, stol=_SAME_EDGES, angle_tol=0.1, scale=False)
        own = _structure(atoms)
        return next((one.key for one in near if matcher.fit(own, _structure(one.atoms()))), None)


class _Known(NamedTuple):
    key: str
    volume_per_atom: float
    space_group_number: int
    atoms: Callable[[], Atoms]


def _structure(atoms: Atoms) -> Structure:
    from pymatgen.io.ase import AseAtomsAdaptor

    bare = atoms.copy()
    bare.calc = None
    bare.set_constraint()
    return AseAtomsAdaptor.get_structure(bare)


def known_of(phase: Phase, atoms: Atoms) -> dict[str, Any]:
    """Return what the library knows of a phase, for the candidate of a crystal that is one.

    The measured cell only if that of the crystal has its axes: in another setting edges would be compared crosswise.
    """
    computed, measured = np.array(find_symmetry(atoms).lattice), phase.lattice
    same = measured is not None and bool((np.abs(computed - np.array(measured)) <= _EDGES * np.array(measured)).all())
    return {
        "kind": "library",
        "prototype": phase.prototype or "",
        "space_group": phase.space_group_symbol or "",
        "measured_volume_per_atom": phase.measured_volume_per_atom,
        "measured_lattice": measured if same else None,
    }
