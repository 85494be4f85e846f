"""What the phase library knows of the phases of a computed hull: observed, disordered, unknown, never seen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ...structures.compositions import parse_formula
from ...structures.library.phases import Phase, list_phases
from ...thermodynamics.hulls.hull import Hull, HullPhase, build_hull
from ..model import PhaseRecord, SystemReport
from ..notation import unicode_formula

Composition = tuple[tuple[str, float], ...]


def composition_key(amounts: Mapping[str, float]) -> Composition:
    """Return atomic fractions in a form that is equal for equal compositions."""
    total = sum(amounts.values())
    return tuple(sorted((symbol, round(amount / total, 5)) for symbol, amount in amounts.items()))


def hg_last(formula: str) -> str:
    """``HgAu3`` -> ``Au3Hg``: formulas of amalgams end with mercury."""
    amounts = sorted(parse_formula(formula).items(), key=lambda item: item[0] == "Hg")
    return "".join(f"{symbol}{f'{amount:g}' if amount != 1 else ''}" for symbol, amount in amounts)


def shown(formula: str) -> str:
    """Return the formula with subscripts, mercury last."""
    return unicode_formula(hg_last(formula))


class Survey:
    """The records of one system beside what the library lists for it.

    Attributes
    ----------
    library
        Phases of the library within the system, by key.
    """

    def __init__(self, system: SystemReport) -> None:
        self.system = system
        self.hull = system.hull
        self.library = {phase.key: phase for phase in list_phases(system.hull.system)}

    @cached_property
    def compounds(self) -> list[PhaseRecord]:
        """Every record but those of the elements."""
        return [record for record in self.system.records if not self.phase(record).is_element]

    @cached_property
    def observed(self) -> list[PhaseRecord]:
        """Records of observed compounds; ordered models of disordered ones do not count."""
        return [record for record in self.compounds if record.kind == "library" and self.role(record) != "model"]

    @cached_property
    def reported(self) -> list[Phase]:
        """Compounds that the library lists as observed, whether they can be built or not."""
        phases = self.library.values()
        return [p for p in phases if p.formula and len(p.elements) > 1 and p.role in ("phase", "polymorph")]

    @cached_property
    def observed_compositions(self) -> set[Composition]:
        """Compositions at which a compound was ever observed."""
        reported = {composition_key(parse_formula(phase.formula or "")) for phase in self.reported}
        return reported | {self.composition(record) for record in self.observed}

    @cached_property
    def observed_hull(self) -> Hull:
        """The hull of the elements and the observed compositions alone.

        Candidates stand in at an observed composition, because the structure may be unknown or the candidate better.
        """
        chosen = [phase for phase in self.hull.phases if phase.is_element or self.is_observed(phase.name)]
        return build_hull(self.hull.system, chosen, temperature_K=self.hull.temperature_K)

    def is_observed(self, name: str) -> bool:
        """Whether the phase of that name has a composition at which a compound was observed."""
        record = self.system.record(name)
        return record.kind == "library" or self.composition(record) in self.observed_compositions

    def phase(self, record: PhaseRecord) -> HullPhase:
        """Return the phase of the hull that belongs to a record."""
        return self.hull.phase(record.name)

    def composition(self, record: PhaseRecord) -> Composition:
        """Return the composition of a record."""
        return composition_key(self.phase(record).composition)

    def role(self, record: PhaseRecord) -> str:
        """Role of a record in the library; ``phase`` for an observed one that the library does not have."""
        phase = self.library.get(record.name)
        return phase.role if phase else "phase"

    def above_observed_hull(self, record: PhaseRecord) -> float:
        """Distance to the hull of the observed compositions, eV/atom; negative below it."""
        from pymatgen.core import Composition as Amounts

        phase = self.phase(record)
        hull_energy = self.observed_hull.phase_diagram.get_hull_energy_per_atom(Amounts(dict(phase.composition)))
        return phase.energy_per_atom - float(hull_energy)

    def stable_at(self, composition: Composition) -> PhaseRecord | None:
        """Return the record on the hull at that composition, or None."""
        found = (r for r in self.system.records if self.phase(r).stable and self.composition(r) == composition)
        return next(found, None)

    def lowest_observed_at(self, composition: Composition) -> PhaseRecord | None:
        """Return the lowest observed structure of that composition, or None; polymorphs only where nothing else is."""
        found = [record for record in self.observed if self.composition(record) == composition]
        phases = [record for record in found if self.role(record) == "phase"]
        return min(phases or found, key=lambda record: record.energy_per_atom, default=None)

    @cached_property
    def unbuilt(self) -> list[Phase]:
        """Observed compounds without a record of their own: structure unknown, disordered, or failed."""
        present = {record.name for record in self.system.records}
        merged = {name for name, _ in self.system.merged}
        return [phase for phase in self.reported if phase.key not in present | merged]

    def unbuilt_at(self, composition: Composition) -> Phase | None:
        """Return an observed compound of that composition without a record of its own, or None."""
        found = (p for p in self.unbuilt if composition_key(parse_formula(p.formula or "")) == composition)
        return next(found, None)

    def missing_competitors(self, record: PhaseRecord) -> list[Phase]:
        """Observed compounds of unknown structure whose real energy could cut a candidate off the hull (binary only).

        They lie between the observed neighbours of the candidate on the hull, so a lower energy of theirs lowers the
        tie line above which the candidate would be.
        """
        if len(self.hull.elements) != 2:
            return []
        element = self.hull.elements[0]
        x = self.phase(record).fraction(element)
        built = {self.composition(r) for r in self.observed}
        ends = [
            p.fraction(element) for p in self.hull.stable if p.is_element or composition_key(p.composition) in built
        ]
        low, high = max(end for end in ends if end < x), min(end for end in ends if end > x)
        return [p for p in self.unbuilt if not p.ordered_model and low < _fraction(p, element) < high]


def _fraction(phase: Phase, element: str) -> float:
    amounts = parse_formula(phase.formula or "")
    return amounts.get(element, 0.0) / sum(amounts.values())
