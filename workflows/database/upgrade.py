"""One-time upgrades of structure databases of earlier versions, which were all files: on a server none is old.

1. Before dispersion methods said whether they have a three-body term, ``+d4`` stood for the pairs of D4 alone. Such
   rows are renamed to ``+d4pair``, by which they are found again, so that ``+d4`` means the published method
   everywhere. All other rows, those with ``+d3`` included, stay as they are.
2. Rows held formation energy and distance to the hull of the job that wrote last. Both are dropped, and worked out when
   they are asked for.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...calculators.potentials.dispersion_methods import dispersion_provenance
from ...errors import InputError
from .file import UPGRADE, file_lock, is_complete, open_existing, open_rows
from .fingerprint import fingerprint_of, identity_of
from .row_hulls import HULL_KEYS

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

logger = logging.getLogger(__name__)

_OLD_SUFFIX = re.compile(r"\+d4(?![A-Za-z0-9])")
_NEW_SUFFIX = "+d4pair"
# A reader should not wait long for somebody who writes; it upgrades the next time.
_TIMEOUT_S = 2


@dataclass(frozen=True)
class _Change:
    """What a row holds after the upgrade: its keys with a text as value, all its keys, and its data."""

    row_id: int
    texts: Mapping[str, str]
    pairs: Mapping[str, Any]
    data: Mapping[str, Any]


def upgrade_database(path: Path) -> None:
    """Make of a structure database what this version would have written, once; later it is only looked at.

    All of it is one transaction under the lock of the file. A file that is not there, is no structure database or
    cannot be written stays as it is. Programs from before the upgrade must not write to a file after it.

    Parameters
    ----------
    path
        The database file.
    """
    try:
        if not is_complete(path) or not _is_old(path, UPGRADE):
            return
        with file_lock(path):
            if _is_old(path, UPGRADE):  # no other process was faster
                _apply(path, _changes(path) if _is_old(path, 1) else [])
    except (sqlite3.Error, OSError, InputError) as error:
        logger.debug("%s was not upgraded: %s", path, error)


def needs_upgrade(path: Path) -> bool:
    """Return whether :func:`upgrade_database` would change a file.

    Raises
    ------
    InputError
        The file is damaged, or something else.
    """
    return is_complete(path) and _is_old(path, UPGRADE)


def has_fingerprints(path: Path) -> bool:
    """Return whether a complete file has a row that this package stored, or no row at all."""
    with contextlib.closing(open_existing(path, _TIMEOUT_S)) as connection:
        ours = "SELECT 1 FROM keys WHERE key = 'fingerprint' LIMIT 1"
        return bool(connection.execute(ours).fetchone()) or not connection.execute("SELECT 1 FROM systems").fetchone()


def _is_old(path: Path, upgrade: int) -> bool:
    """Return whether the file has not been through an upgrade."""
    with contextlib.closing(open_existing(path, _TIMEOUT_S)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] >= upgrade:
            return False
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name IN ('systems', 'text_key_values')")
        return len(tables.fetchall()) == 2


def _changes(path: Path) -> list[_Change]:
    query = (
        "SELECT DISTINCT id FROM text_key_values WHERE key IN ('potential', 'geometry')"
        " AND (value LIKE '%+d4' OR value LIKE '%+d4@%') ORDER BY id"
    )
    with contextlib.closing(open_existing(path, _TIMEOUT_S)) as connection:
        ids = [int(row_id) for (row_id,) in connection.execute(query)]
    if not ids:
        return []
    with open_rows(path) as database:
        changes = (_change(database.get(id=row_id)) for row_id in ids)
        return [change for change in changes if change is not None]


def _change(row: AtomsRow) -> _Change | None:
    """Return what becomes of a row; None where it is not one of the two-body D4, nor on a structure of it."""
    pairs, data = dict(row.key_value_pairs), dict(row.data)
    texts: dict[str, str] = {}
    provenance = dict(data.get("provenance") or {})
    dispersion = provenance.get("dispersion") or {}
    if dispersion.get("method") == "d4" and dispersion.get("three_body") is False:
        provenance["name"] = texts["potential"] = _renamed(str(pairs["potential"]))
        provenance["dispersion"] = dispersion_provenance("d4pair", str(dispersion.get("functional")))
        texts["potential_identity"] = identity_of(provenance)
    if "geometry" in pairs and _renamed(str(pairs["geometry"])) != pairs["geometry"]:
        texts["geometry"] = _renamed(str(pairs["geometry"]))
    if not texts:
        return None
    texts["name"] = _renamed(str(pairs["name"]))
    candidate = _renamed_candidate(data.get("candidate") or {})
    changed = {**data, **{key: value for key, value in (("provenance", provenance), ("candidate", candidate)) if value}}
    if candidate and provenance and pairs.get("fingerprint") == _fingerprint(row, data):
        texts["fingerprint"] = _fingerprint(row, changed)
    return _Change(int(row.id), texts, {**pairs, **texts}, changed)


def _renamed(text: str) -> str:
    return _OLD_SUFFIX.sub(_NEW_SUFFIX, text)


def _renamed_candidate(content: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(content)
    if "name" in changed:
        changed["name"] = _renamed(str(changed["name"]))
    labels = changed.get("labels") or {}
    if "geometry" in labels:
        changed["labels"] = {**labels, "geometry": _renamed(str(labels["geometry"]))}
    return changed


def _fingerprint(row: AtomsRow, data: Mapping[str, Any]) -> str:
    """Return the fingerprint of the calculation that ``data`` describes."""
    from .candidates import Candidate

    candidate = Candidate.from_dict(data["candidate"])
    candidate.atoms.set_constraint(row.toatoms().constraints)  # not part of the candidate's plain JSON
    return fingerprint_of(candidate.atoms, identity_of(data["provenance"]), data.get("settings"), candidate.labels)


def _apply(path: Path, changes: list[_Change]) -> None:
    """Write all changes, and that they were made, in one transaction."""
    from ase.db.core import object_to_bytes
    from ase.io.jsonio import encode

    with contextlib.closing(open_existing(path, _TIMEOUT_S)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for change in changes:
            connection.execute(
                "UPDATE systems SET key_value_pairs = ?, data = ? WHERE id = ?",
                (encode(change.pairs), object_to_bytes(change.data), change.row_id),
            )
            connection.executemany(
                "UPDATE text_key_values SET value = ? WHERE key = ? AND id = ?",
                [(value, key, change.row_id) for key, value in change.texts.items()],
            )
        _drop_places(connection)
        connection.execute(f"PRAGMA user_version = {UPGRADE}")
        connection.commit()
    if changes:
        logger.info("%s: %d rows computed with the pairs of D4 are now called %s", path, len(changes), _NEW_SUFFIX)


def _drop_places(connection: sqlite3.Connection) -> None:
    """Delete what rows hold of a hull: their keys, and the copy of them that ``ase.db`` reads."""
    from ase.io.jsonio import encode

    marks = ", ".join("?" * len(HULL_KEYS))
    query = f"SELECT id, key_value_pairs FROM systems WHERE id IN (SELECT id FROM keys WHERE key IN ({marks}))"
    for row_id, stored in connection.execute(query, HULL_KEYS).fetchall():
        pairs = {key: value for key, value in json.loads(stored).items() if key not in HULL_KEYS}
        connection.execute("UPDATE systems SET key_value_pairs = ? WHERE id = ?", (encode(pairs), row_id))
    for table in ("keys", "number_key_values"):
        connection.execute(f"DELETE FROM {table} WHERE key IN ({marks})", HULL_KEYS)
