"""``amalgamics serve``: structures, hulls, wetting and workflows in the browser; read only."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DatabaseOption, LaunchpadOption


def serve(
    database: DatabaseOption = None,
    launchpad: LaunchpadOption = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 for any free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only.")] = False,
) -> None:
    """Show the structure database and the LaunchPad in the browser of this machine until Ctrl-C."""
    from ..errors import InputError
    from ..explorer.server import serve as run
    from ..explorer.sources import Sources, open_database
    from ..workflows.defaults import chosen_launchpad, default_database
    from ..workflows.engine.reading import reading

    store = open_database(str(database or default_database()))
    if store.last_id() == 0:
        raise InputError(f"database: {store.address} holds no structure yet; run a workflow with it first")
    address = chosen_launchpad(launchpad)
    if launchpad is not None:  # the default one may come into being later
        with reading(address):
            pass
    run(Sources(store, address), port=port, browser=not no_browser, say=typer.echo)
