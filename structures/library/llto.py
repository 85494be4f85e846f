"""Lithium lanthanum titanate: ordered, neutral cells of a perovskite whose A sites La, Li and vacancies share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..oxidation_states import formal_charges
from .phases import get_phase

if TYPE_CHECKING:
    from ase import Atoms

OFF_CENTRE = 0.6  # Å, of lithium from the middle of its cage
VACANCY = "X"

_NEIGHBOURS = ((1, 0), (0, 1), (-1, 0), (0, -1))
# Li-poor layer of the layered cell, 4 x 2 cages: the ordering of least Ewald energy (see llto_orderings).
_POOR_LAYER = (("La", "X"), ("X", "Li"), ("Li", "Li"), ("Li", "Li"))
# Seven A sites in the plane, the fewest with the composition of experiments in neutral layers (3 La + Li = 14): spanned
# by (3, 1) and (-1, 2), all layers alike.
_VACANT_CELL = ((3, 1, 0), (-1, 2, 0), (0, 0, 1))
_VACANT_LAYER = (
    "X",
    "La",
    "Li",
    "La",
    "La",
    "Li",
    "La",
)  # occupant of cell (i, j) at i + 4 j modulo 7, as the cell repeats


def cage_edges() -> tuple[float, float, float]:
    """Return the edges of one perovskite cage, Å: of the measured cell that is two cages high."""
    lattice = get_phase("LLTO_P4mmm_ordered").lattice
    assert lattice is not None
    return lattice.a, lattice.b, 0.5 * lattice.c


def perovskite(cell: np.ndarray, occupant: Callable[[int, int, int], str]) -> Atoms:
    """Build a cell of ATiO3 with A sites occupied as told.

    Parameters
    ----------
    cell
        Integer matrix (3, 3): lattice vectors in perovskite cells, a in the xy plane; it comes to lie along x.
    occupant
        Gives the symbol of the A site of cell (i, j, k), ``X`` for none.

    Returns
    -------
    Atoms
        Elements in the order La, Li, Ti, O; A sites at multiples of a perovskite cell.
    """
    from ase import Atoms
    from ase.build import make_supercell

    scaled = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    unit = Atoms("LaTiO3", scaled_positions=scaled, cell=cage_edges(), pbc=True)
    atoms: Atoms = make_supercell(unit, cell)
    places = np.round(atoms.positions / cage_edges()).astype(int)
    symbols = [occupant(*places[index]) if symbol == "La" else symbol for index, symbol in enumerate(atoms.symbols)]
    filled = [index for index, symbol in enumerate(symbols) if symbol != VACANCY]
    rank = ("La", "Li", "Ti", "O").index
    order = sorted(filled, key=lambda index: rank(symbols[index]))
    atoms = atoms[order]
    atoms.symbols[:] = [symbols[index] for index in order]
    atoms.rotate(-np.degrees(np.arctan2(atoms.cell[0, 1], atoms.cell[0, 0])), "z", rotate_cell=True)
    atoms.cell[np.abs(atoms.cell.array) < 1e-10] = 0.0
    return atoms


def checkerboard() -> Atoms:
    """La0.5Li0.5TiO3 with La and Li alternating in all three directions, so that every (001) layer is neutral.

    Cell of sqrt(2) x sqrt(2) x 2 perovskite cells, 20 atoms. Lithium is 0.6 Å off the middle of its cage, towards one
    of the windows of four oxygen atoms within the layer, and the other way in the next layer: at the middle no force
    acts on it although the energy is at a maximum. The layers stay mirror planes, so that (001) slabs are symmetric.
    """
    atoms = perovskite(
        np.array([[1, 1, 0], [-1, 1, 0], [0, 0, 2]]), lambda i, j, k: "La" if (i + j + k) % 2 == 0 else "Li"
    )
    # The pseudo-cubic axes run along the diagonals of this cell.
    along = (atoms.cell[0] - atoms.cell[1]) / np.linalg.norm(atoms.cell[0] - atoms.cell[1])
    for index in np.flatnonzero(atoms.symbols == "Li"):
        upper = atoms.positions[index, 2] > 0.25 * atoms.cell[2, 2]
        atoms.positions[index] += (-OFF_CENTRE if upper else OFF_CENTRE) * along
    atoms.wrap(eps=1e-6)
    return atoms


def layered() -> Atoms:
    """La9Li5Ti16O48, that is Li3xLa(2/3-x)TiO3 with x = 0.104: layers full of La alternate with La-poor ones.

    Cell of 4 x 2 x 2 perovskite cells, 78 atoms: a layer of 8 La, and one of 1 La, 5 Li and 2 vacancies in the order of
    least Ewald energy. Lithium is 0.6 Å off the middle of its cage, in the layer, away from its cations.
    """
    atoms = perovskite(np.diag([4, 2, 2]), lambda i, j, k: _POOR_LAYER[i][j] if k == 1 else "La")
    for index in np.flatnonzero(atoms.symbols == "Li"):
        i, j, _ = np.round(atoms.positions[index] / cage_edges()).astype(int)
        atoms.positions[index, :2] += OFF_CENTRE * _away_from_cations(i, j)
    atoms.wrap(eps=1e-6)
    return atoms


def vacant() -> Atoms:
    """La4Li2Ti7O21, that is Li0.29La0.57TiO3 (x = 0.095): one A site of seven is vacant, every (001) layer neutral.

    A layer of N A sites is neutral with 3 La + Li = 2 N, so that La = Li + 2 vacancies: with both Li and a vacancy in
    it, N is 5 (La3Li) at least, and 7 gives the composition of experiments. Cell of 7 perovskite cells in the plane and
    one along c, 34 atoms; La, Li and vacancies in the order of least Ewald energy. The odd number leaves out tilts of
    octahedra, which alternate: with CHGNet and D3 a cell of 28, which has room for them, is 0.03 eV per Ti lower.
    Lithium is 0.6 Å off the middle of its cage, in the layer, towards a cage of La.
    """
    atoms = perovskite(np.array(_VACANT_CELL), lambda i, j, _: _VACANT_LAYER[(i + 4 * j) % 7])
    first, second = atoms.cell[:2]
    along = (2 * first - second) / np.linalg.norm(2 * first - second)  # the pseudo-cubic a axis
    for index in np.flatnonzero(atoms.symbols == "Li"):
        scaled = atoms.get_scaled_positions()[index, :2] @ np.array(_VACANT_CELL)[:2, :2]
        i, j = np.round(scaled).astype(int)
        # The two of a cell go opposite ways, so that an inversion is kept.
        atoms.positions[index] += (OFF_CENTRE if (i + 4 * j) % 7 == 2 else -OFF_CENTRE) * along
    atoms.wrap(eps=1e-6)
    return atoms


def _away_from_cations(i: int, j: int) -> np.ndarray:
    """In-plane unit vector from a Li of the La-poor layer to the neighbouring cage with the least charge."""
    charge = {**formal_charges(), VACANCY: 0.0}
    x, y = min(_NEIGHBOURS, key=lambda step: charge[_POOR_LAYER[(i + step[0]) % 4][(j + step[1]) % 2]])
    return np.array([x, y], dtype=float)
