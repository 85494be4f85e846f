"""One remark on a computed phase diagram: what it is about, how much it matters, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ase.units import kB

from ...reference.deviations import Expectation, Reason, known_deviations
from ...reference.measured import ROOM_TEMPERATURE_K
from ...structures.library.phases import Phase
from ..model import PhaseRecord
from ..notation import MEV
from .survey import Survey, hg_last, shown

POLYMORPH_RESOLUTION = 0.010
"""Energy difference (eV/atom) between structures of one composition about which ML potentials disagree."""

NEARLY_IDEAL = kB * ROOM_TEMPERATURE_K
"""In a nearly ideal system no compound is bound by more than the energy of thermal motion (eV/atom)."""

Weight = Literal["disagrees", "within error", "note", "agrees"]
WEIGHTS: tuple[Weight, ...] = ("disagrees", "within error", "note", "agrees")
"""From the most to the least urgent. *within error* is a disagreement smaller than `POLYMORPH_RESOLUTION`, *note*
something that the computation cannot decide."""

Kind = Literal[
    "observed, above the hull",
    "other structure lower",
    "stable, never observed",
    "formation energy off",
    "structure proposed",
    "ordering of a solid solution",
    "ordered model",
    "form of an element",
    "compound where none is known",
    "no compound",
    "nearly ideal",
    "not computed",
    "not in the library",
    "left its structure",
]


@dataclass(frozen=True)
class Flag:
    """One thing to know before believing a hull.

    Attributes
    ----------
    system, name, formula
        Where; ``name`` is the phase as the report calls it. Both are empty for what concerns a whole system.
    kind, weight
        What it is, and how much it matters; see `WEIGHTS`.
    distance_meV
        meV/atom: how far above the hull a phase is that should be on it; how far below the hull of the observed
        compositions (negative) one is that should not be stable; computed minus measured formation energy; for a whole
        system the lowest formation energy of a compound. None where there is no number.
    text
        A sentence that says it in full.
    reason, source, confidence
        Why, where that is known; empty otherwise.
    """

    system: str
    kind: Kind
    weight: Weight
    name: str
    formula: str
    distance_meV: float | None
    text: str
    reason: str = ""
    source: str = ""
    confidence: str = ""

    @property
    def sentence(self) -> str:
        """The text and, where it is known, the reason."""
        return f"{self.text} {self.reason}" if self.reason else self.text


def label(record: PhaseRecord) -> str:
    """Return the formula, and the name where the two differ."""
    formula = shown(record.formula)
    return formula if record.name in (record.formula, hg_last(record.formula)) else f"{formula} ({record.name})"


def weigh(distance: float) -> Weight:
    """Tell a disagreement from one that is smaller than potentials can tell (eV/atom)."""
    return "disagrees" if abs(distance) > POLYMORPH_RESOLUTION else "within error"


def of_record(
    survey: Survey, record: PhaseRecord, kind: Kind, weight: Weight, distance: float | None, text: str
) -> Flag:
    """Return a flag on a record, with the reason known for it; ``distance`` in eV/atom."""
    millis = None if distance is None else distance * MEV
    return explained(
        Flag(survey.hull.system, kind, weight, record.name, hg_last(record.formula), millis, text),
        known_deviations().reason(record.name),
    )


def of_phase(survey: Survey, phase: Phase, kind: Kind, weight: Weight, text: str) -> Flag:
    """Return a flag on a library phase that has no record, with the reason known for it."""
    flag = Flag(survey.hull.system, kind, weight, phase.key, hg_last(phase.formula or ""), None, text)
    return explained(flag, known_deviations().reason(phase.key))


def explained(flag: Flag, known: Reason | None) -> Flag:
    """Add a known reason, if there is one."""
    return flag if known is None else with_reason(flag, known.reason, known.source, known.confidence)


def with_reason(flag: Flag, reason: str, source: str, confidence: str) -> Flag:
    """Return the flag with another reason and its source."""
    return replace(flag, reason=reason, source=source, confidence=confidence)


def name_of(phase: Phase) -> str:
    """Return the formula of a library phase, and its key where the two differ."""
    formula = shown(phase.formula or "")
    return formula if phase.key == phase.formula else f"{formula} ({phase.key})"


def expectation_of(survey: Survey) -> Expectation | None:
    """Return what the whole system must show, or None."""
    return known_deviations().expectation(survey.hull.elements)
