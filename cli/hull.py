"""``amalgamics hull``: the convex hull of one system."""

from __future__ import annotations

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption, SystemArgument


def hull(
    system: SystemArgument,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the phases of a system with their distance to the hull, and the voltage steps."""
    from ..workflows.analysis import hull_of_rows, hull_table, rows_for_system
    from ..workflows.database import StructureDatabase
    from ..workflows.spec import default_database
    from .output import print_json, print_rows

    rows = rows_for_system(StructureDatabase(database or default_database(), must_exist=True), system, potential)
    table = hull_table(hull_of_rows(system, rows), rows[0].potential)
    if as_json:
        print_json(table)
        return
    columns = list(table["phases"][0])
    print_rows(
        f"{table['system']} with {table['potential']} (eV/atom, Å³/atom)",
        columns,
        [list(phase.values()) for phase in table["phases"]],
        as_json=False,
        as_csv=as_csv,
    )
    if table["voltage_steps"] and not as_csv:
        steps = [list(step.values()) for step in table["voltage_steps"]]
        print_rows("Voltage steps", list(table["voltage_steps"][0]), steps, as_json=False, as_csv=False)
