"""Slabs of a crystal sorted by what fixes their energies: planes compare within one group and no further.

Several jobs may have cut the same planes, each with its own ``fmax``, from a crystal relaxed in its own way, or with
other weights behind the name of the potential. An equilibrium shape of planes from two of them would be of no crystal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ....errors import InputError
from ...database.rows import area_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

SAME_CELL = 1e-3
"""Relative difference of areas and volumes below which cells are of one crystal; relaxed otherwise, it differs more."""
_NO_SETTINGS = ("max_steps",)
"""Settings that do not change what a relaxation that converged ends in."""

Plane = tuple[str, str]
"""Miller index and termination, as rows have them."""


@dataclass
class SlabGroup:
    """Slabs of one crystal whose energies compare.

    Attributes
    ----------
    number
        1 for the group that was begun first.
    potential_identity
        What is behind the name of the potential.
    settings
        How they were relaxed.
    volume_per_atom
        Of the crystal that they were cut from, Å³; None where no plane has two slabs.
    planes
        The slabs of each plane by their number of layers, the newest of each.
    """

    number: int
    potential_identity: str
    settings: Mapping[str, Any]
    volume_per_atom: float | None
    planes: dict[Plane, dict[int, AtomsRow]] = field(default_factory=dict)

    @property
    def n_complete(self) -> int:
        """How many planes have the two slabs that a surface energy takes."""
        return len({miller for (miller, _), slabs in self.planes.items() if len(slabs) > 1})

    @property
    def newest_id(self) -> int:
        """Highest id of its rows."""
        return max(int(row.id) for slabs in self.planes.values() for row in slabs.values())

    def takes(self, series: SlabGroup) -> bool:
        """Return whether the slabs of one plane belong here, too."""
        return (
            self.potential_identity == series.potential_identity
            and self.settings == series.settings
            and not self.planes.keys() & series.planes.keys()
            and (series.volume_per_atom is None or _same(self.volume_per_atom, series.volume_per_atom))
        )


def slab_groups(rows: Sequence[AtomsRow]) -> list[SlabGroup]:
    """Return the slabs of one crystal with one potential by name, sorted into groups, in the order they were begun.

    Parameters
    ----------
    rows
        Converged slabs, oldest first.
    """
    groups: list[SlabGroup] = []
    # A plane without the two slabs that tell the volume joins the newest group that it may belong to.
    for series in sorted(_series(rows), key=lambda one: one.volume_per_atom is None):
        group = next((group for group in reversed(groups) if group.takes(series)), None)
        if group is None:
            groups.append(series)
        else:
            group.planes |= series.planes
    groups.sort(key=lambda group: min(int(row.id) for slabs in group.planes.values() for row in slabs.values()))
    for number, group in enumerate(groups, 1):
        group.number = number
    return groups


def choose_group(groups: Sequence[SlabGroup], number: int | None = None, *, what: str = "surfaces") -> SlabGroup:
    """Return the group of that number, or the newest of those with the most planes.

    Raises
    ------
    InputError
        There is no group of that number.
    """
    if number is None:
        most = max(group.n_complete for group in groups)
        return max((group for group in groups if group.n_complete == most), key=lambda group: group.newest_id)
    for group in groups:
        if group.number == number:
            return group
    raise InputError(f"group: {number!r} is not allowed; {what} has {_list(groups, groups)}")


def other_groups_note(what: str, chosen: SlabGroup, groups: Sequence[SlabGroup]) -> str:
    """Return what else is stored and why it is not with the chosen group; "" where there is nothing."""
    others = [group for group in groups if group is not chosen]
    if not others:
        return ""
    return (
        f"{what}: shown is {_list([chosen], groups)}; not mixed with it: {_list(others, groups)}; one is chosen by its"
        " number"
    )


def settings_of(row: AtomsRow) -> dict[str, Any]:
    """Return those settings of the relaxation of a row that change what it ends in."""
    return {key: value for key, value in row.data["settings"].items() if key not in _NO_SETTINGS}


def _list(shown: Sequence[SlabGroup], groups: Sequence[SlabGroup]) -> str:
    return ", ".join(f"group {group.number} ({_description(group, groups)})" for group in shown)


def _description(group: SlabGroup, groups: Sequence[SlabGroup]) -> str:
    """Return the planes of a group and how it was computed, as far as the groups differ in it."""
    said = [" ".join(dict.fromkeys(miller for miller, _ in group.planes))]
    for key, value in group.settings.items():
        if any(other.settings.get(key) != value for other in groups):
            said.append(f"{key} {value}")
    if not all(_same(group.volume_per_atom, other.volume_per_atom) for other in groups):
        known = group.volume_per_atom
        said.append("unknown cell" if known is None else f"cut from a crystal of {known:.4f} Å³/atom")
    if any(other.potential_identity != group.potential_identity for other in groups):
        said.append(group.potential_identity)
    return ", ".join(said)


def _series(rows: Sequence[AtomsRow]) -> list[SlabGroup]:
    """Return a group for each plane of each computation: slabs with one base, relaxed in one way."""
    found: list[tuple[float, SlabGroup]] = []
    for row in rows:
        plane, area = (str(row.miller), str(row.termination)), area_of(row)
        settings = settings_of(row)
        for known_area, series in found:
            alike = series.settings == settings and series.potential_identity == row.potential_identity
            if alike and plane in series.planes and _same(known_area, area):
                series.planes[plane][int(row.n_layers)] = row
                break
        else:
            group = SlabGroup(0, str(row.potential_identity), settings, None, {plane: {int(row.n_layers): row}})
            found.append((area, group))
    for area, series in found:
        (slabs,) = series.planes.values()
        series.volume_per_atom = _bulk_volume_per_atom(area, list(slabs.values()))
    return [series for _, series in found]


def _bulk_volume_per_atom(area: float, slabs: Sequence[AtomsRow]) -> float | None:
    """Return the volume per atom of the crystal: what a thicker slab has more under the same vacuum."""
    thin, thick = min(slabs, key=lambda row: row.natoms), max(slabs, key=lambda row: row.natoms)
    height = float(thick.cell[2, 2] - thin.cell[2, 2])
    if thick.natoms == thin.natoms or not height > 0.0:  # one slab, or cells of one height
        return None
    return area * height / int(thick.natoms - thin.natoms)


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= SAME_CELL * abs(other)
