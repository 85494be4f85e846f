"""What the user should know of a job's potentials before results are taken from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..calculators.potentials.names import get_potential
from ..errors import InputError
from ..reports.notation import enumeration
from .database.fingerprint import potential_identity
from .database.structure_database import StructureDatabase
from .job import Job
from .studies.registry import studies_of

if TYPE_CHECKING:
    from .spec import ComparedJobs, WorkflowSpec


def potentials_of(spec: WorkflowSpec) -> tuple[str, ...]:
    """Return the names of all potentials that a job computes with, its own first."""
    job = Job.of(spec, {})
    return tuple(
        dict.fromkeys([spec.potential, *(name for study in studies_of(spec) for name in study(job).identities)])
    )


def _usable_potentials(spec: WorkflowSpec) -> tuple[str, ...]:
    """Return the names of all potentials; the job's own alone where another is not on this machine."""
    try:
        return potentials_of(spec)
    except InputError:
        return (spec.potential,)


def potential_notices(job: WorkflowSpec | ComparedJobs) -> list[str]:
    """Say of which potentials the database holds results that do not count, or may not be what they seem, if any."""
    found: list[str] = []
    database = StructureDatabase(job.database_address)
    for name in dict.fromkeys(name for spec in job.jobs for name in _usable_potentials(spec)):
        potential = get_potential(name)
        count = database.count_of_others(potential)
        if count:
            found.append(
                f"the database holds {count} other results of {name}, of when its code, settings or weights were not"
                " what they are now, or set aside by --recompute; they are kept but not mixed with those of this one"
            )
        if potential.unknown and database.fingerprints_of(potential_identity(potential)):
            found.append(
                f"{name}: nobody can know {enumeration(potential.unknown)}; if that has changed, --recompute computes"
                " anew what the database holds of it"
            )
    return found
