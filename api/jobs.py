"""Jobs from their YAML files: checked, run to the report, without the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import flag, whole_number
from ..arguments import path as path_of
from ..workflows.progress_bar import progress_bar
from .display import html_table, with_version

if TYPE_CHECKING:
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.spec import ComparedJobs, WorkflowSpec


class JobError(RuntimeError):
    """A job did not come to its report; the message names the steps that failed and why."""


@dataclass(frozen=True)
class JobResult:
    """A job that has come to its report.

    Attributes
    ----------
    name, headline
        Of the job; what came out, in a line.
    report, output_dir
        The HTML file, and the folder with it and with the pictures and tables.
    database
        Path of the structure database that holds every result, or its address on a server.
    warnings
        What the report warns of.
    summary
        What ``summary.json`` holds: the numbers, settings and provenance.
    of_potentials
        Of a job with several potentials, whose report is their comparison: the job with each, by its name.
    """

    name: str
    headline: str
    report: Path
    output_dir: Path
    database: Path | str
    warnings: tuple[str, ...]
    summary: Mapping[str, Any] = field(repr=False, hash=False)
    of_potentials: Mapping[str, JobResult] = field(default_factory=dict, repr=False, hash=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the report, by name."""
        return tuple(sorted(path for path in self.output_dir.iterdir() if path.is_file()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        names = ("name", "headline", "report", "output_dir", "database", "warnings", "summary")
        each = {name: one.to_dict() for name, one in self.of_potentials.items()}
        return with_version(
            {**{name: getattr(self, name) for name in names}, **({"of_potentials": each} if each else {})}
        )

    def _repr_html_(self) -> str:
        rows = [("report", str(self.report)), ("database", str(self.database))]
        rows += [(name, str(one.report)) for name, one in self.of_potentials.items()]
        return html_table(f"{self.name}: {self.headline}", (), rows, self.warnings)


def load_job(path: str | Path, **overrides: Any) -> WorkflowSpec | ComparedJobs:
    """Read a job from its YAML file and check it completely; nothing is computed or written.

    Parameters
    ----------
    path
        The file.
    **overrides
        Keys of the file to replace, such as ``potential="7net-l3i5+d3"`` or ``database="other.db"``. A list of
        potentials asks for the job with each, and their comparison.

    Returns
    -------
    WorkflowSpec or ComparedJobs
        All keys with their values, defaults included; with several potentials such a job for each, as ``jobs``.

    Raises
    ------
    InputError
        The file is missing or not YAML, a key is unknown (the nearest is named), or a value is not allowed.

    Examples
    --------
    >>> import amalgamics
    >>> job = amalgamics.load_job("examples/emt-metals.yaml")
    >>> job.systems, job.potential
    (('Ag-Au', 'Cu-Au'), 'emt')
    """
    from ..workflows.spec import load_jobs

    return load_jobs(path_of("path", path, "the path of a YAML file"), **overrides)


def run(
    job: str | Path | WorkflowSpec | ComparedJobs,
    *,
    workers: int | None = None,
    retry_failed: bool = False,
    recompute: bool = False,
    progress: bool = True,
) -> JobResult:
    """Run a job to its report, as ``amalgamics run`` does; what is in its database already is not computed again.

    Parameters
    ----------
    job
        The YAML file, or what `load_job` returned.
    workers
        Worker processes; by default one for each core, fewer when there is little memory.
    retry_failed
        Try the relaxations again that failed before.
    recompute
        Compute the whole job anew; what the database holds of it is set aside, kept but used no more.
    progress
        Show a bar.

    Returns
    -------
    JobResult
        Headline, numbers and where the report is; with several potentials, the comparison.

    Raises
    ------
    InputError
        The job is not valid; nothing was computed.
    JobError
        A step failed. What was finished is kept: run it again to go on.

    Examples
    --------
    >>> import amalgamics
    >>> job = amalgamics.load_job("hull.yaml", potential="emt")
    >>> result = amalgamics.run(job, workers=1)
    >>> result.report.name, "structures.db" in str(result.database)
    ('report.html', True)
    """
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.engine.launching import is_completed, work_through
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.spec import ComparedJobs, WorkflowSpec
    from ..workflows.submission import modules_of, paths_of, submit

    if workers is not None:
        workers = whole_number("workers", workers)
    flag("retry_failed", retry_failed)
    flag("recompute", recompute)
    flag("progress", progress)
    spec: WorkflowSpec | ComparedJobs
    if isinstance(job, WorkflowSpec | ComparedJobs):
        spec = job
        spec.check()
    else:
        spec = load_job(path_of("job", job, "the path of a YAML file, or what load_job returned"))
    pad = open_launchpad(spec.launchpad)
    first = submit(spec, pad, retry_failed=retry_failed, recompute=recompute).fw_ids[0]
    database = StructureDatabase(spec.database_address)
    start = database.last_id()
    with progress_bar(f"{spec.name}: results", None, wanted=progress) as show:
        failed = work_through(
            spec.launchpad,
            n_workers=workers,
            workflow_of=first,
            on_tick=lambda: show(database.last_id() - start),
            allow=modules_of(spec),
            allow_paths=paths_of(spec),
            database=spec.database_address,
        )
    if failed or not is_completed(pad, first):
        said = "; ".join(f"{failure.name}: {failure.message}" for failure in failed) or "it was interrupted"
        raise JobError(f"{spec.name} did not come to its report: {said}")
    of_potentials = {one.potential: _result(one, database) for one in spec.jobs} if len(spec.jobs) > 1 else {}
    return replace(_result(spec, database), of_potentials=of_potentials)


def _result(spec: WorkflowSpec | ComparedJobs, database: StructureDatabase) -> JobResult:
    from ..workflows.output_folder import report_folder

    folder = report_folder(spec.output_dir, spec.potential)  # beside that of another potential, if there is one
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return JobResult(
        name=spec.name,
        headline=summary["headline"],
        report=folder / "report.html",
        output_dir=folder,
        database=database.path or database.address,
        warnings=tuple(summary["warnings"]),
        summary=summary,
    )
