"""From a wetting study and a panel of one job to the mechanisms that could make the solution wet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ....reports.mechanisms import cleaning_in_words
from ....thermodynamics.amalgams.choose_solution import MEASURED, solution_for
from ....thermodynamics.wetting.cleaning import REACTIONS, Cleaning, cleaning, tabulated_at
from ....thermodynamics.wetting.curve import Limit
from ....thermodynamics.wetting.mechanisms import Adhesion, AngleBand, Mechanism, angle_band, fall_of_angle
from ....thermodynamics.wetting.panel_errors import known_errors, leading_method
from ...database.rows import miller_text

if TYPE_CHECKING:
    from ....reports.panel.model import PanelReport, PanelSolid
    from ....reports.wetting.model import WettingFace, WettingReport
    from ....thermodynamics.wetting.curve import AngleDifference
    from ....thermodynamics.wetting.panel_errors import AdhesionErrors
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

    Adsorption in both limits comes from the wetting study, for each of its faces. A face of the panel that carries
    something belongs to the same face of the study, by solid, plane and termination; the lithiated solid and the
    product are held against the first face.
    """
    reactions = cleanings(wetting, panel)
    found: list[Mechanism] = []
    for face in wetting.faces:
        own = [_adsorption(wetting, face, limit) for limit in Limit if limit in face.curve.limits]
        found += own
        found += [
            _cleaned(wetting, panel, face, one, own[-1], reactions.get(_layer(one), ()))
            for one in panel.solids
            if one.surface != "clean" and _is_face(wetting, face, one)
        ]
    first = wetting.faces[0]
    resting = next(one for one in reversed(found) if one.name in _names(wetting, first))
    labels = {(one.label, one.stands_for) for one in settings.solids if one.stands_for}
    for one in panel.solids:
        if (one.solid, "lithiated") in labels:
            found.append(_lithiated(wetting, panel, one))
        if (one.solid, "product") in labels:
            found.append(_product(wetting, panel, one, resting))
    return found


def _is_face(wetting: WettingReport, face: WettingFace, solid: PanelSolid) -> bool:
    plane = f"({miller_text(wetting.miller_index)})"
    return (solid.solid, solid.plane, solid.termination) == (wetting.substrate, plane, face.termination)


def cleanings(wetting: WettingReport, panel: PanelReport) -> dict[str, tuple[Cleaning, ...]]:
    """Return whether the dissolved metal removes what faces of the panel carry, by face; those with reactions only.

    At the compositions of the mechanisms and of the saturated liquid, with the measured chemical potential; empty for a
    solute and a solvent of which that is not known, and far from the temperature of the tables.
    """
    pair = (wetting.solute, wetting.solvent)
    if pair not in MEASURED or not tabulated_at(wetting.temperature_K):
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


def _names(wetting: WettingReport, face: WettingFace) -> list[str]:
    """Names of the adsorption on a face, one for each limit; the face is named where there are several."""
    which = f", {face.termination}" if len(wetting.faces) > 1 else ""
    return [f"{_ADSORPTION[limit][0]}{which}" for limit in Limit]


def _adsorption(wetting: WettingReport, face: WettingFace, limit: Limit) -> Mechanism:
    _, needs, refuted_by = _ADSORPTION[limit]
    angles: dict[float, AngleBand | None] = {}
    for x in _compositions(wetting):
        point = face.curve.at(x).of(limit)
        angles[x] = None if point is None else AngleBand(point.theta_deg, point.theta_low_deg, point.theta_high_deg)
    name = _names(wetting, face)[list(Limit).index(limit)]
    falls = _falls(wetting, _on_face(face, 0.0, limit), lambda x: _on_face(face, x, limit))
    return Mechanism(name, needs, angles, refuted_by, falls)


def _on_face(face: WettingFace, x: float, limit: Limit) -> dict[str, Adhesion]:
    """Adhesion by method at one composition on a face of the study, as far as a method has the limit."""
    points = {member.potential: member.curve.at(x).of(limit) for member in face.members}
    return {
        name: Adhesion(point.work_of_adhesion_J_m2, point.gamma_LV_J_m2)
        for name, point in points.items()
        if point is not None
    }


def _falls(
    wetting: WettingReport, pure: dict[str, Adhesion], at: Callable[[float], dict[str, Adhesion]]
) -> dict[float, AngleDifference]:
    """Return by how much the angle falls from the pure liquid to each composition, method by method."""
    errors = _errors(pure, wetting.solvent)
    pairs = ((x, fall_of_angle(pure, at(x), errors)) for x in _compositions(wetting) if x > 0.0)
    return {x: fall for x, fall in pairs if fall is not None}


def _errors(names: Iterable[str], solvent: str) -> dict[str, AdhesionErrors]:
    return {name: known for name in names if (known := known_errors(name, solvent)) is not None}


def _on_panel(panel: PanelReport, solid: PanelSolid) -> dict[str, Adhesion]:
    """Adhesion by method on a face of the panel, the leading method first."""
    works = {name: work.mean for name, work in solid.work_of_adhesion_J_m2.items()}
    leader = leading_method(list(works), panel.solvent)
    return {name: Adhesion(works[name], panel.gamma_LV_J_m2) for name in sorted(works, key=lambda name: name != leader)}


def _band(panel: PanelReport, solid: PanelSolid) -> AngleBand:
    """The angles of all methods on a solid, with what is known of their errors on solids with measured angles."""
    works = {name: one.work_J_m2 for name, one in _on_panel(panel, solid).items()}
    return angle_band(works, panel.gamma_LV_J_m2, _errors(works, panel.solvent))


def _with_pure(pure: AngleBand | None, rest: Iterable[tuple[float, AngleBand | None]]) -> dict[float, AngleBand | None]:
    return {x: pure if x == 0.0 else angle for x, angle in rest}


def _cleaned(
    wetting: WettingReport,
    panel: PanelReport,
    face: WettingFace,
    handled: PanelSolid,
    resting: Mechanism,
    reactions: Sequence[Cleaning],
) -> Mechanism:
    """The liquid stands on what the face carries; the solute removes that, and it rests on the clean face."""
    needs = f"the solute reacts with the {handled.surface} layer and takes it off the face, and no product stays there"
    if reactions:
        needs += f": {cleaning_in_words(reactions, wetting.solute)}"
    limit = face.curve.limits[-1]
    which = f", {face.termination}" if len(wetting.faces) > 1 else ""
    return Mechanism(
        f"cleaned surface ({handled.surface} before{which})",
        needs,
        _with_pure(_band(panel, handled), resting.angles.items()),
        "the same angles on a face cleaned in vacuum, or a layer that is still there below the drop",
        _falls(wetting, _on_panel(panel, handled), lambda x: _on_face(face, x, limit)),
    )


def _lithiated(wetting: WettingReport, panel: PanelReport, solid: PanelSolid) -> Mechanism:
    """The solid takes the solute in, and the liquid rests on what it became."""
    band, face = _band(panel, solid), wetting.faces[0]
    pure = face.curve.at(0.0).fresh
    return Mechanism(
        f"lithiated solid ({solid.solid})",
        f"{wetting.solute} goes into the solid at the potential of the liquid",
        _with_pure(
            AngleBand(pure.theta_deg, pure.theta_low_deg, pure.theta_high_deg),
            ((x, band) for x in _compositions(wetting)),
        ),
        "no change of colour, conductivity or lattice of the solid below the drop",
        _falls(wetting, _on_face(face, 0.0, Limit.FRESH), lambda _: _on_panel(panel, solid)),
    )


def _product(wetting: WettingReport, panel: PanelReport, product: PanelSolid, resting: Mechanism) -> Mechanism:
    """Above saturation a solid precipitates and covers the face; below it nothing differs from adsorption."""
    band, face = _band(panel, product), wetting.faces[0]
    saturated = {x for x in _compositions(wetting) if face.curve.at(x).fresh.saturated}
    covered = saturated or {max(_compositions(wetting))}
    limit = face.curve.limits[-1]
    return Mechanism(
        f"skin of {product.formula}",
        "the liquid is saturated, and what precipitates covers the solid ahead of the line",
        {x: band if x in covered else angle for x, angle in resting.angles.items()},
        "full wetting below saturation, or no precipitate at the line",
        _falls(
            wetting,
            _on_face(face, 0.0, Limit.FRESH),
            lambda x: _on_panel(panel, product) if x in covered else _on_face(face, x, limit),
        ),
    )
