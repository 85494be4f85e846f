"""One atom in a liquid metal: a free film is melted and quenched, and atoms of each solute are put into its middle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..structures.films import free_film
from ..structures.interface_checks import check_film
from ..structures.solutes import film_voids, insert_solute
from ..thermodynamics.uncertainty import Estimate, average_over_groups
from .calculations import Calculations
from .candidates import Candidate
from .film_sampling import lowest_sampling_temperature_K, melt_and_sample, melt_temperature_K
from .wetting_study import atoms_of

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from .database import StructureDatabase
    from .solutions_spec import SolutionsSection

FRAME, FILM, DISSOLVED = "solvent-frame", "solvent-film", "dissolved"
_MIDDLE = (0.35, 0.65)
_SEED = 0


@dataclass(frozen=True)
class SolutionStudy:
    """Films of one solvent with one potential."""

    section: SolutionsSection
    potential: str
    database: StructureDatabase

    @property
    def key(self) -> str:
        """Name of the study, the same for all inputs whose films are the same."""
        content = self.section.model_dump(mode="json", exclude={"solutes", "frames", "places"})
        digest = hashlib.sha256(json.dumps([content, self.potential], sort_keys=True).encode()).hexdigest()[:8]
        return f"film-{self.section.solvent}-{digest}"

    def sample(self) -> list[AtomsRow]:
        """Melt the film, quench its frames, and return the rows of those that stayed a film."""
        section, symbol = self.section, self.section.solvent
        stored = self._rows(FRAME)
        if len(stored) < section.frames:
            result = melt_and_sample(
                free_film(symbol, np.eye(2) * section.width, n_atoms=section.n_atoms, seed=_SEED),
                self.potential,
                section.sampling,
                self.database.path.parent / "checkpoints" / f"{self.key}-{section.frames}.npz",
                frames=section.frames,
                melt_K=melt_temperature_K(symbol, section.sampling),
                sample_K=section.sampling.sampling_temperature_K or lowest_sampling_temperature_K(symbol),
                seed=_SEED,
            )
            for number, frame in enumerate(result.frames[-section.frames :]):
                self._calculations().single_point(self._candidate(FRAME, frame, number, f"frame {number}"))
            stored = self._rows(FRAME)
        films = [self._quench(row) for row in stored[: section.frames]]
        return [row for row in films if row.converged]

    def dissolve(self, solute: str) -> None:
        """Put one atom of ``solute`` into the middle of each frame and relax it."""
        for film in self.sample():
            atoms = atoms_of(film)
            for place, position in enumerate(film_voids(atoms, self.section.places, z_range=_MIDDLE)):
                candidate = self._candidate(
                    DISSOLVED,
                    insert_solute(atoms, solute, position),
                    film.frame,
                    f"frame {film.frame} with {solute} at place {place}",
                    solute=solute,
                    site=f"place-{place}",
                )
                self._calculations().relax(candidate, verify=check_film)

    def _quench(self, row: AtomsRow) -> AtomsRow:
        candidate = self._candidate(FILM, atoms_of(row), row.frame, f"frame {row.frame}, quenched")
        return self._calculations().relax(candidate, verify=check_film)

    def _calculations(self) -> Calculations:
        return Calculations(self.database, self.potential, self.section.settings())

    def _rows(self, role: str) -> list[AtomsRow]:
        rows = self.database.select(f"study={self.key},role={role}", sort="id")
        return sorted(rows, key=lambda row: row.frame)

    def _candidate(self, role: str, atoms: Atoms, frame: int, what: str, **more: str) -> Candidate:
        labels: dict[str, str | int] = {
            "study": self.key,
            "role": role,
            "solvent": self.section.solvent,
            "seed": _SEED,
            "frame": frame,
            **more,
        }
        return Candidate(f"{self.section.solvent} film {what}", "film", atoms, f"built for {self.key}", labels=labels)


def insertion_energies(database: StructureDatabase, solvent: str, potential: str) -> dict[str, Estimate]:
    """Return what one atom of each solute has in the film above the film alone, eV, by element.

    The lowest place of each frame is taken, and the frames are averaged; of several studies the newest counts.
    """
    rows = database.select(f"role={DISSOLVED},solvent={solvent},potential={potential}", sort="id")
    newest = {row.solute: row.study for row in rows}
    found: dict[str, dict[int, float]] = {}
    films: dict[tuple[str, int], float] = {
        (row.study, row.frame): row.energy
        for row in database.select(f"role={FILM},solvent={solvent},potential={potential}", sort="id")
    }
    for row in rows:
        film = films.get((row.study, row.frame))
        if film is None or row.study != newest[row.solute]:
            continue
        frames = found.setdefault(row.solute, {})
        frames[row.frame] = min(frames.get(row.frame, np.inf), float(row.energy - film))
    return {solute: average_over_groups({"film": list(frames.values())}) for solute, frames in found.items()}
