"""Quench the frames of a film, and put solute atoms where they may sit: at the solid, inside the film, on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..calculators.relaxation import RelaxationResult
from ..structures.films import detach
from ..structures.interface_checks import check_film
from ..structures.interface_sites import find_interface_sites
from ..structures.solutes import film_voids, insert_solute, surface_positions
from .calculations import Calculations
from .database import StructureDatabase
from .occupations import OccupationSearch, lowest_by_number
from .wetting_steps import dispersion_of, relax_slab
from .wetting_study import WettingStudy, atoms_of, hold_bottom

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

# Where the middle of a film begins and ends, as fractions of its thickness.
_MIDDLE = (0.35, 0.65)
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
    slab = relax_slab(study, database, str(where["termination"]))
    sites = find_interface_sites(slab, symbol=study.section.solute)
    OccupationSearch(study, calculations, sites, "interface", "interface", where, what, check_film).run(bare)


def _found_lowest(
    study: WettingStudy, database: StructureDatabase, role: str, where: dict[str, str | int]
) -> dict[int, AtomsRow]:
    """Return the lowest structure of the sampling potential for each number of solute atoms that is asked for."""
    rows = study.rows(database, role, potential=study.potential, **where)
    return lowest_by_number(rows, study.section.max_solute)


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
