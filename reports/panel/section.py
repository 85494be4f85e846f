"""The panel's part of the report: works of adhesion, angles, errors of each method, and the picture."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..film_motion import motion_problems, motion_table
from ..notation import csv_text, signed, unicode_formula
from ..sections import Lead, ReportSection, SectionPicture, SectionTable, provenance_card
from .model import PanelReport, PanelSolid
from .png import panel_png

CSV_COLUMNS = (
    "solid",
    "formula",
    "plane",
    "termination",
    "surface",
    "method",
    "work_of_adhesion_J_m2",
    "standard_error_J_m2",
    "dispersion_J_m2",
    "theta_deg",
    "measured_low_deg",
    "measured_high_deg",
    "measured_source",
)
"""Columns of ``panel.csv``."""


def panel_section(report: PanelReport) -> ReportSection:
    """Return the section: a table of W, one of angles, one of errors by method, and the picture."""
    tables = [_works(report), _angles(report)]
    errors = _errors(report)
    if errors.rows:
        tables.append(errors)
    treatments = _treatments(report)
    if treatments.rows:
        tables.append(treatments)
    if report.motions:
        tables.append(motion_table(report.motions))
    picture = SectionPicture(
        "panel.png",
        panel_png(report),
        f"Work of adhesion of pure {report.solvent} on each solid by method, beside what measured angles stand for.",
    )
    facts = (("liquid", report.solvent), ("temperature", f"{report.temperature_K:g} K"))
    return ReportSection(
        "panel",
        f"Pure {report.solvent} on clean solids",
        (_introduction(report),),
        pictures=(picture,),
        tables=tuple(tables),
        warnings=(*report.problems, *motion_problems(report.motions)),
        blocks=(provenance_card("Provenance and settings of the panel", report.provenance, report.settings),),
        lead=Lead(_headline(report), facts),
        files={"panel.csv": _csv(report).encode()},
        summary={"panel": _summary(report)},
    )


def _introduction(report: PanelReport) -> str:
    return (
        f"Works of adhesion of pure liquid {report.solvent} on clean faces, and the angles that they mean with the"
        f" measured surface tension of {report.gamma_LV_J_m2:.4f} J/m². Measured angles are those of surfaces as they"
        " were handled, mostly in air. What such a surface carries (water, hydroxyl, carbonate) screens the solid, so a"
        " clean face should rather come out at a smaller angle than at a larger one."
    )


def _headline(report: PanelReport) -> str:
    count = len(report.solids)
    scored = {name: found for name in report.potentials if (found := report.errors(name)) is not None}
    faces = f"Pure {report.solvent} on {count} clean face{'' if count == 1 else 's'}"
    if not scored:
        return f"{faces}: none has a measured angle to compare with."
    best, worst = (pick(scored, key=lambda name: scored[name].root_mean_square_J_m2) for pick in (min, max))
    measured = scored[best].n_solids
    text = (
        f"{faces}: against {measured} measured angle{'' if measured == 1 else 's'} {best} errs by"
        f" {signed(scored[best].mean_J_m2, 2)} J/m² ({signed(scored[best].mean_deg, 0)}°) in the mean"
    )
    if worst == best:
        return f"{text}."
    return f"{text}, {worst} by {signed(scored[worst].mean_J_m2, 2)} J/m² ({signed(scored[worst].mean_deg, 0)}°)."


def _summary(report: PanelReport) -> dict[str, Any]:
    return {
        "solvent": report.solvent,
        "temperature_K": report.temperature_K,
        "gamma_LV_J_m2": report.gamma_LV_J_m2,
        "solids": [asdict(one) for one in report.solids],
        "errors": {name: asdict(found) for name in report.potentials if (found := report.errors(name)) is not None},
        "surface_energies_J_m2": dict(report.surface_energies_J_m2),
        "structures_from": dict(report.structures_from),
        "films": [asdict(one) for one in report.motions],
        "problems": [*report.problems, *motion_problems(report.motions)],
        "provenance": dict(report.provenance),
        "settings": dict(report.settings),
    }


def _csv(report: PanelReport) -> str:
    """One row for each face and method."""
    rows = []
    for one in report.solids:
        angle = one.measured
        measured = (None,) * 3 if angle is None else (angle.low_deg, angle.high_deg, angle.source)
        face = (one.solid, one.formula, one.plane, one.termination, one.surface)
        for name, work in one.work_of_adhesion_J_m2.items():
            numbers = (work.mean, work.standard_error, one.dispersion_J_m2.get(name), report.angle_deg(one, name))
            rows.append((*face, name, *numbers, *measured))
    return csv_text(CSV_COLUMNS, rows)


def _head(solid: PanelSolid) -> tuple[str, str]:
    return unicode_formula(solid.formula) + f" {solid.plane}", solid.face


def _works(report: PanelReport) -> SectionTable:
    rows = []
    for one in report.solids:
        measured = None if one.measured is None else one.measured.work_J_m2(report.gamma_LV_J_m2)
        works = (one.work_of_adhesion_J_m2.get(name) for name in report.potentials)
        rows.append((*_head(one), measured, *(None if work is None else work.mean for work in works)))
    columns = ("face", "solid, termination, surface", "from the measured angle", *report.potentials)
    points = [f"{name} on structures of {base}" for name, base in report.structures_from.items()]
    note = f"Single points: {'; '.join(points)}." if points else ""
    return SectionTable("Work of adhesion (J/m²)", columns, tuple(rows), digits=3, note=note)


def _angles(report: PanelReport) -> SectionTable:
    rows = []
    for one in report.solids:
        measured = None if one.measured is None else one.measured.text
        about = None if one.measured is None else f"{one.measured.conditions}; {one.measured.source}"
        rows.append(
            (*_head(one), measured, *(report.angle_deg(one, name) for name in report.potentials), about),
        )
    columns = ("face", "solid, termination, surface", "measured", *report.potentials, "measurement")
    return SectionTable("Contact angle (°)", columns, tuple(rows), digits=0)


def _treatments(report: PanelReport) -> SectionTable:
    """The sampling potential at finite temperature beside its quenched films."""
    rows = []
    for one in report.solids:
        if one.treatments_J_m2:
            quenched = next(iter(one.work_of_adhesion_J_m2.values()), None)
            nvt, free = (one.treatments_J_m2.get(name) for name in ("nvt", "free-energy"))
            works = [quenched, None if nvt is None else nvt.total_J_m2, None if free is None else free.total_J_m2]
            parts = (None, None) if free is None else (free.dispersion_J_m2, free.potential_J_m2)
            means = (None if item is None else item.mean for item in (*works, *parts))
            errors = (None if item is None else item.standard_error for item in works[1:])
            rows.append((*_head(one), *means, *errors))
    columns = (
        "face",
        "solid, termination, surface",
        "quenched",
        "averages of potential energies",
        "reversible",
        "of it dispersion",
        "of it the rest",
        "error of the averages",
        "error of the reversible work",
    )
    note = "Of the sampling potential on a rigid solid. The reversible work is a free energy, as surface tension is."
    return SectionTable("Work of adhesion at finite temperature (J/m²)", columns, tuple(rows), digits=3, note=note)


def _errors(report: PanelReport) -> SectionTable:
    rows = []
    for name in report.potentials:
        found = report.errors(name)
        if found is None:
            continue
        own = report.surface_energies_J_m2.get(name)
        alone = None if own is None or own <= 0.0 else report.errors(name, own)
        rows.append(
            (
                name,
                found.n_solids,
                found.mean_J_m2,
                found.scatter_J_m2,
                found.root_mean_square_J_m2,
                found.mean_deg,
                own,
                None if alone is None else alone.mean_deg,
            )
        )
    columns = (
        "method",
        "solids",
        "mean error of W (J/m²)",
        "scatter of W (J/m²)",
        "rms of W (J/m²)",
        "mean error of θ (°)",
        f"u of {report.solvent} (J/m²)",
        "mean error of θ with own u (°)",
    )
    note = (
        "Computed minus measured. The scatter is what no shift of all solids alike takes away. With its own u a method"
        " uses one and the same surface energy of the liquid in W and in the angle."
    )
    return SectionTable("Errors against measured angles", columns, tuple(rows), digits=2, note=note)
