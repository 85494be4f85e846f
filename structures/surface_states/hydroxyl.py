"""Hydroxylated faces: water taken apart, OH on cations and H on anions that lack neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...arguments import number
from ...errors import InputError
from ..slabs.planar_frame import join_across_boundary, lateral_images
from .hydrogen import Turnable, bond_to_hydrogen, ionic_radius, tilted_ways, turn_groups, with_adlayer
from .sites import OpenSite, formal_charges_of, undercoordinated_sites

if TYPE_CHECKING:
    from ase import Atoms

# Shortest distance of oxygen to ions that it is not put on, as a fraction of the sum of ionic radii.
CLEARANCE = 0.92
_UPWARD = 0.2  # least z of the unit vector to a place for a group
_MOH_TILTS_DEG = (50.0, 65.0, 80.0)  # of O-H from the line of M-O
_TILTS_DEG = (0.0, 20.0, 40.0)  # of H from the middle of what its anion lacks
_TILT_COST = 0.25  # hydrogen bonds for the widest tilt
_OXYGEN_CHARGE = -2.0


@dataclass(frozen=True, eq=False)
class _Place:
    """A place for a group: the ion it goes on, where its first atom stands, and how much it saturates there."""

    ion: int
    position: np.ndarray
    direction: np.ndarray
    strength: float


def hydroxylated(slab: Atoms, bulk: Atoms, *, coverage: float = 1.0, seed: int = 0) -> Atoms:
    """Cover the upper face of a slab with dissociated water.

    Each H2O gives an OH to a cation and an H to an anion that lack neighbours, so that the charge stays what it was.
    The ions that lack most of their electrostatic bond strength come first, and among equals those farthest from what
    is there. On TiO2 faces titanium gets OH and bridging oxygen H. On sulfides such as Li3PS4 lithium gets OH and
    sulfur H: the first step of a hydrolysis that goes on to H2S, a model of a face that met moist gas and not where
    that ends. Neighbouring Li-OH and S-H may join to water again when they are relaxed, which
    :func:`~amalgamics.structures.surface_states.checks.check_surface_state` counts.

    Parameters
    ----------
    slab
        Cut from ``bulk``, relaxed or not; upright, vacuum along z.
    bulk
        The crystal.
    coverage
        Fraction of the most H2O that the face takes: of the lower number of the two kinds of sites, as far as groups do
        not overlap. At least one is put.
    seed
        The same seed gives the same face; it decides between sites, and ways to turn, that are alike.

    Returns
    -------
    Atoms
        The slab, then O and H of each OH, followed by the H of the same molecule; all tagged ``ADLAYER``. Not relaxed.

    Raises
    ------
    InputError
        A coverage outside (0, 1], a slab that is none of the crystal, or a face without sites for H2O.
    """
    number("coverage", coverage, above=0.0, most=1.0)
    whole = join_across_boundary(slab)
    charges = {**formal_charges_of(bulk), "O": _OXYGEN_CHARGE, "H": 1.0}
    sites = undercoordinated_sites(whole, bulk)
    most = _molecules(whole, sites, charges, seed, limit=len(sites))
    wanted = max(1, round(coverage * len(most)))
    chosen = most if wanted == len(most) else _molecules(whole, sites, charges, seed, limit=wanted)
    while chosen:
        atoms, overlapping = _built(whole, chosen, charges, seed)
        if not overlapping:
            return atoms
        chosen = [pair for number, pair in enumerate(chosen) if number not in overlapping]
    kinds = sorted({f"{site.symbol}{site.charge:+g}" for site in sites})
    raise InputError(
        f"slab {slab.symbols} takes no dissociated water: OH needs a cation and H an anion that lack neighbours and "
        f"have room above them; its face has {', '.join(kinds) or 'none'}"
    )


def places_on_cations(atoms: Atoms, sites: Sequence[OpenSite], charges: Mapping[str, float]) -> list[list[_Place]]:
    """For each open cation the places of an oxygen on it, at the sum of ionic radii, the best first."""
    found = []
    for site in (each for each in sites if each.charge > 0):
        length = ionic_radius(site.symbol, site.charge) + ionic_radius("O", _OXYGEN_CHARGE)
        units = site.missing / np.linalg.norm(site.missing, axis=1, keepdims=True)
        directions = [site.direction, *units[np.argsort(-units[:, 2], kind="stable")]]
        places = [
            _Place(site.index, atoms.positions[site.index] + length * unit, unit, site.missing_strength)
            for unit in directions
            if unit[2] > _UPWARD
        ]
        found.append([place for place in places if oxygen_fits(atoms, place.position, charges, site.index)])
    return [places for places in found if places]


def oxygen_fits(atoms: Atoms, position: np.ndarray, charges: Mapping[str, float], ion: int | None = None) -> bool:
    """Whether an oxygen has room: no ion but ``ion`` is closer than 0.92 of the sum of ionic radii."""
    least = np.array(
        [ionic_radius(symbol, charges[symbol]) if symbol != "H" else 0.3 for symbol in atoms.get_chemical_symbols()]
    )
    least = CLEARANCE * (least + ionic_radius("O", _OXYGEN_CHARGE))
    if ion is not None:
        least[ion] = 0.0
    return bool((_distances(atoms, position) >= least).all())


def _distances(atoms: Atoms, point: np.ndarray) -> np.ndarray:
    """Distance of each atom's nearest in-plane image, Å, shape (n,)."""
    offsets = atoms.positions - point
    plane = np.asarray(atoms.cell)[:2, :2]
    offsets[:, :2] -= np.round(offsets[:, :2] @ np.linalg.inv(plane)) @ plane
    return np.asarray(np.linalg.norm(offsets[:, None] + _neighbour_cells(atoms), axis=2).min(axis=1))


def _neighbour_cells(atoms: Atoms) -> np.ndarray:
    return lateral_images(np.asarray(atoms.cell), 0.1)


def _molecules(
    slab: Atoms, sites: Sequence[OpenSite], charges: Mapping[str, float], seed: int, limit: int
) -> list[tuple[_Place, _Place]]:
    """Pairs of a place for OH and one for H, as many as there are without overlap, at most ``limit``."""
    from ase import Atom

    rng = np.random.default_rng(seed)
    occupied = slab.copy()
    hydroxyls = places_on_cations(slab, sites, charges)
    protons = [
        [
            _Place(
                site.index,
                slab.positions[site.index] + bond_to_hydrogen(site.symbol) * site.direction,
                site.direction,
                site.missing_strength,
            )
        ]
        for site in sites
        if site.charge < 0 and site.direction[2] > _UPWARD
    ]
    found: list[tuple[_Place, _Place]] = []
    while len(found) < limit:
        oxygen = _next(occupied, hydroxyls, [pair[0] for pair in found], charges, rng)
        if oxygen is None:
            break
        trial = occupied.copy()
        trial.append(Atom("O", oxygen.position))
        hydrogen = _next(trial, protons, [pair[1] for pair in found], charges, rng)
        if hydrogen is None:
            break
        trial.append(Atom("H", hydrogen.position))
        occupied = trial
        found.append((oxygen, hydrogen))
        hydroxyls = [places for places in hydroxyls if places[0].ion != oxygen.ion]
        protons = [places for places in protons if places[0].ion != hydrogen.ion]
    return found


def _next(
    atoms: Atoms,
    candidates: Sequence[Sequence[_Place]],
    taken: Sequence[_Place],
    charges: Mapping[str, float],
    rng: np.random.Generator,
) -> _Place | None:
    """The place that saturates most, the farthest from those taken; None where there is no room."""
    room = [place for place in (_first_free(atoms, places, charges) for places in candidates) if place is not None]
    if not room:
        return None
    apart = np.full(len(room), 0.0)
    if taken:
        others = atoms[[place.ion for place in taken]]
        apart = np.array([_distances(others, atoms.positions[place.ion]).min() for place in room])
    strength = np.array([place.strength for place in room])
    order = np.lexsort((rng.random(len(room)), -np.round(apart, 2), -np.round(strength, 2)))
    return room[int(order[0])]


def _first_free(atoms: Atoms, places: Sequence[_Place], charges: Mapping[str, float]) -> _Place | None:
    for place in places:
        on_cation = charges[str(atoms.symbols[place.ion])] > 0
        if oxygen_fits(atoms, place.position, charges, place.ion) if on_cation else _hydrogen_fits(atoms, place):
            return place
    return None


def _hydrogen_fits(atoms: Atoms, place: _Place) -> bool:
    distances = _distances(atoms, place.position)
    distances[place.ion] = np.inf
    return bool(distances.min() >= bond_to_hydrogen("O") + 0.45)


def _built(
    slab: Atoms, chosen: Sequence[tuple[_Place, _Place]], charges: Mapping[str, float], seed: int
) -> tuple[Atoms, set[int]]:
    """Put the groups and turn them; and the numbers of the molecules that overlap with something."""
    rng = np.random.default_rng(seed)
    positions = np.array(
        [
            at
            for oxygen, hydrogen in chosen
            for at in (oxygen.position, oxygen.position + oxygen.direction, hydrogen.position)
        ]
    )
    atoms = with_adlayer(slab, ["O", "H", "H"] * len(chosen), positions)
    groups = []
    for place, (oxygen, hydrogen) in enumerate(chosen):
        first = len(slab) + 3 * place
        ways, _ = tilted_ways(oxygen.direction, bond_to_hydrogen("O"), _MOH_TILTS_DEG, rng.uniform(0, 2 * np.pi))
        groups.append(Turnable(first, (first + 1,), ways, np.zeros(len(ways))))
        length = bond_to_hydrogen(str(slab.symbols[hydrogen.ion]))
        ways, tilts = tilted_ways(hydrogen.direction, length, _TILTS_DEG, rng.uniform(0, 2 * np.pi))
        groups.append(Turnable(hydrogen.ion, (first + 2,), ways, _TILT_COST * tilts / max(_TILTS_DEG)))
    overlapping = turn_groups(atoms, groups, charges)
    settled = with_adlayer(slab, ["O", "H", "H"] * len(chosen), atoms.positions[len(slab) :])
    return settled, {number // 2 for number in overlapping}
