"""The hulls of one system with several potentials, from what the database holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..arguments import items, text
from ..errors import InputError
from .output_folder import report_folder
from .studies.hulls.analysis import crystals_of_system, failed_beside, members_of_hull, system_report

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..reports.comparison.model import Comparison, ComputedHull
    from .database.structure_database import StructureDatabase


def compare_potentials(
    database: StructureDatabase, system: str, potentials: Sequence[str] = (), notes: list[str] | None = None
) -> Comparison:
    """Put the hulls of ``system`` with several potentials side by side; nothing is computed.

    Parameters
    ----------
    database
        Of the jobs.
    system
        Elements, such as ``Li-Hg``.
    potentials
        Two or more names, in the order of the tables; empty for all that have a hull of the system.
    notes
        Takes what `rows_for_system` says of each potential, and, where no potentials are named, which of them lack an
        element.

    Raises
    ------
    InputError
        There is nothing for the system or one of the potentials, one of them lacks an element, or there are fewer than
        two.
    """
    from ..reports.comparison.model import Comparison

    potentials = [text("potentials", one, "names of potentials") for one in items("potentials", potentials, "a list")]
    if potentials and len(set(potentials)) < 2:
        raise InputError(f"potentials: comparing takes two or more; given: {', '.join(potentials)}")
    if repeated := sorted({name for name in potentials if potentials.count(name) > 1}):
        raise InputError(f"potentials: {', '.join(repeated)} is there more than once")
    rows = crystals_of_system(database, system)
    notes = [] if notes is None else notes
    hulls, left_out = [], []
    for potential in potentials or sorted({str(row.potential) for row in rows}):
        own = members_of_hull(rows, system, potential, notes)
        try:
            hulls.append(computed_hull(system, [*own, *failed_beside(database, system, own)]))
        except InputError as error:  # an element has no crystal
            if potentials:
                raise InputError(f"{potential}: {error}") from None
            left_out.append(f"{potential} is left out: {error}")
    if len(hulls) < 2:
        there = hulls[0].potential if hulls else "none"
        why = f" ({left_out[0]})" if left_out else ""
        raise InputError(
            f"{system}: comparing takes the hulls of two potentials or more; the database has: {there}{why}"
        )
    notes += left_out
    return Comparison(tuple(hulls))


def computed_hull(system: str, rows: Sequence[AtomsRow]) -> ComputedHull:
    """Return the hull of the rows of one potential, as a comparison takes it."""
    from ..reports.comparison.model import ComputedHull

    newest = max((row for row in rows if row.converged), key=lambda row: row.id)
    report = system_report(system, rows)
    return ComputedHull(
        str(newest.potential),
        str(newest.potential_identity),
        report,
        newest.data["provenance"],
        newest.data["settings"],
    )


def write_comparison(comparison: Comparison, folder: Path, notes: Sequence[str] = ()) -> dict[str, Path]:
    """Write the report on a comparison, and return the paths of its files by name.

    Parameters
    ----------
    comparison
        As `compare_potentials` returns it.
    folder
        For the files; beside it where the report of a potential lies there.
    notes
        What was left out.
    """
    from ..reports.comparison.section import comparison_report
    from ..reports.document import write_report

    report = comparison_report(comparison, notes)
    return write_report(report, report_folder(folder, report.potential))
