"""Free energies of solids at a temperature, and the hull they make with the liquid elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from ...errors import InputError, unknown_name
from ...structures.compositions import parse_system
from ...structures.library.liquids import get_liquid
from ..checks import not_negative
from ..vibrations.harmonic import TREATMENTS, ImaginaryTreatment, ModeSpectrum, vibrational_free_energy
from .fusion import get_fusion, list_fusions
from .hull import Hull, PhaseEntry, build_hull

HullTreatment = Literal["refuse", "skip", "absolute", "leave_out"]
HULL_TREATMENTS = (*TREATMENTS, "leave_out")

_LIFT = 100.0
"""By how much a phase is lifted to see the hull without it, eV/atom: more than any phase is stable by."""


@dataclass(frozen=True)
class SolidPhase:
    """A phase and its vibrations.

    Attributes
    ----------
    entry
        With the static energy.
    spectrum
        Its modes; None to leave vibrations out, for all phases of a hull or for none.
    """

    entry: PhaseEntry
    spectrum: ModeSpectrum | None = None


@dataclass(frozen=True)
class FiniteTemperatureHull:
    """The hull at one temperature, and what to know about it.

    Attributes
    ----------
    hull
        With free energies per atom in place of energies.
    vibrations
        Whether they hold the vibrations.
    liquids
        Names of the liquid elements among its phases.
    flagged
        Phases whose imaginary modes were skipped or taken by their absolute value, with the reason.
    left_out
        Phases that are not in the hull because of imaginary modes, with the reason.
    """

    hull: Hull
    vibrations: bool
    liquids: tuple[str, ...] = ()
    flagged: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def solid_free_energy(
    energy_per_atom: float,
    spectrum: ModeSpectrum | None,
    temperature_K: float,
    *,
    imaginary: ImaginaryTreatment = "refuse",
) -> float:
    """Return the static energy plus F_vib, eV/atom; without a spectrum the static energy.

    Pressure times volume (1e-5 eV/atom at 1 bar), thermal expansion and configurational entropy are left out.

    Raises
    ------
    UnstableCrystalError
        The spectrum has imaginary modes, and ``imaginary`` is ``refuse``.
    InputError
        The temperature is negative or not finite.
    """
    kelvin = not_negative("free energy", "temperature_K", temperature_K)
    if spectrum is None:
        return energy_per_atom
    return energy_per_atom + vibrational_free_energy(spectrum, kelvin, imaginary=imaginary)


def finite_temperature_hull(
    system: str,
    phases: Sequence[SolidPhase],
    temperature_K: float,
    *,
    liquids: bool = True,
    imaginary: HullTreatment = "refuse",
) -> FiniteTemperatureHull:
    """Build the hull of free energies at a temperature.

    Elements above their melting point get their liquid as one more phase: the free energy of their most stable solid
    plus the measured free energy of melting (see `fusion`). So an error of the potential in that solid does not enter
    the melting point.

    Parameters
    ----------
    system
        Element symbols joined by hyphens.
    phases
        Solid phases within the system, at least one of each element; all with vibrations, or none.
    temperature_K
        0 gives static energies plus zero-point energies; without spectra, the ordinary hull.
    liquids
        Whether liquid elements are added.
    imaginary
        What to do with phases that have imaginary modes: ``refuse`` the hull; ``leave_out`` the phases, which are then
        listed; or ``skip`` the modes or take their ``absolute`` frequency, and flag the phases.

    Raises
    ------
    UnstableCrystalError
        A phase has imaginary modes, and ``imaginary`` is ``refuse``.
    InputError
        Some phases have vibrations and some do not, an element is left without a phase, or whatever `build_hull`
        refuses.
    """
    kelvin = not_negative("hull", "temperature_K", temperature_K)
    if imaginary not in HULL_TREATMENTS:
        raise InputError("imaginary: " + unknown_name("treatment of imaginary modes", str(imaginary), HULL_TREATMENTS))
    vibrations = _all_or_none(phases)
    entries: list[PhaseEntry] = []
    flagged: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for phase in phases:
        reason = _instability(phase)
        if reason and imaginary == "leave_out":
            left_out[phase.entry.name] = reason
            continue
        if reason and imaginary != "refuse":
            flagged[phase.entry.name] = reason
        treatment: ImaginaryTreatment = "refuse" if imaginary == "leave_out" else imaginary
        energy = solid_free_energy(phase.entry.energy_per_atom, phase.spectrum, kelvin, imaginary=treatment)
        entries.append(replace(phase.entry, energy_per_atom=energy))
    _check_elements_left(system, entries, left_out)
    melts = [_liquid_entry(symbol, entries, kelvin) for symbol in parse_system(system) if liquids]
    molten = [entry for entry in melts if entry is not None]
    return FiniteTemperatureHull(
        build_hull(system, [*entries, *molten], temperature_K=kelvin),
        vibrations,
        tuple(entry.name for entry in molten),
        MappingProxyType(flagged),
        MappingProxyType(left_out),
    )


def signed_distances(hull: Hull) -> dict[str, float]:
    """Return how far each phase lies above the hull of all other phases, eV/atom: negative for those on the hull.

    So it tells also how firmly a stable phase stands. It is 0 for the only phase of an element, without which there is
    no hull.
    """
    distances = {phase.name: phase.e_above_hull for phase in hull.phases}
    for stable in hull.stable:
        pure = [phase for phase in hull.phases if set(phase.composition) == set(stable.composition)]
        if stable.is_element and len(pure) == 1:
            continue
        lifted = [
            replace(phase, energy_per_atom=phase.energy_per_atom + (_LIFT if phase.name == stable.name else 0.0))
            for phase in hull.phases
        ]
        distances[stable.name] = build_hull(hull.system, lifted).phase(stable.name).e_above_hull - _LIFT
    return distances


def liquid_name(symbol: str) -> str:
    """Return the name of the liquid element in a hull."""
    return f"{symbol} (liquid)"


def _all_or_none(phases: Sequence[SolidPhase]) -> bool:
    without = [phase.entry.name for phase in phases if phase.spectrum is None]
    if without and len(without) < len(phases):
        named = ", ".join(without[:3]) + (", …" if len(without) > 3 else "")
        raise InputError(
            f"phases: {len(without)} of {len(phases)} have no vibrations ({named}); give them for all phases of a hull"
            " or for none"
        )
    return not without


def _instability(phase: SolidPhase) -> str:
    if phase.spectrum is None or phase.spectrum.stable:
        return ""
    return (
        f"{phase.spectrum.imaginary_fraction:.2%} of the modes are imaginary, the strongest"
        f" {-phase.spectrum.lowest_frequency_THz:.2f}i THz"
    )


def _check_elements_left(system: str, entries: Sequence[PhaseEntry], left_out: Mapping[str, str]) -> None:
    if not left_out:
        return
    present = {element for entry in entries if entry.is_element for element in entry.composition}
    missing = [element for element in parse_system(system) if element not in present]
    if missing:
        raise InputError(
            f"hull of {system}: every phase of {', '.join(missing)} has imaginary modes or is missing, so there is no"
            f" reference; left out: {', '.join(left_out)}"
        )


def _liquid_entry(symbol: str, entries: Sequence[PhaseEntry], temperature_K: float) -> PhaseEntry | None:
    """Return the liquid of an element, or None below its melting point or where its heat of fusion is not known."""
    solids = [entry for entry in entries if set(entry.composition) == {symbol}]
    if not solids or symbol not in {fusion.symbol for fusion in list_fusions()}:
        return None
    fusion = get_fusion(symbol)
    if temperature_K < fusion.melting_point_K:
        return None
    lowest = min(solids, key=lambda entry: entry.energy_per_atom)
    return PhaseEntry(
        name=liquid_name(symbol),
        formula=symbol,
        composition={symbol: 1},
        energy_per_atom=lowest.energy_per_atom + fusion.free_energy(temperature_K),
        volume_per_atom=1.0 / get_liquid(symbol).number_density(temperature_K),
        source=f"{lowest.name} and the measured heat of fusion",
    )
