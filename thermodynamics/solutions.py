"""Which chemical potential to use for a metal in a liquid metal at a temperature: measured, or computed."""

from __future__ import annotations

from typing import Literal

from ..errors import InputError, unknown_name
from .checks import positive
from .dilute import DiluteSolution, Solution
from .solution import LI_IN_HG, NA_IN_HG, AmalgamEMF
from .voltage import ELECTRONS_PER_ION

MEASURED: dict[tuple[str, str], AmalgamEMF] = {("Li", "Hg"): LI_IN_HG, ("Na", "Hg"): NA_IN_HG}
"""Measured solutions by solute and solvent. Potassium in mercury is not among them: a standard potential and a
solubility alone do not give mu(x), and near saturation ln gamma is as large as the rest."""

SOURCES = ("measured", "computed")

_SAME_TEMPERATURE_K = 0.5
_LIQUID_K = {"Hg": (234.32, 629.88)}
"""Melting and boiling point at 1 bar."""


def solution_for(
    solute: str,
    solvent: str,
    temperature_K: float = 298.15,
    source: Literal["measured", "computed"] = "measured",
    *,
    mu_infinity: float | None = None,
    x_saturation: float | None = None,
    ln_gamma_slope: float = 0.0,
    electrons_per_ion: int | None = None,
) -> Solution:
    """Return mu(x) of a metal in a liquid metal at any temperature.

    A measured solution away from its own temperature keeps its standard potential, activity coefficients and
    solubility, and only kT ln x follows; ``source`` of the result says so, and :func:`solution_warning` why to care.

    Parameters
    ----------
    solute, solvent
        Element symbols.
    temperature_K
        Temperature.
    source
        ``measured`` (see :data:`MEASURED`) or ``computed``.
    mu_infinity
        For ``computed``: standard potential at infinite dilution, eV relative to the pure solute.
    x_saturation
        For ``computed``: solubility; None for 1, nothing precipitates.
    ln_gamma_slope
        For ``computed``: slope of ln gamma; 0 is Henry's law.
    electrons_per_ion
        For ``computed``: charge of the ion, for voltages; known for the common metals.

    Raises
    ------
    InputError
        A pair that was not measured, energies missing for ``computed`` or given for ``measured``, an unknown source,
        or a temperature at which the solvent is not liquid.
    """
    if source not in SOURCES:
        raise InputError(unknown_name("source of the solution", source, SOURCES))
    _check_liquid(solvent, temperature_K)
    if source == "measured":
        if mu_infinity is not None or x_saturation is not None:
            raise InputError("solution: mu_infinity and x_saturation belong to source 'computed', not to 'measured'")
        return _measured(solute, solvent, temperature_K)
    if mu_infinity is None:
        raise InputError(
            f"solution: source 'computed' of {solute} in {solvent} needs mu_infinity, the energy of one {solute} atom "
            "in the liquid relative to the pure solid (eV)"
        )
    charge = electrons_per_ion or ELECTRONS_PER_ION.get(solute)
    if charge is None:
        raise InputError(f"solution: the charge of the {solute} ion is not known here; give electrons_per_ion")
    return DiluteSolution(
        mu_infinity,
        temperature_K,
        1.0 if x_saturation is None else x_saturation,
        ln_gamma_slope,
        charge,
        f"computed insertion energy of {solute} in {solvent} and kT ln x",
    )


def solution_warning(solute: str, solvent: str, temperature_K: float = 298.15) -> str | None:
    """Return in one sentence why to be careful with the measured solution; None when nothing speaks against it.

    Raises
    ------
    InputError
        A pair that was not measured.
    """
    emf = _emf(solute, solvent)
    reasons = []
    if emf.confidence != "checked":
        reasons.append(f"its numbers are {emf.confidence}, not compared with the publication")
    if abs(temperature_K - emf.temperature_K) > _SAME_TEMPERATURE_K:
        reasons.append(
            f"it was measured at {emf.temperature_K:g} K; at {temperature_K:g} K only the mixing entropy follows, "
            "standard potential, activity coefficients and solubility do not"
        )
    return f"{solute} in {solvent}: {'; '.join(reasons)}" if reasons else None


def _measured(solute: str, solvent: str, temperature_K: float) -> Solution:
    emf = _emf(solute, solvent)
    if abs(temperature_K - emf.temperature_K) <= _SAME_TEMPERATURE_K:
        return emf
    return DiluteSolution.from_emf(emf, temperature_K)


def _emf(solute: str, solvent: str) -> AmalgamEMF:
    emf = MEASURED.get((solute, solvent))
    if emf is None:
        available = ", ".join(f"{metal} in {liquid}" for metal, liquid in MEASURED)
        raise InputError(
            f"solution: no measured chemical potential of {solute} in {solvent}; there is {available}. "
            "For others use source 'computed' with mu_infinity"
        )
    return emf


def _check_liquid(solvent: str, temperature_K: float) -> None:
    positive("solution", "temperature_K", temperature_K)
    if solvent not in _LIQUID_K:
        return
    low, high = _LIQUID_K[solvent]
    if not low <= temperature_K <= high:
        raise InputError(f"solution: temperature_K is {temperature_K:g}; {solvent} is liquid from {low:g} to {high:g}")
