"""What both drawings of the wetting curve show: lines, bands, drops and ranges.

Each limit of the dry face is one line with the model band of all parameter sets of the face and the statistical band
of the first; the other sets are thin lines in the colour of their limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ...thermodynamics.wetting.curve import Limit, LimitPoint, WettingCurve, WettingPoint
from .model import WettingMember, WettingReport
from .wording import KeyPoint, angle, how, is_model_band, limit_label, reacting_points, statistical_name

ZERO_DECADES = 1.1
"""How far left of the lowest composition x = 0 is drawn, in decades."""

DOES_NOT_WET, WETS = "does not wet ↑", "wets ↓"
"""Above and below the line at 90°."""

ORDER = (Limit.EQUILIBRATED, Limit.FRESH)
"""From the higher angle to the lower one, as drops and their angles stand side by side."""


@dataclass(frozen=True)
class LimitLine:
    """One limit of one curve: its points, x = 0 first. The colour is that which the style calls by the limit's name."""

    limit: Limit
    label: str
    points: tuple[tuple[WettingPoint, LimitPoint], ...]

    @property
    def dissolved(self) -> tuple[tuple[WettingPoint, LimitPoint], ...]:
        """The points with solute, which lie on the logarithmic scale."""
        return tuple(pair for pair in self.points if pair[0].x > 0.0)

    @property
    def filled(self) -> bool:
        """Full points and an unbroken line; fresh is dashed with rings, so that it shows where both limits agree."""
        return self.limit is not Limit.FRESH


def limit_lines(report: WettingReport, curve: WettingCurve | None = None) -> list[LimitLine]:
    """Return the limits of a curve that were computed; by default of the curve of the first face."""
    lines = []
    for limit in ORDER:
        found = ((point, point.of(limit)) for point in (curve or report.curve).points)
        points = tuple((point, drop) for point, drop in found if drop is not None)
        if points:
            lines.append(LimitLine(limit, limit_label(report, limit), points))
    return lines


def other_members(report: WettingReport) -> list[tuple[WettingMember, list[LimitLine]]]:
    """Return the other parameter sets of the first face, each with its lines."""
    return [(member, limit_lines(report, member.curve)) for member in report.faces[0].members[1:]]


def finite_drop_label(report: WettingReport) -> str:
    """``chgnet+d3 in a drop of 0.5 mm``, of the line beside the endless supply; "" where there is none."""
    drop = report.finite_drop
    return "" if drop is None else f"{report.default.potential} {drop.label}"


@dataclass(frozen=True)
class Band:
    """A band about the lines: its name, its ends at a point (degrees), and whether it lies inside the other one."""

    label: str
    ends: Callable[[LimitPoint], tuple[float, float]]
    inner: bool


def bands(report: WettingReport) -> list[Band]:
    """Return the model band of all parameter sets, where there are several, and the statistical one of the first."""
    found = []
    if is_model_band(report):
        n_sets = len(report.faces[0].members)
        label = f"model band of {n_sets} parameter set" + "s" * (n_sets > 1)
        found.append(Band(label, lambda drop: (drop.theta_low_deg, drop.theta_high_deg), inner=False))
    label = f"{statistical_name(report)} of {report.default.potential}"
    return [*found, Band(label, lambda drop: (drop.statistical_low_deg, drop.statistical_high_deg), inner=True)]


def angle_title(report: WettingReport) -> str:
    """``contact angle θ (°), predicted``."""
    return f"contact angle θ (°), {how(report)}"


def composition_title(report: WettingReport) -> str:
    """``mole fraction of Li in liquid Hg``."""
    return f"mole fraction of {report.solute} in liquid {report.solvent}"


def log_range(curve: WettingCurve) -> tuple[float, float]:
    """Decimal logarithms of the lowest and the highest composition with solute."""
    logs = [math.log10(point.x) for point in curve.points if point.x > 0.0] or [-7.0, -2.0]
    return min(logs), max(logs)


def decades(curve: WettingCurve) -> range:
    """Return the decades that the axis of compositions names."""
    low, high = log_range(curve)
    return range(math.ceil(low - 1e-9), math.floor(high) + 1)


def log_place(curve: WettingCurve, x: float) -> float:
    """Where a composition is drawn: its decimal logarithm, with 0 to the left of all others."""
    return math.log10(x) if x > 0.0 else log_range(curve)[0] - ZERO_DECADES


def reduction_reach(report: WettingReport) -> tuple[float, float] | None:
    """First and last mole fraction of the curve at which the solid reacts; None where it does not."""
    points = reacting_points(report)
    return (points[0].x, points[-1].x) if points else None


@dataclass(frozen=True)
class KeyAngle:
    """One of the angles below a drop; ``limit`` is None for the pure liquid, where both limits are one."""

    limit: Limit | None
    theta_deg: float | None
    text: str
    word: str


def key_angles(key: KeyPoint) -> list[KeyAngle]:
    """Return the angles of a composition: one for the pure liquid, else one for each limit, known or not."""
    if key.x == 0.0:
        theta = key.point.fresh.theta_deg
        return [KeyAngle(None, theta, angle(theta), "either limit")]
    found = []
    for limit in ORDER:
        point = key.point.of(limit)
        if point is None:
            found.append(KeyAngle(limit, None, "–", f"{limit}: not computed"))
        else:
            found.append(KeyAngle(limit, point.theta_deg, angle(point.theta_deg), str(limit)))
    return found
