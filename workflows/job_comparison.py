"""The same job with several potentials, side by side, when each has its report."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..errors import InputError
from .comparison import computed_hull
from .output_folder import report_folder
from .studies.wetting.study import WettingStudy

if TYPE_CHECKING:
    from ..reports.comparison.jobs import ReportOfPotential
    from ..reports.comparison.model import Comparison
    from ..reports.wetting.model import WettingReport
    from .job import Job


def write_job_comparison(jobs: Sequence[Job], output_dir: Path) -> dict[str, Path]:
    """Write the report on the comparison, and return the paths of its files by name; nothing is computed.

    Parameters
    ----------
    jobs
        The same input with one potential after the other; those that have one have written their report.
    output_dir
        For the files; beside it where the report of other potentials lies there.
    """
    from ..reports.comparison.jobs import jobs_report
    from ..reports.document import write_report

    folder = report_folder(output_dir, ", ".join(job.spec.potential for job in jobs))
    notes: list[str] = []
    written = [_report_of(job, folder, notes) for job in jobs]
    reports = [one for one in written if one is not None]
    found = [_comparison(jobs, system, notes) for system in jobs[0].spec.systems]
    comparisons = [one for one in found if one is not None]
    wettings = _wettings(jobs, notes) if WettingStudy.is_asked_for(jobs[0].spec) else {}
    potentials = [str(job.spec.potential) for job in jobs]
    return write_report(jobs_report(jobs[0].spec.name, potentials, reports, comparisons, wettings, notes), folder)


def _report_of(job: Job, folder: Path, notes: list[str]) -> ReportOfPotential | None:
    """Return the report of a job; None where it could not be written, or somebody took it away meanwhile."""
    from ..reports.comparison.jobs import ReportOfPotential

    own = report_folder(job.spec.output_dir, job.spec.potential)
    try:
        said = str(json.loads((own / "summary.json").read_text(encoding="utf-8"))["headline"])
    except (OSError, ValueError, KeyError, TypeError):
        notes.append(f"there is no report with {job.spec.potential}")
        return None
    link = quote(os.path.relpath(own / "report.html", folder))
    return ReportOfPotential(str(job.spec.potential), said, link)


def _comparison(jobs: Sequence[Job], system: str, notes: list[str]) -> Comparison | None:
    """Return the hulls of a system as the reports have them; None where fewer than two potentials have one."""
    from ..reports.comparison.model import Comparison

    hulls = []
    for job in jobs:
        try:
            if not job.relaxed_rows:
                raise InputError("nothing is relaxed")
            hulls.append(computed_hull(system, job.rows))
        except InputError as error:  # an element has no crystal
            notes.append(f"{system}: {job.spec.potential} is left out: {error}")
    return Comparison(tuple(hulls)) if len(hulls) > 1 else None


def _wettings(jobs: Sequence[Job], notes: list[str]) -> dict[str, WettingReport]:
    found: dict[str, WettingReport] = {}
    for job in jobs:
        try:
            found[str(job.spec.potential)] = WettingStudy(job).results()
        except InputError as error:
            notes.append(f"no contact angle with {job.spec.potential}: {error}")
    return found
