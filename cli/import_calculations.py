"""``amalgamics import``: finished calculations of other programs into the structure database."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption

if TYPE_CHECKING:
    from ..workflows.imports.importing import ImportedRow, ImportReport

COLUMNS = (
    "status",
    "name",
    "formula",
    "energy_per_atom",
    "correction_per_atom",
    "code",
    "functional",
    "cutoff_eV",
    "energy_kind",
    "steps",
    "max_force",
    "file",
)
HEADINGS = ("", "name", "formula", "E (eV/atom)", "correction", "code", "functional", "cutoff (eV)", "energy", "steps",
            "max force (eV/Å)", "file")  # fmt: skip


MOST_REFUSED = 50
"""Lines on files that were refused; a folder may hold thousands."""


class Corrections(StrEnum):
    """What may be added to energies."""

    NONE = "none"
    MP2020 = "mp2020"


def import_calculations(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders (with all below them) and patterns such as 'runs/**/vasprun.xml'.", metavar="FILE..."
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Name of the energies, e.g. pbe; they become potential dft:pbe.")
    ] = None,
    system: Annotated[str | None, typer.Option("--system", help="Take crystals of this system only.")] = None,
    corrections: Annotated[
        Corrections | None,
        typer.Option("--corrections", help="mp2020: those of the Materials Project; default none."),
    ] = None,
    allow_mixed: Annotated[
        list[str] | None,
        typer.Option("--allow-mixed", metavar="KEY", help="A setting that may differ within the label; repeatable."),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="YAML that says what each file is: docs/own-dft.md.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be stored, and store nothing.")] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Read finished calculations of VASP, Quantum ESPRESSO, GPAW and ASE into the database, as potential dft:LABEL."""
    from ..errors import InputError
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.imports.importing import import_calculations as import_all
    from ..workflows.imports.request import requested

    wanted, options = requested(
        files or [],
        manifest,
        label=label,
        system=system,
        corrections=None if corrections is None else corrections.value,
        allow_mixed=allow_mixed or (),
        dry_run=dry_run,
    )
    store = StructureDatabase(database or default_database())
    store.backend.check_usable()
    report = import_all(store, wanted, options)
    _show(report, dry_run=dry_run, as_json=as_json, as_csv=as_csv)
    if not report.rows:
        if len(report.refused) == 1:
            raise InputError(f"{report.refused[0].file}: {report.refused[0].reason}")
        _show_refused(report)
        raise InputError(f"import: none of {len(report.refused)} calculations was taken, each for its reason")


def _show(report: ImportReport, *, dry_run: bool, as_json: bool, as_csv: bool) -> None:
    """Print what was taken, what is to be known of it, and at the end each file that was refused with its reason."""
    from .output import print_json, print_notes, print_rows

    rows = [_row(row, dry_run) for row in report.rows]
    refused = [{"file": one.file, "reason": one.reason} for one in report.refused]
    if as_json:
        found = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        print_json({"potential": report.potential, "calculations": found, "refused": refused})
    elif rows and as_csv:
        print_rows(report.potential, COLUMNS, rows, as_json=False, as_csv=True)
    elif rows:
        with_correction = any(row.correction_per_atom for row in report.rows)
        kept = [number for number, key in enumerate(COLUMNS) if key != "correction_per_atom" or with_correction]
        title = f"{report.potential}{', nothing is stored (--dry-run)' if dry_run else ''}"
        shown = [[row[number] for number in kept] for row in rows]
        print_rows(title, [HEADINGS[number] for number in kept], shown, as_json=False, as_csv=False)
    print_notes(report.notes)
    if not report.rows:
        return
    if report.refused and not as_json:
        new = sum(row.is_new for row in report.rows)
        typer.echo(
            f"{new} {'to be stored' if dry_run else 'stored'}, {len(report.rows) - new} there already,"
            f" {len(report.refused)} refused",
            err=True,
        )
    _show_refused(report)


def _show_refused(report: ImportReport) -> None:
    """Print a line for each file that was refused; of very many the first."""
    from .values import printable

    for one in report.refused[:MOST_REFUSED]:
        typer.echo(printable(f"refused: {one.file}: {one.reason}"), err=True)
    if (more := len(report.refused) - MOST_REFUSED) > 0:
        typer.echo(f"refused: {more} more; --json holds all", err=True)


def _row(row: ImportedRow, dry_run: bool) -> list[Any]:
    found = row.calculation
    status = ("new" if dry_run else "stored") if row.is_new else "there already"
    used = found.functional
    if found.dispersion not in (None, "none"):
        used = f"{used}+{found.dispersion}"
    values = (status, row.name, row.formula, row.energy_per_atom, row.correction_per_atom)
    told = (found.code, used, found.cutoff_eV, found.energy_kind, found.steps, found.max_force, found.file)
    return [*values, *told]
