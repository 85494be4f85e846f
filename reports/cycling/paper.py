"""The films of Fan et al. beside those of the model: agreed, disagreed, or not decidable."""

from __future__ import annotations

import math

from ...reference.published import QuotedCycling, quoted_cycling
from ...thermodynamics.cycling.healing import IN_TURN, LIQUID, SOLID
from ..notation import unicode_formula
from ..sections import Cell, SectionTable
from .model import CyclingReport, FilmCase, FilmResults
from .wording import diffusivity_text, millivolts

AGREED, DISAGREED, OPEN = "agreed", "disagreed", "not decidable"


def paper_table(report: CyclingReport) -> SectionTable | None:
    """Return what is reported of lithium films beside what the model gives; None without lithium."""
    film = next((one for one in report.films if one.metal == "Li"), None)
    if film is None:
        return None
    quoted = quoted_cycling()
    rows = [
        _skin_row(film),
        _state_row(film),
        _polarisation_row(film, report, quoted),
        _phases_row(film, quoted),
        *_alternation_row(film, quoted),
        *_hysteresis_rows(report, quoted),
    ]
    note = (
        "Reported: Fan et al., doi:10.1002/adma.202004798, as recalled. Nothing is fitted to it. Agreed: all cases of"
        " the table above do; disagreed: none does; not decidable: it depends on what is not known, here the"
        " diffusivity in the compounds, the barrier of a new phase and the resistances."
    )
    turned = tuple((word, reported, model) for reported, model, word in rows)
    return SectionTable("Against the paper", ("verdict", "reported", "model"), turned, note=note)


def verdict(cases: list[bool]) -> str:
    """Return ``agreed`` where all hold, ``disagreed`` where none does, ``not decidable`` else, or without any."""
    if not cases:
        return OPEN
    return AGREED if all(cases) else OPEN if any(cases) else DISAGREED


def _which(pairs: list[tuple[FilmCase, bool]]) -> str:
    """Cases in which it holds, by diffusivity and barrier."""
    names = dict.fromkeys(
        f"D = {diffusivity_text(case.diffusivity_m2_s)} m²/s {'with' if case.nucleation_V else 'without'} a barrier"
        for case, holds in pairs
        if holds
    )
    return "; ".join(names) or "no case"


def _skin_row(film: FilmResults) -> tuple[Cell, ...]:
    pairs = [(case, case.outcome in (LIQUID, IN_TURN)) for case in film.cases]
    text = f"{_which(pairs)}. How slowly the metal passes the compounds decides whether liquid outlasts the rest."
    return ("liquid at the electrolyte while stripped", text, verdict([holds for _, holds in pairs]))


def _state_row(film: FilmResults) -> tuple[Cell, ...]:
    pairs = [(case, case.outcome == IN_TURN) for case in film.cases]
    both = {LIQUID, SOLID} <= {case.outcome for case in film.cases}
    on_map = [point.outcome == IN_TURN for part in film.parts for point in part.points]
    text = f"at the electrolyte: {_which(pairs)}"
    if both:
        text += ", though perhaps between the diffusivities with which it is liquid and solid throughout"
    if on_map:
        text += f", and {sum(on_map)} of the {len(on_map)} films of the map"
    text += (
        ". With a barrier the compound grows at the back of the liquid, and the side of the electrolyte stays liquid."
    )
    cases = [*(holds for _, holds in pairs), *on_map, both]
    return ("liquid while stripped, solid while plated", text, verdict(cases))


def _polarisation_row(film: FilmResults, report: CyclingReport, quoted: QuotedCycling) -> tuple[Cell, ...]:
    before, after = quoted.polarisation_mV
    values = [(case, 1e3 * case.polarisation_V()) for case in film.cases]
    pairs = [(case, value <= after) for case, value in values if math.isfinite(value)]
    finite = [value for _, value in values if math.isfinite(value)]
    text = "every film ended at once"
    if finite:
        span = f"{millivolts(1e-3 * min(finite))} to {millivolts(1e-3 * max(finite))} mV"
        text = f"the films alone take {span}; at most {after:g} mV: {_which(pairs)}"
    worst, best = report.contact.worst, report.contact.best
    ratio = (best.liquid / worst.solid) if worst.solid else math.inf
    text += (
        f". What contact adds is charge transfer, not known, times up to {ratio:.3g} where a solid touches little;"
        f" {before / after:g} times are reported."
    )
    return (f"polarisation {before:g} mV, with a film {after:g} mV", text, verdict([holds for _, holds in pairs]))


def _phases_row(film: FilmResults, quoted: QuotedCycling) -> tuple[Cell, ...]:
    pairs = [(case, set(quoted.phases) <= set(case.last_phases)) for case in film.cases]
    names = " and ".join(unicode_formula(name) for name in quoted.phases)
    text = f"{_which(pairs)}. A film that still has liquid holds every compound at once, one behind the other."
    return (f"{names} after cycling", text, verdict([holds for _, holds in pairs]))


def _alternation_row(film: FilmResults, quoted: QuotedCycling) -> list[tuple[Cell, ...]]:
    """What it would cost if both compounds met the electrolyte in turn: no case is needed, the hull says it."""
    numbers = {phase.formula: number for number, phase in enumerate(film.chain.phases)}
    poor, rich = quoted.phases
    if poor not in numbers or rich not in numbers:
        return []
    least = film.chain.window_V(numbers[poor])[1] - film.chain.window_V(numbers[rich])[0]
    after = quoted.polarisation_mV[1]
    names = [unicode_formula(name) for name in quoted.phases]
    text = (
        f"one film with {names[0]} at the electrolyte and the other with {names[1]} differ by at least"
        f" {millivolts(least)} mV, whatever the diffusivities: they lie one behind the other, not in turn at the front"
    )
    return [
        (f"{names[0]} ↔ {names[1]} at the interface, {after:g} mV", text, verdict([1e3 * least <= after])),
    ]


def _hysteresis_rows(report: CyclingReport, quoted: QuotedCycling) -> list[tuple[Cell, ...]]:
    low, high = quoted.hysteresis_mV
    rows: list[tuple[Cell, ...]] = []
    for film in report.films:
        if film.metal not in quoted.metals or film.metal == "Li":
            continue
        values = [1e3 * case.polarisation_V() for case in film.with_barrier()]
        finite = [value for value in values if math.isfinite(value)]
        text = "every film ended early"
        if finite:
            text = (
                f"films alone: {millivolts(1e-3 * min(finite))} to {millivolts(1e-3 * max(finite))} mV; what resistance"
            )
            text += " adds is not known"
        name = f"{film.metal}: hysteresis {low:g} to {high:g} mV"
        rows.append((name, text, OPEN if not finite or min(finite) <= high else DISAGREED))
    return rows
