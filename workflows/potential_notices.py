"""What the user should know of a job's potential before results are taken from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..calculators.potentials.names import get_potential

if TYPE_CHECKING:
    from .database.structure_database import StructureDatabase
    from .spec import WorkflowSpec


def potential_notices(spec: WorkflowSpec, database: StructureDatabase) -> list[str]:
    """Say that the database holds results of another potential of the same name, if it does."""
    count = database.count_of_others(get_potential(spec.potential))
    if not count:
        return []
    return [
        f"the database holds {count} other results of {spec.potential}, of when its code, settings or weights were not "
        "what they are now; they are kept but not mixed with those of this one"
    ]
