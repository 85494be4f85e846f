"""What both drawings of the wetting curve show: lines, bands, drops and ranges.

Each limit of the dry face is one line with the model band of all parameter sets of the face and the statistical band
of the first; the other sets are thin lines in the colour of their limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...thermodynamics.wetting.curve import Limit, LimitPoint, WettingCurve, WettingPoint
from .model import WettingMember, WettingReport
from .wording import KeyPoint, angle, is_model_band, limit_label, reacting_points, statistical_name

ZERO_DECADES = 1.1
"""How far left of the lowest composition x = 0 is drawn, in decades."""

ORDER = (Limit.EQUILIBRATED, Limit.FRESH)
"""From the higher angle to the lower one, as drops and their angles stand side by side."""


@dataclass(frozen=True)
class LimitLine:
    """One limit of one curve: its points, x = 0 first."""

    limit: Limit
    label: str
    points: tuple[tuple[WettingPoint, LimitPoint], ...]

    @property
    def dissolved(self) -> tuple[tuple[WettingPoint, LimitPoint], ...]:
        """The points with solute, which lie on the logarithmic scale."""
        return tuple(pair for pair in self.points if pair[0].x > 0.0)


def limit_line(report: WettingReport, curve: WettingCurve, limit: Limit) -> LimitLine | None:
    """Return one limit of a curve; None where it was not computed."""
    points = tuple((point, drop) for point in curve.points if (drop := point.of(limit)) is not None)
    return LimitLine(limit, limit_label(report, limit), points) if points else None


def limit_lines(report: WettingReport) -> list[LimitLine]:
    """Return the lines of the first face."""
    return [line for limit in ORDER if (line := limit_line(report, report.curve, limit)) is not None]


def other_members(report: WettingReport) -> list[tuple[WettingMember, list[LimitLine]]]:
    """Return the other parameter sets of the first face, each with its lines."""
    return [
        (member, [line for limit in ORDER if (line := limit_line(report, member.curve, limit)) is not None])
        for member in report.faces[0].members[1:]
    ]


def model_band_label(report: WettingReport) -> str:
    """``model band of 3 parameter sets``; "" with one set, whose band is the statistical one."""
    return f"model band of {len(report.faces[0].members)} parameter sets" if is_model_band(report) else ""


def statistical_band_label(report: WettingReport) -> str:
    """``statistical 95 % band of chgnet+d3``."""
    return f"{statistical_name(report)} of {report.default.potential}"


def lowest_decade(curve: WettingCurve) -> float:
    """Decimal logarithm of the lowest composition with solute."""
    return min((math.log10(point.x) for point in curve.points if point.x > 0.0), default=-7.0)


def log_place(curve: WettingCurve, x: float) -> float:
    """Where a composition is drawn: its decimal logarithm, with 0 to the left of all others."""
    return math.log10(x) if x > 0.0 else lowest_decade(curve) - ZERO_DECADES


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
