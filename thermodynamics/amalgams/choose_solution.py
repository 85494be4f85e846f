"""Which chemical potential to use for a metal in a liquid metal at a temperature: measured, or computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from ...errors import InputError, unknown_name
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.metals import find_metal, ion_charge
from ...reference.published import observed_drops
from ..checks import positive
from .dilute import DiluteSolution, Solution
from .measured_solutions import LI_IN_HG, NA_IN_HG, AmalgamEMF
from .solubility import list_solubilities, solubility_at

MEASURED: dict[tuple[str, str], AmalgamEMF] = {("Li", "Hg"): LI_IN_HG, ("Na", "Hg"): NA_IN_HG}
"""Measured solutions by solute and solvent. Potassium in mercury is not among them: a standard potential and a
solubility alone do not give mu(x), and near saturation ln gamma is as large as the rest."""

SOURCES = ("measured", "computed")

_SAME_TEMPERATURE_K = 0.5
_SAME_COMPOSITION = 0.02
"""Relative difference below which two compositions are not worth naming apart."""
_LEAST_SOLUBILITY = 1e-12
"""A computed solubility may be too small for any drop to hold one atom."""
_WITHOUT_LIMIT = 0.1
"""Last composition worth naming where nothing precipitates."""


def solution_for(
    solute: str,
    solvent: str,
    temperature_K: float = ROOM_TEMPERATURE_K,
    source: Literal["measured", "computed"] = "measured",
    *,
    mu_infinity: float | None = None,
    x_saturation: float | None = None,
    solubility_source: str = "",
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
    solubility_source
        For ``computed``: whether that is ``measured`` or ``computed``, for ``source`` of the result.
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
    charge = electrons_per_ion or ion_charge(solute)
    if charge is None:
        raise InputError(f"solution: the charge of the {solute} ion is not known here; give electrons_per_ion")
    limit = 1.0 if x_saturation is None else x_saturation
    origin = f"computed insertion energy of {solute} in {solvent} and kT ln x"
    if solubility_source:
        origin += f"; solubility {_atomic_percent(limit)} {solubility_source}"
    return DiluteSolution(mu_infinity, temperature_K, limit, ln_gamma_slope, charge, origin)


def solution_warning(solute: str, solvent: str, temperature_K: float = ROOM_TEMPERATURE_K) -> str | None:
    """Return in one sentence why to be careful with the measured solution; None when nothing speaks against it.

    Parameters
    ----------
    solute, solvent
        Element symbols.
    temperature_K
        At which the solution is used.

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


def measured_solubility(solute: str, solvent: str, temperature_K: float) -> tuple[float, str] | None:
    """Return the measured mole fraction of the saturated liquid and its source; None where none is listed."""
    if solvent != "Hg" or solute not in {item.metal for item in list_solubilities()}:
        return None
    return solubility_at(solute, temperature_K)


def pinned_solution(
    solute: str,
    solvent: str,
    temperature_K: float,
    *,
    mu_infinity: float,
    computed_solubility: float,
    potential: str,
    electrons_per_ion: int | None = None,
) -> tuple[Solution, tuple[str, ...]]:
    """Return mu(x) from a computed energy, held constant above the measured solubility, and what to know of it.

    An error of 0.06 eV in a computed energy changes the computed solubility tenfold, so the measured one is taken
    wherever it is known; the computed one is told beside it. Where none is known the computed one has to do. mu is
    continuous: above saturation it stays what it is there.

    Parameters
    ----------
    solute, solvent, temperature_K, electrons_per_ion
        As for :func:`solution_for`.
    mu_infinity
        Computed standard potential at infinite dilution, eV relative to the pure solute.
    computed_solubility
        Mole fraction, see :func:`~amalgamics.thermodynamics.amalgams.dilute.computed_solubility`.
    potential
        The energies were computed with.

    Returns
    -------
    tuple
        The solution, whose ``source`` says what is measured and what computed; and sentences for the reader.

    Raises
    ------
    InputError
        As for :func:`solution_for`.
    """
    known = measured_solubility(solute, solvent, temperature_K)
    computed = min(max(computed_solubility, _LEAST_SOLUBILITY), 1.0)
    x_saturation, source = known if known is not None else (computed, f"computed with {potential}")
    solution = solution_for(
        solute,
        solvent,
        temperature_K,
        "computed",
        mu_infinity=mu_infinity,
        x_saturation=x_saturation,
        solubility_source="computed" if known is None else "measured",
        electrons_per_ion=electrons_per_ion,
    )
    warnings = [f"the chemical potential of {solute} is computed with {potential}, not measured"]
    if known is not None:
        warnings.append(
            f"{solute} in {solvent} is saturated at its measured solubility, {_atomic_percent(x_saturation)}"
            f" ({source}); the computed one is {_atomic_percent(computed)}"
        )
    else:
        warnings.append(
            f"no measured solubility of {solute} in {solvent} is listed; it is saturated at the computed one,"
            f" {_atomic_percent(computed)}, which changes tenfold for every 0.06 eV"
        )
    return solution, tuple(warnings)


def key_compositions(solute: str, solvent: str, x_saturation: float) -> tuple[float, ...]:
    """Return the few mole fractions of a solute that are worth naming, rising: 0 first, saturation last.

    Between them stand the compositions at which drops were observed, for lithium in mercury 0.003 % and 1.33 %, or else
    one decade at or below a hundredth of the solubility. Where nothing precipitates, the last one is 0.1.

    Parameters
    ----------
    solute, solvent
        Element symbols.
    x_saturation
        Mole fraction of the saturated solution; 1 where nothing precipitates.

    Raises
    ------
    InputError
        A solubility not in (0, 1].
    """
    if not 0.0 < x_saturation <= 1.0:
        raise InputError(f"key compositions: x_saturation is {x_saturation!r}; it must lie in (0, 1]")
    last = float(x_saturation) if x_saturation < 1.0 else _WITHOUT_LIMIT
    observed = tuple(x for x in observed_drops(solute, solvent) if x > 0.0)
    between = observed or (_decade(math.floor(math.log10(0.01 * last))),)
    return (0.0, *(x for x in between if x < last * (1.0 - _SAME_COMPOSITION)), last)


def shown_compositions(keys: Sequence[float], *, lowest: float = 1e-7) -> tuple[float, ...]:
    """Return the decades from ``lowest`` up to half of the last composition, together with ``keys``, rising.

    Parameters
    ----------
    keys
        Of :func:`key_compositions`.
    lowest
        First decade; where it lies above half of the last composition there are ``keys`` alone.
    """
    exponents = range(round(math.log10(lowest)), 1)
    decades = [x for x in map(_decade, exponents) if x <= 0.5 * keys[-1]]
    new = [x for x in decades if all(abs(x - key) > _SAME_COMPOSITION * key for key in keys)]
    return tuple(sorted([*keys, *new]))


def _decade(exponent: int) -> float:
    return float(f"1e{exponent}")


def _atomic_percent(x: float) -> str:
    return f"{100.0 * x:.3g} at.%"


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
    known = find_metal(solvent)
    if known is None or known.boiling_point is None:
        return
    low, high = known.melting_point_K, known.boiling_point.value
    if not low <= temperature_K <= high:
        raise InputError(f"solution: temperature_K is {temperature_K:g}; {solvent} is liquid from {low:g} to {high:g}")
