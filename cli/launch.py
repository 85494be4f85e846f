"""``amalgamics launch``: worker processes over the LaunchPad, here or in the queue of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    queue: Annotated[
        Path | None, typer.Option("--queue", help="Submit pilot jobs by this slurm.yaml; see amalgamics cluster init.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=1000, help="With --queue: most jobs in the queue; default 1.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --queue: print the script, submit nothing.")] = False,
) -> None:
    """Work through everything in the LaunchPad that can run."""
    from ..errors import InputError
    from ..permissions import code_names

    if queue is not None:
        given: dict[str, object] = {"--workers": workers, "--walltime": walltime, "--stop-before": stop_before}
        given |= {"--allow-import": allow_import, "--allow-path": allow_path}
        for option, value in given.items():
            if value:
                raise InputError(f"{option}: is not for --queue; change what the jobs do in {queue}")
        _submit(queue, jobs or 1, launchpad, database, dry_run=dry_run)
        return
    if jobs is not None or dry_run:
        option = "--dry-run" if jobs is None else "--jobs"
        raise InputError(f"{option}: needs --queue, e.g. --queue cluster/slurm.yaml")
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import chosen_launchpad, default_database
    from ..workflows.engine.launchpad import launchpad_settings
    from ..workflows.engine.stopping import time_limit
    from .progress import work_through

    limit = time_limit(walltime, stop_before)
    modules = code_names(allow_import or (), "--allow-import")
    store = StructureDatabase(database or default_database())  # refused before anything runs
    url = chosen_launchpad(launchpad)
    launchpad_settings(url, create=False)  # in a folder without jobs there is nothing to do, and nothing is left there
    work_through(url, workers, database=store.address, allow=modules, allow_paths=allow_path or (), limit=limit)


def _submit(queue: Path, jobs: int, launchpad: str | None, database: object, *, dry_run: bool) -> None:
    """Top up the pilot jobs in the queue, or say what would be submitted."""
    from ..errors import InputError
    from ..workflows.cluster.queue import plan_submission, read_queue_file, submit_pilots
    from ..workflows.defaults import chosen_launchpad
    from ..workflows.engine.launchpad import open_launchpad

    queue_file = read_queue_file(queue)
    for option, value in {"--launchpad": launchpad, "--database": database}.items():
        if value is not None:
            raise InputError(f"{option}: is not for --queue; the jobs take that of {queue}")
    pad = open_launchpad(chosen_launchpad(queue_file.launchpad), create=False)
    plan = plan_submission(queue_file, pad, jobs)
    known = "an unknown number" if plan.in_queue is None else str(plan.in_queue)
    there = f"{plan.unfinished} Fireworks to do, {known} of at most {jobs} jobs in the queue"
    if dry_run:
        typer.echo(plan.script)
        typer.echo(f"{there}; would submit {plan.to_submit}", err=True)
        return
    ids = submit_pilots(queue_file, pad, plan.to_submit) if plan.to_submit else []
    typer.echo(f"{there}; submitted {', '.join(ids) or 'none'}")
