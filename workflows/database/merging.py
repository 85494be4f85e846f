"""Rows from one structure database into another, each calculation once; the way between a file and a server, too."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .row_selection import CHUNK, Connection, delete_rows, read_rows

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .backends.base import Backend

ENERGY_TOLERANCE = 0.001
"""eV/atom within which two results of one calculation agree."""


@dataclass(frozen=True)
class Disagreement:
    """A calculation of which two databases hold different energies (eV/atom)."""

    name: str
    fingerprint: str
    kept: float
    other: float

    def __str__(self) -> str:
        difference = 1000 * abs(self.kept - self.other)
        return (
            f"{self.name} ({self.fingerprint}): {self.kept:.4f} eV/atom is kept, the other has {self.other:.4f},"
            f" {difference:.1f} meV/atom apart"
        )


@dataclass(frozen=True)
class MergeReport:
    """What became of the rows of a source.

    Attributes
    ----------
    added
        Of calculations that the target lacked.
    replaced
        That took the place of one that had failed in the target.
    present
        Of calculations that were there already; they stay as they are.
    foreign
        Without a fingerprint, of another program; left out.
    disagreements
        Of those present, the ones whose energies differ by more than :data:`ENERGY_TOLERANCE`.
    """

    added: int = 0
    replaced: int = 0
    present: int = 0
    foreign: int = 0
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True)
class _Known:
    """What a database holds of a calculation."""

    row_id: int
    converged: bool
    energy_per_atom: float | None


def merge_rows(source: Backend, target: Backend) -> MergeReport:
    """Add to the target what it lacks of the source, in one transaction; see `StructureDatabase.merge_from`."""
    if not source.is_complete():
        return MergeReport()
    with source.snapshot() as reading:
        held = _known(reading)
        (total,) = reading.execute("SELECT COUNT(*) FROM systems").fetchone()
        with target.writing() as rows:
            present = _known(rows.connection)
            new = {key: one for key, one in held.items() if key not in present}
            better = {
                key: one for key, one in held.items() if key in present and one.converged and not present[key].converged
            }
            delete_rows(rows.connection, [present[key].row_id for key in better])
            wanted = sorted(one.row_id for one in (*new.values(), *better.values()))
            for row in rows_of(reading, wanted):
                copy_row(rows, row)
        unequal = [(one, present[key]) for key, one in held.items() if key in present and _differ(one, present[key])]
        named = {row.id: row for row in rows_of(reading, [one.row_id for one, _ in unequal])}
    disagreements = tuple(
        Disagreement(
            str(named[one.row_id].name),
            str(named[one.row_id].fingerprint),
            float(kept.energy_per_atom or 0.0),
            float(one.energy_per_atom or 0.0),
        )
        for one, kept in unequal
    )
    present_count = len(held) - len(new) - len(better)
    return MergeReport(len(new), len(better), present_count, int(total) - len(held), disagreements)


def rows_of(connection: Connection, ids: Sequence[int]) -> Iterator[AtomsRow]:
    """Yield the rows with these ids, in their order, some hundred of them in memory at a time."""
    from ase.db.row import AtomsRow

    for start in range(0, len(ids), CHUNK):
        yield from read_rows(connection, ids[start : start + CHUNK], AtomsRow)


def copy_row(rows: Any, row: AtomsRow) -> int:
    """Write a row of another database into the one of a transaction, with all that it holds, and return its id.

    Parameters
    ----------
    rows
        As ``Backend.writing`` gives it.
    row
        Of the other.
    """
    rows.change_count = 0  # ase.db would commit after some thousand changes, in the middle of a transaction
    taken = rows.connection.execute("SELECT 1 FROM systems WHERE unique_id = ?", (row.unique_id,)).fetchone()
    if taken:
        row.unique_id = f"{random.getrandbits(128):032x}"
    return int(rows.write(row, key_value_pairs=row.key_value_pairs, data=dict(row.data)))


def _known(connection: Connection) -> dict[str, _Known]:
    """Return what is there of each calculation."""
    query = """
        SELECT keyed.value, keyed.id, converged.value, energies.value FROM text_key_values keyed
        LEFT JOIN number_key_values converged ON converged.id = keyed.id AND converged.key = 'converged'
        LEFT JOIN number_key_values energies ON energies.id = keyed.id AND energies.key = 'energy_per_atom'
        WHERE keyed.key = 'fingerprint' ORDER BY keyed.id DESC
    """
    # Of several rows of a calculation, which only another program can have written, the oldest counts.
    return {
        key: _Known(int(row_id), bool(converged), energy)
        for key, row_id, converged, energy in connection.execute(query).fetchall()
    }


def _differ(one: _Known, other: _Known) -> bool:
    energies = one.energy_per_atom, other.energy_per_atom
    if not (one.converged and other.converged) or None in energies:
        return False
    return not abs(float(energies[0] or 0.0) - float(energies[1] or 0.0)) <= ENERGY_TOLERANCE
