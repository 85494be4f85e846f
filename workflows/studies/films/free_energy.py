"""The reversible work of adhesion of a film, which is taken off its solid window by window, and its place in rows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from ....calculators.dynamics.detachment import Detachment, DetachmentSettings, detach_film
from ....thermodynamics.uncertainty import Estimate
from ....thermodynamics.units import EV_PER_A2
from ....thermodynamics.wetting.adhesion import WorkOfAdhesion
from ....thermodynamics.wetting.reversible_work import ReversibleWork, nvt_work_of_adhesion, reversible_work
from ...database.fingerprint import digest
from ...database.rows import atoms_of
from ..settings import Settings
from .cells import Role
from .sampling import motion_numbers

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .stored import StoredFilms
    from .study import AnyFilmStudy


_MOST_MISSED_J_M2 = 0.02
"""Systematic errors of the reversible work beyond which the report names them: what films differ by."""


_LEAST_FRAMES = 8
"""Frames of a window that a correlated mean needs."""


class DetachmentOptions(Settings):
    """How long the dynamics of each window are, in steps of ``timestep_fs``."""

    free_steps: Annotated[int, Field(ge=20, le=1_000_000)] = 600
    equilibration_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    sampling_steps: Annotated[int, Field(ge=20, le=1_000_000)] = 500
    frame_interval: Annotated[int, Field(ge=1, le=1000)] = 5
    timestep_fs: Annotated[float, Field(gt=0, le=10)] = 5.0

    @model_validator(mode="after")
    def _keeps_frames(self) -> DetachmentOptions:
        shortest = min(self.free_steps, self.sampling_steps)
        if self.frame_interval > shortest // _LEAST_FRAMES:
            raise ValueError(
                f"detachment.frame_interval: {self.frame_interval} keeps {shortest // self.frame_interval} frames of"
                f" {shortest} steps; averages need {_LEAST_FRAMES}"
            )
        return self

    def at(self, temperature_K: float) -> DetachmentSettings:
        """Return the settings of the dynamics."""
        return DetachmentSettings(temperature_K=temperature_K, **self.model_dump())


def take_off(study: AnyFilmStudy, termination: str, seed: int) -> AtomsRow | None:
    """Take the last frame of a film off its solid, with the sampling potential; return the row with the work.

    What the database has is taken from there, and an interrupted run goes on from the windows that are finished. None
    where no frame shows a film.
    """
    where: dict[str, str | int] = {"termination": termination, "seed": seed}
    frames = study.rows(Role.FRAME, **where)
    if not frames:
        return None
    stored = study.rows(Role.TAKEN_OFF, **where)
    if stored:
        return stored[-1]
    start = atoms_of(max(frames, key=lambda row: row.frame))
    what = f"{termination} seed {seed} taken off"
    folder = study.job.spec.checkpoint_folder / f"{study.key}-{digest([what, study.windows_key], 8)}"
    settings = study.settings.detachment.at(study.sampling_temperature_K)
    detachment = detach_film(start, study.potential, folder, settings, seed=seed)
    candidate = study.candidate("interface", Role.TAKEN_OFF, start, what, windows=study.windows_key, **where)
    row = study.calculations().single_point(candidate, verify=None, **_numbers(detachment))
    shutil.rmtree(folder)
    return row


def _numbers(detachment: Detachment) -> dict[str, float]:
    """Return what is kept of the windows: works with their errors, parts, and how the film moved."""
    work = reversible_work(
        detachment.area, detachment.temperature_K, detachment.cross_energies, detachment.solid_forces
    )
    nvt = nvt_work_of_adhesion(
        0.0,
        detachment.lifts[-1].potential_energies.tolist(),
        detachment.couplings[0].potential_energies.tolist(),
        detachment.area,
    ).total_J_m2
    numbers = {
        "coupling_J_m2": work.coupling_J_m2.mean,
        "rest_J_m2": work.rest_J_m2.mean,
        "quadrature_error_J_m2": work.quadrature_error_J_m2,
        "coupling_by_perturbation_J_m2": work.coupling_by_perturbation_J_m2,
        "force_at_place": detachment.force_at_place,
        "place_error_J_m2": detachment.place_energy / detachment.area * EV_PER_A2,
        "correlation_ps": _memory_ps(work, detachment),
        **motion_numbers(detachment.free_frames, detachment.frame_interval_ps),
    }
    for name, found in (("reversible_work", work.work_J_m2), ("nvt_work", nvt)):
        numbers |= {f"{name}_J_m2": found.mean, f"{name}_samples": found.n_samples}
        if found.standard_error is not None:
            numbers[f"{name}_error_J_m2"] = found.standard_error
    return numbers


def _memory_ps(work: ReversibleWork, detachment: Detachment) -> float:
    """Longest time over which the energy between film and solid remembers, ps."""
    longest = max(one.time for one in work.correlations.values())
    return float(longest * detachment.frame_interval_ps)


def works_taken_off(films: StoredFilms, termination: str) -> dict[str, WorkOfAdhesion]:
    """Return the stored works of one film by treatment, ``free-energy`` and ``nvt``; empty where none was taken off."""
    rows = films.rows(Role.TAKEN_OFF, termination=termination)
    if not rows:
        return {}
    row = rows[-1]
    free, nvt = (
        Estimate(row[f"{name}_J_m2"], row.get(f"{name}_error_J_m2"), int(row.get(f"{name}_samples", 1)))
        for name in ("reversible_work", "nvt_work")
    )
    parts = (Estimate(row.coupling_J_m2), Estimate(row.rest_J_m2))
    return {"free-energy": WorkOfAdhesion(free, "free-energy", *parts), "nvt": WorkOfAdhesion(nvt, "nvt")}


def take_off_problems(films: StoredFilms, termination: str) -> list[str]:
    """Return what makes the reversible work of a film doubtful: held at the wrong height, or too few windows."""
    found = []
    for row in films.rows(Role.TAKEN_OFF, termination=termination)[-1:]:
        missed = row.get("place_error_J_m2", 0.0)
        if missed > _MOST_MISSED_J_M2:
            found.append(
                f"{row.name}: held where a mean force of {row.force_at_place:.2f} eV/Å acts, which may leave out"
                f" {missed:.2f} J/m² of the reversible work; raise detachment.free_steps"
            )
        if row.quadrature_error_J_m2 > _MOST_MISSED_J_M2:
            found.append(
                f"{row.name}: every second window alone would change the reversible work by"
                f" {row.quadrature_error_J_m2:.2f} J/m², an upper bound of what the spacing of the windows costs"
            )
    return found
