"""What a binary hull diagram shows, independent of who draws it.

The PNG and the interactive figure both draw a `HullDiagram`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from ...reference.published import Published
from ...thermodynamics.hulls.hull import Hull
from ..benchmarks.reference import composition, formation_energy, formation_references
from ..model import SystemReport
from ..notation import signed

ENERGY_TITLE = "formation energy (eV/atom)"

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
    row_id: int | None = None
    """In the structure database; None where the energies come from elsewhere."""


@dataclass(frozen=True)
class DiagramReference:
    """A published formation energy: ``x`` lies `NUDGE` beside its composition."""

    x: float
    y: float
    uncertainty: float | None
    value: Published


Point = TypeVar("Point", DiagramPoint, DiagramReference)
Shape = Literal["circle", "diamond", "square"]
Side = Literal["end", "left", "right"]

_PUBLISHED_MARKERS: dict[str, tuple[Shape, bool]] = {
    "checked": ("diamond", True),
    "derived": ("square", True),
    "recalled": ("diamond", False),
}
"""Shape of published values by their confidence, and whether it is filled."""


@dataclass(frozen=True)
class Series(Generic[Point]):
    """Points that are drawn alike and have one name in the legend.

    Attributes
    ----------
    label
        In the legend.
    meaning
        What the colour says; a name of the style.
    rank
        Place in the legend, from 1; series of one rank are drawn in one size.
    points
        At least one.
    filled
        Whether the markers are full or rings.
    shape
        Of the markers.
    """

    label: str
    meaning: Literal["stable", "prototype", "reference"]
    rank: int
    points: tuple[Point, ...]
    filled: bool = False
    shape: Shape = "circle"


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

    @property
    def x_title(self) -> str:
        """``x in Li_{x}Hg_{1−x}``."""
        return f"x in {self.x_element}_{{x}}{self.other_element}_{{1−x}}"

    @property
    def x_ticks(self) -> tuple[tuple[float, str], ...]:
        """Places and texts along the axis of compositions; its ends are the elements."""
        return (0, self.other_element), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1, self.x_element)

    @property
    def on_hull(self) -> Series[DiagramPoint]:
        """The phases on the hull, in front of all others."""
        return Series("on the hull", "stable", 1, self.stable, filled=True)

    @property
    def above_hull(self) -> tuple[Series[DiagramPoint], ...]:
        """The phases above the hull, inside the frame or not, the hindmost first."""
        observed = tuple(point for point in self.unstable if point.kind == "library")
        prototypes = tuple(point for point in self.unstable if point.kind != "library")
        found: tuple[Series[DiagramPoint], ...] = (
            Series("prototype, above the hull", "prototype", 3, prototypes),
            Series("observed, above the hull", "stable", 2, observed),
        )
        return tuple(series for series in found if series.points)

    @property
    def phases(self) -> tuple[Series[DiagramPoint], ...]:
        """All phases, the hindmost first."""
        return (*self.above_hull, self.on_hull)

    @property
    def published(self) -> tuple[Series[DiagramReference], ...]:
        """The published values by how far they are to be trusted, between the phases above the hull and those on it."""
        return tuple(
            Series(f"published, {confidence}", "reference", 4, points, filled, shape)
            for confidence, (shape, filled) in _PUBLISHED_MARKERS.items()
            if (points := tuple(ref for ref in self.references if ref.value.confidence == confidence))
        )

    @property
    def stable_labels(self) -> tuple[tuple[DiagramPoint, Side], ...]:
        """The phases on the hull with the side of their names: the outer one, where nothing is ever drawn."""
        lowest = min(self.stable, key=lambda point: point.y)
        return tuple(
            (point, "end" if point.x in (0.0, 1.0) else "right" if point.x > lowest.x else "left")
            for point in self.stable
        )

    @property
    def above_frame_note(self) -> str:
        """``1 phase higher up, to +0.19 eV/atom``; "" where all are drawn."""
        above = self.above_frame
        if not above:
            return ""
        count = f"{len(above)} phase{'s' if len(above) > 1 else ''}"
        return f"{count} higher up, to {signed(max(point.y for point in above), 2)} eV/atom"


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


def _points(report: SystemReport, x_element: str) -> tuple[DiagramPoint, ...]:
    points = []
    for phase in report.hull.phases:
        record = report.record(phase.name)
        points.append(
            DiagramPoint(
                name=phase.name,
                formula=phase.formula,
                x=phase.fraction(x_element),
                y=phase.formation_energy_per_atom,
                e_above_hull=phase.e_above_hull,
                stable=phase.stable,
                kind=record.kind,
                space_group=record.space_group,
                polymorph=False,
                row_id=record.row_id,
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
    """Where the energies begin and end; a shallow hull leaves its room to the phases above it."""
    lows = [point.y for point in points] + [ref.y - (ref.uncertainty or 0.0) for ref in references]
    depth = max(0.0, -min(lows, default=0.0))
    room = max(MIN_DEPTH, depth)
    highs = [point.y for point in points if point.y <= 0.3 * room + (room - depth)] + [0.0]
    highs += [ref.y + (ref.uncertainty or 0.0) for ref in references]
    low = -depth - 0.16 * room
    return low, max(max(highs) + 0.14 * room, low + 1.3 * room)
