"""Metals and amalgams as electrodes: theoretical capacities, standard potentials, and amalgam potentials by Nernst."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import InputError, unknown_name
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import find_metal, metal
from ...reference.published import QuotedElectrode, quoted_electrodes
from ...structures.library.phases import get_phase
from ..checks import positive
from ..hulls.voltage import molar_mass, theoretical_capacity
from ..units import BOLTZMANN_EV_PER_K, N_A

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .dilute import Solution

POTENTIAL_TOLERANCE_V = 0.02
"""How far a quoted potential may be from the standard one: tables differ by less, couples by more."""


@dataclass(frozen=True)
class MetalElectrode:
    """A metal in contact with its ions.

    Attributes
    ----------
    symbol
        Element.
    electrons_per_ion
        n.
    standard_potential_V_SHE
        Of the couple Mⁿ⁺/M in water at 25 °C on the standard hydrogen scale.
    source, confidence
        Of the potential; ``checked`` or ``recalled``.
    density_g_cm3
        Of the solid metal, from its cell in the phase library.
    quoted_capacity_mAh_per_g, quoted_potential_V_SHE
        As Fan et al. print them (doi:10.1002/adma.202004798).
    note
        What to know before using the entry.
    """

    symbol: str
    electrons_per_ion: int
    standard_potential_V_SHE: float
    source: str
    confidence: str
    density_g_cm3: float
    quoted_capacity_mAh_per_g: float
    quoted_potential_V_SHE: float
    note: str | None = None

    @property
    def capacity_mAh_per_g(self) -> float:
        """Theoretical capacity n F / M per gram of metal."""
        return theoretical_capacity(self.symbol, self.electrons_per_ion)

    @property
    def capacity_mAh_per_cm3(self) -> float:
        """Theoretical capacity per volume of the solid metal."""
        return self.capacity_mAh_per_g * self.density_g_cm3

    @property
    def warning(self) -> str | None:
        """One sentence when the quoted potential is not that of the couple Mⁿ⁺/M; None when they agree."""
        if abs(self.quoted_potential_V_SHE - self.standard_potential_V_SHE) <= POTENTIAL_TOLERANCE_V:
            return None
        reason = f": {self.note}" if self.note else ""
        couple = f"{self.symbol}{self.electrons_per_ion}+/{self.symbol}"
        return (
            f"{self.symbol}: the quoted potential {self.quoted_potential_V_SHE:g} V differs from the standard "
            f"potential {self.standard_potential_V_SHE:g} V of {couple}{reason}"
        )


@dataclass(frozen=True)
class AmalgamPotential:
    """Equilibrium potential of a metal dissolved in a liquid metal.

    Attributes
    ----------
    metal
        The dissolved metal.
    x
        Overall mole fraction.
    voltage_V
        Against the pure metal, V vs M/Mⁿ⁺.
    potential_V_SHE
        On the standard hydrogen scale; None away from 25 °C, where the standard potential is not known here.
    saturated
        The liquid holds all it can; more metal goes into the solid and the potential stays.
    """

    metal: str
    x: float
    voltage_V: float
    potential_V_SHE: float | None
    saturated: bool


def list_electrodes() -> list[MetalElectrode]:
    """List the metals whose standard potential is known, in the order of Fan et al."""
    return [_electrode(symbol, quoted) for symbol, quoted in quoted_electrodes().items()]


def get_electrode(symbol: str) -> MetalElectrode:
    """Return a metal as an electrode.

    Parameters
    ----------
    symbol
        Of the metal.

    Raises
    ------
    InputError
        For a metal that is not listed; the message names those that are.
    """
    quoted = quoted_electrodes()
    if symbol not in quoted:
        raise InputError(unknown_name("electrode", str(symbol), quoted))
    return _electrode(symbol, quoted[symbol])


def amalgam_potential(
    solution: Solution, metal: str, compositions: Iterable[float], *, ion_activity: float = 1.0
) -> list[AmalgamPotential]:
    """Return the potential of an amalgam at each composition.

        E(x) = -mu(x) / (n e)                              against M/Mⁿ⁺, with the ions that the metal has, too
        E_SHE(x) = E°(Mⁿ⁺/M) + E(x) + (kT / n e) ln a       with a the activity of the ions

    Parameters
    ----------
    solution
        mu(x) of the metal relative to the pure solid, from
        :func:`~amalgamics.thermodynamics.amalgams.choose_solution.solution_for`.
    metal
        Element symbol.
    compositions
        Mole fractions in (0, 1].
    ion_activity
        a; it cancels against M/Mⁿ⁺ in the same electrolyte.

    Raises
    ------
    InputError
        A mole fraction outside (0, 1], or an activity that is not positive.
    """
    n = solution.electrons_per_ion
    thermal_V = BOLTZMANN_EV_PER_K * solution.temperature_K / n
    ions_V = thermal_V * math.log(positive("amalgam potential", "ion_activity", ion_activity))
    standard = _standard_potential(metal, n, solution.temperature_K)
    points = []
    for x in compositions:
        voltage = float(-solution.chemical_potential(x)) / n
        on_hydrogen_scale = None if standard is None else standard + voltage + ions_V
        points.append(AmalgamPotential(metal, float(x), voltage, on_hydrogen_scale, x >= solution.x_saturation))
    return points


def _standard_potential(symbol: str, electrons_per_ion: int, temperature_K: float) -> float | None:
    """None where it is not known: another temperature, metal or ion."""
    one = find_metal(symbol)
    if one is None or one.standard_potential is None or one.ion_charge != electrons_per_ion:
        return None
    return one.standard_potential.value if abs(temperature_K - ROOM_TEMPERATURE_K) < 0.5 else None


def _electrode(symbol: str, quoted: QuotedElectrode) -> MetalElectrode:
    one = metal(symbol)
    potential, charge = one.known("standard_potential"), one.ion_charge
    assert charge is not None  # of every metal with a standard potential
    assert one.phase is not None
    phase = get_phase(one.phase)
    volume, atoms = phase.cell_volume, phase.atom_count
    assert volume is not None  # elements have cells with atoms
    assert atoms is not None
    return MetalElectrode(
        symbol=symbol,
        electrons_per_ion=charge,
        standard_potential_V_SHE=potential.value,
        source=potential.source,
        confidence=potential.confidence,
        density_g_cm3=atoms * molar_mass(symbol) / N_A / (volume * 1e-24),
        quoted_capacity_mAh_per_g=quoted.capacity_mAh_per_g,
        quoted_potential_V_SHE=quoted.potential_V_SHE,
        note=quoted.note,
    )
