"""The section that puts several systems side by side: what is stable, what is known, where the two disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...reference.published import published_values
from ..benchmarks.reference import compare_with_reference, computed_saturated_emf
from ..flags.flag import POLYMORPH_RESOLUTION
from ..flags.survey import Survey, shown
from ..flags.system import Flag, system_flags
from ..model import PhaseRecord, Report, SystemReport
from ..notation import MEV, enumeration, signed, system_title
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .diagram import binary_diagram
from .findings import stable_compounds
from .png import hull_overview_png

ANCHOR = "against-experiment"
PICTURE = "overview.png"

_OVERVIEW_COLUMNS = (
    "system",
    "computed stable",
    "observed compounds",
    "deepest compound",
    "computed (eV/atom)",
    "measured (eV/atom)",
    "saturated amalgam, computed (V)",
    "measured (V)",
    "verdict",
)
_FLAG_COLUMNS = ("system", "phase", "what", "meV/atom", "weight", "why, where known", "source")


@dataclass(frozen=True)
class SystemSummary:
    """One row of the overview.

    ``emf_V`` is the computed potential of the amalgam, saturated liquid mercury at 298 K, against its metal; zero where
    no compound forms and the metal itself is in equilibrium with the amalgam, None without a voltage profile. Energies
    are in eV/atom.
    """

    system: str
    stable: tuple[str, ...]
    observed: tuple[str, ...]
    deepest: PhaseRecord | None
    measured_energy: float | None
    measured_uncertainty: float | None
    emf_V: float | None
    measured_emf_V: float | None
    flags: tuple[Flag, ...]

    @property
    def disagreements(self) -> tuple[Flag, ...]:
        """Flags beyond what potentials can tell, the largest first."""
        found = [flag for flag in self.flags if flag.weight == "disagrees"]
        return tuple(sorted(found, key=_size, reverse=True))

    @property
    def verdict(self) -> str:
        """The system in a few words."""
        missing = sum(flag.kind == "not computed" for flag in self.flags)
        parts = [f"{missing} observed not computed"] if missing else []
        if self.disagreements:
            worst, count = self.disagreements[0], len(self.disagreements)
            where = f"{shown(worst.formula)}: {worst.kind}" if worst.formula else worst.kind
            size = f"{abs(worst.distance_meV or 0.0):.0f} meV/atom, {where}"
            first = f"{count} disagreements, the largest {size}" if count > 1 else f"one disagreement, {size}"
        elif any(flag.weight == "note" and flag.kind == "nearly ideal" for flag in self.flags):
            first = "undecided"
        elif any(flag.weight == "within error" for flag in self.flags):
            first = f"agrees within {POLYMORPH_RESOLUTION * MEV:.0f} meV/atom"
        else:
            first = "agrees"
        return "; ".join([first, *parts])


def summarize(system: SystemReport) -> SystemSummary:
    """Return what the overview says of one system."""
    survey = Survey(system)
    stable = stable_compounds(system)
    deepest = min(stable, key=lambda record: record.formation_energy_per_atom, default=None)
    observed = dict.fromkeys(shown(phase.formula or "") for phase in survey.reported if phase.role == "phase")
    energies = [
        row
        for row in compare_with_reference(system)
        if deepest is not None and row.formula == deepest.formula and row.quantity.startswith("formation")
    ]
    return SystemSummary(
        system=system.hull.system,
        stable=tuple(dict.fromkeys(shown(record.formula) for record in stable)),
        observed=tuple(observed),
        deepest=deepest,
        measured_energy=energies[0].reference if energies else None,
        measured_uncertainty=energies[0].uncertainty if energies else None,
        emf_V=_emf(system),
        measured_emf_V=_measured_emf(system),
        flags=tuple(system_flags(system)),
    )


def _emf(system: SystemReport) -> float | None:
    found = computed_saturated_emf(system)
    return None if found is None else found[1]


def _measured_emf(system: SystemReport) -> float | None:
    if "Hg" not in system.hull.elements:
        return None
    found = [v for v in published_values() if v.quantity == "saturated_emf" and v.subject in system.hull.elements]
    return found[0].value if found else None


def overview_section(report: Report) -> ReportSection:
    """Return the section on all systems of a report.

    Parameters
    ----------
    report
        Any number of systems; the picture shows those of two elements.
    """
    summaries = [summarize(system) for system in report.systems]
    diagrams = [diagram for system in report.systems if (diagram := binary_diagram(system)) is not None]
    pictures: tuple[SectionPicture, ...] = ()
    if diagrams:
        caption = (
            "All hulls on one energy scale. Filled: on the hull. Ring: an observed phase above it. Small: candidates. "
            "Orange: measured, against solid mercury."
        )
        description = "Convex hulls: " + "; ".join(f"{system_title(s.system)}: {s.verdict}" for s in summaries) + "."
        pictures = (SectionPicture(PICTURE, hull_overview_png(diagrams), description, caption),)
    paragraphs = [_finding(summaries), *_expectations(summaries), _emf_sentence(summaries), _METHOD]
    return ReportSection(
        ANCHOR,
        "All systems against experiment",
        tuple(text for text in paragraphs if text),
        pictures,
        (_overview_table(summaries), *_flag_tables(summaries)),
        _failures(report),
    )


_METHOD = (
    "A phase counts as observed when the phase library lists it from experiments. A disagreement is a phase more than "
    f"{POLYMORPH_RESOLUTION * MEV:.0f} meV/atom on the wrong side of the hull, about what potentials differ by between "
    "structures of one composition, or a formation energy off by more than twice the uncertainty of its measurement; "
    "smaller ones are within error. Energies are those of crystals at 0 K without zero-point motion: heat, disorder "
    "and liquid mercury are not in them. A candidate on the hull where nothing was observed is a prediction only if a "
    "second potential agrees. The potential of the saturated amalgam is that of liquid mercury at 298 K in equilibrium "
    "with the solid, from these energies and the free energy of fusion of mercury; where no compound forms it is zero, "
    "because the metal itself is in equilibrium with its amalgam."
)


def _finding(summaries: Sequence[SystemSummary]) -> str:
    agreeing = [system_title(summary.system) for summary in summaries if not summary.disagreements]
    if len(agreeing) == len(summaries):
        return f"Nothing disagrees with the measured phases of {enumeration(agreeing)}."
    start = "Every system disagrees with the measured phases somewhere. "
    if agreeing:
        share = f"In {len(agreeing)} of {len(summaries)} systems"
        start = f"{share} nothing disagrees with the measured phases: {enumeration(agreeing)}. "
    others = [f"{len(s.disagreements)} in {system_title(s.system)}" for s in summaries if s.disagreements]
    worst = max((s.disagreements[0] for s in summaries if s.disagreements), key=_size)
    return f"{start}Disagreements: {enumeration(others)}. The largest: {worst.text}"


def _size(flag: Flag) -> tuple[bool, float]:
    """How much a flag matters among others; the forms of an element do not change which compounds are stable."""
    return flag.kind != "form of an element", abs(flag.distance_meV or 0.0)


def _expectations(summaries: Sequence[SystemSummary]) -> list[str]:
    """What is known of whole systems: no compound, nearly ideal."""
    kinds = ("no compound", "compound where none is known", "nearly ideal")
    texts = [flag.text for summary in summaries for flag in summary.flags if flag.kind in kinds]
    return [" ".join(texts)] if texts else []


def _emf_sentence(summaries: Sequence[SystemSummary]) -> str:
    pairs = [(s, s.emf_V - s.measured_emf_V) for s in summaries if s.emf_V is not None and s.measured_emf_V is not None]
    if not pairs:
        return ""
    mean = sum(abs(delta) for _, delta in pairs) / len(pairs)
    parts = [f"{system_title(s.system)} {signed(delta * MEV, 0)} mV" for s, delta in pairs]
    return (
        f"The potential of the saturated amalgam against its metal is off by {mean * MEV:.0f} mV in the mean (computed "
        f"minus measured: {', '.join(parts)})."
    )


def _overview_table(summaries: Sequence[SystemSummary]) -> SectionTable:
    return SectionTable(
        "Systems",
        _OVERVIEW_COLUMNS,
        tuple(_overview_row(summary) for summary in summaries),
        note="Deepest: the compound of lowest computed formation energy. Measured values refer to solid mercury here.",
    )


def _overview_row(summary: SystemSummary) -> tuple[Cell, ...]:
    deepest, measured = summary.deepest, None
    if summary.measured_energy is not None:
        spread = f" ± {summary.measured_uncertainty:.3f}" if summary.measured_uncertainty else ""
        measured = f"{signed(summary.measured_energy, 3)}{spread}"
    return (
        system_title(summary.system),
        ", ".join(summary.stable) or "none",
        ", ".join(summary.observed) or "none",
        shown(deepest.formula) if deepest else None,
        deepest.formation_energy_per_atom if deepest else None,
        measured,
        summary.emf_V,
        summary.measured_emf_V,
        summary.verdict,
    )


def _flag_tables(summaries: Sequence[SystemSummary]) -> list[SectionTable]:
    groups: Mapping[str, tuple[str, ...]] = {
        "Disagreements with experiment": ("disagrees", "within error"),
        "What agrees, and what could not be decided": ("agrees", "note"),
    }
    tables = []
    for caption, weights in groups.items():
        flags = [flag for summary in summaries for flag in summary.flags if flag.weight in weights]
        flags.sort(key=lambda flag: (weights.index(flag.weight), -abs(flag.distance_meV or 0.0)))
        if flags:
            tables.append(SectionTable(caption, _FLAG_COLUMNS, tuple(_flag_row(flag) for flag in flags), digits=1))
    return tables


def _flag_row(flag: Flag) -> tuple[Cell, ...]:
    phase = shown(flag.formula) if flag.formula else "whole system"
    name = f"{phase} ({flag.name})" if flag.name and flag.name != flag.formula else phase
    why = flag.reason or ("not known" if flag.weight == "disagrees" else None)
    source = f"{flag.source} ({flag.confidence})" if flag.source and flag.confidence else flag.source or None
    return (system_title(flag.system), name, flag.kind, flag.distance_meV, flag.weight, why, source)


def _failures(report: Report) -> tuple[str, ...]:
    return tuple(
        f"{system_title(system.hull.system)}: {name} could not be relaxed: {reason}"
        for system in report.systems
        for name, reason in system.failed
    )
