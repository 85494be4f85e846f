"""Solute atoms on the solid beside the drop: the face without liquid, for the equilibrated limit of the angle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..structures.interface_checks import check_adsorbed
from ..structures.interface_sites import find_interface_sites
from ..structures.parts import LIQUID
from .calculations import Calculations
from .occupations import OccupationSearch, Start, lowest_by_number, sites_of
from .wetting_steps import dispersion_of, relax_slab, relax_solid
from .wetting_study import WettingStudy, atoms_of, hold_bottom

if TYPE_CHECKING:
    from ase import Atoms

    from .database import StructureDatabase

ROLE = "dry-face"


def fill_dry_face(study: WettingStudy, database: StructureDatabase, potential: str, termination: str) -> None:
    """Put solute atoms on the face without liquid, and store the energy for each number of them.

    The sampling potential searches the occupations as it does under the film, and relaxes besides, for each number,
    what it found lowest under any film with the liquid taken away: a site that only looks good under the liquid must
    not be missed on the dry face, or the two would not be compared alike. Any other potential relaxes what the
    sampling one found lowest.
    """
    calculations = Calculations(database, potential, study.section.settings())
    where: dict[str, str | int] = {"termination": termination}
    what = f"{termination} dry face, {potential}"
    if potential == study.potential:
        slab = relax_slab(study, database, termination)
        search = OccupationSearch(
            study=study,
            calculations=calculations,
            sites=find_interface_sites(slab, symbol=study.section.solute),
            kind="solid",
            role=ROLE,
            where=where,
            what=what,
            verify=check_adsorbed,
            measure=dispersion_of(potential),
        )
        search.run(relax_solid(study, database, potential, termination), _without_liquid(study, database, termination))
        return
    found = study.rows(database, ROLE, potential=study.potential, **where)
    for n_solute, row in sorted(lowest_by_number(found, study.section.max_solute).items()):
        name = f"{what}, {n_solute} {study.section.solute} on {row.site}"
        candidate = study.candidate(
            "solid", ROLE, hold_bottom(atoms_of(row)), name, n_solute=n_solute, site=row.site, **where
        )
        calculations.relax(
            candidate, measure=dispersion_of(potential), verify=check_adsorbed, degeneracy=row.degeneracy
        )


def _without_liquid(study: WettingStudy, database: StructureDatabase, termination: str) -> dict[int, list[Start]]:
    """Return the lowest interface for each number of solute atoms, over all films, with its liquid taken away."""
    rows = study.rows(database, "interface", potential=study.potential, termination=termination)
    lowest = lowest_by_number([row for row in rows if row.n_solute > 0], study.section.max_solute)
    return {
        n_solute: [Start(_dry(atoms_of(row)), sites_of(row), float(row.degeneracy), " as under the film")]
        for n_solute, row in lowest.items()
    }


def _dry(interface: Atoms) -> Atoms:
    solid: Atoms = interface[interface.get_tags() != LIQUID]
    return solid
