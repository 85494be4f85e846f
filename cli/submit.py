"""``amalgamics submit``: a workflow into the LaunchPad."""

from __future__ import annotations

import typer

from .options import DatabaseOption, DeviceOption, InputArgument, LaunchpadOption, PotentialsOption, RecomputeOption


def submit(
    input_file: InputArgument,
    database: DatabaseOption = None,
    launchpad: LaunchpadOption = None,
    potential: PotentialsOption = None,
    device: DeviceOption = None,
    recompute: RecomputeOption = False,
) -> None:
    """Add the workflow to the LaunchPad; ``launch`` then works through it."""
    from ..addresses import redacted
    from ..workflows import submission as builder
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.potential_notices import potential_notices
    from ..workflows.spec import load_jobs

    job = load_jobs(input_file, database=database, launchpad=launchpad, potential=potential, device=device)
    for notice in potential_notices(job):
        typer.echo(f"note: {notice}")
    submission = builder.submit(job, open_launchpad(job.launchpad), recompute=recompute)
    if submission.set_aside:
        typer.echo(f"note: {submission.set_aside} results of before are set aside, to be computed anew")
    verb = "is already in" if submission.resumed else "added to"
    typer.echo(f"{job.name} {verb} {redacted(job.launchpad)} (Fireworks {', '.join(map(str, submission.fw_ids))})")
