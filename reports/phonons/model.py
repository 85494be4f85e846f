"""What a report shows of phonons and of hulls at a temperature: plain data, from which pictures and words are made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from ...errors import InputError
from ...reference.measured import ROOM_TEMPERATURE_K
from ...structures.compositions import parse_system
from ...thermodynamics.hulls.finite_temperature import (
    FiniteTemperatureHull,
    HullTreatment,
    SolidPhase,
    finite_temperature_hull,
    liquid_name,
)
from ...thermodynamics.hulls.hull import PhaseEntry
from ...thermodynamics.vibrations.harmonic import (
    ImaginaryTreatment,
    ModeSpectrum,
    ThermalProperties,
    thermal_properties,
)
from ...thermodynamics.vibrations.quasi_harmonic import QuasiHarmonic, quasi_harmonic

if TYPE_CHECKING:
    from ...calculators.phonons.results import Phonons

_RESOLUTION_K = 1.0
"""To which a temperature of change is narrowed down."""


@dataclass(frozen=True, eq=False)
class VolumeModes:
    """Static energy (eV/atom) and modes of a crystal at one volume (Å^3/atom)."""

    volume_per_atom: float
    energy_per_atom: float
    spectrum: ModeSpectrum


@dataclass(frozen=True, eq=False)
class PhononRecord:
    """One phase with its phonons.

    Attributes
    ----------
    entry
        With the static energy of the crystal that the phonons belong to.
    phonons
        Its phonons.
    volumes
        At several volumes; empty where that was not asked for.
    volumes_failure
        Why there are none although it was asked for.
    """

    entry: PhaseEntry
    phonons: Phonons
    volumes: tuple[VolumeModes, ...] = ()
    volumes_failure: str = ""

    @property
    def name(self) -> str:
        """Name of the phase."""
        return self.entry.name

    @cached_property
    def spectrum(self) -> ModeSpectrum:
        """Its modes."""
        return ModeSpectrum.from_phonons(self.phonons, name=self.name)

    @property
    def phase(self) -> SolidPhase:
        """Energy and modes, as a hull needs them."""
        return SolidPhase(self.entry, self.spectrum)


@dataclass(frozen=True)
class MissingPhonons:
    """A phase without phonons, and why."""

    name: str
    chemical_system: str
    reason: str


@dataclass(frozen=True)
class Change:
    """A solid that comes onto the hull (``gained``) or leaves it at about ``temperature_K``, upon heating."""

    name: str
    temperature_K: float
    gained: bool


@dataclass(frozen=True, eq=False)
class ThermalSystem:
    """One chemical system at several temperatures.

    Attributes
    ----------
    system
        Element symbols joined by hyphens.
    potential
        Name of the potential.
    records
        Its phases with phonons, from the lowest fraction of the first element.
    missing
        Phases without.
    temperatures_K
        Ascending.
    imaginary
        What was made of imaginary modes.
    hulls
        At each temperature; empty where there is none.
    static_hulls
        The same without vibrations: static energies and liquid elements.
    problem
        Why there are no hulls.
    quasi_harmonic
        Thermal expansion and free energy of the phases that have phonons at several volumes, by name.
    quasi_harmonic_failures
        Why it has no result for others, by name.
    """

    system: str
    potential: str
    records: tuple[PhononRecord, ...]
    missing: tuple[MissingPhonons, ...]
    temperatures_K: tuple[float, ...]
    imaginary: HullTreatment
    hulls: tuple[FiniteTemperatureHull, ...] = ()
    static_hulls: tuple[FiniteTemperatureHull, ...] = ()
    problem: str = ""
    quasi_harmonic: Mapping[str, QuasiHarmonic] = field(default_factory=dict)
    quasi_harmonic_failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def unstable(self) -> tuple[PhononRecord, ...]:
        """The phases with imaginary modes."""
        return tuple(record for record in self.records if not record.phonons.dynamically_stable)

    @property
    def reference_index(self) -> int:
        """Place of the temperature nearest to 298.15 K."""
        distances = [abs(kelvin - ROOM_TEMPERATURE_K) for kelvin in self.temperatures_K]
        return distances.index(min(distances))

    def record(self, name: str) -> PhononRecord:
        """Return the phase of that name."""
        return next(record for record in self.records if record.name == name)

    def hull_with(self, temperature_K: float, imaginary: HullTreatment) -> FiniteTemperatureHull | None:
        """Return the hull at a temperature with another treatment of imaginary modes; None where there is none."""
        phases = [record.phase for record in self.records]
        try:
            return finite_temperature_hull(self.system, phases, temperature_K, imaginary=imaginary)
        except InputError:
            return None

    def thermal(self, record: PhononRecord) -> ThermalProperties | None:
        """Return the vibrational properties of a phase at all temperatures; None where imaginary modes forbid it."""
        if not record.spectrum.stable and self.imaginary in ("refuse", "leave_out"):
            return None
        return thermal_properties(record.spectrum, self.temperatures_K, imaginary=_of_modes(self.imaginary))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Solids that come onto the hull or leave it upon heating, to within 1 K; melting elements are left out."""
        found = []
        for before, after in pairwise(self.hulls):
            molten = {name for name in after.liquids if name not in before.liquids}
            old, new = _stable_solids(before, molten), _stable_solids(after, molten)
            for name in [*(name for name in new if name not in old), *(name for name in old if name not in new)]:
                found.append(Change(name, self._narrowed(name, before, after), name in new))
        return tuple(sorted(found, key=lambda change: change.temperature_K))

    def _narrowed(self, name: str, before: FiniteTemperatureHull, after: FiniteTemperatureHull) -> float:
        low, high = before.hull.temperature_K, after.hull.temperature_K
        starts_stable = name in _stable_solids(before)
        while high - low > _RESOLUTION_K:
            middle = (low + high) / 2.0
            hull = self.hull_with(middle, self.imaginary)
            if hull is None:
                break
            low, high = (middle, high) if (name in _stable_solids(hull)) == starts_stable else (low, middle)
        return (low + high) / 2.0


def thermal_system(
    system: str,
    potential: str,
    records: Sequence[PhononRecord],
    temperatures_K: Sequence[float],
    *,
    imaginary: HullTreatment = "absolute",
    missing: Sequence[MissingPhonons] = (),
) -> ThermalSystem:
    """Build the hulls of one system at all temperatures.

    Parameters
    ----------
    system
        Element symbols joined by hyphens.
    potential
        Name of the potential of all records.
    records
        Phases with phonons; those outside the system are ignored.
    temperatures_K
        At least one.
    imaginary
        What is made of imaginary modes; see ``thermodynamics.hulls.finite_temperature.finite_temperature_hull``.
    missing
        Phases without phonons; those outside the system are ignored.
    """
    elements = parse_system(system)
    inside = [record for record in records if set(record.entry.composition) <= set(elements)]
    inside.sort(key=lambda record: (*(record.entry.fraction(symbol) for symbol in elements), record.name))
    kelvins = tuple(sorted({float(kelvin) for kelvin in temperatures_K}))
    thermal = ThermalSystem(
        "-".join(elements),
        potential,
        tuple(inside),
        tuple(item for item in missing if set(item.chemical_system.split("-")) <= set(elements)),
        kelvins,
        imaginary,
    )
    try:
        hulls = [
            finite_temperature_hull(system, [record.phase for record in inside], kelvin, imaginary=imaginary)
            for kelvin in kelvins
        ]
        static = [
            finite_temperature_hull(system, [SolidPhase(record.entry) for record in inside], kelvin)
            for kelvin in kelvins
        ]
    except InputError as error:
        return replace(thermal, problem=str(error))
    expanded, failures = _expanded(inside, kelvins)
    return replace(
        thermal,
        hulls=tuple(hulls),
        static_hulls=tuple(static),
        quasi_harmonic=expanded,
        quasi_harmonic_failures=failures,
    )


def quasi_harmonic_hulls(thermal: ThermalSystem) -> tuple[FiniteTemperatureHull, ...]:
    """Return the hulls with thermal expansion; empty unless every phase of the hulls has it."""
    used = [record for record in thermal.records if thermal.hulls and record.name not in thermal.hulls[0].left_out]
    if not used or any(record.name not in thermal.quasi_harmonic for record in used):
        return ()
    hulls = []
    for index, kelvin in enumerate(thermal.temperatures_K):
        entries = [
            replace(record.entry, energy_per_atom=float(thermal.quasi_harmonic[record.name].free_energy[index]))
            for record in used
        ]
        hulls.append(finite_temperature_hull(thermal.system, [SolidPhase(entry) for entry in entries], kelvin))
    return tuple(hulls)


def _expanded(
    records: Sequence[PhononRecord], temperatures_K: Sequence[float]
) -> tuple[dict[str, QuasiHarmonic], dict[str, str]]:
    """The quasi-harmonic approximation of each phase that has several volumes, and why others have none.

    Imaginary modes refuse it whatever the hulls make of them: what turns imaginary on expansion leaves no smooth F(V).
    """
    found: dict[str, QuasiHarmonic] = {}
    failures: dict[str, str] = {}
    for record in records:
        if record.volumes_failure:
            failures[record.name] = record.volumes_failure
        if not record.volumes:
            continue
        unstable = [point for point in record.volumes if not point.spectrum.stable]
        if unstable:
            worst = min(unstable, key=lambda point: point.spectrum.lowest_frequency_THz)
            failures[record.name] = (
                f"modes are imaginary at {len(unstable)} of {len(record.volumes)} volumes, the strongest"
                f" {-worst.spectrum.lowest_frequency_THz:.2f}i THz at {worst.volume_per_atom:.2f} Å^3/atom"
            )
            continue
        try:
            found[record.name] = quasi_harmonic(
                [point.volume_per_atom for point in record.volumes],
                [point.energy_per_atom for point in record.volumes],
                [point.spectrum for point in record.volumes],
                temperatures_K,
            )
        except InputError as error:
            failures[record.name] = str(error)
    return found, failures


def _of_modes(imaginary: HullTreatment) -> ImaginaryTreatment:
    return "refuse" if imaginary == "leave_out" else imaginary


def _stable_solids(hull: FiniteTemperatureHull, molten: Collection[str] = ()) -> list[str]:
    """Names of the solids on the hull, without those of elements whose liquids are ``molten``."""
    melts = {symbol for symbol in hull.hull.elements if liquid_name(symbol) in molten}
    liquids = {liquid_name(symbol) for symbol in hull.hull.elements}
    return [
        phase.name
        for phase in hull.hull.stable
        if phase.name not in liquids and not (phase.is_element and melts & set(phase.composition))
    ]
