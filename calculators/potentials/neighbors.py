"""Pairs of neighbours of the structures of a batch, each pair once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms


class Pairs(NamedTuple):
    """P pairs of neighbours of the structures of a batch, whose atoms are numbered through.

    Attributes
    ----------
    first, second
        Atoms of each pair, shape (P,).
    vectors
        From the first to the second, Å, shape (P, 3).
    owner
        Structure of each pair, shape (P,).
    """

    first: np.ndarray
    second: np.ndarray
    vectors: np.ndarray
    owner: np.ndarray


class PairFinder:
    """Finds pairs of neighbours; in directions that are not periodic there are no images.

    Parameters
    ----------
    cutoff
        Largest distance, Å.
    """

    def __init__(self, cutoff: float) -> None:
        from vesin import NeighborList

        self._neighbors: Any = NeighborList(cutoff=cutoff, full_list=False)

    def find(self, structures: Sequence[Atoms]) -> Pairs:
        """Return the pairs of ``structures``, of which there is at least one."""
        first, second, vectors, counts = [], [], [], []
        offset = 0
        for atoms in structures:
            pairs, vector = self._neighbors.compute(
                points=atoms.positions, box=atoms.cell.array, periodic=atoms.pbc, quantities="PD"
            )
            pairs = pairs.astype(np.int64) + offset
            first.append(pairs[:, 0])
            second.append(pairs[:, 1])
            vectors.append(vector)
            counts.append(len(pairs))
            offset += len(atoms)
        owner = np.repeat(np.arange(len(structures)), counts)
        return Pairs(np.concatenate(first), np.concatenate(second), np.concatenate(vectors), owner)
