"""The report of a job: what each of its studies found, and why one that was asked for has nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .potential_notices import potential_notices
from .studies.hulls.analysis import write_report
from .studies.registry import studies_of

if TYPE_CHECKING:
    from ..reports.sections import ReportSection
    from .job import Job


def report_of_job(job: Job, output_dir: Path, *, fresh_after: int = 0) -> dict[str, Path]:
    """Write the report of a job into a folder, and return the paths of its files by name.

    Parameters
    ----------
    job
        With its database; nothing is computed.
    output_dir
        Where files are written.
    fresh_after
        Rows up to this id were there before the job and count as reused.
    """
    sections, warnings = report_sections(job)
    warnings = [*potential_notices(job.spec), *warnings]
    if not job.spec.systems:
        return _write_sections(job, output_dir, sections, warnings)
    return write_report(
        job.spec.name,
        job.spec.systems,
        job.rows,
        output_dir,
        fresh_after=fresh_after,
        warnings=warnings,
        sections=sections,
    )


def _write_sections(
    job: Job, output_dir: Path, sections: Sequence[ReportSection], warnings: Sequence[str]
) -> dict[str, Path]:
    """Write the report of a job without systems, which has no hulls."""
    from ..reports.document import write_report as write_files
    from ..reports.model import Report

    if not sections:
        raise InputError(f"{job.spec.name}: there is nothing to report; {'; '.join(warnings)}")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report(
        job.spec.name,
        potential=job.spec.potential,
        created=created,
        warnings=tuple(warnings),
        sections=tuple(sections),
    )
    return write_files(report, output_dir)


def report_sections(job: Job) -> tuple[list[ReportSection], list[str]]:
    """Return the sections of every study of the job, and a warning for each that has none.

    A study that failed does not take the report of the others with it.
    """
    sections: list[ReportSection] = []
    warnings: list[str] = []
    for study in studies_of(job.spec):
        for name, build in study(job).report_parts().items():
            try:
                sections += build()
            except InputError as error:
                warnings.append(f"{name}: {error}")
    return sections, warnings
