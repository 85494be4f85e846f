"""The thermostats of molecular dynamics, and what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms, units

from ...arguments import choice

if TYPE_CHECKING:
    from ase.md.bussi import Bussi
    from ase.md.langevin import Langevin

LANGEVIN = "langevin"
BUSSI = "bussi"
"""For sampling a liquid: atoms of mercury at 300 K change direction about 8 times a picosecond (kT/mD), so Langevin's
friction of 10 per ps halves their diffusion, and with it the number of independent configurations of a run. Scaling all
velocities together, by the random factor that gives the canonical ensemble (G. Bussi, D. Donadio and M. Parrinello,
doi:10.1063/1.2408420), leaves it as it is, even when it takes hold within 0.1 ps."""
THERMOSTATS = (LANGEVIN, BUSSI)


def check_thermostat(name: str) -> None:
    """Refuse a thermostat that there is not.

    Raises
    ------
    InputError
        Naming those that there are.
    """
    choice("thermostat", name, THERMOSTATS)


class Thermostat:
    """Takes steps with one of ASE's integrators; all that the next step depends on is in its arguments.

    Parameters
    ----------
    name
        One of :data:`THERMOSTATS`.
    timestep_fs
        Time step, fs.
    friction_per_ps
        Rate at which it takes hold, 1/ps.
    """

    def __init__(self, name: str, timestep_fs: float, friction_per_ps: float) -> None:
        check_thermostat(name)
        self.name, self.timestep = name, timestep_fs * units.fs
        self.friction = friction_per_ps / (1000 * units.fs)
        self._integrator: Langevin | Bussi | None = None
        self._temperature_K: float | None = None

    def step(self, atoms: Atoms, temperature_K: float, rng: np.random.Generator) -> None:
        """Move ``atoms``, which have momenta and always are the same object, by one step towards a temperature, K."""
        if self._integrator is None or self._temperature_K != temperature_K:
            self._integrator, self._temperature_K = self._build(atoms, temperature_K, rng), temperature_K
        self._integrator.step()

    def _build(self, atoms: Atoms, temperature_K: float, rng: np.random.Generator) -> Langevin | Bussi:
        if self.name == BUSSI:
            from ase.md.bussi import Bussi

            return Bussi(atoms, self.timestep, temperature_K, taut=1 / self.friction, rng=rng)
        from ase.md.langevin import Langevin

        return Langevin(atoms, self.timestep, temperature_K=temperature_K, friction=self.friction, fixcm=False, rng=rng)
