"""Neighbour graph of a batch of structures for CHGNet, each bond and each angle once.

CHGNet sees a structure through the lengths of the bonds below 6 Å and the angles between bonds below 3 Å. It counts a
bond i-j and its reverse as one, but an angle between two bonds twice, once from either. Here both are listed once, and
the network takes its sums over the mirrored half as well.

The network's energy is a function of these lengths and angles only; what its gradient with respect to them means
for the atoms and the cell is worked out here in closed form and double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from ..lean import forces_and_virials
from ..neighbors import PairFinder

if TYPE_CHECKING:
    import torch

# CHGNet shrinks every cosine by this before the arc cosine, so that its derivative stays finite for straight angles:
# 1 - 1e-6 in single precision, which matters, because there the arc cosine magnifies differences 700 times.
_COSINE_SCALE = float(np.float32(1 - 1e-6))


@dataclass(frozen=True)
class Graph:
    """Bonds and angles of the structures of a batch, as torch tensors; B bonds, A angles, N atoms, S structures.

    Attributes
    ----------
    numbers
        Atomic numbers, shape (N,).
    first, second
        Atoms of each bond, shape (B,); the bonds below the angle cutoff come first.
    n_short
        How many bonds are below the angle cutoff.
    owner
        Structure of each bond, shape (B,).
    unit
        Unit vector of each bond from its first atom to its second, shape (B, 3).
    length
        Length of each bond, Å, shape (B,).
    left, right
        Bonds of each angle, shape (A,); each unordered pair once.
    center
        Atom in the middle of each angle, shape (A,).
    sign
        Product of the directions of the two bonds relative to the centre, +1 or -1, shape (A,).
    cosine
        Cosine of each angle, shape (A,).
    n_structures
        Number of structures.
    """

    numbers: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    n_short: int
    owner: torch.Tensor
    unit: torch.Tensor
    length: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    center: torch.Tensor
    sign: torch.Tensor
    cosine: torch.Tensor
    n_structures: int

    @property
    def angle(self) -> torch.Tensor:
        """Angles, radians, shape (A,), as CHGNet takes them: never quite 0 or 180 degrees."""
        return (self.cosine * _COSINE_SCALE).acos()

    def forces_and_virials(self, d_length: torch.Tensor, d_angle: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return what the derivatives of the energy with respect to lengths and angles mean for atoms and cells.

        Parameters
        ----------
        d_length
            Derivative with respect to each length, eV/Å, shape (B,).
        d_angle
            Derivative with respect to each angle, eV, shape (A,).

        Returns
        -------
        forces, virials
            Forces, eV/Å, shape (N, 3), and derivatives of each structure's energy with respect to strain, eV, shape
            (S, 3, 3).
        """
        gradient = d_length.double()[:, None] * self.unit
        if len(self.left):
            scaled = self.cosine * _COSINE_SCALE
            d_cosine = -_COSINE_SCALE * d_angle.double() / (1 - scaled * scaled).sqrt()
            left, right = self.unit[self.left], self.unit[self.right]
            signed, cosine = (d_cosine * self.sign)[:, None], (d_cosine * self.cosine)[:, None]
            by_left = (signed * right - cosine * left) / self.length[self.left, None]
            by_right = (signed * left - cosine * right) / self.length[self.right, None]
            gradient.index_add_(0, self.left, by_left).index_add_(0, self.right, by_right)
        vectors, sizes = self.length[:, None] * self.unit, (len(self.numbers), self.n_structures)
        return forces_and_virials(self.first, self.second, self.owner, vectors, gradient, sizes)


class GraphBuilder:
    """Builds the graphs of batches of structures.

    Parameters
    ----------
    bond_cutoff
        Largest length of a bond, Å.
    angle_cutoff
        Largest length of a bond that makes angles, Å.
    """

    def __init__(self, bond_cutoff: float, angle_cutoff: float) -> None:
        self.angle_cutoff = angle_cutoff
        self._finder = PairFinder(bond_cutoff)

    def build(self, structures: Sequence[Atoms]) -> Graph:
        """Return the graph of ``structures``; in directions that are not periodic there are no images."""
        import torch

        first, second, vectors, owner = self._finder.find(structures)
        numbers = np.concatenate([atoms.numbers for atoms in structures])
        length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        order = np.argsort(length >= self.angle_cutoff, kind="stable")
        first, second, vectors, owner, length = (item[order] for item in (first, second, vectors, owner, length))
        n_short = int(np.count_nonzero(length < self.angle_cutoff))
        tensor = torch.from_numpy
        with np.errstate(invalid="ignore"):  # of two atoms at one place
            unit = tensor(vectors / length[:, None])
        pairs = angle_pairs(first[:n_short], second[:n_short], len(numbers))
        left, right, center, sign = (tensor(item) for item in pairs)
        cosine = (unit[left] * unit[right]).sum(dim=1) * sign
        return Graph(
            numbers=tensor(numbers.astype(np.int64)),
            first=tensor(first),
            second=tensor(second),
            n_short=n_short,
            owner=tensor(owner),
            unit=unit,
            length=tensor(length),
            left=left,
            right=right,
            center=center,
            sign=sign,
            cosine=cosine.clamp(-1.0, 1.0),
            n_structures=len(structures),
        )


def angle_pairs(
    first: np.ndarray, second: np.ndarray, n_atoms: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return every unordered pair of bond ends that meet at an atom.

    A bond from an atom to its own image has both its ends there, so that it also makes a straight angle with itself.

    Parameters
    ----------
    first, second
        Atoms of each bond, shape (B,).
    n_atoms
        Number of atoms.

    Returns
    -------
    left, right, center, sign
        The two bonds, the atom, and +1.0 if both bonds are listed from that atom or both towards it, else -1.0; each
        of shape (A,).
    """
    n_bonds = len(first)
    atom = np.concatenate([first, second])
    order = np.argsort(atom, kind="stable")
    atom = atom[order]
    bond = order % n_bonds if n_bonds else order
    outward = np.where(order < n_bonds, 1.0, -1.0)
    ends = np.bincount(atom, minlength=n_atoms)
    stop = np.cumsum(ends)[atom]
    place = np.arange(len(atom))
    partners = stop - place - 1  # an end pairs with the later ends at its atom
    one = np.repeat(place, partners)
    before = np.cumsum(partners) - partners
    other = np.arange(len(one)) - np.repeat(before, partners) + one + 1
    return bond[one], bond[other], atom[one], outward[one] * outward[other]
