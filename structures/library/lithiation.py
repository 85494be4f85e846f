"""Lithium inserted into lithium lanthanum titanate: vacant A sites and the windows between cages, filled and ranked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import whole_number
from ...errors import InputError
from .llto import OFF_CENTRE, cage_edges
from .llto_orderings import Ordering, ewald_energy

if TYPE_CHECKING:
    from ase import Atoms

# Least distances of inserted lithium, Å: to cations of its own sites; oxygen is as far as a cage or window leaves it.
_TO_LITHIUM = 2.3
_TO_LANTHANUM = 2.7
_NEIGHBOUR = 0.3  # of a cage's edge, by which the vectors between neighbouring titanium atoms may differ from it
_KEPT = 10  # arrangements that are extended by one more lithium
_SAME_ENERGY = 1e-4  # eV/Ti


@dataclass(frozen=True, eq=False)
class PerovskiteSites:
    """Places for A cations in a perovskite, relaxed or not, from its titanium atoms.

    Attributes
    ----------
    cages
        Middles of eight titanium atoms, Å, shape (n, 3), one for each titanium.
    windows
        Middles of four titanium atoms, each between two cages, Å, shape (3 n, 3).
    vacant
        Numbers of the cages that no cation has.
    axes
        Pseudo-cubic axes as rows, Å, shape (3, 3).
    """

    cages: np.ndarray
    windows: np.ndarray
    vacant: tuple[int, ...]
    axes: np.ndarray


def perovskite_sites(crystal: Atoms) -> PerovskiteSites:
    """Find the cages, windows and vacancies of a crystal of LLTO.

    Raises
    ------
    InputError
        Its titanium atoms do not form cages, or there are more La and Li than cages.
    """
    from ase.geometry import get_distances
    from scipy.optimize import linear_sum_assignment

    titanium = crystal[crystal.symbols == "Ti"]
    vectors = _neighbour_vectors(titanium)
    corners = titanium.positions
    halves = 0.5 * vectors
    cages = corners + halves.sum(axis=1)
    windows = np.concatenate([corners + halves[:, i] + halves[:, j] for i, j in ((0, 1), (0, 2), (1, 2))])
    cations = crystal[(crystal.symbols == "La") | (crystal.symbols == "Li")]
    if len(cations) > len(cages):
        raise InputError(f"{crystal.symbols}: {len(cations)} La and Li are more than its {len(cages)} A sites")
    apart = get_distances(cages, cations.positions, cell=crystal.cell, pbc=True)[1] if len(cations) else None
    taken = set() if apart is None else {int(cage) for cage in linear_sum_assignment(apart)[0]}
    vacant = tuple(cage for cage in range(len(cages)) if cage not in taken)
    return PerovskiteSites(cages, windows, vacant, vectors.mean(axis=0))


def _neighbour_vectors(titanium: Atoms) -> np.ndarray:
    """Vectors from each titanium to its neighbours along the three pseudo-cubic axes, Å, shape (n, 3, 3)."""
    from ase.neighborlist import neighbor_list

    edge = float(np.mean(cage_edges()))
    if len(titanium) == 0:
        raise InputError("the crystal holds no titanium; lithium is inserted into LLTO")
    i, vectors = neighbor_list("iD", titanium, (1 + _NEIGHBOUR) * edge)
    no_cages = f"{titanium.symbols} atoms of the crystal form no cages as in a perovskite, each with six neighbours"
    if (np.bincount(i, minlength=len(titanium)) != 6).any():
        raise InputError(no_cages)
    own = vectors[i == 0]
    # Of the six, three at right angles are the axes.
    axes = [own[0]]
    for _ in range(2):
        rest = own[[all(abs(v @ axis) < _NEIGHBOUR * edge**2 for axis in axes) for v in own]]
        if len(rest) == 0:
            raise InputError(no_cages)
        axes.append(rest[0])
    if np.linalg.det(axes) < 0:
        axes[2] = -axes[2]
    found = np.empty((len(titanium), 3, 3))
    for atom, axis in product(range(len(titanium)), range(3)):
        candidates = vectors[i == atom]
        away = np.linalg.norm(candidates - axes[axis], axis=1)
        if away.min() > _NEIGHBOUR * edge:
            raise InputError(no_cages)
        found[atom, axis] = candidates[away.argmin()]
    return found


def lithiated(crystal: Atoms, n: int, *, limit: int = 10) -> list[Ordering]:
    """Insert lithium into LLTO: into vacant A sites, off their middle as Li sits there, or into windows between cages.

    The candidates for an insertion voltage, E = -[E(n) - E(0) - n E(Li)] / (n e), once they are relaxed with a
    potential: :func:`~amalgamics.structures.library.llto_orderings.rank_orderings` ranks them by it. Ewald energy, with
    the inserted electrons spread evenly over titanium, only chooses what to relax.

    Parameters
    ----------
    crystal
        A cell of LLTO, relaxed or not; its atoms stay where they are.
    n
        Lithium atoms to insert, 1 or more.
    limit
        Number of arrangements to return.

    Returns
    -------
    list of Ordering
        By Ewald energy, one of those that have the same; the inserted atoms stand last.

    Raises
    ------
    InputError
        ``n`` or ``limit`` below 1, a crystal that is no perovskite of titanium, or no room for ``n`` lithium atoms.
    """
    from ase import Atom

    for name, value in (("n", n), ("limit", limit)):
        whole_number(name, value)
    places = _places(perovskite_sites(crystal))
    kept = [Ordering(crystal.copy(), 0.0)]
    kept[0].atoms.calc = None
    for inserted in range(n):
        found = []
        for start in kept:
            for place in places:
                if _has_room(start.atoms, place):
                    atoms = start.atoms.copy()
                    atoms.append(Atom("Li", place))
                    atoms.wrap(eps=1e-6)
                    found.append(Ordering(atoms, ewald_energy(atoms)))
        if not found:
            raise InputError(f"n: {n} is not allowed; {crystal.symbols} has room for {inserted} more lithium atoms")
        kept = _distinct(found, max(_KEPT, limit))
    return kept[:limit]


def _places(sites: PerovskiteSites) -> np.ndarray:
    """Where lithium may be put, Å, shape (m, 3): next to the middle of each vacant cage, and in all windows."""
    units = sites.axes / np.linalg.norm(sites.axes, axis=1, keepdims=True)
    steps = OFF_CENTRE * np.concatenate([units, -units])
    return np.concatenate([*(sites.cages[cage] + steps for cage in sites.vacant), sites.windows])


def _has_room(atoms: Atoms, place: np.ndarray) -> bool:
    from ase.geometry import get_distances

    distances = get_distances(place[None], atoms.positions, cell=atoms.cell, pbc=True)[1][0]
    least = {"Li": _TO_LITHIUM, "La": _TO_LANTHANUM}
    needed = np.array([least.get(symbol, 0.0) for symbol in atoms.get_chemical_symbols()])
    return bool((distances >= needed).all())


def _distinct(found: list[Ordering], limit: int) -> list[Ordering]:
    kept: list[Ordering] = []
    for each in sorted(found, key=lambda each: each.ewald_energy):
        if not kept or each.ewald_energy - kept[-1].ewald_energy > _SAME_ENERGY:
            kept.append(each)
        if len(kept) == limit:
            break
    return kept
