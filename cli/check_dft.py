"""``amalgamics check-dft``: the phases of a hull with density functional theory, at the geometries of a potential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption, SystemArgument

if TYPE_CHECKING:
    from ..workflows.dft_check import CheckedPhase, DFTCheck

COLUMNS = (
    "name",
    "formula",
    "space_group",
    "n_atoms",
    "formation_energy_per_atom",
    "formation_energy_per_atom_dft",
    "difference",
    "e_above_hull",
    "e_above_hull_dft",
)


def check_dft(
    system: SystemArgument,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            help="gpaw, gpaw+d3, or another potential such as my_dft.py:calculator; default GPAW with PBE and the "
            "dispersion of the potential.",
        ),
    ] = None,
    above_hull: Annotated[
        float, typer.Option("--above-hull", help="Also phases up to this far above the hull, eV/atom.")
    ] = 0.0,
    database: DatabaseOption = None,
    potential: PotentialOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Compute the phases of a hull with DFT at the geometries in the database, and print the difference of each."""
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.dft_check import check_with_dft
    from ..workflows.progress_bar import progress_bar
    from .output import print_csv, print_json, print_notes

    notes: list[str] = []
    store = StructureDatabase(database or default_database(), must_exist=True)
    with progress_bar(f"{system}: single points", None) as show:

        def told(done: int, total: int, name: str) -> None:
            show(done, total)
            typer.echo(f"  {done + 1} of {total}: {name}", err=True)

        found = check_with_dft(
            store, system, potential, method=method, above_hull=above_hull, notes=notes, on_phase=told
        )
    notes += [f"{name} failed with {found.method}: {reason}" for name, reason in found.failed.items()]
    if as_json:
        print_json(found.to_dict())
    elif as_csv:
        print_csv(COLUMNS, [_row(phase) for phase in found.phases])
    else:
        _print(found)
    print_notes(notes)


def _row(phase: CheckedPhase) -> list[Any]:
    return [getattr(phase, column) for column in COLUMNS]


def _print(found: DFTCheck) -> None:
    """Print the table, and the mean difference with what the energies were computed with."""
    from .output import print_table

    headings = ("name", "formula", "space group", "atoms", "E_f (eV/atom)", "with DFT", "difference", "above hull",
                "with DFT")  # fmt: skip
    title = f"{found.system}: {found.potential}, and {found.method} at the same geometries"
    print_table(title, headings, [_row(phase) for phase in found.phases])
    mean = found.mean_absolute_difference
    if mean is not None:
        typer.echo(f"mean absolute difference of the compounds: {mean:.4f} eV/atom")
    typer.echo(f"{found.method}: {found.described}; {found.seconds:.0f} s")
