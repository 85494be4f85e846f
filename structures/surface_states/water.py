"""Water-covered faces: a dense layer of whole molecules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import number
from ...errors import InputError
from ..interfaces.solutes import resting_heights
from ..slabs.planar_frame import join_across_boundary, planar_area
from .hydrogen import Turnable, ionic_radius, turn_groups, water_ways, with_adlayer
from .hydroxyl import oxygen_fits, places_on_cations
from .sites import formal_charges_of, undercoordinated_sites

if TYPE_CHECKING:
    from ase import Atoms

MOLECULES_PER_NM2 = 10.5  # 0.095 nm^2 each, as in a layer of the thickness of a molecule with the density of water
_OXYGEN_DISTANCE = 2.75  # Å, between hydrogen-bonded molecules
_GRID_SPACING = 0.35  # Å
_WAYS = 400
_ATTEMPTS = 5
_OXYGEN_CHARGE = -2.0


def water_covered(slab: Atoms, bulk: Atoms, *, molecules_per_nm2: float = MOLECULES_PER_NM2, seed: int = 0) -> Atoms:
    """Cover the upper face of a slab with a dense layer of water molecules.

    Oxygen stands first on cations that lack neighbours, at the sum of ionic radii; further molecules are let down where
    they come to lie lowest. Of random ways to turn, each molecule takes the one with the best hydrogen bonds and no
    overlaps. It is a start for a relaxation or for dynamics, not a layer in equilibrium.

    Parameters
    ----------
    slab
        Cut from ``bulk``, relaxed or not; upright, vacuum along z.
    bulk
        The crystal.
    molecules_per_nm2
        Whole molecules are put, the nearest number to this density.
    seed
        The same seed gives the same face.

    Returns
    -------
    Atoms
        The slab, then O, H, H of each molecule, tagged ``ADLAYER``. Not relaxed.

    Raises
    ------
    InputError
        A density that is not positive or too large for a layer, or a slab that is none of the crystal.
    """
    number("molecules_per_nm2", molecules_per_nm2, above=0.0, most=15.0)
    whole = join_across_boundary(slab)
    charges = {**formal_charges_of(bulk), "O": _OXYGEN_CHARGE, "H": 1.0}
    count = max(1, round(molecules_per_nm2 * planar_area(np.asarray(whole.cell)) / 100))
    rng = np.random.default_rng(seed)
    oxygens = _oxygens(whole, bulk, count, charges, rng)
    for _ in range(_ATTEMPTS):
        positions = np.repeat(oxygens, 3, axis=0)
        atoms = with_adlayer(whole, ["O", "H", "H"] * count, positions)
        groups = []
        for first in range(len(whole), len(atoms), 3):
            ways = water_ways(_WAYS, rng)
            groups.append(Turnable(first, (first + 1, first + 2), ways, np.zeros(_WAYS)))
        if not turn_groups(atoms, groups, charges):
            return with_adlayer(whole, ["O", "H", "H"] * count, atoms.positions[len(whole) :])
    raise InputError(
        f"molecules_per_nm2: {molecules_per_nm2:g} gives {count} molecules on {slab.symbols} that overlap in "
        f"{_ATTEMPTS} attempts; give less"
    )


def _oxygens(
    slab: Atoms, bulk: Atoms, count: int, charges: Mapping[str, float], rng: np.random.Generator
) -> np.ndarray:
    """Places of the molecules' oxygen, Å, shape (count, 3)."""
    from ase import Atom

    filled = slab.copy()
    places = places_on_cations(slab, undercoordinated_sites(slab, bulk), charges)
    for options in sorted(places, key=lambda options: -round(options[0].strength, 2)):
        for place in options:
            if len(filled) - len(slab) < count and oxygen_fits(filled, place.position, charges, place.ion):
                filled.append(Atom("O", place.position))
                break
    columns = _columns(slab)
    own = ionic_radius("O", _OXYGEN_CHARGE)
    while len(filled) - len(slab) < count:
        contact = np.array(
            [
                own
                + ionic_radius(symbol, charges[symbol])
                + (_OXYGEN_DISTANCE - 2 * own if charges[symbol] < 0 else 0.0)
                for symbol in filled.get_chemical_symbols()
            ]
        )
        heights, _ = resting_heights(filled, columns, contact)
        lowest = int(np.lexsort((rng.random(len(heights)), np.round(heights, 1)))[0])
        filled.append(Atom("O", [*columns[lowest], heights[lowest]]))
    return np.asarray(filled.positions[len(slab) :])


def _columns(slab: Atoms) -> np.ndarray:
    """Points (m, 2) of a grid over the in-plane cell."""
    cell = np.asarray(slab.cell)[:2, :2]
    steps = [np.arange(count) / count for count in (math.ceil(np.linalg.norm(v) / _GRID_SPACING) for v in cell)]
    return np.asarray(np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2) @ cell)
