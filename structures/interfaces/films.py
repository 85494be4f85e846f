"""Liquid films: on a solid, on their own, and taken apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..library.liquids import get_liquid
from ..packing import pack
from ..slabs.planar_frame import check_upright, join_across_boundary, planar_area
from ..tags import ADLAYER, LIQUID, SOLID, is_solid

if TYPE_CHECKING:
    from ase import Atoms


def add_film(
    substrate: Atoms,
    symbol: str,
    *,
    min_film_size: float = 12.0,
    n_atoms: int | None = None,
    gap: float = 2.5,
    min_vacuum_size: float = 15.0,
    temperature_K: float | None = None,
    seed: int = 0,
) -> Atoms:
    """Put a film of liquid metal on a substrate: random, at the liquid's density, without overlaps.

    The substrate keeps its positions and constraints (layers that wrapped around the cell are brought back); the cell
    grows along z where the film needs room. Tags mark the parts: ``SOLID``, ``LIQUID``, and ``ADLAYER`` where the
    substrate has atoms with that tag.

    Parameters
    ----------
    substrate
        Slab in an upright cell, repeated in the plane to the width wanted.
    symbol
        Metal of the liquid, one of :func:`~amalgamics.structures.library.liquids.list_liquids`.
    min_film_size
        Thickness of the film, Å; sets the number of atoms where ``n_atoms`` is None.
    n_atoms
        Number of liquid atoms; the thickness follows.
    gap
        Height of the lowest liquid atoms above the highest atom of the substrate, Å.
    min_vacuum_size
        Least distance from the film's top to the next image of the substrate, Å.
    temperature_K
        Temperature of the density; by default 298.15 K or, if higher, the melting point.
    seed
        The same seed gives the same film.

    Returns
    -------
    Atoms
        Substrate first, then the film; periodic in all directions.

    Raises
    ------
    InputError
        For a cell that is not upright or narrower than one atom, an unknown metal, or sizes out of range.
    """
    if len(substrate) == 0:
        raise InputError("the substrate has no atoms")
    check_upright(substrate, "substrate cell")
    _check_sizes(gap=gap, min_vacuum_size=min_vacuum_size)
    interface = join_across_boundary(substrate)
    interface.calc = None
    interface.set_tags(np.where(interface.get_tags() == ADLAYER, ADLAYER, SOLID))
    bottom, top = interface.positions[:, 2].min(), interface.positions[:, 2].max()
    film = _loose_film(symbol, np.asarray(substrate.cell), n_atoms, min_film_size, temperature_K, seed)
    film.positions[:, 2] += top + gap
    interface += film
    height = film.positions[:, 2].max() - bottom + min_vacuum_size
    _set_height(interface, max(height, float(substrate.cell[2, 2])))
    interface.pbc = True
    return interface


def free_film(
    symbol: str,
    cell_xy: np.ndarray,
    *,
    n_atoms: int | None = None,
    min_film_size: float = 12.0,
    min_vacuum_size: float = 15.0,
    temperature_K: float | None = None,
    seed: int = 0,
) -> Atoms:
    """Build a film of liquid metal between two vacua, in the in-plane cell of an interface.

    With the same cell, number of atoms and seed it is the film that :func:`add_film` builds, shifted along z.

    Parameters
    ----------
    symbol, n_atoms, min_film_size, temperature_K, seed
        As for :func:`add_film`.
    cell_xy
        In-plane vectors as rows, shape (2, 2), or a cell (3, 3) whose third vector is left aside, Å.
    min_vacuum_size
        Vacuum between the film and its next image, Å.

    Raises
    ------
    InputError
        As :func:`add_film`.
    """
    plane = np.asarray(cell_xy, dtype=float)
    if plane.shape not in ((2, 2), (3, 3)):
        raise InputError(f"cell_xy has shape {plane.shape}; it must be (2, 2) or (3, 3)")
    cell = np.eye(3)
    cell[:2, : plane.shape[1]] = plane[:2]
    _check_sizes(min_vacuum_size=min_vacuum_size)
    film = _loose_film(symbol, cell, n_atoms, min_film_size, temperature_K, seed)
    _set_height(film, film.positions[:, 2].max() + min_vacuum_size)
    film.positions[:, 2] += 0.5 * min_vacuum_size
    film.pbc = True
    return film


def _check_sizes(**sizes: float) -> None:
    for name, value in sizes.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value!r}; it must be a positive length in Å")


def _set_height(atoms: Atoms, height: float) -> None:
    cell = np.array(atoms.cell)
    cell[2] = [0.0, 0.0, height]
    atoms.set_cell(cell, scale_atoms=False)


def _loose_film(
    symbol: str, cell: np.ndarray, n_atoms: int | None, min_film_size: float, temperature_K: float | None, seed: int
) -> Atoms:
    """Pack a film whose lowest atoms lie at z = 0, in a cell of arbitrary height."""
    from ase import Atoms

    box = Atoms(cell=[*cell[:2], [0.0, 0.0, 1000.0]], pbc=[True, True, False])
    check_upright(box, "cell of the film")
    liquid = get_liquid(symbol)
    density = liquid.number_density(temperature_K)
    area = planar_area(cell)
    if n_atoms is None:
        _check_sizes(min_film_size=min_film_size)
        n_atoms = round(density * area * min_film_size)
    if n_atoms < 1:
        raise InputError(f"a film of {n_atoms} atoms is none; give min_film_size or n_atoms")
    # The outermost atoms fill half a spacing beyond their centres.
    height = max(n_atoms / (density * area) - density ** (-1 / 3), 0.0)
    distance = liquid.nearest_neighbour_distance(temperature_K)
    positions = pack(box, n_atoms, distance, z_limits=(0.0, height), seed=seed)
    positions[:, 2] -= positions[:, 2].min()
    film = Atoms([symbol] * n_atoms, positions, cell=box.cell, pbc=True, tags=[LIQUID] * n_atoms)
    film.wrap(pbc=[True, True, False])
    return film


def detach(interface: Atoms) -> tuple[Atoms, Atoms]:
    """Take an interface apart: the solid alone and the film alone (with its solute), both in the interface's cell.

    Raises
    ------
    InputError
        When no atom is tagged as solid, or none as liquid or solute.
    """
    solid = is_solid(interface.get_tags())
    if solid.all() or not solid.any():
        raise InputError(f"{interface.symbols}: tags mark only one part; detach needs a solid and a film")
    return interface[solid], interface[~solid]
