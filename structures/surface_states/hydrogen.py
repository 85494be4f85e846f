"""Hydrogen on a face: which way O–H groups and water molecules turn, so that they bond and do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, covalent_radii

from ..slabs.planar_frame import with_images
from ..tags import ADLAYER

if TYPE_CHECKING:
    from ase import Atoms

HOH_ANGLE = 104.5  # degrees
_HYDROGEN_BOND = 0.55  # Å beyond the ionic radius of the acceptor: 1.8 Å for O, 2.3 Å for S
_REACH = 5.0  # Å
# Of hydrogen to what it is not bonded to, Å: pushed away from the first distance, overlapping below the second.
_OTHER_HYDROGEN = (2.0, 1.5)
_CATION = (2.2, 1.55)
_ACCEPTOR = (-0.2, -0.4)  # from the length of a hydrogen bond
_STIFFNESS = 4.0  # per Å^2, against 1 for a perfect hydrogen bond
_SWEEPS = 4


@dataclass(frozen=True, eq=False)
class Turnable:
    """A group that can turn about its heavy atom.

    Attributes
    ----------
    parent
        Index of the heavy atom.
    hydrogens
        Indices of its hydrogen atoms, m of them.
    ways
        Vectors from the parent to the hydrogens, Å, shape (k, m, 3): what is tried.
    bias
        Cost of each way, shape (k,), in units of a hydrogen bond.
    """

    parent: int
    hydrogens: tuple[int, ...]
    ways: np.ndarray
    bias: np.ndarray


def bond_to_hydrogen(symbol: str) -> float:
    """Length of a bond to hydrogen, the sum of covalent radii, Å: 0.97 for O, 1.36 for S."""
    return float(covalent_radii[atomic_numbers[symbol]] + covalent_radii[1])


@cache
def ionic_radius(symbol: str, charge: float) -> float:
    """Shannon's crystal radius of an ion, Å (doi 10.1107/S0567739476001551); of hydrogen the covalent radius.

    Where pymatgen has none, the covalent radius is taken as well.
    """
    from pymatgen.core import Species

    radius = Species(symbol, round(charge)).ionic_radius if charge and symbol != "H" else None
    return float(radius) if radius is not None else float(covalent_radii[atomic_numbers[symbol]])


def tilted_ways(
    axis: np.ndarray, length: float, tilts_deg: Sequence[float], turn: float
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (k, 1, 3) of a length at some tilts from an axis, all around it, and their tilts in degrees (k,).

    ``turn`` (radians) is where the first one of each tilt stands.
    """
    axis = axis / np.linalg.norm(axis)
    side = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    ways, tilts = [], []
    for tilt in tilts_deg:
        for azimuth in turn + np.arange(1 if tilt == 0 else 24) * 2 * np.pi / 24:
            around = np.cos(azimuth) * side + np.sin(azimuth) * other
            ways.append(length * (np.cos(np.radians(tilt)) * axis + np.sin(np.radians(tilt)) * around))
            tilts.append(tilt)
    return np.array(ways)[:, None], np.array(tilts, dtype=float)


def water_ways(count: int, rng: np.random.Generator) -> np.ndarray:
    """Vectors (count, 2, 3) from oxygen to the hydrogen atoms of a water molecule, turned at random."""
    from scipy.spatial.transform import Rotation

    half = np.radians(HOH_ANGLE / 2)
    molecule = bond_to_hydrogen("O") * np.array([[np.sin(half), 0, np.cos(half)], [-np.sin(half), 0, np.cos(half)]])
    return np.stack([turn.apply(molecule) for turn in Rotation.random(count, random_state=rng)])


def turn_groups(atoms: Atoms, groups: Sequence[Turnable], charges: Mapping[str, float]) -> list[int]:
    """Turn groups one after the other, in place, until hydrogen bonds are made and nothing overlaps.

    Parameters
    ----------
    atoms
        Upright cell; the hydrogen atoms of the groups may be anywhere.
    groups
        Each keeps its heavy atom where it is.
    charges
        Formal charge of each element, e.

    Returns
    -------
    list of int
        Numbers of the groups that overlap with something whichever way they turn.
    """
    signs = np.array([charges[symbol] for symbol in atoms.get_chemical_symbols()])
    radii = {symbol: ionic_radius(symbol, charges[symbol]) for symbol in set(atoms.symbols)}
    acceptor = np.array([radii[symbol] for symbol in atoms.get_chemical_symbols()]) + _HYDROGEN_BOND
    placed = np.ones(len(atoms), dtype=bool)
    for group in groups:
        placed[list(group.hydrogens)] = False
    overlapping: list[int] = []
    for sweep in range(_SWEEPS):
        overlapping = []
        for number, group in enumerate(groups):
            costs, overlaps = _costs(atoms, group, placed, signs, acceptor)
            # A way that overlaps is taken only where all do.
            best = int(np.lexsort((np.round(costs, 9), overlaps))[0])
            atoms.positions[list(group.hydrogens)] = atoms.positions[group.parent] + group.ways[best]
            placed[list(group.hydrogens)] = True
            if overlaps[best]:
                overlapping.append(number)
        if sweep and not overlapping:
            break
    return overlapping


def _costs(
    atoms: Atoms, group: Turnable, placed: np.ndarray, signs: np.ndarray, bond_lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cost of each way to turn a group, shape (k,), and whether it overlaps with something."""
    others = placed.copy()
    others[[group.parent, *group.hydrogens]] = False
    cell = np.asarray(atoms.cell)
    home = atoms.positions[group.parent].copy()
    home[:2] = (home[:2] @ np.linalg.inv(cell[:2, :2]) % 1.0) @ cell[:2, :2]
    images, owners = with_images(atoms.positions[others], cell, _REACH + 1.0)
    near = np.linalg.norm(images - home, axis=1) < _REACH
    images, owners = images[near], np.flatnonzero(others)[owners[near]]
    hydrogens = home + group.ways
    apart = images[None, None] - hydrogens[:, :, None]
    distances = np.linalg.norm(apart, axis=-1)
    is_anion = signs[owners] < 0
    soft, hard = (
        np.select(
            [atoms.numbers[owners] == 1, is_anion],
            [_OTHER_HYDROGEN[k], bond_lengths[owners] + _ACCEPTOR[k]],
            _CATION[k],
        )
        for k in (0, 1)
    )
    cost = _STIFFNESS * (np.maximum(soft - distances, 0.0) ** 2).sum(axis=(1, 2))
    outward = group.ways / np.linalg.norm(group.ways, axis=-1, keepdims=True)
    straight = np.maximum(np.einsum("kmni,kmi->kmn", apart / np.maximum(distances, 1e-9)[..., None], outward), 0.0)
    bonds = np.exp(-(((distances - bond_lengths[owners]) / 0.35) ** 2)) * straight**2 * is_anion
    gain = bonds.max(axis=2).sum(axis=1) if len(owners) else 0.0
    return cost - gain + group.bias, (distances < hard).any(axis=(1, 2))


def with_adlayer(slab: Atoms, symbols: Sequence[str], positions: np.ndarray) -> Atoms:
    """Return the slab with atoms added behind its own, tagged ``ADLAYER``; the vacuum keeps its width."""
    from ase import Atoms

    added = Atoms(list(symbols), positions, tags=[ADLAYER] * len(symbols))
    result = slab.copy()
    result.calc = None
    top = result.positions[:, 2].max()
    result += added
    return keep_vacuum(result, top)


def keep_vacuum(atoms: Atoms, top: float) -> Atoms:
    """Raise the cell, in place, by what its highest atom lies above ``top`` (Å), and wrap the atoms in the plane."""
    cell = np.array(atoms.cell)
    cell[2, 2] += max(float(atoms.positions[:, 2].max()) - top, 0.0)
    atoms.set_cell(cell, scale_atoms=False)
    # A shift by lattice vectors is no move of fixed atoms.
    constraints = atoms.constraints
    atoms.set_constraint()
    atoms.wrap(pbc=[True, True, False])
    atoms.set_constraint(constraints)
    atoms.pbc = True
    return atoms
