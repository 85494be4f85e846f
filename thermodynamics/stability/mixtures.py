"""The phases that a mixture of elements becomes at equilibrium, closed or open to one element."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..hulls.hull import Hull, HullPhase

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.analysis.phase_diagram import PhaseDiagram
    from pymatgen.core import Composition

ABSENT = 1e-9
"""Share of a mixture below which a phase counts as absent: rounding."""


@dataclass(frozen=True)
class Mixture:
    """Phases at equilibrium.

    Attributes
    ----------
    energy
        eV, relative to the elements of the hull; with an open element, minus its chemical potential times ``uptake``.
    atoms
        Atoms of each phase present, by its name.
    uptake
        Atoms of the open element taken from the reservoir; negative when given back, 0 in a closed system.
    """

    energy: float
    atoms: Mapping[str, float]
    uptake: float = 0.0


class Equilibrium:
    """The phases of a hull as a function of composition.

    With an open element the phases minimise E - mu N, with N its atoms; they compete over the composition of the other
    elements, the framework.

    Parameters
    ----------
    hull
        All phases that compete.
    open_element
        Element exchanged with a reservoir; None for a closed system.
    chemical_potential
        Of the open element, eV per atom relative to its lowest phase in the hull; 0 or less.
    """

    def __init__(self, hull: Hull, open_element: str | None = None, chemical_potential: float = 0.0) -> None:
        self.open_element = open_element
        self.chemical_potential = chemical_potential
        self.framework = tuple(element for element in hull.elements if element != open_element)
        phases = [phase for phase in hull.phases if any(element in phase.composition for element in self.framework)]
        self._phases = _lowest(phases, self._coordinates, self._potential)
        self._diagram = _diagram(self.framework, self._phases, self._coordinates, self._potential)
        corners = [entry.attribute for entry in self._diagram.qhull_entries]
        self._facets = np.array([[corners[vertex] for vertex in facet] for facet in self._diagram.facets])
        fractions = np.array([list(self._coordinates(phase).values()) for phase in self._phases])
        self._to_weights: NDArray[np.float64] = np.linalg.inv(fractions[self._facets])

    def at(self, composition: Mapping[str, float]) -> Mixture:
        """Return the equilibrium phases of a mixture.

        Parameters
        ----------
        composition
            Atoms of each element of the hull, any amount; with an open element, as much of it as the mixture brings.
        """
        amounts = np.array([composition.get(element, 0.0) for element in self.framework])
        total = float(amounts.sum())
        weights = np.einsum("e,fec->fc", amounts / total, self._to_weights)
        facet = int(weights.min(axis=1).argmax())
        atoms: dict[str, float] = {}
        energy = uptake = 0.0
        for corner, weight in zip(self._facets[facet].tolist(), weights[facet].tolist(), strict=True):
            if weight > ABSENT:
                phase = self._phases[corner]
                framework_atoms = weight * total
                atoms[phase.name] = framework_atoms / self._framework_share(phase)
                energy += framework_atoms * self._potential(phase)
                if self.open_element is not None:
                    uptake += atoms[phase.name] * phase.fraction(self.open_element)
        if self.open_element is not None:
            uptake -= composition.get(self.open_element, 0.0)
            energy += self.chemical_potential * composition.get(self.open_element, 0.0)
        return Mixture(energy, dict(sorted(atoms.items())), uptake)

    def breaks(self, first: Mapping[str, float], second: Mapping[str, float]) -> list[float]:
        """Return the x in x first + (1 - x) second at which the phases change, rising, from 0 to 1.

        Both compositions count in atoms, with at least one atom of the framework each.
        """
        a, b = self._composition(first), self._composition(second)
        size_a, size_b = a.num_atoms, b.num_atoms
        line = self._vector(a) / size_a - self._vector(b) / size_b
        if np.abs(line).max() < ABSENT:
            return [0.0, 1.0]
        breaks = []
        for point in self._diagram.get_critical_compositions(b, a):
            share = float((self._vector(point) / point.num_atoms - self._vector(b) / size_b) @ line / (line @ line))
            # ``share`` counts framework atoms; x counts the amounts as given.
            breaks.append(share * size_b / (share * size_b + (1.0 - share) * size_a))
        return [0.0, *(x for x in sorted(breaks) if ABSENT < x < 1.0 - ABSENT), 1.0]

    def _framework_share(self, phase: HullPhase) -> float:
        return 1.0 - (phase.fraction(self.open_element) if self.open_element is not None else 0.0)

    def _coordinates(self, phase: HullPhase) -> dict[str, float]:
        share = self._framework_share(phase)
        return {element: phase.fraction(element) / share for element in self.framework}

    def _potential(self, phase: HullPhase) -> float:
        """Energy minus chemical potential times atoms of the open element, eV per framework atom.

        Where the mixture brings atoms of the open element, ``at`` credits them with the same chemical potential.
        """
        share = self._framework_share(phase)
        return (phase.formation_energy_per_atom - self.chemical_potential * (1.0 - share)) / share

    def _composition(self, amounts: Mapping[str, float]) -> Composition:
        from pymatgen.core import Composition

        return Composition({element: amounts[element] for element in self.framework if amounts.get(element)})

    def _vector(self, composition: Composition) -> NDArray[np.float64]:
        return np.array([composition[element] for element in self.framework])


def _lowest(
    phases: Sequence[HullPhase],
    coordinates: Callable[[HullPhase], Mapping[str, float]],
    potential: Callable[[HullPhase], float],
) -> list[HullPhase]:
    """Of the phases that share a place, the one of lowest energy."""
    found: dict[tuple[float, ...], HullPhase] = {}
    for phase in sorted(phases, key=potential):
        found.setdefault(tuple(round(value, 10) for value in coordinates(phase).values()), phase)
    return list(found.values())


def _diagram(
    elements: Sequence[str],
    phases: Sequence[HullPhase],
    coordinates: Callable[[HullPhase], Mapping[str, float]],
    potential: Callable[[HullPhase], float],
) -> PhaseDiagram:
    """The pymatgen diagram of the framework; each of its entries carries the position in ``phases``."""
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition, Element

    entries = [
        PDEntry(Composition(coordinates(phase)), potential(phase), name=phase.name, attribute=i)
        for i, phase in enumerate(phases)
    ]
    return PhaseDiagram(entries, [Element(element) for element in elements])
