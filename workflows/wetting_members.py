"""Parameters of the wetting model from the stored energies of one termination and potential."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ..errors import InputError
from ..thermodynamics.adhesion import average_adhesion, check_work_of_adhesion, film_surface_energy_J_m2
from ..thermodynamics.uncertainty import Estimate, average_over_groups
from ..thermodynamics.wetting_parameters import WettingParameters
from ..thermodynamics.wetting_samples import parameters_from_samples
from .stored_study import Frame, StoredStudy, area_of, median_degeneracies

T = TypeVar("T")


def member_parameters(
    study: StoredStudy, termination: str, potential: str, *, seed: int | None = None
) -> WettingParameters:
    """Return the parameters of one member, from all its seeds or from one.

    Raises
    ------
    InputError
        Frames with solute, or the solute in the free film, are missing.
    """
    name = f"{termination}, {potential}" + ("" if seed is None else f", seed {seed}")
    states = study.interface_energies(termination, potential)
    inside = study.insertion_energies("solute-in-film", potential)
    on_top = study.insertion_energies("solute-on-film", potential)
    adhesion = study.adhesion_samples(termination, potential, "relaxed")
    if seed is not None:
        states, inside, on_top = _of_seed(states, seed), _of_seed(inside, seed), _of_seed(on_top, seed)
        adhesion = {seed: adhesion[seed]}
    if not inside or not any(len(rows) > 1 for rows in states.values()):
        raise InputError(f"{study.key}: {name} has no frame with {study.solute} at the interface, or none in the film")
    counts = range(1, max(max(rows) for rows in states.values()) + 1)
    named = {f"seed {number}": group for number, group in adhesion.items()}
    check_work_of_adhesion(average_adhesion(named).total_J_m2, name)
    return parameters_from_samples(
        name,
        adhesion=named,
        interface=_by_seed({key: {n: float(row.energy) for n, row in rows.items()} for key, rows in states.items()}),
        reference=_by_seed(inside),
        vapour=_by_seed(on_top) or None,
        area=study.area(termination),
        degeneracies=median_degeneracies(states, counts),
    )


def seed_parameters(study: StoredStudy, termination: str, potential: str) -> list[WettingParameters]:
    """Return the parameters of each seed alone; nothing when there is only one, or for a corrected member."""
    if " " in potential:
        return []
    seeds = sorted({seed for seed, _ in study.interface_energies(termination, potential)})
    if len(seeds) < 2:
        return []
    found = []
    for seed in seeds:
        # A seed of which only a part is there yet has no curve of its own; without one, nothing is missing.
        with contextlib.suppress(InputError):
            # Lines without a band: one film says nothing of the scatter between films.
            found.append(member_parameters(study, termination, potential, seed=seed).exact())
    return found


def insertion_estimate(study: StoredStudy, role: str, potential: str, *, zero: float = 0.0) -> Estimate | None:
    """Return what one solute atom costs in or on the free film, eV, above ``zero``; None when it was not computed."""
    found = study.insertion_energies(role, potential)
    if not found:
        return None
    return average_over_groups({name: [value - zero for value in group] for name, group in _by_seed(found).items()})


def film_surface_energy(study: StoredStudy, potential: str) -> Estimate | None:
    """Return the surface energy of the free film, J/m², against the bulk liquid; None when either is missing."""
    films = [row for row in study.rows("film", potential=potential) if "geometry" not in row]
    liquid = study.rows("bulk-liquid", potential=potential)
    if not films or not liquid:
        return None
    film = average_over_groups(_by_seed({(row.seed, row.frame): float(row.energy) for row in films}))
    bulk = average_over_groups(_by_seed({(row.seed, row.frame): row.energy / row.natoms for row in liquid}))
    return film_surface_energy_J_m2(film, films[0].natoms, bulk, area_of(films[0]))


def correction_per_state(study: StoredStudy, termination: str, correcting: str, counts: Sequence[int]) -> list[float]:
    """Return what another potential adds to each state's energy, eV, from single points on the same structures.

        [E'(n) - E'(0) - n e'] - [E(n) - E(0) - n e],   e = E(film with solute) - E(film)

    States with more solute atoms than were repeated get the last correction in proportion to their number.

    Raises
    ------
    InputError
        The single points are not complete.
    """
    both = study.repeated(termination, correcting)
    if both is None:
        raise InputError(f"{study.key}: the single points with {correcting} on {termination} are not complete")

    def states(energies: Mapping[int, float]) -> dict[int, float]:
        reference = energies[-1] - energies[-2]
        return {n: energy - energies[0] - n * reference for n, energy in energies.items() if n >= 0}

    base, other = states(both[study.potential]), states(both[correcting])
    shift = {n: other[n] - base[n] for n in other}
    last = max(shift)
    return [shift[n] if n in shift else shift[last] * n / last for n in counts]


def _by_seed(values: Mapping[Frame, T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for (seed, _), value in sorted(values.items(), key=lambda item: item[0]):
        groups.setdefault(f"seed {seed}", []).append(value)
    return groups


def _of_seed(values: Mapping[Frame, T], seed: int) -> dict[Frame, T]:
    return {frame: value for frame, value in values.items() if frame[0] == seed}
