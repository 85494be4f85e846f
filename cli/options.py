"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="Structure database: a file, or postgresql://user@host/name; default $AMALGAMICS_DATABASE or "
        "results/structures.db.",
    ),
]
LaunchpadOption = Annotated[
    str | None,
    typer.Option(
        "--launchpad",
        help="sqlite:///directory, mongodb://host:port/name, or a my_launchpad.yaml; default $AMALGAMICS_LAUNCHPAD "
        "or sqlite:///results/launchpad.",
    ),
]
AllowImportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-import",
        metavar="MODULE",
        help="A module, package or file (mycalc.py) that jobs in the LaunchPad may name, or module:attribute, to which"
        " they may give arguments; repeatable; also $AMALGAMICS_ALLOW_IMPORT.",
    ),
]
AllowPathOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--allow-path",
        metavar="DIR",
        help="A folder, or file, that jobs in the LaunchPad may use, besides the current one; repeatable; also"
        " $AMALGAMICS_ALLOW_PATH.",
    ),
]
PotentialOption = Annotated[
    str | None, typer.Option("--potential", help="For example chgnet+d3, 7net-l3i5+d3 or mycalc.py:Calculator.")
]
PotentialsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--potential",
        help="For example chgnet+d3, 7net-l3i5+d3 or mycalc.py:Calculator; given more than once, the job is run with"
        " each and they are compared.",
    ),
]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="Where potentials of the job compute: cpu (default) or cuda.")
]
RecomputeOption = Annotated[
    bool,
    typer.Option(
        "--recompute",
        help="Compute the whole job anew: what the database holds of it is set aside, kept but used no more.",
    ),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Worker processes; default one for each core.")
]
WalltimeOption = Annotated[
    str | None,
    typer.Option(
        "--walltime", metavar="HH:MM:SS", help="Stop by then: what runs is interrupted and goes on next time."
    ),
]
StopBeforeOption = Annotated[
    str | None,
    typer.Option("--stop-before", metavar="HH:MM:SS", help="How long before the end of the time; default a minute."),
]


def _one_format(context: typer.Context, chosen: bool) -> bool:
    """Refuse JSON and CSV together, of which only one would be printed; each option is read in turn."""
    if chosen and (context.params.get("as_json") or context.params.get("as_csv")):
        from ..errors import InputError

        raise InputError("--json, --csv: one of them, not both")
    return chosen


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=_one_format)]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.", callback=_one_format)]
InputArgument = Annotated[Path, typer.Argument(help="Workflow input, a YAML file.", metavar="INPUT.yaml")]
SystemArgument = Annotated[str, typer.Argument(help="Chemical system, for example Li-Hg.", metavar="SYSTEM")]
