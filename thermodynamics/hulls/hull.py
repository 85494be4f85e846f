"""Convex hull of (free) energy over composition: what is stable at 0 K, or at the temperature of the energies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError, unknown_name
from ...structures.compositions import parse_system, same_composition
from .entries import phase_entries
from .facets import interpolate, lower_facets
from .phase_entry import PhaseEntry as PhaseEntry

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    from .entries import EntryLike

STABILITY_TOLERANCE = 1e-8
"""Distance to the hull (eV/atom) below which a phase is on it; far above rounding, far below any potential's error."""

_LEAST_FORMATION = 1e-11
"""Formation energy (eV/atom) down to which a compound is no corner of the hull; as in pymatgen's ``PhaseDiagram``."""


@dataclass(frozen=True)
class HullPhase(PhaseEntry):
    """A phase with its place relative to the hull.

    Attributes
    ----------
    formation_energy_per_atom
        eV/atom, relative to the lowest entry of each element in the same hull.
    e_above_hull
        eV/atom, never negative; exactly 0 when ``stable``.
    stable
        On the hull within `STABILITY_TOLERANCE`. Phases of equal energy and composition are all stable.
    """

    formation_energy_per_atom: float = field(kw_only=True)
    e_above_hull: float = field(kw_only=True)
    stable: bool = field(kw_only=True)


@dataclass(frozen=True)
class Hull:
    """The convex hull of one chemical system.

    Attributes
    ----------
    system
        Element symbols joined by hyphens, e.g. ``Li-Hg``.
    elements
        The same symbols in the same order.
    temperature_K
        Temperature of the (free) energies; 0 for static energies.
    phases
        All phases, ascending in the fraction of the first element (then of the next), then in energy: ``Li-Hg`` runs
        from mercury to lithium.
    tie_lines
        Pairs of names of stable phases in equilibrium with each other: neighbours in composition in a binary, the
        edges of the hull's facets in a larger system.
    """

    system: str
    elements: tuple[str, ...]
    temperature_K: float
    phases: tuple[HullPhase, ...]
    tie_lines: tuple[tuple[str, str], ...]

    @property
    def stable(self) -> tuple[HullPhase, ...]:
        """The phases on the hull, in the order of ``phases``."""
        return tuple(phase for phase in self.phases if phase.stable)

    @cached_property
    def phase_diagram(self) -> PhaseDiagram:
        """The same hull as a pymatgen ``PhaseDiagram`` (entry names kept), for reactions, plots and the like."""
        return _phase_diagram(self.elements, self.phases, [phase.energy_per_atom for phase in self.phases])

    @cached_property
    def _by_name(self) -> dict[str, HullPhase]:
        return {phase.name: phase for phase in self.phases}

    def phase(self, name: str) -> HullPhase:
        """Return the phase called ``name``.

        Raises
        ------
        InputError
            There is none of that name; the message gives the nearest.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise InputError(unknown_name(f"phase in the {self.system} hull", name, self._by_name)) from None

    def lowest(self, composition: Mapping[str, float], space_group: str = "") -> HullPhase | None:
        """Return the phase lowest in energy of a composition (amounts of each element), or None.

        With ``space_group``, of those with that symbol.
        """
        same = [
            phase
            for phase in self.phases
            if space_group in ("", phase.space_group) and same_composition(phase.composition, composition)
        ]
        return min(same, key=lambda phase: phase.energy_per_atom, default=None)

    def subsystem(self, system: str) -> Hull:
        """Return the hull of a smaller system from the phases that lie within it.

        Distances to the hull stay what they are: a subsystem is a face of the composition simplex.

        Raises
        ------
        InputError
            ``system`` is malformed or holds an element this hull does not have.
        """
        elements = parse_system(system)
        for element in elements:
            _check_element(self, element)
        inside = [phase for phase in self.phases if set(phase.composition) <= set(elements)]
        return build_hull(system, inside, temperature_K=self.temperature_K)


def build_hull(system: str, entries: Sequence[EntryLike], *, temperature_K: float = 0.0) -> Hull:
    """Build the convex hull of ``system`` over all ``entries``.

    Parameters
    ----------
    system
        Element symbols joined by hyphens, e.g. ``Li-Hg``; any number of elements.
    entries
        Phases within the system, at least one of each element. The order is free. Entries of pymatgen with structures,
        and ASE's atoms with energies, may stand for them; see :func:`~.entries.phase_entries`.
    temperature_K
        Temperature the energies belong to; recorded, not used.

    Returns
    -------
    Hull
        All entries with their formation energies and distances to the hull.

    Raises
    ------
    InputError
        An element has no entry of its own to refer to, a phase lies outside the system, two phases share a name, or
        the temperature is negative or not finite.

    Notes
    -----
    As in pymatgen's ``PhaseDiagram`` [1]_, only compounds that are more stable than the elements can be corners. Facets
    are built on formation energies, so that adding a constant per element changes nothing even where total energies
    are thousands of eV. The distances are evaluated for all phases at once: the hull's energy at a composition is
    interpolated between the corners of the facet around it.

    References
    ----------
    .. [1] S. P. Ong et al., Chem. Mater. 20, 1798 (2008), doi:10.1021/cm702327g
    """
    elements = parse_system(system)
    label = "-".join(elements)
    entries = phase_entries(entries)
    if not (isinstance(temperature_K, int | float | np.number) and math.isfinite(temperature_K) and temperature_K >= 0):
        raise InputError(f"hull of {label}: temperature_K is {temperature_K!r}; it must be 0 or more")
    _check_entries(label, elements, entries)

    fractions = np.array([[entry.fraction(element) for element in elements] for entry in entries])
    energies = np.array([entry.energy_per_atom for entry in entries], dtype=float)
    pure = np.array([entry.is_element for entry in entries])
    references = np.array([energies[pure & (fractions[:, i] == 1.0)].min() for i in range(len(elements))])
    formation = energies - fractions @ references

    facets = _facets(entries, fractions, formation)
    above = formation - interpolate(fractions, formation, facets)
    above[above <= STABILITY_TOLERANCE] = 0.0

    order = sorted(range(len(entries)), key=lambda i: (*_sort_key(fractions[i]), energies[i], entries[i].name))
    phases = tuple(_hull_phase(entries[i], formation[i], above[i]) for i in order)
    tie_lines = _neighbours(phases, elements) if len(elements) == 2 else _edges(entries, order, facets)
    return Hull(label, elements, float(temperature_K), phases, tie_lines)


def chemical_potential(hull: Hull, element: str, between: Sequence[str]) -> float:
    """Return the chemical potential of ``element`` where the phases ``between`` coexist.

    Solves sum_i x_i(p) mu_i = E_f(p) for the phases p, with mole fractions x and formation energies E_f per atom. In a
    binary it is the intercept of the tie line; the voltage of that plateau is -mu/n.

    Parameters
    ----------
    hull
        Any number of elements.
    element
        One of the hull's.
    between
        Names of as many phases as the hull has elements, e.g. ``("Hg", "LiHg3")`` for Li-Hg.

    Returns
    -------
    float
        eV per atom, relative to the lowest phase of the pure element in the hull.

    Raises
    ------
    InputError
        Unknown element or phase, wrong number of phases, phases without independent compositions, or phases that are
        not in equilibrium with each other.
    """
    _check_element(hull, element)
    named = ", ".join(between)
    if len(between) != len(hull.elements):
        raise InputError(
            f"chemical potential of {element} in {hull.system}: between={named} names {len(between)} phases; "
            f"{len(hull.elements)} elements need {len(hull.elements)} coexisting phases"
        )
    corners = [hull.phase(name) for name in between]
    fractions = np.array([[phase.fraction(symbol) for symbol in hull.elements] for phase in corners])
    if abs(np.linalg.det(fractions)) < 1e-12:
        raise InputError(f"the compositions of {named} are not independent; they fix no chemical potential")
    mu = np.linalg.solve(fractions, [phase.formation_energy_per_atom for phase in corners])
    for phase in hull.phases:
        on_plane = sum(phase.fraction(symbol) * mu_i for symbol, mu_i in zip(hull.elements, mu, strict=True))
        if phase.formation_energy_per_atom < on_plane - 10 * STABILITY_TOLERANCE:
            raise InputError(f"{named} do not coexist in the {hull.system} hull: {phase.name!r} is more stable there")
    return float(mu[hull.elements.index(element)])


def _check_element(hull: Hull, element: str) -> None:
    if element not in hull.elements:
        raise InputError(unknown_name(f"element in the {hull.system} hull", element, hull.elements))


def _check_entries(label: str, elements: tuple[str, ...], entries: Sequence[PhaseEntry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            raise InputError(f"hull of {label}: two phases are called {entry.name!r}; names must be unique")
        seen.add(entry.name)
        outside = sorted(set(entry.composition) - set(elements))
        if outside:
            raise InputError(f"hull of {label}: phase {entry.name!r} holds {', '.join(outside)}, not in the system")
    references = {element for entry in entries if entry.is_element for element in entry.composition}
    missing = [element for element in elements if element not in references]
    if missing:
        raise InputError(
            f"hull of {label}: no reference energy for {', '.join(missing)}; add at least one phase of the pure element"
        )


def _phase_diagram(
    elements: tuple[str, ...], entries: Sequence[PhaseEntry], energies_per_atom: Sequence[float]
) -> PhaseDiagram:
    """Return the pymatgen diagram; each of its entries carries the position in ``entries`` as ``attribute``."""
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition, Element

    pd_entries = []
    for i, (entry, energy) in enumerate(zip(entries, energies_per_atom, strict=True)):
        composition = Composition(dict(entry.composition))
        pd_entries.append(PDEntry(composition, float(energy) * composition.num_atoms, name=entry.name, attribute=i))
    return PhaseDiagram(pd_entries, [Element(element) for element in elements])


def _facets(
    entries: Sequence[PhaseEntry], fractions: NDArray[np.float64], formation: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the corners of the hull's facets as positions in ``entries``, shape (n_facets, n_elements)."""
    lowest: dict[tuple[float, ...], int] = {}
    for i in np.argsort(formation, kind="stable").tolist():
        if formation[i] < -_LEAST_FORMATION or entries[i].is_element:
            lowest.setdefault(_sort_key(fractions[i]), i)
    # Polymorphs of higher energy and compounds less stable than the elements are never corners: leave them out early.
    candidates = list(lowest.values())
    corners = lower_facets(fractions[candidates], formation[candidates])
    return np.asarray(candidates, dtype=np.intp)[corners]


def _hull_phase(entry: PhaseEntry, formation: float, above: float) -> HullPhase:
    own: dict[str, Any] = {item.name: getattr(entry, item.name) for item in fields(PhaseEntry)}
    return HullPhase(
        **own,
        # "+ 0.0" turns -0.0 into 0.0.
        formation_energy_per_atom=float(formation) + 0.0,
        e_above_hull=float(above) + 0.0,
        stable=bool(above == 0.0),
    )


def _sort_key(fractions: NDArray[np.float64]) -> tuple[float, ...]:
    """Composition as a key: equal for cells of different size."""
    return tuple(np.round(fractions, 10).tolist())


def _neighbours(phases: Sequence[HullPhase], elements: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Pairs of neighbouring stable phases of a binary; of polymorphs of equal energy the first stands for all."""
    first: dict[float, str] = {}
    for phase in phases:
        if phase.stable:
            first.setdefault(round(phase.fraction(elements[0]), 10), phase.name)
    return tuple(pairwise(first.values()))


def _edges(
    entries: Sequence[PhaseEntry], order: Sequence[int], facets: NDArray[np.intp]
) -> tuple[tuple[str, str], ...]:
    """Pairs of names on a common facet, in the order of the phases."""
    rank = {index: position for position, index in enumerate(order)}
    pairs = {tuple(sorted((rank[int(a)], rank[int(b)]))) for facet in facets for a, b in combinations(facet, 2)}
    return tuple((entries[order[a]].name, entries[order[b]].name) for a, b in sorted(pairs))
