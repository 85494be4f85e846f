"""How a wetting report is worded: the numbers read off it, how they are written, and the words that go with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...structures.glass.thiophosphate import AMORPHOUS
from ...thermodynamics.uncertainty import Estimate
from ...thermodynamics.wetting.curve import Limit, LimitPoint, WettingCurve, WettingPoint
from ...thermodynamics.wetting.outcome import WETTING_DEG, Wets, wets
from ..notation import signed, unicode_formula
from .model import AdhesionRecord, WettingFace, WettingMember, WettingReport


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
    """The compositions worth naming together with those of observations, on the first face.

    Raises
    ------
    InputError
        One of them is not a point of the curve.
    """
    points = {report.curve.at(x): report.observed.get(x, "") for x in sorted({*report.key_x, *report.observed})}
    return [KeyPoint(point, observed) for point, observed in points.items()]


def saturation(curve: WettingCurve) -> float | None:
    """Mole fraction of the saturated liquid; None when no point of the curve is saturated."""
    return min((point.fresh.x_effective for point in curve.points if point.fresh.saturated), default=None)


def finite_supply(curve: WettingCurve) -> bool:
    """Whether the drop loses a noticeable share of its solute, in either limit."""
    most = saturation(curve) or math.inf
    return any(
        drop.x_effective < 0.999 * min(point.x, most)
        for point in curve.points
        if point.x > 0.0
        for limit in curve.limits
        if (drop := point.of(limit)) is not None
    )


def threshold(curve: WettingCurve, limit: Limit) -> tuple[float, bool] | None:
    """Mole fraction where the angle first falls below 90° in one limit, and whether it is only an upper bound.

    Between two compositions cos theta is taken as linear in ln x. None when the pure solvent wets, when nothing does,
    or when the limit was not computed.
    """
    points = [(point.x, drop.theta_deg) for point in curve.points if (drop := point.of(limit)) is not None]
    if not points or points[0][1] < WETTING_DEG:
        return None
    for (x_before, before), (x_after, after) in pairwise(points):
        if after < WETTING_DEG:
            if x_before == 0.0:
                return x_after, True
            low, high = (math.cos(math.radians(theta)) for theta in (before, after))
            share = -low / (high - low)
            return x_before * (x_after / x_before) ** share, False
    return None


def theta_at(owner: WettingMember | WettingFace, x: float, limit: Limit) -> float | None:
    """Angle of one parameter set, or of a face's first, at a composition of the curve; None where not computed."""
    point = owner.curve.at(x).of(limit)
    return None if point is None else point.theta_deg


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


def band(point: LimitPoint) -> str:
    """The band of all parameter sets, ``80–118°``."""
    return degree_range(point.theta_low_deg, point.theta_high_deg)


def statistical_band(point: LimitPoint) -> str:
    """The statistical band of the first parameter set, ``84–91°``."""
    return degree_range(point.statistical_low_deg, point.statistical_high_deg)


def degree_range(low: float, high: float) -> str:
    """``80–118°``, or ``80°`` where both ends are written alike."""
    text = f"{low:.0f}"
    return f"{text}°" if text == f"{high:.0f}" else f"{text}–{high:.0f}°"


def holds_both_outcomes(point: LimitPoint) -> bool:
    """Whether the band of all parameter sets leaves open if the liquid wets."""
    return wets((point.theta_low_deg, point.theta_high_deg)) is Wets.UNDECIDED


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


BEFORE = "before the solid reacts"
"""Said of every angle with solute where the liquid would reduce the solid."""


def element_name(symbol: str) -> str:
    """``Hg`` -> ``mercury``; anything that is no element stays as it is."""
    from ase.data import atomic_names, atomic_numbers

    number = atomic_numbers.get(symbol, 0)
    return atomic_names[number].lower() if number else unicode_formula(symbol)


def limit_label(report: WettingReport, limit: Limit) -> str:
    """``fresh: dry face bare``, ``equilibrated: lithium on the dry face too``, for legends and heads."""
    if limit is Limit.FRESH:
        return f"{limit}: dry face bare"
    return f"{limit}: {element_name(report.solute)} on the dry face too"


def limit_definitions(report: WettingReport) -> Mapping[Limit, str]:
    """Both limits of the dry face in a sentence or two each, for the page and for JSON."""
    solute = element_name(report.solute)
    found = {
        Limit.FRESH: (
            f"{solute} reaches the solid only under the liquid, and the face beside the drop stays bare: γ_SV is that "
            "of the clean solid. Counts the whole energy of adsorption as a driving force, and so is a lower bound of "
            "the angle."
        ),
        Limit.EQUILIBRATED: (
            f"{solute} is also on the dry face beside the drop, at the same chemical potential, as after moving over "
            "the surface, through the solid or the vapour: γ_SV falls as well, and only the difference to the "
            "interface drives the wetting."
        ),
    }
    if not has_both_limits(report):
        found[Limit.EQUILIBRATED] += f" {not_computed(report)}"
    return found


def has_both_limits(report: WettingReport) -> bool:
    """Whether the headline's face has its energies of the solute on the dry face."""
    return Limit.EQUILIBRATED in report.curve.limits


def not_computed(report: WettingReport) -> str:
    """What to do where the equilibrated limit is missing; the fresh one alone is not the angle."""
    return (
        f"It was not computed for this database: the energies of {element_name(report.solute)} on the dry face are "
        "missing; running the job again adds them in minutes."
    )


def is_model_band(report: WettingReport) -> bool:
    """Whether the band holds more than the errors of one set's samples: several sets, or errors of methods."""
    return len(report.faces[0].members) > 1 or has_method_errors(report)


def has_method_errors(report: WettingReport) -> bool:
    """Whether the band holds how far a method is off on solids with measured angles."""
    return any(member.parameters.method_errors is not None for member in report.faces[0].members)


def set_bands(report: WettingReport) -> str:
    """What a model band is the envelope of: ``the statistical 95 % bands of its sets``, widened where that is known."""
    own = f"the {statistical_name(report)}s of its sets"
    if not has_method_errors(report):
        return own
    return f"{own}, each widened by the error of its method on solids with measured angles"


def band_name(report: WettingReport) -> str:
    """``model band``; with one parameter set ``statistical 95 % band``."""
    return "model band" if is_model_band(report) else statistical_name(report)


def statistical_name(report: WettingReport) -> str:
    """``statistical 95 % band``."""
    return f"statistical {100.0 * report.curve.confidence:.3g} % band"


def reacts(report: WettingReport) -> bool:
    """Whether the liquid would reduce the solid at any composition that is shown."""
    return report.reduction is not None and bool(report.reduction.reacts)


def reacting_points(report: WettingReport) -> list[WettingPoint]:
    """The points of the curve that lie below the solid's reduction onset, by rising x."""
    if report.reduction is None:
        return []
    onset = report.reduction.onset_V
    return [p for p in report.curve.points if p.fresh.voltage_V is not None and p.fresh.voltage_V < onset]


def before(report: WettingReport) -> str:
    """``before the solid reacts`` where that has to be said of angles with solute, else nothing."""
    return BEFORE if reacts(report) else ""
