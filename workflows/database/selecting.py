"""From a query to the ids of rows: by what is stored of them, and by their places on hulls, which are not."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ...errors import InputError, unknown_name
from .plain_row import PlainRow
from .query import QUERY_KEYS, parse_query, subsystems
from .row_hulls import HULL_KEYS, Company, Place, PlaceCondition, RowPlaces, split_conditions
from .row_selection import COLUMNS, Connection, read_rows, select_ids, texts_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .backends.base import Backend

# What has a space group; the others are slabs and liquids.
CRYSTALS = ("library", "prototype", "file", "substrate")


class Asked(NamedTuple):
    """What rows must meet: conditions as a query has them, chemical systems of which any will do, values of keys."""

    conditions: list[str]
    systems: Sequence[str]
    where: Mapping[str, str | float]
    of_places: Sequence[PlaceCondition] = ()
    containing: str = ""


def read_query(query: str, where: Mapping[str, str | float] | None, sort: str | None) -> Asked:
    """Return what rows must meet; without what failed, unless it is asked for.

    Raises
    ------
    InputError
        The query, ``where`` or ``sort`` cannot be understood.
    """
    terms, systems = parse_query(query)
    try:
        conditions, of_places = split_conditions(terms)
    except ValueError as error:
        raise InputError(f"query {query!r}: {error}") from None
    key, exact = (sort or "id").removeprefix("-"), dict(where or {})
    for name, what in ((key, "sort"), *((one, "where") for one in exact)):
        if name not in QUERY_KEYS and name not in COLUMNS:
            raise InputError(f"{what}: " + unknown_name("key", name, [*QUERY_KEYS, *COLUMNS]))
    if "converged" not in exact and not any(condition.startswith("converged") for condition in conditions):
        conditions = [*conditions, "converged=True"]
    return Asked(conditions, systems, exact, of_places)


@dataclass(frozen=True)
class _State:
    """What was found out of the rows at one version of the database."""

    version: Hashable | None
    checked: set[Company] = field(default_factory=set)
    companies: dict[int, Company | None] = field(default_factory=dict)
    twins: dict[tuple[int, int], bool] = field(default_factory=dict)


class Selector:
    """Finds the rows of a database that meet what was asked for; each hull is built once while nothing joins it.

    Parameters
    ----------
    backend
        Where the rows are.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._known: dict[Company, tuple[tuple[int, ...], dict[int, Place]]] = {}
        self._state = _State(None)

    def places(self) -> RowPlaces:
        """Return what finds the places of rows, as they are now."""
        state = self._state_of_now()
        return RowPlaces(self._company_ids, self._read_plain, self._known, state.checked, state.twins)

    def _state_of_now(self) -> _State:
        """Return what is known of the rows; nothing yet where anything was written since it was asked for."""
        version = self._backend.version()
        if version is None or version != self._state.version:
            self._state = _State(version)
        return self._state

    @contextlib.contextmanager
    def asking(self, query: str) -> Iterator[tuple[Connection, RowPlaces]]:
        """Give a connection to the tables, which are there, and what finds the places of rows."""
        self._backend.add_indices()
        places = self.places()
        try:
            with self._backend.reading() as connection:
                yield connection, places
        except (ValueError, AssertionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"query {query!r}: {error}") from None

    def ids(
        self, connection: Connection, places: RowPlaces, asked: Asked, sort: str | None, limit: int | None
    ) -> list[int]:
        """Return the ids of the rows that were asked for."""
        if asked.of_places or (sort or "").removeprefix("-") in HULL_KEYS:
            return self._select_by_place(connection, places, asked, sort)[:limit]
        conditions, systems, where, _, containing = asked
        return select_ids(connection, conditions, systems, where=where, containing=containing, sort=sort, limit=limit)

    def _select_by_place(self, connection: Connection, places: RowPlaces, asked: Asked, sort: str | None) -> list[int]:
        """Return the ids of the rows whose places on their hulls meet conditions, or sorted by them."""
        key, by_place = (sort or "id").removeprefix("-"), (sort or "").removeprefix("-") in HULL_KEYS
        # Every row on a hull has a relaxed cell.
        conditions = [*asked.conditions, "relax_cell=True"] if asked.of_places else asked.conditions
        ids = select_ids(
            connection,
            conditions,
            asked.systems,
            where=asked.where,
            containing=asked.containing,
            sort=None if by_place else sort,
        )
        found = self._places_of(connection, places, ids)
        chosen = [row_id for row_id in ids if all(one.holds(found.get(row_id)) for one in asked.of_places)]
        if not by_place:
            return chosen
        sign = -1 if (sort or "").startswith("-") else 1
        with_place = [row_id for row_id in chosen if row_id in found]
        with_place.sort(key=lambda row_id: sign * getattr(found[row_id], key))
        return with_place + [row_id for row_id in chosen if row_id not in found]

    def _company_ids(self, company: Company) -> tuple[int, ...]:
        """Return the ids of the relaxed crystals of a company, the smaller systems within included."""
        conditions = [f"potential_identity={company.potential_identity}", "relax_cell=True", "converged=True"]
        with self._backend.reading() as connection:
            ids = select_ids(connection, conditions, subsystems(company.system.split("-")))
            kinds = texts_of(connection, "kind", ids)
        return tuple(row_id for row_id in ids if kinds.get(row_id) in CRYSTALS)

    def _read_plain(self, ids: Sequence[int]) -> list[AtomsRow]:
        with self._backend.reading() as connection:
            return read_rows(connection, ids, PlainRow)

    def _places_of(self, connection: Connection, places: RowPlaces, ids: Sequence[int]) -> dict[int, Place]:
        """Return the places of those rows that are on the hull of their company."""
        companies = self._state_of_now().companies
        new = [row_id for row_id in ids if row_id not in companies]
        systems, identities = (texts_of(connection, key, new) for key in ("chemical_system", "potential_identity"))
        for row_id in new:
            known = row_id in systems and row_id in identities
            companies[row_id] = Company(systems[row_id], identities[row_id]) if known else None
        found: dict[int, Place] = {}
        on_hull: dict[Company, Mapping[int, Place]] = {}
        for row_id in ids:
            company = companies[row_id]
            if company is None:
                continue
            if company not in on_hull:
                on_hull[company] = places.of_company(company)
            if row_id in on_hull[company]:
                found[row_id] = on_hull[company][row_id]
        return found
