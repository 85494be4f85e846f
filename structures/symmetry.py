"""The symmetry of a crystal: its conventional cell in one setting, its primitive cell, and which planes are alike.

Every lattice constant, Miller index and slab of the package refers to the cell that :func:`conventional_cell` returns:
the cell as it was given where that is a conventional one of the space group, else the standard one of the International
Tables. Tolerances are lengths, and that of angles follows from them: a cell of 88° is no cube. Unless a tolerance is
given, it is as wide as rounded coordinates or a relaxation need, and never so wide that a length changes by 0.1 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import InputError
from .crystal_sites import (
    Sites,
    find_dataset,
    largest_shift,
    repeated_sites,
    sites_of,
    spglib_cell,
    standard_sites,
    strain,
    symmetrised_sites,
)
from .space_group_settings import (
    centring_vectors,
    has_rhombohedral_lattice,
    is_conventional,
    laue_rotations,
    symbol_in_axes,
)
from .symmetry_tolerances import SYMPREC, given_symprec

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray
    from pymatgen.core import Structure

MillerIndex = tuple[int, int, int]
Axes = Literal["given", "standard"]

NOTICEABLE_SHIFT = 1e-3
"""Å that the farthest atom moves, from which on symmetrising is worth a word."""
NOTICEABLE_STRAIN = 1e-4
"""Relative change of a length in the lattice, from which on symmetrising is worth a word."""


@dataclass(frozen=True, eq=False)
class ConventionalCell:
    """A crystal in the cell to whose axes its Miller indices and lattice constants refer.

    Attributes
    ----------
    lattice
        Vectors as rows, Å, shape (3, 3).
    scaled_positions
        Shape (n, 3).
    species
        What sits on each of the n sites: atomic numbers, or what a pymatgen Structure had there.
    transformation
        Matrix (3, 3) that takes the vectors of the crystal given (rows) to those of this cell, before any idealisation:
        ``transformation @ given``.
    axes
        ``given`` where the axes are those of the crystal given (or of the cell that it was asked in), ``standard``
        where they are those of the standard setting of the International Tables, as spglib chooses them.
    space_group_number
        1 to 230.
    space_group
        Hermann-Mauguin symbol in these axes, e.g. ``Pbnm``; that of the standard setting where no tabulated setting
        has them.
    tabulated
        Whether ``space_group`` is the symbol in these very axes.
    rotations
        Laue group: the rotations of the crystal and of its inverse in these axes, shape (n, 3, 3), acting on scaled
        positions (columns).
    centring
        Lattice translations within the cell, shape (n, 3), the zero first.
    symprec
        Tolerance, Å.
    largest_shift
        How far symmetrising moves the farthest atom of the crystal given, Å, also of those that the cell has no more.
    lattice_change
        Largest relative change of a length in the lattice by symmetrising.
    idealised
        Whether the cell here is the symmetrised one.
    ideal
        The sites of this cell on their symmetry.
    """

    lattice: NDArray[np.float64]
    scaled_positions: NDArray[np.float64]
    species: tuple[Any, ...] = field(repr=False)
    transformation: NDArray[np.float64]
    axes: Axes
    space_group_number: int
    space_group: str
    tabulated: bool
    rotations: NDArray[np.int_] = field(repr=False)
    centring: NDArray[np.float64]
    symprec: float
    largest_shift: float
    lattice_change: float
    idealised: bool
    ideal: Sites = field(repr=False)

    @cached_property
    def atoms(self) -> Atoms:
        """The cell as ASE Atoms; of a crystal that was given as such."""
        from ase import Atoms

        return Atoms(list(self.species), cell=self.lattice, scaled_positions=self.scaled_positions, pbc=True)

    @cached_property
    def structure(self) -> Structure:
        """The cell as a pymatgen Structure."""
        from pymatgen.core import Structure

        return Structure(self.lattice, list(self.species), self.scaled_positions)

    @property
    def rhombohedral(self) -> bool:
        """Whether these are the rhombohedral axes of a rhombohedral lattice."""
        return has_rhombohedral_lattice(self.space_group_number) and len(self.centring) == 1

    @property
    def description(self) -> str:
        """Which axes these are, e.g. ``Pbnm, axes as given`` or ``R-3m, hexagonal axes, ITA standard setting``."""
        parts = [self.space_group if self.tabulated else f"{self.space_group} in axes of no tabulated setting"]
        if has_rhombohedral_lattice(self.space_group_number):
            parts.append("rhombohedral axes" if self.rhombohedral else "hexagonal axes")
        parts.append("as given" if self.axes == "given" else "ITA standard setting")
        return ", ".join(parts)

    @property
    def note(self) -> str:
        """What symmetrising changes (or would change), where that is noticeable; else empty."""
        if self.largest_shift < NOTICEABLE_SHIFT and self.lattice_change < NOTICEABLE_STRAIN:
            return ""
        verb = "symmetrised" if self.idealised else "taken as symmetric"
        return (
            f"{verb} to {self.space_group} within symprec {self.symprec:g} Å: largest shift"
            f" {self.largest_shift:.3f} Å, largest change of the lattice {100 * self.lattice_change:.2f} %"
        )

    def symmetrised(self) -> ConventionalCell:
        """Return the same cell with lattice and atoms on their symmetry."""
        return replace(self, lattice=self.ideal.lattice, scaled_positions=self.ideal.scaled, idealised=True)

    def allows(self, miller_index: Sequence[int]) -> bool:
        """Return whether the centring of the lattice lets this reflection exist."""
        phases = self.centring @ np.asarray(miller_index)
        return bool(np.allclose(phases, np.round(phases), atol=1e-3))

    def representative(self, miller_index: Sequence[int]) -> MillerIndex:
        """Return the customary index among those that the Laue group makes equivalent."""
        return representative(equivalents(miller_index, self.rotations), self.space_group_number)


def conventional_cell(
    crystal: Atoms | Structure,
    *,
    symprec: float | None = None,
    axes: Axes | ArrayLike = "given",
    idealise: bool = False,
) -> ConventionalCell:
    """Return the conventional cell of a crystal.

    Parameters
    ----------
    crystal
        Periodic, in any cell; a Structure may have partial occupancies.
    symprec
        Å within which atoms and lattice vectors are taken as equivalent; the tolerance of angles follows from it. None
        is 0.02, or less where that would change a length by more than 0.1 % (or an angle by 0.11°); for a relaxed
        crystal, `relaxed_symprec` tells it.
    axes
        ``given`` keeps the axes of ``crystal`` where they are conventional ones of its space group in any of the
        settings of the International Tables, rhombohedral axes and Pbnm or P2_1/n included; a primitive cell of a
        centred lattice, a supercell or a reverse setting becomes the standard one. ``standard`` is always the standard
        setting (unique axis b, cell choice 1; hexagonal axes, obverse). A matrix of whole numbers makes a cell
        ``matrix @ cell`` first, and that is kept like one that is given.
    idealise
        Put lattice and atoms on their symmetry; otherwise they stay where they are, and only the axes are chosen.

    Raises
    ------
    InputError
        Atoms lie on top of each other, so that no symmetry is found.

    Examples
    --------
    >>> from ase.build import bulk
    >>> cell = conventional_cell(bulk("Cu", "fcc", a=3.6))
    >>> cell.description, len(cell.atoms)
    ('Fm-3m, ITA standard setting', 4)
    >>> cell.representative((0, -1, 2))
    (2, 1, 0)
    """
    given = sites_of(crystal)
    if symprec is None:
        symprec = given_symprec(crystal)
    dataset = find_dataset(given.spglib, symprec)
    if dataset is None:
        raise InputError(f"{_name(crystal)}: no symmetry found within symprec {symprec:g} Å; do atoms overlap?")
    number, hall = int(dataset.number), int(dataset.hall_number)
    matrix = None if isinstance(axes, str) and axes == "standard" else _whole_matrix(axes)
    to_standard = np.eye(3) if matrix is None else dataset.transformation_matrix @ matrix.T
    if matrix is not None and not is_conventional(number, hall, to_standard):
        matrix, to_standard = None, np.eye(3)
    made = standard_sites(given, symprec) if matrix is None else repeated_sites(given, matrix)
    ideal = symmetrised_sites(made, dataset, to_standard)
    symbol, tabulated = symbol_in_axes(number, hall, to_standard)
    found = ConventionalCell(
        lattice=made.lattice,
        scaled_positions=made.scaled,
        species=made.species,
        transformation=made.lattice @ np.linalg.inv(given.lattice),
        axes="standard" if matrix is None else "given",
        space_group_number=number,
        space_group=symbol,
        tabulated=tabulated,
        rotations=laue_rotations(hall, to_standard),
        centring=centring_vectors(hall, to_standard),
        symprec=symprec,
        largest_shift=largest_shift(given, dataset),
        lattice_change=strain(made.lattice, ideal.lattice),
        idealised=False,
        ideal=ideal,
    )
    return found.symmetrised() if idealise else found


def primitive_cell(crystal: Atoms, symprec: float = SYMPREC) -> Atoms:
    """Return a primitive cell in the orientation of the crystal; positions are not idealised.

    The crystal as it is where spglib finds no symmetry.
    """
    import spglib
    from ase import Atoms

    try:
        found = spglib.standardize_cell(spglib_cell(crystal), to_primitive=True, no_idealize=True, symprec=symprec)
    except Exception:  # by version, spglib raises errors of its own or returns None
        found = None
    if found is None:
        made: Atoms = crystal.copy()
        return made
    cell, scaled, numbers = found
    return Atoms(numbers, cell=cell, scaled_positions=scaled, pbc=True)


def idealised_cells(crystal: Atoms, symprec: float) -> tuple[list[Atoms], str]:
    """Return the primitive and the conventional cell in the standard setting, on their symmetry, and its symbol.

    Raises
    ------
    InputError
        Atoms lie on top of each other, so that no symmetry is found.
    """
    import spglib
    from ase import Atoms

    dataset = find_dataset(spglib_cell(crystal), symprec)
    if dataset is None:
        raise InputError(f"{crystal.symbols}: no symmetry found within symprec {symprec:g} Å; do atoms overlap?")
    cells = []
    for to_primitive in (True, False):
        lattice, scaled, numbers = spglib.standardize_cell(
            spglib_cell(crystal), to_primitive=to_primitive, symprec=symprec
        )
        cells.append(Atoms(numbers, cell=lattice, scaled_positions=scaled, pbc=True))
    return cells, str(dataset.international)


def primitive_structure(structure: Structure, symprec: float = SYMPREC) -> Structure:
    """Return the primitive cell of a structure, as pymatgen reduces it; as it is where it is primitive.

    pymatgen's own tolerance of 0.25 Å takes atoms that a distortion moves apart for the same.
    """
    return structure.get_primitive_structure(tolerance=symprec)


def laue_group(crystal: Atoms, symprec: float | None = None) -> NDArray[np.int_]:
    """Return the rotations of a crystal and of its inverse in the axes of its cell, shape (n, 3, 3).

    ``symprec`` is in Å; None is that of `given_symprec`.
    """
    dataset = find_dataset(spglib_cell(crystal), given_symprec(crystal) if symprec is None else symprec)
    turns = np.eye(3, dtype=int)[None] if dataset is None else np.asarray(dataset.rotations)
    found: NDArray[np.int_] = np.unique(np.concatenate([turns, -turns]), axis=0)
    return found


def equivalents(miller_index: Sequence[int], rotations: Iterable[NDArray[np.int_]]) -> set[MillerIndex]:
    """Return all Miller indices into which rotations, acting on positions (columns), turn one."""
    images = np.asarray(miller_index, dtype=int) @ np.asarray(list(rotations), dtype=int)
    return {(int(h), int(k), int(i)) for h, k, i in images}


def equivalent_planes(
    crystal: Atoms, first: Sequence[int], second: Sequence[int], *, symprec: float | None = None
) -> bool:
    """Return whether the symmetry of a crystal turns one plane into another, or into its opposite face.

    Parameters
    ----------
    crystal
        Any cell; the indices are in its axes.
    first, second
        Miller indices; common divisors do not matter.
    symprec
        Å within which atoms are symmetry equivalent; None is that of `given_symprec`.

    Examples
    --------
    >>> from ase.build import bulk
    >>> copper = bulk("Cu", "fcc", a=3.6, cubic=True)
    >>> equivalent_planes(copper, (0, 0, 1), (-1, 0, 0)), equivalent_planes(copper, (1, 1, 1), (1, 1, 0))
    (True, False)
    """
    return reduced_index(second) in equivalents(reduced_index(first), laue_group(crystal, symprec))


def reduced_index(miller_index: Sequence[int]) -> MillerIndex:
    """Return a Miller index without common divisor."""
    h, k, i = (int(part) for part in miller_index)
    divisor = math.gcd(h, k, i) or 1
    return h // divisor, k // divisor, i // divisor


def representative(members: Iterable[MillerIndex], space_group_number: int) -> MillerIndex:
    """Return the customary one of equivalent indices: few minus signs, then the largest first; ``-111`` if monoclinic.

    Parameters
    ----------
    members
        Indices that are equivalent, opposite faces included.
    space_group_number
        1 to 230.

    Examples
    --------
    >>> representative([(0, 1, 2), (-1, 0, 2), (1, -1, 2), (0, -1, -2), (1, 0, -2), (-1, 1, -2)], 166)
    (0, 1, 2)
    """
    monoclinic = 3 <= space_group_number <= 15

    def rank(index: MillerIndex) -> tuple[Any, ...]:
        signs = tuple(part < 0 for part in index)
        # One sign of a monoclinic index may stand in two places: -111, not 11-1.
        place = tuple(not sign for sign in signs) if monoclinic else ()
        return (sum(signs), place, tuple(-part for part in index))

    return min(members, key=rank)


def _name(crystal: Atoms | Structure) -> str:
    return str(crystal.symbols) if hasattr(crystal, "symbols") else str(crystal.composition.reduced_formula)


def _whole_matrix(axes: Any) -> NDArray[np.int_]:
    if isinstance(axes, str):
        if axes != "given":
            raise InputError(f"axes: {axes!r} is not allowed; it must be 'given', 'standard' or a matrix")
        return np.eye(3, dtype=int)
    matrix = np.asarray(axes, dtype=float)
    if matrix.shape != (3, 3) or not np.allclose(matrix, np.round(matrix)) or abs(np.linalg.det(matrix)) < 0.5:
        raise InputError(f"axes: {axes!r} is not allowed; it must be a matrix of 3 by 3 whole numbers, not singular")
    return np.round(matrix).astype(int)
