"""Ions of a face that lack neighbours which they have in the crystal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..oxidation_states import oxidation_states
from ..slabs.planar_frame import join_across_boundary
from .registration import register

if TYPE_CHECKING:
    from ase import Atoms

_FACE_DEPTH = 3.0  # Å below the highest atom: further down nothing is missing in a slab cut along layers
_SAME_PLACE = 0.8  # Å, half of the shortest distance between ions


@dataclass(frozen=True, eq=False)
class OpenSite:
    """An ion of the upper face with fewer bonds than in the crystal.

    Attributes
    ----------
    index
        In the slab.
    charge
        Formal charge, e.
    coordination, bulk_coordination
        Bonds to ions of the other sign in the slab and in the crystal.
    missing
        Vectors to the neighbours that it lacks, in the frame of the slab, Å, shape (m, 3).
    missing_strength
        Pauling's electrostatic strength of the missing bonds, e: the charge of a cation over its number of bonds,
        summed. A face is saturated first where most of it is missing.
    """

    index: int
    symbol: str
    charge: float
    coordination: int
    bulk_coordination: int
    missing: np.ndarray
    missing_strength: float

    @property
    def direction(self) -> np.ndarray:
        """Unit vector to the middle of what is missing, shape (3,)."""
        units = self.missing / np.linalg.norm(self.missing, axis=1, keepdims=True)
        total = units.sum(axis=0)
        # Opposite bonds cancel; the open side is then the one that looks up.
        total = total if np.linalg.norm(total) > 0.1 else np.array([0.0, 0.0, 1.0])
        return np.asarray(total / np.linalg.norm(total))


@dataclass(frozen=True, eq=False)
class _Bonds:
    """Bonds of a crystal between cations and anions, each listed from both ends."""

    first: np.ndarray
    second: np.ndarray
    vectors: np.ndarray


def formal_charges_of(atoms: Atoms) -> dict[str, float]:
    """Formal charge of each element, in e.

    Raises
    ------
    InputError
        The composition has none, as in intermetallics.
    """
    states = oxidation_states(Counter(atoms.get_chemical_symbols()))
    if states is None or min(states.values()) >= 0:
        raise InputError(f"{atoms.symbols} has no formal charges; surface states need cations and anions")
    return states


def crystal_bonds(bulk: Atoms, charges: dict[str, float]) -> _Bonds:
    """Find the bonds between ions of opposite sign in a crystal.

    CrystalNN (doi 10.1021/acs.inorgchem.0c02996) finds them where distances have no clear gap, as for La and off-centre
    Li in LLTO; a bond counts when it is one seen from either end. It is asked of the crystal only: a vacuum deceives
    methods that divide space, distances change when a face relaxes, and bond-valence sums then rise back to the
    valence, so that nothing seems to be missing.
    """
    from pymatgen.analysis.local_env import CrystalNN
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(bulk)
    structure.add_oxidation_state_by_element(charges)
    finder = CrystalNN()
    cell, scaled = np.asarray(bulk.cell), bulk.get_scaled_positions(wrap=False)
    bonds: set[tuple[int, int, tuple[int, int, int]]] = set()
    for first in range(len(bulk)):
        for neighbour in finder.get_nn_info(structure, first):
            second = neighbour["site_index"]
            steps = np.round(neighbour["site"].frac_coords - structure[second].frac_coords)
            # The structure may have its sites in other cells than the atoms are.
            own = np.round(structure[first].frac_coords - scaled[first]) - np.round(
                structure[second].frac_coords - scaled[second]
            )
            step = steps - own
            there = tuple(int(value) for value in step)
            bonds |= {(first, second, there), (second, first, tuple(-value for value in there))}  # type: ignore[arg-type]
    ordered = sorted(bonds)
    i, j = (np.array([bond[end] for bond in ordered], dtype=int) for end in (0, 1))
    steps = np.array([bond[2] for bond in ordered], dtype=float).reshape(-1, 3)
    return _Bonds(i, j, (scaled[j] + steps - scaled[i]) @ cell)


def undercoordinated_sites(slab: Atoms, bulk: Atoms) -> list[OpenSite]:
    """Find the cations and anions of the upper face that have fewer bonds than in the crystal.

    The crystal is laid over the slab (:func:`~amalgamics.structures.surface_states.registration.register`); what it has
    and the slab has not is missing. So a relaxed face has the same sites as an unrelaxed one.

    Parameters
    ----------
    slab
        Cut from ``bulk``, upright with its vacuum along z.
    bulk
        The crystal.

    Returns
    -------
    list of OpenSite
        In the order of the slab's atoms; only missing bonds of the upper half are given.

    Raises
    ------
    InputError
        The slab is none of this crystal, or the crystal has no formal charges.
    """
    charges = formal_charges_of(bulk)
    whole = join_across_boundary(slab)
    found = register(whole, bulk)
    bonds = crystal_bonds(bulk, charges)
    number = np.bincount(bonds.first, minlength=len(bulk))
    vectors = bonds.vectors @ found.rotation.T
    strength = _strengths(bulk, bonds, charges, number)
    z = whole.positions[:, 2]
    lowest = max(z.max() - _FACE_DEPTH, 0.5 * (z.min() + z.max()))
    sites = []
    for index in np.flatnonzero(z >= lowest):
        own = np.flatnonzero(bonds.first == found.sites[index])
        ends = found.places[index] + vectors[own]
        absent = own[
            [
                not _occupied(end, bulk.numbers[bonds.second[k]], whole, found.places)
                for end, k in zip(ends, own, strict=True)
            ]
        ]
        if len(absent) == 0:
            continue
        symbol = str(whole.symbols[index])
        total = int(number[found.sites[index]])
        sites.append(
            OpenSite(
                int(index),
                symbol,
                charges[symbol],
                total - len(absent),
                total,
                vectors[absent],
                float(strength[absent].sum()),
            )
        )
    return sites


def _strengths(bulk: Atoms, bonds: _Bonds, charges: dict[str, float], number: np.ndarray) -> np.ndarray:
    """Electrostatic strength of each bond: charge of its cation over the number of the cation's bonds."""
    charge = np.array([charges[symbol] for symbol in bulk.get_chemical_symbols()])
    cation = np.where(charge[bonds.first] > 0, bonds.first, bonds.second)
    return np.asarray(charge[cation] / number[cation])


def _occupied(point: np.ndarray, atomic_number: int, slab: Atoms, places: np.ndarray) -> bool:
    offsets = places[slab.numbers == atomic_number] - point
    plane = np.asarray(slab.cell)[:2, :2]
    offsets[:, :2] -= np.round(offsets[:, :2] @ np.linalg.inv(plane)) @ plane
    return bool((np.linalg.norm(offsets, axis=1) < _SAME_PLACE).any())
