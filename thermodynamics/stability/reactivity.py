"""What two phases in contact can react to: products and reaction energy over the mixing ratio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...errors import InputError, unknown_name
from ...structures.compositions import parse_formula
from ..checks import finite, not_negative
from ..hulls.hull import Hull, HullPhase, PhaseEntry, build_hull
from .mixtures import Equilibrium, Mixture

REACTION_TOLERANCE = 1e-6
"""Reaction energies (eV/atom) smaller than this count as no reaction."""


class ReactionError(InputError):
    """Reactants or entries from which no reaction can be worked out."""


@dataclass(frozen=True)
class ReactionPoint:
    """A mixing ratio at which the products change.

    Attributes
    ----------
    mixing_ratio
        Atoms of the first reactant per atom of both, 0 to 1.
    energy
        Products minus reactants, eV per atom of the reactants; negative is exergonic. With an open element, minus its
        chemical potential times ``uptake``.
    mutual_energy
        The same with both reactants replaced by what each becomes on its own: what the contact adds. 0 at both ends.
    products
        Atoms of each product, by phase name, per atom of the reactants.
    uptake
        Atoms of the open element taken from the reservoir per atom of the reactants; 0 in a closed system.
    """

    mixing_ratio: float
    energy: float
    mutual_energy: float
    products: Mapping[str, float]
    uptake: float = 0.0


@dataclass(frozen=True)
class InterfaceReaction:
    """Reactions of two phases at every mixing ratio.

    Attributes
    ----------
    first, second
        Names of the reactants.
    e_above_hull
        Of the two, eV/atom: what each can gain on its own, without the other and without a reservoir.
    points
        From pure ``second`` (mixing ratio 0) to pure ``first`` (1); the energies are linear in between.
    formulas
        Reduced formula of the reactants and of every product, by phase name.
    open_element, voltage_V
        The element exchanged with a reservoir and the voltage that fixes its chemical potential; None when closed.
    """

    first: str
    second: str
    e_above_hull: tuple[float, float]
    points: tuple[ReactionPoint, ...]
    formulas: Mapping[str, str]
    open_element: str | None = None
    voltage_V: float | None = None

    @property
    def most_exergonic(self) -> ReactionPoint:
        """The point of the lowest reaction energy per atom."""
        return min(self.points, key=lambda point: point.energy)

    @property
    def most_exergonic_mutual(self) -> ReactionPoint:
        """The point where the contact itself gains most per atom."""
        return min(self.points, key=lambda point: point.mutual_energy)

    @property
    def reacts(self) -> bool:
        """True when the contact gains energy beyond what the two phases gain apart."""
        return self.most_exergonic_mutual.mutual_energy < -REACTION_TOLERANCE

    def energy(self, mixing_ratio: float) -> float:
        """Reaction energy at any mixing ratio from 0 to 1, eV per atom of the reactants.

        Raises
        ------
        InputError
            The mixing ratio is not between 0 and 1.
        """
        import numpy as np

        x = finite("interface reaction", "mixing_ratio", mixing_ratio)
        if not 0.0 <= x <= 1.0:
            raise ReactionError(f"interface reaction: mixing_ratio is {mixing_ratio!r}; it must be from 0 to 1")
        return float(np.interp(x, [p.mixing_ratio for p in self.points], [p.energy for p in self.points]))

    def equation(self, point: ReactionPoint) -> str:
        """Write the reaction at ``point`` per formula unit of the second reactant, e.g. ``Hg + 3 Li -> Li3Hg``.

        At pure ``first`` it is per formula unit of that. An open element stands among the reactants when taken up and
        among the products when given off.
        """
        reactants = {self.second: 1.0 - point.mixing_ratio, self.first: point.mixing_ratio}
        left = {self.formulas[name]: n / _size(self.formulas[name]) for name, n in reactants.items() if n > 0.0}
        right: dict[str, float] = {}
        for name, atoms in point.products.items():
            formula = self.formulas[name]
            right[formula] = right.get(formula, 0.0) + atoms / _size(formula)
        if self.open_element is not None and abs(point.uptake) > REACTION_TOLERANCE:
            side = left if point.uptake > 0 else right
            side[self.open_element] = side.get(self.open_element, 0.0) + abs(point.uptake)
        unit = left[self.formulas[self.second if point.mixing_ratio < 1.0 else self.first]]
        return f"{_side(left, unit)} -> {_side(right, unit)}"


def reaction_hull(
    entries: Iterable[PhaseEntry], reactants: Sequence[str], *, potentials: Mapping[str, str] | None = None
) -> Hull:
    """Build the hull that holds all possible products of some reactants.

    Parameters
    ----------
    entries
        Reactants, elements and possible products; phases with other elements are left out.
    reactants
        Names of entries.
    potentials
        Potential that each entry was computed with, by entry name. Given, it must be the same for all that are used.

    Raises
    ------
    ReactionError
        A reactant is not among the entries, an element of the reactants has no entry of its own, or potentials differ.
    """
    by_name = {entry.name: entry for entry in entries}
    for name in reactants:
        if name not in by_name:
            raise ReactionError(unknown_name("reactant", name, by_name))
    elements = tuple(dict.fromkeys(element for name in reactants for element in by_name[name].composition))
    label = "-".join(elements)
    inside = [entry for entry in by_name.values() if set(entry.composition) <= set(elements)]
    references = {element for entry in inside if entry.is_element for element in entry.composition}
    if missing := [element for element in elements if element not in references]:
        raise ReactionError(
            f"reactions of {', '.join(reactants)}: no entry of pure {', '.join(missing)}; every element needs one"
        )
    if potentials is not None:
        _check_potentials(inside, potentials)
    return build_hull(label, inside)


def interface_reaction(
    hull: Hull,
    first: str,
    second: str,
    *,
    open_element: str | None = None,
    voltage_V: float | None = None,
    electrons_per_ion: int = 1,
) -> InterfaceReaction:
    """Work out what two phases in contact can react to.

    For every mixing ratio x, in atoms of the first reactant per atom of both,

        E(x) = E_hull[x c1 + (1 - x) c2] - x E_1 - (1 - x) E_2

    is the energy gained when x of the first and 1 - x of the second turn into the phases that are stable at their
    common composition [1]_. It is linear between the compositions at which the products change. Kinetics are left out:
    a large driving force says that products can form, not that they do.

    Parameters
    ----------
    hull
        Reactants and all possible products, from one potential; `reaction_hull` makes one. Elements beyond those of the
        reactants (and the open one) are ignored.
    first, second
        Names of two phases of the hull. Their own energies count, on the hull or above it.
    open_element
        Element exchanged with a reservoir, e.g. lithium dissolved in mercury.
    voltage_V
        Of that reservoir against the pure element, V; fixes mu = -n e V. Needed with ``open_element``.
    electrons_per_ion
        n, the charge of the ion.

    Returns
    -------
    InterfaceReaction

    Raises
    ------
    InputError
        Unknown phase or element, the same phase twice, a voltage below 0 or missing, or a reactant that consists of the
        open element only.

    References
    ----------
    .. [1] W. D. Richards et al., Chem. Mater. 28, 266 (2016), doi:10.1021/acs.chemmater.5b04082
    """
    a, b = hull.phase(first), hull.phase(second)
    if first == second:
        raise ReactionError(f"interface reaction: first and second are both {first!r}; give two different phases")
    mu = _chemical_potential(hull, (a, b), open_element, voltage_V, electrons_per_ion)
    elements = tuple(dict.fromkeys([*a.composition, *b.composition, *([open_element] if open_element else [])]))
    equilibrium = Equilibrium(hull.subsystem("-".join(elements)), open_element, mu)
    c1, c2 = (_per_atom(phase) for phase in (a, b))
    ends = equilibrium.at(c2).energy, equilibrium.at(c1).energy
    points = []
    for x in equilibrium.breaks(c1, c2):
        mixture = equilibrium.at(
            {element: x * c1.get(element, 0.0) + (1.0 - x) * c2.get(element, 0.0) for element in elements}
        )
        own = x * a.formation_energy_per_atom + (1.0 - x) * b.formation_energy_per_atom
        points.append(_point(x, mixture, own, (1.0 - x) * ends[0] + x * ends[1]))
    formulas = {name: hull.phase(name).formula for point in points for name in point.products}
    formulas |= {first: a.formula, second: b.formula}
    above = (a.e_above_hull, b.e_above_hull)
    return InterfaceReaction(first, second, above, tuple(points), formulas, open_element, voltage_V)


def _point(x: float, mixture: Mixture, own: float, apart: float) -> ReactionPoint:
    # "+ 0.0" turns -0.0 into 0.0.
    return ReactionPoint(
        mixing_ratio=x,
        energy=mixture.energy - own + 0.0,
        mutual_energy=(mixture.energy - apart if 0.0 < x < 1.0 else 0.0) + 0.0,
        products=mixture.atoms,
        uptake=mixture.uptake + 0.0,
    )


def _chemical_potential(
    hull: Hull,
    reactants: Sequence[HullPhase],
    open_element: str | None,
    voltage_V: float | None,
    electrons_per_ion: int,
) -> float:
    """Return mu of the open element in eV per atom, 0 for a closed system."""
    if open_element is None:
        if voltage_V is not None:
            raise ReactionError(f"interface reaction: voltage_V is {voltage_V!r} without an open_element")
        return 0.0
    if open_element not in hull.elements:
        raise ReactionError(unknown_name(f"open_element in the {hull.system} hull:", open_element, hull.elements))
    for phase in reactants:
        if set(phase.composition) == {open_element}:
            raise ReactionError(
                f"interface reaction: {phase.name!r} is pure {open_element}, which is open; a voltage_V of 0 without "
                "it as a reactant says the same"
            )
    if isinstance(electrons_per_ion, bool) or not isinstance(electrons_per_ion, int) or electrons_per_ion < 1:
        raise ReactionError(f"electrons_per_ion is {electrons_per_ion!r}; it must be a positive integer")
    return -electrons_per_ion * not_negative("interface reaction", "voltage_V", voltage_V)


def _check_potentials(entries: Sequence[PhaseEntry], potentials: Mapping[str, str]) -> None:
    for entry in entries:
        if entry.name not in potentials:
            raise ReactionError(f"phase {entry.name!r}: potentials does not say which potential it was computed with")
    first = entries[0]
    for entry in entries:
        if potentials[entry.name] != potentials[first.name]:
            raise ReactionError(
                f"phase {entry.name!r} was computed with {potentials[entry.name]!r} and {first.name!r} with "
                f"{potentials[first.name]!r}; energies of one reaction must come from one potential"
            )


def _per_atom(phase: HullPhase) -> dict[str, float]:
    return {element: phase.fraction(element) for element in phase.composition}


def _size(formula: str) -> float:
    return sum(parse_formula(formula).values())


def _side(amounts: Mapping[str, float], unit: float) -> str:
    return " + ".join(_term(amount / unit, formula) for formula, amount in amounts.items() if amount / unit > 5e-7)


def _term(amount: float, formula: str) -> str:
    text = f"{amount:.4g}"
    return formula if text == "1" else f"{text} {formula}"
