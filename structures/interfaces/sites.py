"""Sites of a solute on a solid's surface, and the symmetry that makes some occupations of them equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, covalent_radii

from ...errors import InputError
from ..crystal_sites import find_dataset
from ..slabs.bonds import NON_METALS, is_nonmetal
from ..slabs.planar_frame import check_upright, join_across_boundary, planar_area, with_images
from ..tags import is_solid
from .solutes import resting_heights

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ase import Atoms

MIN_SEPARATION = 2.4  # Å between two solute atoms on the surface
# Two metals of a compound of a metal with nonmetals are ions, which come closer than the sum of covalent radii.
_ION_CONTACT = 0.85
_GRID_SPACING = 0.25  # Å
_DEPTH = 8.0  # Å below the top, as deep as a solute looks
_SAME_SITE = 1.0  # Å


@dataclass(frozen=True, eq=False)
class InterfaceSites:
    """Sites just above the top layer of a solid, and the group that permutes them.

    Parameters
    ----------
    positions
        Shape (k, 3), Å, the lowest orbit first.
    orbits
        Number of the orbit of each site, shape (k,); sites of one orbit are equivalent.
    permutations
        Shape (g, k): element g of the group takes site s to ``permutations[g, s]``. Each appears once.
    cell
        Cell of the solid, shape (3, 3), Å.
    symmetry
        Symbol of the space group from which the group was taken, and the tolerance.
    """

    positions: np.ndarray
    orbits: np.ndarray
    permutations: np.ndarray
    cell: np.ndarray
    symmetry: str = ""

    def __len__(self) -> int:
        return len(self.positions)

    def distances(self) -> np.ndarray:
        """Distances between all sites, nearest images, shape (k, k), Å; the diagonal is that to a site's own image."""
        from ase.geometry import get_distances

        distances: np.ndarray
        _, distances = get_distances(self.positions, self.positions, cell=self.cell, pbc=[True, True, False])
        images = [i * self.cell[0] + j * self.cell[1] for i, j in ((1, 0), (0, 1), (1, 1), (1, -1))]
        np.fill_diagonal(distances, min(np.linalg.norm(image) for image in images))
        return distances

    def images(self, occupied: Iterable[int]) -> set[frozenset[int]]:
        """All occupations that symmetry makes equal to this one, itself included."""
        sites = self._check(occupied)
        return {frozenset(row) for row in self.permutations[:, sorted(sites)].tolist()}

    def orbit_size(self, occupied: Iterable[int]) -> int:
        """Number of occupations that symmetry makes equal to this one: its degeneracy."""
        return len(self.images(occupied))

    def canonical(self, occupied: Iterable[int]) -> frozenset[int]:
        """The one of its images that stands for an occupation: two are equivalent when theirs is the same."""
        return min(self.images(occupied), key=sorted)

    def extend(self, occupied: Iterable[int], *, min_separation: float = MIN_SEPARATION) -> list[int]:
        """List the sites for one more atom, one of each set of equivalent outcomes, the lowest first.

        Parameters
        ----------
        occupied
            Sites already filled; empty for the first atom.
        min_separation
            Least distance to the atoms there, Å.
        """
        filled = self._check(occupied)
        distances = self.distances()
        outcomes: dict[frozenset[int], int] = {}
        for site in range(len(self)):
            if site in filled or (distances[site, sorted(filled | {site})] < min_separation).any():
                continue
            outcomes.setdefault(self.canonical(filled | {site}), site)
        return list(outcomes.values())

    def _check(self, occupied: Iterable[int]) -> frozenset[int]:
        sites = frozenset(occupied)
        unknown = sorted(sites - set(range(len(self))))
        if unknown:
            raise InputError(f"site {unknown[0]} does not exist; the {len(self)} sites are 0 to {len(self) - 1}")
        return sites


def find_interface_sites(
    solid: Atoms,
    *,
    symbol: str = "Li",
    bridges: bool = False,
    max_sites: int = 24,
    ideal: Atoms | None = None,
    symprec: float = 0.1,
) -> InterfaceSites:
    """Find where a solute atom comes to rest on the top of a solid, and which of these places are equivalent.

    A ball that touches anions at the sum of covalent radii is lowered onto the surface; the hollows in which it comes
    to rest are the sites, the deepest orbit first. On TiO2-terminated perovskites these are the empty A sites.

    Parameters
    ----------
    solid
        Slab in an upright cell, relaxed or not; of an interface, the atoms tagged as solid are used.
    symbol
        Element of the solute.
    bridges
        Whether to add the passes between hollows, over two atoms.
    max_sites
        Orbits are left out from the highest on until no more sites remain; the first is always kept.
    ideal
        The slab before relaxation, for the symmetry; by default that of ``solid`` itself.
    symprec
        Tolerance of the symmetry, Å.

    Raises
    ------
    InputError
        For an unknown element, no atoms tagged as solid, or a surface without sites.
    """
    if symbol not in atomic_numbers:
        raise InputError(f"symbol {symbol!r} of the solute is not an element")
    surface = _solid_part(solid, "solid")
    reference = surface if ideal is None else _solid_part(ideal, "ideal slab")
    operations, label = _surface_operations(reference, symprec)
    surface = surface[surface.positions[:, 2] > surface.positions[:, 2].max() - _DEPTH]
    contact = _contact_distances(surface, symbol)
    candidates = _hollows(surface, contact)
    if bridges:
        candidates = np.concatenate([candidates, _bridges(surface, contact)])
    orbits = _collect_orbits(surface, candidates, operations, contact, max_sites)
    if not orbits:
        raise InputError(f"{surface.symbols}: no site for {symbol} on its surface")
    positions = np.concatenate(orbits)
    permutations = np.unique([_permutation(positions, move, surface) for move in operations], axis=0)
    numbers = np.repeat(np.arange(len(orbits)), [len(orbit) for orbit in orbits])
    return InterfaceSites(positions, numbers, permutations, np.array(surface.cell), label)


def _solid_part(atoms: Atoms, name: str) -> Atoms:
    check_upright(atoms, name)
    solid = join_across_boundary(atoms[is_solid(atoms.get_tags())])
    if len(solid) == 0:
        raise InputError(f"{name} {atoms.symbols}: no atom is tagged as solid")
    return solid


def _contact_distances(solid: Atoms, symbol: str) -> np.ndarray:
    """Distance at which the solute touches each atom, Å."""
    contact: np.ndarray = covalent_radii[solid.numbers] + covalent_radii[atomic_numbers[symbol]]
    nonmetal = is_nonmetal(solid.numbers)
    if nonmetal.any() and symbol not in NON_METALS:
        contact[~nonmetal] *= _ION_CONTACT
    return contact


def _surface_operations(solid: Atoms, symprec: float) -> tuple[list[tuple[np.ndarray, np.ndarray]], str]:
    """In-plane operations (rotation (2, 2), translation (2,), fractional) that keep the top surface on top."""
    cell = (np.asarray(solid.cell), solid.get_scaled_positions(), solid.numbers)
    dataset = find_dataset(cell, symprec)
    if dataset is None:
        raise InputError(f"{solid.symbols}: no symmetry found with symprec {symprec:g} Å")
    moves = [
        (rotation[:2, :2], translation[:2])
        for rotation, translation in zip(dataset.rotations, dataset.translations, strict=True)
        if rotation[2, 2] == 1
        and not rotation[2, :2].any()
        and not rotation[:2, 2].any()
        and abs(translation[2] - round(translation[2])) * solid.cell[2, 2] < 2 * symprec
    ]
    return moves, f"{dataset.international} (symprec {symprec:g} Å)"


def _hollows(solid: Atoms, contact: np.ndarray) -> np.ndarray:
    """Local minima (m, 2) of the height at which the solute rests, fractional, the lowest first."""
    from scipy.ndimage import minimum_filter
    from scipy.optimize import minimize

    cell = np.asarray(solid.cell)[:2, :2]
    counts = [max(4, int(np.ceil(np.linalg.norm(vector) / _GRID_SPACING))) for vector in cell]
    steps = [np.arange(count) / count for count in counts]
    grid = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1)
    heights = resting_heights(solid, grid.reshape(-1, 2) @ cell, contact)[0].reshape(counts)
    lowest = grid[(heights <= minimum_filter(heights, size=3, mode="wrap")) & np.isfinite(heights)]

    def height(fractional: np.ndarray) -> float:
        return float(resting_heights(solid, fractional[None] @ cell, contact)[0][0])

    scale = _GRID_SPACING / np.sqrt(planar_area(np.asarray(solid.cell)))
    refined = []
    for start in lowest:
        simplex = start + scale * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        best = minimize(height, start, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 1e-4})
        refined.append((round(best.fun, 3), *best.x))
    return np.array(sorted(refined)).reshape(-1, 3)[:, 1:]


def _bridges(solid: Atoms, contact: np.ndarray) -> np.ndarray:
    """Passes (m, 2) over two touching atoms, fractional, the lowest first."""
    cell = np.asarray(solid.cell)
    images, owners = with_images(solid.positions, cell, reach=float(2 * contact.max()))
    top = images[:, 2] > solid.positions[:, 2].max() - contact.max()
    images, owners = images[top], owners[top]
    passes = []
    for first in np.flatnonzero((images[:, :2] @ np.linalg.inv(cell[:2, :2]) // 1 == 0).all(axis=1)):
        for second in range(len(images)):
            step = images[second, :2] - images[first, :2]
            length = float(np.linalg.norm(step))
            if not 0.5 < length < contact[owners[first]] + contact[owners[second]]:
                continue
            along = _balance(images[[first, second], 2], contact[owners[[first, second]]], length)
            if along is not None and 0 < along[0] < length:
                passes.append((*(images[first, :2] + step * along[0] / length), along[1]))
    if not passes:
        return np.empty((0, 2))
    points = np.array(passes)
    points = points[np.argsort(points[:, 2], kind="stable")]
    free = np.isclose(resting_heights(solid, points[:, :2], contact)[0], points[:, 2], atol=1e-6)
    return points[free, :2] @ np.linalg.inv(cell[:2, :2])


def _balance(z: np.ndarray, contact: np.ndarray, length: float) -> tuple[float, float] | None:
    """Where, along the line from one atom to the next, a ball touches both: distance and height, or None."""
    span = float(np.hypot(length, z[1] - z[0]))
    # Foot and altitude of the triangle with sides span, contact[0] and contact[1], turned into the plane's frame.
    foot = (contact[0] ** 2 - contact[1] ** 2 + span**2) / (2 * span)
    if foot**2 > contact[0] ** 2:
        return None
    altitude = float(np.sqrt(contact[0] ** 2 - foot**2))
    rise, run = (z[1] - z[0]) / span, length / span
    return float(foot * run - altitude * rise), float(z[0] + foot * rise + altitude * run)


def _apart(points: np.ndarray, point: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """In-plane distances (m,) between fractional points and one point, nearest images, Å."""
    delta = points - point
    delta -= np.round(delta)
    corners = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    found: np.ndarray = np.linalg.norm((delta[:, None] + corners) @ cell[:2, :2], axis=2).min(axis=1)
    return found


def _collect_orbits(
    solid: Atoms, candidates: np.ndarray, moves: list[tuple[np.ndarray, np.ndarray]], contact: np.ndarray, most: int
) -> list[np.ndarray]:
    """Complete each candidate to its orbit under the group; positions (m, 3) of each orbit, Å."""
    cell = np.asarray(solid.cell)
    taken = np.empty((0, 2))
    orbits: list[np.ndarray] = []
    for candidate in candidates:
        if len(taken) and _apart(taken, candidate, cell).min() < _SAME_SITE:
            continue
        orbit = _orbit(_snap(candidate, moves, cell), moves, cell)
        if len(taken) and min(_apart(taken, site, cell).min() for site in orbit) < _SAME_SITE:
            continue
        if orbits and len(taken) + len(orbit) > most:
            break
        columns = orbit @ cell[:2, :2]
        heights, _ = resting_heights(solid, columns, contact)
        taken = np.concatenate([taken, orbit])
        orbits.append(np.column_stack([columns, heights]))
    return sorted(orbits, key=lambda sites: round(float(sites[:, 2].mean()), 3))


def _orbit(site: np.ndarray, moves: list[tuple[np.ndarray, np.ndarray]], cell: np.ndarray) -> np.ndarray:
    orbit = (site % 1.0)[None]
    for rotation, translation in moves:
        image = (rotation @ site + translation) % 1.0
        if _apart(orbit, image, cell).min() > 0.05:
            orbit = np.concatenate([orbit, image[None]])
    return orbit


def _snap(site: np.ndarray, moves: list[tuple[np.ndarray, np.ndarray]], cell: np.ndarray) -> np.ndarray:
    """Move a site onto the symmetry element it nearly lies on: the mean of its images next to it."""
    images = np.array([rotation @ site + translation for rotation, translation in moves])
    near = images[_apart(images, site, cell) < _SAME_SITE] - site
    snapped = site + (near - np.round(near)).mean(axis=0)
    # Where the neighbours are not the images under a subgroup, the mean lies on no symmetry element.
    return snapped if len(moves) % len(_orbit(snapped, moves, cell)) == 0 else site


def _permutation(positions: np.ndarray, move: tuple[np.ndarray, np.ndarray], solid: Atoms) -> np.ndarray:
    cell = np.asarray(solid.cell)
    sites = positions[:, :2] @ np.linalg.inv(cell[:2, :2])
    rotation, translation = move
    target = np.array([int(np.argmin(_apart(sites, rotation @ site + translation, cell))) for site in sites])
    if len(set(target.tolist())) != len(target):
        raise InputError(
            f"{solid.symbols}: its symmetry does not permute the sites; lower symprec or pass the ideal slab"
        )
    return target
