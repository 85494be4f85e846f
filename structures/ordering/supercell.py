"""Supercells of disordered crystals: whole numbers of atoms on each sublattice, and ways to place them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ..crystal_sites import find_dataset, sites_of

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray
    from pymatgen.core import Structure

VACANCY = "X"
_DEVIATION = 0.02  # of a site, by which shares in an ordered cell may differ where a larger cell does no better
_WORST = 0.2  # of a site, more than which no share may differ; nor by more than half of itself and half of this
_SYMPREC = 0.05  # Å
_SHARED_PLACE = 0.9  # Å, closer than which two sites exclude each other


class OrderError(InputError):
    """A disordered crystal that cannot be ordered as asked for."""


@dataclass(frozen=True)
class Sublattice:
    """Equivalent disordered sites of the crystal: their shares, and indices in its cell."""

    shares: tuple[tuple[str, float], ...]
    sites: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its shares, as a formula."""
        return " ".join(f"{symbol}{share:.3g}" for symbol, share in self.shares)


@dataclass(frozen=True)
class Plan:
    """A supercell with whole numbers of atoms on each sublattice."""

    cells: tuple[int, int, int]
    counts: tuple[tuple[int, ...], ...]
    deviation: float


def find_sublattices(structure: Structure) -> list[Sublattice]:
    """Return the disordered sites of a crystal, those together that symmetry turns into each other."""
    found = find_dataset(sites_of(structure).spglib, _SYMPREC)
    alike = range(len(structure)) if found is None else found.equivalent_atoms
    groups: dict[int, list[int]] = {}
    for number, site in enumerate(structure):
        if not site.is_ordered:
            groups.setdefault(int(alike[number]), []).append(number)
    return [Sublattice(_shares(structure, sites[0]), tuple(sites)) for sites in groups.values()]


def _shares(structure: Structure, site: int) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((str(key), round(float(share), 4)) for key, share in structure[site].species.items()))


def _joined(sublattices: Sequence[Sublattice]) -> list[Sublattice]:
    """Those that share their sites in the same way as one, though symmetry tells them apart."""
    groups: dict[tuple[tuple[str, float], ...], tuple[int, ...]] = {}
    for lattice in sublattices:
        groups[lattice.shares] = groups.get(lattice.shares, ()) + lattice.sites
    return [Sublattice(shares, sites) for shares, sites in groups.items()]


def find_plan(
    structure: Structure,
    sublattices: Sequence[Sublattice],
    states: Mapping[str, float] | None,
    max_atoms: int,
    *,
    largest: bool,
) -> tuple[Sequence[Sublattice], Plan]:
    """Return the smallest (or largest) supercell whose whole numbers meet the shares, else that which meets them best.

    Where no cell has whole numbers on every sublattice, as in a file without symmetry, sites with the same shares count
    together; the sublattices so joined are returned.

    Raises
    ------
    OrderError
        There is none.
    """
    for lattices in (sublattices, _joined(sublattices)):
        plan = _best_plan(structure, lattices, states, max_atoms, largest=largest)
        if plan is not None:
            return lattices, plan
    names = "; ".join(dict.fromkeys(lattice.name for lattice in sublattices))
    raise OrderError(
        f"{structure.composition.reduced_formula}: no supercell of up to {max_atoms} sites has whole numbers near"
        f" {names}{' and is neutral' if states else ''}; raise max_atoms"
    )


def _best_plan(
    structure: Structure,
    sublattices: Sequence[Sublattice],
    states: Mapping[str, float] | None,
    max_atoms: int,
    *,
    largest: bool,
) -> Plan | None:
    fixed = sum((states or {}).get(str(site.specie), 0.0) for site in structure if site.is_ordered)
    best: Plan | None = None
    for cells in _shapes(structure, max_atoms, largest=largest):
        size = math.prod(cells)
        counts = _counts(sublattices, size, states, fixed * size)
        if counts is None:
            continue
        deviations = [
            (abs(number / (size * len(lattice.sites)) - share), share)
            for lattice, numbers in zip(sublattices, counts, strict=True)
            for (_, share), number in zip(lattice.shares, numbers, strict=True)
        ]
        deviation = max(one for one, _ in deviations)
        if deviation > _WORST or any(one > max(0.5 * _WORST, 0.5 * share) for one, share in deviations):
            continue
        if best is None or deviation < best.deviation - 1e-6:
            best = Plan(cells, counts, deviation)
        if deviation <= _DEVIATION:
            break
    return best


def _shapes(structure: Structure, max_atoms: int, *, largest: bool) -> list[tuple[int, int, int]]:
    """Numbers of cells along the axes: the most compact shape of each size, from few cells to many.

    ``largest``: those of half of the most cells and more, the most compact first.
    """
    edges = np.asarray(structure.lattice.abc)
    most = max_atoms // len(structure)

    def elongation(shape: tuple[int, int, int]) -> float:
        lengths = np.array(shape) * edges
        return round(float(lengths.max() / lengths.min()), 6)

    compact = [
        min(
            (
                (a, b, size // (a * b))
                for a in range(1, size + 1)
                for b in range(1, size // a + 1)
                if size % (a * b) == 0
            ),
            key=lambda shape: (elongation(shape), shape),
        )
        for size in range(1, most + 1)
    ]
    if not largest:
        return compact
    return sorted(compact[(most - 1) // 2 :], key=lambda shape: (elongation(shape), -math.prod(shape)))


def _counts(
    sublattices: Sequence[Sublattice], size: int, states: Mapping[str, float] | None, fixed: float
) -> tuple[tuple[int, ...], ...] | None:
    """Whole numbers of atoms on each sublattice, nearest to its shares, that leave the cell neutral."""
    options = []
    for lattice in sublattices:
        places = size * len(lattice.sites)
        near = [
            sorted(
                {max(0, math.floor(places * share) + step) for step in (-1, 0, 1, 2)},
                key=lambda number, share=share, places=places: abs(number - places * share),  # type: ignore[misc]
            )[:3]
            for _, share in lattice.shares
        ]
        full = sum(share for _, share in lattice.shares) > 1.0 - 1e-3
        options.append(
            [
                numbers
                for numbers in product(*near)
                if all(numbers) and (sum(numbers) == places if full else sum(numbers) <= places)
            ]
        )
    if not all(options) or math.prod(len(one) for one in options) > 200_000:
        return None

    def distance(counts: tuple[tuple[int, ...], ...]) -> float:
        return sum(
            abs(number - size * len(lattice.sites) * share)
            for lattice, numbers in zip(sublattices, counts, strict=True)
            for (_, share), number in zip(lattice.shares, numbers, strict=True)
        )

    def charge(counts: tuple[tuple[int, ...], ...]) -> float:
        return fixed + sum(
            number * (states or {}).get(symbol, 0.0)
            for lattice, numbers in zip(sublattices, counts, strict=True)
            for (symbol, _), number in zip(lattice.shares, numbers, strict=True)
        )

    neutral = [counts for counts in product(*options) if abs(charge(counts)) < 1e-6]
    return min(neutral, key=distance, default=None)


class Supercell:
    """The sites of a supercell, those that are disordered by sublattice, and arrangements on them."""

    def __init__(
        self, structure: Structure, sublattices: Sequence[Sublattice], plan: Plan, vectors: NDArray[np.float64]
    ) -> None:
        self.formula, self.cells = str(structure.composition.reduced_formula), plan.cells
        self.of_file = bool(np.allclose(vectors, np.eye(3)))
        own = np.diag(plan.cells) @ vectors
        self.vectors = tuple(tuple(float(part) for part in row) for row in own)
        self.sublattices, self.counts = sublattices, plan.counts
        parent = structure.copy()
        parent.add_site_property("parent", list(range(len(parent))))
        parent.make_supercell(plan.cells)
        self.structure: Structure = parent
        origin = parent.site_properties["parent"]
        self.groups = [
            [number for number, site in enumerate(origin) if site in lattice.sites] for lattice in sublattices
        ]
        # One atom type stands for a site until it is filled.
        self.base = [max(site.species, key=lambda kind, site=site: site.species[kind]).symbol for site in parent]  # type: ignore[misc]

    @property
    def number(self) -> int:
        """How many arrangements there are."""
        total = 1
        for group, counts in zip(self.groups, self.counts, strict=True):
            left = len(group)
            for count in counts:
                total *= math.comb(left, count)
                left -= count
        return total

    def contents(self, group: int) -> list[str]:
        """What is shared out among the sites of a group, vacancies included."""
        filled = [
            symbol
            for (symbol, _), count in zip(self.sublattices[group].shares, self.counts[group], strict=True)
            for _ in range(count)
        ]
        return filled + [VACANCY] * (len(self.groups[group]) - len(filled))

    def arrangements(self) -> Iterator[list[str]]:
        """Every way to fill the sites: symbols of all sites."""
        ways = [list(_share_out(group, self.contents(k))) for k, group in enumerate(self.groups)]
        for chosen in product(*ways):
            symbols = list(self.base)
            for filling in chosen:
                for site, symbol in filling.items():
                    symbols[site] = symbol
            yield symbols

    def random(self, rng: np.random.Generator) -> list[str]:
        """One way to fill the sites."""
        symbols = list(self.base)
        for number, group in enumerate(self.groups):
            for site, symbol in zip(group, rng.permutation(self.contents(number)), strict=True):
                symbols[site] = str(symbol)
        return symbols

    def atoms(self, symbols: Sequence[str]) -> Atoms:
        """The crystal of an arrangement."""
        from ase import Atoms

        kept = [number for number, symbol in enumerate(symbols) if symbol != VACANCY]
        cell = self.structure.lattice.matrix
        places = np.asarray(self.structure.frac_coords)[kept]
        return Atoms([symbols[number] for number in kept], scaled_positions=places, cell=cell, pbc=True)

    def full(self) -> Structure:
        """The supercell with an atom on every site."""
        from pymatgen.core import Structure

        return Structure(self.structure.lattice, self.base, self.structure.frac_coords)

    @property
    def exclusions(self) -> NDArray[np.bool_]:
        """Which disordered sites, in the order of the groups, exclude each other: split closer than atoms come."""
        varying = [site for group in self.groups for site in group]
        distances = self.structure.distance_matrix[np.ix_(varying, varying)]
        found: NDArray[np.bool_] = (distances < _SHARED_PLACE) & ~np.eye(len(varying), dtype=bool)
        return found

    def possible(self, filled: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether no two sites that exclude each other are filled, shape (n,); ``filled`` has shape (n, sites)."""
        numbers = filled.astype(float)
        found: NDArray[np.bool_] = ((numbers @ self.exclusions) * numbers).sum(axis=1) < 0.5
        return found

    def described(self) -> str:
        """Cell and shares, as the file has them and as they are now."""
        parts = []
        for lattice, group, counts in zip(self.sublattices, self.groups, self.counts, strict=True):
            now = " ".join(
                f"{symbol}{count / len(group):.3g}" for (symbol, _), count in zip(lattice.shares, counts, strict=True)
            )
            parts.append(lattice.name if now == lattice.name else f"{lattice.name} as {now}")
        what = "cells of the file" if self.of_file else "primitive cells of the file"
        return f"{' x '.join(map(str, self.cells))} {what} with sites {'; '.join(parts)}"


def _share_out(places: Sequence[int], contents: Sequence[str]) -> Iterator[dict[int, str]]:
    """Every distinct way to put contents on places."""
    kinds = sorted(set(contents))
    if len(kinds) == 1:
        yield dict.fromkeys(places, kinds[0])
        return
    first = kinds[0]
    rest = [symbol for symbol in contents if symbol != first]
    for chosen in combinations(places, len(contents) - len(rest)):
        left = [place for place in places if place not in chosen]
        for others in _share_out(left, rest):
            yield dict.fromkeys(chosen, first) | others
