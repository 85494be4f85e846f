"""One job with several potentials: its reports, and what they say side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..model import Report
from ..notation import enumeration, system_title
from ..sections import Card, Lead, Links, ReportSection
from ..wetting.model import WettingReport
from .model import Comparison
from .section import comparison_section, headline
from .wetting import pure_angles, wetting_comparison_section

ANCHOR = "reports"


@dataclass(frozen=True)
class ReportOfPotential:
    """The report of a job with one potential: its headline, and the page as a link from that of the comparison."""

    potential: str
    headline: str
    link: str


def jobs_report(
    name: str,
    potentials: Sequence[str],
    reports: Sequence[ReportOfPotential],
    comparisons: Sequence[Comparison],
    wettings: Mapping[str, WettingReport],
    notes: Sequence[str] = (),
) -> Report:
    """Return the report on a job with several potentials.

    Parameters
    ----------
    name
        Of the job.
    potentials
        With which it was run.
    reports
        Its own report with each of them, as far as there is one.
    comparisons
        Of each system that several have a hull of.
    wettings
        The contact angle with each potential that has one, by its name.
    notes
        What is left out.
    """
    several = len(comparisons) > 1
    sections = [comparison_section(one, place=f"-{one.system}" if several else "", leads=False) for one in comparisons]
    if len(wettings) > 1:
        sections.append(wetting_comparison_section(wettings))
    said = [f"{system_title(one.system)}: {headline(one)}" if several else headline(one) for one in comparisons]
    said += [pure_angles(wettings)] if len(wettings) > 1 else []
    links = Links(tuple((one.potential, one.link, one.headline) for one in reports))
    warnings = tuple(dict.fromkeys([*notes, *(warning for section in sections for warning in section.warnings)]))
    lead = Lead(
        " ".join(said) or f"{name} with {enumeration(potentials)}.", (("potentials", ", ".join(potentials)),), warnings
    )
    front = ReportSection(
        ANCHOR,
        "Reports of each potential",
        warnings=tuple(notes),
        blocks=(Card("The report of each potential", (links,)),),
        lead=lead,
        summary={"reports": {one.potential: one.link for one in reports}},
    )
    return Report(
        f"{name}: potentials compared",
        potential=", ".join(potentials),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        sections=(front, *sections),
    )
