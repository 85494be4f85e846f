"""The structure database: one ``ase.db`` row per relaxation, found again by its fingerprint."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from ...errors import InputError, NotStoredError, shown
from .backends.choice import open_backend
from .fingerprint import fingerprint, potential_identity
from .measures import find_symmetry, measures, reduced_formula
from .plain_row import PlainRow
from .query import chemical_system
from .row_selection import (
    CHUNK,
    count_rows,
    delete_rows,
    ids_of_fingerprints,
    read_rows,
    select_ids,
    texts_of,
)
from .selecting import CRYSTALS, Selector, read_query

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ...calculators.potentials.names import Potential
    from ...calculators.relaxation.results import RelaxationError, RelaxationResult
    from .candidates import Candidate
    from .fingerprint import HowRelaxed
    from .merging import MergeReport
    from .row_hulls import RowPlaces

logger = logging.getLogger(__name__)

_LARGEST_ID = 2**31 - 1
_Arguments = ParamSpec("_Arguments")
_Found = TypeVar("_Found")


def _patiently(
    method: Callable[Concatenate[StructureDatabase, _Arguments], _Found],
) -> Callable[Concatenate[StructureDatabase, _Arguments], _Found]:
    """Let a method that may be called again without harm wait for a server that is away for a moment."""

    @functools.wraps(method)
    def call(self: StructureDatabase, *arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Found:
        return self.backend.patiently(lambda: method(self, *arguments, **options))

    return cast("Callable[Concatenate[StructureDatabase, _Arguments], _Found]", call)


class RowPage(NamedTuple):
    """Some of the rows that were asked for, in their order, and how many there are."""

    rows: list[AtomsRow]
    total: int


class StructureDatabase:
    """Relaxed structures with their energies and provenance, in one SQLite file or on a PostgreSQL server.

    Writes are serialised between processes by a lock that is released when its holder dies, so an interrupted run
    leaves nothing behind that would block the next one. The database comes into being as a whole, at the first write;
    reading one that is not there yet, or was left half made, finds no rows and changes nothing.

    Parameters
    ----------
    address
        The database file, made with its folder at the first write; or ``postgresql://[user@]host[:port]/name``, of
        which the password had better stand in ``$AMALGAMICS_DATABASE``, ``$PGPASSWORD`` or ``~/.pgpass``.
    must_exist
        Refuse an address at which there is nothing yet: for reading commands.
    read_only
        Refuse to write; a file stays as it is, byte by byte.
    plain_rows
        Return only the values of rows (:class:`~.plain_row.PlainRow`): for commands that print, which start sooner
        without the class of ``ase.db``.

    Attributes
    ----------
    address : str
        Absolute path, or URL without its password.
    path : Path or None
        Of the file; None on a server.

    Raises
    ------
    InputError
        There is nothing (with ``must_exist``), or something else than a structure database, or a server does not
        answer.

    Examples
    --------
    As ``amalgamics.Database``; a query names a chemical system, elements and conditions, all of which must hold:

    >>> import amalgamics
    >>> database = amalgamics.Database("results/structures.db")
    >>> [row.name for row in database.select("Cu-Au,potential=emt,natoms<10", sort="energy_per_atom")]
    ['CuAu', 'Cu_fcc', 'Au_fcc']
    >>> (gold,) = database.select("reduced_formula=Au")
    >>> print(f"{gold.volume_per_atom:.1f} Å³/atom, {gold.space_group}, {gold.toatoms().symbols}")
    16.7 Å³/atom, Fm-3m, Au4
    """

    def __init__(
        self, address: str | Path, *, must_exist: bool = False, read_only: bool = False, plain_rows: bool = False
    ) -> None:
        self.backend = open_backend(address, read_only=read_only)
        self.address, self.path = self.backend.address, self.backend.path
        if must_exist and not self.backend.exists():
            raise NotStoredError(f"no structure database at {self.address}")
        self._selector = Selector(self.backend)
        self._plain_rows = plain_rows

    def find(self, key: str) -> AtomsRow | None:
        """Return the row with this fingerprint, or None."""
        return self.find_all([key]).get(key)

    def get(self, key: str) -> AtomsRow:
        """Return the row with this fingerprint.

        Raises
        ------
        InputError
            It is gone.
        """
        row = self.find(key)
        if row is None:
            raise InputError(f"{self.address} has no relaxation {key} any more; run the workflow again")
        return row

    @_patiently
    def find_all(self, keys: Sequence[str]) -> dict[str, AtomsRow]:
        """Return the rows of those fingerprints that are stored."""
        from ase.db.row import AtomsRow

        if not keys or not self.backend.is_complete():
            return {}
        with self.backend.reading() as connection:
            stored = ids_of_fingerprints(connection, keys)
            ids = [stored[key] for key in dict.fromkeys(keys) if key in stored]
            return {str(row.fingerprint): row for row in read_rows(connection, ids, AtomsRow)}

    def add(
        self,
        candidate: Candidate,
        outcome: RelaxationResult | RelaxationError,
        potential: Potential,
        settings: HowRelaxed | None,
        *,
        more_data: Mapping[str, Any] | None = None,
        **measured: float,
    ) -> int:
        """Store the relaxation of ``candidate`` (without ``settings``: a single point) and return its row id.

        ``measured`` are further numbers under keys of :data:`QUERY_KEYS`, ``more_data`` further plain JSON for the
        row's ``data``. A failed relaxation is stored too (``converged=False`` with its reason), so that it is not tried
        again and again. If another process stored the same calculation meanwhile, that row is kept and its id returned.
        """
        from ...calculators.relaxation.results import RelaxationError

        key = fingerprint(candidate.atoms, potential, settings, candidate.labels)
        failed = isinstance(outcome, RelaxationError)
        atoms = candidate.atoms if isinstance(outcome, RelaxationError) else outcome.atoms
        pairs: dict[str, Any] = {
            "name": candidate.name,
            "kind": candidate.kind,
            "potential": str(potential.name),
            "potential_identity": potential_identity(potential),
            "chemical_system": chemical_system(atoms.get_chemical_symbols()),
            "reduced_formula": reduced_formula(atoms),
            "fingerprint": key,
            "converged": not failed,
            **candidate.labels,
            **measured,
        }
        if settings:
            pairs |= {"relax_cell": settings.relax_cell}
            pairs |= {} if settings.fmax is None else {"relax_fmax": settings.fmax}
        if candidate.prototype:
            pairs["prototype"] = candidate.prototype
        data: dict[str, Any] = {
            "candidate": candidate.as_dict(),
            "settings": settings.as_dict() if settings else {},
            "provenance": potential.provenance(),
            **(more_data or {}),
        }
        if isinstance(outcome, RelaxationError):
            data["reason"] = outcome.reason
        else:
            pairs |= measures(outcome)
            data["wall_time_s"] = outcome.wall_time_s
            if candidate.kind in CRYSTALS:
                symmetry = find_symmetry(outcome.atoms, axes=candidate.axes)
                pairs |= {"space_group": symmetry.symbol, "space_group_number": symmetry.number}
                data["lattice"] = symmetry.lattice
        row_id = self._store(key, atoms, pairs, data)
        told = f"failed: {data['reason']}" if failed else "imported" if "calculation" in data else "converged"
        logger.info("%s %s", candidate.name, told, extra={"event": "stored", "seconds": data.get("wall_time_s")})
        return row_id

    @_patiently
    def _store(self, key: str, atoms: Atoms, pairs: Mapping[str, Any], data: Mapping[str, Any]) -> int:
        """Write a row and return its id, or that of the row that is there already."""
        with self.backend.writing() as rows:
            existing = ids_of_fingerprints(rows.connection, [key])
            if existing:
                return existing[key]
            return int(rows.write(atoms, key_value_pairs=pairs, data=data))

    @_patiently
    def complete(self, key: str, measured: Mapping[str, float]) -> None:
        """Add numbers that were not known yet when the row of this fingerprint was stored; those it has stay."""
        from .merging import rows_of

        with self.backend.writing() as rows:
            (row_id,) = ids_of_fingerprints(rows.connection, [key]).values()
            (row,) = rows_of(rows.connection, [row_id])
            new = {name: float(value) for name, value in measured.items() if name not in row}
            pairs = rows.encode({**row.key_value_pairs, **new})
            rows.connection.execute("UPDATE systems SET key_value_pairs = ? WHERE id = ?", (pairs, row_id))
            for name, value in new.items():
                rows.connection.execute("INSERT INTO number_key_values VALUES (?, ?, ?)", (name, value, row_id))
                rows.connection.execute("INSERT INTO keys VALUES (?, ?)", (name, row_id))

    @_patiently
    def merge_from(self, other: StructureDatabase) -> MergeReport:
        """Add the rows of another database whose calculations this one lacks, all or none.

        A calculation that failed here gives way to one that converged there. What is here already stays as it is, also
        where energies differ.

        Parameters
        ----------
        other
            A file or a server; it is only read.

        Returns
        -------
        MergeReport
            How many rows were added, were there, and disagree.

        Raises
        ------
        InputError
            It is the same database, or one of them cannot be used.

        Examples
        --------
        >>> import amalgamics
        >>> report = amalgamics.Database("all.db").merge_from(amalgamics.Database("results/structures.db"))
        >>> report.present, report.disagreements
        (0, ())
        """
        from .merging import merge_rows

        if self.address == other.address:
            raise InputError(f"merge: {self.address} cannot be merged into itself")
        return merge_rows(other.backend, self.backend)

    @_patiently
    def forget_failed(self, keys: Sequence[str]) -> int:
        """Delete the failed relaxations among these fingerprints, so that they are tried again; return how many."""
        if not keys or not self.backend.is_complete():
            return 0
        with self.backend.writing() as rows:
            stored = sorted(ids_of_fingerprints(rows.connection, keys).values())
            failed = set(select_ids(rows.connection, ["converged=False"])) & set(stored)
            delete_rows(rows.connection, sorted(failed))
        return len(failed)

    @_patiently
    def set_aside(self, keys: Sequence[str]) -> int:
        """Keep the rows of these fingerprints, but let them answer no more, and return how many there are.

        They get an identity of their potential that says until when they did; energies and provenance stay.
        """
        from .set_aside import set_aside

        if not keys or not self.backend.is_complete():
            return 0
        with self.backend.writing() as rows:
            return set_aside(rows, keys)

    @_patiently
    def select(
        self,
        query: str = "",
        *,
        where: Mapping[str, str | float] | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> list[AtomsRow]:
        """Return the rows that match ``query``.

        Parameters
        ----------
        query
            ``ase.db`` syntax, comma-separated conditions such as ``e_above_hull<0.05``, ``potential=chgnet+d3``,
            ``Hg>2`` or ``natoms<10``. A term such as ``Li-Hg`` keeps the rows within that chemical system, its
            elements included. Failed relaxations are left out unless the query names ``converged``.
            ``e_above_hull`` and ``formation_energy_per_atom`` (eV/atom) are stored nowhere: they are those of the hull
            of all relaxed crystals in the database with a row's elements and potential, as they are now, as
            ``amalgamics hull`` shows it. Rows that are not on it, such as slabs and duplicates, have neither.
        where
            Values that keys must have, such as ``{"name": "Cu3Au model (1)"}``: text that no query could hold.
        sort
            Key to sort by, with a leading minus for descending; rows without it come last. By id unless given.
        limit
            Most rows to return.

        Raises
        ------
        InputError
            The query or ``sort`` has an unknown key or element, the query cannot be parsed, or the file is damaged or
            another kind of database.
        """
        asked = read_query(query, where, sort)
        if not self.backend.is_complete():
            return []
        with self._selector.asking(query) as (connection, places):
            ids = self._selector.ids(connection, places, asked, sort, limit)
            return read_rows(connection, ids, self._maker(places))

    def _maker(self, places: RowPlaces) -> Callable[[dict[str, Any]], Any]:
        """Return what makes the rows that a query finds."""
        if self._plain_rows:
            return lambda content: PlainRow(content, places)
        from .stored_row import StoredRow

        return lambda content: StoredRow(content, places)

    @_patiently
    def page(
        self, query: str = "", *, containing: str = "", sort: str | None = None, offset: int = 0, limit: int = 50
    ) -> RowPage:
        """Return some of the rows that match, and the number of all of them.

        Parameters
        ----------
        query, sort
            As for :meth:`select`.
        containing
            Text that must be somewhere in the name, formula, substrate or prototype of a row, in capitals or not.
        offset, limit
            How many rows to leave out before the first, and how many to return at most.

        Raises
        ------
        InputError
            As for :meth:`select`.
        """
        asked = read_query(query, None, sort)._replace(containing=containing)
        if not self.backend.is_complete():
            return RowPage([], 0)
        with self._selector.asking(query) as (connection, places):
            if asked.of_places or containing:  # looked for once
                ids = self._selector.ids(connection, places, asked, sort, None)
                total = len(ids)
            else:
                total = count_rows(connection, asked.conditions, asked.systems, containing=containing)
                ids = self._selector.ids(connection, places, asked, sort, offset + limit)
            rows = read_rows(connection, ids[offset : offset + limit], self._maker(places))
        return RowPage(rows, total)

    @_patiently
    def count_values(self, key: str, query: str = "") -> dict[str, int]:
        """Return the texts that rows have under a key, each with the number of its rows; sorted.

        Parameters
        ----------
        key
            One of those with texts, such as ``potential``.
        query
            Which rows, as for :meth:`select`.

        Raises
        ------
        InputError
            As for :meth:`select`.
        """
        asked = read_query(query, None, key)
        if not self.backend.is_complete():
            return {}
        with self._selector.asking(query) as (connection, places):
            ids = self._selector.ids(connection, places, asked, None, None)
            return dict(sorted(Counter(texts_of(connection, key, ids).values()).items()))

    @_patiently
    def count_of_others(self, potential: Potential) -> int:
        """Return how many results there are of another potential of this name: with other weights or another code."""
        if not self.backend.is_complete():
            return 0
        query = "SELECT COUNT(*) FROM text_key_values WHERE key = 'potential_identity' AND value != ? AND id IN"
        query += " (SELECT id FROM text_key_values WHERE key = 'potential' AND value = ?)"
        with self.backend.reading() as connection:
            (count,) = connection.execute(query, (potential_identity(potential), potential.name)).fetchone()
        return int(count)

    @_patiently
    def fingerprints_of(self, identity: str) -> list[str]:
        """Return the fingerprints of all results with this identity of their potential."""
        if not self.backend.is_complete():
            return []
        query = "SELECT value FROM text_key_values WHERE key = 'fingerprint' AND id IN"
        query += " (SELECT id FROM text_key_values WHERE key = 'potential_identity' AND value = ?)"
        with self.backend.reading() as connection:
            return [str(value) for (value,) in connection.execute(query, (identity,)).fetchall()]

    @_patiently
    def row(self, row_id: int) -> AtomsRow:
        """Return the row with this id, whatever it holds.

        Raises
        ------
        NotStoredError
            There is none.
        """
        found: list[AtomsRow] = []
        if self.backend.is_complete() and 0 < row_id <= _LARGEST_ID:
            places = self._selector.places()
            with self.backend.reading() as connection:
                found = read_rows(connection, [row_id], self._maker(places))
        if not found:
            raise NotStoredError(f"there is no row {shown(row_id)} in {self.address}")
        return found[0]

    def rows_after(self, row_id: int) -> Iterator[AtomsRow]:
        """Yield the rows stored after the one with this id, oldest first."""
        found = self._next_rows(row_id)
        while found:
            yield from found
            found = self._next_rows(int(found[-1].id))

    @_patiently
    def _next_rows(self, row_id: int) -> list[AtomsRow]:
        if not self.backend.is_complete():
            return []
        with self.backend.reading() as connection:
            ids = connection.execute("SELECT id FROM systems WHERE id > ? ORDER BY id LIMIT ?", (row_id, CHUNK))
            return read_rows(connection, [int(found) for (found,) in ids], self._maker(self._selector.places()))

    @_patiently
    def last_id(self) -> int:
        """Return the highest row id, 0 when there is none."""
        if not self.backend.is_complete():
            return 0
        with self.backend.reading() as connection:
            (found,) = connection.execute("SELECT MAX(id) FROM systems").fetchone()
        return int(found or 0)
