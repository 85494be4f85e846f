"""The workflows of the LaunchPad: how far they are and why they failed; read as ``amalgamics status`` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, NotStoredError
from ..workflows.engine.progress import read_progress
from ..workflows.engine.progress_json import counts_of, details_of
from ..workflows.engine.reading import reading
from ..workflows.output_folder import report_folder

if TYPE_CHECKING:
    from ..workflows.engine.progress import WorkflowProgress
    from .sources import Sources

_LARGEST_REPORT = 10**8
"""Bytes."""


def workflows(sources: Sources) -> dict[str, Any]:
    """Return all workflows, the newest first.

    Raises
    ------
    LaunchPadError
        There is no LaunchPad, or it does not answer.
    """
    with reading(sources.launchpad) as collections:
        found = read_progress(collections)
    return {"launchpad": sources.launchpad, "workflows": [_plain(one) for one in reversed(found)]}


def report(sources: Sources, workflow_id: int) -> bytes:
    """Return the page of the report of a workflow.

    Raises
    ------
    NotStoredError
        There is no such workflow, or it has none on this machine.
    """
    with reading(sources.launchpad) as collections:
        found = [one for one in read_progress(collections) if one.id == workflow_id]
    path = _report_of(found[0]) if found else None
    if path is None:
        raise NotStoredError(f"workflow {workflow_id} has no report on this machine")
    return path.read_bytes()


def _report_of(one: WorkflowProgress) -> Path | None:
    """Return where the report of a workflow lies; None where there is none."""
    output, potential = one.metadata.get("output"), one.metadata.get("potential")
    if not isinstance(output, str) or not isinstance(potential, str):
        return None
    try:
        path = report_folder(Path(output), potential) / "report.html"
        return path if path.is_file() and path.stat().st_size < _LARGEST_REPORT else None
    except (OSError, ValueError, InputError):  # a path that no file can have
        return None


def _plain(one: WorkflowProgress) -> dict[str, Any]:
    done, total = counts_of(one)["completed"], sum(one.counts.values())
    return {
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "updated": one.updated.isoformat(timespec="seconds"),
        "potential": one.metadata.get("potential"),
        "done": done,
        "total": total,
        "malformed": one.malformed,
        "report": _report_of(one) is not None,
        "counts": counts_of(one),
        "studies": [
            {"name": study.name, "done": study.steps_done, "total": study.steps, "planned": study.planned}
            for study in one.studies
        ],
        **details_of(one),
    }
