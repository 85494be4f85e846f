"""The workflows that a verb was asked about, how far they are, and where their reports lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..workflows.engine.progress import WorkflowProgress
    from ..workflows.engine.reading import Collections


def find_progress(url: str, chosen: str | None) -> list[WorkflowProgress]:
    """Return how far the workflows are that were chosen by a name or an id, or all of them.

    Raises
    ------
    InputError
        There is no LaunchPad, or no such workflow in it.
    """
    from ..workflows.engine.progress import read_progress
    from ..workflows.engine.reading import reading

    with reading(url) as collections:
        return read_progress(collections, query_of(collections, chosen))


def query_of(collections: Collections, chosen: str | None) -> dict[str, Any]:
    """Return the query for the workflows of a name, or for the one with a Firework of an id, or for all of them.

    Raises
    ------
    InputError
        There is none.
    """
    from ..errors import InputError, unknown_name

    if chosen is None:
        return {}
    queries: list[dict[str, Any]] = [{"name": chosen}]
    if chosen.isascii() and chosen.isdigit():
        queries.append({"nodes": int(chosen)})
    for query in queries:
        if collections.workflows.find_one(query, {"name": 1}) is not None:
            return query
    names = {str(document.get("name")) for document in collections.workflows.find({}, {"name": 1})}
    raise InputError(unknown_name("workflow", chosen, names))


def report_of(one: WorkflowProgress) -> str | None:
    """Return where the report of a workflow lies, if it is there; as seen from here, if that is shorter."""
    folder = folder_of(one.metadata)
    if folder is None:
        return None
    from ..workflows.output_folder import potential_of_report

    if potential_of_report(folder) != one.metadata["potential"]:
        return None
    page, here = folder / "report.html", Path.cwd()
    return str(page.relative_to(here) if here in page.parents else page)


def folder_of(metadata: Mapping[str, Any]) -> Path | None:
    """Return the folder that the report of a workflow goes to; None for one of another program."""
    if "output" not in metadata or "potential" not in metadata:
        return None
    from ..workflows.output_folder import report_folder

    return report_folder(Path(metadata["output"]), metadata["potential"])
