"""A wetting study as the database knows it: what was computed, whatever input file asked for it."""

from __future__ import annotations

<<<<<<< HEAD
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
=======
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple
>>>>>>> main

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

<<<<<<< HEAD
    solute: str = ""
=======
    database: StructureDatabase
    key: str
    substrate: str
    substrate_formula: str
    miller_index: tuple[int, int, int]
    solvent: str
    solute: str
    potential: str
    within: Callable[[AtomsRow], bool] | None = None
    """Which rows count, where a job asked for a part of what the database has; None for all."""

    @cached_property
    def identities(self) -> dict[str, str]:
        """Identity of what is behind the name of each potential, by name: that of its newest rows."""
        return {row.potential: row.potential_identity for row in self.database.select(f"study={self.key}", sort="id")}

    def rows(self, role: Role, **more: str | int) -> list[AtomsRow]:
        """Return the converged rows of a role, oldest first; no single points on another potential's structures."""
        return [row for row in self._every_row(role, **more) if "geometry" not in row]

    def _every_row(self, role: Role, **more: str | int) -> list[AtomsRow]:
        terms = [f"study={self.key}", f"role={role}"]
        terms += [f"{key}={value}" for key, value in more.items()]
        return [row for row in self.database.select(",".join(terms), sort="id") if self._counts(row)]

    def _counts(self, row: AtomsRow) -> bool:
        if self.within is not None:
            return self.within(row)
        return bool(self.identities.get(row.potential, row.potential_identity) == row.potential_identity)

    def failures(self) -> list[AtomsRow]:
        """Return the rows of what did not converge."""
        failed = self.database.select(f"study={self.key},converged=False", sort="id")
        return [row for row in failed if self._counts(row)]

    def members(self) -> list[tuple[str, str]]:
        """Return each termination with each potential that quenched films on it, the sampling potential first."""
        rows = self.rows(Role.INTERFACE, n_solute=0)
        pairs = list(dict.fromkeys((row.termination, row.potential) for row in rows))
        terminations = list(dict.fromkeys(termination for termination, _ in pairs))
        return sorted(pairs, key=lambda pair: (pair[1] != self.potential, terminations.index(pair[0])))

    def adhesion_samples(self, termination: str, potential: str, treatment: str) -> dict[int, list[AdhesionSample]]:
        """Return the samples of the work of adhesion of each seed.

        The solid alone is the lowest of its relaxations: an interface that found a better minimum of the solid must
        not be credited with it.

        Raises
        ------
        InputError
            No frame of this termination was quenched with this potential.
        """
        where = {"termination": termination, "potential": potential}
        solid = min(self.rows(Role.SOLID, **where), key=lambda row: row.energy, default=None)
        films = {frame_of(row): row for row in self.rows(Role.DETACHED_FILM, **where)}
        samples: dict[int, list[AdhesionSample]] = {}
        for row in self.rows(Role.INTERFACE, n_solute=0, **where):
            film = films.get(frame_of(row))
            if solid is None or film is None:
                continue
            if treatment == "rigid":
                energies = (row.rigid_solid_energy, row.rigid_film_energy, row.energy)
                dispersion = None
            else:
                energies = (solid.energy, film.energy, row.energy)
                parts = [part.get("dispersion_energy") for part in (solid, film, row)]
                dispersion = None if None in parts else (parts[0], parts[1], parts[2])
            sample = AdhesionSample(*energies, area_of(row), treatment, dispersion=dispersion)
            samples.setdefault(row.seed, []).append(sample)
        if not samples:
            raise InputError(
                f"{self.key}: no interface with {termination} was quenched with {potential}; the workflow has not"
                " got so far, or the film did not stay (see its failed rows)"
            )
        return samples

    def area(self, termination: str) -> float:
        """Return the area of the interface cell, Å²."""
        return area_of(self.rows(Role.INTERFACE, termination=termination, n_solute=0)[0])
>>>>>>> main

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

<<<<<<< HEAD
=======
    def faces(self) -> dict[str, FacePotentials]:
        """Return the potentials of each termination on which films were quenched, the sampling potential's first."""
        relaxing: dict[str, list[str]] = {}
        for termination, potential in self.members():
            relaxing.setdefault(termination, []).append(potential)
        return {face: FacePotentials(tuple(names), self.repeating_potentials(face)) for face, names in relaxing.items()}

    def repeating_potentials(self, termination: str) -> tuple[str, ...]:
        """Return the potentials that gave single points on another potential's structures of this termination."""
        rows = self._every_row(Role.INTERFACE, termination=termination, n_solute=0)
        return tuple(dict.fromkeys(row.potential for row in rows if "geometry" in row))


_OF_A_FRAME = (Role.INTERFACE, Role.DETACHED_FILM, Role.FILM, Role.SOLUTE_IN_FILM, Role.BULK_LIQUID)


@dataclass
class SinglePoints:
    """Energies of the same structures with two potentials: the one that relaxed them, and another; eV.

    Each is a pair (relaxing, other). By number of solute atoms at the interface and on the dry face; the film alone,
    with one solute atom inside, and as it came off the solid; the solid alone; an atom of the bulk liquid.
    """

    ROLES: ClassVar = (
        Role.INTERFACE,
        Role.DRY_FACE,
        Role.FILM,
        Role.SOLUTE_IN_FILM,
        Role.SOLID,
        Role.DETACHED_FILM,
        Role.BULK_LIQUID,
    )

    structures_from: str = ""
    interface: dict[int, Pair] = field(default_factory=dict)
    dry_face: dict[int, Pair] = field(default_factory=dict)
    alone: dict[Role, Pair] = field(default_factory=dict)
    film_atoms: int = 0

    def take(self, row: AtomsRow) -> None:
        """Add the single point of one structure."""
        role, pair = Role(row.role), (float(row.geometry_energy), float(row.energy))
        self.structures_from = str(row.geometry)
        if role == Role.INTERFACE:
            self.interface[int(row.n_solute)] = pair
        elif role == Role.DRY_FACE:
            self.dry_face[int(row.n_solute)] = pair
        elif role == Role.BULK_LIQUID:
            self.alone[role] = (pair[0] / row.natoms, pair[1] / row.natoms)
        else:
            self.alone[role] = pair
            if role == Role.FILM:
                self.film_atoms = int(row.natoms)

    @property
    def complete(self) -> bool:
        """Whether a correction of the lattice gas follows: bare and with one atom, and the reference in the film."""
        return {0, 1} <= set(self.interface) and {Role.FILM, Role.SOLUTE_IN_FILM} <= set(self.alone)


def frame_of(row: AtomsRow) -> Frame:
    """Return seed and number of the frame a row comes from."""
    return int(row.seed), int(row.frame)

>>>>>>> main

def find_studies(database: StructureDatabase, **wanted: str | None) -> list[StoredStudy]:
    """Return the studies in the database, the newest last.

    Parameters
    ----------
    database
        Where to look.
    **wanted
        ``study``, ``substrate``, ``solute`` or ``solvent`` that it must have; None for any.
    """
    terms = ["role=substrate", "solute", *(f"{key}={value}" for key, value in wanted.items() if value is not None)]
    studies = {}
    for row in database.select(",".join(terms), sort="id"):
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
