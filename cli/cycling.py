"""``amalgamics cycling``: films of amalgam while a cell strips and plates, from the hulls of the database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ..reports.cycling.model import CyclingReport
    from ..thermodynamics.hulls.hull import Hull
    from ..workflows.studies.cycling.settings import CyclingSettings


def cycling(
    systems: Annotated[list[str], typer.Argument(help="Metals with mercury, e.g. Li-Hg Na-Hg.")],
    thickness_um: Annotated[float, typer.Option("--thickness", help="Of the film as it is made, µm.")] = 70.0,
    metal_um: Annotated[float, typer.Option("--metal", help="Of the metal behind it, µm; 0 for none.")] = 450.0,
    current: Annotated[str, typer.Option("--current", help="Current densities, mA/cm², rising.")] = "2,5",
    capacity: Annotated[float, typer.Option("--capacity", help="Of each half cycle, mAh/cm².")] = 1.0,
    cycles: Annotated[int, typer.Option("--cycles", help="How many.")] = 3,
    rest_h: Annotated[float, typer.Option("--rest", help="Before the first cycle, hours.")] = 10.0,
    temperature_K: Annotated[float, typer.Option("--temperature", help="K.")] = 298.15,
    solid_diffusivity: Annotated[
        str, typer.Option("--solid-diffusivity", help="Of the metal in its compounds at 25 °C, m²/s, rising.")
    ] = "1e-16,1e-14,1e-12",
    nucleation_mV: Annotated[
        float, typer.Option("--nucleation", help="Overpotential of a new phase at the electrolyte, mV.")
    ] = 10.0,
    with_map: Annotated[bool, typer.Option("--map/--no-map", help="Films over thickness and current.")] = True,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print what films of amalgam do while they are stripped and plated: layers, voltage, where they stay liquid.

    The liquid is measured, the compounds and their voltages are those of the hull; how fast the metal moves in the
    compounds is not known and given as a range. A job with a cycling section sets the rest, and has it in its report.
    """
    from ..reports.cycling.export import CASE_COLUMNS, as_document, case_rows
    from ..reports.cycling.section import cycling_sections
    from ..workflows.studies.cycling.settings import read_settings
    from .output import print_csv, print_json, print_notes
    from .pictures import write_pictures

    settings = read_settings(
        thickness_um=thickness_um,
        metal_um=metal_um or None,
        currents_mA_cm2=_numbers("--current", current),
        capacity_mAh_cm2=capacity,
        cycles=cycles,
        rest_h=rest_h,
        temperature_K=temperature_K,
        solid_diffusivities_m2_s=_numbers("--solid-diffusivity", solid_diffusivity),
        nucleation_mV=nucleation_mV,
        **({} if with_map else {"map": None}),
    )
    hulls, used = _hulls(systems, database, potential)
    report = _cycled(hulls, settings, used)
    if output is not None:
        pictures = [picture for section in cycling_sections(report) for picture in section.pictures]
        write_pictures(pictures, output, as_json or as_csv)
    if as_json:
        print_json(as_document(report))
    elif as_csv:
        print_csv(CASE_COLUMNS, case_rows(report))
    else:
        _print_tables(report)
    print_notes(report.problems)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    from ..errors import InputError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} is {text!r}; numbers with commas between them are needed") from None


def _hulls(systems: list[str], database: str | None, potential: str | None) -> tuple[dict[str, Hull], str]:
    """The hull of each metal, all of one potential, and its name."""
    from ..errors import InputError
    from ..structures.compositions import parse_system
    from ..workflows.database.row_hulls import hull_of_rows
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.cycling.settings import metals_with_mercury
    from ..workflows.studies.hulls.analysis import rows_for_system
    from .output import print_notes

    for system in systems:
        if not metals_with_mercury(("-".join(parse_system(system)),)):
            raise InputError(f"{system} is no system of a metal and mercury; films are those of amalgams, e.g. Li-Hg")
    store = StructureDatabase(database or default_database(), must_exist=True)
    hulls = {}
    notes: list[str] = []
    for metal, system in metals_with_mercury(tuple("-".join(parse_system(one)) for one in systems)).items():
        rows = rows_for_system(store, system, potential, notes)
        potential = str(rows[0].potential)
        hulls[metal] = hull_of_rows(system, rows)[0]
    print_notes(notes)
    return hulls, potential or ""


def _cycled(hulls: dict[str, Hull], settings: CyclingSettings, potential: str) -> CyclingReport:
    """The films, with a bar for those of the maps, which take the time."""
    from rich.console import Console
    from rich.progress import Progress

    from ..workflows.studies.cycling.analysis import cycled_films, films_of_map

    total = len(hulls) * films_of_map(settings)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not (total and sys.stderr.isatty())) as progress:
        task = progress.add_task("films of the map", total=total)
        return cycled_films(hulls, settings, potential, tick=lambda: progress.advance(task))


def _print_tables(report: CyclingReport) -> None:
    from ..reports.cycling.section import cycling_sections
    from .output import print_rows

    for section in cycling_sections(report, pictures=False):
        for table in section.tables:
            rows = [
                [f"{cell:.{table.digits}f}" if isinstance(cell, float) else cell for cell in row] for row in table.rows
            ]
            print_rows(table.caption, list(table.columns), rows, as_json=False, as_csv=False)
        for paragraph in section.paragraphs[:-1]:
            typer.echo(paragraph)
