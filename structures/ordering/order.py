"""Ordered cells of a crystal with partly filled or shared sites: by electrostatics, quasi-random, or all there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ...arguments import whole_number
from ...errors import unknown_name
from ..crystal_sites import find_dataset, sites_of
from ..electrostatics import ChargePolynomial
from ..symmetry import primitive_structure
from ..symmetry_tolerances import SYMPREC
from .charges import formal_states
from .supercell import VACANCY, OrderError, Sublattice, Supercell, find_plan, find_sublattices

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray
    from pymatgen.core import Structure

OrderMethod = Literal["ewald", "sqs", "all"]
MAX_ATOMS = 60
_ENUMERATED = 20_000  # arrangements, of which all are looked at
_RANDOM = 4000  # arrangements that are looked at where there are more
_IMPROVED = 20  # of these, by exchanges
_DISTINCT = 100  # orderings, more than which are not handed out
_SAME_ENERGY = 1e-4  # eV per cell
_SQS_CUTOFFS = (1.6, 1.1)  # of pairs and triplets, in distances of next neighbours among disordered sites
_SQS_STEPS = 8000  # a quarter of a minute


@dataclass(frozen=True, eq=False)
class OrderedCell:
    """One ordered cell of a disordered crystal.

    Attributes
    ----------
    atoms
        Periodic, vacancies left out.
    method
        How it was chosen.
    cells
        How many cells of the disordered crystal along each axis.
    vectors
        Its cell vectors in those of the disordered crystal, rows; fractions where its primitive cell was taken.
    considered
        How many orderings were looked at.
    ewald_energy
        Of formal charges on the sites of the file, eV per cell; None where none are known or none were needed.
    note
        One sentence: cell, shares as they were and are, and how the ordering was chosen.
    """

    atoms: Atoms
    method: OrderMethod
    cells: tuple[int, int, int]
    vectors: tuple[tuple[float, ...], ...]
    considered: int
    ewald_energy: float | None
    note: str


def order_structure(
    structure: Structure, method: OrderMethod, *, n: int = 1, max_atoms: int = MAX_ATOMS, seed: int = 0
) -> list[OrderedCell]:
    """Return ordered cells of a crystal with partly filled or shared sites.

    The supercell is the smallest (for ``sqs`` the largest) whose whole numbers of atoms meet the shares within 0.02 of
    a site, else the one that meets them best; where oxidation states are known, it is neutral. It is made of cells of
    the file, and of its primitive cell where none of these will do.

    Parameters
    ----------
    structure
        With partial occupancies.
    method
        ``ewald``: those with the least electrostatic energy of formal charges on the sites as they are, for ionic
        crystals. ``sqs``: a special quasi-random structure, for alloys; needs icet. ``all``: every ordering of the
        supercell that symmetry does not turn into another.
    n
        How many, for ``ewald``.
    max_atoms
        Most sites of the supercell.
    seed
        Of the random ones, where there are too many to look at all.

    Returns
    -------
    list of OrderedCell
        For ``ewald`` by energy, one of those that have the same.

    Raises
    ------
    OrderError
        The crystal is ordered already, no supercell of ``max_atoms`` is neutral or holds one atom of each kind, there
        are no oxidation states for ``ewald``, too many orderings for ``all``, or icet is missing for ``sqs``.

    References
    ----------
    A. Zunger et al., Phys. Rev. Lett. 65, 353 (1990), doi:10.1103/PhysRevLett.65.353 (quasi-random structures).
    """
    if method not in get_args(OrderMethod):
        raise OrderError(unknown_name("order", str(method), get_args(OrderMethod)))
    whole_number("n", n)
    whole_number("max_atoms", max_atoms)
    sublattices = find_sublattices(structure)
    if not sublattices:
        raise OrderError(f"{structure.composition.reduced_formula}: every site is full; it needs no order")
    states = formal_states(structure)
    if method == "ewald" and states is None:
        raise OrderError(
            f"{structure.composition.reduced_formula}: no oxidation states make it neutral, which order: ewald needs;"
            " take sqs or all"
        )
    lattice = _supercell(structure, sublattices, states, max_atoms, largest=method == "sqs")
    if method == "sqs":
        return [_sqs(lattice, seed)]
    return _all(lattice) if method == "all" else _ewald(lattice, states or {}, n, seed)


def _supercell(
    structure: Structure,
    sublattices: Sequence[Sublattice],
    states: Mapping[str, float] | None,
    max_atoms: int,
    *,
    largest: bool,
) -> Supercell:
    """Cells of the file with whole numbers of atoms, or of its primitive cell where those are too large."""
    try:
        chosen, plan = find_plan(structure, sublattices, states, max_atoms, largest=largest)
        return Supercell(structure, chosen, plan, np.eye(3))
    except OrderError:
        small = primitive_structure(structure)
        vectors = np.asarray(small.lattice.matrix) @ np.linalg.inv(structure.lattice.matrix)
        whole = np.linalg.inv(vectors)
        if len(small) == len(structure) or not np.allclose(whole, np.rint(whole), atol=1e-3):
            raise
        chosen, plan = find_plan(small, find_sublattices(small), states, max_atoms, largest=largest)
        return Supercell(small, chosen, plan, vectors)


def _ewald(lattice: Supercell, states: Mapping[str, float], n: int, seed: int) -> list[OrderedCell]:
    varying = [site for group in lattice.groups for site in group]
    fixed = [states.get(symbol, 0.0) for symbol in lattice.base]
    polynomial = ChargePolynomial(lattice.full(), fixed, varying)
    charge = {**states, VACANCY: 0.0}
    rng = np.random.default_rng(seed)
    everything = lattice.number <= _ENUMERATED
    fillings = lattice.arrangements() if everything else (lattice.random(rng) for _ in range(_RANDOM))
    symbols = np.array([[filling[site] for site in varying] for filling in fillings])
    symbols = symbols[lattice.possible(symbols != VACANCY)]
    if not len(symbols):
        raise OrderError(f"{lattice.formula}: every ordering that was looked at has atoms on top of each other")
    charges = np.vectorize(charge.get, otypes=[float])(symbols)
    energies = polynomial.energies(charges)
    order = np.argsort(energies, kind="stable")
    symbols, charges, energies = symbols[order], charges[order], energies[order]
    if not everything:
        symbols, charges, energies = _improve(lattice, polynomial, symbols, charges, energies)
    found: list[OrderedCell] = []
    for row, energy in zip(symbols, energies, strict=True):
        if found and found[-1].ewald_energy is not None and energy - found[-1].ewald_energy < _SAME_ENERGY:
            continue
        filled = list(lattice.base)
        for site, symbol in zip(varying, row, strict=True):
            filled[site] = str(symbol)
        some = f"{_RANDOM} random ones, the best improved by exchanges, of {lattice.number:.2g}"
        note = (
            f"{lattice.described()}; order {len(found) + 1} by Ewald energy, of"
            f" {f'all {lattice.number}' if everything else some} orderings"
        )
        found.append(
            OrderedCell(
                lattice.atoms(filled), "ewald", lattice.cells, lattice.vectors, len(symbols), float(energy), note
            )
        )
        if len(found) == n:
            break
    return found


def _improve(
    lattice: Supercell,
    polynomial: ChargePolynomial,
    symbols: NDArray[np.str_],
    charges: NDArray[np.float64],
    energies: NDArray[np.float64],
) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.float64]]:
    """Lower the best of random arrangements by exchanges, and sort them in."""
    places: list[list[int]] = []
    start = 0
    for group in lattice.groups:
        places.append(list(range(start, start + len(group))))
        start += len(group)
    better_symbols, better_charges = [], []
    for row, own in zip(symbols[:_IMPROVED], charges[:_IMPROVED], strict=True):
        lowered = polynomial.descend(own, places)
        named = row.copy()
        for group in places:
            of_charge: dict[float, list[str]] = {}
            for place in group:
                of_charge.setdefault(float(own[place]), []).append(str(row[place]))
            for place in group:
                named[place] = of_charge[float(lowered[place])].pop()
        better_symbols.append(named)
        better_charges.append(lowered)
    every = np.concatenate([np.array(better_symbols), symbols])
    all_charges = np.concatenate([np.array(better_charges), charges])
    all_energies = np.concatenate([polynomial.energies(np.array(better_charges)), energies])
    order = np.argsort(all_energies, kind="stable")
    return every[order], all_charges[order], all_energies[order]


def _all(lattice: Supercell) -> list[OrderedCell]:
    """Every ordering that symmetry does not turn into an earlier one."""
    number = lattice.number
    if number > _ENUMERATED:
        raise OrderError(
            f"{lattice.formula}: {number:.3g} orderings in {' x '.join(map(str, lattice.cells))} cells are too many for"
            f" order: all, which takes {_ENUMERATED}; lower max_atoms, or take ewald or sqs"
        )
    moves = _site_permutations(lattice)
    seen: set[tuple[str, ...]] = set()
    kept: list[list[str]] = []
    varying = [site for group in lattice.groups for site in group]
    for symbols in lattice.arrangements():
        filled = np.array([[symbols[site] != VACANCY for site in varying]])
        if tuple(symbols) in seen or not lattice.possible(filled)[0]:
            continue
        kept.append(symbols)
        named = np.array(symbols)
        seen |= {tuple(named[move].tolist()) for move in moves}
    if len(kept) > _DISTINCT:
        raise OrderError(
            f"{lattice.formula}: {len(kept)} orderings in {' x '.join(map(str, lattice.cells))} cells differ; all"
            f" gives up to {_DISTINCT}, so lower max_atoms"
        )
    note = f"{lattice.described()}; ordering {{}} of all {len(kept)} that differ by symmetry"
    return [
        OrderedCell(lattice.atoms(symbols), "all", lattice.cells, lattice.vectors, number, None, note.format(k + 1))
        for k, symbols in enumerate(kept)
    ]


def _site_permutations(lattice: Supercell) -> NDArray[np.intp]:
    """Where each symmetry operation of the supercell takes its sites, shape (operations, sites)."""
    places = np.asarray(lattice.structure.frac_coords)
    found = find_dataset(sites_of(lattice.structure).spglib, SYMPREC)
    if found is None:
        return np.arange(len(places))[None]
    moves = []
    for rotation, translation in zip(found.rotations, found.translations, strict=True):
        images = places @ rotation.T + translation
        offsets = images[:, None, :] - places[None, :, :]
        moves.append((np.abs(offsets - np.rint(offsets)).sum(axis=2)).argmin(axis=1))
    return np.unique(np.array(moves), axis=0)


def _sqs(lattice: Supercell, seed: int) -> OrderedCell:
    try:
        from icet import ClusterSpace
        from icet.tools.structure_generation import generate_sqs_from_supercells
    except ImportError:
        raise OrderError('order: sqs needs icet: pip install "amalgamics[orderings]"; or take ewald or all') from None
    from ase import Atoms

    if lattice.exclusions.any():
        raise OrderError(f"{lattice.formula}: sites exclude each other, which order: sqs does not know; take ewald")
    contents = [sorted(set(lattice.contents(k))) for k in range(len(lattice.groups))]
    everything = [symbol for kinds in contents for symbol in kinds]
    if len(set(everything)) < len(everything):
        shared = sorted({symbol for symbol in everything if everything.count(symbol) > 1})
        names = ", ".join("vacancies" if symbol == VACANCY else symbol for symbol in shared)
        raise OrderError(
            f"{lattice.formula}: sites of several kinds hold {names}, which order: sqs would mix; take ewald or all"
        )
    of_site = {site: contents[k] for k, group in enumerate(lattice.groups) for site in group}
    allowed = [of_site.get(number, [symbol]) for number, symbol in enumerate(lattice.base)]
    places, cell = lattice.structure.frac_coords, lattice.structure.lattice.matrix
    supercell = Atoms(lattice.base, scaled_positions=places, cell=cell, pbc=True)
    reach = _next_neighbours(lattice)
    space = ClusterSpace(supercell, [cutoff * reach for cutoff in _SQS_CUTOFFS], allowed)
    shares = {}
    for sublattice in space.get_sublattices(space.primitive_structure).active_sublattices:
        group = contents.index(sorted(sublattice.chemical_symbols))
        filled = lattice.contents(group)
        shares[sublattice.symbol] = {
            symbol: filled.count(symbol) / len(filled) for symbol in sublattice.chemical_symbols
        }
    atoms = generate_sqs_from_supercells(space, [supercell], shares, n_steps=_SQS_STEPS, random_seed=seed)
    atoms = atoms[[symbol != VACANCY for symbol in atoms.symbols]]
    note = f"{lattice.described()}; special quasi-random structure (icet), {_SQS_STEPS} steps of annealing"
    return OrderedCell(
        Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True),
        "sqs",
        lattice.cells,
        lattice.vectors,
        _SQS_STEPS,
        None,
        note,
    )


def _next_neighbours(lattice: Supercell) -> float:
    """Shortest distance between disordered sites, images included, Å."""
    varying = sorted(site for group in lattice.groups for site in group)
    sites = lattice.structure.copy()
    sites.remove_sites([number for number in range(len(sites)) if number not in varying])
    *_, distances = sites.get_neighbor_list(float(max(sites.lattice.abc)) + 0.1)
    return float(distances.min())
