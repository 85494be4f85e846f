"""``amalgamics launch``: worker processes over the LaunchPad, here or in the queue of a cluster."""

from __future__ import annotations

from .options import (
    AllowImportOption,
    AllowPathOption,
    DatabaseOption,
    LaunchpadOption,
    StopBeforeOption,
    WalltimeOption,
    WorkersOption,
)


def launch(
    workers: WorkersOption = None,
    launchpad: LaunchpadOption = None,
    database: DatabaseOption = None,
    allow_import: AllowImportOption = None,
    allow_path: AllowPathOption = None,
    walltime: WalltimeOption = None,
    stop_before: StopBeforeOption = None,
) -> None:
    """Work through everything in the LaunchPad that can run."""
    from ..permissions import module_names
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.engine.stopping import time_limit
    from ..workflows.spec import chosen_launchpad, default_database
    from .progress import work_through

    limit = time_limit(walltime, stop_before)
    modules = module_names(allow_import or (), "--allow-import")
    store = StructureDatabase(database or default_database())  # refused before a LaunchPad is made
    url = chosen_launchpad(launchpad)
    work_through(url, workers, database=store.path, allow=modules, allow_paths=allow_path or (), limit=limit)
