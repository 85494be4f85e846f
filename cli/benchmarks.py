"""``amalgamics benchmarks``: computed values beside published ones, with mean errors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..reports.benchmarks.table import BenchmarkRow
    from ..workflows.database.structure_database import StructureDatabase


def benchmarks(
    database: Annotated[
        list[str] | None,
        typer.Option(
            "--database",
            help="Structure database, a file or postgresql://user@host/name; repeatable. Default $AMALGAMICS_DATABASE "
            "or results/structures.db.",
        ),
    ] = None,
    potential: Annotated[
        list[str] | None, typer.Option("--potential", help="Only this one; repeatable. All unless given.")
    ] = None,
    free_atoms: Annotated[
        bool, typer.Option("--free-atoms", help="Compute the free atoms that are missing first, for cohesive energies.")
    ] = False,
    update: Annotated[
        Path | None, typer.Option("--update", help="Write the tables into this page, between its markers.")
    ] = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Compare what the database holds with published values, for each property and potential."""
    from ..reports.benchmarks.table import COLUMNS, benchmark_records, benchmarks_json, update_page
    from ..workflows.benchmarks.computed_values import benchmark_rows
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from .output import print_csv, print_json

    addresses = database or [str(default_database())]
    stores = [StructureDatabase(address, must_exist=True) for address in addresses]
    page = _read(update) if update is not None else ""
    if free_atoms:
        for store in stores:
            _compute_free_atoms(store, potential or [])
    rows, potentials = benchmark_rows(stores, potential or [])
    if update is not None:
        text = update_page(page, rows)
        update.write_text(text, encoding="utf-8")
        typer.echo(f"updated: {update}", err=as_json or as_csv)
    if as_json:
        print_json(benchmarks_json(rows, potentials))
    elif as_csv:
        print_csv(COLUMNS, [list(record.values()) for record in benchmark_records(rows)])
    else:
        _print_tables(rows, potentials)


def _read(page: Path) -> str:
    """Return the page, refused before anything is computed when it has no place for the tables."""
    from ..errors import InputError
    from ..reports.benchmarks.table import update_page

    if not page.is_file():
        raise InputError(f"--update: there is no page {page}")
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--update: {page} is no page that can be read ({type(error).__name__})") from None
    update_page(text, [])
    return text


def _compute_free_atoms(store: StructureDatabase, potentials: Sequence[str]) -> None:
    from ..reports.benchmarks.published import benchmarks as published
    from ..workflows.benchmarks.computed_values import stored_potentials
    from ..workflows.benchmarks.free_atoms import compute_free_atoms

    elements = [item.subject for item in published() if item.quantity == "cohesive_energy"]
    for name in stored_potentials(store):
        if not potentials or name in potentials:
            compute_free_atoms(store, name, elements)


def _print_tables(rows: Sequence[BenchmarkRow], potentials: Sequence[str]) -> None:
    """Print every value that was computed, then the mean errors."""
    from ..reports.benchmarks.published import PROPERTIES
    from ..reports.benchmarks.table import mean_errors
    from .output import print_table

    shown = [row for row in rows if row.computed]
    values: list[list[Any]] = []
    for row in shown:
        item = row.benchmark
        name = " ".join(part for part in (item.subject, item.label) if part)
        computed = [row.computed.get(one) for one in potentials]
        values.append([PROPERTIES[item.quantity].title, name, item.basis, item.unit, item.value, *computed])
    print_table(
        f"{len(shown)} of {len(rows)} published values computed",
        ("property", "value of", "reference", "unit", "published", *potentials),
        values,
    )
    errors = {(error.quantity, error.basis, error.potential): error for error in mean_errors(rows)}
    groups = dict.fromkeys((quantity, basis) for quantity, basis, _ in errors)
    lines: list[list[Any]] = []
    for quantity, basis in groups:
        found = [errors.get((quantity, basis, one)) for one in potentials]
        unit = next(error.unit for error in found if error is not None)
        cells = [None if error is None else f"{error.mean_absolute:.3g} ({error.count})" for error in found]
        lines.append([PROPERTIES[quantity].title, basis, unit, *cells])
    print_table(
        "Mean absolute errors (number of values), without derived references",
        ("property", "reference", "unit", *potentials),
        lines,
    )
