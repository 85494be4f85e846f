"""Melt and quench: a glass from a random start, and the minima below the frames of a liquid."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from ...arguments import number, whole_number
from ...errors import InputError
from ...structures.glass.thiophosphate import GLASS_DENSITY_G_CM3, random_glass
from ..relaxation.relax import RelaxationSettings, relax
from ..relaxation.results import RelaxationResult
from .run import MDResult, run_md
from .stages import MDStage

# Glass: looser than a crystal, whose energy is compared to the last meV; a disordered cell has no symmetry to help.
_GLASS_RELAXATION = RelaxationSettings(fmax=0.05, max_steps=1000)
_FRAME_RELAXATION = RelaxationSettings(fmax=0.05, relax_cell=False)


@dataclass(frozen=True)
class MeltQuenchSettings:
    """How a structure is melted and quenched, at constant volume.

    The defaults are for a small thiophosphate cell on a few cores: 4 ps in all. A computer's quench is faster than any
    experiment by many orders of magnitude; slower ones give denser, better ordered glasses.

    Parameters
    ----------
    melt_temperature_K, final_temperature_K
        Of the melt and of the glass, K; the melt is the hotter one.
    melt_steps
        Steps in the melt.
    quench_rate_K_per_ps
        Rate of the linear ramp from one to the other, K/ps.
    final_steps
        Steps at the final temperature; 0 for none.
    timestep_fs
        Time step, fs; 2 where lithium moves.
    friction_per_ps
        Friction of the thermostat, 1/ps.

    Raises
    ------
    InputError
        A value is out of range.
    """

    melt_temperature_K: float = 1000.0
    final_temperature_K: float = 300.0
    melt_steps: int = 750
    quench_rate_K_per_ps: float = 350.0
    final_steps: int = 250
    timestep_fs: float = 2.0
    friction_per_ps: float = 10.0

    def __post_init__(self) -> None:
        for key in ("melt_temperature_K", "final_temperature_K", "quench_rate_K_per_ps", "timestep_fs"):
            number(key, getattr(self, key), above=0.0)
        if self.final_temperature_K >= self.melt_temperature_K:
            raise InputError(
                f"final_temperature_K: {self.final_temperature_K:g} must be below the melt's"
                f" {self.melt_temperature_K:g} K"
            )
        whole_number("melt_steps", self.melt_steps)
        whole_number("final_steps", self.final_steps, least=0)

    @property
    def quench_steps(self) -> int:
        """Steps of the ramp."""
        time_ps = (self.melt_temperature_K - self.final_temperature_K) / self.quench_rate_K_per_ps
        return max(1, math.ceil(time_ps * 1000 / self.timestep_fs - 1e-9))

    def stages(self) -> list[MDStage]:
        """Return the stages of molecular dynamics: melt, ramp, and hold."""
        stages = [
            MDStage(self.melt_steps, self.melt_temperature_K),
            MDStage(self.quench_steps, self.melt_temperature_K, final_temperature_K=self.final_temperature_K),
        ]
        if self.final_steps:
            stages.append(MDStage(self.final_steps, self.final_temperature_K))
        return stages


@dataclass(frozen=True)
class MeltQuenchResult:
    """A quenched structure.

    Attributes
    ----------
    atoms
        The relaxed structure, or that at the end of the dynamics where nothing was relaxed.
    dynamics
        The molecular dynamics.
    relaxation
        The relaxation after it; None where there was none.
    """

    atoms: Atoms
    dynamics: MDResult
    relaxation: RelaxationResult | None


def melt_and_quench(
    atoms: Atoms,
    potential: str | BaseCalculator,
    settings: MeltQuenchSettings | None = None,
    *,
    relaxation: RelaxationSettings | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> MeltQuenchResult:
    """Melt a structure, quench it along a ramp, and relax it.

    Parameters
    ----------
    atoms
        Start; it is not modified.
    potential
        Name of a potential or an ASE calculator.
    settings
        Temperatures, steps and rate; the defaults of :class:`MeltQuenchSettings` when left out.
    relaxation
        How the structure is relaxed in the end; None leaves that out.
    seed, checkpoint, on_step
        See :func:`~amalgamics.calculators.dynamics.run.run_md`. The checkpoint is that of the dynamics; where it
        is finished, only the relaxation is done anew.

    Returns
    -------
    MeltQuenchResult
        The structure and how it came about.

    Raises
    ------
    InputError
        Bad input, found before any compute.
    MDError, RelaxationError
        The dynamics or the relaxation has no result.
    """
    settings = settings or MeltQuenchSettings()
    dynamics = run_md(
        atoms,
        potential,
        settings.stages(),
        seed=seed,
        timestep_fs=settings.timestep_fs,
        friction_per_ps=settings.friction_per_ps,
        checkpoint=checkpoint,
        on_step=on_step,
    )
    if relaxation is None:
        return MeltQuenchResult(dynamics.final, dynamics, None)
    start = dynamics.final.copy()
    start.arrays.pop("momenta", None)
    relaxed = relax(start, potential, relaxation)
    return MeltQuenchResult(relaxed.atoms, dynamics, relaxed)


def make_glass(
    potential: str | BaseCalculator,
    n_formula_units: int = 16,
    *,
    seed: int = 0,
    density_g_cm3: float = GLASS_DENSITY_G_CM3,
    settings: MeltQuenchSettings | None = None,
    relaxation: RelaxationSettings | None = _GLASS_RELAXATION,
    checkpoint: str | Path | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> MeltQuenchResult:
    """Make a glass of 75 Li2S : 25 P2S5 by melting and quenching a random packing, then relaxing it with its cell.

    The dynamics keep the density of the start; the relaxation finds that of the potential, at 0 K. Where that is off,
    as with CHGNet (1.78 g/cm3) and CHGNet+D3 (2.15; in crystalline β-Li3PS4 1.79 and 2.07 where 1.85 is measured),
    a ``relaxation`` with ``relax_cell`` false keeps the measured one. Judge the glass with
    :func:`~amalgamics.structures.glass.analysis.analyse_glass`.

    Parameters
    ----------
    potential
        Name of a potential or an ASE calculator.
    n_formula_units
        Formula units of Li3PS4, 8 atoms each.
    seed
        Of the packing and of the dynamics.
    density_g_cm3
        Density of the start, g/cm3.
    settings, relaxation, checkpoint, on_step
        See :func:`melt_and_quench`.

    Raises
    ------
    InputError
        Bad input, found before any compute.
    MDError, RelaxationError
        The dynamics or the relaxation has no result.
    """
    start = random_glass(n_formula_units, density_g_cm3=density_g_cm3, seed=seed)
    return melt_and_quench(
        start, potential, settings, relaxation=relaxation, seed=seed, checkpoint=checkpoint, on_step=on_step
    )
