"""Handing over to FireWorks' own commands."""

from __future__ import annotations

from typing import Any

import typer

# The stock command parses its own options, --help included.
CONTEXT: dict[str, Any] = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def run_stock(tool: str, context: typer.Context, launchpad: str | None, allow: list[str] | None) -> None:
    """Run the stock command ``tool`` with the arguments left in ``context``."""
    from ..permissions import code_names
    from ..workflows.defaults import chosen_launchpad
    from ..workflows.engine.launchpad import run_tool

    modules = code_names(allow or (), "--allow-import")
    raise typer.Exit(run_tool(tool, context.args, chosen_launchpad(launchpad), allow=modules))
