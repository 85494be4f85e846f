"""``amalgamics run``: submit, work, report."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    DatabaseOption,
    DeviceOption,
    InputArgument,
    LaunchpadOption,
    PotentialOption,
    StopBeforeOption,
    WalltimeOption,
    WorkersOption,
)
from .values import visible

if TYPE_CHECKING:
    from ..workflows.engine.stopping import TimeLimit
    from ..workflows.spec import WorkflowSpec


def run(
    input_file: InputArgument,
    workers: WorkersOption = None,
    database: DatabaseOption = None,
    launchpad: LaunchpadOption = None,
    potential: PotentialOption = None,
    device: DeviceOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try the relaxations again that failed before.")
    ] = False,
    walltime: WalltimeOption = None,
    stop_before: StopBeforeOption = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            metavar="FOLDER",
            help="Work in this folder alone, on a node without servers, and merge into the database at the end.",
        ),
    ] = None,
) -> None:
    """Submit the workflow (or go on with an interrupted one), work through it and write its report."""
    from ..errors import InputError
    from ..workflows.engine.stopping import signals_end, time_limit
    from ..workflows.spec import load_spec

    limit = time_limit(walltime, stop_before)
    if bundle is not None and launchpad is not None:
        raise InputError(f"--launchpad: {launchpad} is not for --bundle, which has a LaunchPad of its own")
    spec = load_spec(input_file, database=database, launchpad=launchpad, potential=potential, device=device)
    with ExitStack() as at_the_end:
        if bundle is not None:
            at_the_end.enter_context(signals_end())
            spec = _in_bundle(spec, bundle, at_the_end)
        _run(spec, workers, limit, retry_failed=retry_failed)


def _in_bundle(spec: WorkflowSpec, folder: Path, at_the_end: ExitStack) -> WorkflowSpec:
    """Return the job with the stores of a bundle, whose results are merged into its database at the end."""
    from ..workflows.bundle import open_bundle

    bundle = open_bundle(folder, spec.database_address)
    bundle.fill()

    def bring_home() -> None:
        found = bundle.bring_home()
        counts = f"{found.added} results added, {found.replaced} in place of failed ones, {found.present} were there"
        typer.echo(f"{bundle.folder} merged into {bundle.target}: {counts}")
        for one in found.disagreements:
            typer.echo(f"note: energies differ, {one}")

    at_the_end.callback(bring_home)
    inside: WorkflowSpec = spec.model_copy(update={"database": bundle.database, "launchpad": bundle.launchpad})
    return inside


def _run(spec: WorkflowSpec, workers: int | None, limit: TimeLimit, *, retry_failed: bool) -> None:
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.engine.launching import is_completed
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.output_folder import report_folder
    from ..workflows.potential_notices import potential_notices
    from ..workflows.submission import modules_of, paths_of, submit
    from .progress import work_through

    told = potential_notices(spec, StructureDatabase(spec.database_address))
    for notice in told:
        typer.echo(f"note: {notice}")
    pad = open_launchpad(spec.launchpad)
    submission = submit(spec, pad, retry_failed=retry_failed)
    if submission.resumed:
        typer.echo(f"{spec.name}: going on with the unfinished workflow")
    work_through(
        spec.launchpad,
        workers,
        database=spec.database_address,
        fw_id=submission.fw_ids[0],
        allow=modules_of(spec),
        allow_paths=paths_of(spec),
        limit=limit,
    )
    if limit.reached:
        return
    if not is_completed(pad, submission.fw_ids[0]):
        raise typer.Exit(1)
    folder = report_folder(spec.output_dir, spec.potential)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    typer.echo(visible(summary["headline"]))
    for warning in summary["warnings"]:
        if warning not in told:
            typer.echo(f"note: {visible(warning)}")
    if folder != spec.output_dir:
        typer.echo(f"note: {spec.output_dir} holds the report of another potential, which is left as it is")
    typer.echo(f"report: {folder / 'report.html'}")
    _write_explorer(spec, folder)


def _write_explorer(spec: WorkflowSpec, folder: Path) -> None:
    """Write structures, hulls and angles of the job as one page beside the report, which it is linked from."""
    from ..errors import InputError
    from ..explorer.one_file import write_explorer
    from ..workflows.job import Job

    try:
        typer.echo(f"explorer: {write_explorer(Job.of(spec), folder)}")
    except (InputError, OSError) as error:
        typer.echo(f"note: no explorer beside the report ({visible(str(error))})")
