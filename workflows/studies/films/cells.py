"""The cells of a wetting study: what each is, and which of its atoms are held."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ....structures.tags import SOLID, is_solid

if TYPE_CHECKING:
    from ase import Atoms


class Role(StrEnum):
    """What a row of a wetting study is.

    ``SLAB`` carries films as it is relaxed by the sampling potential, ``SOLID`` is the same with its lower half held as
    under a film. Of a face that carries something, ``SLAB`` is also the clean one before, and ``CARRIED_BULK`` the
    crystal of what it carries. Frames are snapshots of molecular dynamics: of the film on the solid, of the free film,
    of the bulk liquid. ``TAKEN_OFF`` is a frame whose film was taken off reversibly. The others are relaxed, or single
    points on what was.
    """

    SUBSTRATE = "substrate"
    SLAB = "slab"
    SOLID = "solid"
    CARRIED_BULK = "carried-bulk"
    FRAME = "frame"
    FILM_FRAME = "film-frame"
    LIQUID_FRAME = "liquid-frame"
    INTERFACE = "interface"
    DETACHED_FILM = "detached-film"
    DRY_FACE = "dry-face"
    FILM = "film"
    SOLUTE_IN_FILM = "solute-in-film"
    SOLUTE_ON_FILM = "solute-on-film"
    BULK_LIQUID = "bulk-liquid"
    TAKEN_OFF = "taken-off"


def hold_bottom(atoms: Atoms) -> Atoms:
    """Return a copy in which the lower half of the solid, its adlayer apart, is held fixed: there the solid is bulk."""
    from ase.constraints import FixAtoms

    held: Atoms = atoms.copy()
    solid = held.get_tags() == SOLID
    heights = held.positions[:, 2]
    middle = (heights[solid].min() + heights[solid].max()) / 2
    # The middle layer itself is free.
    held.set_constraint(FixAtoms(indices=np.flatnonzero(solid & (heights < middle - 0.5))))
    return held


def hold_solid(atoms: Atoms) -> Atoms:
    """Return a copy in which the whole solid is held fixed, as while the film is melted on it."""
    from ase.constraints import FixAtoms

    held: Atoms = atoms.copy()
    held.set_constraint(FixAtoms(indices=np.flatnonzero(is_solid(held.get_tags()))))
    return held
