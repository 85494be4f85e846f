"""Mechanisms by which a solution could wet a solid: the section of the report, each held against what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..thermodynamics.wetting.mechanisms import Agreement, AngleBand, Mechanism, agreements
from .sections import ReportSection, SectionTable
from .wetting.wording import composition, degree_range


def mechanisms_section(found: Sequence[Mechanism], observed: Mapping[float, str], solute: str) -> ReportSection:
    """Return the section: a table of angles with the spread of all methods, and what each mechanism needs.

    Parameters
    ----------
    found
        With angles at the same compositions.
    observed
        What was seen, by mole fraction of the solute; empty where nothing was.
    solute
        Its symbol.
    """
    compositions = sorted({x for one in found for x in one.angles})
    rows = tuple(
        (
            one.name,
            *(_angle(one.angles.get(x)) for x in compositions),
            *((_said(agreements(one, observed)),) if observed else ()),
            {True: "yes", False: "no", None: None}[one.spreads],
        )
        for one in found
    )
    heads = (f"θ at {composition(x, solute)}" for x in compositions)
    seen = ("as seen",) if observed else ()
    note = "Angle of the first method, and the spread of all methods. Spreads: below 10° at the richest composition."
    if observed:
        claims = "; ".join(f"{composition(x, solute)} {claim}" for x, claim in sorted(observed.items()))
        note += f" Seen: {claims}. No angle was printed, so full wetting is met by any acute angle."
    table = SectionTable("Mechanisms", ("mechanism", *heads, *seen, "spreads"), rows, note=note)
    needs = SectionTable(
        "What each mechanism needs, and what would speak against it",
        ("mechanism", "needs", "refuted by"),
        tuple((one.name, one.needs, one.refuted_by or None) for one in found),
    )
    return ReportSection(
        "mechanisms",
        "Why it could wet",
        ("None of these was chosen because it agrees; several may act together.",),
        tables=(table, needs),
        summary={"mechanisms": [_summary(one, observed) for one in found]},
    )


def _angle(band: AngleBand | None) -> str | None:
    if band is None:
        return None
    spread = degree_range(band.low_deg, band.high_deg)
    angle = f"{band.theta_deg:.0f}°"
    return angle if spread == angle else f"{angle} ({spread})"


def _said(found: Sequence[Agreement]) -> str:
    """``agrees``, or what is missed; a question mark where the spread allows both."""
    missed = [one for one in found if one.met is False]
    if any(one.met is None for one in found):
        return "not all computed"
    doubt = "" if all(one.certain for one in (missed or found)) else " (?)"
    if not missed:
        return f"agrees{doubt}"
    return f"misses: {', '.join(one.claim for one in missed)}{doubt}"


def _summary(one: Mechanism, observed: Mapping[float, str]) -> dict[str, object]:
    bands = {
        f"{x:g}": None if band is None else [band.theta_deg, band.low_deg, band.high_deg]
        for x, band in one.angles.items()
    }
    return {
        "name": one.name,
        "needs": one.needs,
        "refuted_by": one.refuted_by,
        "theta_deg": bands,
        "agreements": [
            {"x": item.x, "claim": item.claim, "met": item.met, "certain": item.certain}
            for item in agreements(one, observed)
        ],
        "spreads": one.spreads,
    }
