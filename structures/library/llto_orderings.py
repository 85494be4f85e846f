"""Orderings of the A sites of lithium lanthanum titanate, ranked by electrostatics and then by any energy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..electrostatics import ChargePolynomial
from ..oxidation_states import formal_charges
from .llto import VACANCY, cage_edges, perovskite

if TYPE_CHECKING:
    from ase import Atoms

MAX_ENUMERATED = 8  # perovskite cells, beyond which all cell shapes are too many
_SAME_ENERGY = 1e-4  # eV/Ti


class OrderingError(InputError):
    """Numbers of atoms that no charge-neutral ordering has, or a search that is too large."""


@dataclass(frozen=True, eq=False)
class Ordering:
    """One way to share the A sites.

    Attributes
    ----------
    atoms
        The cell, lithium in the middle of its cages.
    ewald_energy
        Electrostatic energy of the formal charges La3+, Li+, Ti4+, O2- on ideal sites, eV per Ti. Neither screened
        nor relaxed: where Ti and Li move off these sites the order can change, so it serves to choose what to relax.
    energy
        What the callable of :func:`rank_orderings` gave, eV per Ti; None before.
    """

    atoms: Atoms
    ewald_energy: float
    energy: float | None = None


def llto_orderings(
    n_lanthanum: int,
    n_lithium: int,
    n_titanium: int,
    *,
    cells: Sequence[int] | None = None,
    full_layers: bool = False,
    n_samples: int = 5000,
    limit: int = 20,
    seed: int = 0,
) -> list[Ordering]:
    """List orderings of La, Li and vacancies on the A sites, by Ewald energy.

    Parameters
    ----------
    n_lanthanum, n_lithium, n_titanium
        Atoms per cell; neutral cells have 3 La + Li = 2 Ti.
    cells
        Perovskite cells along a, b and c. None goes through all shapes of ``n_titanium`` cells that differ by symmetry,
        with icet (up to 8).
    full_layers
        Fill every second layer along c with La and order the rest in the others; needs ``cells``.
    n_samples
        With ``cells``: all orderings where there are no more than these, else as many random ones, the best of them
        then improved by exchanging pairs of sites.
    limit
        Number of orderings to return.
    seed
        Of the random ones.

    Returns
    -------
    list of Ordering
        By Ewald energy; one of those that have the same.

    Raises
    ------
    OrderingError
        A charged cell, more atoms than sites, ``cells`` that do not hold ``n_titanium``, or a search without ``cells``
        that is too large.
    """
    _check_numbers(
        n_lanthanum=n_lanthanum, n_lithium=n_lithium, n_titanium=n_titanium, n_samples=n_samples, limit=limit
    )
    charge = 3 * n_lanthanum + n_lithium - 2 * n_titanium
    if charge:
        raise OrderingError(
            f"La{n_lanthanum}Li{n_lithium}Ti{n_titanium}O{3 * n_titanium} has charge {charge:+d}; neutral cells have "
            "3 La + Li = 2 Ti"
        )
    if cells is None:
        if full_layers:
            raise OrderingError("full_layers needs cells, for example (4, 2, 2)")
        return _distinct(_enumerate(n_lanthanum, n_lithium, n_titanium), limit)
    shape = tuple(int(count) for count in cells)
    if len(shape) != 3 or min(shape) < 1 or int(np.prod(shape)) != n_titanium:
        raise OrderingError(f"cells {tuple(cells)}: give three numbers whose product is n_titanium, {n_titanium}")
    free = np.array([not full_layers or k % 2 == 1 for _, _, k in np.ndindex(*shape)])
    remaining = n_lanthanum - int((~free).sum())
    if remaining < 0 or (full_layers and shape[2] % 2) or remaining + n_lithium > free.sum():
        raise OrderingError(
            f"cells {shape}{' with full layers' if full_layers else ''}: {free.sum()} A sites to order do not hold "
            f"{remaining} La and {n_lithium} Li"
        )
    block = _Block(shape, free)
    charges = block.orderings(remaining, n_lithium, n_samples, np.random.default_rng(seed))
    energies = block.energies(charges) / n_titanium
    order = np.argsort(energies, kind="stable")
    return _distinct(((block.atoms(charges[index]), float(energies[index])) for index in order), limit)


def rank_orderings(
    orderings: Sequence[Ordering], energy: Callable[[Atoms], float], *, best: int | None = None
) -> list[Ordering]:
    """Rank the first orderings of a list by any energy, such as one after relaxation with a potential.

    Parameters
    ----------
    energy
        Gives eV per cell; it gets a copy of the atoms.
    best
        How many of the list to rank; None takes all.

    Returns
    -------
    list of Ordering
        By energy per Ti, which is also stored in them.
    """
    chosen = list(orderings[:best])
    found = [
        replace(each, energy=float(energy(each.atoms.copy())) / int((each.atoms.symbols == "Ti").sum()))
        for each in chosen
    ]
    return sorted(found, key=lambda each: each.energy if each.energy is not None else np.inf)


def ewald_energy(atoms: Atoms) -> float:
    """Electrostatic energy of the formal charges of an LLTO cell, eV per Ti.

    Titanium takes, evenly, what makes the cell neutral: Ti4+, and less where lithium was inserted.
    """
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(atoms)
    charges = {symbol: charge for symbol, charge in formal_charges().items() if symbol in set(atoms.symbols)}
    others = sum(charges[symbol] for symbol in atoms.get_chemical_symbols() if symbol != "Ti")
    charges["Ti"] = -others / int((atoms.symbols == "Ti").sum())
    structure.add_oxidation_state_by_element(charges)
    return float(EwaldSummation(structure).total_energy) / int((atoms.symbols == "Ti").sum())


def _check_numbers(**numbers: int) -> None:
    for name, number in numbers.items():
        least = 0 if name in ("n_lanthanum", "n_lithium") else 1
        if isinstance(number, bool) or not isinstance(number, Integral) or number < least:
            raise OrderingError(f"{name}: {number!r} is not allowed; give a whole number, {least} or more")


def _distinct(found: Iterator[tuple[Atoms, float]], limit: int) -> list[Ordering]:
    """The first orderings of different energy; those of the same are nearly always related by symmetry."""
    kept: list[Ordering] = []
    for atoms, energy in found:
        if not kept or energy - kept[-1].ewald_energy > _SAME_ENERGY:
            kept.append(Ordering(atoms, energy))
        if len(kept) == limit:
            break
    return kept


def _enumerate(n_lanthanum: int, n_lithium: int, n_titanium: int) -> Iterator[tuple[Atoms, float]]:
    """All orderings in all cells of a size, by Ewald energy."""
    if n_titanium > MAX_ENUMERATED:
        raise OrderingError(
            f"n_titanium: {n_titanium} cells have too many orderings for a search through all shapes (up to "
            f"{MAX_ENUMERATED}); give cells, for example (4, 2, 2)"
        )
    try:
        from icet.tools import enumerate_structures
    except ImportError:
        raise OrderingError(
            'enumerating cells of every shape needs icet: pip install "amalgamics[orderings]"; or give the cells'
        ) from None

    unit = perovskite(np.eye(3, dtype=int), lambda *_: "La")
    sites = 5 * n_titanium
    wanted = {"La": n_lanthanum, "Li": n_lithium, VACANCY: n_titanium - n_lanthanum - n_lithium}
    if wanted[VACANCY] < 0:
        raise OrderingError(f"{n_titanium} A sites do not hold {n_lanthanum} La and {n_lithium} Li")
    present = [symbol for symbol, number in wanted.items() if number]
    allowed = [present if symbol == "La" else [symbol] for symbol in unit.symbols]
    limits = {symbol: ((wanted[symbol] - 0.1) / sites, (wanted[symbol] + 0.1) / sites) for symbol in present}
    # One kind on all sites leaves nothing to restrict.
    restrictions = limits if len(present) > 1 else None
    found = []
    for atoms in enumerate_structures(unit, [n_titanium], allowed, concentration_restrictions=restrictions):
        filled = atoms[[symbol != VACANCY for symbol in atoms.symbols]]
        filled.pbc = True
        found.append((filled, ewald_energy(filled)))
    return iter(sorted(found, key=lambda item: item[1]))


class _Block:
    """A block of perovskite cells whose Ewald energy is a polynomial of the charges on A sites."""

    def __init__(self, shape: tuple[int, ...], free: np.ndarray) -> None:
        from pymatgen.io.ase import AseAtomsAdaptor

        self.shape, self.free = shape, np.flatnonzero(free)
        self.full = np.where(free, 0.0, formal_charges()["La"])
        atoms = perovskite(np.diag(shape), lambda *_: "La")
        a_sites = np.flatnonzero(atoms.symbols == "La")
        places = np.round(atoms.positions[a_sites] / cage_edges()).astype(int)
        a_sites = a_sites[np.argsort(np.ravel_multi_index(tuple(places.T), shape))]
        charges = [formal_charges()[symbol] for symbol in atoms.get_chemical_symbols()]
        self.polynomial = ChargePolynomial(AseAtomsAdaptor.get_structure(atoms), charges, a_sites.tolist())

    def energies(self, charges: np.ndarray) -> np.ndarray:
        """Ewald energies of orderings, eV per cell, shape (n,); ``charges`` has shape (n, A sites)."""
        return self.polynomial.energies(charges)

    def atoms(self, charges: np.ndarray) -> Atoms:
        """The cell of one ordering."""
        symbols = {3: "La", 1: "Li", 0: VACANCY}
        places = charges.reshape(self.shape)
        return perovskite(np.diag(self.shape), lambda i, j, k: symbols[round(float(places[i, j, k]))])

    def orderings(self, n_la: int, n_li: int, n_samples: int, rng: np.random.Generator) -> np.ndarray:
        """Charges of all orderings, or of random ones of which the best are improved, shape (n, A sites)."""
        size = len(self.free)
        if comb(size, n_la) * comb(size - n_la, n_li) <= n_samples:
            return self._charges(list(_arrangements(size, n_la, n_li)))
        one = np.repeat([3.0, 1.0, 0.0], [n_la, n_li, size - n_la - n_li])
        charges = self._charges([rng.permutation(one) for _ in range(n_samples)])
        best = charges[np.argsort(self.energies(charges))[: max(20, n_samples // 100)]]
        return np.concatenate(
            [charges, *(self.polynomial.descend(start, [self.free.tolist()])[None] for start in best)]
        )

    def _charges(self, on_free: list[np.ndarray]) -> np.ndarray:
        charges = np.tile(self.full, (len(on_free), 1))
        charges[:, self.free] = on_free
        return np.unique(charges, axis=0)


def _arrangements(size: int, n_la: int, n_li: int) -> Iterator[np.ndarray]:
    """Charges of all ways to put La and Li on ``size`` sites."""
    for lanthanum in combinations(range(size), n_la):
        left = [site for site in range(size) if site not in lanthanum]
        for lithium in combinations(left, n_li):
            charges = np.zeros(size)
            charges[list(lanthanum)], charges[list(lithium)] = 3.0, 1.0
            yield charges
