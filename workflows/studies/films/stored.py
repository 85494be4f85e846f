"""Films on a solid as the database knows them: what was computed, whatever input file asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, TypeVar

from ....errors import InputError
from ....reports.film_motion import FilmMotion
from ....thermodynamics.uncertainty import Estimate, average_over_groups
from ....thermodynamics.units import EV_PER_A2
from ....thermodynamics.wetting.adhesion import AdhesionSample, film_surface_energy_J_m2
from ...database.rows import area_of
from .cells import Role

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...database.structure_database import StructureDatabase

T = TypeVar("T")
Frame = tuple[int, int]
"""Seed and number of a frame."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class StoredFilms:
    """Films of one liquid on one plane of a solid as the database knows them, sampled with one potential."""

    database: StructureDatabase
    key: str
    substrate: str
    substrate_formula: str
    miller_index: tuple[int, int, int]
    solvent: str
    potential: str
    within: Callable[[AtomsRow], bool] | None = None
    """Which rows count, where a job asked for a part of what the database has; None for all."""

    @cached_property
    def identities(self) -> dict[str, str]:
        """Identity of what is behind the name of each potential, by name: that of its newest rows."""
        return {
            row.potential: row.potential_identity for row in self.database.select(where={"study": self.key}, sort="id")
        }

    def rows(self, role: Role, **more: str | int) -> list[AtomsRow]:
        """Return the converged rows of a role, oldest first; no single points on another potential's structures."""
        return [row for row in self.every_row(role, **more) if "geometry" not in row]

    def every_row(self, role: Role, **more: str | int) -> list[AtomsRow]:
        """Return the converged rows of a role, single points included."""
        terms = {"study": self.key, "role": role, **more}
        return [row for row in self.database.select(where=terms, sort="id") if self._counts(row)]

    def _counts(self, row: AtomsRow) -> bool:
        if self.within is not None:
            return self.within(row)
        return bool(self.identities.get(row.potential, row.potential_identity) == row.potential_identity)

    def failures(self) -> list[AtomsRow]:
        """Return the rows of what did not converge."""
        failed = self.database.select(where={"study": self.key, "converged": False}, sort="id")
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

    def single_points(self, termination: str, potential: str) -> SinglePoints:
        """Return energies of another potential's structures with ``potential``, as far as they are there."""
        rows = [
            row
            for role in SinglePoints.ROLES
            for row in self.every_row(role, potential=potential)
            if "geometry" in row and row.get("termination", termination) == termination
        ]
        first = {role: min((frame_of(row) for row in rows if row.role == role), default=None) for role in _OF_A_FRAME}
        points = SinglePoints()
        for row in rows:
            if row.role not in _OF_A_FRAME or frame_of(row) == first[row.role]:
                points.take(row)
        return points

    def surface_energy_J_m2(self, potential: str) -> Estimate | None:
        """Return the surface energy of the free film, J/m², against the bulk liquid; None when either is missing."""
        films = self.rows(Role.FILM, potential=potential)
        liquid = self.rows(Role.BULK_LIQUID, potential=potential)
        if not films or not liquid:
            return None
        film = average_over_groups(by_seed({frame_of(row): float(row.energy) for row in films}))
        bulk = average_over_groups(by_seed({frame_of(row): row.energy / row.natoms for row in liquid}))
        return film_surface_energy_J_m2(film, films[0].natoms, bulk, area_of(films[0]))

    def motions(self) -> list[FilmMotion]:
        """Return how each film moved while its frames were taken; those stored without it are left out."""
        found: dict[str, FilmMotion] = {}
        for role in (Role.FRAME, Role.FILM_FRAME):
            for row in self.rows(role):
                if "frames_apart_ps" in row:
                    film = row.name.rpartition(" frame ")[0]
                    found.setdefault(film, _motion(film, row))
        return list(found.values())

    def free_film_area(self) -> float:
        """Return the area of one face of the free film, Å²."""
        return area_of(self.rows(Role.FILM)[0])

    def repeating_potentials(self, termination: str) -> tuple[str, ...]:
        """Return the potentials that gave single points on another potential's structures of this termination."""
        rows = self.every_row(Role.INTERFACE, termination=termination, n_solute=0)
        return tuple(dict.fromkeys(row.potential for row in rows if "geometry" in row))


def _motion(film: str, row: AtomsRow) -> FilmMotion:
    return FilmMotion(
        film=film,
        frames_apart_ps=row.frames_apart_ps,
        decorrelation_ps=row.get("decorrelation_ps"),
        diffusion_cm2_s=row.diffusion_cm2_s,
        diffusion_error_cm2_s=row.diffusion_error_cm2_s,
        followed_ps=row.followed_ps,
        is_liquid=bool(row.is_liquid),
    )


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

    def adhesion_shift_J_m2(self, area: float) -> float | None:
        """Return W'_ad(0) - W_ad(0) of the frame, J/m2, for an interface of ``area`` Å²; None where a part lacks."""
        parts = (Role.SOLID, Role.DETACHED_FILM)
        if not set(self.alone) >= set(parts) or 0 not in self.interface:
            return None
        solid, film, interface = (
            other - own for own, other in (*(self.alone[role] for role in parts), self.interface[0])
        )
        return (solid + film - interface) / area * EV_PER_A2

    def surface_energy_shift_J_m2(self, area: float) -> float | None:
        """Return u' - u of the free film, J/m2, each face of ``area`` Å²; None without film or bulk liquid."""
        if not {Role.FILM, Role.BULK_LIQUID} <= set(self.alone):
            return None
        film, atom = (other - own for own, other in (self.alone[Role.FILM], self.alone[Role.BULK_LIQUID]))
        return (film - self.film_atoms * atom) / (2.0 * area) * EV_PER_A2


def frame_of(row: AtomsRow) -> Frame:
    """Return seed and number of the frame a row comes from."""
    return int(row.seed), int(row.frame)


def by_seed(values: Mapping[Frame, T]) -> dict[str, list[T]]:
    """Return values by the name of their seed, in the order of their frames."""
    groups: dict[str, list[T]] = {}
    for (seed, _), value in sorted(values.items(), key=lambda item: item[0]):
        groups.setdefault(f"seed {seed}", []).append(value)
    return groups
