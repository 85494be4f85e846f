"""Sections of the report on surfaces: cells, surface energies, adhesion, and the shapes of crystals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..benchmarks.published import Benchmark, benchmarks
from ..notation import enumeration, signed, unicode_formula, unicode_space_group
from ..sections import Cell, ReportSection, SectionPicture, SectionTable
from ..wetting.model import SurfaceRecord
from .model import InterfaceRecord, LatticeRecord, PhaseSurfaces
from .png import plane_text, surface_energies_png, wulff_png

if TYPE_CHECKING:
    from ...structures.symmetry import ConventionalCell

_CUBIC, _HEXAGONAL = 195, 168  # first space groups of these families
ANCHOR = "equilibrium-shapes"
_BASES = ("PBE", "LDA")
_OPTIONAL = (*_BASES, "remark")
_REMARKS = {"recalled": "commonly quoted, not looked up", "derived": "a model"}


def lattice_section(records: Sequence[LatticeRecord]) -> ReportSection | None:
    """Return the section with computed and measured cells, or None without crystals."""
    if not records:
        return None
    rows: list[tuple[Cell, ...]] = []
    errors: list[tuple[str, float]] = []
    for record in records:
        edges = record.edges or (("volume only", float("nan"), None),)
        for edge, computed, measured in edges:
            length = None if not record.edges else computed
            error = None if measured is None else 100.0 * (computed / measured - 1.0)
            if error is not None:
                errors.append((f"{edge} of {unicode_formula(record.formula)}", error))
            space_group = unicode_space_group(record.space_group)
            rows.append(
                (unicode_formula(record.formula), record.phase, space_group, record.axes, edge, length, measured,
                 error, record.volume_per_atom, record.measured_volume_per_atom)
            )  # fmt: skip
    columns = ("crystal", "structure", "space group", "cell", "edge", "computed (Å)", "measured (Å)", "error (%)",
               "V (Å³/atom)", "measured V (Å³/atom)")  # fmt: skip
    method = (
        "Computed: atoms and cell relaxed at 0 K, without zero-point motion; edges of the conventional cell, to whose "
        "axes the indices of planes refer. Its setting is the one given where that is one of the space group, else the "
        "standard setting of the International Tables (ITA). " + _measured_note(records)
    )
    notes = [f"{record.phase} {record.note}" for record in records if record.note]
    table = SectionTable("Cells", columns, tuple(rows), note=f"{'; '.join(notes)}." if notes else "")
    return ReportSection("lattice-constants", "Lattice constants", (_lattice_finding(errors), method), (), (table,))


def _lattice_finding(errors: Sequence[tuple[str, float]]) -> str:
    if not errors:
        return "None of these crystals has a measured cell in the phase library."
    mean = sum(abs(error) for _, error in errors) / len(errors)
    where, worst = max(errors, key=lambda item: abs(item[1]))
    count = f"{len(errors)} measured edge{'s' if len(errors) > 1 else ''}"
    return (
        f"The computed cells differ from {count} by {mean:.1f} % on average, at most by {signed(worst, 1)} % ({where})."
    )


def _measured_note(records: Sequence[LatticeRecord]) -> str:
    by_kind: dict[str, list[str]] = {}
    for record in records:
        if record.measured_volume_per_atom is not None:
            by_kind.setdefault(record.confidence, []).append(unicode_formula(record.formula))
    if not by_kind:
        return ""
    parts = [
        f"{enumeration(names)} ({_REMARKS.get(kind, 'compared with its source')})" for kind, names in by_kind.items()
    ]
    return f"Measured cells come from the phase library: {'; '.join(parts)}."


def surface_energy_section(
    phases: Sequence[PhaseSurfaces], *, warnings: Sequence[str] = (), file_name: str = "surface-energies.png"
) -> ReportSection | None:
    """Return the section with the surface energies, or None when there is neither one nor a warning.

    Parameters
    ----------
    phases
        As ``workflows.studies.surfaces.stored.stored_surfaces`` returns them.
    warnings
        What failed and what was left out.
    file_name
        Of the picture beside the page.
    """
    phases = [phase for phase in phases if phase.surfaces]  # others have faces with an excess alone
    if not phases:
        return ReportSection("surface-energies", "Surface energies", warnings=tuple(warnings)) if warnings else None
    table = _energy_table(phases)
    measured = [(phase, item) for phase in phases if (item := measured_average(phase)) is not None]
    picture = SectionPicture(
        file_name,
        surface_energies_png(phases, {phase.phase: item for phase, item in measured}),
        "Computed surface energies of each plane beside the measured mean over all faces.",
        "Computed surface energies by plane; the bars are measured on polycrystals and liquids, a mean over all faces.",
    )
    method = (
        "Slabs of growing thickness are relaxed, in "
        "the cell of the relaxed crystal, and E = N e + 2Aγ is fitted to "
        "their energies: γ is the intercept, and ± its standard error from the scatter about the line. It says "
        "nothing of the error of the potential."
    )
    paragraphs = (_lowest_planes(phases), *_against_measured(measured), *axes_of_planes(phases), method)
    return ReportSection("surface-energies", "Surface energies", paragraphs, (picture,), (table,), tuple(warnings))


def _energy_table(phases: Sequence[PhaseSurfaces]) -> SectionTable:
    """Return the table of all planes; columns that nothing is known for are left out."""
    rows: list[tuple[Cell, ...]] = []
    for phase in phases:
        known = published(phase)
        for record in phase.surfaces:
            literature = [known.get((record.miller_index, basis)) for basis in _BASES]
            rows.append(
                (unicode_formula(phase.formula), phase.phase, plane_text(record.miller_index), face_text(record),
                 record.surface_energy_J_m2, record.standard_error_J_m2, record.n_slabs,
                 *(item.value if item else None for item in literature), record.note or None)
            )  # fmt: skip
    columns = ("crystal", "structure", "plane", "termination", "γ (J/m²)", "± fit", "slabs", *_BASES, "remark")
    kept = [number for number, name in enumerate(columns) if name not in _OPTIONAL or any(row[number] for row in rows)]
    note = ""
    if any(columns[number] in _BASES for number in kept):
        note = (
            "PBE and LDA: published density-functional values of the same face (commonly quoted, not looked up); a "
            "dash where the table of references has none."
        )
    return SectionTable(
        "Surface energies",
        tuple(columns[number] for number in kept),
        tuple(tuple(row[number] for number in kept) for row in rows),
        note=note,
    )


def axes_of_planes(phases: Sequence[PhaseSurfaces]) -> list[str]:
    """Return a sentence on the cells that indices of planes refer to, where they are known."""
    known = [f"{_name(phase)} in {_axes(phase.cell)}" for phase in phases if phase.cell is not None]
    return [f"Indices of planes refer to the conventional cell: {'; '.join(dict.fromkeys(known))}."] if known else []


def _axes(cell: ConventionalCell) -> str:
    lengths = " × ".join(f"{length:.3f}" for length in cell.symmetrised().atoms.cell.lengths())
    return f"{cell.description} (a × b × c = {lengths} Å)"


def _lowest_planes(phases: Sequence[PhaseSurfaces]) -> str:
    parts = []
    for phase in phases:
        lowest = next((record for record in phase.surfaces if not record.polar), phase.surfaces[0])
        polar = " (polar)" if lowest.polar else ""
        face = f"{unicode_formula(phase.formula)} {plane_text(lowest.miller_index)}{polar}"
        parts.append(f"{face} {lowest.surface_energy_J_m2:.2f}")
    return f"The plane of lowest energy of each crystal, in J/m²: {', '.join(parts)}."


def face_text(record: SurfaceRecord) -> str:
    """Return the termination, and whether it is polar: ``Li|S, polar``."""
    return f"{record.termination}, polar" if record.polar else record.termination


def _against_measured(measured: Sequence[tuple[PhaseSurfaces, Benchmark]]) -> list[str]:
    compared = []
    for phase, item in measured:
        mean = phase.shape.mean_surface_energy_J_m2 if phase.shape else phase.surfaces[0].surface_energy_J_m2
        ratio = 100.0 * (mean / item.value - 1.0)
        compared.append(f"{unicode_formula(phase.formula)} {mean:.2f} against {item.value:.2f} ({signed(ratio, 0)} %)")
    if not compared:
        return []
    return [
        f"Against the measured means over all faces, in J/m²: {enumeration(compared)}. Computed is the mean over the "
        "equilibrium shape where there is one, else the lowest plane."
    ]


def measured_average(phase: PhaseSurfaces) -> Benchmark | None:
    """Return the measured surface energy of an element, a mean over its faces."""
    return next(
        (
            item
            for item in benchmarks()
            if item.key == ("surface_energy", phase.formula, "average") and item.basis == "experiment"
        ),
        None,
    )


def published(phase: PhaseSurfaces) -> Mapping[tuple[tuple[int, int, int], str], Benchmark]:
    """Return published surface energies of the planes that were computed, by plane and basis."""
    found = {}
    labels = {record.miller_index: _label(record.miller_index, phase.space_group_number) for record in phase.surfaces}
    for item in benchmarks():
        if item.quantity == "surface_energy" and item.subject == phase.formula:
            for plane, label in labels.items():
                if item.label == label:
                    found[plane, item.basis] = item
    return found


def _label(miller_index: tuple[int, int, int], space_group_number: int) -> str:
    """The plane as the table of references writes it: ``100`` for every face of a cube, four indices if hexagonal."""
    if space_group_number >= _CUBIC:
        return "".join(str(index) for index in sorted(map(abs, miller_index), reverse=True))
    h, k, i = miller_index
    if space_group_number >= _HEXAGONAL:
        return f"{h}{k}{-(h + k)}{i}"
    return f"{h}{k}{i}"


def adhesion_section(records: Sequence[InterfaceRecord], *, warnings: Sequence[str] = ()) -> ReportSection | None:
    """Return the section with the work of adhesion, or None when there is neither one nor a warning."""
    if not records:
        return ReportSection("work-of-adhesion", "Work of adhesion", warnings=tuple(warnings)) if warnings else None
    rows: list[tuple[Cell, ...]] = []
    for item in records:
        rows.append(
            (f"{item.film} {_plane(item.film_plane)}", item.film_termination or None,
             f"{item.substrate} {_plane(item.substrate_plane)}", item.substrate_termination or None,
             item.relaxed_J_m2, item.rigid_J_m2, item.interface_energy_J_m2, 100.0 * item.film_strain,
             100.0 * item.film_max_strain, item.area, item.n_atoms, item.placements)
        )  # fmt: skip
    columns = ("film", "its face", "substrate", "its face", "W (J/m²)", "W rigid (J/m²)",
               "γ of interface (J/m²)", "film strain (%)",
               "largest (%)", "area (Å²)", "atoms", "placements")  # fmt: skip
    method = (
        "W = (E of the substrate alone + E of the film alone − E of the interface) / area, all in the same cell. The "
        "film is strained to fit the substrate in the smallest common cell (positive: stretched), and laid on it in "
        "every orientation that fits this cell as well: turned about the normal, or reflected. Placements continue the "
        "lattice of the substrate, are hollows, bridges and tops, or points of a grid; those with the lowest energies "
        "before relaxation are relaxed, and the lowest counts. W: the two sides relax on their own after the "
        "separation; rigid: they keep the positions that they had at the interface. The energy of the interface is "
        "γ(film) + γ(substrate) − W with the surface energies above, unstrained; joining a crystal to itself gives 0. "
        "No misfit dislocations and no mixing of the two crystals."
    )
    table = SectionTable("Work of adhesion of joined crystals", columns, tuple(rows))
    return ReportSection(
        "work-of-adhesion", "Work of adhesion", (_adhesion_finding(records), method), (), (table,), tuple(warnings)
    )


def _plane(text: str) -> str:
    """``(1.-1.0)`` of the database as ``(1 −1 0)``."""
    return text.replace(".", " ").replace("-", "−")


def _adhesion_finding(records: Sequence[InterfaceRecord]) -> str:
    parts = [
        f"{item.film} {_plane(item.film_plane)} on {item.substrate} {_plane(item.substrate_plane)}{_faces(item)} takes "
        f"{item.relaxed_J_m2:.2f} J/m²"
        for item in records
    ]
    return f"To pull the two crystals apart, {enumeration(parts)}."


def _faces(item: InterfaceRecord) -> str:
    """The faces that meet, unless both crystals are elements."""
    sides = ((item.film, item.film_termination), (item.substrate, item.substrate_termination))
    plain = all(name.partition("_")[0] == face for name, face in sides)
    return (
        "" if plain or not item.substrate_termination else f" ({item.film_termination} on {item.substrate_termination})"
    )


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
        "plane that was not computed cannot appear, and polar cuts are left out. A crystal takes this shape only where "
        "atoms move freely enough, clean, in vacuum and at 0 K. Where the two faces of a slab differ their mean stands "
        "for both."
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
