"""One atom in a liquid metal: a free film is melted and quenched, and atoms of each solute are put into its middle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ....errors import InputError
from ....structures.interfaces.checks import check_film
from ....structures.interfaces.films import free_film
from ....structures.interfaces.solutes import film_voids, insert_solute
from ....thermodynamics.uncertainty import Estimate, average_over_groups
from ...database.candidates import Candidate
from ...database.fingerprint import digest
from ...database.rows import atoms_of
from ..base import Step, Study, numbered, step
from ..films.sampling import lowest_sampling_temperature_K, melt_and_sample, melt_temperature_K
from .settings import SolutionsSettings

if TYPE_CHECKING:
    from ase import Atoms
    from ase.db.row import AtomsRow

    from ....reports.sections import ReportSection
    from ....thermodynamics.hulls.hull import Hull
    from ...database.structure_database import StructureDatabase

_MIDDLE = (0.35, 0.65)
_SEED = 0
_PLACE = "place-"


class Role(StrEnum):
    """What a row of a study of solutions is."""

    FRAME = "solvent-frame"
    FILM = "solvent-film"
    DISSOLVED = "dissolved"


@dataclass(frozen=True)
class Dissolved:
    """What one atom of each solute has in the liquid above the crystal of its own, eV, by element."""

    mu_infinity: dict[str, Estimate]
    hulls: dict[str, Hull]


class SolutionsStudy(Study[SolutionsSettings, Dissolved]):
    """Films of one solvent with one potential, and solute atoms in their middle."""

    name: ClassVar = "solutions"
    section: ClassVar = "solutions"
    settings_class: ClassVar = SolutionsSettings

    @cached_property
    def key(self) -> str:
        """Name of the study, the same for all inputs whose films are the same."""
        return f"film-{self.settings.solvent}-{digest([self.settings.identity(), self.potential], 8)}"

    def owns(self, row: AtomsRow) -> bool:
        """Return whether a row is one of as many frames and places as the input asks for."""
        place = int(row.site.removeprefix(_PLACE)) if "site" in row else 0
        return super().owns(row) and row.frame < self.settings.frames and place < self.settings.places

    @property
    def solutes(self) -> tuple[str, ...]:
        """The metals that are dissolved."""
        return self.settings.solutes_of(self.job.spec.systems)

    def plan(self) -> Sequence[Step]:
        """Return the step of the film and, after it, that of each solute."""
        settings = self.settings
        film = f"film of {settings.solvent}"
        steps = [Step("sample", film, numbered(film, 2 * settings.frames))]
        for solute in self.solutes:
            title = f"{solute} in {settings.solvent}"
            names = numbered(title, settings.frames * settings.places)
            steps.append(Step("dissolve", title, names, {"solute": solute}, after=[film]))
        return steps

    @step
    def sample(self) -> None:
        """Melt the film and quench its frames."""
        self.films()

    @step
    def dissolve(self, solute: str) -> None:
        """Put one atom of ``solute`` into the middle of each frame and relax it."""
        for film in self.films():
            atoms = atoms_of(film)
            for place, position in enumerate(film_voids(atoms, self.settings.places, z_range=_MIDDLE)):
                candidate = self._candidate(
                    Role.DISSOLVED,
                    insert_solute(atoms, solute, position),
                    film.frame,
                    f"frame {film.frame} with {solute} at place {place}",
                    solute=solute,
                    site=f"{_PLACE}{place}",
                )
                self.calculations().relax(candidate, verify=check_film)

    def films(self) -> list[AtomsRow]:
        """Return the quenched frames that stayed a film, computing what is missing."""
        frames = self._by_frame(self.rows(Role.FRAME))
        if len(frames) < self.settings.frames:
            self._sample()
            frames = self._by_frame(self.rows(Role.FRAME))
        quenched = []
        for row in frames:
            candidate = self._candidate(Role.FILM, atoms_of(row), row.frame, f"frame {row.frame}, quenched")
            quenched.append(self.calculations().relax(candidate, verify=check_film))
        return [row for row in quenched if row.converged]

    def computed(self) -> list[AtomsRow]:
        """Return the rows of the film, and of the solutes of this job."""
        rows = [row for role in Role for row in self.all_rows(role)]
        return [row for row in rows if row.get("solute") in (None, *self.solutes)]

    def insertion_energies(self) -> dict[str, Estimate]:
        """Return what one atom of each solute has in the film above the film alone, eV, by element."""
        dissolved = [row for solute in self.solutes for row in self.rows(Role.DISSOLVED, solute=solute)]
        return insertion_energies(self.rows(Role.FILM), dissolved)

    def results(self) -> Dissolved:
        """Return the energies of the solutes above their own crystals.

        Raises
        ------
        InputError
            No atom was dissolved.
        """
        by_solute: dict[str, Hull] = {}
        for hull in self.job.hulls:
            others = set(hull.elements) - {self.settings.solvent}
            if len(hull.elements) == 2 and len(others) == 1:
                by_solute[others.pop()] = hull
        energies = self.insertion_energies()
        found = {
            solute: replace(energies[solute], mean=energies[solute].mean - _crystal(hull, solute))
            for solute, hull in by_solute.items()
            if solute in energies
        }
        if not found:
            raise InputError(f"no atom was dissolved in {self.settings.solvent}")
        return Dissolved(found, by_solute)

    def sections(self, results: Dissolved) -> Sequence[ReportSection]:
        """Return the section on solutions."""
        from ....reports.solutions import dissolved_atoms, solutions_section

        atoms = dissolved_atoms(results.mu_infinity, results.hulls, self.settings.solvent)
        return [solutions_section(atoms, self.settings.solvent, self.potential, self.settings.n_atoms)]

    def _sample(self) -> None:
        settings, symbol = self.settings, self.settings.solvent
        sampled = melt_and_sample(
            free_film(symbol, np.eye(2) * settings.width, n_atoms=settings.n_atoms, seed=_SEED),
            self.potential,
            settings.sampling,
            self.job.spec.checkpoint_folder / f"{self.key}-{settings.frames}.npz",
            frames=settings.frames,
            melt_K=melt_temperature_K(symbol, settings.sampling),
            sample_K=settings.sampling.sampling_temperature_K or lowest_sampling_temperature_K(symbol),
            seed=_SEED,
        )
        for number, frame in enumerate(sampled.frames):
            self.calculations().single_point(
                self._candidate(Role.FRAME, frame, number, f"frame {number}"), verify=None, **sampled.motion
            )

    def _by_frame(self, rows: Iterable[AtomsRow]) -> list[AtomsRow]:
        return sorted(rows, key=lambda row: row.frame)

    def _candidate(self, role: Role, atoms: Atoms, frame: int, what: str, **more: str) -> Candidate:
        labels: dict[str, str | int] = {
            "study": self.key,
            "role": role.value,
            "solvent": self.settings.solvent,
            "seed": _SEED,
            "frame": frame,
            **more,
        }
        return Candidate(f"{self.settings.solvent} film {what}", "film", atoms, f"built for {self.key}", labels=labels)


def insertion_energies(films: Iterable[AtomsRow], dissolved: Iterable[AtomsRow]) -> dict[str, Estimate]:
    """Return what one atom of each solute has in the film above the film alone, eV, by element.

    The lowest place of each frame is taken, and the frames are averaged.

    Parameters
    ----------
    films, dissolved
        Rows of one study.
    """
    alone = {row.frame: float(row.energy) for row in films}
    found: dict[str, dict[int, float]] = {}
    for row in dissolved:
        if row.frame in alone:
            frames = found.setdefault(row.solute, {})
            frames[row.frame] = min(frames.get(row.frame, np.inf), float(row.energy) - alone[row.frame])
    return {solute: average_over_groups({"film": list(frames.values())}) for solute, frames in found.items()}


def stored_insertion_energies(
    database: StructureDatabase, solvent: str, potential: str, identity: str
) -> dict[str, Estimate]:
    """Return the insertion energies of :func:`insertion_energies` whatever job made them: of each solute the newest.

    Parameters
    ----------
    database
        Where to look.
    solvent
        The liquid.
    potential, identity
        Name of the potential, and what is behind it.
    """
    same = f"solvent={solvent},potential={potential},potential_identity={identity}"
    dissolved = database.select(f"role={Role.DISSOLVED},{same}", sort="id")
    newest = {row.solute: row.study for row in dissolved}
    found: dict[str, Estimate] = {}
    for solute, study in newest.items():
        films = database.select(f"role={Role.FILM},study={study},potential_identity={identity}", sort="id")
        own = [row for row in dissolved if row.solute == solute and row.study == study]
        found |= insertion_energies(films, own)
    return found


def _crystal(hull: Hull, solute: str) -> float:
    """Energy per atom of the stable crystal of the solute, eV."""
    return min(phase.energy_per_atom for phase in hull.stable if phase.formula == solute)
