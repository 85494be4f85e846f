"""Checks of an interface cell: what can go wrong with a film, found and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.data import covalent_radii
from ase.data.vdw_alvarez import vdw_radii

from ...errors import InputError
from ..slabs.bonds import atom_names, connected_pieces
from ..slabs.planar_frame import check_upright, planar_area, with_images
from ..tags import LIQUID, SOLID, film_mask

if TYPE_CHECKING:
    from ase import Atoms

# Fractions of the sum of covalent radii below which two atoms overlap, and beyond which they no longer touch.
OVERLAP = 0.7
CONTACT = 2.0
MIN_COVERAGE = 0.7
MAX_PULL = 2.5  # Å
_LAYER_SPACING = 0.5  # Å, smallest distance of two layers of a solid


class FilmError(InputError):
    """A film overlaps, evaporated, does not cover or reacted through, or its solid is too thin."""


def check_film(atoms: Atoms, *, initial: Atoms | None = None, min_coverage: float = MIN_COVERAGE) -> None:
    """Refuse an interface or free film that is no longer one.

    In order: overlapping atoms, atoms of the film that left it (evaporated) or a film off its solid, a film that
    covers less than ``min_coverage`` of the cell, and a film that reacted through: its atoms below the mid-plane of the
    solid, or atoms of the solid pulled into the film.

    Parameters
    ----------
    atoms
        Film or interface with tags, in an upright cell with its solid at the bottom and not wrapped along z.
    initial
        The cell before relaxation or dynamics, atoms in the same order; an atom of the solid is then pulled out when
        it ends more than 2.5 Å above the highest solid atom of this cell; without it, when above the film's middle.
    min_coverage
        Least fraction of the in-plane cell that the film covers.

    Raises
    ------
    FilmError
        Naming the problem, the atoms and the limit.
    """
    check_upright(atoms)
    film = film_mask(atoms)
    if not film.any():
        raise FilmError(f"{atoms.symbols}: no atom is tagged as liquid, there is no film to check")
    if not np.isfinite(atoms.positions).all():
        raise FilmError(f"{atoms.symbols}: positions are not finite numbers; the dynamics or relaxation blew up")
    if initial is not None and initial.numbers.tolist() != atoms.numbers.tolist():
        raise FilmError(f"the initial cell {initial.symbols} has other atoms than {atoms.symbols}")
    _check_overlap(atoms, film)
    _check_evaporated(atoms, film)
    _check_coverage(atoms, film, min_coverage)
    if not film.all():
        _check_reacted(atoms, film, initial)


def check_adsorbed(atoms: Atoms) -> None:
    """Refuse a face without liquid whose solute is no longer on it: overlapping, flown off, or deep in the solid.

    Parameters
    ----------
    atoms
        Solid with solute, with tags, in an upright cell.

    Raises
    ------
    FilmError
        Naming the problem, the atoms and the limit.
    """
    check_upright(atoms)
    solute = film_mask(atoms)
    if not solute.any() or solute.all():
        raise FilmError(f"{atoms.symbols}: tags mark no solute on a solid")
    if not np.isfinite(atoms.positions).all():
        raise FilmError(f"{atoms.symbols}: positions are not finite numbers; the relaxation blew up")
    _check_overlap(atoms, solute)
    _check_evaporated(atoms, solute)
    _check_reacted(atoms, solute, initial=atoms)


def _check_overlap(atoms: Atoms, film: np.ndarray) -> None:
    from ase.neighborlist import neighbor_list

    radii = covalent_radii[atoms.numbers]
    i, j, distances = neighbor_list("ijd", atoms, OVERLAP * radii)
    # Pairs within the solid are its own affair.
    involved = film[i] | film[j]
    if not involved.any():
        return
    i, j, distances = i[involved], j[involved], distances[involved]
    worst = int(np.argmin(distances / (radii[i] + radii[j])))
    least = OVERLAP * (radii[i[worst]] + radii[j[worst]])
    raise FilmError(
        f"film overlaps: {atom_names(atoms, i[worst])} and {atom_names(atoms, j[worst])} are {distances[worst]:.2f} Å "
        f"apart, at least {least:.2f} Å are needed"
    )


def _check_evaporated(atoms: Atoms, film: np.ndarray) -> None:
    """Everything must hang together through contacts, without those across the vacuum."""
    member = connected_pieces(atoms, CONTACT)
    home = np.bincount(member[film]).argmax()
    lost = np.flatnonzero(film & (member != home))
    if len(lost):
        named = atom_names(atoms, *lost)
        raise FilmError(
            f"film evaporated: {len(lost)} of its {film.sum()} atoms left it: {named}, further than {CONTACT:g} times "
            "the sum of covalent radii from the rest"
        )
    if not film.all() and not _touch(atoms, film):
        distance = atoms.positions[film, 2].min() - atoms.positions[~film, 2].max()
        raise FilmError(
            f"film left its solid: its lowest atom is {distance:.1f} Å above the highest one of the solid, and no two "
            "are within the sum of their van der Waals radii"
        )


def _touch(atoms: Atoms, film: np.ndarray) -> bool:
    """Whether any atom of the film and any other one are closer than the sum of their van der Waals radii.

    Those of Alvarez (doi 10.1039/C3DT50599E). Contacts in terms of covalent radii would not do: twice those of mercury
    and lanthanum are 6.8 Å, at which nothing holds them.
    """
    from ase.neighborlist import neighbor_list

    known = vdw_radii[atoms.numbers]  # of ten elements there is none; those of their neighbours are 1.5 covalent radii
    radii = np.where(np.isnan(known), 1.5 * covalent_radii[atoms.numbers], known)
    first, second = neighbor_list("ij", atoms, radii)
    return bool((film[first] & ~film[second]).any())


def film_coverage(atoms: Atoms) -> float:
    """Fraction of the in-plane cell that lies under the film's atoms, each twice as wide as its covalent radius."""
    check_upright(atoms)
    film = atoms[film_mask(atoms)]
    cell = np.asarray(atoms.cell)
    reach = 2 * covalent_radii[film.numbers]
    count = max(8, int(np.sqrt(planar_area(cell)) / 0.5))
    steps = (np.arange(count) + 0.5) / count
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) @ cell[:2, :2]
    images, owners = with_images(film.positions, cell, float(reach.max()))
    covered = np.zeros(len(points), dtype=bool)
    for image, owner in zip(images, owners, strict=True):
        covered |= ((points - image[:2]) ** 2).sum(axis=1) < reach[owner] ** 2
    return float(covered.mean())


def _check_coverage(atoms: Atoms, film: np.ndarray, min_coverage: float) -> None:
    coverage = film_coverage(atoms)
    if coverage < min_coverage:
        raise FilmError(
            f"film of {film.sum()} atoms does not cover its cell: it covers {coverage:.0%}, at least "
            f"{min_coverage:.0%} are needed; add atoms or take a smaller cell"
        )


def _check_reacted(atoms: Atoms, film: np.ndarray, initial: Atoms | None) -> None:
    z = atoms.positions[:, 2]
    solid_z = (atoms if initial is None else initial).positions[~film, 2]
    middle = 0.5 * (solid_z.min() + solid_z.max())
    deep = np.flatnonzero(film & (z < middle))
    if len(deep):
        lowest = deep[np.argmin(z[deep])]
        kind = "liquid" if atoms.get_tags()[lowest] == LIQUID else "solute"
        raise FilmError(
            f"film reacted through: {kind} {atom_names(atoms, lowest)} is {middle - z[lowest]:.1f} Å below the "
            "mid-plane of the solid"
        )
    limit = float(solid_z.max() + MAX_PULL) if initial is not None else float(np.median(z[film]))
    pulled = np.flatnonzero(~film & (z > limit))
    if len(pulled):
        highest = pulled[np.argmax(z[pulled])]
        reference = "the solid's top before" if initial is not None else "the lower half of the film"
        above = z[highest] - (solid_z.max() if initial is not None else limit)
        raise FilmError(
            f"film reacted: {len(pulled)} atoms of the solid are in the film, {atom_names(atoms, highest)} {above:.1f} "
            f"Å above {reference}"
        )


def substrate_thickness(solid: Atoms) -> float:
    """Thickness of a solid in Å: layers times their mean spacing, half a spacing beyond the outer layers' centres.

    Atoms with tags other than ``SOLID`` are left aside; layers closer than 0.5 Å count as one.
    """
    z = np.sort(solid.positions[solid.get_tags() == SOLID, 2])
    if len(z) == 0:
        raise FilmError(f"{solid.symbols}: no atom is tagged as solid")
    layers = 1 + int((np.diff(z) > _LAYER_SPACING).sum())
    extent = float(z[-1] - z[0])
    return extent * layers / (layers - 1) if layers > 1 else extent


def check_substrate_thickness(solid: Atoms, cutoff: float, name: str = "substrate") -> None:
    """Refuse a solid thinner than two cutoffs of the potential: its middle would feel the film, its film the vacuum.

    Parameters
    ----------
    solid
        Slab or interface with tags.
    cutoff
        Cutoff radius of the potential, Å.
    name
        What the message calls it.

    Raises
    ------
    FilmError
        Giving both lengths.
    """
    thickness = substrate_thickness(solid)
    if thickness < 2 * cutoff:
        raise FilmError(
            f"{name} is {thickness:.1f} Å thick, thinner than two cutoffs of the potential (2 x {cutoff:g} Å); raise "
            "min_slab_size"
        )
