"""Which phase of the library an imported crystal is, so that it stands beside what was measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...structures.library.phases import list_phases
from ..database.measures import find_symmetry, reduced_formula
from ..database.query import chemical_system

if TYPE_CHECKING:
    from ase import Atoms

    from ...structures.library.phases import Phase

_VOLUME_RATIO = 0.2
"""Relative difference of volumes up to which a functional may have another volume than was measured."""

_EDGES = 0.1
"""The same of edges and angles."""


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
    from pymatgen.io.ase import AseAtomsAdaptor

    bare = atoms.copy()
    bare.set_constraint()
    own, number = AseAtomsAdaptor.get_structure(bare), find_symmetry(bare).number
    matcher = StructureMatcher(ltol=0.1, stol=0.15, angle_tol=4, scale=True)
    for phase in same:
        if Composition(phase.formula or "").reduced_formula != formula or phase.space_group_number != number:
            continue
        listed = phase.structure()
        ratio = (own.volume / len(own)) / (listed.volume / len(listed))
        if abs(ratio - 1.0) <= _VOLUME_RATIO and matcher.fit(own, listed):
            return phase
    return None


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
