"""Mechanisms by which a solution could wet a solid: the section of the report, each held against what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..thermodynamics.wetting.cleaning import Cleaning
from ..thermodynamics.wetting.mechanisms import Agreement, AngleBand, Mechanism, agreements
from .notation import signed, unicode_formula
from .sections import ReportSection, SectionTable
from .wetting.wording import composition, degree_range


def mechanisms_section(
    found: Sequence[Mechanism],
    observed: Mapping[float, str],
    solute: str,
    cleanings: Mapping[str, Sequence[Cleaning]] | None = None,
) -> ReportSection:
    """Return the section: a table of angles with the spread of all methods, and what each mechanism needs.

    Parameters
    ----------
    found
        With angles at the same compositions.
    observed
        What was seen, by mole fraction of the solute; empty where nothing was.
    solute
        Its symbol.
    cleanings
        By face, the reactions of the solute with what that carries.
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
        note += (
            f" Seen: {claims}. No angle was printed, so full wetting is met by any acute angle. Wetting better is"
            " judged method by method: an error of W counts in both angles."
        )
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
        tables=(table, needs, *((_cleaning_table(cleanings, solute),) if cleanings else ())),
        summary={
            "mechanisms": [_summary(one, observed) for one in found],
            "cleaning": {face: [one.as_dict() for one in each] for face, each in (cleanings or {}).items()},
        },
    )


def cleaning_in_words(reactions: Sequence[Cleaning], solute: str) -> str:
    """``H₂O + Li → LiOH + ½ H₂ is favourable``, of the reaction that gains most from the poorest liquid."""
    best = min(reactions, key=lambda one: one.free_energies[min(one.free_energies)])
    return f"{unicode_formula(best.reaction.equation)} is {_verdicts(best, solute)}"


def _verdicts(one: Cleaning, solute: str) -> str:
    """``favourable``, or ``undecided at 0.003 % Li, favourable at 1.33 % Li``."""
    verdicts = {x: one.verdict(x).value for x in sorted(one.free_energies)}
    if len(set(verdicts.values())) == 1:
        return next(iter(verdicts.values()))
    return ", ".join(f"{said} at {composition(x, solute)}" for x, said in verdicts.items())


def _cleaning_table(cleanings: Mapping[str, Sequence[Cleaning]], solute: str) -> SectionTable:
    each = [(face, one) for face, reactions in cleanings.items() for one in reactions]
    compositions = sorted({x for _, one in each for x in one.free_energies})
    rows = tuple(
        (
            face,
            unicode_formula(one.reaction.equation),
            signed(one.binding, 2),
            *(signed(one.free_energies[x], 2) for x in compositions),
            "not below saturation" if one.turns_at is None else f"{one.turns_at:.0e}",
            _verdicts(one, solute),
        )
        for face, one in each
    )
    heads = (f"ΔG at {composition(x, solute)} (eV)" for x in compositions)
    error = max((one.error for _, one in each), default=0.0)
    return SectionTable(
        "Does the amalgam remove what the face carries?",
        ("face", "reaction", "binding (eV)", *heads, "runs above x =", "verdict"),
        rows,
        note=(
            "Per unit of what is carried. Binding: to the face, relative to ice or the layer's own crystal, with the"
            " strain of the layer; energies at rest, of the potential of the job. All else is measured, at 298 K. A"
            f" verdict needs |ΔG| > {error:.2f} eV, nearly all of it the error of the binding. Hydrogen is at 1 bar:"
            " each power of ten below takes 0.06 eV off ΔG per H₂. Products are bulk phases beside the face: LiOH and"
            " Li₂O that stay on it take the place of what it carried, at a lower ΔG. Rates are not told."
        ),
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
        "fall_deg": {f"{x:g}": [fall.value_deg, fall.low_deg, fall.high_deg] for x, fall in one.falls.items()},
    }
