"""Words that go with every angle: the limit, the band, and whether the solid has reacted before it is wetted."""

from __future__ import annotations

from collections.abc import Mapping

from ...thermodynamics.wetting.curve import Limit, WettingPoint
from ..formulas import unicode_formula
from .model import WettingReport

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
    """Whether the band spans several parameter sets; of one set it is the statistical one."""
    return len(report.faces[0].members) > 1


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
