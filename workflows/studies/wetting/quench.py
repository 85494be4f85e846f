"""Quench the frames of a film, and put solute atoms where they may sit: at the solid, inside the film, on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....structures.interfaces.checks import check_film
from ....structures.interfaces.sites import find_interface_sites
from ....structures.interfaces.solutes import film_voids, insert_solute, surface_positions
from ...database.rows import atoms_of
from ..films.cells import Role
from ..films.quench import quench_film_alone, quench_frame
from ..films.steps import relax_slab
from .occupations import OccupationSearch, lowest_by_number

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .study import WettingStudy

# Where the middle of a film begins and ends, as fractions of its thickness.
_MIDDLE = (0.35, 0.65)
_PLACE = "place-"


def quench_interface(study: WettingStudy, potential: str, termination: str, seed: int, frame: int) -> None:
    """Quench one frame of the film on the solid, its parts alone, and the same frame with solute at the interface.

    The sampling potential searches the occupations. Any other one relaxes what that potential found lowest, so its
    energies are those of the same states, and bounds from above where it would prefer another occupation.
    """
    bare = quench_frame(study, potential, termination, seed, frame)
    if bare is None or not bare.converged:
        return
    where: dict[str, str | int] = {"termination": termination, "seed": seed, "frame": frame}
    what = f"{termination} seed {seed} frame {frame}, {potential}"
    calculations = study.calculations(potential)
    search = OccupationSearch(study, calculations, "interface", Role.INTERFACE, where, what, check_film)
    if potential != study.potential:
        search.follow(_found_lowest(study, Role.INTERFACE, where))
    else:
        slab = relax_slab(study, termination)
        search.run(find_interface_sites(slab, symbol=study.settings.solute), atoms_of(bare))


def _found_lowest(study: WettingStudy, role: Role, where: dict[str, str | int]) -> dict[int, AtomsRow]:
    """Return the lowest structure of the sampling potential for each number of solute atoms that is asked for."""
    rows = study.rows(role, potential=study.potential, **where)
    return lowest_by_number(rows, study.settings.max_solute)


def quench_film(study: WettingStudy, potential: str, seed: int, frame: int) -> None:
    """Quench one frame of the free film, and the same with a solute atom in its middle and on its surface.

    As at the interface, potentials other than the sampling one relax what that one found lowest.
    """
    calculations = study.calculations(potential)
    where: dict[str, str | int] = {"seed": seed, "frame": frame}
    what = f"free film seed {seed} frame {frame}, {potential}"
    repeated = potential != study.potential
    bare = quench_film_alone(study, potential, seed, frame)
    if bare is None or not bare.converged:
        return
    for role in (Role.SOLUTE_IN_FILM, Role.SOLUTE_ON_FILM):
        if repeated:
            lowest = _found_lowest(study, role, where).get(1)
            placed = {} if lowest is None else {lowest.site: atoms_of(lowest)}
        else:
            placed = _with_solute(study, atoms_of(bare), role)
        for site, atoms in placed.items():
            name = f"{what}, {role} {site.removeprefix(_PLACE)}"
            calculations.relax(
                study.candidate("film", role, atoms, name, n_solute=1, site=site, **where), verify=check_film
            )


def _with_solute(study: WettingStudy, film: Atoms, role: Role) -> dict[str, Atoms]:
    """Return the film with one solute atom in its middle or on its surface, by the name of the place."""
    solute, count = study.settings.solute, study.settings.relaxed_occupations
    if role == Role.SOLUTE_IN_FILM:
        positions = film_voids(film, count, z_range=_MIDDLE)
    else:
        positions = surface_positions(film, count, symbol=solute)
    return {f"{_PLACE}{number}": insert_solute(film, solute, position) for number, position in enumerate(positions)}
