"""Dispersion corrections, D3 and D4 with Becke-Johnson damping, by the libraries of their authors.

Both without the three-body (Axilrod-Teller-Muto) term: with the libraries' cutoffs it costs 200 to 300 times the rest
(0.3 s instead of 2 ms for D3 and 0.7 s instead of 3 ms for D4 on the two-atom cell of LiHg). It would weaken the
binding of mercury by 0.035 (D3) and 0.031 eV/atom (D4), and of LiHg by 0.028 and 0.012, with the parameters for PBE.
The cutoffs are the libraries' own: 60 Bohr for pairs; 40 (D3) and 30 Bohr (D4) for coordination numbers.

References: D3(BJ) doi 10.1002/jcc.21759; D4 doi 10.1063/1.5090222 and, periodic, 10.1039/D0CP00502A; parameters for
r2SCAN doi 10.1063/5.0041008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import elements as element_sets

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

DISPERSION_ELEMENTS = {"d3": element_sets.D3, "d4": element_sets.D4}
DISPERSION_PACKAGES = {"d3": "dftd3", "d4": "dftd4"}

# Functionals both libraries have parameters for, under the same name.
FUNCTIONALS = ("b3lyp", "blyp", "pbe", "pbe0", "pbesol", "r2scan", "revpbe", "rpbe", "scan", "tpss")


def get_dispersion_calculator(method: str, functional: str) -> Calculator:
    """Return the ASE calculator of a dispersion correction alone.

    Parameters
    ----------
    method
        ``d3`` or ``d4``.
    functional
        Density functional whose damping parameters are taken, one of :data:`FUNCTIONALS`.
    """
    # "atm" is the three-body term; said in words because the libraries' defaults differ from each other.
    tweaks: dict[str, Any] = {"method": functional, "atm": False}
    if method == "d3":
        from dftd3.ase import DFTD3

        return DFTD3(method=functional, damping="d3bj", params_tweaks=tweaks)
    from dftd4.ase import DFTD4

    return DFTD4(method=functional, params_tweaks={"atm": False})


def dispersion_provenance(method: str, functional: str) -> dict[str, Any]:
    """Return what fixes the correction, as plain JSON."""
    return {"method": method, "functional": functional, "damping": "bj", "three_body": False}
