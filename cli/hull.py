"""``amalgamics hull``: the convex hull of one system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption, SystemArgument
from .plot import PlotOption, check_plot, write_plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ase.db.row import AtomsRow

HEADINGS = {
    "space_group": "space group",
    "energy_per_atom": "E (eV/atom)",
    "formation_energy_per_atom": "E_f (eV/atom)",
    "e_above_hull": "above hull",
    "volume_per_atom": "V (Å³/atom)",
    "published_pbe_formation_energy_per_atom": "published PBE",
}
PUBLISHED = "published_pbe_formation_energy_per_atom"
STEP_HEADINGS = ("E (V)", "from", "to", "mAh per g host")


def hull(
    system: SystemArgument,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the phases of a system with their database rows and distances to the hull, and the voltage steps."""
    from ..errors import InputError
    from ..structures.compositions import parse_system
    from ..workflows.database.row_hulls import hull_of_rows
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.hulls.analysis import hull_table, rows_for_system
    from .output import print_json, print_notes, print_rows

    check_plot(plot)
    if plot is not None and len(parse_system(system)) not in (2, 3):
        raise InputError(f"--plot: a diagram has two or three elements, and {system} has another number; leave it out")
    notes: list[str] = []
    store = StructureDatabase(database or default_database(), must_exist=True, plain_rows=plot is None)
    rows = rows_for_system(store, system, potential, notes)
    print_notes(notes)
    convex, _ = hull_of_rows(system, rows)
    if plot is not None:
        _plot(system, rows, plot, to_stderr=as_json or as_csv)
    table = hull_table(convex, rows[0].potential)
    if as_json:
        print_json(table)
        return
    # Where a structure comes from is too long for a screen, which needs no empty column either.
    hidden = {"source"} if any(phase[PUBLISHED] is not None for phase in table["phases"]) else {"source", PUBLISHED}
    columns = [key for key in table["phases"][0] if as_csv or key not in hidden]
    phases = [[phase[key] for key in columns] for phase in table["phases"]]
    if not as_csv:
        columns = [HEADINGS.get(key, key) for key in columns]
    title = f"{table['system']} with {table['potential']}"
    print_rows(title, columns, phases, as_json=False, as_csv=as_csv)
    if table["voltage_steps"] and not as_csv:
        steps = [list(step.values()) for step in table["voltage_steps"]]
        title = f"Voltage steps, {table['mean_voltage_V']:.3f} V in the mean"
        print_rows(title, list(STEP_HEADINGS), steps, as_json=False, as_csv=False)


def _plot(system: str, rows: Sequence[AtomsRow], path: Path, *, to_stderr: bool) -> None:
    """Write the diagram of two or three elements."""
    from ..reports.hulls.drawn import hull_diagram, interactive_hull
    from ..reports.hulls.png import hull_png
    from ..workflows.studies.hulls.analysis import system_report

    diagram, potential = hull_diagram(system_report(system, rows)), rows[0].potential
    assert diagram is not None  # two elements or three
    write_plot(
        path,
        lambda kind: hull_png([diagram], potential, file_format=kind),
        lambda: interactive_hull(diagram),
        f"{system} with {potential}",
        to_stderr=to_stderr,
    )
