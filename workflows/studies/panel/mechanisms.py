"""From a wetting study and a panel of one job to the mechanisms that could make the solution wet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ....reports.mechanisms import cleaning_in_words
from ....thermodynamics.amalgams.choose_solution import MEASURED, solution_for
from ....thermodynamics.wetting.cleaning import REACTIONS, Cleaning, cleaning
from ....thermodynamics.wetting.curve import Limit
from ....thermodynamics.wetting.mechanisms import AngleBand, Mechanism, angle_band
from ....thermodynamics.wetting.panel_errors import known_errors, leading_method

if TYPE_CHECKING:
    from ....reports.panel.model import PanelReport, PanelSolid
    from ....reports.wetting.model import WettingReport
    from .settings import PanelSettings

_ADSORPTION = {
    Limit.FRESH: (
        "adsorption, dry face bare",
        "solute reaches the solid only behind the contact line, and spreading is faster than it moves ahead",
        "an angle that rises back, or a precursor of solute ahead of the line",
    ),
    Limit.EQUILIBRATED: (
        "adsorption, both faces at the same potential",
        "solute moves over the face or through the solid ahead of the line",
        "an angle at rest that depends on how long the drop waits",
    ),
}


def mechanisms(wetting: WettingReport, panel: PanelReport, settings: PanelSettings) -> list[Mechanism]:
    """Return what could make the solution wet, each with its angles at the observed compositions.

    Adsorption in both limits comes from the wetting study; the solid as it was handled, the lithiated solid and the
    product that covers it come from the panel, as far as it has them.
    """
    found = [_adsorption(wetting, limit) for limit in Limit if limit in wetting.curve.limits]
    handled = [one for one in panel.solids if one.solid == wetting.substrate and one.surface != "clean"]
    resting = found[-1]
    reactions = cleanings(wetting, panel)
    found += [_cleaned(panel, one, resting, reactions.get(_layer(one), ()), wetting.solute) for one in handled]
    labels = {(one.label, one.stands_for) for one in settings.solids if one.stands_for}
    for one in panel.solids:
        if (one.solid, "lithiated") in labels:
            found.append(_lithiated(wetting, panel, one))
        if (one.solid, "product") in labels:
            found.append(_product(wetting, panel, one, resting))
    return found


def cleanings(wetting: WettingReport, panel: PanelReport) -> dict[str, tuple[Cleaning, ...]]:
    """Return whether the dissolved metal removes what faces of the panel carry, by face; those with reactions only.

    At the compositions of the mechanisms and of the saturated liquid, with the measured chemical potential; empty for a
    solute and a solvent of which that is not known.
    """
    pair = (wetting.solute, wetting.solvent)
    if pair not in MEASURED:
        return {}
    solution = solution_for(*pair, wetting.temperature_K)
    x = sorted({*(x for x in _compositions(wetting) if x > 0.0), solution.x_saturation})
    found = {
        _layer(one): tuple(
            cleaning(reaction, one.carried.binding, solution, x)
            for reaction in REACTIONS.get(one.carried.formula, ())
            if reaction.solute == wetting.solute
        )
        for one in panel.solids
        if one.carried is not None
    }
    return {face: reactions for face, reactions in found.items() if reactions}


def _layer(solid: PanelSolid) -> str:
    """``LLTO (001), TiO2, water``."""
    return f"{solid.solid} {solid.plane}, {solid.termination}, {solid.surface}"


def _compositions(wetting: WettingReport) -> Sequence[float]:
    return sorted(wetting.observed) or wetting.key_x


def _adsorption(wetting: WettingReport, limit: Limit) -> Mechanism:
    name, needs, refuted_by = _ADSORPTION[limit]
    angles: dict[float, AngleBand | None] = {}
    for x in _compositions(wetting):
        point = wetting.curve.at(x).of(limit)
        angles[x] = None if point is None else AngleBand(point.theta_deg, point.theta_low_deg, point.theta_high_deg)
    return Mechanism(name, needs, angles, refuted_by)


def _band(panel: PanelReport, solid: PanelSolid) -> AngleBand:
    """The angles of all methods on a solid, with what is known of their errors on solids with measured angles."""
    found = {name: work.mean for name, work in solid.work_of_adhesion_J_m2.items()}
    leader = leading_method(list(found), panel.solvent)
    works = {name: found[name] for name in sorted(found, key=lambda name: name != leader)}
    errors = {name: known for name in works if (known := known_errors(name, panel.solvent)) is not None}
    return angle_band(works, panel.gamma_LV_J_m2, errors)


def _with_pure(pure: AngleBand | None, rest: Iterable[tuple[float, AngleBand | None]]) -> dict[float, AngleBand | None]:
    return {x: pure if x == 0.0 else angle for x, angle in rest}


def _cleaned(
    panel: PanelReport, handled: PanelSolid, resting: Mechanism, reactions: Sequence[Cleaning], solute: str
) -> Mechanism:
    """The liquid stands on what the face carries; the solute removes that, and it rests on the clean face."""
    needs = f"the solute reacts with the {handled.surface} layer and takes it off the face"
    if reactions:
        needs += f": {cleaning_in_words(reactions, solute)}"
    return Mechanism(
        f"cleaned surface ({handled.surface} before)",
        needs,
        _with_pure(_band(panel, handled), resting.angles.items()),
        "the same angles on a face cleaned in vacuum, or a layer that is still there below the drop",
    )


def _lithiated(wetting: WettingReport, panel: PanelReport, solid: PanelSolid) -> Mechanism:
    """The solid takes the solute in, and the liquid rests on what it became."""
    band = _band(panel, solid)
    pure = wetting.curve.at(0.0).fresh
    return Mechanism(
        f"lithiated solid ({solid.solid})",
        f"{wetting.solute} goes into the solid at the potential of the liquid",
        _with_pure(
            AngleBand(pure.theta_deg, pure.theta_low_deg, pure.theta_high_deg),
            ((x, band) for x in _compositions(wetting)),
        ),
        "no change of colour, conductivity or lattice of the solid below the drop",
    )


def _product(wetting: WettingReport, panel: PanelReport, product: PanelSolid, resting: Mechanism) -> Mechanism:
    """Above saturation a solid precipitates and covers the face; below it nothing differs from adsorption."""
    band = _band(panel, product)
    saturated = {x for x in _compositions(wetting) if wetting.curve.at(x).fresh.saturated}
    richest = max(_compositions(wetting))
    return Mechanism(
        f"skin of {product.formula}",
        "the liquid is saturated, and what precipitates covers the solid ahead of the line",
        {
            x: band if x in saturated or (x == richest and not saturated) else angle
            for x, angle in resting.angles.items()
        },
        "full wetting below saturation, or no precipitate at the line",
    )
