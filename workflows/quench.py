"""Quench the frames of a film, and put solute atoms where they may sit: at the solid, inside the film, on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..calculators.relaxation import RelaxationResult
from ..structures.films import detach
from ..structures.interface_checks import check_film
from ..structures.interface_sites import InterfaceSites, find_interface_sites
from ..structures.solutes import film_voids, insert_solute, surface_positions
from .calculations import Calculations
from .database import StructureDatabase
from .wetting_steps import dispersion_of, relax_slab
from .wetting_study import WettingStudy, atoms_of, hold_bottom

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .candidates import Candidate

# Where the middle of a film begins and ends, as fractions of its thickness.
_MIDDLE = (0.35, 0.65)
_SITES = "sites-"
_PLACE = "place-"


def quench_interface(
    study: WettingStudy, database: StructureDatabase, potential: str, termination: str, seed: int, frame: int
) -> None:
    """Quench one frame of the film on the solid, its parts alone, and the same frame with solute at the interface.

    The sampling potential searches the occupations. Any other one relaxes what that potential found lowest, so its
    energies are those of the same states, and bounds from above where it would prefer another occupation.
    """
    calculations = Calculations(database, potential, study.section.settings())
    where: dict[str, str | int] = {"termination": termination, "seed": seed, "frame": frame}
    what = f"{termination} seed {seed} frame {frame}, {potential}"
    if potential != study.potential:
        found = _found_lowest(study, database, "interface", where)
        if 0 in found and (bare := _quench_bare(study, calculations, atoms_of(found[0]), what, where)).converged:
            _refill_interface(study, calculations, found, what, where)
        return
    start = next(iter(study.rows(database, "frame", **where)), None)
    if start is None:  # a frame without a film, stored as failed
        return
    bare = _quench_bare(study, calculations, atoms_of(start), what, where)
    if bare.converged:
        _fill_interface(study, calculations, database, atoms_of(bare), what, where)


def _quench_bare(
    study: WettingStudy, calculations: Calculations, start: Atoms, what: str, where: dict[str, str | int]
) -> AtomsRow:
    """Relax the film on the solid without solute, and its parts alone."""
    potential = calculations.potential.name

    def measure(result: RelaxationResult) -> dict[str, float]:
        solid, film = (calculations.energy(part) for part in detach(result.atoms))
        rigid = {"rigid_solid_energy": solid, "rigid_film_energy": film}
        return {**rigid, **dispersion_of(potential)(result)}

    candidate = study.candidate("interface", "interface", hold_bottom(start), what, n_solute=0, site="none", **where)
    bare = calculations.relax(candidate, measure=measure, verify=check_film)
    if bare.converged:
        solid, film = detach(atoms_of(bare))
        for part, kind, role in ((solid, "solid", "solid"), (film, "film", "detached-film")):
            calculations.relax(
                study.candidate(kind, role, part, f"{what}, {role}", **where),  # type: ignore[arg-type]
                measure=dispersion_of(potential),
            )
    return bare


def _found_lowest(
    study: WettingStudy, database: StructureDatabase, role: str, where: dict[str, str | int]
) -> dict[int, AtomsRow]:
    """Return the lowest structure of the sampling potential for each number of solute atoms that is asked for."""
    found: dict[int, AtomsRow] = {}
    for row in study.rows(database, role, potential=study.potential, **where):
        known = found.get(row.n_solute)
        if row.n_solute <= study.section.max_solute and (known is None or row.energy < known.energy):
            found[row.n_solute] = row
    return found


def _refill_interface(
    study: WettingStudy,
    calculations: Calculations,
    found: dict[int, AtomsRow],
    what: str,
    where: dict[str, str | int],
) -> None:
    """Relax the occupations that the sampling potential found lowest."""
    for n_solute, row in sorted(found.items()):
        if n_solute == 0:
            continue
        name = f"{what}, {n_solute} {study.section.solute} on {row.site}"
        candidate = study.candidate(
            "interface", "interface", hold_bottom(atoms_of(row)), name, n_solute=n_solute, site=row.site, **where
        )
        calculations.relax(candidate, verify=check_film, degeneracy=row.degeneracy)


def _fill_interface(
    study: WettingStudy,
    calculations: Calculations,
    database: StructureDatabase,
    bare: Atoms,
    what: str,
    where: dict[str, str | int],
) -> None:
    """Add solute atoms one by one: every distinct free site is looked at, the most promising ones are relaxed."""
    slab = relax_slab(study, database, str(where["termination"]))
    sites = find_interface_sites(slab, symbol=study.section.solute)
    occupied: frozenset[int] = frozenset()
    atoms = bare
    for n_solute in range(1, study.section.max_solute + 1):
        free = sites.extend(occupied)
        wanted = min(study.section.relaxed_occupations, len(free))
        stored = study.rows(database, "interface", potential=calculations.potential.name, n_solute=n_solute, **where)
        stored = [row for row in stored if "geometry" not in row]
        if stored and len(stored) >= wanted:  # saves looking at all sites again
            lowest = min(stored, key=lambda row: float(row.energy))
            atoms, occupied = atoms_of(lowest), _sites_of(lowest)
            continue
        trials: list[tuple[Candidate, frozenset[int]]] = []
        for site in free:
            filled = occupied | {site}
            label = _SITES + "+".join(map(str, sorted(filled)))
            placed = hold_bottom(insert_solute(atoms, study.section.solute, sites.positions[site]))
            name = f"{what}, {n_solute} {study.section.solute} on {label}"
            trials.append(
                (
                    study.candidate("interface", "interface", placed, name, n_solute=n_solute, site=label, **where),
                    filled,
                )
            )
        best = _lowest(study, calculations, trials, sites)
        if best is None:
            return
        row, occupied = best
        atoms = atoms_of(row)


def _sites_of(row: AtomsRow) -> frozenset[int]:
    return frozenset(int(site) for site in row.site.removeprefix(_SITES).split("+"))


def _lowest(
    study: WettingStudy,
    calculations: Calculations,
    trials: Sequence[tuple[Candidate, frozenset[int]]],
    sites: InterfaceSites,
) -> tuple[AtomsRow, frozenset[int]] | None:
    """Relax the trials that look best as they are; return the lowest, None when none converged."""
    ranked = sorted(trials, key=lambda trial: calculations.energy(trial[0].atoms))
    found = []
    for candidate, filled in ranked[: study.section.relaxed_occupations]:
        row = calculations.relax(candidate, verify=check_film, degeneracy=sites.orbit_size(filled))
        if row.converged:
            found.append((row, filled))
    return min(found, key=lambda item: item[0].energy, default=None)


def quench_film(study: WettingStudy, database: StructureDatabase, potential: str, seed: int, frame: int) -> None:
    """Quench one frame of the free film, and the same with a solute atom in its middle and on its surface.

    As at the interface, potentials other than the sampling one relax what that one found lowest.
    """
    calculations = Calculations(database, potential, study.section.settings())
    where: dict[str, str | int] = {"seed": seed, "frame": frame}
    what = f"free film seed {seed} frame {frame}, {potential}"
    repeated = potential != study.potential
    if repeated:
        start = _found_lowest(study, database, "film", where).get(0)
    else:
        start = next(iter(study.rows(database, "film-frame", **where)), None)
    if start is None:
        return
    candidate = study.candidate("film", "film", atoms_of(start), what, n_solute=0, site="none", **where)
    bare = calculations.relax(candidate, measure=dispersion_of(potential), verify=check_film)
    if not bare.converged:
        return
    for role in ("solute-in-film", "solute-on-film"):
        if repeated:
            lowest = _found_lowest(study, database, role, where).get(1)
            placed = {} if lowest is None else {lowest.site: atoms_of(lowest)}
        else:
            placed = _with_solute(study, atoms_of(bare), role)
        for site, atoms in placed.items():
            name = f"{what}, {role} {site.removeprefix(_PLACE)}"
            calculations.relax(
                study.candidate("film", role, atoms, name, n_solute=1, site=site, **where), verify=check_film
            )


def _with_solute(study: WettingStudy, film: Atoms, role: str) -> dict[str, Atoms]:
    """Return the film with one solute atom in its middle or on its surface, by the name of the place."""
    solute, count = study.section.solute, study.section.relaxed_occupations
    if role == "solute-in-film":
        positions = film_voids(film, count, z_range=_MIDDLE)
    else:
        positions = surface_positions(film, count, symbol=solute)
    return {f"{_PLACE}{number}": insert_solute(film, solute, position) for number, position in enumerate(positions)}


def best_row(rows: Sequence[AtomsRow]) -> AtomsRow | None:
    """Return the row of lowest energy."""
    return min(rows, key=lambda row: row.energy, default=None)


def repeat_with(study: WettingStudy, database: StructureDatabase, potential: str, termination: str) -> None:
    """Compute single points with ``potential`` on structures that the sampling potential quenched.

    They are those of the first frame that has solute at its interface, and of the first film with solute in it;
    nothing is computed where there is no such frame.
    """
    calculations = Calculations(database, potential, study.section.settings())

    def first(role: str, **more: str) -> tuple[int, int] | None:
        rows = study.rows(database, role, potential=study.potential, n_solute=1, **more)
        return min(((row.seed, row.frame) for row in rows), default=None)

    def stored(role: str, n_solute: int, frame: tuple[int, int], **more: str) -> AtomsRow | None:
        where = {"seed": frame[0], "frame": frame[1], "n_solute": n_solute}
        return best_row(study.rows(database, role, potential=study.potential, **where, **more))

    on_solid, in_film = first("interface", termination=termination), first("solute-in-film")
    if on_solid is None or in_film is None:
        return
    chosen = [
        ("interface", n, stored("interface", n, on_solid, termination=termination))
        for n in range(study.section.max_solute + 1)
    ]
    chosen += [("film", 0, stored("film", 0, in_film)), ("solute-in-film", 1, stored("solute-in-film", 1, in_film))]
    for role, n_solute, row in chosen:
        if row is None:
            continue
        labels = {key: row[key] for key in ("termination", "site") if key in row}
        candidate = study.candidate(
            "interface" if role == "interface" else "film",
            role,
            atoms_of(row),
            f"{row.name}, single point with {potential}",
            n_solute=n_solute,
            seed=row.seed,
            frame=row.frame,
            geometry=study.potential,
            **labels,
        )
        calculations.single_point(candidate, geometry_energy=float(row.energy))
