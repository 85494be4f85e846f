"""Single points with another potential on structures that were quenched: other functionals, other dispersion models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..films.cells import Role
from ..films.quench import first_frame, lowest, repeat_as_single_points
from .occupations import lowest_by_number

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .study import WettingStudy


def repeat_with(study: WettingStudy, potential: str, termination: str) -> None:
    """Compute single points with ``potential`` on structures that a potential of the same model quenched.

    Where none of the study's has the same model, the sampling potential's are taken. The structures are those of the
    first frame that has solute at its interface, with the solid and the film alone; the dry face; the first free film,
    bare and with solute in it; and the bulk liquid. Nothing is computed where there is no such frame.
    """
    base = study.base_of(potential)
    repeat_as_single_points(study, structures_to_repeat(study, base, termination), potential, base)


def repeat_on_first_film(study: WettingStudy, potential: str, termination: str) -> None:
    """Compute those of them that are there, and are the right ones, once the very first frame is quenched.

    Nothing where that frame has no solute at its interface: which one stands for the films is then not known yet.
    """
    base = study.base_of(potential)
    where: dict[str, str | int] = {"termination": termination, "seed": 0, "frame": 0}
    states = study.rows(Role.INTERFACE, potential=base, **where)
    if any(row.n_solute == 1 for row in states):
        chosen = list(lowest_by_number(states, study.settings.max_solute).values())
        chosen += lowest(study.rows(Role.DETACHED_FILM, potential=base, **where))
        repeat_as_single_points(study, chosen, potential, base)


def structures_to_repeat(study: WettingStudy, base: str, termination: str) -> list[AtomsRow]:
    """Return the rows of ``base`` whose structures the single points are taken on; empty where there is no frame."""

    def rows(role: Role, **more: str | int) -> list[AtomsRow]:
        return study.rows(role, potential=base, **more)

    on_solid = first_frame(rows(Role.INTERFACE, termination=termination, n_solute=1))
    in_film = first_frame(rows(Role.SOLUTE_IN_FILM, n_solute=1))
    if on_solid is None or in_film is None:
        return []
    most = study.settings.max_solute
    chosen = list(lowest_by_number(rows(Role.INTERFACE, termination=termination, **on_solid), most).values())
    chosen += lowest(rows(Role.SOLID, termination=termination))
    chosen += lowest(rows(Role.DETACHED_FILM, termination=termination, **on_solid))
    chosen += lowest_by_number(rows(Role.DRY_FACE, termination=termination), most).values()
    chosen += lowest(rows(Role.FILM, **in_film)) + lowest(rows(Role.SOLUTE_IN_FILM, **in_film))
    return chosen + lowest(rows(Role.BULK_LIQUID, **in_film))
