"""Solute atoms on the solid beside the drop: the face without liquid, for the equilibrated limit of the angle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....structures.interfaces.checks import check_adsorbed
from ....structures.interfaces.sites import find_interface_sites
from ....structures.tags import LIQUID
from ...database.rows import atoms_of
from ..films.cells import Role
from ..films.steps import dispersion_of, relax_slab, relax_solid
from .occupations import OccupationSearch, Start, lowest_by_number, sites_of

if TYPE_CHECKING:
    from ase import Atoms

    from .study import WettingStudy


def fill_dry_face(study: WettingStudy, potential: str, termination: str) -> None:
    """Put solute atoms on the face without liquid, and store the energy for each number of them.

    The sampling potential searches the occupations as it does under the film, and relaxes besides, for each number,
    what it found lowest under any film with the liquid taken away: a site that only looks good under the liquid must
    not be missed on the dry face, or the two would not be compared alike. Any other potential relaxes what the
    sampling one found lowest.
    """
    where: dict[str, str | int] = {"termination": termination}
    search = OccupationSearch(
        study=study,
        calculations=study.calculations(potential),
        kind="solid",
        role=Role.DRY_FACE,
        where=where,
        what=f"{termination} dry face, {potential}",
        verify=check_adsorbed,
        measure=dispersion_of(potential),
    )
    if potential == study.potential:
        sites = find_interface_sites(relax_slab(study, termination), symbol=study.settings.solute)
        search.run(sites, relax_solid(study, potential, termination), _without_liquid(study, termination))
    else:
        found = study.rows(Role.DRY_FACE, potential=study.potential, **where)
        search.follow(lowest_by_number(found, study.settings.max_solute))


def _without_liquid(study: WettingStudy, termination: str) -> dict[int, list[Start]]:
    """Return the lowest interface for each number of solute atoms, over all films, with its liquid taken away."""
    rows = study.rows(Role.INTERFACE, potential=study.potential, termination=termination)
    lowest = lowest_by_number([row for row in rows if row.n_solute > 0], study.settings.max_solute)
    return {
        n_solute: [Start(_dry(atoms_of(row)), sites_of(row), float(row.degeneracy), " as under the film")]
        for n_solute, row in lowest.items()
    }


def _dry(interface: Atoms) -> Atoms:
    solid: Atoms = interface[interface.get_tags() != LIQUID]
    return solid
