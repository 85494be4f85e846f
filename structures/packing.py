"""Random packing without overlaps: soft spheres that push each other apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

# Of the nearest-neighbour distance: the spheres' diameter, and the shortest distance that is accepted.
_DIAMETER = 0.95
SHORTEST = 0.85
_SWEEPS = 400
_STEP = 0.8


def separate(
    atoms: Atoms,
    radii: np.ndarray,
    mobility: np.ndarray,
    *,
    z_limits: tuple[float, float] | None = None,
    accepted: float = 0.999,
    max_sweeps: int = _SWEEPS,
) -> tuple[np.ndarray, bool]:
    """Push atoms apart until every pair is at least the sum of its radii from each other.

    Parameters
    ----------
    atoms
        Cell and start; periodic as its ``pbc`` says.
    radii
        Radius of each atom, Å, shape (n,).
    mobility
        Share of a push that each atom takes, shape (n,); 0 holds it in place, and pairs of held atoms are left alone.
    z_limits
        Walls that atoms cannot pass, Å.
    accepted
        Fraction of the sum of radii at which a pair counts as separated.

    Returns
    -------
    (ndarray, bool)
        Positions (n, 3), Å, not wrapped, and whether all pairs are separated.
    """
    from vesin import ase_neighbor_list

    work = atoms.copy()
    work.set_constraint()
    reach = 2 * float(radii.max())
    for _ in range(max_sweeps):
        i, j, vectors = ase_neighbor_list("ijD", work, reach)
        share = mobility[i] + mobility[j]
        length = np.linalg.norm(vectors, axis=1)
        wanted = radii[i] + radii[j]
        close = (share > 0) & (length < wanted)
        if not (close & (length < accepted * wanted)).any():
            return work.positions, True
        i, length = i[close], np.maximum(length[close], 1e-9)
        # Every pair is listed both ways, so each atom moves by its own entries only.
        push = _STEP * mobility[i] / share[close] * (wanted[close] - length) / length
        moves = np.zeros((len(work), 3))
        np.add.at(moves, i, -push[:, None] * vectors[close])
        # Many pushes at once overshoot; the longest step is kept below a fifth of a radius.
        longest = np.linalg.norm(moves, axis=1, keepdims=True)
        work.positions += moves * np.minimum(1.0, 0.2 * radii[:, None] / np.maximum(longest, 1e-12))
        if z_limits is not None:
            np.clip(work.positions[:, 2], *z_limits, out=work.positions[:, 2])
    return work.positions, False


def pack(
    box: Atoms,
    n_atoms: int,
    neighbour_distance: float,
    *,
    z_limits: tuple[float, float] | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Place atoms at random in a periodic box, no two closer than 0.85 of the nearest-neighbour distance.

    Parameters
    ----------
    box
        Empty cell; c along z where ``z_limits`` is given.
    n_atoms
        Number of atoms.
    neighbour_distance
        Distance between neighbours in the liquid, Å.
    z_limits
        Lowest and highest z of an atom, Å; None fills the cell. The upper one gives way, by 2 % at a time, should the
        atoms not fit.
    seed
        The same seed gives the same positions.

    Returns
    -------
    ndarray
        Positions, shape (n_atoms, 3), Å.

    Raises
    ------
    InputError
        When the box is narrower than one atom, or the atoms do not fit into a box without ``z_limits``.
    """
    from ase import Atoms

    volume = abs(np.linalg.det(box.cell))
    widths = [volume / np.linalg.norm(np.cross(box.cell[k - 1], box.cell[k - 2])) for k in range(3)]
    narrow = min(widths[:2] if z_limits else widths)
    if narrow < SHORTEST * neighbour_distance:
        raise InputError(f"the cell is {narrow:.2f} Å wide, less than one atom of {neighbour_distance:.2f} Å")
    fractional = np.random.default_rng(seed).random((n_atoms, 3))
    start = fractional @ np.asarray(box.cell)
    radii = np.full(n_atoms, 0.5 * _DIAMETER * neighbour_distance)
    low, high = z_limits or (0.0, 0.0)
    pbc = [True, True, z_limits is None]
    for _ in range(50):
        if z_limits is not None:
            start[:, 2] = low + fractional[:, 2] * (high - low)
        atoms = Atoms(numbers=[1] * n_atoms, positions=start, cell=box.cell, pbc=pbc)
        limits = (low, high) if z_limits is not None else None
        accepted = SHORTEST / _DIAMETER + 1e-3
        positions, done = separate(atoms, radii, np.ones(n_atoms), z_limits=limits, accepted=accepted)
        if done:
            return positions
        if z_limits is None:
            break
        high += max(0.02 * (high - low), 0.05 * neighbour_distance)
    raise InputError(f"{n_atoms} atoms of {neighbour_distance:.2f} Å do not fit into {volume:.0f} Å^3")
