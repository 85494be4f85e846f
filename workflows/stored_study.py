"""A wetting study as the database knows it: what was computed, whatever input file asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, unknown_name
from ..thermodynamics.adhesion import AdhesionSample

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .database import StructureDatabase

Frame = tuple[int, int]
"""Seed and number of a frame."""


@dataclass(frozen=True)
class StoredStudy:
    """One study in the database: solvent with solute on one plane of a substrate, sampled with one potential."""

    database: StructureDatabase
    key: str
    substrate: str
    substrate_formula: str
    miller_index: tuple[int, int, int]
    solvent: str
    solute: str
    potential: str

    def rows(self, role: str, **more: str | int) -> list[AtomsRow]:
        """Return the converged rows of a role, oldest first."""
        terms = [f"study={self.key}", f"role={role}", *(f"{key}={value}" for key, value in more.items())]
        return self.database.select(",".join(terms), sort="id")

    def failures(self) -> list[AtomsRow]:
        """Return the rows of what did not converge."""
        return self.database.select(f"study={self.key},converged=False", sort="id")

    def members(self) -> list[tuple[str, str]]:
        """Return each termination with each potential that quenched films on it, the sampling potential first."""
        rows = [row for row in self.rows("interface", n_solute=0) if "geometry" not in row]
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
        solid = min(self.rows("solid", **where), key=lambda row: row.energy, default=None)
        films = {frame_of(row): row for row in self.rows("detached-film", **where)}
        samples: dict[int, list[AdhesionSample]] = {}
        for row in self._bare(termination, potential):
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
                " got so far, or the film did not stay (see the failed rows: amalgamics query converged=False)"
            )
        return samples

    def area(self, termination: str) -> float:
        """Return the area of the interface cell, Å²."""
        return area_of(self.rows("interface", termination=termination, n_solute=0)[0])

    def interface_energies(self, termination: str, potential: str) -> dict[Frame, dict[int, AtomsRow]]:
        """Return for each frame the lowest row for every number of solute atoms, 0 included."""
        found: dict[Frame, dict[int, AtomsRow]] = {
            frame_of(row): {0: row} for row in self._bare(termination, potential)
        }
        for row in self.rows("interface", termination=termination, potential=potential):
            states = found.get(frame_of(row))
            if states is None or row.n_solute == 0 or "geometry" in row:
                continue
            if row.n_solute not in states or row.energy < states[row.n_solute].energy:
                states[row.n_solute] = row
        return found

    def insertion_energies(self, role: str, potential: str) -> dict[Frame, float]:
        """Return what one solute atom costs in (``solute-in-film``) or on the free film, eV, the best of each frame."""
        films = {frame_of(row): row.energy for row in self.rows("film", potential=potential) if "geometry" not in row}
        found: dict[Frame, float] = {}
        for row in self.rows(role, potential=potential):
            frame = frame_of(row)
            if frame in films and "geometry" not in row:
                found[frame] = min(found.get(frame, np.inf), row.energy - films[frame])
        return found

    def repeated(self, termination: str, potential: str) -> dict[str, dict[int, float]] | None:
        """Return energies of the same structures with the sampling potential and with ``potential``; None without.

        By potential, then by state: the number of solute atoms at the interface, -1 for the film with one inside, and
        -2 for the film alone.
        """
        found: dict[int, float] = {}
        base: dict[int, float] = {}
        for role, state in (("interface", None), ("film", -2), ("solute-in-film", -1)):
            for row in self.rows(role, potential=potential):
                if row.get("geometry") != self.potential or row.get("termination", termination) != termination:
                    continue
                key = row.n_solute if state is None else state
                found[key] = row.energy
                base[key] = row.geometry_energy
        return {self.potential: base, potential: found} if {0, 1, -1, -2} <= set(found) else None

    def repeating_potentials(self, termination: str) -> list[str]:
        """Return the potentials that gave single points on another potential's structures of this termination."""
        rows = [row for row in self.rows("interface", termination=termination, n_solute=0) if "geometry" in row]
        return list(dict.fromkeys(row.potential for row in rows))

    def _bare(self, termination: str, potential: str) -> list[AtomsRow]:
        rows = self.rows("interface", termination=termination, potential=potential, n_solute=0)
        return [row for row in rows if "geometry" not in row]


def frame_of(row: AtomsRow) -> Frame:
    """Return seed and number of the frame a row comes from."""
    return int(row.seed), int(row.frame)


def area_of(row: AtomsRow) -> float:
    """Return the area of the cell's base, Å²."""
    return float(np.linalg.norm(np.cross(row.cell[0], row.cell[1])))


def find_studies(database: StructureDatabase, **wanted: str | None) -> list[StoredStudy]:
    """Return the studies in the database, the newest last.

    Parameters
    ----------
    database
        Where to look.
    **wanted
        ``study``, ``substrate``, ``solute`` or ``solvent`` that it must have; None for any.
    """
    terms = ["role=substrate", *(f"{key}={value}" for key, value in wanted.items() if value is not None)]
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
        raise InputError("the database has no wetting study; run one first: amalgamics run examples/li-hg-llto.yaml")
    for key, value in wanted.items():
        known = sorted({str(getattr(study, "key" if key == "study" else key)) for study in every})
        if value is not None and value not in known:
            raise InputError(unknown_name(key, value, known))
    asked = ", ".join(f"{key} {value}" for key, value in wanted.items() if value is not None)
    raise InputError(f"the database has no wetting study with {asked}; there are: {', '.join(s.key for s in every)}")


def parse_miller(text: str) -> tuple[int, int, int]:
    """Return the plane of ``(001)`` or ``(1.-1.0)``."""
    inner = text.strip("()")
    first, second, third = inner.split(".") if "." in inner else list(inner)
    return int(first), int(second), int(third)


def median_degeneracies(states: Mapping[Frame, Mapping[int, AtomsRow]], n_solute: Sequence[int]) -> list[float]:
    """Return a typical number of equivalent occupations for each number of solute atoms."""
    found = []
    for n in n_solute:
        seen = [rows[n].degeneracy for rows in states.values() if n in rows]
        found.append(float(np.median(seen)) if seen else 1.0)
    return found
