"""Amalgam films while a cell strips and plates, as a section of the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...reference.published import quoted_cycling
from ...structures.library.phases import list_phases
from ...thermodynamics.cycling.healing import DRY, IN_TURN, LIQUID, METAL, NOT_FOLLOWED, OUTCOMES, SOLID
from ..notation import enumeration, system_title, unicode_formula
from ..sections import Links, ReportSection, SectionPicture
from .export import as_document, files_of
from .model import CyclingReport, FilmCase, FilmResults
from .paper import paper_table
from .pictures import film_png, map_png, voltage_png
from .tables import (
    assumption_table,
    case_table,
    current_table,
    full_cell_table,
    least_table,
    metals_table,
    phase_table,
)
from .volumes import volume_table, volume_warning
from .wording import diffusivity_text, millivolts

_MA_CM2 = 10.0
_SEEN = {
    LIQUID: "the electrolyte touches liquid throughout",
    IN_TURN: "the electrolyte touches liquid and solid in turn",
    SOLID: "the electrolyte touches solid throughout",
    METAL: "metal plates at the electrolyte",
    DRY: "the film runs dry",
    NOT_FOLLOWED: "the model could not follow the film",
}
_LIMITS = (
    "Layers follow from the hull above, the solubility and diffusion; each is in equilibrium with the next at the front"
    " between them, in the colours of the map of liquid, paste and solid. What the liquid touches follows from the"
    " contact angles of the job's wetting where it has one. Assumed is what the last table says so, first of all the"
    " diffusivity in the compounds, which nobody measured: every answer is given for a range of it. Left out are"
    " convection, grains and their boundaries, stress, creep of the metal under pressure, and uneven currents. A new"
    " phase at the electrolyte needs an overpotential or none: both limits are shown."
)


def cycling_sections(report: CyclingReport, *, pictures: bool = True) -> Sequence[ReportSection]:
    """Return the section on all films of a job; ``pictures`` may be left out, which saves a second."""
    paragraphs = [_finding(film) for film in report.films]
    paragraphs.append(_LIMITS)
    drawn = [picture for film in report.films for picture in film_pictures(film, report)] if pictures else []
    tables = [table for film in report.films for table in (case_table(film, report.contact), phase_table(film))]
    if len(report.films) > 1:
        tables.insert(0, metals_table(report))
    against = paper_table(report)
    cells = [table for film in report.films if (table := full_cell_table(film)) is not None]
    tables += [
        *([against] if against else []),
        current_table(report),
        least_table(report),
        *cells,
        *([volumes] if (volumes := volume_table(report)) else []),
        assumption_table(report),
    ]
    warnings = [*report.problems, *_warnings(report)]
    return [
        ReportSection(
            "cycling",
            "Films while the cell strips and plates",
            tuple(paragraphs),
            tuple(drawn),
            tuple(tables),
            tuple(warnings),
            blocks=(_links(report),),
            files=files_of(report),
            summary={"cycling": as_document(report)},
        )
    ]


def _links(report: CyclingReport) -> Links:
    """Links to what the films rest on, on the same page."""
    entries = [("Hulls", "#systems", "phases, voltages of the layers, and the liquid with its solubility")]
    if report.contact.is_computed:
        entries.append(("Contact angle", "#wetting", "what the liquid touches of the electrolyte"))
    return Links(tuple(entries))


def _finding(film: FilmResults) -> str:
    """What the films of one metal do at the first current, by diffusivity."""
    current = film.currents_A_m2[0]
    kelvin = film.chain.temperature_K
    sentences = [f"{system_title(film.system)} at {current / _MA_CM2:g} mA/cm² and {kelvin:g} K."]
    for diffusivity in film.diffusivities_m2_s:
        held, free = (film.case(diffusivity, current, barrier) for barrier in (True, False))
        where = f"With D = {diffusivity_text(diffusivity)} m²/s in the compounds " if film.chain.richest else "Here "
        text = f"{where}{_SEEN[held.outcome]}{_alone(held)}"
        if free.outcome != held.outcome:
            text += f"; without a barrier to a new phase {_SEEN[free.outcome]}"
        sentences.append(f"{text}.")
    sentences += _up_to(film)
    if film.chain.richest:
        last = unicode_formula(film.chain.phases[-1].formula)
        sentences.append(f"At rest on {film.metal} the film becomes {last} in the end, so liquid is a matter of time.")
    else:
        sentences.append(f"There is no compound: liquid stays between {film.metal} and the electrolyte.")
    return " ".join(sentences)


def _up_to(film: FilmResults) -> list[str]:
    """Up to which diffusivity the film stays liquid; nothing where there is no compound, or it is not known."""
    if film.largest is None:
        return []
    if film.largest.value_m2_s is None:
        return ["With a barrier to a new phase, too, it stays liquid throughout with no D."]
    value = diffusivity_text(film.largest.value_m2_s, down=True)
    far = f"with any D that was tried, up to {value}" if film.largest.is_bound else f"for any D up to {value}"
    return [f"With a barrier to a new phase it stays liquid throughout {far} m²/s."]


def _alone(case: FilmCase) -> str:
    volts = case.polarisation_V()
    return "" if math.isnan(volts) else f", and two films alone take {millivolts(volts)} mV"


def _warnings(report: CyclingReport) -> list[str]:
    found = []
    for film in report.films:
        for part in film.parts:
            if part.reason:
                found.append(f"{film.system}: no map at {part.temperature_K:g} K, {part.reason}")
        layers = {phase.formula for phase in film.chain.phases}
        if unknown := [name for name in _without_energy(film.system) if name not in layers]:
            names = enumeration([unicode_formula(name) for name in unknown])
            found.append(f"{system_title(film.system)}: phases of unknown structure are no layers here: {names}")
        if film.diffusivity.confidence == "low":
            found.append(f"{film.metal}: the diffusivity in liquid mercury is an estimate, not a measured value")
    return [*dict.fromkeys(found), *volume_warning(report)]


def _without_energy(system: str) -> list[str]:
    """Formulas of known phases whose coordinates are not known."""
    known = [one for one in list_phases(system) if one.formula and not one.ordered_model]
    have = {one.formula for one in known if one.buildable}
    return list(dict.fromkeys(str(one.formula) for one in known if not one.buildable and one.formula not in have))


def film_pictures(film: FilmResults, report: CyclingReport) -> list[SectionPicture]:
    """Return the pictures of one metal's films."""
    name, title = film.system.lower(), system_title(film.system)
    current = f"{film.currents_A_m2[0] / _MA_CM2:g} mA/cm²"
    marks = quoted_cycling().polarisation_mV if film.metal == "Li" else ()
    told = " Dashed: the 80 and 10 mV that are reported without and with a film." if marks else ""
    pictures = [
        SectionPicture(
            f"cycling-film-{name}.png",
            film_png(film),
            f"Layers of the {title} film over one cycle, for each diffusivity in the compounds. {_finding(film)}",
            f"{title}: depth below the electrolyte (top) in the last cycle at {current}. Left: a new phase needs an"
            " overpotential at the electrolyte; right: it needs none.",
        ),
        SectionPicture(
            f"cycling-voltage-{name}.png",
            voltage_png(film, report.contact, marks),
            f"Voltage of a symmetric cell with two {title} films over its cycles.",
            f"{title}: voltage of the symmetric cell at {current}; the band is contact from its best to its worst."
            f"{told}",
        ),
    ]
    drawn = map_png(film)
    if drawn is not None:
        pictures.append(
            SectionPicture(
                f"cycling-map-{name}.png",
                drawn,
                f"What {title} films of each thickness do at each current, with a barrier to a new phase and without:"
                f" {', '.join(OUTCOMES)}.",
                f"Where the {title} film heals: blue where the electrolyte touches liquid in every cycle. Both limits:"
                " a new phase needs an overpotential at the electrolyte, or none. Of the two films of a cell, one"
                " stripped first and one plated first, the one that fares worse.",
            )
        )
    return pictures
