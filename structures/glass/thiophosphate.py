"""Glasses of lithium thiophosphate, 75 Li2S : 25 P2S5 (Li3PS4): a random start for melt-quench, and slabs of a glass.

In this glass nearly every phosphorus sits in a PS4 tetrahedron of its own, with lithium in between.
"""

from __future__ import annotations

from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...reference.published import glass_facts
from ..tags import SOLID

if TYPE_CHECKING:
    from ase import Atoms

GLASS_DENSITY_G_CM3 = glass_facts()["density"].value
P_S_DISTANCE = glass_facts()["p_s_distance"].value
# Å; between the first two shells.
P_S_CUTOFF = 2.6
LI_S_CUTOFF = 3.0
MIN_FORMULA_UNITS = 4
# What the termination of a cut glass is called.
AMORPHOUS = "amorphous"

_UNIT = ("P", "S", "S", "S", "S", "Li", "Li", "Li")
_TETRAHEDRON = P_S_DISTANCE / np.sqrt(3.0) * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
# Å: atoms of different units are pushed apart to these distances, somewhat below the contacts in the crystals.
_CONTACTS = {"LiLi": 2.6, "LiP": 2.8, "LiS": 2.3, "PP": 4.2, "PS": 3.6, "SS": 3.3}
_TOLERANCE = 0.93
_ATTEMPTS = 10
# Stiffness of the bonds against that of the contacts, which is 1.
_BOND_STIFFNESS = 20.0


class GlassError(InputError):
    """A glass cannot be made or cut so."""


def random_glass(n_formula_units: int = 16, *, density_g_cm3: float = GLASS_DENSITY_G_CM3, seed: int = 0) -> Atoms:
    """Pack PS4 tetrahedra and lithium at random into a periodic cube: Li3PS4 to be melted.

    Parameters
    ----------
    n_formula_units
        Formula units of Li3PS4, 8 atoms each; at least 4.
    density_g_cm3
        Density, g/cm3. The default is that of the glass, recalled.
    seed
        The same seed gives the same structure.

    Returns
    -------
    Atoms
        Phosphorus, its four sulphur and three lithium atoms for each unit in turn; P-S is 2.05 Å within 0.1 Å, other
        contacts are not below 0.93 of those in the crystals.

    Raises
    ------
    GlassError
        The numbers are out of range, or the atoms do not fit at this density.
    """
    from ase import Atoms, units

    if isinstance(n_formula_units, bool) or not isinstance(n_formula_units, Integral):
        raise GlassError(f"n_formula_units: {n_formula_units!r} is not allowed; give a whole number")
    if n_formula_units < MIN_FORMULA_UNITS:
        raise GlassError(
            f"n_formula_units: {n_formula_units} is too few, a unit would touch its own image; give at least"
            f" {MIN_FORMULA_UNITS}"
        )
    if not isinstance(density_g_cm3, Real) or not isfinite(density_g_cm3) or density_g_cm3 <= 0:
        raise GlassError(f"density_g_cm3: {density_g_cm3!r} is not allowed; give a finite number above 0")
    atoms = Atoms(list(_UNIT) * int(n_formula_units), pbc=True)
    gram_per_cm3 = 1e-3 * units.kg / (1e-2 * units.m) ** 3
    atoms.cell = np.eye(3) * (atoms.get_masses().sum() / (density_g_cm3 * gram_per_cm3)) ** (1 / 3)
    packing = _Packing(atoms)
    rng = np.random.default_rng(seed)
    for _ in range(_ATTEMPTS):
        atoms.positions = packing.relax(_random_positions(rng, int(n_formula_units), float(atoms.cell[0, 0])))
        if packing.fits(atoms):
            return atoms
    raise GlassError(
        f"density_g_cm3: {n_formula_units} units of Li3PS4 do not fit at {density_g_cm3:g} g/cm3 without overlaps"
    )


def glass_slab(glass: Atoms, min_vacuum_size: float = 15.0) -> Atoms:
    """Cut a glass open along c without breaking a unit, and add vacuum.

    Atoms held together by P-S bonds, such as PS4 or P2S7, move as a whole, so that composition and units stay those of
    the glass. The cut goes where it separates the fewest Li-S neighbours. The surfaces are as cut: relax them, or let
    them anneal in molecular dynamics.

    Parameters
    ----------
    glass
        Periodic in three directions.
    min_vacuum_size
        Distance from the topmost atom to the next image of the lowest, Å.

    Returns
    -------
    Atoms
        Tagged ``SOLID``, the lowest atom at z = 0, a along x, b in the xy plane and c along z.

    Raises
    ------
    GlassError
        The glass is not periodic in three directions, or P-S bonds run through the whole cell.
    """
    if not (glass.pbc.all() and glass.cell.rank == 3):
        raise GlassError(f"the glass must be periodic in three directions, it has pbc {glass.pbc.tolist()}")
    if not isinstance(min_vacuum_size, Real) or not isfinite(min_vacuum_size) or min_vacuum_size <= 0:
        raise GlassError(f"min_vacuum_size: {min_vacuum_size!r} is not allowed; give a finite number above 0, in Å")
    slab = glass.copy()
    slab.set_cell(glass.cell.standard_form()[0], scale_atoms=True)
    unit_of, whole = _whole_units(slab)
    n_units = int(unit_of.max()) + 1
    centres = np.array([whole[unit_of == unit].mean(axis=0) for unit in range(n_units)])
    scaled = np.linalg.solve(slab.cell.array.T, centres.T).T
    start = _best_cut(slab, unit_of, whole, scaled[:, 2])
    slab.positions = whole - np.floor(scaled - [0.0, 0.0, start])[unit_of] @ slab.cell.array
    slab.positions[:, 2] -= slab.positions[:, 2].min()
    cell = slab.cell.array.copy()
    cell[2] = [0.0, 0.0, float(slab.positions[:, 2].max()) + float(min_vacuum_size)]
    slab.set_cell(cell)
    slab.set_tags(SOLID)
    return slab


def _whole_units(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit of each atom, shape (N,), and positions, (N, 3), in which no unit is torn by the boundary."""
    unit_of, _ = bonded_units(atoms)
    i, j, vectors = _ps_bonds(atoms, P_S_CUTOFF)
    neighbours: dict[int, list[tuple[int, np.ndarray]]] = {}
    for first, second, vector in zip(i.tolist(), j.tolist(), vectors, strict=True):
        neighbours.setdefault(first, []).append((second, vector))
        neighbours.setdefault(second, []).append((first, -vector))
    whole = atoms.get_positions()
    placed = np.zeros(len(atoms), dtype=bool)
    for seed in range(len(atoms)):
        stack = [] if placed[seed] else [seed]
        placed[seed] = True
        while stack:
            atom = stack.pop()
            for other, vector in neighbours.get(atom, ()):
                if not placed[other]:
                    placed[other] = True
                    whole[other] = whole[atom] + vector
                    stack.append(other)
    if len(i) and np.abs(whole[j] - whole[i] - vectors).max() > 1e-6:
        raise GlassError(f"{atoms.symbols} cannot be cut: its P-S bonds run through the whole cell")
    return unit_of, whole


def _best_cut(atoms: Atoms, unit_of: np.ndarray, whole: np.ndarray, heights: np.ndarray) -> float:
    """Return where along c (as a fraction) to cut between units, so that the fewest Li-S neighbours are parted.

    ``heights`` are the centres of the units along c, as fractions.
    """
    from vesin import ase_neighbor_list

    i, j, vectors = ase_neighbor_list("ijD", atoms, LI_S_CUTOFF)
    pairs = (atoms.numbers[i] == 3) & (atoms.numbers[j] == 16)
    i, j, vectors = i[pairs], j[pairs], vectors[pairs]
    # How many cells up the neighbour is from where the whole units have it.
    images = np.rint(np.linalg.solve(atoms.cell.array.T, (vectors - whole[j] + whole[i]).T)[2])
    levels = np.sort(heights % 1.0)
    cuts = 0.5 * (levels + np.append(levels[1:], levels[0] + 1.0))
    cells = -np.floor(heights - cuts[:, None])[:, unit_of]
    parted = (cells[:, j] - cells[:, i] != images).sum(axis=1)
    return float(cuts[parted.argmin()])


def bonded_units(atoms: Atoms, cutoff: float = P_S_CUTOFF) -> tuple[np.ndarray, np.ndarray]:
    """Return which unit held together by P-S bonds each atom belongs to, and the bonds.

    Returns
    -------
    (ndarray, ndarray)
        Number of the unit of each atom, shape (N,), counted from 0 in the order of their first atoms, and the P-S
        bonds as pairs of indices (phosphorus, sulphur), shape (n_bonds, 2). A pair bonded through two images is
        listed twice.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    i, j, _ = _ps_bonds(atoms, cutoff)
    graph = coo_matrix((np.ones(len(i)), (i, j)), shape=(len(atoms), len(atoms)))
    _, labels = connected_components(graph, directed=False)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse], np.stack([i, j], axis=1)


def _ps_bonds(atoms: Atoms, cutoff: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from vesin import ase_neighbor_list

    i, j, vectors = ase_neighbor_list("ijD", atoms, cutoff)
    bonded = (atoms.numbers[i] == 15) & (atoms.numbers[j] == 16)
    return i[bonded], j[bonded], vectors[bonded]


def _random_positions(rng: np.random.Generator, n_units: int, edge: float) -> np.ndarray:
    """Return tetrahedra at random places in random orientations, lithium anywhere, shape (8 n_units, 3)."""
    from scipy.spatial.transform import Rotation

    positions = np.empty((n_units, len(_UNIT), 3))
    centres = rng.random((n_units, 3)) * edge
    turns = Rotation.random(n_units, random_state=rng).as_matrix()
    positions[:, 0] = centres
    positions[:, 1:5] = centres[:, None] + _TETRAHEDRON @ turns.transpose(0, 2, 1)
    positions[:, 5:] = rng.random((n_units, 3, 3)) * edge
    return positions.reshape(-1, 3)


class _Packing:
    """Penalties that push units apart and keep tetrahedra regular: (r - d)² for contacts, stiffer for bonds."""

    def __init__(self, atoms: Atoms) -> None:
        self.atoms = atoms.copy()
        kinds = sorted({*_UNIT})
        self.kind = np.array([kinds.index(symbol) for symbol in atoms.symbols])
        self.contacts = np.array([[_CONTACTS["".join(sorted((a, b)))] for b in kinds] for a in kinds])
        # Lithium atoms are on their own: the unit of a tetrahedron, or a number of their own.
        number = np.arange(len(atoms))
        self.group = np.where(number % 8 < 5, -1 - number // 8, number)
        first = 8 * np.arange(len(atoms) // 8)
        p_s = [(0, k) for k in range(1, 5)]
        s_s = [(k, m) for k in range(1, 5) for m in range(k + 1, 5)]
        self.bonds = np.concatenate([first[:, None] + pair for pair in np.array(p_s + s_s)[:, None]])
        lengths = [P_S_DISTANCE] * len(p_s) + [P_S_DISTANCE * np.sqrt(8 / 3)] * len(s_s)
        self.lengths = np.repeat(lengths, len(first))

    def relax(self, positions: np.ndarray) -> np.ndarray:
        from scipy.optimize import minimize

        options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-6, "gtol": 1e-4}
        found = minimize(self._penalty, positions.ravel(), jac=True, method="L-BFGS-B", options=options)
        settled: np.ndarray = found.x.reshape(-1, 3)
        return settled

    def fits(self, atoms: Atoms) -> bool:
        self.atoms.positions = atoms.positions
        i, j, _, length = self._pairs()
        contacts_are_kept = bool((length > _TOLERANCE * self.contacts[self.kind[i], self.kind[j]]).all())
        bonds = atoms.positions[self.bonds[:, 0]] - atoms.positions[self.bonds[:, 1]]
        stretch = np.linalg.norm(bonds, axis=1) / self.lengths - 1
        return contacts_are_kept and bool(np.abs(stretch).max() < 0.05)

    def _pairs(self) -> tuple[np.ndarray, ...]:
        from vesin import ase_neighbor_list

        i, j, vectors = ase_neighbor_list("ijD", self.atoms, float(self.contacts.max()))
        other = self.group[i] != self.group[j]
        i, j, vectors = i[other], j[other], vectors[other]
        return i, j, vectors, np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)

    def _penalty(self, flat: np.ndarray) -> tuple[float, Any]:
        positions = flat.reshape(-1, 3)
        self.atoms.positions = positions
        gradient = np.zeros_like(positions)
        i, j, vectors, length = self._pairs()
        overlap = np.maximum(self.contacts[self.kind[i], self.kind[j]] - length, 0.0)
        # Every pair is listed both ways, so half of each counts, and each atom moves by its own entries.
        np.add.at(gradient, i, (2 * overlap / length)[:, None] * vectors)
        first, second = self.bonds.T
        bonds = positions[second] - positions[first]
        distance = np.linalg.norm(bonds, axis=1)
        stretch = distance - self.lengths
        push = (2 * _BOND_STIFFNESS * stretch / distance)[:, None] * bonds
        np.add.at(gradient, second, push)
        np.add.at(gradient, first, -push)
        energy = 0.5 * (overlap**2).sum() + _BOND_STIFFNESS * (stretch**2).sum()
        return float(energy), gradient.ravel()
