"""``amalgamics status``: what is in the LaunchPad."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .options import CsvOption, JsonOption, LaunchpadOption

COUNTS = ("completed", "running", "ready", "waiting", "fizzled")
COLUMNS = ("id", "name", "state", *COUNTS, "updated", "potential", "report")


def status(launchpad: LaunchpadOption = None, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Print a line for each workflow in the LaunchPad."""
    from ..addresses import redacted
    from ..workflows.engine.launchpad import count_by_state, open_launchpad
    from ..workflows.spec import chosen_launchpad
    from .output import print_rows

    url = chosen_launchpad(launchpad)
    pad = open_launchpad(url, create=False)
    rows = []
    for workflow in sorted(pad.workflows.find({}), key=lambda document: min(document["nodes"])):
        counts = count_by_state(pad, workflow["nodes"])
        rows.append(
            (
                min(workflow["nodes"]),
                workflow["name"],
                workflow["state"],
                counts.get("COMPLETED", 0),
                counts.get("RUNNING", 0) + counts.get("RESERVED", 0),
                counts.get("READY", 0),
                counts.get("WAITING", 0),
                counts.get("FIZZLED", 0),
                str(workflow["updated_on"])[:19],
                workflow["metadata"].get("potential"),
                _report(workflow["metadata"]),
            )
        )
    print_rows(f"{len(rows)} workflows in {redacted(url)}", COLUMNS, rows, as_json=as_json, as_csv=as_csv)


def _report(metadata: Mapping[str, Any]) -> str | None:
    """Return where the report of a workflow lies, if it is there; as seen from here, if that is shorter."""
    from ..workflows.output_folder import potential_of_report, report_folder

    if "output" not in metadata:  # of an earlier version, or another program
        return None
    folder = report_folder(Path(metadata["output"]), metadata["potential"])
    if potential_of_report(folder) != metadata["potential"]:
        return None
    page, here = folder / "report.html", Path.cwd()
    return str(page.relative_to(here) if here in page.parents else page)
