"""``amalgamics phases``: the phase library."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import CsvOption, JsonOption

COLUMNS = ("key", "formula", "space_group", "prototype", "volume_per_atom", "confidence", "builds", "remark")


def phases(
    system: Annotated[str | None, typer.Argument(help="Chemical system, e.g. Li-Hg; all when left out.")] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the library phases of a system, its elements included."""
    from ..structures.library.phases import list_phases
    from .output import print_rows

    rows = [
        (
            phase.key,
            phase.formula,
            phase.space_group_symbol,
            phase.prototype,
            phase.measured_volume_per_atom,
            phase.confidence,
            phase.buildable,
            phase.why_not_buildable,
        )
        for phase in list_phases(system)
    ]
    print_rows(f"{len(rows)} phases", COLUMNS, rows, as_json=as_json, as_csv=as_csv)
