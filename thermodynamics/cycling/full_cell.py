"""A film of amalgam as the anode of a full cell: mean voltage, and energy for the mass of what is active."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arguments import whole_number
from ...errors import InputError
from ...reference.cathodes import Cathode
from ..hulls.voltage import molar_mass
from .cycle import FilmRun


@dataclass(frozen=True)
class FullCell:
    """A cell on discharge, over the charge of one half cycle.

    Attributes
    ----------
    anode_V, cathode_V
        Mean voltages against the metal.
    voltage_V
        Of the cell, cathode minus anode; without resistances.
    cathode_kg_m2, metal_kg_m2, host_kg_m2
        Masses of the charged cathode, of all metal of the anode, and of its host, for each area.
    energy_Wh_m2
        Of one discharge.
    """

    anode_V: float
    cathode_V: float
    voltage_V: float
    cathode_kg_m2: float
    metal_kg_m2: float
    host_kg_m2: float
    energy_Wh_m2: float

    @property
    def energy_Wh_kg(self) -> float:
        """For the mass of cathode, metal and host; without electrolyte, current collectors and case."""
        return self.energy_Wh_m2 / (self.cathode_kg_m2 + self.metal_kg_m2 + self.host_kg_m2)


def full_cell(run: FilmRun, step: int, cathode: Cathode) -> FullCell:
    """Return the cell of a cathode and a film that was stripped in a step.

    The cathode is as large as the charge of the step needs, and is discharged wholly.

    Parameters
    ----------
    run
        Of the film.
    step
        Number of a step in which it is stripped, done to its end.
    cathode
        Its host is charged at the beginning.

    Raises
    ------
    InputError
        The cathode takes another metal, or the film is not stripped in the step, or ends in it.
    """
    chain = run.chain
    whole_number("full cell: step", step, least=0)
    if cathode.ion != chain.metal:
        raise InputError(f"full cell: the cathode takes {cathode.ion}, the film gives {chain.metal}")
    inside = np.flatnonzero(run.steps == step)
    ends = run.ended is not None and inside.size and inside[-1] == len(run.steps) - 1
    if inside.size < 2 or run.currents_A_m2[inside[0]] <= 0.0 or ends:
        raise InputError(f"full cell: the film is not stripped to the end in step {step}")
    times, volts = run.times_s[inside], run.voltages_V[inside]
    duration = times[-1] - times[0]
    anode = float(np.trapezoid(volts, times) / duration)
    shares, points = zip(*cathode.voltages.points, strict=True)
    mean = float(np.trapezoid(points, shares))
    charge = float(run.currents_A_m2[inside[0]] * duration)
    film = run.films[inside[0]]
    metal = film.metal * molar_mass(chain.metal) * 1e-3
    host = film.host * molar_mass(chain.host) * 1e-3
    energy = (mean - anode) * charge / 3600.0
    return FullCell(anode, mean, mean - anode, charge / 3.6 / cathode.capacity.value * 1e-3, metal, host, energy)
