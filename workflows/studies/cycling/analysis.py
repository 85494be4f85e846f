"""From hulls to films in time: every case of the settings, the map, and the least mercury."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ....errors import InputError
from ....reference.metals import metal as metal_facts
from ....reports.cycling.model import (
    ContactBand,
    CyclingConditions,
    CyclingReport,
    FilmCase,
    FilmLimit,
    FilmResults,
    LargestDiffusivity,
    MapPart,
)
from ....thermodynamics.amalgams.solubility import liquidus_for
from ....thermodynamics.cycling.cell import Contact, symmetric_cell
from ....thermodynamics.cycling.contact import wetted_fraction
from ....thermodynamics.cycling.diffusivities import LEAST_SOLID_M2_S, MOST_SOLID_M2_S, Diffusivities
from ....thermodynamics.cycling.healing import (
    Protocol,
    healing_points,
    largest_current,
    largest_diffusivity_factor,
    least_thickness_m,
)
from ....thermodynamics.cycling.initial_films import applied_film
from ....thermodynamics.cycling.phases import PhaseChain, phase_chain
from ....thermodynamics.hulls.hull import Hull
from ....thermodynamics.wetting.contact_angle import measured_tension
from .settings import HOST, HOUR_S, MA_CM2, MAH_CM2, MV, OHM_CM2, UM, CyclingSettings, known_metals

_MAP_CELLS = 8
_FINE = 0.002
"""Of the largest diffusivity: its two digits are told downwards, and a coarser one would often be a digit lower."""


@dataclass(frozen=True)
class FreeEnergies:
    """Hulls of free energies of one metal and mercury.

    Attributes
    ----------
    at
        The hull at a temperature (K); None where there is none.
    potential
        That the phonons were computed with.
    """

    at: Callable[[float], Hull | None]
    potential: str


@dataclass(frozen=True)
class _Energies:
    """The hull of one metal and mercury."""

    static: Hull
    potential: str
    free: FreeEnergies | None = None

    def at(self, kelvin: float) -> Hull:
        """The hull of free energies where there is one, else that of static energies."""
        return self.static if (hull := self._free(kelvin)) is None else hull

    def kind(self, kelvin: float) -> tuple[str, str]:
        """Return what the hull is of, and the potential that it was computed with."""
        if self.free is None or self._free(kelvin) is None:
            return "static energies", self.potential
        return "free energies", self.free.potential

    def _free(self, kelvin: float) -> Hull | None:
        return None if self.free is None else self.free.at(kelvin)


@dataclass(frozen=True)
class Angles:
    """Lowest and highest contact angle of the saturated liquid on the electrolyte, and where they come from."""

    low_deg: float
    high_deg: float
    source: str


def cycled_films(
    hulls: Mapping[str, Hull],
    settings: CyclingSettings,
    potential: str,
    angles: Angles | None = None,
    *,
    free: Mapping[str, FreeEnergies] = MappingProxyType({}),
    tick: Callable[[], None] | None = None,
) -> CyclingReport:
    """Return the films of each metal, and why others have none.

    Parameters
    ----------
    hulls
        Of metal and mercury, by the metal.
    settings
        How films are made and cycled.
    potential
        That the hulls were computed with.
    angles
        Of the saturated liquid, where the settings give none.
    free
        Hulls of free energies by the metal, taken where and at the temperatures at which there is one.
    tick
        Called after each film of the map; see `films_of_map`.

    Raises
    ------
    InputError
        There is no film at all.
    """
    contact = _contact(settings, angles)
    known = known_metals(hulls)
    found: list[FilmResults] = []
    problems: list[str] = []
    for metal, hull in hulls.items():
        if metal not in known:
            problems.append(f"{metal}: no film, solubility or diffusivity in mercury is not known here")
            continue
        try:
            found.append(_films(metal, _Energies(hull, potential, free.get(metal)), settings, tick))
            problems += found[-1].problems
        except InputError as error:
            problems.append(f"{metal}: {error}")
    if not found:
        raise InputError(f"no film could be cycled; {'; '.join(problems) or 'the hulls are missing'}")
    return CyclingReport(_conditions(settings), contact, tuple(found), tuple(problems))


def films_of_map(settings: CyclingSettings) -> int:
    """Return how many films the map of one metal has."""
    if settings.map is None:
        return 0
    sizes = (settings.map.thicknesses_um, settings.map.currents_mA_cm2, settings.map.temperatures_K)
    count = 2 * len(settings.solid_diffusivities_m2_s)  # with a barrier and without
    for values in sizes:
        count *= len(values)
    return count


def _films(metal: str, energies: _Energies, settings: CyclingSettings, tick: Callable[[], None] | None) -> FilmResults:
    kind, potential = energies.kind(settings.temperature_K)
    metal_m = None if settings.metal_um is None else settings.metal_um * UM
    protocol = Protocol(
        settings.capacity_mAh_cm2 * MAH_CM2,
        metal_m,
        settings.rest_h * HOUR_S,
        settings.cycles,
        settings.x,
        settings.nucleation_mV * MV,
        min(settings.cells, _MAP_CELLS),
    )
    thickness = settings.thickness_um * UM
    cases, least, limits, parts = [], [], [], []
    problems: list[str] = []
    chain = _chain(energies, metal, settings.temperature_K, settings, settings.solid_diffusivities_m2_s[0])
    for diffusivity in _solid_diffusivities(chain, settings):
        chain = _chain(energies, metal, settings.temperature_K, settings, diffusivity)
        film = applied_film(chain, thickness, settings.x, metal_m=metal_m, cells=settings.cells)
        for current in settings.currents_mA_cm2:
            for barrier in (protocol.nucleation_V, 0.0):
                cell = symmetric_cell(
                    chain,
                    film,
                    current * MA_CM2,
                    protocol.capacity_C_m2,
                    cycles=settings.cycles,
                    rest_s=protocol.rest_s,
                    nucleation_V=barrier,
                    cells=settings.cells,
                )
                cases.append(FilmCase(diffusivity, current * MA_CM2, barrier, cell))
        with _told(problems, f"{metal}: no least mercury with D = {diffusivity:g} m²/s"):
            least.append((diffusivity, least_thickness_m(chain, protocol, settings.currents_mA_cm2[0] * MA_CM2)))
        for barrier in (protocol.nucleation_V, 0.0):
            with _told(problems, f"{metal}: no largest current with D = {diffusivity:g} m²/s"):
                limit = largest_current(chain, replace(protocol, nucleation_V=barrier), thickness)
                limits.append(FilmLimit(diffusivity, barrier, limit))
        parts += _map(energies, metal, settings, diffusivity, protocol, tick)
    largest = None
    if chain.richest:
        first = settings.currents_mA_cm2[0] * MA_CM2
        with _told(problems, f"{metal}: no largest D"):
            largest = _largest_diffusivity(chain, protocol, thickness, first, settings.solid_diffusivities_m2_s[-1])
    return FilmResults(
        energies.static.system,
        metal,
        potential,
        chain,
        tuple(cases),
        tuple(least),
        tuple(limits),
        tuple(parts),
        metal_facts(metal).known("diffusivity_in_mercury"),
        liquidus_for(metal).source,
        largest,
        kind,
        tuple(problems),
    )


@contextlib.contextmanager
def _told(problems: list[str], what: str) -> Iterator[None]:
    """Go on without a part that cannot be had, and tell why: it takes none of the others with it."""
    try:
        yield
    except InputError as error:
        problems.append(f"{what}, {error}")


def _largest_diffusivity(
    chain: PhaseChain, protocol: Protocol, thickness_m: float, current_A_m2: float, room_m2_s: float
) -> LargestDiffusivity:
    """Return the largest diffusivity at 25 °C with which a film stays liquid.

    Looked for where it is a diffusivity of compounds both at 25 °C, ``room_m2_s`` in the chain, and at its temperature.
    """
    values = (room_m2_s, chain.phases[-1].diffusivity_m2_s)
    within = (LEAST_SOLID_M2_S / min(values), MOST_SOLID_M2_S / max(values))
    factor = largest_diffusivity_factor(chain, protocol, thickness_m, current_A_m2, within=within, precision=_FINE)
    return LargestDiffusivity(None if factor is None else factor * room_m2_s, factor == within[1])


def _solid_diffusivities(chain: PhaseChain, settings: CyclingSettings) -> tuple[float, ...]:
    """All of them; one where the film has no compound that they could matter to."""
    return settings.solid_diffusivities_m2_s if chain.richest else settings.solid_diffusivities_m2_s[:1]


def _map(
    energies: _Energies,
    metal: str,
    settings: CyclingSettings,
    diffusivity: float,
    protocol: Protocol,
    tick: Callable[[], None] | None,
) -> list[MapPart]:
    if settings.map is None:
        return []
    parts = []
    for kelvin in settings.map.temperatures_K:
        try:
            chain = _chain(energies, metal, kelvin, settings, diffusivity)
            for barrier in (protocol.nucleation_V, 0.0):
                points = healing_points(
                    chain,
                    replace(protocol, nucleation_V=barrier),
                    [value * UM for value in settings.map.thicknesses_um],
                    [value * MA_CM2 for value in settings.map.currents_mA_cm2],
                    tick=tick,
                )
                parts.append(MapPart(diffusivity, kelvin, barrier, tuple(points)))
        except InputError as error:
            parts.append(MapPart(diffusivity, kelvin, protocol.nucleation_V, (), str(error)))
    return parts


def _chain(energies: _Energies, metal: str, kelvin: float, settings: CyclingSettings, diffusivity: float) -> PhaseChain:
    diffusivities = Diffusivities.measured(metal, diffusivity, settings.solid_activation_eV)
    return phase_chain(energies.at(kelvin), metal, kelvin, liquidus_for(metal), diffusivities)


def _contact(settings: CyclingSettings, angles: Angles | None) -> ContactBand:
    is_computed = settings.contact_angles_deg is None and angles is not None
    if settings.contact_angles_deg is not None:
        angles = Angles(*settings.contact_angles_deg, "settings of the job")
    tension = measured_tension(HOST).at_J_m2(settings.temperature_K)
    shares = (1.0, 1.0)
    if angles is not None:
        face = settings.face.face()
        shares = (wetted_fraction(face, angles.low_deg, tension), wetted_fraction(face, angles.high_deg, tension))
    transfer, electrolyte = settings.charge_transfer_ohm_cm2 * OHM_CM2, settings.electrolyte_ohm_cm2 * OHM_CM2
    best = Contact(transfer, shares[0], shares[0], electrolyte)
    worst = Contact(transfer, shares[1], min(settings.solid_contact, shares[1]), electrolyte)
    band = None if angles is None else (angles.low_deg, angles.high_deg)
    return ContactBand(best, worst, band, angles.source if angles else "the liquid touches everything", is_computed)


def _conditions(settings: CyclingSettings) -> CyclingConditions:
    return CyclingConditions(
        settings.thickness_um * UM,
        settings.x,
        None if settings.metal_um is None else settings.metal_um * UM,
        settings.capacity_mAh_cm2 * MAH_CM2,
        settings.cycles,
        settings.rest_h * HOUR_S,
        settings.temperature_K,
        settings.solid_activation_eV,
        settings.nucleation_mV * MV,
        settings.face.face(),
    )
