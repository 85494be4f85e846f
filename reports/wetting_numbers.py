"""Numbers read off a wetting report, and how they are written: shared by its texts, figures and tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..structures.glass import AMORPHOUS
from ..thermodynamics.uncertainty import Estimate
from ..thermodynamics.wetting_curve import WettingCurve, WettingPoint
from .findings import signed
from .formulas import unicode_formula
from .wetting_model import AdhesionRecord, WettingMember, WettingReport

WETTING_DEG = 90.0


@dataclass(frozen=True)
class KeyPoint:
    """A composition worth naming, with what was observed there ("" when nothing was)."""

    point: WettingPoint
    observed: str

    @property
    def x(self) -> float:
        """Mole fraction of the solute."""
        return self.point.x


def key_points(report: WettingReport) -> list[KeyPoint]:
    """The observed compositions, or else the pure solvent, a middle one and the saturated liquid.

    Raises
    ------
    InputError
        An observed composition that is not a point of the curve.
    """
    curve = report.curve
    if report.observed:
        return [KeyPoint(curve.at(x), report.observed[x]) for x in sorted(report.observed)]
    dissolved = [point for point in curve.points if point.x > 0.0]
    if not dissolved:
        return [KeyPoint(curve.points[0], "")]
    limit = saturation(curve)
    last = dissolved[-1] if limit is None else min(dissolved, key=lambda p: (abs(p.x - limit), p.x))
    middle = math.sqrt(dissolved[0].x * last.x)
    chosen = [curve.points[0], min(dissolved, key=lambda p: abs(math.log(p.x / middle))), last]
    return [KeyPoint(point, "") for point in dict.fromkeys(chosen)]


def saturation(curve: WettingCurve) -> float | None:
    """Mole fraction of the saturated liquid; None when no point of the curve is saturated."""
    return min((point.x_effective for point in curve.points if point.saturated), default=None)


def finite_supply(curve: WettingCurve) -> bool:
    """Whether the drop loses a noticeable share of its solute to its surfaces."""
    limit = saturation(curve) or math.inf
    return any(point.x_effective < 0.999 * min(point.x, limit) for point in curve.points if point.x > 0.0)


def threshold(curve: WettingCurve) -> tuple[float, bool] | None:
    """Mole fraction where the angle first falls below 90°, and whether it is only an upper bound.

    Between two compositions cos theta is taken as linear in ln x. None when the pure solvent wets or nothing does.
    """
    points = curve.points
    if points[0].theta_deg < WETTING_DEG:
        return None
    for before, after in pairwise(points):
        if after.theta_deg < WETTING_DEG:
            if before.x == 0.0:
                return after.x, True
            low, high = (math.cos(math.radians(point.theta_deg)) for point in (before, after))
            share = -low / (high - low)
            return before.x * (after.x / before.x) ** share, False
    return None


def member_theta(member: WettingMember, x: float) -> float:
    """Angle of one parameter set at a composition of the report's curve."""
    return member.curve.at(x).theta_deg


def adhesion_of(report: WettingReport, member: WettingMember) -> AdhesionRecord | None:
    """The work of adhesion behind a parameter set: of several treatments, the one whose value the set uses."""
    found = [a for a in report.adhesion if (a.termination, a.potential) == (member.termination, member.potential)]
    used = member.parameters.work_of_adhesion_J_m2
    return min(found, key=lambda record: abs(record.work.total_J_m2.mean - used), default=None)


def is_calibrated(report: WettingReport) -> bool:
    """Whether a measured angle went into the curve."""
    return report.curve.mode == "calibrated"


def how(report: WettingReport) -> str:
    """``predicted`` or ``calibrated``: the word that goes with every angle."""
    return "calibrated" if is_calibrated(report) else "predicted"


def composition(x: float, solute: str = "") -> str:
    """``0.003 % Li``, ``100 ppb Li``; the pure solvent is ``0 %``."""
    if x == 0.0:
        text = "0 %"
    elif x < 0.9e-6:
        text = f"{x * 1e9:.3g} ppb"
    else:
        text = f"{100.0 * x:.3g} %"
    return f"{text} {solute}".strip()


def angle(theta_deg: float) -> str:
    """``103°``."""
    return f"{theta_deg:.0f}°"


def band(point: WettingPoint) -> str:
    """``96–110°``."""
    return f"{point.theta_low_deg:.0f}–{point.theta_high_deg:.0f}°"


def number(value: float, digits: int) -> str:
    """Fixed-point number with a typographic minus and no sign on a rounded zero."""
    return signed(value, digits).removeprefix("+")


def estimate(value: Estimate, digits: int) -> str:
    """``0.38 ± 0.03``; the error is left out where it is unknown."""
    text = number(value.mean, digits)
    return text if value.standard_error is None else f"{text} ± {value.standard_error:.{digits}f}"


def with_error(value: float, standard_error: float | None, digits: int) -> str:
    """As :func:`estimate`, for two bare numbers."""
    return number(value, digits) + ("" if not standard_error else f" ± {standard_error:.{digits}f}")


def face(substrate: str, miller_index: Sequence[int], formula: Callable[[str], str] = unicode_formula) -> str:
    """``LLTO(001)``, its formula written by ``formula``."""
    return f"{formula(substrate)}({''.join(str(i) for i in miller_index).replace('-', '−')})"


def set_name(name: str) -> str:
    """Name of a parameter set with subscripts in its termination only: ``TiO₂, chgnet+d3``."""
    head, comma, tail = name.partition(",")
    return (unicode_formula(head) if comma else head) + comma + tail


def solid(report: WettingReport) -> str:
    """``TiO₂-terminated LLTO(001)``, ``amorphous Li₃PS₄``."""
    if report.default.termination == AMORPHOUS:
        return f"{AMORPHOUS} {unicode_formula(report.substrate)}"
    return f"{unicode_formula(report.default.termination)}-terminated {face(report.substrate, report.miller_index)}"
