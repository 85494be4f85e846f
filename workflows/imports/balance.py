"""Whether the cells of a wetting study belong together: differences of their energies are of the same atoms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..studies.films.cells import Role

if TYPE_CHECKING:
    from ase import Atoms

SAME_AREA = 0.01
"""Relative difference of areas up to which a film and a solid are of one cell."""
_TOTALS = {Role.INTERFACE: "solid and detached film together", Role.DRY_FACE: "the solid"}

Cell = tuple[Mapping[str, Any], "Atoms"]
"""Labels of a row, and its atoms."""


def imbalances(cells: Sequence[Cell]) -> dict[int, str]:
    """Return what is wrong with cells of one wetting study, by their place in the list.

    An interface without solute must be the solid and the detached film, in cells of one area. A solute atom that
    enters the free film may take the place of an atom of the solvent; then it must at the interface as well, and a dry
    face, which has no such atom, cannot be compared.

    Parameters
    ----------
    cells
        Labels and atoms, all of one study.
    """
    found: dict[int, str] = {}
    for role in (Role.SOLUTE_IN_FILM, Role.SOLUTE_ON_FILM, Role.DETACHED_FILM, Role.INTERFACE, Role.DRY_FACE):
        for number, labels, atoms in _of_role(cells, role):
            problem = _problem(cells, role, labels, atoms)
            if problem:
                found[number] = problem
    return found


def _of_role(cells: Sequence[Cell], role: Role, **labels: Any) -> Iterator[tuple[int, Mapping[str, Any], Atoms]]:
    for number, (own, atoms) in enumerate(cells):
        if own.get("role") == role.value and all(own.get(key) == value for key, value in labels.items()):
            yield number, own, atoms


def _first(cells: Sequence[Cell], role: Role, **labels: Any) -> Atoms | None:
    return next((atoms for _, _, atoms in _of_role(cells, role, **labels)), None)


def _problem(cells: Sequence[Cell], role: Role, labels: Mapping[str, Any], atoms: Atoms) -> str | None:
    solid = _first(cells, Role.SOLID)
    film = {"seed": labels.get("seed"), "frame": labels.get("frame")} if role != Role.DRY_FACE else {}
    free, solute = _first(cells, Role.FILM, **film), str(labels["solute"])
    if role in (Role.SOLUTE_IN_FILM, Role.SOLUTE_ON_FILM):
        return None if free is None else _entering(atoms, free, solute)
    if solid is None:
        return None
    if abs(_area(atoms) / _area(solid) - 1.0) > SAME_AREA:
        return f"its cell has an area of {_area(atoms):.1f} Å², and that of the solid {_area(solid):.1f}"
    if role == Role.DETACHED_FILM:
        return None
    whole = _counts(solid)
    detached = _first(cells, Role.DETACHED_FILM, **film)
    if role == Role.INTERFACE and detached is not None:
        whole += _counts(detached)
    inside = _first(cells, Role.SOLUTE_IN_FILM, **film)
    step = Counter({solute: 1})
    if inside is not None and free is not None:
        step = _difference(inside, free)
    n_solute = int(labels.get("n_solute", 0))
    wanted = {key: whole[key] + n_solute * step[key] for key in {*whole, *step}}
    if any(_counts(atoms)[key] != number for key, number in wanted.items()) or set(_counts(atoms)) - set(wanted):
        states = f" and {n_solute} times what enters the film" if n_solute else ""
        return f"it holds {_told(_counts(atoms))}, and {_TOTALS[role]}{states} {_told(wanted)}"
    return None


def _entering(atoms: Atoms, free: Atoms, solute: str) -> str | None:
    """What is wrong with a film that one solute atom entered, added to it or in the place of another atom."""
    step = {key: number for key, number in _difference(atoms, free).items() if number}
    others = [number for key, number in step.items() if key != solute]
    if step.get(solute) != 1 or others not in ([], [-1]):
        own, bare = _told(_counts(atoms)), _told(_counts(free))
        return f"it holds {own}, and the free film {bare}: that is not one {solute} more"
    return None


def _counts(atoms: Atoms) -> Counter[str]:
    return Counter(atoms.get_chemical_symbols())


def _difference(atoms: Atoms, other: Atoms) -> Counter[str]:
    found = _counts(atoms)
    found.subtract(_counts(other))
    return found


def _told(counts: Mapping[str, int]) -> str:
    return "".join(f"{key}{number}" for key, number in sorted(counts.items()) if number)


def _area(atoms: Atoms) -> float:
    return float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
