"""What a binary hull diagram shows, independent of who draws it.

The PNG and the interactive figure both draw a `HullDiagram`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...reference.published import Published
from ...thermodynamics.hulls.hull import Hull, HullPhase
from ..benchmarks.reference import composition, formation_energy, formation_references
from ..model import SystemReport

MIN_DEPTH = 0.05
"""Energy window (eV/atom) below which a shallow hull is not magnified further."""


NUDGE = 0.013
"""How far a published value is drawn beside its composition, so that it does not hide under the computed one."""


@dataclass(frozen=True)
class DiagramPoint:
    """A computed phase: ``x`` is the atomic fraction along the axis, ``y`` its formation energy (eV/atom)."""

    name: str
    formula: str
    x: float
    y: float
    e_above_hull: float
    stable: bool
    kind: str
    space_group: str
    polymorph: bool
    """True when another, lower phase has the same composition."""


@dataclass(frozen=True)
class DiagramReference:
    """A published formation energy: ``x`` lies `NUDGE` beside its composition."""

    x: float
    y: float
    uncertainty: float | None
    value: Published


@dataclass(frozen=True)
class HullDiagram:
    """Points, tie lines, published values and the energy window of one binary system."""

    system: str
    temperature_K: float
    x_element: str
    other_element: str
    points: tuple[DiagramPoint, ...]
    tie_lines: tuple[tuple[DiagramPoint, DiagramPoint], ...]
    references: tuple[DiagramReference, ...]
    y_range: tuple[float, float]

    @property
    def above_frame(self) -> tuple[DiagramPoint, ...]:
        """Phases too high in energy to be drawn."""
        return tuple(point for point in self.points if point.y > self.y_range[1])

    @property
    def stable(self) -> tuple[DiagramPoint, ...]:
        """Phases on the hull."""
        return tuple(point for point in self.points if point.stable)

    @property
    def unstable(self) -> tuple[DiagramPoint, ...]:
        """Phases above the hull, inside the frame or not."""
        return tuple(point for point in self.points if not point.stable)


def binary_diagram(report: SystemReport) -> HullDiagram | None:
    """Lay out the hull of a two-element system; None for any other number of elements."""
    hull = report.hull
    if len(hull.elements) != 2:
        return None
    x_element = _x_element(hull)
    other = next(element for element in hull.elements if element != x_element)
    points = _points(report, x_element)
    by_name = {point.name: point for point in points}
    valley = min((point for point in points if point.stable), key=lambda point: point.y).x
    references = _references(hull, x_element, valley)
    return HullDiagram(
        system=hull.system,
        temperature_K=hull.temperature_K,
        x_element=x_element,
        other_element=other,
        points=points,
        tie_lines=tuple((by_name[a], by_name[b]) for a, b in hull.tie_lines),
        references=references,
        y_range=_y_range(points, references),
    )


def label_candidates(diagram: HullDiagram, *, within: float = 0.06, limit: int = 8) -> list[DiagramPoint]:
    """Unstable phases worth a label: the observed ones, then the lowest prototype of each empty composition."""
    visible = [point for point in diagram.unstable if point.y <= diagram.y_range[1]]
    observed = [point for point in visible if point.kind == "library"]
    prototypes = [
        point for point in visible if point.kind != "library" and not point.polymorph and point.e_above_hull < within
    ]
    ranked = sorted(observed, key=lambda p: p.e_above_hull) + sorted(prototypes, key=lambda p: p.e_above_hull)
    return ranked[: max(limit, len(observed))]


def _x_element(hull: Hull) -> str:
    """Amalgams are drawn with mercury on the left: the axis counts the dissolved metal."""
    first, second = hull.elements
    return second if first == "Hg" else first


def _fraction(phase: HullPhase, element: str) -> float:
    return phase.composition.get(element, 0.0) / sum(phase.composition.values())


def _points(report: SystemReport, x_element: str) -> tuple[DiagramPoint, ...]:
    points = []
    for phase in report.hull.phases:
        record = report.record(phase.name)
        points.append(
            DiagramPoint(
                name=phase.name,
                formula=phase.formula,
                x=_fraction(phase, x_element),
                y=phase.formation_energy_per_atom,
                e_above_hull=phase.e_above_hull,
                stable=phase.stable,
                kind=record.kind,
                space_group=record.space_group,
                polymorph=False,
            )
        )
    return tuple(replace(point, polymorph=_has_lower(point, points)) for point in points)


def _has_lower(point: DiagramPoint, points: Sequence[DiagramPoint]) -> bool:
    return any(abs(other.x - point.x) < 1e-6 and other.y < point.y for other in points)


def _references(hull: Hull, x_element: str, valley: float) -> tuple[DiagramReference, ...]:
    drawn: list[DiagramReference] = []
    first, second = hull.elements
    for value in formation_references((first, second)):
        x = composition(value.subject).get(x_element, 0.0)
        shared = sum(composition(other.value.subject) == composition(value.subject) for other in drawn)
        y, uncertainty = formation_energy(value)
        # Beside the computed marker, on the inner side of the hull: labels of the phases stand on the outer one.
        nudge = NUDGE * (shared + 1) * (1 if x <= valley else -1)
        drawn.append(DiagramReference(x=x + nudge, y=y, uncertainty=uncertainty, value=value))
    return tuple(drawn)


def _y_range(points: Sequence[DiagramPoint], references: Sequence[DiagramReference]) -> tuple[float, float]:
    lows = [point.y for point in points] + [ref.y - (ref.uncertainty or 0.0) for ref in references]
    depth = max(MIN_DEPTH, -min(lows, default=0.0))
    highs = [point.y for point in points if point.y <= 0.3 * depth] + [0.0]
    highs += [ref.y + (ref.uncertainty or 0.0) for ref in references]
    return -1.16 * depth, max(*highs, 0.0) + 0.14 * depth
