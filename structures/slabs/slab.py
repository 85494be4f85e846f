"""Slabs of any crystal by Miller index: every distinct termination, with its excess and polarity."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import number, whole_number
from ...errors import InputError, unknown_name
from ..compositions import parse_formula
from ..oxidation_states import oxidation_states
from ..symmetry_tolerances import SYMPREC
from ..tags import SOLID
from .buckled_layers import open_buckled_layers
from .excess_atoms import cut_counts, excess_over_bulk, excess_reference
from .planar_cells import smallest_supercell
from .planar_frame import planar_area, rotation_to_x
from .stacking import Stacking, check_miller_index, stack_crystal
from .terminations import (
    Cutting,
    Preference,
    Termination,
    cuttings,
    find_terminations,
    formula_order,
    reduced_formula,
)

if TYPE_CHECKING:
    from ase import Atoms

# Above these a dipole or charge grows with the slab; the rumpling of neutral layers stays below.
POLAR_DIPOLE = 0.01  # e/Å^2: dipole per area and thickness
POLAR_CHARGE = 1e-3  # e/Å^2


class TerminationError(InputError):
    """A termination that the plane does not have."""


@dataclass(frozen=True, eq=False)
class Slab:
    """A slab with vacuum on top.

    Attributes
    ----------
    atoms
        Tagged ``SOLID``, in an upright cell: a along x, b in the xy plane, c along z; the lowest atom is at z = 0.
    formula
        Reduced formula of the crystal.
    miller_index
        In the cell of the crystal as given; its normal is +z.
    termination, bottom_termination
        Labels of the upper and lower face: reduced composition of the outermost layer, made unique by ``-2``.
    area
        Of one face, Å^2.
    thickness
        Distance between the two cuts, which lie in the middle of gaps between layers, Å.
    symmetric
        Whether a symmetry operation of the crystal turns the upper face into the lower one.
    stoichiometric
        Whether the atoms have the proportions of the crystal.
    excess
        Atoms of each element beyond these proportions, both faces together; empty when stoichiometric.
    reference
        Element of which there is none in excess by convention, as ``OpenSurface`` takes it; the same for all
        terminations of a plane.
    polar
        Whether formal charges leave a net charge, or a dipole that grows with thickness; None without formal charges.
    dipole_per_area
        Of the formal charges about the middle of the slab, e/Å, positive when the upper face is; None without formal
        charges.
    n_layers
        Layers of atoms, closer than 0.5 Å along z to one another.
    step
        Lattice vector of the crystal out of the upper face, to the next equivalent plane, Å, shape (3,).
    face_charge
        Formal charge (e per ``area``) that the upper face must lose for the slab to have neither charge nor a dipole
        that grows with its thickness; 0 unless ``polar``, None without formal charges. On Li2S (100) it is that of half
        of the outermost layer, which Tasker (doi 10.1088/0022-3719/12/22/036) moves to the other face.
    """

    atoms: Atoms
    formula: str
    miller_index: tuple[int, int, int]
    termination: str
    bottom_termination: str
    area: float
    thickness: float
    symmetric: bool
    stoichiometric: bool
    excess: Mapping[str, float]
    reference: str
    polar: bool | None
    dipole_per_area: float | None
    n_layers: int
    counts: Mapping[str, int] = field(repr=False)
    bulk_counts: Mapping[str, int] = field(repr=False)
    step: np.ndarray = field(repr=False)
    face_charge: float | None = None


@dataclass(frozen=True, eq=False)
class _Plane:
    """A plane of a crystal, with what all its slabs share."""

    stacking: Stacking
    miller_index: tuple[int, int, int]
    terminations: list[Termination]
    bulk_counts: dict[str, int]
    charges: dict[str, float] | None
    reference: str


def enumerate_slabs(
    crystal: Atoms,
    miller_index: Sequence[int],
    *,
    min_slab_size: float,
    min_vacuum_size: float = 15.0,
    prefer: Preference = "symmetric",
    symprec: float = SYMPREC,
) -> list[Slab]:
    """Cut one slab for each distinct termination of a plane.

    Terminations are told apart, and symmetric slabs found, by the space group of the crystal. Layers are atoms closer
    than 0.5 Å along the normal; units held together by bonds between non-metals, such as PS4, stay whole. Where all
    faces between layers are charged, cuts through buckled layers that give neutral faces are tried as well. Of the
    slabs with a given upper face a symmetric and stoichiometric one is taken; where there is none, a symmetric one
    with an excess, and last a stoichiometric one with different faces.

    Parameters
    ----------
    crystal
        Periodic in three directions; any cell, the smallest in-plane cell is found.
    miller_index
        Three whole numbers, of the cell as given, or four hexagonal ones.
    min_slab_size
        Least thickness, Å.
    min_vacuum_size
        From the topmost atom to the next image of the lowest, Å.
    prefer
        ``stoichiometric`` prefers slabs with different faces to those with an excess.
    symprec
        Å within which positions count as equivalent.

    Returns
    -------
    list of Slab
        Symmetric ones first, of these the uncharged and the stoichiometric, then by label. Where no operation
        reverses the normal, the face that looks down is found under the opposite Miller index.

    Raises
    ------
    InputError
        A crystal without three periodic directions, a Miller index that is none, a size not positive.
    """
    _check_sizes(min_slab_size=min_slab_size, min_vacuum_size=min_vacuum_size)
    plane = _analyse(crystal, miller_index, symprec)
    found = _choose(plane, None, None, min_slab_size, 1, prefer)
    return [_cut(plane, termination, options[0], min_vacuum_size) for termination, options in found]


def get_slab(
    crystal: Atoms,
    miller_index: Sequence[int],
    *,
    termination: str | None = None,
    bottom_termination: str | None = None,
    min_slab_size: float = 12.0,
    min_vacuum_size: float = 15.0,
    min_width: float = 0.0,
    prefer: Preference = "symmetric",
    symprec: float = SYMPREC,
) -> Slab:
    """Cut the slab of one termination, in the smallest in-plane cell at least ``min_width`` wide both ways.

    What is not listed here is as for :func:`enumerate_slabs`.

    Parameters
    ----------
    termination
        Label of the upper face, elements in any order; None takes the first that :func:`enumerate_slabs` lists.
    bottom_termination
        Label of the lower face; None leaves it open.
    min_width
        Distance between opposite edges of the in-plane cell, Å.

    Raises
    ------
    TerminationError
        The plane lacks the termination; the message names those it has.
    InputError
        See :func:`enumerate_slabs`.
    """
    _check_sizes(min_slab_size=min_slab_size, min_vacuum_size=min_vacuum_size)
    number("min_width", min_width, least=0.0, unit="Å")
    plane = _analyse(crystal, miller_index, symprec)
    chosen, found = _choose(plane, termination, bottom_termination, min_slab_size, 1, prefer)[0]
    return _cut(plane, chosen, found[0], min_vacuum_size, min_width)


def slab_series(
    crystal: Atoms,
    miller_index: Sequence[int],
    termination: str | None = None,
    n_sizes: int = 3,
    *,
    bottom_termination: str | None = None,
    min_slab_size: float = 12.0,
    min_vacuum_size: float = 15.0,
    prefer: Preference = "symmetric",
    symprec: float = SYMPREC,
) -> list[Slab]:
    """Cut slabs of growing thickness with the same two faces and the same excess, for ``fit_thickness``.

    What is not listed here is as for :func:`get_slab`.

    Parameters
    ----------
    n_sizes
        Number of thicknesses, the smallest at least ``min_slab_size``.

    Raises
    ------
    TerminationError
        See :func:`get_slab`.
    InputError
        ``n_sizes`` is no whole number above 0; otherwise see :func:`enumerate_slabs`.
    """
    _check_sizes(min_slab_size=min_slab_size, min_vacuum_size=min_vacuum_size)
    n_sizes = whole_number("n_sizes", n_sizes)
    plane = _analyse(crystal, miller_index, symprec)
    chosen, found = _choose(plane, termination, bottom_termination, min_slab_size, n_sizes, prefer)[0]
    return [_cut(plane, chosen, cutting, min_vacuum_size) for cutting in found]


def _check_sizes(**sizes: float) -> None:
    for name, size in sizes.items():
        number(name, size, above=0.0, unit="Å")


def _analyse(crystal: Atoms, miller_index: Sequence[int], symprec: float) -> _Plane:
    counts = dict(Counter(crystal.get_chemical_symbols()))
    divisor = math.gcd(*counts.values())
    bulk = {symbol: counts[symbol] // divisor for symbol in formula_order(counts)}
    charges = oxidation_states(bulk)
    stacking = open_buckled_layers(stack_crystal(crystal, miller_index, symprec), charges)
    terminations = find_terminations(stacking)
    return _Plane(
        stacking=stacking,
        miller_index=check_miller_index(miller_index),
        terminations=terminations,
        bulk_counts=bulk,
        charges=charges,
        reference=excess_reference(stacking, terminations, bulk),
    )


def _choose(
    plane: _Plane,
    termination: str | None,
    bottom_termination: str | None,
    min_slab_size: float,
    n_sizes: int,
    prefer: Preference,
) -> list[tuple[Termination, list[Cutting]]]:
    """Terminations with the wanted labels and the ways to cut each, symmetric ones first."""
    if prefer not in ("symmetric", "stoichiometric"):
        raise InputError(unknown_name("prefer", str(prefer), ("symmetric", "stoichiometric")))
    labels = [each.label for each in plane.terminations]
    wanted = None if termination is None else _known_label(termination, labels)
    bottom = None if bottom_termination is None else _known_label(bottom_termination, labels, strict=False)
    found = []
    for each in plane.terminations:
        if wanted in (None, each.label):
            cut = cuttings(
                plane.stacking,
                plane.terminations,
                each,
                min_slab_size=min_slab_size,
                n_sizes=n_sizes,
                prefer=prefer,
                bottom=bottom,
            )
            if cut:
                found.append((each, cut))
    if not found:
        index = " ".join(str(value) for value in plane.miller_index)
        raise TerminationError(
            f"({index}) of {reduced_formula(plane.bulk_counts)}: no symmetric or stoichiometric slab has "
            f"bottom_termination {bottom_termination!r} under {termination or 'any termination'}; known: {labels}"
        )
    return sorted(found, key=lambda item: _rank(plane, item[1][0]))


def _rank(plane: _Plane, cutting: Cutting) -> tuple[bool, bool, bool]:
    """Symmetric slabs come first; of these the uncharged, then the stoichiometric ones."""
    counts = cut_counts(plane.stacking, cutting)
    charge = sum(number * (plane.charges or {}).get(symbol, 0.0) for symbol, number in counts.items())
    return not cutting.symmetric, abs(charge) > 1e-6, not cutting.stoichiometric


def canonical_label(label: str, labels: Sequence[str]) -> str:
    """Return the label as written in ``labels``, whatever the order of its elements; itself where none is meant."""
    if label in labels:
        return label
    composition, _, number = str(label).partition("-")
    try:
        return reduced_formula(parse_formula(composition)) + (f"-{number}" if number else "")
    except InputError:
        return label


def _known_label(label: str, labels: Sequence[str], *, strict: bool = True) -> str:
    canonical = canonical_label(label, labels)
    if canonical not in labels and strict:
        raise TerminationError(unknown_name("termination", str(label), labels))
    return canonical


def _cut(
    plane: _Plane, termination: Termination, cutting: Cutting, min_vacuum_size: float, min_width: float = 0.0
) -> Slab:
    """Build the slab of one cutting."""
    stacking = plane.stacking
    atoms = _repeated(stacking, *stacking.window(cutting.low, cutting.high), min_vacuum_size, min_width)
    area = planar_area(atoms.cell)
    counts = Counter(atoms.get_chemical_symbols())
    excess = excess_over_bulk(counts, plane.bulk_counts, plane.reference)
    dipole, polar, face_charge = _polarity(atoms, plane.charges, area, cutting)
    return Slab(
        atoms=atoms,
        formula=reduced_formula(plane.bulk_counts),
        miller_index=plane.miller_index,
        termination=termination.label,
        bottom_termination=cutting.bottom,
        area=area,
        thickness=cutting.thickness,
        symmetric=cutting.symmetric,
        stoichiometric=not excess,
        excess=excess,
        reference=plane.reference,
        polar=polar,
        dipole_per_area=dipole,
        n_layers=stacking.count_layers(cutting.low, cutting.high),
        counts=dict(counts),
        bulk_counts=plane.bulk_counts,
        step=rotation_to_x((smallest_supercell(stacking.plane, min_width) @ stacking.plane)[0]) @ stacking.step,
        face_charge=face_charge,
    )


def _repeated(
    stacking: Stacking, indices: np.ndarray, positions: np.ndarray, min_vacuum_size: float, min_width: float
) -> Atoms:
    """Atoms of a slab in its in-plane supercell, from the bottom up."""
    from ase import Atoms
    from ase.build import make_supercell

    cell = np.zeros((3, 3))
    cell[:2, :2] = stacking.plane
    cell[2, 2] = np.ptp(positions[:, 2]) + min_vacuum_size
    order = np.lexsort((stacking.numbers[indices], np.round(positions[:, 2], 3)))
    atoms: Atoms = Atoms(stacking.numbers[indices[order]], positions=positions[order], cell=cell, pbc=True)
    atoms.positions[:, 2] -= atoms.positions[:, 2].min()
    matrix = np.eye(3, dtype=int)
    matrix[:2, :2] = smallest_supercell(stacking.plane, min_width)
    atoms = make_supercell(atoms, matrix, wrap=False, order="atom-major")
    atoms.rotate(-np.degrees(np.arctan2(atoms.cell[0, 1], atoms.cell[0, 0])), "z", rotate_cell=True)
    atoms.cell[0, 1:] = atoms.cell[1, 2] = 0.0
    atoms.wrap(pbc=[True, True, False])
    atoms.pbc = True
    atoms.set_tags(SOLID)
    return atoms


def _polarity(
    atoms: Atoms, charges: Mapping[str, float] | None, area: float, cutting: Cutting
) -> tuple[float | None, bool | None, float | None]:
    """Dipole per area, whether the slab is polar, and what its upper face must lose; None without charges."""
    if charges is None:
        return None, None, None
    charge = np.array([charges[symbol] for symbol in atoms.get_chemical_symbols()])
    z = atoms.positions[:, 2]
    dipole = float(charge @ (z - 0.5 * (z.min() + z.max()))) / area
    total = float(charge.sum())
    if abs(total) / area > POLAR_CHARGE:
        return dipole, True, 0.5 * total
    polarisation = dipole / cutting.thickness
    polar = abs(polarisation) > POLAR_DIPOLE
    return dipole, polar, polarisation * area if polar else 0.0
