"""What several potentials say of one system: phases, voltage steps, and how far each is from measured values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...errors import InputError
from ...structures.compositions import same_composition
from ..benchmarks.published import Benchmark, benchmarks
from ..benchmarks.reference import composition
from ..benchmarks.table import BenchmarkRow, ComputedValue, MeanError, compare, mean_errors
from ..benchmarks.values import hull_values
from ..model import PhaseRecord, SystemReport
from ..notation import enumeration

MIN_RANKED = 3
"""Measured values from which on potentials are ranked: of fewer, one outlier decides."""
RANKED = ("formation_enthalpy", "volume_per_atom", "saturated_emf")
"""Measured quantities that potentials are ranked by."""
MEASURED = "experiment"


@dataclass(frozen=True)
class ComputedHull:
    """The hull of one potential; ``identity`` is what was behind its name, the rest as it was recorded."""

    potential: str
    identity: str
    report: SystemReport
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def records(self) -> dict[str, PhaseRecord]:
        """The phases by their names."""
        return {record.name: record for record in self.report.records}

    @property
    def stable(self) -> tuple[str, ...]:
        """Formulas of the compounds on the hull, in its order."""
        return tuple(dict.fromkeys(one.formula for one in self.report.hull.stable if not one.is_element))

    def values(self) -> list[ComputedValue]:
        """Return what it gives of the published values."""
        volumes = [
            ComputedValue("volume_per_atom", record.name, self.potential, float(record.volume_per_atom))
            for record in self.report.records
            if record.kind == "library"
        ]
        return hull_values(self.report.hull, self.potential) + volumes


@dataclass(frozen=True)
class ComparedPhase:
    """One structure; ``records`` has what each potential that computed it gives, by the name of the potential.

    Attributes
    ----------
    formation_energy
        Measured for the composition, eV/atom against the solid elements; None where it is not known.
    volume
        Measured for the structure, Å³/atom; None where it is not known.
    """

    name: str
    formula: str
    kind: str
    records: Mapping[str, PhaseRecord]
    formation_energy: Benchmark | None
    volume: Benchmark | None

    @property
    def formation_energy_spread(self) -> float | None:
        """Highest minus lowest formation energy, eV/atom; None with one potential."""
        energies = [record.formation_energy_per_atom for record in self.records.values()]
        return max(energies) - min(energies) if len(energies) > 1 else None

    @property
    def volume_spread(self) -> float | None:
        """Largest minus smallest volume, Å³/atom; None with one potential."""
        volumes = [record.volume_per_atom for record in self.records.values()]
        return max(volumes) - min(volumes) if len(volumes) > 1 else None


@dataclass(frozen=True)
class ComparedStep:
    """A voltage step from one compound to another; ``voltages_V`` has those potentials whose hull has the step."""

    from_formula: str
    to_formula: str
    voltages_V: Mapping[str, float]


@dataclass(frozen=True)
class Ranking:
    """Mean absolute deviations from the measured values of one quantity that every potential gives.

    Attributes
    ----------
    quantity
        One of `RANKED`.
    count
        How many values.
    errors
        By potential; in % where they are relative.
    """

    quantity: str
    count: int
    errors: Mapping[str, MeanError]

    @property
    def best_first(self) -> tuple[str, ...]:
        """The potentials from the smallest deviation to the largest; empty with fewer values than `MIN_RANKED`."""
        if self.count < MIN_RANKED:
            return ()
        return tuple(sorted(self.errors, key=lambda name: self.errors[name].mean_absolute))

    @property
    def places(self) -> dict[str, int]:
        """Place of each potential from 1; equal deviations share one."""
        ranked = [self.errors[name].mean_absolute for name in self.best_first]
        return {name: 1 + sum(one < ranked[i] for one in ranked) for i, name in enumerate(self.best_first)}


@dataclass(frozen=True)
class Comparison:
    """One system with several potentials.

    Raises
    ------
    InputError
        Fewer than two hulls, of different systems, or two of one potential.
    """

    hulls: tuple[ComputedHull, ...]

    def __post_init__(self) -> None:
        if len(self.hulls) < 2:
            raise InputError(
                f"comparing takes two potentials or more; there is {enumeration(self.potentials) or 'none'}"
            )
        systems = dict.fromkeys(one.report.hull.system for one in self.hulls)
        if len(systems) > 1:
            raise InputError(f"a comparison is of one system; given: {', '.join(systems)}")
        if repeated := sorted({name for name in self.potentials if self.potentials.count(name) > 1}):
            raise InputError(f"a comparison has each potential once; repeated: {', '.join(repeated)}")

    @property
    def system(self) -> str:
        """Its elements, ``Li-Hg``."""
        return self.hulls[0].report.hull.system

    @property
    def elements(self) -> tuple[str, ...]:
        """The same elements one by one."""
        return self.hulls[0].report.hull.elements

    @property
    def potentials(self) -> tuple[str, ...]:
        """Their names, in the order of all tables."""
        return tuple(one.potential for one in self.hulls)

    @cached_property
    def phases(self) -> tuple[ComparedPhase, ...]:
        """Every structure that was not guessed, and what is on any hull, in the order of a hull."""
        places: dict[str, tuple[Any, ...]] = {}
        for one in self.hulls:
            for phase in one.report.hull.phases:
                if phase.stable or one.records[phase.name].kind != "prototype":
                    fractions = tuple(round(phase.fraction(element), 10) for element in self.elements)
                    place = (fractions, phase.formation_energy_per_atom, phase.name)
                    places[phase.name] = min(place, places.get(phase.name, place))
        return tuple(self._phase(name) for name in sorted(places, key=lambda name: places[name]))

    def _phase(self, name: str) -> ComparedPhase:
        records = {one.potential: one.records[name] for one in self.hulls if name in one.records}
        first = next(iter(records.values()))
        amounts = composition(first.formula)
        measured = [item for item in benchmarks() if item.basis == MEASURED]
        energies = (item for item in measured if item.quantity == "formation_enthalpy")
        volumes = (item for item in measured if item.quantity == "volume_per_atom" and item.subject == name)
        return ComparedPhase(
            name,
            first.formula,
            first.kind,
            records,
            next((item for item in energies if same_composition(composition(item.subject), amounts)), None),
            next(volumes, None) if first.kind == "library" else None,
        )

    @property
    def steps(self) -> tuple[ComparedStep, ...]:
        """The voltage steps of all potentials, from the bare host on; empty where no metal is inserted."""
        found: dict[tuple[float, float, str, str], dict[str, float]] = {}
        for one in self.hulls:
            for step in one.report.voltage.steps if one.report.voltage else ():
                ends = (round(step.x_from, 8), round(step.x_to, 8), step.from_formula, step.to_formula)
                found.setdefault(ends, {})[one.potential] = step.voltage_V
        return tuple(ComparedStep(start, end, found[ends]) for ends in sorted(found) for *_, start, end in [ends])

    @property
    def mean_voltages_V(self) -> dict[str, float]:
        """Mean voltage of all steps, by potential."""
        means = {one.potential: one.report.voltage.mean_voltage_V for one in self.hulls if one.report.voltage}
        return {name: mean for name, mean in means.items() if mean is not None}

    @cached_property
    def published(self) -> tuple[BenchmarkRow, ...]:
        """The published values that any potential gives, with what each gives."""
        values = [value for one in self.hulls for value in one.values()]
        return tuple(row for row in compare(benchmarks(), values) if row.computed)

    @property
    def rankings(self) -> tuple[Ranking, ...]:
        """Mean deviations for each quantity of which a measured value is given by every potential."""
        shared = [
            row
            for row in self.published
            if row.benchmark.basis == MEASURED and row.computed.keys() == set(self.potentials)
        ]
        errors = {(one.quantity, one.potential): one for one in mean_errors(shared)}
        return tuple(
            Ranking(quantity, found[self.potentials[0]].count, found)
            for quantity in RANKED
            if (found := {name: errors[quantity, name] for name in self.potentials if (quantity, name) in errors})
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Which of the phases one of the potentials does not have, and why."""
        return tuple(note for one in self.hulls for note in self._gaps(one))

    def _gaps(self, one: ComputedHull) -> Iterator[str]:
        missing = [phase.name for phase in self.phases if phase.name not in one.records]
        merged, failed = dict(one.report.merged), dict(one.report.failed)
        for name in missing:
            if name in merged:
                yield f"{name} relaxed into {merged[name]} with {one.potential}"
            elif name in failed:
                yield f"{name} failed with {one.potential}: {failed[name]}"
        if lacking := [name for name in missing if name not in merged and name not in failed]:
            yield f"not computed with {one.potential}, whose hull may lie too high: {', '.join(lacking)}"
