"""Molecular dynamics of a film: melted, cooled, sampled, and followed while it is sampled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ....calculators.dynamics.run import MDStage, run_md
from ....calculators.dynamics.thermostats import BUSSI
from ....errors import InputError
from ....structures.interfaces.liquid_check import check_liquid
from ....structures.library.liquids import get_liquid
from ..settings import Settings

if TYPE_CHECKING:
    from ase import Atoms


OnStep = Callable[[int, int], None]

_MOST_STEPS_BETWEEN_POSITIONS = 10
"""Steps between the positions from which the motion of a film is measured: 0.05 ps, a tenth of what it forgets in."""


class SamplingSettings(Settings):
    """Molecular dynamics of the film on the rigid solid; temperatures None follow the melting point of the liquid.

    Frames are far enough apart that mercury has forgotten where its atoms were, which takes it 2.5 to 3.2 ps at 334 K;
    how long it took is measured in each film and stored with its frames.
    """

    melt_temperature_K: Annotated[float | None, Field(gt=0, le=5000)] = None
    melt_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    sampling_temperature_K: Annotated[float | None, Field(gt=0, le=5000)] = None
    equilibration_steps: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    steps_between_frames: Annotated[int, Field(ge=1, le=100_000)] = 700
    timestep_fs: Annotated[float, Field(gt=0, le=10)] = 5.0


def melt_temperature_K(symbol: str, sampling: SamplingSettings) -> float:
    """Return the temperature at which a film is melted: the given one, or well above the melting point."""
    return sampling.melt_temperature_K or get_liquid(symbol).melting_point_K + 350.0


def lowest_sampling_temperature_K(symbol: str) -> float:
    """Return a temperature at which a film surely stays liquid."""
    return get_liquid(symbol).melting_point_K + 100.0


@dataclass(frozen=True)
class SampledFilm:
    """A film that was melted and sampled.

    Attributes
    ----------
    frames
        The frames asked for, up to where the dynamics paused.
    motion
        How it moved meanwhile, see :func:`motion_numbers`, and the time between frames, ``frames_apart_ps``; empty
        where the dynamics paused.
    """

    frames: list[Atoms]
    motion: dict[str, float]


def melt_and_sample(
    atoms: Atoms,
    potential: str,
    sampling: SamplingSettings,
    checkpoint: Path,
    *,
    frames: int,
    melt_K: float,
    sample_K: float,
    seed: int,
    on_step: OnStep | None = None,
    pause_after: int | None = None,
) -> SampledFilm:
    """Melt ``atoms`` at ``melt_K``, cool to ``sample_K`` and keep ``frames`` of them.

    The thermostat scales all velocities together, which leaves diffusion as it is. An interrupted run goes on from
    ``checkpoint``, which is removed at the end; so does one that paused after ``pause_after`` frames.
    """
    stages = [MDStage(sampling.melt_steps, melt_K)]
    if sampling.equilibration_steps:
        stages.append(MDStage(sampling.equilibration_steps, melt_K, final_temperature_K=sample_K))
    interval = sampling.steps_between_frames
    every = next(n for n in range(min(_MOST_STEPS_BETWEEN_POSITIONS, interval), 0, -1) if interval % n == 0)
    stages.append(MDStage(frames * interval, sample_K, frame_interval=every))
    wanted = frames if pause_after is None else min(frames, pause_after)
    before = sum(stage.n_steps for stage in stages[:-1])
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    result = run_md(
        atoms,
        potential,
        stages,
        seed=seed,
        timestep_fs=sampling.timestep_fs,
        thermostat=BUSSI,
        checkpoint=checkpoint,
        checkpoint_frames=False,
        on_step=on_step,
        pause_at=before + wanted * interval,
    )
    apart = interval // every
    if wanted < frames:
        return SampledFilm(result.frames[apart - 1 :: apart][:wanted], {})
    checkpoint.unlink(missing_ok=True)
    interval_ps = every * sampling.timestep_fs / 1000
    motion = motion_numbers(result.frames, interval_ps)
    if motion:
        motion["frames_apart_ps"] = apart * interval_ps
    return SampledFilm(result.frames[apart - 1 :: apart], motion)


def motion_numbers(positions: Sequence[Atoms], interval_ps: float) -> dict[str, float]:
    """Return how a film moved: its decorrelation time, its diffusion, and whether it is liquid.

    Parameters
    ----------
    positions
        Frames of molecular dynamics at one temperature, a film by its tags.
    interval_ps
        Time between them, ps.

    Returns
    -------
    dict
        ``decorrelation_ps`` (left out where the film did not forget its configuration), ``diffusion_cm2_s`` with
        ``diffusion_error_cm2_s``, ``followed_ps``, and ``is_liquid``, 1 or 0; empty where too few frames tell.
    """
    try:
        found = check_liquid(positions, interval_ps)
    except InputError:
        return {}
    numbers = {
        "diffusion_cm2_s": found.diffusion.coefficient_cm2_s,
        "diffusion_error_cm2_s": found.diffusion.error_cm2_s,
        "followed_ps": (len(positions) - 1) * interval_ps,
        "is_liquid": float(found.is_liquid),
    }
    if found.decorrelation.time_ps is not None:
        numbers["decorrelation_ps"] = found.decorrelation.time_ps
    return numbers
