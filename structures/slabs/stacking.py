"""A crystal seen along a plane normal: units stacked by height, where it can be cut, and which cuts are alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import as_float, items, refusal
from ...errors import InputError
from ..crystal_sites import find_dataset, spglib_cell
from ..symmetry import primitive_cell
from ..symmetry_tolerances import RELAXED_SYMPREC, SYMPREC
from .bonds import covalent_bonds
from .planar_cells import reduce_planar

if TYPE_CHECKING:
    from ase import Atoms

MIN_GAP = 0.5  # Å; closer heights belong to one layer
MIN_BUCKLED_GAP = 0.2  # Å; heights closer than this are one flat layer, which no cut divides
_GAP_FRACTION = 0.9  # of the widest gap, where none reaches MIN_GAP


@dataclass(frozen=True, eq=False)
class Stacking:
    """The primitive cell of a crystal, turned so that a plane is horizontal.

    Attributes
    ----------
    numbers
        Atomic numbers, shape (n,).
    positions
        Å, shape (n, 3), in one image in which no unit is torn along z.
    plane
        Shortest in-plane lattice vectors, Å, shape (2, 2).
    step
        Lattice vector from one period to the next, Å, shape (3,); its z component is the period.
    heights
        Of the centre of each atom's unit, Å, in [0, period), shape (n,). A unit is an atom, or all atoms that bonds
        between non-metals hold together, such as PS4.
    cuts
        Heights between layers at which the crystal can be cut, Å, ascending.
    spare_cuts
        Heights inside buckled layers at which it could be cut as well, breaking no more bonds, Å, ascending.
    opened
        Those of ``cuts`` that :meth:`opened_at` has added from ``spare_cuts``, by index.
    operations
        Symmetry of the crystal along z: pairs (sign, shift) that take the height h to sign * h + shift (Å).
    """

    numbers: np.ndarray
    positions: np.ndarray
    plane: np.ndarray
    step: np.ndarray
    heights: np.ndarray
    cuts: np.ndarray
    spare_cuts: np.ndarray
    operations: frozenset[tuple[int, float]] = field(repr=False)
    opened: frozenset[int] = frozenset()

    @property
    def period(self) -> float:
        """Distance of equivalent planes, Å."""
        return float(self.step[2])

    def layer(self, cut: int) -> np.ndarray:
        """Indices of the atoms in the layer right below a cut; below a cut through a layer, in the part below it."""
        depth = (self.cuts[cut] - self.heights) % self.period
        bounds = [other for other in range(len(self.cuts)) if cut in self.opened or other not in self.opened]
        # With a single cut the layer is the whole period.
        width = min((self.cuts[cut] - self.cuts[other]) % self.period or self.period for other in bounds)
        return np.flatnonzero(depth < width)

    def opened_at(self, heights: Sequence[float]) -> Stacking:
        """Return a stacking that can also be cut at these of its ``spare_cuts``."""
        every = np.sort(np.append(self.cuts, heights))
        opened = frozenset(int(index) for index in np.searchsorted(every, heights))
        spare = self.spare_cuts[~np.isin(self.spare_cuts, heights)]
        return replace(self, cuts=every, spare_cuts=spare, opened=opened)

    def count_layers(self, low: float, high: float) -> int:
        """Number of layers between two heights."""
        indices, positions = self.window(low, high)
        images = np.round((positions[:, 2] - self.positions[indices, 2]) / self.period)
        levels = np.sort(self.heights[indices] + images * self.period)
        gap = min(MIN_GAP, float(np.diff(self._levels(), append=self._levels()[0] + self.period).max()) * _GAP_FRACTION)
        return 1 + int((np.diff(levels) >= gap - 1e-6).sum())

    def _levels(self) -> np.ndarray:
        return np.unique(np.round(self.heights, 6))

    def images(self, cut: int, sign: int) -> set[int]:
        """Cuts onto which operations of one sign take a cut."""
        found = {self._find(sign * self.cuts[cut] + shift) for own, shift in self.operations if own == sign}
        return {image for image in found if image is not None}

    def _find(self, height: float) -> int | None:
        distance = (self.cuts - height + 0.5 * self.period) % self.period - 0.5 * self.period
        nearest = int(np.abs(distance).argmin())
        between = np.diff(self.cuts, append=self.cuts[0] + self.period).min()
        return nearest if abs(distance[nearest]) < min(0.1, 0.25 * between) else None

    def window(self, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
        """Atoms of the units between two heights: their indices, shape (m,), and positions in Å, shape (m, 3)."""
        first = math.floor((low - self.heights.max()) / self.period)
        last = math.ceil(high / self.period)
        chosen = [
            (
                image,
                np.flatnonzero(
                    (self.heights + image * self.period > low) & (self.heights + image * self.period < high)
                ),
            )
            for image in range(first, last + 1)
        ]
        indices = np.concatenate([inside for _, inside in chosen])
        positions = np.concatenate([self.positions[inside] + image * self.step for image, inside in chosen])
        return indices, positions


def stack_crystal(crystal: Atoms, miller_index: Sequence[int], symprec: float = SYMPREC) -> Stacking:
    """Turn a crystal so that a plane is horizontal, and find its layers, cuts and symmetry along z.

    Parameters
    ----------
    crystal
        Periodic in three directions.
    miller_index
        Of the cell as given; the normal points up.
    symprec
        Å within which cuts count as equivalent. The primitive cell is found within 0.05 Å at most: a tolerance above
        that would cut the slab from another crystal.

    Raises
    ------
    InputError
        The crystal is not periodic in three directions, or the Miller index is not one.
    """
    _check_crystal(crystal)
    index = check_miller_index(miller_index, crystal)
    primitive = primitive_cell(crystal, min(symprec, RELAXED_SYMPREC))
    own = _in_primitive_cell(index, np.asarray(crystal.cell), np.asarray(primitive.cell))
    cell, positions = _upright(primitive, own)
    heights, shifts = _unit_heights(primitive, own, positions[:, 2], cell[2, 2])
    settled = positions + shifts[:, None] * cell[2]
    cuts, spare_cuts = _cuts(primitive, own, shifts, heights, cell[2, 2])
    return Stacking(
        numbers=primitive.numbers,
        positions=settled,
        plane=cell[:2, :2],
        step=cell[2],
        heights=heights,
        cuts=cuts,
        spare_cuts=spare_cuts,
        operations=_operations(primitive, own, cell[2, 2], symprec),
    )


def check_miller_index(miller_index: Sequence[int], crystal: Atoms | None = None) -> tuple[int, int, int]:
    """Return a Miller index without common factors; four hexagonal indices (h, k, -h-k, l) become three.

    Parameters
    ----------
    miller_index
        What was given.
    crystal
        The cell to whose axes it refers; None where it is known already that four indices may be given.

    Raises
    ------
    InputError
        Not three (or four hexagonal) whole numbers, all zero, or four for a cell that is not hexagonal.
    """
    allowed = "three whole numbers, not all zero, for example (0, 0, 1)"
    given = items("miller_index", miller_index, allowed)
    if len(given) not in (3, 4) or not all(_is_whole(value) for value in given) or not any(given):
        raise refusal("miller_index", miller_index, allowed)
    values = [int(value) for value in given]
    if len(values) == 4:
        h, k, i, _ = values
        if crystal is not None and not is_hexagonal(crystal):
            angles = ", ".join(f"{angle:.4g}" for angle in crystal.cell.cellpar())
            raise InputError(
                f"miller_index: {miller_index!r} has four indices, which only a hexagonal cell has, and that of"
                f" {crystal.symbols} is {angles}; give three"
            )
        if i != -(h + k):
            raise InputError(
                f"miller_index: {miller_index!r} is not allowed; of four indices (h, k, i, l) the third is -(h + k),"
                f" here {-(h + k)}"
            )
        del values[2]
    divisor = math.gcd(*values)
    return values[0] // divisor, values[1] // divisor, values[2] // divisor


def is_hexagonal(crystal: Atoms) -> bool:
    """Whether a and b are equal and at 120°, and c stands upright on them."""
    a, b, _, alpha, beta, gamma = crystal.cell.cellpar()
    return bool(abs(a / b - 1.0) < 0.01 and np.allclose((alpha, beta, gamma), (90.0, 90.0, 120.0), atol=0.5))


def _is_whole(value: object) -> bool:
    found = as_float(value)
    return math.isfinite(found) and found == int(found)


def _check_crystal(crystal: Atoms) -> None:
    if len(crystal) == 0 or crystal.cell.rank < 3 or not crystal.pbc.all():
        raise InputError(f"crystal {crystal.symbols}: a slab is cut from a crystal periodic in three directions")


def _in_primitive_cell(index: tuple[int, int, int], cell: np.ndarray, primitive: np.ndarray) -> np.ndarray:
    """Miller index of the same plane in the primitive cell, shape (3,)."""
    normal = primitive @ np.linalg.inv(cell) @ index
    # Indices of a primitive cell are fractions with small denominators times those of a larger cell.
    scaled = normal * round(abs(np.linalg.det(cell) / np.linalg.det(primitive)))
    own = np.round(scaled).astype(int)
    found: np.ndarray = own // math.gcd(*(int(value) for value in own))
    return found


def _extended_gcd(first: int, second: int) -> tuple[int, int, int]:
    """Return (g, p, q) with p * first + q * second = g >= 0."""
    if second == 0:
        return abs(first), (1 if first >= 0 else -1), 0
    divisor, p, q = _extended_gcd(second, first % second)
    return divisor, q, p - (first // second) * q


def _plane_basis(index: np.ndarray) -> np.ndarray:
    """Integer matrix (3, 3) of determinant 1: two vectors in the plane and one to the next plane."""
    h, k, l = (int(value) for value in index)  # noqa: E741 (the letters of crystallography)
    divisor, p, q = _extended_gcd(h, k)
    if divisor == 0:
        return np.diag([1, l, l])
    _, a, b = _extended_gcd(divisor, l)
    return np.array([[k // divisor, -h // divisor, 0], [-p * l, -q * l, divisor], [a * p, a * q, b]])


def _upright(primitive: Atoms, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lattice (3, 3) with a along x, b in the xy plane and the normal along z, and the positions in these axes."""
    lattice = _plane_basis(index) @ np.asarray(primitive.cell)
    normal = np.linalg.inv(np.asarray(primitive.cell)) @ index
    if np.cross(lattice[0], lattice[1]) @ normal < 0:
        lattice[0] *= -1
    lattice[:2] = reduce_planar(lattice[:2]) @ lattice[:2]
    z = normal / np.linalg.norm(normal)
    x = lattice[0] / np.linalg.norm(lattice[0])
    axes = np.array([x, np.cross(z, x), z])
    cell = lattice @ axes.T
    cell[0, 1:] = cell[1, 2] = 0.0
    cell[2, :2] -= np.floor(np.linalg.solve(cell[:2, :2].T, cell[2, :2]) + 1e-9) @ cell[:2, :2]
    return cell, primitive.positions @ axes.T


def _unit_heights(primitive: Atoms, index: np.ndarray, z: np.ndarray, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Height of each atom's unit in [0, period), and the periods by which the atom moves to be whole with it."""
    i, j, cells = covalent_bonds(primitive)
    # Of a neighbour in another cell only the number of planes in between matters; in the plane all is periodic.
    rises = cells @ index
    neighbours: list[list[tuple[int, int]]] = [[] for _ in z]
    for first, second, rise in zip(i.tolist(), j.tolist(), rises.tolist(), strict=True):
        neighbours[first].append((second, int(rise)))
    shifts = np.zeros(len(z), dtype=int)
    centres = np.empty(len(z))
    seen: set[int] = set()
    for start in range(len(z)):
        if start in seen:
            continue
        placed = _grow(start, neighbours)
        members = list(placed) if placed is not None else [start]
        offsets = np.array([placed[member] for member in members] if placed is not None else [0])
        centre = float((z[members] + offsets * period).mean())
        # The margin keeps a unit at height zero there when rounding puts it a hair below.
        home = math.floor(centre / period + 1e-6)
        shifts[members] = offsets - home
        centres[members] = centre - home * period
        seen.update(members)
    return np.maximum(centres, 0.0), shifts


def _grow(start: int, neighbours: list[list[tuple[int, int]]]) -> dict[int, int] | None:
    """Members of a unit and their periods; None when its bonds run on through the crystal along z."""
    placed = {start: 0}
    queue = [start]
    while queue:
        here = queue.pop()
        for there, rise in neighbours[here]:
            period = placed[here] + rise
            if there not in placed:
                placed[there] = period
                queue.append(there)
            elif placed[there] != period:
                return None
    return placed


def _cuts(
    primitive: Atoms, index: np.ndarray, shifts: np.ndarray, heights: np.ndarray, period: float
) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the gaps between layers, and of the gaps inside layers; of each, those that break the fewest bonds."""
    levels = np.unique(np.round(heights, 6))
    gaps = np.diff(levels, append=levels[0] + period)
    middles = levels + 0.5 * gaps
    wide = gaps >= min(MIN_GAP, _GAP_FRACTION * gaps.max()) - 1e-6
    i, j, cells = covalent_bonds(primitive)
    upper = heights[j] + (cells @ index + shifts[i] - shifts[j]) * period
    broken = np.array(
        [np.abs(np.floor((upper - cut) / period) - np.floor((heights[i] - cut) / period)).sum() for cut in middles]
    )
    fewest = broken <= broken[wide].min()
    inside = ~wide & (gaps >= MIN_BUCKLED_GAP)
    return np.sort(middles[wide & fewest]), np.sort(middles[inside & fewest])


def _operations(primitive: Atoms, index: np.ndarray, period: float, symprec: float) -> frozenset[tuple[int, float]]:
    """What the space group does to heights; operations that tilt the plane are left out."""
    found = find_dataset(spglib_cell(primitive), symprec)
    operations = {(1, 0.0)}
    if found is not None:
        for rotation, translation in zip(found.rotations, found.translations, strict=True):
            for sign in (1, -1):
                if np.array_equal(index @ rotation, sign * index):
                    operations.add((sign, round(float(index @ translation % 1.0) * period, 6)))
    return frozenset(operations)
