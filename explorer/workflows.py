"""The workflows of the LaunchPad: how far they are and why they failed; read as ``amalgamics status`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..workflows.engine.progress import read_progress
from ..workflows.engine.progress_json import counts_of, details_of
from ..workflows.engine.reading import reading

if TYPE_CHECKING:
    from ..workflows.engine.progress import WorkflowProgress
    from .sources import Sources


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
        "counts": counts_of(one),
        "studies": [
            {"name": study.name, "done": study.steps_done, "total": study.steps, "planned": study.planned}
            for study in one.studies
        ],
        **details_of(one),
    }
