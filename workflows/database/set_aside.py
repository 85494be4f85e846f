"""Results that answer no more but stay: as if what is behind the name of their potential had changed since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .merging import rows_of
from .row_selection import ids_of_fingerprints

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

MARK = "-until-"
"""Between the identity of the potential of a row that was set aside, and when that was."""


def set_aside(rows: Any, keys: Sequence[str]) -> int:
    """Give the rows of these fingerprints another identity of the potential and another fingerprint; return how many.

    All else of them stays as it is, with their energies and provenance.

    Parameters
    ----------
    rows
        As ``Backend.writing`` gives it.
    keys
        Fingerprints.
    """
    connection = rows.connection
    ids = sorted(ids_of_fingerprints(connection, keys).values())
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    for row in rows_of(connection, ids):
        changed = _changed(row, now)
        pairs = {**row.key_value_pairs, **changed}
        connection.execute("UPDATE systems SET key_value_pairs = ? WHERE id = ?", (rows.encode(pairs), row.id))
        for key, text in changed.items():
            connection.execute("UPDATE text_key_values SET value = ? WHERE id = ? AND key = ?", (text, row.id, key))
    return len(ids)


def _changed(row: AtomsRow, now: str) -> dict[str, str]:
    # The id is one of its own: a calculation may be set aside again and again, and rows come together in other files.
    return {
        "potential_identity": f"{row.potential_identity}{MARK}{now}",
        "fingerprint": f"{row.fingerprint}.{row.unique_id}",
    }
