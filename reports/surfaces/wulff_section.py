"""The section of a report with the equilibrium shapes of crystals."""

from __future__ import annotations

from collections.abc import Sequence

from ..formulas import unicode_formula
from ..hulls.findings import enumeration
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .model import PhaseSurfaces
from .wulff_png import plane_text, wulff_png

ANCHOR = "equilibrium-shapes"


def wulff_section(phases: Sequence[PhaseSurfaces], *, file_name: str = "wulff.png") -> ReportSection | None:
    """Return the section, or None when no phase has two planes computed.

    Parameters
    ----------
    phases
        As ``workflows.studies.surfaces.stored.stored_surfaces`` returns them; those with fewer than two planes are
        passed over.
    file_name
        Of the picture beside the page.
    """
    several = [phase for phase in phases if len({record.miller_index for record in phase.surfaces}) > 1]
    drawn = [phase for phase in several if phase.shape is not None]
    if not several:
        return None
    warnings = [f"{_name(phase)}: no shape; {phase.no_shape}" for phase in several if phase.shape is None]
    if not drawn:
        return ReportSection(ANCHOR, "Equilibrium shapes", warnings=tuple(warnings))
    findings = "Largest face, its share of the surface, and the mean surface energy: " + "; ".join(
        _finding(phase) for phase in drawn
    )
    method = (
        "Wulff construction: the shape of least surface energy at a given volume, from the computed planes alone; a "
        "plane that was not computed cannot appear. A crystal takes this shape only where atoms move freely enough, "
        "clean, in vacuum and at 0 K. Where the two faces of a slab differ their mean stands for both."
    )
    picture = SectionPicture(
        file_name,
        wulff_png(drawn),
        "Equilibrium shapes: " + "; ".join(_description(phase) for phase in drawn) + ".",
        "Equilibrium shapes. Below each, the planes that appear and their share of the surface; above it, the mean "
        "surface energy, weighted by these shares.",
    )
    return ReportSection(
        ANCHOR, "Equilibrium shapes", (f"{findings}.", method), (picture,), (_table(drawn),), tuple(warnings)
    )


def _name(phase: PhaseSurfaces) -> str:
    return f"{unicode_formula(phase.formula)} ({phase.phase})"


def _shares(phase: PhaseSurfaces) -> list[tuple[tuple[int, int, int], float]]:
    shares = phase.shape.area_fractions.items() if phase.shape else []
    return sorted(((plane, share) for plane, share in shares if share > 0.0), key=lambda item: item[1], reverse=True)


def _finding(phase: PhaseSurfaces) -> str:
    (first, share), *others = _shares(phase)
    mean = phase.shape.mean_surface_energy_J_m2 if phase.shape else 0.0
    besides = f", besides {enumeration([plane_text(plane, '{}') for plane, _ in others])}" if others else ""
    return f"{unicode_formula(phase.formula)} {plane_text(first, '{}')} {100 * share:.0f} %{besides}, {mean:.2f} J/m²"


def _description(phase: PhaseSurfaces) -> str:
    faces = ", ".join(f"{plane_text(plane, '{}')} {100 * share:.0f} %" for plane, share in _shares(phase))
    return f"{phase.formula} with {faces}"


def _table(phases: Sequence[PhaseSurfaces]) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    for phase in phases:
        if phase.shape is None:
            continue
        for plane, energy in sorted(phase.shape.surface_energies_J_m2.items(), key=lambda item: item[1]):
            share = phase.shape.area_fractions[plane]
            mean = phase.shape.mean_surface_energy_J_m2
            rows.append((unicode_formula(phase.formula), phase.phase, plane_text(plane, "{}"), energy, share, mean))
    return SectionTable(
        "Planes of the equilibrium shapes",
        ("crystal", "structure", "plane", "γ (J/m²)", "share of surface", "mean γ (J/m²)"),
        tuple(rows),
        note="A share of 0: others of lower energy cut the plane off.",
    )
