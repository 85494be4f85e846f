"""The phases that a film passes through, with the voltages of their fronts and how fast they conduct."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from ...arguments import choice, whole_number
from ...errors import InputError
from ...reference.metals import ion_charge
from ..amalgams.choose_solution import MEASURED
from ..amalgams.liquidus import Liquidus, host_of
from ..amalgams.phase_fractions import isotherm
from ..checks import finite, positive
from ..hulls.finite_temperature import liquid_name
from ..hulls.fusion import get_fusion
from ..hulls.hull import Hull
from ..units import FARADAY, N_A, R
from .conditions import check_temperature
from .diffusivities import Diffusivities

_M3_MOL_PER_A3 = N_A * 1e-30
_SAME_VOLTAGE_V = 1e-6
_HIGHEST_LOG_RATIO = 25.0


@dataclass(frozen=True)
class FilmPhase:
    """A phase of the film.

    Attributes
    ----------
    formula
        Reduced formula; of the liquid, the host.
    is_liquid
        Whether it is the liquid, in which the metal is dissolved.
    ratio
        Atoms of the metal for each atom of the host; of the liquid, where it is saturated.
    molar_volume_m3
        For each mol of the host; of the liquid without dissolved metal.
    diffusivity_m2_s
        Of the metal, at the temperature of the chain.
    """

    formula: str
    is_liquid: bool
    ratio: float
    molar_volume_m3: float
    diffusivity_m2_s: float


@dataclass(frozen=True)
class PhaseChain:
    """Liquid, compounds and metal of a binary system at one temperature, and what moves between them.

    The compounds are line compounds. In one of them, with ratio r and volume V for each mol of host, between fronts
    at which it is in equilibrium with its neighbours, the metal flows steadily through N mol of host [1]_:

        J = kappa / N,     kappa = D r n F (E_poor - E_rich) / (R T V^2)

    since D c / RT is the mobility and n F (E_poor - E_rich) the whole drop of chemical potential that the compound
    bears. Fluxes are relative to the host.

    Attributes
    ----------
    metal, host
        E.g. ``Li`` and ``Hg``.
    electrons
        Charge of the ion.
    temperature_K
        Temperature.
    phases
        From the liquid to the compound richest in the metal.
    front_voltages_V
        Of the front between each phase and the next richer one, falling; the last one is the front to the pure metal,
        0 V.
    metal_volume_m3
        Molar volume of the solid metal.
    dissolved_volume_m3
        Partial molar volume of the metal in the liquid.
    ln_gamma_slope
        d(ln gamma)/dx of the dissolved metal; 0 is Henry's law.

    Raises
    ------
    InputError
        No liquid first, or ratios not rising, or voltages not falling to 0.

    References
    ----------
    .. [1] C. Wagner, Acta Metall. 17, 99 (1969), doi:10.1016/0001-6160(69)90131-X
    """

    metal: str
    host: str
    electrons: int
    temperature_K: float
    phases: tuple[FilmPhase, ...]
    front_voltages_V: tuple[float, ...]
    metal_volume_m3: float
    dissolved_volume_m3: float
    ln_gamma_slope: float = 0.0

    def __post_init__(self) -> None:
        name = f"film of {self.metal} and {self.host}"
        ratios = [phase.ratio for phase in self.phases]
        if [phase.is_liquid for phase in self.phases] != [True, *[False] * (len(ratios) - 1)]:
            raise InputError(f"{name}: a liquid comes first, then the compounds")
        if any(b <= a for a, b in pairwise(ratios)) or ratios[0] <= 0.0:
            raise InputError(f"{name}: the ratios {ratios} must be positive and rise from the liquid to the metal")
        volts = self.front_voltages_V
        if len(volts) != len(ratios) or volts[-1] != 0.0 or any(b >= a for a, b in pairwise(volts)):
            raise InputError(f"{name}: the voltages {list(volts)} must fall to 0 V, one for each phase")
        positive(name, "temperature_K", self.temperature_K)
        whole_number(f"{name}: electrons", self.electrons)
        positive(name, "metal_volume_m3", self.metal_volume_m3)
        for owned in ("dissolved_volume_m3", "ln_gamma_slope"):
            finite(name, owned, getattr(self, owned))
        for phase in self.phases:
            positive(name, f"diffusivity of {phase.formula}", phase.diffusivity_m2_s)
            positive(name, f"volume of {phase.formula}", phase.molar_volume_m3)

    @property
    def richest(self) -> int:
        """Number of the compound richest in the metal; 0 without compounds."""
        return len(self.phases) - 1

    @cached_property
    def thermal_V(self) -> float:
        """R T / n F."""
        return float(R * self.temperature_K / (self.electrons * FARADAY))

    def window_V(self, phase: int) -> tuple[float, float]:
        """Return the voltages between which a compound is stable: beside the poorer and beside the richer phase."""
        return self.front_voltages_V[phase - 1], self.front_voltages_V[phase]

    def kappa(self, phase: int) -> float:
        """Return J N of a compound between its neighbours, mol²/(m⁴ s)."""
        one, (poor, rich) = self.phases[phase], self.window_V(phase)
        return one.diffusivity_m2_s * one.ratio * (poor - rich) / (self.thermal_V * one.molar_volume_m3**2)

    def slope_V(self, phase: int) -> float:
        """Return the voltage that a compound takes for each mol/(m² s) through each mol/m² of host: V m⁴ s/mol²."""
        one = self.phases[phase]
        return self.thermal_V * one.molar_volume_m3**2 / (one.diffusivity_m2_s * one.ratio)

    def liquid_voltage_V(self, ratio: float) -> float:
        """Return the voltage of the liquid with a ratio of metal to host, V.

        The front to the solid that saturates it is the origin, the measured law of activity the rest.

        Raises
        ------
        InputError
            A ratio that is not positive.
        """
        x = positive("liquid of the film", "ratio", ratio) / (1.0 + ratio)
        saturated = self.phases[0].ratio / (1.0 + self.phases[0].ratio)
        return self.front_voltages_V[0] + self.thermal_V * (
            math.log(saturated / x) + self.ln_gamma_slope * (saturated - x)
        )

    def liquid_ratio(self, voltage_V: float) -> float:
        """Return the ratio of metal to host at which the liquid has a voltage; a huge one where none has it."""
        from scipy.optimize import brentq

        saturated = self.phases[0].ratio

        def excess(log_ratio: float) -> float:
            return self.liquid_voltage_V(math.exp(log_ratio)) - voltage_V

        low, high = math.log(saturated) - 1.0, math.log(saturated) + 1.0
        while excess(low) < 0.0:
            low -= 5.0
        while excess(high) > 0.0:
            high += 5.0
            if high > _HIGHEST_LOG_RATIO:
                return math.exp(_HIGHEST_LOG_RATIO)
        return math.exp(float(brentq(excess, low, high, xtol=1e-13)))

    def molar_volume_m3(self, phase: int, ratio: float) -> float:
        """Return the volume of a phase for each mol of host; the ratio matters for the liquid alone."""
        one = self.phases[phase]
        return one.molar_volume_m3 + (ratio * self.dissolved_volume_m3 if one.is_liquid else 0.0)

    def with_solid_diffusivity(self, factor: float) -> PhaseChain:
        """Return the chain with all diffusivities of compounds multiplied by a factor."""
        positive("film", "factor of the diffusivities", factor)
        phases = tuple(
            one if one.is_liquid else replace(one, diffusivity_m2_s=factor * one.diffusivity_m2_s)
            for one in self.phases
        )
        return replace(self, phases=phases)

    def solid_limit_A_m2(self, host_mol_m2: float) -> float:
        """Return the current that the richest compound carries through a film of it: beyond, it is stripped bare.

        Infinite without compounds, where the whole film stays liquid.
        """
        positive("film", "host_mol_m2", host_mol_m2)
        if not self.richest:
            return math.inf
        return self.electrons * FARADAY * self.kappa(self.richest) / host_mol_m2

    def liquid_limit_A_m2(self, host_mol_m2: float) -> float:
        """Return the current that saturated liquid carries through a film of it with an empty front.

        It is the integral of D c^2 dr over N mol of host: D r / [N V_Hg (V_Hg + r V_M)].
        """
        positive("film", "host_mol_m2", host_mol_m2)
        one = self.phases[0]
        host, dissolved = one.molar_volume_m3, self.dissolved_volume_m3
        integral = one.ratio / (host * (host + one.ratio * dissolved))
        return self.electrons * FARADAY * one.diffusivity_m2_s * integral / host_mol_m2


def phase_chain(
    hull: Hull, metal: str, temperature_K: float, liquidus: Liquidus, diffusivities: Diffusivities
) -> PhaseChain:
    """Return the phases of a film from a hull, a liquidus and diffusivities.

    Which compounds there are, their volumes and the voltages of their fronts come from the hull; of the liquid the
    solubility comes from ``liquidus``, the densities and the activity from measurements. Mercury of the hull is solid:
    its free energy of fusion at the temperature is added.

    Parameters
    ----------
    hull
        Of the metal and its host.
    metal
        The one that moves.
    temperature_K
        Between the melting points of host and metal; see :func:`~.conditions.check_temperature`.
    liquidus
        How much metal the liquid holds.
    diffusivities
        Of the metal.

    Raises
    ------
    InputError
        The hull is not binary, the liquidus is that of another metal, a diffusivity is given of a compound that the
        hull has not, the host is no liquid or the metal no solid at the temperature, a diffusivity is out of
        its range there, or no phase is stable.
    """
    host = host_of(hull, metal)
    charge = ion_charge(metal)
    if charge is None:
        raise InputError(f"film of {metal} and {host}: the charge of the {metal} ion is not known here")
    check_temperature(metal, host, temperature_K)
    formulas = list(dict.fromkeys(phase.formula for phase in hull.phases if not phase.is_element))
    for formula in diffusivities.compounds_m2_s:
        choice(f"film of {metal} and {host}: compounds_m2_s", formula, formulas)
    room = isotherm(hull, metal, temperature_K, liquidus)
    if room.x_saturation is None or room.x_saturation >= 1.0 or len(room.corners) < 2:
        raise InputError(f"film of {metal} and {host} at {temperature_K:g} K: no solid is stable beside the liquid")
    volume = {corner.name: corner.volume_per_atom / (1.0 - corner.x) for corner in room.corners if corner.x < 1.0}
    compounds = [hull.phase(corner.name) for corner in room.corners[1:] if corner.x < 1.0]
    if any(phase.name == liquid_name(host) for phase in hull.stable):
        host_energy = 0.0
    else:
        host_energy = min(get_fusion(host).free_energy(temperature_K), 0.0)
    points = [(0.0, host_energy)]
    points += [
        (one.fraction(metal) / one.fraction(host), one.formation_energy_per_atom / one.fraction(host))
        for one in compounds
    ]
    kept, volts = _falling(points, charge)
    solids = tuple(
        FilmPhase(
            compounds[i - 1].formula,
            False,
            points[i][0],
            _M3_MOL_PER_A3 * volume[compounds[i - 1].name],
            diffusivities.solid(compounds[i - 1].formula, temperature_K),
        )
        for i in kept[1:]
    )
    x = room.x_saturation
    pure, full = room.liquid_volume(0.0), room.liquid_volume(1.0)
    liquid = FilmPhase(host, True, x / (1.0 - x), _M3_MOL_PER_A3 * pure, diffusivities.liquid(temperature_K))
    emf = MEASURED.get((metal, host))
    return PhaseChain(
        metal,
        host,
        charge,
        float(temperature_K),
        (liquid, *solids),
        tuple(volts),
        _M3_MOL_PER_A3 * _solid_volume(hull, metal),
        _M3_MOL_PER_A3 * full,
        emf.ln_gamma_slope if emf else 0.0,
    )


def _falling(points: list[tuple[float, float]], charge: int) -> tuple[list[int], list[float]]:
    """Numbers of the points (ratio, energy per host) that are stable beside the liquid, and the fronts' voltages."""
    kept = list(range(len(points)))
    while True:
        volts = [-(points[b][1] - points[a][1]) / (charge * (points[b][0] - points[a][0])) for a, b in pairwise(kept)]
        volts.append(0.0)
        wrong = [i for i in range(len(kept) - 1) if volts[i] - volts[i + 1] <= _SAME_VOLTAGE_V]
        if not wrong:
            return kept, volts
        del kept[wrong[0] + 1]


def _solid_volume(hull: Hull, metal: str) -> float:
    return min(
        (phase for phase in hull.stable if phase.fraction(metal) == 1.0), key=lambda phase: phase.energy_per_atom
    ).volume_per_atom
