"""``amalgamics run``: submit, work, report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..addresses import redacted
from .options import (
    DatabaseOption,
    DeviceOption,
    InputArgument,
    LaunchpadOption,
    PotentialsOption,
    RecomputeOption,
    StopBeforeOption,
    WalltimeOption,
    WorkersOption,
)
from .values import visible

if TYPE_CHECKING:
    from ..workflows.engine.stopping import TimeLimit
    from ..workflows.spec import ComparedJobs, WorkflowSpec

    AnyJob = WorkflowSpec | ComparedJobs


def run(
    input_file: InputArgument,
    workers: WorkersOption = None,
    database: DatabaseOption = None,
    launchpad: LaunchpadOption = None,
    potential: PotentialsOption = None,
    device: DeviceOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try the relaxations again that failed before.")
    ] = False,
    recompute: RecomputeOption = False,
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
    from ..workflows.spec import load_jobs
    from ..workflows.submission import set_results_aside

    limit = time_limit(walltime, stop_before)
    if bundle is not None and launchpad is not None:
        raise InputError(f"--launchpad: {launchpad} is not for --bundle, which has a LaunchPad of its own")
    job = load_jobs(input_file, database=database, launchpad=launchpad, potential=potential, device=device)
    with ExitStack() as at_the_end:
        if bundle is not None:
            if recompute:  # in the database that the results will belong into
                _say_set_aside(set_results_aside(job))
            at_the_end.enter_context(signals_end())
            job = _in_bundle(job, bundle, at_the_end)
        _run(job, workers, limit, retry_failed=retry_failed, recompute=recompute)


def _in_bundle(job: AnyJob, folder: Path, at_the_end: ExitStack) -> AnyJob:
    """Return the job with the stores of a bundle, whose results are merged into its database at the end."""
    from ..workflows.bundle import open_bundle

    bundle = open_bundle(folder, job.database_address)
    bundle.fill()

    def bring_home() -> None:
        found = bundle.bring_home()
        counts = f"{found.added} results added, {found.replaced} in place of failed ones, {found.present} were there"
        typer.echo(f"{bundle.folder} merged into {bundle.target}: {counts}")
        for one in found.disagreements:
            typer.echo(f"note: energies differ, {one}")

    at_the_end.callback(bring_home)
    inside: AnyJob = job.model_copy(update={"database": bundle.database, "launchpad": bundle.launchpad})
    return inside


def _run(job: AnyJob, workers: int | None, limit: TimeLimit, *, retry_failed: bool, recompute: bool) -> None:
    from ..workflows.engine.launching import is_completed
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.potential_notices import potential_notices
    from ..workflows.submission import modules_of, paths_of, planned_fingerprints, submit
    from .progress import work_through

    told = potential_notices(job)
    for notice in told:
        typer.echo(f"note: {notice}")
    pad = open_launchpad(job.launchpad)
    submission = submit(job, pad, retry_failed=retry_failed, recompute=recompute)
    begun = "going on with the unfinished workflow" if submission.resumed else "submitted"
    typer.echo(visible(f"{job.name}: {begun}; results go to {redacted(str(job.database_address))}"))
    _say_set_aside(submission.set_aside)
    several = len(job.jobs) > 1
    work_through(
        job.launchpad,
        workers,
        database=job.database_address,
        fw_id=submission.fw_ids[0],
        allow=modules_of(job),
        allow_paths=paths_of(job),
        limit=limit,
        with_potential=several,
    )
    if limit.reached:
        return
    if not is_completed(pad, submission.fw_ids[0]):
        raise typer.Exit(1)
    known = None if several else planned_fingerprints(pad, submission.fw_ids[0])
    for one in (*job.jobs, job) if several else job.jobs:
        _tell(one, told, f"{one.potential if one is not job else 'compared'}: " if several else "", known)


def _say_set_aside(count: int) -> None:
    if count:
        typer.echo(f"note: {count} results of before are set aside, and computed anew")


def _tell(job: AnyJob, told: Sequence[str], of_what: str, fingerprints: Mapping[str, str] | None) -> None:
    """Print what the report of a job says, and where it is; ``fingerprints`` are those of its crystals if known."""
    from ..workflows.output_folder import report_folder
    from ..workflows.spec import ComparedJobs

    folder = report_folder(job.output_dir, job.potential)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    typer.echo(visible(of_what + summary["headline"]))
    for warning in summary["warnings"]:
        if warning not in told:
            typer.echo(f"note: {visible(warning)}")
    if folder != job.output_dir:
        typer.echo(f"note: {job.output_dir} holds the report of another potential, which is left as it is")
    typer.echo(f"report: {folder / 'report.html'}")
    if not isinstance(job, ComparedJobs):
        _write_explorer(job, folder, fingerprints)


def _write_explorer(spec: WorkflowSpec, folder: Path, fingerprints: Mapping[str, str] | None) -> None:
    """Write structures, hulls and angles of the job as one page beside the report, which it is linked from."""
    from ..errors import InputError
    from ..explorer.one_file import write_explorer
    from ..workflows.job import Job

    try:
        typer.echo(f"explorer: {write_explorer(Job.of(spec, fingerprints), folder)}")
    except (InputError, OSError) as error:
        typer.echo(f"note: no explorer beside the report ({visible(str(error))})")
