"""``amalgamics phonons``: dynamical stability, vibrations and the hull at a temperature, from the database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption, SystemArgument

# A screen has no room for more.
TEMPERATURES_K = (0.0, 100.0, 200.0, 298.15, 400.0)
CSV_COLUMNS = (
    "system",
    "potential",
    "name",
    "formula",
    "temperature_K",
    "vibrational_free_energy",
    "entropy",
    "heat_capacity",
    "free_energy_per_atom",
    "formation_free_energy_per_atom",
    "e_above_hull",
    "distance_to_others",
    "stable",
    "lowest_frequency_THz",
    "imaginary_fraction",
    "dynamically_stable",
)


def phonons(
    system: SystemArgument,
    temperature: Annotated[
        list[float] | None, typer.Option("--temperature", help="Temperature, K; repeatable. Default 0 to 400.")
    ] = None,
    imaginary: Annotated[
        Literal["absolute", "skip", "leave_out", "refuse"],
        typer.Option("--imaginary", help="What to make of imaginary modes."),
    ] = "absolute",
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the vibrational free energy of each phase and its distance to the hull at temperatures."""
    from ..errors import InputError
    from ..reports.phonons.section import finite_temperature_sections
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.phonons.analysis import stored_thermal_system, thermal_table
    from .output import print_csv, print_json, print_notes, print_table
    from .pictures import picture_folder, write_pictures

    kelvins = tuple(temperature or TEMPERATURES_K)
    for kelvin in kelvins:
        if not 0.0 <= kelvin < float("inf"):
            raise InputError(f"--temperature: {kelvin!r} is not allowed; give 0 or more")
    output = picture_folder(output)
    store = StructureDatabase(database or default_database(), must_exist=True)
    thermal = stored_thermal_system(store, system, kelvins, potential=potential, imaginary=imaginary)
    stability, of_system = finite_temperature_sections([thermal], pictures=output is not None)
    if output is not None:
        write_pictures([*stability.pictures, *of_system.pictures], output, as_json or as_csv)
    table = thermal_table(thermal)
    if as_json:
        print_json(table)
    elif as_csv:
        print_csv(CSV_COLUMNS, [[row.get(key) for key in CSV_COLUMNS] for row in _csv_rows(table)])
    else:
        for part in (*stability.tables, *of_system.tables):
            rows = list(zip(*[_aligned(column, part.digits) for column in zip(*part.rows, strict=True)], strict=True))
            print_table(f"{part.caption}, {thermal.system} with {thermal.potential}", part.columns, rows)
        for text in of_system.paragraphs[:1]:
            typer.echo(text)
    print_notes((*stability.warnings, *of_system.warnings))
    if thermal.problem:
        raise InputError(f"no hull: {thermal.problem}")


def _aligned(column: Sequence[Any], digits: int) -> list[str]:
    """Numbers with as many decimals as the table wants, as text of one width; text as it is."""
    texts = ["" if cell is None else f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell) for cell in column]
    if any(isinstance(cell, str) for cell in column):
        return texts
    width = max(len(text) for text in texts)
    return [text.rjust(width) for text in texts]


def _csv_rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each phase and temperature; liquids have no vibrations, phases left out no place on the hull."""
    phases = {phase["name"]: phase for phase in table["phases"]}
    rows: dict[tuple[str, float], dict[str, Any]] = {}
    for item in table["vibrations"]:
        rows[item["name"], item["temperature_K"]] = dict(item)
    for hull in table["hulls"]:
        for phase in hull["phases"]:
            row = rows.setdefault((phase["name"], hull["temperature_K"]), {"temperature_K": hull["temperature_K"]})
            row.update(phase)
    common = {"system": table["system"], "potential": table["potential"]}
    return [common | phases.get(name, {}) | row for (name, _), row in rows.items()]
