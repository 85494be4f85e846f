"""Equilibrium voltage of a metal M inserted into a host, from the tie lines of their hull."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from ...errors import InputError, unknown_name
from ..units import FARADAY
from .hull import Hull, HullPhase

_FARADAY_mAh_per_mol = FARADAY / 3.6


@dataclass(frozen=True)
class VoltageStep:
    """One plateau: a tie line between two stable phases, in the direction in which the host takes up the metal.

    Attributes
    ----------
    voltage_V
        Against the pure metal, V vs M/Mⁿ⁺.
    from_formula, to_formula
        Reduced formulas of the phases at the two ends.
    x_from, x_to
        Atoms of the working metal per host atom at the two ends.
    capacity_mAh_per_g
        Of this step, per gram of host.
    cumulative_mAh_per_g, cumulative_mAh_per_g_alloy
        At the end of the step, counted from the bare host: per gram of host, and per gram of the alloy at the end.
    volume_from, volume_to
        Å^3 per host atom at the two ends.
    volume_change_percent
        Of this step, in % of ``volume_from``.
    cumulative_volume_change_percent
        At the end of the step, in % of the bare host.
    partial_volume
        Å^3 that one inserted atom adds along the step.
    """

    voltage_V: float
    from_formula: str
    to_formula: str
    x_from: float
    x_to: float
    capacity_mAh_per_g: float
    cumulative_mAh_per_g: float
    cumulative_mAh_per_g_alloy: float
    volume_from: float
    volume_to: float
    volume_change_percent: float
    cumulative_volume_change_percent: float
    partial_volume: float


@dataclass(frozen=True)
class VoltageProfile:
    """Voltage against capacity of ``working_ion`` in ``host``, plateau by plateau; no steps without a compound."""

    working_ion: str
    host: str
    electrons_per_ion: int
    steps: tuple[VoltageStep, ...]

    @property
    def mean_voltage_V(self) -> float | None:
        """Charge-weighted mean over all steps (V); None without steps.

        Times the charge passed it is minus the free energy of formation of the last compound, whatever lies between.
        """
        if not self.steps:
            return None
        passed = sum(step.x_to - step.x_from for step in self.steps)
        return sum(step.voltage_V * (step.x_to - step.x_from) for step in self.steps) / passed

    @property
    def capacity_mAh_per_g(self) -> float:
        """Capacity of all steps together, per gram of host."""
        return self.steps[-1].cumulative_mAh_per_g if self.steps else 0.0


def voltage_profile(hull: Hull, working_ion: str, *, electrons_per_ion: int = 1) -> VoltageProfile:
    """Return the equilibrium voltage profile of ``working_ion`` in the other element of a binary hull.

    Along the tie line from phase a to phase b, with x atoms of the metal per host atom and G the free energy of
    formation per host atom,

        E = -[G(b) - G(a)] / (n e [x(b) - x(a)])

    in V against the pure metal [1]_. Pressure-volume work and, for a hull at 0 K, entropy are left out.

    Parameters
    ----------
    hull
        Of two elements: the metal and its host.
    working_ion
        The metal that is inserted, e.g. ``Li``.
    electrons_per_ion
        n, the charge of the ion (2 for Mg).

    Returns
    -------
    VoltageProfile
        Steps from the bare host upward; the voltage never rises along them. The last tie line, to the pure metal, is
        left out: metal plates there, at E = 0.

    Raises
    ------
    InputError
        Hull not binary, ``working_ion`` not in it, or ``electrons_per_ion`` not a positive integer.

    References
    ----------
    .. [1] M. K. Aydinol et al., Phys. Rev. B 56, 1354 (1997), doi:10.1103/PhysRevB.56.1354
    """
    if working_ion not in hull.elements:
        raise InputError(unknown_name(f"working_ion for the {hull.system} hull:", working_ion, hull.elements))
    if len(hull.elements) != 2:
        raise InputError(
            f"voltage profile of {working_ion} in {hull.system}: the hull must have two elements, the working ion "
            "and its host; take hull.subsystem(...) first"
        )
    _check_electrons(electrons_per_ion)
    host = next(element for element in hull.elements if element != working_ion)
    plateau_ends = _plateau_ends(hull, working_ion)
    steps = tuple(
        _step(start, end, working_ion, host, electrons_per_ion, plateau_ends[0])
        for start, end in pairwise(plateau_ends)
    )
    return VoltageProfile(working_ion, host, electrons_per_ion, steps)


def theoretical_capacity(element: str, electrons_per_ion: int = 1) -> float:
    """Return n F / M of the pure metal in mAh/g, e.g. 3862 for Li.

    Raises
    ------
    InputError
        Unknown element, or ``electrons_per_ion`` not a positive integer.
    """
    _check_electrons(electrons_per_ion)
    return electrons_per_ion * _FARADAY_mAh_per_mol / molar_mass(element)


def _plateau_ends(hull: Hull, working_ion: str) -> list[HullPhase]:
    """Stable phases from the bare host to the compound richest in the metal, one for each composition."""
    names = {name for pair in hull.tie_lines for name in pair}
    ends = [hull.phase(name) for name in names if hull.phase(name).fraction(working_ion) < 1.0]
    return sorted(ends, key=lambda phase: phase.fraction(working_ion))


def _step(
    start: HullPhase, end: HullPhase, working_ion: str, host: str, electrons_per_ion: int, bare: HullPhase
) -> VoltageStep:
    x_from, x_to = (phase.composition.get(working_ion, 0.0) / phase.composition[host] for phase in (start, end))
    g_from, g_to = (_per_host(phase, phase.formation_energy_per_atom, host) for phase in (start, end))
    volume_from, volume_to = (_per_host(phase, phase.volume_per_atom, host) for phase in (start, end))
    charge = electrons_per_ion * _FARADAY_mAh_per_mol
    alloy_mass = molar_mass(host) + x_to * molar_mass(working_ion)
    return VoltageStep(
        # "+ 0.0" turns -0.0 into 0.0.
        voltage_V=-(g_to - g_from) / (electrons_per_ion * (x_to - x_from)) + 0.0,
        from_formula=start.formula,
        to_formula=end.formula,
        x_from=x_from,
        x_to=x_to,
        capacity_mAh_per_g=(x_to - x_from) * charge / molar_mass(host),
        cumulative_mAh_per_g=x_to * charge / molar_mass(host),
        cumulative_mAh_per_g_alloy=x_to * charge / alloy_mass,
        volume_from=volume_from,
        volume_to=volume_to,
        volume_change_percent=100.0 * (volume_to / volume_from - 1.0),
        cumulative_volume_change_percent=100.0 * (volume_to / bare.volume_per_atom - 1.0),
        partial_volume=(volume_to - volume_from) / (x_to - x_from),
    )


def _per_host(phase: HullPhase, per_atom: float, host: str) -> float:
    return per_atom / phase.fraction(host)


def _check_electrons(electrons_per_ion: int) -> None:
    if isinstance(electrons_per_ion, bool) or not isinstance(electrons_per_ion, int) or electrons_per_ion < 1:
        raise InputError(f"electrons_per_ion is {electrons_per_ion!r}; it must be a positive integer")


@cache
def molar_mass(element: str) -> float:
    """Return the molar mass of an element, g/mol.

    Raises
    ------
    InputError
        There is no such element.
    """
    from ase.data import atomic_masses, atomic_numbers

    if element not in atomic_numbers or atomic_numbers[element] == 0:
        raise InputError(unknown_name("element", element, atomic_numbers))
    return float(atomic_masses[atomic_numbers[element]])
