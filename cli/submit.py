"""``amalgamics submit``: a workflow into the LaunchPad."""

from __future__ import annotations

import typer

from .options import DatabaseOption, DeviceOption, InputArgument, LaunchpadOption, PotentialOption


def submit(
    input_file: InputArgument,
    database: DatabaseOption = None,
    launchpad: LaunchpadOption = None,
    potential: PotentialOption = None,
    device: DeviceOption = None,
) -> None:
    """Add the workflow to the LaunchPad; ``launch`` then works through it."""
    from ..addresses import redacted
    from ..workflows import submission as builder
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.potential_notices import potential_notices
    from ..workflows.spec import load_spec

    spec = load_spec(input_file, database=database, launchpad=launchpad, potential=potential, device=device)
    for notice in potential_notices(spec, StructureDatabase(spec.database_address)):
        typer.echo(f"note: {notice}")
    submission = builder.submit(spec, open_launchpad(spec.launchpad))
    verb = "is already in" if submission.resumed else "added to"
    typer.echo(f"{spec.name} {verb} {redacted(spec.launchpad)} (Fireworks {', '.join(map(str, submission.fw_ids))})")
