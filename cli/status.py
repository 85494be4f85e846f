"""``amalgamics status``: what is in the LaunchPad."""

from __future__ import annotations

from .options import CsvOption, JsonOption, LaunchpadOption

COLUMNS = ("id", "name", "state", "completed", "running", "ready", "waiting", "fizzled", "updated")


def status(launchpad: LaunchpadOption = None, as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """Print a line for each workflow in the LaunchPad."""
    from ..workflows.launchpad import count_by_state, open_launchpad
    from ..workflows.spec import default_launchpad
    from .output import print_rows

    url = launchpad or default_launchpad()
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
            )
        )
    print_rows(f"{len(rows)} workflows in {url}", COLUMNS, rows, as_json=as_json, as_csv=as_csv)
