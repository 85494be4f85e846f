"""How far atoms and lattice vectors may be from their symmetry: as far as rounding and relaxing leave them.

A tolerance is a length, which spglib takes for atoms and lattice vectors alike. In a small cell that would be a large
part of an edge, so it is narrowed until no length changes noticeably.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .crystal_sites import Sites, find_dataset, sites_of, strain

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

SYMPREC = 0.02
"""Å within which atoms and lattice vectors of a crystal as given are equivalent: files round what they hold."""
RELAXED_SYMPREC = 0.05
"""Å, the same of a relaxed crystal: forces of 0.02 eV/Å leave atoms this far from their sites."""
LARGEST_STRAIN = 1e-3
"""Relative; rounding and relaxations leave lengths no farther from their symmetry: what is more is a distortion."""
LEAST_SYMPREC = 1e-4
"""Å; below it, the rounding of coordinates decides."""


def given_symprec(crystal: Atoms | Structure) -> float:
    """Return the tolerance for the symmetry of a crystal as given, Å: 0.02, or less where that strains its lattice.

    It is the widest that changes no length by more than 0.1 %, in whatever direction, and so no angle by more than
    0.11°.

    Examples
    --------
    >>> from ase import Atoms
    >>> for b in (3.003, 3.009):
    ...     given_symprec(Atoms("Cu", cell=[3.0, b, 3.4], pbc=True))
    0.02
    0.0083
    """
    return _widest_symprec(sites_of(crystal), SYMPREC)


def relaxed_symprec(crystal: Atoms | Structure) -> float:
    """Return the tolerance for the symmetry of a relaxed crystal, Å: 0.05, or less where that strains its lattice.

    Atoms may be that far off their sites, but lengths of the lattice by 0.1 % at most: a = 5.68 and b = 5.71 Å,
    0.5 % apart, are two lengths.

    Examples
    --------
    >>> from ase import Atoms
    >>> for b in (5.682, 5.71):
    ...     relaxed_symprec(Atoms("Cu", cell=[5.68, b, 8.7], pbc=True))
    0.05
    0.029
    """
    return _widest_symprec(sites_of(crystal), RELAXED_SYMPREC)


def _widest_symprec(sites: Sites, largest: float) -> float:
    """The widest tolerance that strains the lattice by no more than a relaxation does; atoms need all they can get."""
    symprec = largest
    while symprec > LEAST_SYMPREC:
        dataset = find_dataset(sites.spglib, symprec)
        if dataset is not None:
            ideal = np.asarray(dataset.transformation_matrix).T @ np.asarray(dataset.std_lattice)
            if strain(sites.lattice, ideal) <= LARGEST_STRAIN:
                return symprec
        symprec = float(f"{symprec / 1.2:.2g}")
    return largest if find_dataset(sites.spglib, LEAST_SYMPREC) is None else LEAST_SYMPREC
