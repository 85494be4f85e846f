"""Chemical potentials at which a phase can exist: between its neighbours on the hull, or between the elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import InputError
from .hull import STABILITY_TOLERANCE, Hull, HullPhase

MIDDLE = "middle"


@dataclass(frozen=True)
class Equilibrium:
    """One set of chemical potentials at which a phase is in equilibrium.

    Attributes
    ----------
    label
        ``beside LiHg3``, by formulas, or ``middle``.
    beside
        Names of the phases that coexist with it there; empty in the middle.
    chemical_potentials
        Of each element, eV per atom relative to its lowest phase in the hull.
    """

    label: str
    beside: tuple[str, ...]
    chemical_potentials: Mapping[str, float] = field(hash=False)


def phase_equilibria(hull: Hull, name: str, *, within: str = "neighbours") -> tuple[Equilibrium, ...]:
    """Return the corners of the range of chemical potentials of a phase, and their middle, for gamma(mu).

    In a binary these are the tie lines on its two sides, the one with less of the first element first. They all obey
    sum_i x_i mu_i = E_f, the formation energy of the phase. A phase on a tie line of two others has one set of them.

    Parameters
    ----------
    hull
        With the phase in it.
    name
        Of the phase.
    within
        ``neighbours``: the phase coexists with its neighbours on the hull, so that it is on the hull itself.
        ``elements``: with the pure elements, as if there were no other compounds; a wider range.

    Raises
    ------
    InputError
        There is no range: the phase is an element, is not on the hull (``neighbours``), or would decompose into the
        elements; or the name or ``within`` is unknown.

    Examples
    --------
    >>> from amalgamics.thermodynamics import PhaseEntry, build_hull
    >>> a, b = PhaseEntry("A", "Li", {"Li": 1}, 0.0, 20.0), PhaseEntry("B", "Hg", {"Hg": 1}, 0.0, 25.0)
    >>> hull = build_hull("Li-Hg", [a, b, PhaseEntry("AB", "LiHg", {"Li": 1, "Hg": 1}, -0.4, 18.0)])
    >>> [(each.label, each.chemical_potentials["Li"]) for each in phase_equilibria(hull, "AB")]
    [('beside Hg', -0.8), ('middle', -0.4), ('beside Li', 0.0)]
    """
    phase = hull.phase(name)
    elements = [element for element in hull.elements if phase.fraction(element) > 0]
    if len(elements) == 1:
        raise InputError(f"{name} is an element: its chemical potential is fixed")
    if within == "elements":
        corners = _beside_elements(hull, phase, elements)
    elif within == "neighbours":
        corners = _beside_neighbours(hull.subsystem("-".join(elements)), phase)
    else:
        raise InputError(f"within: {within!r} is not allowed; give neighbours or elements")
    corners.sort(key=lambda corner: [round(corner.chemical_potentials[element], 9) for element in elements])
    if len(corners) == 1:
        return tuple(corners)
    mean = {
        element: float(np.mean([corner.chemical_potentials[element] for corner in corners])) for element in elements
    }
    middle = Equilibrium(MIDDLE, (), mean)
    return (*corners[:1], middle, *corners[1:]) if len(corners) == 2 else (*corners, middle)


def _beside_elements(hull: Hull, phase: HullPhase, elements: Sequence[str]) -> list[Equilibrium]:
    """All elements but one at their own potential, for each of them."""
    energy = phase.formation_energy_per_atom
    if energy > STABILITY_TOLERANCE:
        raise InputError(
            f"{phase.name} is {energy:.3f} eV/atom above the elements; no chemical potentials let it exist"
        )
    pure = {element: hull.lowest({element: 1.0}) for element in elements}
    found = []
    for scarce in elements:
        beside = [known for element, known in pure.items() if element != scarce and known is not None]
        values = {element: energy / phase.fraction(scarce) if element == scarce else 0.0 for element in elements}
        found.append(_equilibrium(beside, values))
    return found


def _beside_neighbours(hull: Hull, phase: HullPhase) -> list[Equilibrium]:
    own = hull.phase(phase.name)
    if not own.stable:
        raise InputError(
            f"{phase.name} is {own.e_above_hull:.3f} eV/atom above the hull; no chemical potentials let it exist beside"
            " its neighbours"
        )
    diagram = hull.phase_diagram
    corners = [hull.phases[entry.attribute] for entry in diagram.qhull_entries]
    at_corner, within = [], []
    for facet in diagram.facets:
        members = sorted((corners[vertex] for vertex in facet), key=hull.phases.index)
        fractions = np.array([[each.fraction(element) for element in hull.elements] for each in members])
        values = np.linalg.solve(fractions, [each.formation_energy_per_atom for each in members])
        potentials = {element: float(mu) + 0.0 for element, mu in zip(hull.elements, values, strict=True)}
        # Another phase of the same composition and energy may stand for it.
        beside = [each for each in members if not _same_point(each, own, hull.elements)]
        if len(beside) < len(members):
            at_corner.append(_equilibrium(beside, potentials))
        elif np.linalg.solve(fractions.T, [own.fraction(element) for element in hull.elements]).min() > -1e-9:
            within.append(_equilibrium(members, potentials))
    # A phase that lies on a facet of others, no corner of any, exists at one set of chemical potentials.
    return at_corner or within[:1]


def _equilibrium(beside: Sequence[HullPhase], potentials: Mapping[str, float]) -> Equilibrium:
    label = f"beside {' and '.join(each.formula for each in beside)}"
    return Equilibrium(label, tuple(each.name for each in beside), potentials)


def _same_point(one: HullPhase, other: HullPhase, elements: Sequence[str]) -> bool:
    return all(abs(one.fraction(element) - other.fraction(element)) < 1e-9 for element in elements)
