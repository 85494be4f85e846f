"""What a face carries, counted, and checked after a relaxation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase.data import covalent_radii

from ...errors import InputError
from ..interfaces.checks import CONTACT, FilmError
from ..oxidation_states import formal_charges, oxidation_states
from ..slabs.bonds import atom_names, connected_pieces, is_nonmetal
from ..slabs.checks import check_slab
from ..slabs.planar_frame import check_upright, planar_area
from ..tags import ADLAYER, SOLID

if TYPE_CHECKING:
    from ase import Atoms

MAX_DEPTH = 3.0  # Å below the highest atom of the bare face: the next layer of anions may still take a proton
_H_BOND = 1.4  # times the sum of covalent radii, beyond which hydrogen is not bonded; 1.36 Å for O-H
_SHARED = 1.15  # times the shorter of two bonds of a hydrogen, each relative to its radii: a longer one is no bond


@dataclass(frozen=True)
class SurfaceState:
    """What a face carries.

    Attributes
    ----------
    hydroxyl_per_nm2
        Oxygen atoms with one hydrogen, those of the solid among them.
    hydrosulfide_per_nm2
        Other anions (S, F, ...) with one hydrogen.
    water_per_nm2
        Oxygen atoms with two hydrogens.
    hydrogen_sulfide_per_nm2
        Such anions with two hydrogens.
    hydronium_per_nm2
        Oxygen atoms with three hydrogens.
    dissociated_fraction
        Of the molecules that half the hydrogen would make, those that are not whole; 0 without hydrogen.
    thickness
        From the highest atom of the solid to the highest of what it carries, Å; 0 where that is not above it.
    """

    hydroxyl_per_nm2: float
    hydrosulfide_per_nm2: float
    water_per_nm2: float
    hydrogen_sulfide_per_nm2: float
    hydronium_per_nm2: float
    dissociated_fraction: float
    thickness: float


def surface_state(atoms: Atoms) -> SurfaceState:
    """Count the groups on the face of a slab.

    Parameters
    ----------
    atoms
        Slab with what it carries, with tags, in an upright cell.

    Raises
    ------
    FilmError
        A hydrogen atom is bonded to no anion, to two, or to another hydrogen; the message names it.
    """
    check_upright(atoms)
    parents = _parents(atoms)
    hydrogens = Counter(parents.values())
    area_nm2 = planar_area(np.asarray(atoms.cell)) / 100
    kinds = Counter((atoms.symbols[parent] == "O", number) for parent, number in hydrogens.items())
    whole = kinds[True, 2]
    molecules = len(parents) / 2
    solid, carried = (atoms.positions[atoms.get_tags() == tag, 2] for tag in (SOLID, ADLAYER))
    return SurfaceState(
        hydroxyl_per_nm2=kinds[True, 1] / area_nm2,
        hydrosulfide_per_nm2=kinds[False, 1] / area_nm2,
        water_per_nm2=whole / area_nm2,
        hydrogen_sulfide_per_nm2=kinds[False, 2] / area_nm2,
        hydronium_per_nm2=kinds[True, 3] / area_nm2,
        dissociated_fraction=max(1 - whole / molecules, 0.0) if molecules else 0.0,
        thickness=max(float(carried.max() - solid.max()), 0.0) if len(solid) and len(carried) else 0.0,
    )


def check_surface_state(before: Atoms, after: Atoms) -> SurfaceState:
    """Refuse a relaxed face that no longer carries what was put on it, and count what it carries.

    In order: other atoms than before; the solid alone, as :func:`~amalgamics.structures.slabs.checks.check_slab` does;
    charges that do not add up to zero; groups that flew off or went below the face; and hydrogen that is not bonded to
    exactly one anion. Water that came apart, or OH and H that joined, are counted and not refused.

    Parameters
    ----------
    before, after
        The face before and after a relaxation, atoms in the same order, with tags.

    Raises
    ------
    FilmError
        Naming the problem, the atoms and the limit.
    SlabError
        The solid did not stay what it was.
    InputError
        No atom is tagged as carried, or a cell is not upright.
    """
    if before.numbers.tolist() != after.numbers.tolist():
        raise FilmError(f"the face before ({before.symbols}) has other atoms than after ({after.symbols})")
    tags = before.get_tags()
    solid, carried = tags == SOLID, tags == ADLAYER
    if not carried.any() or not solid.any():
        raise InputError(f"{before.symbols}: tags mark no atoms carried by a solid; give a slab with a surface state")
    check_upright(after)
    if not np.isfinite(after.positions).all():
        raise FilmError(f"{after.symbols}: positions are not finite numbers; the relaxation blew up")
    check_slab(after[solid], before[solid])
    _check_neutral(after, carried)
    _check_attached(after)
    _check_depth(before, after, solid, carried)
    return surface_state(after)


def _parents(atoms: Atoms) -> dict[int, int]:
    """The anion of each hydrogen atom."""
    from ase.neighborlist import neighbor_list

    found: dict[int, int] = {}
    reach = _H_BOND * covalent_radii[atoms.numbers]
    i, j, distances = neighbor_list("ijd", atoms, reach)
    relative = distances / (covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]])
    for index in np.flatnonzero(atoms.numbers == 1):
        bonds = np.flatnonzero(i == index)
        bonds = bonds[np.argsort(relative[bonds])]
        anions = [k for k in bonds if is_nonmetal(atoms.numbers[j[k]]) and atoms.numbers[j[k]] != 1]
        if len(bonds) and atoms.numbers[j[bonds[0]]] == 1:
            raise FilmError(
                f"hydrogen reacted: {atom_names(atoms, index)} is {distances[bonds[0]]:.2f} Å from "
                f"{atom_names(atoms, j[bonds[0]])}"
            )
        if not anions:
            raise FilmError(
                f"hydrogen left: {atom_names(atoms, index)} is bonded to no anion, that is closer than {_H_BOND:g} "
                "times the sum of covalent radii"
            )
        if len(anions) > 1 and relative[anions[1]] < _SHARED * relative[anions[0]]:
            first, second = (atom_names(atoms, j[k]) for k in anions[:2])
            raise FilmError(
                f"hydrogen shared: {atom_names(atoms, index)} is {distances[anions[0]]:.2f} Å from {first} and "
                f"{distances[anions[1]]:.2f} Å from {second}; each belongs to one anion"
            )
        found[int(index)] = int(j[anions[0]])
    return found


def formal_charge(atoms: Atoms) -> float | None:
    """Sum of the formal charges of a cell, e: those of LLTO's elements and of hydrogen, or what pymatgen guesses.

    A guess makes a composition neutral or finds nothing: then None is returned.
    """
    counts = Counter(atoms.get_chemical_symbols())
    known = {**formal_charges(), "H": 1.0}
    if counts.keys() <= known.keys():
        return sum(number * known[symbol] for symbol, number in counts.items())
    return None if oxidation_states(counts) is None else 0.0


def _check_neutral(atoms: Atoms, carried: np.ndarray) -> None:
    total = formal_charge(atoms)
    if total is None:  # of large cells nothing is guessed, but of what they are made of
        parts = [formal_charge(part) for part in (atoms[carried], atoms[~carried])]
        total = None if None in parts else sum(part or 0.0 for part in parts)
    if total is None or abs(total) > 1e-6:
        told = "they give none" if total is None else f"they add up to {total:+g} e"
        raise FilmError(
            f"{atoms.symbols} is not neutral by formal charges: {told}; a face carries whole H2O or formula units"
        )


def _check_attached(atoms: Atoms) -> None:
    """Everything hangs together through contacts, without those across the vacuum."""
    member = connected_pieces(atoms, CONTACT)
    lost = np.flatnonzero(member != np.bincount(member[atoms.get_tags() == SOLID]).argmax())
    if len(lost):
        named = atom_names(atoms, *lost)
        raise FilmError(
            f"the face lost {len(lost)} atoms: {named}, further than {CONTACT:g} times the sum of covalent radii from "
            "the rest"
        )


def _check_depth(before: Atoms, after: Atoms, solid: np.ndarray, carried: np.ndarray) -> None:
    lowest = before.positions[solid, 2].max() - MAX_DEPTH
    # A layer may begin below the highest atom of a rough face.
    limit = np.minimum(lowest, before.positions[:, 2] - 0.5 * MAX_DEPTH)
    sunk = np.flatnonzero(carried & (after.positions[:, 2] < limit))
    if len(sunk):
        deepest = int(sunk[after.positions[sunk, 2].argmin()])
        depth = before.positions[solid, 2].max() - after.positions[deepest, 2]
        raise FilmError(
            f"what the face carries went into the solid: {atom_names(after, deepest)} is {depth:.1f} Å below its "
            f"highest atom before, {MAX_DEPTH:g} Å are allowed"
        )
