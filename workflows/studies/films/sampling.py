"""Molecular dynamics of a film: melted, cooled, and sampled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ....calculators.dynamics.run import MDResult, MDStage, run_md
from ....structures.library.liquids import get_liquid
from ..settings import Settings

if TYPE_CHECKING:
    from ase import Atoms


OnStep = Callable[[int, int], None]


class SamplingSettings(Settings):
    """Molecular dynamics of the film on the rigid solid; temperatures None follow the melting point of the liquid."""

    melt_temperature_K: Annotated[float | None, Field(gt=0, le=5000)] = None
    melt_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    sampling_temperature_K: Annotated[float | None, Field(gt=0, le=5000)] = None
    equilibration_steps: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    steps_between_frames: Annotated[int, Field(ge=1, le=100_000)] = 60
    timestep_fs: Annotated[float, Field(gt=0, le=10)] = 5.0


def melt_temperature_K(symbol: str, sampling: SamplingSettings) -> float:
    """Return the temperature at which a film is melted: the given one, or well above the melting point."""
    return sampling.melt_temperature_K or get_liquid(symbol).melting_point_K + 350.0


def lowest_sampling_temperature_K(symbol: str) -> float:
    """Return a temperature at which a film surely stays liquid."""
    return get_liquid(symbol).melting_point_K + 100.0


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
) -> MDResult:
    """Melt ``atoms`` at ``melt_K``, cool to ``sample_K`` and keep ``frames`` of them.

    An interrupted run goes on from ``checkpoint``, which is removed at the end.
    """
    stages = [MDStage(sampling.melt_steps, melt_K)]
    if sampling.equilibration_steps:
        stages.append(MDStage(sampling.equilibration_steps, melt_K, final_temperature_K=sample_K))
    interval = sampling.steps_between_frames
    stages.append(MDStage(frames * interval, sample_K, frame_interval=interval))
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    result = run_md(
        atoms,
        potential,
        stages,
        seed=seed,
        timestep_fs=sampling.timestep_fs,
        checkpoint=checkpoint,
        on_step=on_step,
    )
    checkpoint.unlink(missing_ok=True)
    return result
