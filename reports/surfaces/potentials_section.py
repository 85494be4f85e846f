"""Section of the report on faces with an excess of some element: energies and shapes over chemical potentials."""

from __future__ import annotations

from collections.abc import Sequence

from ..notation import mathtext_formula, signed, unicode_formula
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from .model import OpenSurfaceRecord, PhaseSurfaces, ShapeAtPotentials
from .png import plane_text, shapes_png, surface_lines_png

ANCHOR = "surfaces-and-chemical-potentials"
_TITLE = "Surfaces and chemical potentials"


def potentials_section(
    phases: Sequence[PhaseSurfaces],
    *,
    lines_file_name: str = "surface-energies-mu.png",
    shapes_file_name: str = "wulff-mu.png",
) -> ReportSection | None:
    """Return the section, or None when no face with an excess was computed.

    Parameters
    ----------
    phases
        As ``workflows.studies.surfaces.stored.stored_surfaces`` returns them.
    lines_file_name, shapes_file_name
        Of the pictures beside the page.
    """
    asked = [phase for phase in phases if phase.open_surfaces or phase.no_range]
    if not asked:
        return None
    known = [phase for phase in asked if phase.shapes]
    warnings = [
        f"{_name(phase)}: no range of chemical potentials; {phase.no_range}" for phase in asked if phase.no_range
    ]
    warnings += [
        f"{_name(phase)} {at.equilibrium.label}: no shape; {at.no_shape}"
        for phase in known
        for at in phase.shapes
        if at.no_shape
    ]
    if not known:
        return ReportSection(ANCHOR, _TITLE, warnings=tuple(warnings))
    method = (
        "A face whose slab has more of one element than the crystal exchanges these atoms with its surroundings: "
        "γ(μ) = γ(0) − Σ ΔN_i μ_i / 2A, with ΔN the excess of both faces and μ counted from the pure elements. μ lies "
        "between the values at which the crystal coexists with its neighbours; the crystal itself fixes the sum over "
        "its elements. Of each plane the face of lowest energy counts for the shape. 0 K, no gas and no liquid."
    )
    tables = [table for phase in known for table in (_lines_table(phase), _shapes_table(phase)) if table.rows]
    return ReportSection(
        ANCHOR,
        _TITLE,
        (f"{' '.join(_finding(phase) for phase in known)}", method),
        _pictures(known, lines_file_name, shapes_file_name),
        tuple(tables),
        tuple(warnings),
    )


def excess_text(record: OpenSurfaceRecord) -> str:
    """Return ``+0.5 Cu`` for one face of the cell."""
    return ", ".join(f"{signed(0.5 * number, 1)} {element}" for element, number in record.line.excess.items())


def _pictures(phases: Sequence[PhaseSurfaces], lines: str, shapes: str) -> tuple[SectionPicture, ...]:
    found = []
    binary = [phase for phase in phases if len(phase.shapes[0].equilibrium.chemical_potentials) == 2]
    if binary:
        names = ", ".join(phase.formula for phase in binary)
        found.append(
            SectionPicture(
                lines,
                surface_lines_png(binary),
                f"Surface energies of the faces of {names} against the chemical potential.",
                "Surface energies against the chemical potential, between the two neighbours of each crystal. Dotted: "
                "faces with the composition of the crystal.",
            )
        )
    drawn = [(phase, at) for phase in phases for at in phase.shapes if at.shape is not None]
    if drawn:
        found.append(
            SectionPicture(
                shapes,
                shapes_png(
                    [
                        (
                            f"{mathtext_formula(phase.formula)}\n{mathtext_formula(at.equilibrium.label)}",
                            at.shape,
                            at.terminations,
                        )
                        for phase, at in drawn
                        if at.shape is not None
                    ],
                    columns=3,
                ),
                "Equilibrium shapes: " + "; ".join(_description(phase, at) for phase, at in drawn) + ".",
                "Equilibrium shapes at the ends and the middle of the range of chemical potentials, with the face of "
                "each plane and its share of the surface.",
            )
        )
    return tuple(found)


def _finding(phase: PhaseSurfaces) -> str:
    parts = []
    for at in phase.shapes:
        if at.shape is None:
            continue
        plane, share = max(at.shape.area_fractions.items(), key=lambda item: item[1])
        parts.append(
            f"{at.equilibrium.label} {{}} {at.terminations[plane]} {100 * share:.0f} %".replace(
                "{}", plane_text(plane, "{}")
            )
        )
    largest = "; ".join(parts) or "no shape"
    return f"{unicode_formula(phase.formula)}, largest face of the equilibrium shape: {largest}."


def _description(phase: PhaseSurfaces, at: ShapeAtPotentials) -> str:
    shares = at.shape.area_fractions.items() if at.shape else []
    faces = ", ".join(
        f"{plane_text(plane, '{}')} {at.terminations[plane]} {100 * share:.0f} %"
        for plane, share in shares
        if share > 0
    )
    return f"{phase.formula} {at.equilibrium.label} with {faces}"


def _lines_table(phase: PhaseSurfaces) -> SectionTable:
    rows: list[tuple[Cell, ...]] = []
    equilibria = [at.equilibrium for at in phase.shapes]
    for record in phase.open_surfaces:
        values = [record.line.surface_energy_J_m2(each.chemical_potentials) for each in equilibria]
        remarks = ["charged by formal charges"] if record.charged else []
        remarks += [record.line.fit.warning] if record.line.fit.warning else []
        rows.append(
            (plane_text(record.miller_index), record.termination, excess_text(record), record.line.area, *values,
             record.line.fit.standard_error_J_m2, "; ".join(remarks) or None)
        )  # fmt: skip
    columns = ("plane", "face", "excess of a face", "area (Å²)", *(f"γ {each.label} (J/m²)" for each in equilibria),
               "± fit", "remark")  # fmt: skip
    potentials = "; ".join(
        f"{each.label}: "
        + ", ".join(f"μ({element}) {signed(mu, 3)}" for element, mu in each.chemical_potentials.items())
        for each in equilibria
    )
    return SectionTable(
        f"Faces of {unicode_formula(phase.formula)} ({phase.phase}) with an excess",
        columns,
        tuple(rows),
        note=f"Chemical potentials in eV: {potentials}.",
    )


def _shapes_table(phase: PhaseSurfaces) -> SectionTable:
    rows: list[tuple[Cell, ...]] = [
        (at.equilibrium.label, plane_text(plane, "{}"), at.terminations[plane], energy, at.shape.area_fractions[plane],
         at.shape.mean_surface_energy_J_m2)
        for at in phase.shapes
        if at.shape is not None
        for plane, energy in sorted(at.shape.surface_energies_J_m2.items(), key=lambda item: item[1])
    ]  # fmt: skip
    columns = ("where", "plane", "face", "γ (J/m²)", "share of surface", "mean γ (J/m²)")
    return SectionTable(f"Equilibrium shapes of {unicode_formula(phase.formula)} ({phase.phase})", columns, tuple(rows))


def _name(phase: PhaseSurfaces) -> str:
    return f"{unicode_formula(phase.formula)} ({phase.phase})"
