"""The liquid of an element as a reference: its free energy from that of the solid and the measured heat of fusion."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...errors import InputError, unknown_name
from ...reference.metals import find_metal, symbols_with
from ..checks import not_negative
from ..units import KJ_PER_MOL

_EV_PER_J_MOL = 1e-3 * KJ_PER_MOL


@dataclass(frozen=True)
class Fusion:
    """Melting of an element at 1 bar.

    Attributes
    ----------
    symbol
        Element.
    melting_point_K
        Where solid and liquid have the same free energy.
    heat_kJ_mol
        Enthalpy of fusion there.
    source, confidence
        Where the heat comes from; ``checked`` or ``recalled``.
    heat_capacity_change_J_mol_K
        Liquid minus solid, taken as constant; 0 where it is neglected.
    """

    symbol: str
    melting_point_K: float
    heat_kJ_mol: float
    source: str
    confidence: str
    heat_capacity_change_J_mol_K: float = 0.0

    def free_energy(self, temperature_K: float) -> float:
        """Free energy of the liquid minus that of the solid, eV/atom; negative above the melting point.

        Delta G = H (1 - T/T_m) + Delta C_p [T - T_m - T ln(T/T_m)]

        Raises
        ------
        InputError
            The temperature is negative or not finite.
        """
        kelvin = not_negative(f"fusion of {self.symbol}", "temperature_K", temperature_K)
        melting = self.melting_point_K
        joule = 1000.0 * self.heat_kJ_mol * (1.0 - kelvin / melting)
        logarithm = kelvin * (math.log(kelvin) - math.log(melting)) if kelvin > 0.0 else 0.0
        joule += self.heat_capacity_change_J_mol_K * (kelvin - melting - logarithm)
        return float(joule * _EV_PER_J_MOL)


def list_fusions() -> list[Fusion]:
    """List the elements whose heat of fusion is known, in the order of the data file."""
    return [get_fusion(symbol) for symbol in symbols_with("heat_of_fusion")]


def get_fusion(symbol: str) -> Fusion:
    """Return what is known of the melting of an element.

    Parameters
    ----------
    symbol
        Of the element.

    Raises
    ------
    InputError
        For an element that is not listed; the message names those that are.
    """
    one = find_metal(symbol)
    if one is None or one.heat_of_fusion is None:
        raise InputError(unknown_name("element with a heat of fusion", str(symbol), symbols_with("heat_of_fusion")))
    heat, change = one.heat_of_fusion, one.heat_capacity_change_on_fusion
    return Fusion(
        symbol, one.melting_point_K, heat.value, heat.source, heat.confidence, 0.0 if change is None else change.value
    )
