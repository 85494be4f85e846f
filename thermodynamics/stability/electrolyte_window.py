"""The voltages between which an electrolyte neither takes up nor gives off its ion, and what it becomes beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ...errors import InputError, unknown_name
from ...structures.compositions import parse_formula
from ..checks import not_negative
from ..hulls.hull import Hull, HullPhase
from .mixtures import Equilibrium, Mixture

ION_TOLERANCE = 1e-6
"""Ions per formula unit, and volts, below which two states are the same."""


@dataclass(frozen=True)
class ReductionPlateau:
    """Voltage at which the phases change while the electrolyte takes up ions.

    Attributes
    ----------
    voltage_V
        Against the pure metal.
    ions_from, ions_to
        Ions taken up per formula unit of the electrolyte, counted from the electrolyte itself; negative when given off.
    phases_from, phases_to
        Phases at the two ends: formula units of each, by phase name, per formula unit of the electrolyte.
    """

    voltage_V: float
    ions_from: float
    ions_to: float
    phases_from: Mapping[str, float]
    phases_to: Mapping[str, float]


@dataclass(frozen=True)
class ElectrolyteWindow:
    """Equilibrium of an electrolyte with a reservoir of its ion at any voltage.

    Attributes
    ----------
    electrolyte, formula, ion
        Phase name, reduced formula and working ion.
    e_above_hull
        Of the electrolyte, eV/atom. Above 0 it can decompose at any voltage; the onsets are those of ``decomposition``.
    decomposition
        Phases that are stable at the composition of the electrolyte: itself where it is on the hull.
    plateaus
        From the highest voltage to the lowest above 0.
    states
        (ions taken up, energy in eV) per formula unit of the electrolyte at every change of phases, the energy relative
        to the electrolyte and the pure metal.
    formulas
        Reduced formula of every phase, by name.
    """

    electrolyte: str
    formula: str
    ion: str
    electrons_per_ion: int
    e_above_hull: float
    decomposition: Mapping[str, float]
    plateaus: tuple[ReductionPlateau, ...]
    states: tuple[tuple[float, float], ...]
    formulas: Mapping[str, str]

    @property
    def atoms_per_formula(self) -> float:
        """Atoms in a formula unit of the electrolyte, by which energies and uptakes are counted."""
        return _size(self.formula)

    @property
    def reduction_onset_V(self) -> float:
        """Voltage below which the equilibrium phases take up ions; 0 when only the metal itself plates."""
        return next((p.voltage_V for p in self.plateaus if p.ions_to > ION_TOLERANCE), 0.0)

    @property
    def oxidation_onset_V(self) -> float | None:
        """Voltage above which they give off ions; None when the electrolyte has none to give.

        It equals the reduction onset where ions can be taken up and given off between the same phases: no window.
        """
        voltages = [p.voltage_V for p in self.plateaus if p.ions_from < -ION_TOLERANCE]
        return voltages[-1] if voltages else None

    @property
    def reduction(self) -> tuple[ReductionPlateau, ...]:
        """The plateaus on which ions are taken up, from the onset downwards."""
        return tuple(p for p in self.plateaus if p.ions_to > ION_TOLERANCE)

    def phases_at(self, voltage_V: float) -> Mapping[str, float]:
        """Return the phases at a voltage, in formula units per formula unit; on a plateau, those with fewer ions.

        Raises
        ------
        InputError
            The voltage is negative or not finite.
        """
        voltage = not_negative("electrolyte window", "voltage_V", voltage_V)
        phases = self.plateaus[0].phases_from if self.plateaus else self.decomposition
        for plateau in self.plateaus:
            if plateau.voltage_V > voltage:
                phases = plateau.phases_to
        return phases

    def uptake_at(self, voltage_V: float) -> float:
        """Return the ions taken up per formula unit at a voltage; see `phases_at`."""
        voltage = not_negative("electrolyte window", "voltage_V", voltage_V)
        passed = [plateau.ions_to for plateau in self.plateaus if plateau.voltage_V > voltage]
        return passed[-1] if passed else self.states[0][0]

    def decomposition_energy(self, voltage_V: float) -> float:
        """Return the energy gained by reaching equilibrium with ions at a voltage, eV per atom of the electrolyte.

        min over n of [E(n) + z e V n] with n ions taken up: negative, or 0 where the electrolyte is stable.

        Raises
        ------
        InputError
            The voltage is negative or not finite.
        """
        voltage = self.electrons_per_ion * not_negative("electrolyte window", "voltage_V", voltage_V)
        return min(energy + voltage * ions for ions, energy in self.states) / _size(self.formula) + 0.0


def electrolyte_window(
    hull: Hull, electrolyte: str, ion: str = "Li", *, electrons_per_ion: int = 1
) -> ElectrolyteWindow:
    """Work out which phases an electrolyte becomes as its ion is added or taken away.

    The other elements of the electrolyte are kept, the ion is exchanged with a reservoir at voltage V, mu = -z e V
    relative to the pure metal, and the phases minimise E - mu N [1]_. Equivalently, E_hull along the line from the
    electrolyte without its ions to the pure metal is piecewise linear, and every slope is a plateau.

    Parameters
    ----------
    hull
        Electrolyte, its elements and all possible products, from one potential. Further elements are ignored.
    electrolyte
        Name of a phase of the hull, on it or above it. An ordered model of a disordered electrolyte lies above it, by
        the entropy it lacks and the interactions it gains; the onset is then that of its decomposition products, which
        have the same composition, and so does not depend on the energy of the model.
    ion
        The working ion, e.g. ``Li``.
    electrons_per_ion
        z, its charge.

    Returns
    -------
    ElectrolyteWindow

    Raises
    ------
    InputError
        Unknown phase or element, a phase of the ion alone, or a charge that is not a positive integer.

    References
    ----------
    .. [1] Y. Zhu, X. He and Y. Mo, ACS Appl. Mater. Interfaces 7, 23685 (2015), doi:10.1021/acsami.5b07517
    """
    phase = hull.phase(electrolyte)
    if ion not in hull.elements:
        raise InputError(unknown_name(f"ion in the {hull.system} hull:", ion, hull.elements))
    if set(phase.composition) == {ion}:
        raise InputError(f"electrolyte window: {electrolyte!r} is pure {ion}; there is nothing to reduce")
    if isinstance(electrons_per_ion, bool) or not isinstance(electrons_per_ion, int) or electrons_per_ion < 1:
        raise InputError(f"electrons_per_ion is {electrons_per_ion!r}; it must be a positive integer")
    elements = dict.fromkeys([*phase.composition, ion])
    equilibrium = Equilibrium(hull.subsystem("-".join(elements)))
    states = _states(equilibrium, phase, ion)
    plateaus = []
    for (n_from, start), (n_to, end) in pairwise(states):
        voltage = -(end.energy - start.energy) / (electrons_per_ion * (n_to - n_from))
        if voltage > ION_TOLERANCE:
            ends = (_formula_units(hull, mixture) for mixture in (start, end))
            plateaus.append(ReductionPlateau(voltage, n_from, n_to, *ends))
    size = _size(phase.formula)
    return ElectrolyteWindow(
        electrolyte=electrolyte,
        formula=phase.formula,
        ion=ion,
        electrons_per_ion=electrons_per_ion,
        e_above_hull=phase.e_above_hull,
        decomposition=_formula_units(hull, equilibrium.at(_formula_unit(phase))),
        plateaus=tuple(plateaus),
        states=tuple((n, state.energy - size * phase.formation_energy_per_atom) for n, state in states),
        formulas={name: hull.phase(name).formula for _, state in states for name in [electrolyte, *state.atoms]},
    )


def _states(equilibrium: Equilibrium, phase: HullPhase, ion: str) -> list[tuple[float, Mixture]]:
    """Ions taken up and phases, per formula unit, wherever the phases change; in rising order of ions."""
    formula_unit = _formula_unit(phase)
    own = formula_unit.get(ion, 0.0)
    framework = {element: amount for element, amount in formula_unit.items() if element != ion}
    size = sum(framework.values())
    found = []
    for x in equilibrium.breaks({ion: size}, framework)[:-1]:
        # x ions to 1 - x frameworks of the same number of atoms
        total = size * x / (1.0 - x)
        ions = 0.0 if abs(total - own) < ION_TOLERANCE else total - own
        found.append((ions, equilibrium.at({**framework, ion: total})))
    return found


def _formula_unit(phase: HullPhase) -> dict[str, float]:
    size = _size(phase.formula)
    return {element: phase.fraction(element) * size for element in phase.composition}


def _formula_units(hull: Hull, mixture: Mixture) -> dict[str, float]:
    return {name: atoms / _size(hull.phase(name).formula) for name, atoms in mixture.atoms.items()}


def _size(formula: str) -> float:
    return sum(parse_formula(formula).values())
