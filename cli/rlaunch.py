"""``amalgamics rlaunch``: the stock FireWorks command with our LaunchPad."""

from __future__ import annotations

import typer

from .options import AllowImportOption, LaunchpadOption
from .stock import CONTEXT, run_stock

__all__ = ["CONTEXT", "rlaunch"]


def rlaunch(context: typer.Context, launchpad: LaunchpadOption = None, allow_import: AllowImportOption = None) -> None:
    """Pass everything after the verb to FireWorks' ``rlaunch``."""
    run_stock("rlaunch", context, launchpad, allow_import)
