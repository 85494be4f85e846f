"""``amalgamics recover``: repair the LaunchPad and the structure database."""

from __future__ import annotations

import typer

from .options import DatabaseOption, LaunchpadOption


def recover(launchpad: LaunchpadOption = None, database: DatabaseOption = None) -> None:
    """Repair what a crash or kill left behind; ``run`` and ``launch`` do this by themselves."""
    from ..workflows.database.backends.choice import open_backend
    from ..workflows.engine import recovery
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.spec import chosen_launchpad, default_database

    open_backend(database or default_database())  # refused before a LaunchPad is made
    typer.echo(str(recovery.recover(open_launchpad(chosen_launchpad(launchpad), thorough=True))))
    typer.echo(recovery.recover_database(database or default_database()))
