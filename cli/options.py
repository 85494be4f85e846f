"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DatabaseOption = Annotated[
    Path | None,
    typer.Option("--database", help="Structure database; default $AMALGAMICS_DATABASE or results/structures.db."),
]
LaunchpadOption = Annotated[
    str | None,
    typer.Option(
        "--launchpad",
        help="sqlite:///directory or mongodb://host:port/name; default $AMALGAMICS_LAUNCHPAD "
        "or sqlite:///results/launchpad.",
    ),
]
PotentialOption = Annotated[str | None, typer.Option("--potential", help="For example chgnet+d3 or 7net-l3i5+d3.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Worker processes; default one for each core.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
InputArgument = Annotated[Path, typer.Argument(help="Workflow input, a YAML file.", metavar="INPUT.yaml")]
SystemArgument = Annotated[str, typer.Argument(help="Chemical system, for example Li-Hg.", metavar="SYSTEM")]
