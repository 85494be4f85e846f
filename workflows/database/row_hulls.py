"""Hulls of database rows, and where a row stands relative to the hull of its company.

The distance to a hull belongs to the hull: it changes with every structure that joins. So no row stores it; it is
worked out when it is asked for, from all relaxed crystals of the row's chemical system and potential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...errors import InputError
from ...structures.compositions import parse_system
from ...thermodynamics.hulls.hull import PhaseEntry, build_hull
from .duplicates import find_twins
from .row_selection import OPERATORS

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...thermodynamics.hulls.hull import Hull

HULL_KEYS = ("formation_energy_per_atom", "e_above_hull")
"""Keys of a row that are those of its place (eV/atom): asked for like any other, and stored nowhere."""


class Company(NamedTuple):
    """What competes on one hull: a chemical system, such as ``Hg-Li``, and the identity of the potential."""

    system: str
    potential_identity: str


class Place(NamedTuple):
    """Where a phase stands relative to a hull, both in eV/atom."""

    formation_energy_per_atom: float
    e_above_hull: float


class RowPlaces:
    """The places of rows on the hulls of their companies; each hull is built once.

    Parameters
    ----------
    member_ids
        Returns the ids of the relaxed crystals of a company, the elements and smaller systems included, ascending.
    read
        Returns rows by their ids.
    known
        Places that were worked out before, by company and the ids of its members; added to.
    checked
        Companies whose members are known to be those of now; added to.
    twins
        Whether two rows have one structure, by their ids; added to.
    """

    def __init__(
        self,
        member_ids: Callable[[Company], tuple[int, ...]],
        read: Callable[[Sequence[int]], Sequence[AtomsRow]],
        known: dict[Company, tuple[tuple[int, ...], dict[int, Place]]],
        checked: set[Company],
        twins: dict[tuple[int, int], bool],
    ) -> None:
        self._member_ids = member_ids
        self._read = read
        self._known = known
        self._checked = checked
        self._twins = twins

    def of_company(self, company: Company) -> Mapping[int, Place]:
        """Return the places of all rows on one hull by their ids; none where an element has no crystal."""
        if company not in self._checked:
            ids = self._member_ids(company)
            if company not in self._known or self._known[company][0] != ids:
                self._known[company] = (ids, places(company.system, self._read(ids), self._twins))
            self._checked.add(company)
        return self._known[company][1]

    def of_row(self, row: AtomsRow) -> Place | None:
        """Return the place of one row; None for what is no crystal, or is left out of its hull."""
        company = company_of(row)
        return self.of_company(company).get(int(row.id)) if company else None


def company_of(row: AtomsRow) -> Company | None:
    """Return with what a row competes; None for a row of another program, without a potential."""
    system, identity = row.get("chemical_system"), row.get("potential_identity")
    return Company(system, identity) if system and identity else None


def newest_of_names(rows: Iterable[AtomsRow]) -> list[AtomsRow]:
    """Return the row with the highest id of each name: a structure relaxed twice is on a hull once."""
    newest: dict[str, AtomsRow] = {}
    for row in rows:
        if row.name not in newest or row.id > newest[row.name].id:
            newest[row.name] = row
    return list(newest.values())


def hull_of_rows(system: str, rows: Sequence[AtomsRow]) -> tuple[Hull, dict[int, int]]:
    """Build the convex hull of ``system`` from those rows that lie within it.

    Returns
    -------
    The hull, and the ids of rows left out because they relaxed into another structure, with the id of that one.
    """
    members, twins = _distinct(system, rows)
    return build_hull(system, [phase_entry(row) for row in members]), twins


def places(system: str, rows: Iterable[AtomsRow], known: dict[tuple[int, int], bool] | None = None) -> dict[int, Place]:
    """Return the places of the rows on the hull of ``system`` by their ids, without those left out as duplicates."""
    members, _ = _distinct(system, newest_of_names(rows), known)
    try:
        hull = build_hull(system, [phase_entry(row, with_source=False) for row in members])
    except InputError:  # an element has no crystal
        return {}
    return {
        int(phase.entry_id or 0): Place(phase.formation_energy_per_atom, phase.e_above_hull) for phase in hull.phases
    }


def phase_entry(row: AtomsRow, *, with_source: bool = True) -> PhaseEntry:
    """Return the hull entry of a converged database row; where its structure comes from takes long to decode."""
    counts: dict[str, float] = {}
    for symbol in row.symbols:
        counts[symbol] = counts.get(symbol, 0) + 1
    return PhaseEntry(
        name=row.name,
        formula=row.reduced_formula,
        composition=counts,
        energy_per_atom=row.energy_per_atom,
        volume_per_atom=row.volume_per_atom,
        space_group=row.space_group,
        source=row.data["candidate"]["source"] if with_source else "",
        entry_id=row.id,
    )


def _distinct(
    system: str, rows: Iterable[AtomsRow], known: dict[tuple[int, int], bool] | None = None
) -> tuple[list[AtomsRow], dict[int, int]]:
    """Return the converged rows within the system without those that relaxed into another, and these."""
    elements = set(parse_system(system))
    converged = [row for row in rows if row.converged and set(row.symbols) <= elements]
    twins = find_twins(converged, known)
    return [row for row in converged if row.id not in twins], twins


class PlaceCondition(NamedTuple):
    """A condition on one of :data:`HULL_KEYS`; without ``sign`` that the row has a place."""

    key: str
    sign: str = ""
    value: float = 0.0

    def holds(self, place: Place | None) -> bool:
        """Return whether a row with this place is meant."""
        if place is None:
            return False
        return not self.sign or OPERATORS[self.sign](getattr(place, self.key), self.value)


def split_conditions(conditions: Sequence[str]) -> tuple[list[str], list[PlaceCondition]]:
    """Part conditions in the syntax of ``ase.db`` into those on stored keys and those on places.

    Raises
    ------
    ValueError
        A place is compared with something that is no number.
    """
    stored: list[str] = []
    of_places: list[PlaceCondition] = []
    for condition in conditions:
        sign = next((sign for sign in OPERATORS if sign in condition), "")
        key, _, value = condition.partition(sign) if sign else (condition, "", "0")
        if key not in HULL_KEYS:
            stored.append(condition)
            continue
        try:
            of_places.append(PlaceCondition(key, sign, float(value)))
        except ValueError:
            raise ValueError(f"{key} is compared with {value!r}, which is no number") from None
    return stored, of_places
