"""``amalgamics status``: what is in the LaunchPad, how far it is, what failed and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..workflows.engine.progress_json import COUNTS, counts_of, details_of
from .chosen_workflows import find_progress, query_of, report_of
from .options import CsvOption, JsonOption, LaunchpadOption

if TYPE_CHECKING:
    from ..workflows.engine.progress import WorkflowProgress

COLUMNS = ("id", "name", "state", *COUNTS, "updated", "potential", "report")
_FASTEST_S, _SLOWEST_S = 0.2, 3600.0

Chosen = Annotated[
    str | None, typer.Argument(help="Name or id of a workflow; all when not given.", metavar="NAME_OR_ID")
]


def status(
    workflow: Chosen = None,
    launchpad: LaunchpadOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on showing it until nothing is left to run; Ctrl-C leaves.")
    ] = False,
    interval: Annotated[
        float | None, typer.Option("--interval", help="Seconds between looks, for --watch; default 2.")
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", help="Print the last lines of the logs of the jobs instead; see --lines.")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", min=1, help="How many lines of the log.")] = 30,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print a line for each workflow in the LaunchPad, what failed, and what to do now."""
    from ..errors import InputError, shown
    from ..workflows.defaults import chosen_launchpad

    if log and (watch or as_csv):
        raise InputError("--log: it has a print of its own; leave out --watch and --csv")
    if interval is not None and not watch:
        raise InputError("--interval: only --watch looks again; give both, or leave it out")
    if interval is not None and not _FASTEST_S <= interval <= _SLOWEST_S:
        raise InputError(f"--interval: {shown(interval)} is not allowed; give {_FASTEST_S} to {_SLOWEST_S:g} seconds")
    if watch and (as_json or as_csv):
        raise InputError("--watch: it prints for people; leave out --json and --csv")
    url = chosen_launchpad(launchpad)
    if log:
        _print_log(url, workflow, lines, as_json=as_json)
    elif watch:
        from .watch import watch as follow

        follow(url, workflow, interval or 2.0)
    else:
        _print(url, find_progress(url, workflow), as_json=as_json, as_csv=as_csv)


def _print_log(url: str, chosen: str | None, lines: int, *, as_json: bool) -> None:
    from ..workflows.engine.job_log import log_files, read_log
    from ..workflows.engine.reading import reading
    from .output import print_json
    from .values import printable

    with reading(url) as collections:
        workflows = list(collections.workflows.find(query_of(collections, chosen)))
        # Jobs of one name share a log, each file is read once.
        files = dict.fromkeys(file for one in workflows for file in log_files(one, collections.host))
    entries = read_log(files, lines)
    if as_json:
        print_json(entries)
        return
    if not entries:
        typer.echo("nothing is logged yet")
    for entry in entries:
        seconds = "" if entry.get("seconds") is None else f" ({entry['seconds']:.3g} s)"
        at, step = str(entry["time"])[:19].replace("T", " "), f"{entry.get('workflow')}: {entry.get('step')}"
        said = entry.get("message")
        told = "" if said == entry.get("event") else f": {said}"
        typer.echo(printable(f"{at} {entry.get('worker')} {step} {entry.get('event')}{told}{seconds}"))


def _print(url: str, found: Sequence[WorkflowProgress], *, as_json: bool, as_csv: bool) -> None:
    from ..addresses import redacted
    from .output import print_json, print_rows
    from .values import visible

    rows = [_row(one) for one in found]
    if as_json:
        print_json(
            [dict(zip(COLUMNS, row, strict=True)) | details_of(one) for row, one in zip(rows, found, strict=True)]
        )
        return
    count = "1 workflow" if len(rows) == 1 else f"{len(rows)} workflows"
    print_rows(f"{count} in {redacted(url)}", COLUMNS, rows, as_json=False, as_csv=as_csv)
    if not as_csv:
        for one in found:
            for line in advice(one):
                typer.echo(visible(line))


def _row(one: WorkflowProgress) -> tuple[Any, ...]:
    from .values import printable

    counts = counts_of(one).values()
    updated = one.updated.strftime("%Y-%m-%d %H:%M:%S")
    return (one.id, printable(one.name), one.state, *counts, updated, one.metadata.get("potential"), report_of(one))


def advice(one: WorkflowProgress) -> list[str]:
    """Return a line for each failure of a workflow, and one for what to do now."""
    from .values import printable

    lines = [
        printable(f"{one.name}: {failure.name} (Firework {failure.fw_id}) failed: {failure.message}")
        for failure in one.failures
    ]
    return [*lines, printable(f"{one.name}: next: {one.next_step}")] if one.next_step else lines
