"""Hard spheres in contact: how far a film comes down onto a substrate wherever it is shifted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..slabs.planar_frame import lateral_images
from ..tags import LIQUID, is_solid

if TYPE_CHECKING:
    from ase import Atoms

CONTACT_DEPTH = 4.0
"""Å: layers further from the interface do not touch the other crystal."""

_FACING = 0.3  # Å: atoms as near to the outermost one face the other crystal
_LIKE_CHARGES = 1.5  # times the sum of radii: elements that far apart in a crystal are simply not neighbours in it


class Contact:
    """The film and the substrate of an interface as hard spheres.

    Two atoms touch at the shortest distance that their elements have in either crystal, so that ions of one sign, and
    atoms that an ordered alloy keeps apart, do not get close; of elements that do not meet in any, each has half the
    distance to its nearest neighbour.

    Parameters
    ----------
    atoms
        Substrate (tag ``SOLID``) under the film (tag ``LIQUID``), in an upright cell.
    by_atom
        Instead, each atom has half the distance to its nearest neighbour, whatever the elements.

    Attributes
    ----------
    film, solid
        Indices of either.
    low, top
        Indices of those that may touch the other.
    """

    def __init__(self, atoms: Atoms, *, by_atom: bool = False) -> None:
        tags, z = atoms.get_tags(), atoms.positions[:, 2]
        self.atoms = atoms
        self.by_atom = by_atom
        self.film, self.solid = np.flatnonzero(tags == LIQUID), np.flatnonzero(is_solid(tags))
        self.low = self.film[z[self.film] < z[self.film].min() + CONTACT_DEPTH]
        self.top = self.solid[z[self.solid] > z[self.solid].max() - CONTACT_DEPTH]

    @property
    def lowest(self) -> np.ndarray:
        """Indices of the atoms of the film that face the substrate."""
        z = self.atoms.positions[self.low, 2]
        found: np.ndarray = self.low[z < z.min() + _FACING]
        return found

    @property
    def highest(self) -> np.ndarray:
        """Indices of the atoms of the substrate that face the film."""
        z = self.atoms.positions[self.top, 2]
        found: np.ndarray = self.top[z > z.max() - _FACING]
        return found

    @cached_property
    def distances(self) -> np.ndarray:
        """Distance (Å) at which each of ``low`` touches each of ``top``, shape (n_low, n_top)."""
        from ase.neighborlist import neighbor_list

        if self.by_atom:
            low, top = _radii(self.atoms, self.film), _radii(self.atoms, self.solid)
            touching: np.ndarray = low[self.low][:, None] + top[self.top][None, :]
            return touching
        radii: dict[int, float] = {}
        pairs: dict[tuple[int, int], float] = {}
        for part in (self.atoms[self.film], self.atoms[self.solid]):
            first, second, apart = neighbor_list("ijd", part, 5.0)
            for number in set(part.numbers.tolist()):
                own = apart[part.numbers[first] == number]
                radii[number] = min(radii.get(number, np.inf), 0.5 * float(own.min()) if len(own) else 1.5)
                for other in set(part.numbers.tolist()):
                    both = apart[(part.numbers[first] == number) & (part.numbers[second] == other)]
                    if len(both):
                        pairs[number, other] = min(pairs.get((number, other), np.inf), float(both.min()))
        numbers = self.atoms.numbers
        return np.array([[_touching(numbers[i], numbers[j], radii, pairs) for j in self.top] for i in self.low])

    def lifts(self, shifts: np.ndarray) -> np.ndarray:
        """How far the film has to move up (negative: may move down) until its first atom touches, shape (m,).

        Parameters
        ----------
        shifts
            Of the film along the plane, Å, shape (m, 2).
        """
        rise, apart = self._relative
        lifts = np.empty(len(shifts))
        for number, shift in enumerate(shifts):
            squared = self.distances[:, :, None] ** 2 - ((apart + shift) ** 2).sum(axis=-1)
            needed = np.where(squared > 0, rise[:, :, None] + np.sqrt(np.maximum(squared, 0.0)), -np.inf)
            lifts[number] = needed.max()
        return lifts

    def settle(self, shift: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the shift nearby, and the lift, at which the film cannot roll any further down."""
        best, lift = np.asarray(shift, dtype=float), float(self.lifts(np.asarray(shift)[None])[0])
        step = 0.2
        while step > 1e-4:
            around = best + step * _DIRECTIONS
            lifts = self.lifts(around)
            lowest = int(lifts.argmin())
            if lifts[lowest] < lift - 1e-9:
                best, lift = around[lowest], float(lifts[lowest])
            else:
                step /= 2
        return best, lift

    @cached_property
    def _relative(self) -> tuple[np.ndarray, np.ndarray]:
        """Heights of ``top`` over ``low``, and lateral vectors from the former, all images that may touch."""
        positions = self.atoms.positions
        rise = positions[self.top, 2][None, :] - positions[self.low, 2][:, None]
        apart = (positions[self.low][:, None, :2] - positions[self.top][None, :, :2])[:, :, None, :]
        return rise, apart + lateral_images(self.atoms.cell.array, float(self.distances.max()))[:, :2]


_ANGLES = np.arange(12) * np.pi / 6
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


def _radii(atoms: Atoms, part: np.ndarray) -> np.ndarray:
    """Half the distance of each atom of a part to its nearest neighbour there, shape (n_atoms,); nan outside."""
    from ase.neighborlist import neighbor_list

    nearest = np.full(len(part), np.inf)
    np.minimum.at(nearest, *neighbor_list("id", atoms[part], 5.0))
    found = np.full(len(atoms), np.nan)
    found[part] = 0.5 * np.where(np.isfinite(nearest), nearest, 3.0)
    return found


def _touching(one: int, other: int, radii: dict[int, float], pairs: dict[tuple[int, int], float]) -> float:
    bonded = radii[one] + radii[other]
    known = pairs.get((one, other), bonded)
    return known if known < _LIKE_CHARGES * bonded else bonded
