"""Checks of a relaxed slab: what can go wrong with it, found and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.data import covalent_radii

from ...errors import InputError
from ..finite import is_finite
from .bonds import atom_names, connected_pieces
from .planar_frame import check_upright

if TYPE_CHECKING:
    from ase import Atoms

# Atoms touch within this many sums of covalent radii, more where the unrelaxed slab itself has wider contacts.
CONTACT = (1.6, 2.0, 2.5)
MIN_SPACING = (
    0.4  # of two layers, as a fraction of the unrelaxed one, below which their atoms must not have come closer
)
MIN_CONTACT = 0.85  # closest atoms of two such layers against those unrelaxed: cations may sink between anions
MAX_THICKNESS_CHANGE = 0.2  # as a fraction
MAX_SHIFT = 1.5  # Å
MAX_SHIFTED = 0.25  # fraction of atoms that may move further than MAX_SHIFT
_LAYER_GAP = 0.5  # Å


class SlabError(InputError):
    """A slab that collapsed, lost atoms or reconstructed through on relaxation."""


def check_slab(relaxed: Atoms, initial: Atoms) -> None:
    """Refuse a relaxed slab that is no longer the one that was cut.

    In order: positions that are not numbers; atoms that left the slab (desorbed); a thickness that changed by more
    than a fifth, or layers that moved onto each other with atoms closer than before (collapsed); and more than a
    quarter of the atoms moved by over 1.5 Å (reconstructed through). Single atoms may move further, as loosely bound
    lithium does, and cations of a face may sink into the layer below, as those of Al2O3 do.

    Parameters
    ----------
    relaxed, initial
        The slab after and before relaxation, atoms in the same order, in upright cells.

    Raises
    ------
    SlabError
        Naming the problem, the atoms or layers, and the limit.
    """
    if relaxed.numbers.tolist() != initial.numbers.tolist():
        raise SlabError(f"slab {relaxed.symbols}: its atoms are not those of the slab it is compared with")
    if not is_finite(relaxed):
        raise SlabError(f"slab {relaxed.symbols}: positions are not finite numbers; the relaxation blew up")
    check_upright(relaxed)
    _check_desorbed(relaxed, initial)
    _check_layers(relaxed, initial)
    _check_shifts(relaxed, initial)


def _check_desorbed(relaxed: Atoms, initial: Atoms) -> None:
    contact = next((factor for factor in CONTACT if connected_pieces(initial, factor).max() == 0), None)
    if contact is None:
        return
    member = connected_pieces(relaxed, contact)
    home = np.bincount(member).argmax()
    lost = np.flatnonzero(member != home)
    if len(lost):
        named = atom_names(relaxed, *lost)
        raise SlabError(
            f"slab {relaxed.symbols}: {len(lost)} atoms desorbed: {named}, further than {contact:g} times the "
            "sum of covalent radii from the rest"
        )


def _layers(z: np.ndarray) -> np.ndarray:
    """Number of the layer of each atom, from the bottom, shape (n,)."""
    order = np.argsort(z)
    steps = np.diff(z[order])
    gap = min(_LAYER_GAP, 0.9 * float(steps.max())) if len(steps) else _LAYER_GAP
    layer = np.zeros(len(z), dtype=int)
    layer[order[1:]] = np.cumsum(steps > gap)
    return layer


def _check_layers(relaxed: Atoms, initial: Atoms) -> None:
    before, after = initial.positions[:, 2], relaxed.positions[:, 2]
    thickness, new = np.ptp(before), np.ptp(after)
    change = MAX_THICKNESS_CHANGE * thickness
    if thickness > 0 and not thickness - change <= new <= thickness + change:
        verb = "collapsed" if new < thickness else "swelled"
        raise SlabError(
            f"slab {relaxed.symbols} {verb}: it was {thickness:.1f} Å thick and is now {new:.1f} Å; "
            f"{MAX_THICKNESS_CHANGE:.0%} is allowed"
        )
    layer = _layers(before)
    count = int(layer.max()) + 1
    old = np.array([before[layer == each].mean() for each in range(count)])
    now = np.array([after[layer == each].mean() for each in range(count)])
    ratio = np.diff(now) / np.diff(old)
    for lower in np.flatnonzero(ratio < MIN_SPACING):
        pair = (layer == lower) | (layer == lower + 1)
        shortest = _shortest(relaxed[pair]) / _shortest(initial[pair])
        if shortest < MIN_CONTACT:
            was, is_now = (float(heights[lower + 1] - heights[lower]) for heights in (old, now))
            raise SlabError(
                f"slab {relaxed.symbols}: layers collapsed: layers {lower + 1} and {lower + 2} of {count} from the "
                f"bottom were {was:.2f} Å apart and are now {is_now:.2f} Å, their closest atoms at {shortest:.0%} of "
                "the distance that they had"
            )


def _shortest(atoms: Atoms) -> float:
    """Shortest distance of two atoms as a fraction of the sum of their covalent radii; 1 where none touch."""
    from ase.neighborlist import neighbor_list

    radii = covalent_radii[atoms.numbers]
    i, j, distances = neighbor_list("ijd", atoms, 1.5 * radii)
    return float((distances / (radii[i] + radii[j])).min(initial=1.0))


def _check_shifts(relaxed: Atoms, initial: Atoms) -> None:
    cell = np.asarray(initial.cell)
    moved = relaxed.positions - initial.positions
    # Atoms that crossed an edge of the cell have not moved by its width.
    moved[:, :2] -= np.round(moved[:, :2] @ np.linalg.inv(cell[:2, :2])) @ cell[:2, :2]
    moved -= np.median(moved, axis=0)
    distance = np.linalg.norm(moved, axis=1)
    far = np.flatnonzero(distance > MAX_SHIFT)
    if len(far) > MAX_SHIFTED * len(relaxed):
        raise SlabError(
            f"slab {relaxed.symbols} reconstructed through: {len(far)} of its {len(relaxed)} atoms moved by more than "
            f"{MAX_SHIFT:g} Å, the furthest by {distance.max():.1f} Å; {MAX_SHIFTED:.0%} are allowed to"
        )
