"""Flags on structures that nobody has observed, and on models of disordered phases."""

from __future__ import annotations

import math

from ase.units import kB

from ...reference.deviations import CompositionRange, known_deviations
from ...reference.measured import ROOM_TEMPERATURE_K
from ...structures.library.phases import Phase
from ..model import PhaseRecord
from ..notation import MEV, enumeration, unicode_space_group
from .flag import (
    POLYMORPH_RESOLUTION,
    Flag,
    Kind,
    Weight,
    expectation_of,
    label,
    of_record,
    weigh,
    with_reason,
)
from .survey import Survey, shown


def candidate_flags(survey: Survey) -> list[Flag]:
    """Structures on the hull that nobody has observed."""
    flags = []
    for record in survey.compounds:
        if record.kind == "library" or not survey.phase(record).stable:
            continue
        composition = survey.composition(record)
        if survey.lowest_observed_at(composition) is not None:
            continue  # told by the flag on the observed structure
        if (expectation := expectation_of(survey)) is not None and expectation.expectation == "no compound":
            continue  # told by the flag on the system
        unbuilt = survey.unbuilt_at(composition)
        amounts = survey.phase(record).composition
        solution = known_deviations().solid_solution(survey.hull.elements, amounts)
        if solution is not None or (unbuilt is not None and unbuilt.sites and not unbuilt.ordered):
            flags.append(_ordering(survey, record, solution, unbuilt))
        elif unbuilt is not None:
            flags.append(_proposed(survey, record, unbuilt))
        elif not survey.reported and expectation is None:
            text = (
                f"{label(record)} is on the hull; the phase library lists no compound of this system to compare with."
            )
            flags.append(of_record(survey, record, "not in the library", "note", None, text))
        else:
            flags.append(_never_observed(survey, record))
    return flags


def _proposed(survey: Survey, record: PhaseRecord, unbuilt: Phase) -> Flag:
    unknown = not unbuilt.buildable or unbuilt.key in dict(survey.system.not_built)
    state = "whose structure is not known" if unknown else "not computed here"
    text = (
        f"{shown(record.formula)} is an observed phase {state}; "
        f"{record.name} ({unicode_space_group(record.space_group)}) is the lowest candidate and on the hull."
    )
    return of_record(survey, record, "structure proposed", "note", None, text)


def _ordering(survey: Survey, record: PhaseRecord, solution: CompositionRange | None, disordered: Phase | None) -> Flag:
    name = solution.statement if solution else f"disordered phase {disordered.key if disordered else ''}"
    distance = survey.above_observed_hull(record)
    text = (
        f"{label(record)} is on the hull; its composition is within the {name}, of which it is an ordering: "
        "not a contradiction."
    )
    source = (solution.source, solution.confidence) if solution else (disordered.source if disordered else "", "")
    kind: Kind = "ordering of a solid solution"
    flag = of_record(survey, record, kind, "note", min(distance, 0.0), text)
    return flag if flag.reason else with_reason(flag, "Disordered at room temperature.", *source)


def _never_observed(survey: Survey, record: PhaseRecord) -> Flag:
    distance = min(survey.above_observed_hull(record), 0.0)
    text = (
        f"{label(record)} is on the hull but is not an observed phase; it lies {-distance * MEV:.1f} meV/atom below "
        "the hull of the compositions that were ever observed."
    )
    flag = of_record(survey, record, "stable, never observed", weigh(distance), distance, text)
    searched = known_deviations().searched_range(survey.hull.elements, survey.phase(record).composition)
    if searched is not None:
        return with_reason(flag, searched.statement, searched.source, searched.confidence)
    if missing := survey.missing_competitors(record):
        names = enumeration([shown(phase.formula or phase.key) for phase in missing])
        reason = f"{names}, observed at a neighbouring composition but of unknown structure, may take its place."
        return with_reason(flag, reason, "phase library", "derived")
    return flag


def model_flags(survey: Survey) -> list[Flag]:
    """Disordered phases that an ordered model stands for."""
    flags = []
    for record in survey.compounds:
        original = next((p for p in survey.library.values() if p.ordered_model == record.name), None)
        if record.kind != "library" or survey.role(record) != "model" or original is None:
            continue
        gain = ROOM_TEMPERATURE_K * mixing_entropy(original)
        height = "on" if survey.phase(record).stable else f"{record.e_above_hull * MEV:.1f} meV/atom above"
        text = (
            f"{shown(record.formula)} ({record.name}) stands for the disordered phase {original.key} and is {height} "
            f"the hull; mixing at random lowers the free energy of the real phase by {gain * MEV:.0f} meV/atom at "
            f"{ROOM_TEMPERATURE_K:.0f} K."
        )
        weight: Weight = "note" if record.e_above_hull <= max(gain, POLYMORPH_RESOLUTION) else "disagrees"
        flag = of_record(survey, record, "ordered model", weight, record.e_above_hull, text)
        flags.append(flag if flag.reason else with_reason(flag, "", original.source, original.confidence))
    return flags


def mixing_entropy(phase: Phase) -> float:
    """Entropy of placing the atoms of partly filled sites at random, eV/K per atom; vacancies count as a species."""
    entropy = 0.0
    for site in phase.sites:
        occupancies = [*site.species.values(), 1.0 - sum(site.species.values())]
        entropy -= site.multiplicity * sum(o * math.log(o) for o in occupancies if o > 1e-6)
    return kB * entropy / phase.atom_count if phase.atom_count else 0.0
