"""Which phases of a job get phonons: those that are or may become stable, or those that were named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....structures.compositions import parse_system
from ...database.row_hulls import hull_of_rows
from ...database.rows import find_phase

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...job import Job
    from ...spec import WorkflowSpec
    from .settings import PhononStudySettings


def phonon_phases(job: Job, settings: PhononStudySettings) -> dict[str, AtomsRow]:
    """Return the relaxed phases of the job whose phonons are asked for, by name."""
    rows = job.relaxed_rows
    if settings.phases == "stable":
        found = [row for system in job.spec.systems for row in _competing(system, rows, settings.max_e_above_hull)]
    else:
        named = [row for name in settings.phases if (row := job.crystal(name)) is not None]
        found = named + _references(job.spec, rows, named)
    return {row.name: row for row in found}


def unrelaxed_names(job: Job, settings: PhononStudySettings) -> list[str]:
    """Return the names that were asked for and have no relaxed structure in the job."""
    if settings.phases == "stable":
        return []
    return [name for name in settings.phases if job.crystal(name) is None]


def _competing(system: str, rows: Sequence[AtomsRow], max_e_above_hull: float) -> list[AtomsRow]:
    """Return the stable phases, and the observed ones a little above the hull."""
    hull, _ = hull_of_rows(system, rows)
    by_id = {int(row.id): row for row in rows}
    return [
        by_id[int(phase.entry_id)]
        for phase in hull.phases
        if phase.entry_id is not None
        and (phase.stable or (by_id[int(phase.entry_id)].kind == "library" and phase.e_above_hull <= max_e_above_hull))
    ]


def _references(spec: WorkflowSpec, rows: Sequence[AtomsRow], named: Sequence[AtomsRow]) -> list[AtomsRow]:
    """Return the lowest structure of each element of the systems that hold a named phase."""
    systems = [set(parse_system(system)) for system in spec.systems]
    wanted = {symbol for row in named for elements in systems if set(row.symbols) <= elements for symbol in elements}
    found = [find_phase(symbol, rows) for symbol in spec.elements if symbol in wanted]
    return [row for row in found if row is not None]
