"""``amalgamics electrochemistry``: capacities, potentials, solubilities and where an amalgam is liquid or solid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ..reports.sections import ReportSection
    from ..thermodynamics.hulls.hull import Hull


def electrochemistry(
    systems: Annotated[
        list[str] | None,
        typer.Argument(help="Systems with mercury, e.g. Li-Hg; without any, the measured values alone."),
    ] = None,
    temperature_K: Annotated[float, typer.Option("--temperature", help="Of the liquid, K.")] = 298.15,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print electrodes, solubilities in mercury, and the amalgams of the database beside what is measured."""
    from ..errors import InputError
    from ..reports.amalgams.section import sections_of
    from ..reports.amalgams.values import electrochemistry_values
    from ..thermodynamics.checks import positive
    from .output import print_csv, print_json, print_notes
    from .pictures import picture_folder, write_pictures

    positive("electrochemistry", "temperature", temperature_K)
    if output is not None and not systems:
        raise InputError("--output writes the self-healing map of a system; name one, e.g. Li-Hg")
    output = picture_folder(output)
    hulls, used = _hulls(systems or [], database, potential)
    values = electrochemistry_values(hulls, temperature_K)
    sections = sections_of(values, used)
    if output is not None:
        pictures = [picture for section in sections for picture in section.pictures]
        write_pictures(pictures, output, as_json or as_csv)
    if as_json:
        from ..workflows.studies.hulls.electrochemistry import electrochemistry_table

        print_json(electrochemistry_table(values, used or None))
    elif as_csv:
        from ..workflows.studies.hulls.electrochemistry import METAL_COLUMNS, metal_rows

        print_csv(METAL_COLUMNS, [[row[key] for key in METAL_COLUMNS] for row in metal_rows(values)])
    else:
        for section in sections:
            _print_section(section)
    print_notes(warning for section in sections for warning in section.warnings)


def _hulls(systems: list[str], database: str | None, potential: str | None) -> tuple[list[Hull], str]:
    """The hulls, all of one potential, and its name; the database is opened only where a system is asked for."""
    if not systems:
        return [], ""
    from ..errors import InputError
    from ..structures.compositions import parse_system
    from ..workflows.database.row_hulls import hull_of_rows
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.hulls.analysis import rows_for_system
    from .output import print_notes

    for system in systems:
        if "Hg" not in parse_system(system):
            raise InputError(f"{system} has no mercury; electrochemistry is that of amalgams, e.g. Li-Hg")
    store = StructureDatabase(database or default_database(), must_exist=True)
    hulls = []
    notes: list[str] = []
    for system in systems:
        rows = rows_for_system(store, system, potential, notes)
        # What one system was computed with holds for the others, too.
        potential = str(rows[0].potential)
        hulls.append(hull_of_rows(system, rows)[0])
    print_notes(notes)
    return hulls, potential or ""


def _print_section(section: ReportSection) -> None:
    from .output import print_rows

    for table in section.tables:
        rows: list[list[Any]] = [
            [f"{cell:.{table.digits}f}" if isinstance(cell, float) else cell for cell in row] for row in table.rows
        ]
        print_rows(table.caption, list(table.columns), rows, as_json=False, as_csv=False)
    typer.echo(section.paragraphs[0])
