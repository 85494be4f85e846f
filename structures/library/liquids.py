"""Liquid metals: density and surface tension, and a liquid as a periodic cell of randomly packed atoms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ase import units
from ase.data import atomic_masses, atomic_numbers

from ...errors import InputError, unknown_name
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import find_metal, list_metals
from ..packing import pack
from ..tags import LIQUID

if TYPE_CHECKING:
    from ase import Atoms

_CM3 = 1e24  # Å^3
_GRAM = 1e3 * units.kg / 1e6  # g in atomic mass units
# Random close packing of equal spheres; gives 3.1 Å for mercury, the first peak of its measured g(r).
_PACKING_FRACTION = 0.64


@dataclass(frozen=True)
class LiquidMetal:
    """Density and surface tension of a liquid metal, linear in temperature.

    Parameters
    ----------
    density_g_cm3, density_slope_g_cm3_K, density_reference_K
        Mass density at the reference temperature and its slope.
    surface_tension_J_m2, surface_tension_slope_J_m2_K, surface_tension_reference_K
        The same for the surface tension against vapour, of the clean metal.
    surface_tension_uncertainty_J_m2
        One standard deviation, as judged from the scatter of measurements.
    density_source, surface_tension_source
        Where the values come from; ``confidence`` is ``checked`` or ``recalled``.
    """

    symbol: str
    melting_point_K: float
    density_g_cm3: float
    density_slope_g_cm3_K: float
    density_reference_K: float
    surface_tension_J_m2: float
    surface_tension_slope_J_m2_K: float
    surface_tension_reference_K: float
    surface_tension_uncertainty_J_m2: float
    density_source: str
    surface_tension_source: str
    confidence: str
    note: str | None = None

    def number_density(self, temperature_K: float | None = None) -> float:
        """Atoms per Å^3 at a temperature; by default at 298.15 K or, if higher, at the melting point."""
        kelvin = max(ROOM_TEMPERATURE_K, self.melting_point_K) if temperature_K is None else temperature_K
        mass_density = self.density_g_cm3 + self.density_slope_g_cm3_K * (kelvin - self.density_reference_K)
        if not (math.isfinite(kelvin) and kelvin > 0 and mass_density > 0):
            raise InputError(f"temperature_K {kelvin!r}: liquid {self.symbol} needs one where its density is positive")
        return float(mass_density * _GRAM / atomic_masses[atomic_numbers[self.symbol]] / _CM3)

    def nearest_neighbour_distance(self, temperature_K: float | None = None) -> float:
        """Distance between neighbours, Å, estimated from the density as that of randomly packed spheres."""
        return float((6 * _PACKING_FRACTION / math.pi / self.number_density(temperature_K)) ** (1 / 3))


def list_liquids() -> list[LiquidMetal]:
    """List the liquid metals that are known, in the order of the data file."""
    return [get_liquid(one.symbol) for one in list_metals()]


def get_liquid(symbol: str) -> LiquidMetal:
    """Return what is known of a liquid metal.

    Raises
    ------
    InputError
        For a metal that is not listed; the message names those that are.
    """
    one = find_metal(symbol)
    if one is None:
        raise InputError(unknown_name("liquid metal", str(symbol), [known.symbol for known in list_metals()]))
    density, tension = one.liquid_density, one.surface_tension
    return LiquidMetal(
        symbol=symbol,
        melting_point_K=one.melting_point_K,
        density_g_cm3=density.value,
        density_slope_g_cm3_K=density.slope,
        density_reference_K=density.temperature_K,
        surface_tension_J_m2=tension.value,
        surface_tension_slope_J_m2_K=tension.slope,
        surface_tension_reference_K=tension.temperature_K,
        surface_tension_uncertainty_J_m2=tension.uncertainty or 0.0,
        density_source=density.source,
        surface_tension_source=tension.source,
        confidence="checked" if density.confidence == tension.confidence == "checked" else "recalled",
        note=tension.note,
    )


def bulk_liquid(symbol: str, n_atoms: int, *, seed: int = 0, temperature_K: float | None = None) -> Atoms:
    """Build a cubic periodic cell of a liquid at its density, with randomly packed atoms.

    Parameters
    ----------
    symbol
        A metal of :func:`list_liquids`.
    n_atoms
        Atoms in the cell, at least 8.
    seed
        The same seed gives the same positions.
    temperature_K
        Temperature of the density; by default 298.15 K or, if higher, the melting point.

    Raises
    ------
    InputError
        For an unknown metal or too few atoms.
    """
    from ase import Atoms

    liquid = get_liquid(symbol)
    if n_atoms < 8:
        raise InputError(f"n_atoms is {n_atoms}; a cell of liquid needs at least 8 atoms")
    edge = (n_atoms / liquid.number_density(temperature_K)) ** (1 / 3)
    box = Atoms(cell=[edge] * 3, pbc=True)
    positions = pack(box, n_atoms, liquid.nearest_neighbour_distance(temperature_K), seed=seed)
    cell = Atoms([symbol] * n_atoms, positions, cell=box.cell, pbc=True, tags=[LIQUID] * n_atoms)
    cell.wrap()
    return cell
