"""Where a computed phase diagram and the measured one disagree, by how much, and why where that is known."""

from __future__ import annotations

from ...reference.deviations import known_deviations
from ...reference.measured import ROOM_TEMPERATURE_K
from ...reference.published import Published
from ...structures.compositions import parse_formula
from ..benchmarks.reference import formation_energy, formation_references
from ..model import PhaseRecord, SystemReport
from ..notation import MEV, signed, system_title, unicode_space_group
from .candidates import candidate_flags, model_flags
from .flag import (
    NEARLY_IDEAL,
    POLYMORPH_RESOLUTION,
    WEIGHTS,
    Flag,
    Kind,
    Weight,
    expectation_of,
    explained,
    label,
    name_of,
    of_phase,
    of_record,
    weigh,
)
from .survey import Composition, Survey, composition_key, hg_last, shown

__all__ = ["POLYMORPH_RESOLUTION", "WEIGHTS", "Flag", "system_flags"]


def system_flags(system: SystemReport) -> list[Flag]:
    """Return everything that deserves a second look in one system, the gravest first.

    The hull is compared with the phase library: which compounds are observed, which of them could not be built, which
    are disordered. Reasons come from ``reference/data/known_deviations.yaml``.

    Parameters
    ----------
    system
        Its hull, its phases, and what was not built.
    """
    survey = Survey(system)
    builders = (
        _element_flags,
        _observed_flags,
        _energy_flags,
        candidate_flags,
        model_flags,
        _expectation_flags,
        _missing_flags,
    )
    flags = [flag for build in builders for flag in build(survey)]
    return sorted(flags, key=lambda flag: (WEIGHTS.index(flag.weight), -abs(flag.distance_meV or 0.0)))


def _element_flags(survey: Survey) -> list[Flag]:
    """Forms of an element that are stable somewhere, computed far above another one."""
    flags = []
    for record in survey.system.records:
        phase = survey.phase(record)
        observed = record.name in survey.library and survey.role(record) == "phase"
        if phase.is_element and observed and phase.e_above_hull > POLYMORPH_RESOLUTION:
            lowest = survey.stable_at(survey.composition(record))
            text = (
                f"{label(record)} is an observed form, computed {record.e_above_hull * MEV:.1f} meV/atom above "
                f"{lowest.name if lowest else 'the lowest one'}."
            )
            flags.append(of_record(survey, record, "form of an element", "disagrees", record.e_above_hull, text))
    return flags


def _observed_flags(survey: Survey) -> list[Flag]:
    """Observed compounds that are not on the hull, or left the structure they were built in."""
    flags = []
    for record in survey.observed:
        if survey.phase(record).stable:
            continue
        lowest = survey.lowest_observed_at(survey.composition(record))
        if record is not lowest and survey.role(record) == "polymorph":
            continue  # a form of another temperature or pressure is expected above the hull
        rival = survey.stable_at(survey.composition(record))
        flags.append(_above_hull(survey, record) if rival is None else _other_structure(survey, record, rival))
    for name, kept in survey.system.merged:
        if (phase := survey.library.get(name)) is not None:
            text = f"{name_of(phase)} relaxed into {kept}; the two are shown as one."
            flags.append(of_phase(survey, phase, "left its structure", "note", text))
    return flags


def _above_hull(survey: Survey, record: PhaseRecord) -> Flag:
    distance = record.e_above_hull
    text = f"{label(record)} is an observed phase, computed {distance * MEV:.1f} meV/atom above the hull"
    among_observed = survey.above_observed_hull(record)
    if among_observed < 1e-6:
        text += "; among the compositions that were ever observed it would be on it"
    elif distance - among_observed > 0.0005:
        text += f", {among_observed * MEV:.1f} above that of the compositions that were ever observed"
    text += "."
    if (measured := _measured(survey.composition(record))) is not None:
        text += f" Its formation energy is {_against(record, measured)}."
    return of_record(survey, record, "observed, above the hull", weigh(distance), distance, text)


def _other_structure(survey: Survey, record: PhaseRecord, rival: PhaseRecord) -> Flag:
    formula, distance = shown(record.formula), record.e_above_hull
    text = (
        f"{formula} is on the hull; its observed structure ({record.name}, {unicode_space_group(record.space_group)}) "
        f"is {distance * MEV:.1f} meV/atom above {'' if rival.kind == 'library' else 'the prototype '}{rival.name}."
    )
    if weigh(distance) == "within error":
        text += (
            f" Potentials disagree about polymorphs by about {POLYMORPH_RESOLUTION * MEV:.0f} meV/atom: compare with a "
            "second one before believing the prototype."
        )
    return of_record(survey, record, "other structure lower", weigh(distance), distance, text)


def _energy_flags(survey: Survey) -> list[Flag]:
    """Observed compositions on the hull whose formation energy is off by more than twice the uncertainty measured."""
    flags = []
    for record in survey.compounds:
        composition = survey.composition(record)
        measured = _measured(composition)
        if measured is None or not survey.phase(record).stable or not measured.uncertainty:
            continue
        energy, uncertainty = formation_energy(measured)
        off = record.formation_energy_per_atom - energy
        if abs(off) <= 2.0 * (uncertainty or 0.0):
            continue
        text = (
            f"{shown(record.formula)} is bound {abs(off) * MEV:.0f} meV/atom {'more' if off < 0 else 'less'} strongly "
            f"than measured: {_against(record, measured)}."
        )
        flag = Flag(
            survey.hull.system,
            "formation energy off",
            "disagrees",
            record.name,
            hg_last(record.formula),
            off * MEV,
            text,
        )
        observed = survey.lowest_observed_at(composition)
        known = known_deviations().reason(observed.name) if observed is not None else None
        # What heat does to the measured crystal does not bind the computed one.
        flags.append(explained(flag, known if known is not None and known.cause != "temperature" else None))
    return flags


def _measured(composition: Composition) -> Published | None:
    """Return the published formation energy of that composition, or None."""
    elements = tuple(symbol for symbol, _ in composition)
    values = formation_references(elements)
    return next((v for v in values if composition_key(parse_formula(v.subject)) == composition), None)


def _against(record: PhaseRecord, measured: Published) -> str:
    energy, uncertainty = formation_energy(measured)
    spread = f" ± {uncertainty * MEV:.0f}" if uncertainty else ""
    computed = signed(record.formation_energy_per_atom * MEV, 0)
    return f"{computed} meV/atom computed, {signed(energy * MEV, 0)}{spread} measured ({measured.confidence})"


def _expectation_flags(survey: Survey) -> list[Flag]:
    """What the whole system must show."""
    expectation = expectation_of(survey)
    if expectation is None or not survey.compounds:
        return []
    lowest = min(survey.compounds, key=lambda record: record.formation_energy_per_atom)
    energy, title = lowest.formation_energy_per_atom, system_title(survey.hull.system)
    what = f"{shown(lowest.formula)} ({lowest.name}) at {signed(energy * MEV, 1)} meV/atom"
    if expectation.expectation == "no compound":
        stable = [record for record in survey.compounds if survey.phase(record).stable]
        kind: Kind = "compound where none is known" if stable else "no compound"
        weight: Weight = "disagrees" if stable else "agrees"
        text = (
            f"{title} has no compound, but {', '.join(label(record) for record in stable)} came out stable."
            if stable
            else f"{title}: no compound is stable, as measured; the lowest candidate is {what} against the elements."
        )
    else:
        kind = "nearly ideal"
        text, weight = _ideal(title, what, energy)
    system = survey.hull.system
    details = (expectation.reason, expectation.source, expectation.confidence)
    return [Flag(system, kind, weight, "", "", energy * MEV, text, *details)]


def _ideal(title: str, what: str, energy: float) -> tuple[str, Weight]:
    limit = f"{NEARLY_IDEAL * MEV:.0f} meV/atom, kT at {ROOM_TEMPERATURE_K:.0f} K"
    if energy < -NEARLY_IDEAL:
        text = f"{title} is measured to be nearly ideal; the lowest compound, {what}, is bound by more than {limit}."
        return text, "disagrees"
    if energy > NEARLY_IDEAL:
        text = (
            f"{title} is measured to be nearly ideal; the lowest compound that was computed, {what}, costs more than "
            f"{limit}. Either the potential makes the elements avoid each other, or the right structure is not among "
            "the candidates."
        )
        return text, "note"
    return f"{title} comes out nearly ideal, as measured: the lowest compound, {what}, is within {limit}.", "agrees"


def _missing_flags(survey: Survey) -> list[Flag]:
    """Observed compounds that are not on the diagram at all, and have no candidate on the hull in their place."""
    flags = []
    failed = dict(survey.system.failed)
    models = {record.name for record in survey.compounds}
    for phase in survey.unbuilt:
        stands_in = survey.stable_at(composition_key(parse_formula(phase.formula or "")))
        if phase.role != "phase" or phase.ordered_model in models or stands_in is not None:
            continue
        why = failed.get(phase.key) or phase.why_not_buildable or "it was not asked for"
        text = f"{name_of(phase)} is an observed phase that was not computed, because {why.rstrip('.')}."
        flags.append(of_phase(survey, phase, "not computed", "note", text))
    return flags
