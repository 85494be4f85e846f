"""``amalgamics cycling``: films of amalgam while a cell strips and plates, from the hulls of the database."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ..reports.cycling.model import CyclingReport
    from ..reports.sections import ReportSection
    from ..thermodynamics.hulls.hull import Hull
    from ..workflows.studies.cycling.settings import CyclingSettings

_OPTIONS = {
    "metals": "SYSTEMS",
    "thickness_um": "--thickness",
    "metal_um": "--metal",
    "currents_mA_cm2": "--current",
    "capacity_mAh_cm2": "--capacity",
    "cycles": "--cycles",
    "rest_h": "--rest",
    "temperature_K": "--temperature",
    "solid_diffusivities_m2_s": "--solid-diffusivity",
    "nucleation_mV": "--nucleation",
}
"""Settings by the option that gives them."""


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
    from .output import print_csv, print_json, print_notes
    from .pictures import picture_folder, write_pictures

    output = picture_folder(output)
    metals = _metals(systems)
    settings = _checked(
        metals,
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
    hulls, used = _hulls(metals, database, potential)
    report = _cycled(hulls, settings, used)
    sections = cycling_sections(report, pictures=output is not None)
    if output is not None:
        write_pictures([one for section in sections for one in section.pictures], output, as_json or as_csv)
    if as_json:
        print_json(as_document(report))
    elif as_csv:
        print_csv(CASE_COLUMNS, case_rows(report))
    else:
        _print_tables(sections)
    print_notes(warning for section in sections for warning in section.warnings)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    from ..errors import InputError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} is {text!r}; numbers with commas between them are needed") from None


def _metals(systems: list[str]) -> dict[str, str]:
    """The systems by their metal."""
    from ..errors import InputError
    from ..structures.compositions import parse_system
    from ..workflows.studies.cycling.settings import metals_with_mercury

    found: dict[str, str] = {}
    for system in systems:
        one = metals_with_mercury(("-".join(parse_system(system)),))
        if not one:
            raise InputError(f"{system} is no system of a metal and mercury; films are those of amalgams, e.g. Li-Hg")
        found |= one
    return found


def _checked(metals: dict[str, str], **given: Any) -> CyclingSettings:
    """The settings; what is wrong with them names the option that they come from."""
    from ..errors import InputError
    from ..workflows.studies.cycling.settings import read_settings

    try:
        settings = read_settings(**given)
        settings.check_films(metals)
    except InputError as error:
        key, _, what = str(error).partition(": ")
        option = _OPTIONS.get(key.partition(".")[0])
        text = str(error) if option is None else f"{option}: {what.partition(', e.g. ')[0]}"
        text += "; 0 for none" if option == "--metal" else ""
        raise InputError(text) from None
    return settings


def _hulls(metals: dict[str, str], database: str | None, potential: str | None) -> tuple[dict[str, Hull], str]:
    """The hull of each metal, all of one potential, and its name."""
    from ..workflows.database.row_hulls import hull_of_rows
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.hulls.analysis import rows_for_system
    from .output import print_notes

    store = StructureDatabase(database or default_database(), must_exist=True)
    hulls = {}
    notes: list[str] = []
    for metal, system in metals.items():
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


def _print_tables(sections: Sequence[ReportSection]) -> None:
    from .output import print_rows

    for section in sections:
        for table in section.tables:
            rows = [
                [f"{cell:.{table.digits}f}" if isinstance(cell, float) else cell for cell in row] for row in table.rows
            ]
            print_rows(table.caption, list(table.columns), rows, as_json=False, as_csv=False)
        for paragraph in section.paragraphs[:-1]:
            typer.echo(paragraph)
