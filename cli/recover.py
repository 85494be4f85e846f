"""``amalgamics recover``: repair the LaunchPad and the structure database."""

from __future__ import annotations

import typer

from .options import DatabaseOption, LaunchpadOption


def recover(launchpad: LaunchpadOption = None, database: DatabaseOption = None) -> None:
    """Repair what a crash or kill left behind; ``run`` and ``launch`` do this by themselves."""
    from ..workflows.database.backends.choice import open_backend
    from ..workflows.defaults import chosen_launchpad, default_database
    from ..workflows.engine import recovery
    from ..workflows.engine.launchpad import NoLaunchPadError, open_launchpad

    open_backend(database or default_database())  # a wrong address is refused before anything is repaired
    try:
        pad = open_launchpad(chosen_launchpad(launchpad), create=False, thorough=True)
    except NoLaunchPadError as error:
        typer.echo(str(error))  # no reason to leave the database as it is
    else:
        typer.echo(str(recovery.recover(pad)))
    typer.echo(recovery.recover_database(database or default_database()))
