"""A wetting study as the database knows it: what was computed, whatever input file asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ....errors import InputError, NotStoredError, unknown_name
from ...database.rows import parse_miller
from ..films.cells import Role
from ..films.stored import Frame, StoredFilms, frame_of
from .occupations import lowest_by_number

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...database.structure_database import StructureDatabase


class FacePotentials(NamedTuple):
    """Names of the potentials that relaxed films on a termination, and of those that gave single points on them."""

    relaxing: tuple[str, ...]
    repeating: tuple[str, ...]

    @property
    def potentials(self) -> tuple[str, ...]:
        """All of them."""
        return self.relaxing + self.repeating


@dataclass(frozen=True)
class StoredStudy(StoredFilms):
    """One wetting study in the database: films with solute at the interface, inside, on top and on the dry face."""

    solute: str = ""

    def interface_energies(self, termination: str, potential: str) -> dict[Frame, dict[int, AtomsRow]]:
        """Return for each frame the lowest row for every number of solute atoms, 0 included."""
        found: dict[Frame, dict[int, AtomsRow]] = {
            frame_of(row): {0: row}
            for row in self.rows(Role.INTERFACE, termination=termination, potential=potential, n_solute=0)
        }
        for row in self.rows(Role.INTERFACE, termination=termination, potential=potential):
            states = found.get(frame_of(row))
            if states is None or row.n_solute == 0:
                continue
            if row.n_solute not in states or row.energy < states[row.n_solute].energy:
                states[row.n_solute] = row
        return found

    def insertion_energies(self, role: Role, potential: str) -> dict[Frame, float]:
        """Return what one solute atom costs in (``solute-in-film``) or on the free film, eV, the best of each frame."""
        films = {frame_of(row): row.energy for row in self.rows(Role.FILM, potential=potential)}
        found: dict[Frame, float] = {}
        for row in self.rows(role, potential=potential):
            frame = frame_of(row)
            if frame in films:
                found[frame] = min(found.get(frame, np.inf), row.energy - films[frame])
        return found

    def dry_face(self, termination: str, potential: str) -> dict[int, AtomsRow]:
        """Return the lowest row of the face without liquid for every number of solute atoms, 0 included; else empty.

        The bare solid is the lowest of its relaxations, as in :meth:`adhesion_samples`.
        """
        where = {"termination": termination, "potential": potential}
        found = lowest_by_number(self.rows(Role.DRY_FACE, **where))
        solids = self.rows(Role.SOLID, **where)
        if not found or not solids:
            return {}
        return {0: min(solids, key=lambda row: float(row.energy)), **found}

    def potentials_among(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return those of ``wanted`` that gave a parameter set, relaxed or as single points, in that order."""
        known = {name for face in self.faces().values() for name in face.potentials}
        return tuple(name for name in wanted if name in known)

    def faces(self) -> dict[str, FacePotentials]:
        """Return the potentials of each termination on which films were quenched, the sampling potential's first."""
        relaxing: dict[str, list[str]] = {}
        for termination, potential in self.members():
            relaxing.setdefault(termination, []).append(potential)
        return {face: FacePotentials(tuple(names), self.repeating_potentials(face)) for face, names in relaxing.items()}


def find_studies(database: StructureDatabase, **wanted: str | None) -> list[StoredStudy]:
    """Return the studies in the database, the newest last.

    Parameters
    ----------
    database
        Where to look.
    **wanted
        ``study``, ``substrate``, ``solute`` or ``solvent`` that it must have; None for any.
    """
    exact = {"role": "substrate"} | {key: value for key, value in wanted.items() if value is not None}
    studies = {}
    for row in database.select("solute", where=exact, sort="id"):
        studies[row.study] = StoredStudy(
            database=database,
            key=row.study,
            substrate=row.substrate,
            substrate_formula=row.reduced_formula,
            miller_index=parse_miller(row.miller),
            solvent=row.solvent,
            solute=row.solute,
            potential=row.potential,
        )
    return list(studies.values())


def get_study(database: StructureDatabase, **wanted: str | None) -> StoredStudy:
    """Return the newest study that fits.

    Raises
    ------
    InputError
        There is none; the message names those there are.
    """
    fitting = find_studies(database, **wanted)
    if fitting:
        return fitting[-1]
    every = find_studies(database)
    if not every:
        raise NotStoredError("the database has no wetting study")
    for key, value in wanted.items():
        known = sorted({str(getattr(study, "key" if key == "study" else key)) for study in every})
        if value is not None and value not in known:
            raise InputError(unknown_name(key, value, known))
    asked = ", ".join(f"{key} {value}" for key, value in wanted.items() if value is not None)
    raise InputError(f"the database has no wetting study with {asked}; there are: {', '.join(s.key for s in every)}")


def median_degeneracies(states: Mapping[Frame, Mapping[int, AtomsRow]], n_solute: Sequence[int]) -> list[float]:
    """Return a typical number of equivalent occupations for each number of solute atoms."""
    found = []
    for n in n_solute:
        seen = [rows[n].degeneracy for rows in states.values() if n in rows]
        found.append(float(np.median(seen)) if seen else 1.0)
    return found
