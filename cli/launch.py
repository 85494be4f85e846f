"""``amalgamics launch``: worker processes over the LaunchPad."""

from __future__ import annotations

from .options import DatabaseOption, LaunchpadOption, WorkersOption


def launch(workers: WorkersOption = None, launchpad: LaunchpadOption = None, database: DatabaseOption = None) -> None:
    """Work through everything in the LaunchPad that can run."""
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.spec import default_database, default_launchpad
    from .progress import work_through

    store = StructureDatabase(database or default_database())  # refused before a LaunchPad is made
    work_through(launchpad or default_launchpad(), workers, database=store.path)
