"""``amalgamics stability``: what electrolytes become in contact with metals and amalgams, from the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ..reports.stability.model import ElectrolyteStability

COLUMNS = {
    "formula": "electrode",
    "voltage_V": "gives off ion (V)",
    "energy": "E (eV/atom)",
    "mutual_energy": "contact (eV/atom)",
    "mixing_ratio": "x",
    "equation": "strongest reaction",
}
PLATEAU_COLUMNS = ("E (V)", "ions from", "ions to", "phases")


def stability(
    electrolytes: Annotated[
        list[str] | None, typer.Argument(help="Names in the database, e.g. LLTO Li3PS4-beta; default all it has.")
    ] = None,
    electrodes: Annotated[
        str | None,
        typer.Option("--electrodes", help="E.g. Hg,LiHg3,Li; default solvent, stable compounds and metal."),
    ] = None,
    metal: Annotated[str, typer.Option("--metal", help="Metal whose ion the electrolyte conducts.")] = "Li",
    solvent: Annotated[str, typer.Option("--solvent", help="What the metal is dissolved in.")] = "Hg",
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print reactions with each electrode and the reduction onset of each electrolyte."""
    from ..errors import InputError
    from ..reports.stability.section import stability_report_sections
    from ..structures.compositions import parse_system
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.stability.analysis import StabilityOptions, stabilities, stability_table
    from ..workflows.studies.stability.settings import check_electrode
    from .output import print_csv, print_json, print_notes
    from .pictures import picture_folder, write_pictures

    parse_system(f"{metal}-{solvent}")
    wanted = tuple(name.strip() for name in electrodes.split(",")) if electrodes else ()
    for name in wanted:
        check_electrode(name, metal, solvent)
    output = picture_folder(output)
    store = StructureDatabase(database or default_database(), must_exist=True)
    names = tuple(electrolytes or ()) or _stored_electrolytes(store)
    options = StabilityOptions(names, wanted, metal, solvent)
    found, problems = stabilities(options, store, potential)
    if not found:
        raise InputError("; ".join(problems))
    if output is not None:
        sections = stability_report_sections(found, metal=metal, solvent=solvent)
        write_pictures([picture for section in sections for picture in section.pictures], output, as_json or as_csv)
    tables = [stability_table(item) for item in found]
    if as_json:
        print_json(tables)
    elif as_csv:
        keys = ("electrolyte", "reduction_onset_V", "electrode", "reacts", *COLUMNS)
        rows = [{**table, **reaction} for table in tables for reaction in table["reactions"]]
        print_csv(keys, [[row[key] for key in keys] for row in rows])
    else:
        for item, table in zip(found, tables, strict=True):
            _print_electrolyte(item, table)
    print_notes(problems)


def _stored_electrolytes(store: Any) -> tuple[str, ...]:
    from ..errors import InputError
    from ..structures.library.electrolytes import list_electrolytes

    names = tuple(
        one.name for one in list_electrolytes() if store.select(where={"name": one.name, "relax_cell": True}, limit=1)
    )
    if not names:
        raise InputError("the database has no relaxed electrolyte; run a workflow with a stability section first")
    return names


def _print_electrolyte(item: ElectrolyteStability, table: dict[str, Any]) -> None:
    from ..reports.stability.section import finding, phases_text
    from .output import print_notes, print_rows

    title = f"{item.name} with {item.potential}"
    rows = [[reaction[key] for key in COLUMNS] for reaction in table["reactions"]]
    rows = [[*numbers, equation or "no reaction"] for *numbers, equation in rows]
    print_rows(title, list(COLUMNS.values()), rows, as_json=False, as_csv=False)
    window = item.window
    steps = [
        (step.voltage_V, max(step.ions_from, 0.0), step.ions_to, phases_text(step.phases_to, window.formulas))
        for step in window.reduction
    ]
    if steps:
        print_rows("Reduction", list(PLATEAU_COLUMNS), steps, as_json=False, as_csv=False)
    typer.echo(finding(item))
    print_notes(f"{what} is left out: {why}" for what, why in item.left_out)
