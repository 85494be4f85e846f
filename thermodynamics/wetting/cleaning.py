"""Whether a dissolved metal takes off what a face carries: free energies of the reactions, against its content."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ...errors import InputError, unknown_name
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.published import formation_free_energies
from ...structures.compositions import parse_formula
from ..checks import finite, not_negative, positive
from ..units import BOLTZMANN_EV_PER_K, KJ_PER_MOL

if TYPE_CHECKING:
    from ..amalgams.dilute import Solution

BINDING_ERROR = 0.3
"""eV per unit: what CHGNet+D3 misses of the heat of 2 LiOH -> Li2O + ice (0.53 eV, measured 0.85) and of MgO + ice ->
Mg(OH)2 (-0.04, measured -0.32). In both ice is too stable, so water and hydroxyl bind rather more than is computed."""

_ELEMENTS = ("H2", "C")  # in their reference states, the gas at 1 bar and graphite
_MOST_OFF_K = 10.0  # from the temperature of the tables
_LEAST = 1e-300  # a mole fraction below any


class Verdict(StrEnum):
    """Whether a reaction runs, beyond the error of its free energy."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class CarriedLayer:
    """What a face carries, of whole units.

    Attributes
    ----------
    formula
        Of one unit, as ``H2O``; for dissociated water, too.
    units
        Their number in the cell.
    per_nm2
        The same per area.
    binding
        Energy of a unit on the face relative to one in its own crystal, eV, as :func:`layer_binding` returns it.
    """

    formula: str
    units: int
    per_nm2: float
    binding: float


def layer_binding(covered: float, clean: float, unit_in_crystal: float, units: int) -> float:
    """Return [E(covered) - E(clean) - N E(unit in its crystal)] / N, eV per unit, negative where the face binds more.

    A mean over the layer. Where it is strained to the cell of the face, the strain is in it.

    Parameters
    ----------
    covered, clean
        Energies of the same slab with the layer and without, eV.
    unit_in_crystal
        Of one formula unit of the crystal of what is carried, eV.
    units
        N, formula units in the layer.

    Raises
    ------
    InputError
        An energy that is not finite, or no units.
    """
    energies = {"covered": covered, "clean": clean, "unit_in_crystal": unit_in_crystal}
    for name, energy in energies.items():
        finite("binding of a layer", name, energy)
    return float((covered - clean) / positive("binding of a layer", "units", units) - unit_in_crystal)


@dataclass(frozen=True)
class CleaningReaction:
    """One unit of what a face carries and n atoms of a solute become products.

    Attributes
    ----------
    carried
        Formula of the unit.
    n_solute
        n.
    products
        Number of each product, by formula: crystals, graphite as ``C``, and hydrogen gas as ``H2``.
    solute
        Element symbol.

    Raises
    ------
    InputError
        It does not balance, or no free energy of formation is known of the unit or a product.
    """

    carried: str
    n_solute: float
    products: Mapping[str, float]
    solute: str = "Li"

    def __post_init__(self) -> None:
        excess = {symbol: -number for symbol, number in parse_formula(self.carried).items()}
        excess[self.solute] = excess.get(self.solute, 0.0) - positive(self.equation, "n_solute", self.n_solute)
        for formula, number in self.products.items():
            for symbol, count in parse_formula(formula).items():
                excess[symbol] = excess.get(symbol, 0.0) + number * count
        off = ", ".join(f"{number:+g} {symbol}" for symbol, number in excess.items() if abs(number) > 1e-9)
        if off:
            raise InputError(f"reaction {self.equation} does not balance: {off} on the right")
        known = (*formation_free_energies(), *_ELEMENTS)
        for formula in (self.carried, *self.products):
            if formula not in known:
                raise InputError(f"reaction {self.equation}: {unknown_name('formation free energy', formula, known)}")

    @property
    def equation(self) -> str:
        """``H2O + Li → LiOH + ½ H2``."""
        left = {self.carried: 1.0, self.solute: self.n_solute}
        return " → ".join(" + ".join(_term(*item) for item in side.items()) for side in (left, self.products))

    @property
    def standard_free_energy(self) -> float:
        """eV at 298 K, from bulk phases and the pure solute, hydrogen at 1 bar."""
        return math.fsum(number * value for number, value, _ in self._formations())

    @property
    def uncertainty(self) -> float:
        """Of the standard free energy, eV, from those of the tables."""
        return math.hypot(*(number * error for number, _, error in self._formations()))

    def _formations(self) -> list[tuple[float, float, float]]:
        """Number, free energy of formation and its uncertainty (eV) of all but the elements."""
        table = formation_free_energies()
        numbers = {self.carried: -1.0, **self.products}
        found = [(number, table[formula]) for formula, number in numbers.items() if formula in table]
        return [(number, one.value * KJ_PER_MOL, (one.uncertainty or 0.0) * KJ_PER_MOL) for number, one in found]


def _term(formula: str, number: float) -> str:
    return formula if number == 1.0 else f"{'½' if number == 0.5 else f'{number:g}'} {formula}"


REACTIONS: Mapping[str, tuple[CleaningReaction, ...]] = {
    "H2O": (
        CleaningReaction("H2O", 1, {"LiOH": 1, "H2": 0.5}),
        CleaningReaction("H2O", 2, {"LiOH": 1, "LiH": 1}),
        CleaningReaction("H2O", 2, {"Li2O": 1, "H2": 1}),
        CleaningReaction("H2O", 4, {"Li2O": 1, "LiH": 2}),
    ),
    "LiOH": (
        CleaningReaction("LiOH", 1, {"Li2O": 1, "H2": 0.5}),
        CleaningReaction("LiOH", 2, {"Li2O": 1, "LiH": 1}),
    ),
    "Li2CO3": (CleaningReaction("Li2CO3", 4, {"Li2O": 3, "C": 1}),),
}
"""What dissolved lithium can do to each unit that a face may carry."""


@dataclass(frozen=True)
class Cleaning:
    """A reaction with what a face carries, against the content of the liquid.

    Attributes
    ----------
    reaction
        Per unit of the layer.
    binding
        Of the unit on the face, eV; see :func:`layer_binding`.
    error
        Of every free energy, eV: of binding and tables.
    free_energies
        Delta G by mole fraction of the solute, eV per unit.
    turns_at
        Mole fraction above which Delta G is negative; None if that is not below saturation.
    """

    reaction: CleaningReaction
    binding: float
    error: float
    free_energies: Mapping[float, float]
    turns_at: float | None

    def verdict(self, x: float) -> Verdict:
        """Return whether it runs at one of its compositions; InputError for another."""
        if x not in self.free_energies:
            known = ", ".join(f"{one:g}" for one in self.free_energies)
            raise InputError(f"{self.reaction.equation}: x = {x!r} was not asked for; there are {known}")
        energy = self.free_energies[x]
        if abs(energy) <= self.error:
            return Verdict.UNDECIDED
        return Verdict.FAVOURABLE if energy < 0.0 else Verdict.UNFAVOURABLE

    def as_dict(self) -> dict[str, Any]:
        """Return everything as numbers and strings that JSON can hold, by mole fraction as text."""
        return {
            "reaction": self.reaction.equation,
            "n_solute": self.reaction.n_solute,
            "binding_eV": self.binding,
            "error_eV": self.error,
            "free_energy_eV": {f"{x:g}": energy for x, energy in self.free_energies.items()},
            "verdict": {f"{x:g}": self.verdict(x).value for x in self.free_energies},
            "turns_at_mole_fraction": self.turns_at,
        }


def tabulated_at(temperature_K: float) -> bool:
    """Return whether free energies of formation hold at a temperature, K: within 10 K of 298.15."""
    return abs(temperature_K - ROOM_TEMPERATURE_K) <= _MOST_OFF_K


def cleaning(
    reaction: CleaningReaction,
    binding: float,
    solution: Solution,
    compositions: Sequence[float],
    *,
    hydrogen_bar: float = 1.0,
    binding_error: float = BINDING_ERROR,
) -> Cleaning:
    """Return the free energy of a reaction at some compositions, and where it changes sign.

        Delta G(x) = Delta G° - binding - n mu(x) + nu(H2) kT ln(p / 1 bar)

    Delta G° is that of bulk phases at 298.15 K. What is carried has the free energy of its own bulk and the binding to
    the face: its vibrations are those of the bulk, as far as they matter. Products are bulk phases beside the face;
    if they stay bound to it, Delta G is lower by their binding.

    Parameters
    ----------
    reaction
        With the solute of ``solution``.
    binding
        Of a unit on the face, eV; 0 for the bulk of what is carried.
    solution
        mu(x) relative to the pure solute.
    compositions
        Mole fractions of the solute, above 0.
    hydrogen_bar
        Pressure of hydrogen.
    binding_error
        Of ``binding``, eV.

    Raises
    ------
    InputError
        A value not finite, a pressure not positive, a composition outside (0, 1], or a solution far from 298 K.

    Examples
    --------
    >>> from amalgamics.thermodynamics import LI_IN_HG
    >>> from amalgamics.thermodynamics.wetting.cleaning import REACTIONS, cleaning
    >>> found = cleaning(REACTIONS["LiOH"][0], 0.0, LI_IN_HG, [3e-5])
    >>> found.reaction.equation, round(found.free_energies[3e-5], 2), round(found.turns_at, 9)
    ('LiOH + Li → Li2O + ½ H2', -0.16, 6.9e-08)
    """
    owner = reaction.equation
    if not tabulated_at(solution.temperature_K):
        raise InputError(
            f"{owner}: the solution is at {solution.temperature_K:g} K, and free energies of formation are known at"
            f" {ROOM_TEMPERATURE_K:g} K only"
        )
    kT = BOLTZMANN_EV_PER_K * solution.temperature_K
    gas = reaction.products.get("H2", 0.0) * kT * math.log(positive(owner, "hydrogen_bar", hydrogen_bar))
    fixed = reaction.standard_free_energy - finite(owner, "binding", binding) + gas
    error = math.hypot(not_negative(owner, "binding_error", binding_error), reaction.uncertainty)

    def free_energy(x: float) -> float:
        return fixed - reaction.n_solute * float(solution.chemical_potential(x))

    return Cleaning(
        reaction, binding, error, {x: free_energy(x) for x in compositions}, _turn(free_energy, solution.x_saturation)
    )


def _turn(free_energy: Callable[[float], float], x_saturation: float) -> float | None:
    """Where a free energy that falls with x is zero; None above saturation."""
    from scipy.optimize import brentq

    if free_energy(x_saturation) >= 0.0:
        return None
    if free_energy(_LEAST) <= 0.0:
        return _LEAST
    low, high = math.log(_LEAST), math.log(x_saturation)
    return math.exp(brentq(lambda log_x: free_energy(min(math.exp(log_x), x_saturation)), low, high, xtol=1e-12))
