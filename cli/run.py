"""``amalgamics run``: submit, work, report."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .options import (
    DatabaseOption,
    InputArgument,
    LaunchpadOption,
    PotentialOption,
    StopBeforeOption,
    WalltimeOption,
    WorkersOption,
)


def run(
    input_file: InputArgument,
    workers: WorkersOption = None,
    database: DatabaseOption = None,
    launchpad: LaunchpadOption = None,
    potential: PotentialOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try the relaxations again that failed before.")
    ] = False,
    walltime: WalltimeOption = None,
    stop_before: StopBeforeOption = None,
) -> None:
    """Submit the workflow (or go on with an interrupted one), work through it and write its report."""
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.engine.launching import is_completed
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.engine.stopping import time_limit
    from ..workflows.output_folder import report_folder
    from ..workflows.potential_notices import potential_notices
    from ..workflows.spec import load_spec
    from ..workflows.submission import modules_of, paths_of, submit
    from .progress import work_through

    limit = time_limit(walltime, stop_before)
    spec = load_spec(input_file, database=database, launchpad=launchpad, potential=potential)
    told = potential_notices(spec, StructureDatabase(spec.database_address))
    for notice in told:
        typer.echo(f"note: {notice}")
    pad = open_launchpad(spec.launchpad)
    submission = submit(spec, pad, retry_failed=retry_failed)
    if submission.resumed:
        typer.echo(f"{spec.name}: going on with the unfinished workflow")
    work_through(
        spec.launchpad,
        workers,
        database=spec.database_address,
        fw_id=submission.fw_ids[0],
        allow=modules_of(spec),
        allow_paths=paths_of(spec),
        limit=limit,
    )
    if limit.reached:
        return
    if not is_completed(pad, submission.fw_ids[0]):
        raise typer.Exit(1)
    folder = report_folder(spec.output_dir, spec.potential)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    typer.echo(summary["headline"])
    for warning in summary["warnings"]:
        if warning not in told:
            typer.echo(f"note: {warning}")
    if folder != spec.output_dir:
        typer.echo(f"note: {spec.output_dir} holds the report of another potential, which is left as it is")
    typer.echo(f"report: {folder / 'report.html'}")
