"""``amalgamics surfaces``: stored surface energies, equilibrium shapes and work of adhesion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ..reports.surfaces.model import InterfaceRecord, OpenSurfaceRecord, PhaseSurfaces, ShapeAtPotentials

COLUMNS = (
    "phase",
    "plane",
    "termination",
    "surface_energy_J_m2",
    "standard_error_J_m2",
    "slabs",
    "area_fraction",
    "mean_surface_energy_J_m2",
    "potential",
    "polar",
    "beside",
    "remark",
    "substrate",
    "substrate_plane",
    "substrate_termination",
    "work_of_adhesion_J_m2",
    "rigid_work_of_adhesion_J_m2",
    "interface_energy_J_m2",
    "film_strain",
)
"""Of the CSV, one table: a film on a substrate has the columns from ``substrate`` on, a surface those before."""
HEADINGS = ("phase", "plane", "face", "γ (J/m²)", "± fit", "slabs", "share", "mean γ (J/m²)", "potential")

JOINED = ("film", "its face", "substrate", "its face", "W (J/m²)", "rigid", "γ interface", "strain (%)", "placements",
          "potential")  # fmt: skip


def surfaces(
    phase: Annotated[
        list[str] | None, typer.Argument(help="Names or formulas, e.g. Ag_fcc or LiHg; all when left out.")
    ] = None,
    potential: PotentialOption = None,
    group: Annotated[
        int | None,
        typer.Option("--group", min=1, help="Which slabs, where several jobs computed some; a note lists the groups."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder for the pictures.")] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the surface energy of each face, its share of the equilibrium shape, and the mean over the shape.

    Faces with more of one element than the crystal have a line for each end and the middle of the range of chemical
    potentials.
    """
    from ..reports.surfaces.potentials_section import potentials_section
    from ..reports.surfaces.section import axes_of_planes, surface_energy_section, wulff_section
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.defaults import default_database
    from ..workflows.studies.surfaces.stored import stored_surfaces
    from ..workflows.studies.surfaces.stored_interfaces import stored_interfaces
    from .output import print_json, print_notes, print_rows
    from .pictures import picture_folder, write_pictures

    output = picture_folder(output)
    store = StructureDatabase(database or default_database(), must_exist=True)
    names = None if phase is None or group is None else _named(stored_surfaces(store, potential=potential)[0], phase)
    found, problems = stored_surfaces(store, potential=potential, phases=names, group=group)
    interfaces, failed = stored_interfaces(store, found, potential=potential)
    print_notes([*problems, *failed, *_notes(found)])
    if phase:
        found, interfaces = _chosen(found, interfaces, phase)
    if output is not None:
        sections = [surface_energy_section(found), wulff_section(found), potentials_section(found)]
        pictures = [picture for section in sections if section for picture in section.pictures]
        write_pictures(pictures, output, as_json or as_csv)
    if as_json:
        print_json(
            {"phases": [_as_dict(item) for item in found], "interfaces": [_interface(item) for item in interfaces]}
        )
        return
    rows = [row for item in found for row in _rows(item)]
    over_mu = [row for item in found for row in _rows_over_potentials(item)]
    if as_csv:
        alone = [(*row, *[None] * (len(COLUMNS) - len(row))) for row in (*rows, *over_mu)]
        joined = [_joined_csv(item) for item in interfaces]
        print_rows("surface energies", COLUMNS, [*alone, *joined], as_json=False, as_csv=True)
        return
    width = len(HEADINGS)
    shown = [(*row[:2], f"{row[2]}, polar" if row[width] else row[2], *row[3:width]) for row in rows]
    print_rows("surface energies", HEADINGS, shown, as_json=False, as_csv=False)
    if over_mu:
        headings = (*HEADINGS[:3], "where", *HEADINGS[3:4], *HEADINGS[5:])
        over = [
            (*row[:2], f"{row[2]}, charged" if row[width] else row[2], row[width + 1], row[3], *row[5:width])
            for row in over_mu
        ]
        print_rows("surface energies over chemical potentials", headings, over, as_json=False, as_csv=False)
    for sentence in axes_of_planes(found):
        typer.echo(sentence)
    if interfaces:
        print_rows("work of adhesion", JOINED, [_joined(item) for item in interfaces], as_json=False, as_csv=False)


def _notes(found: Sequence[PhaseSurfaces]) -> list[str]:
    """What polar faces mean, why phases have no range of chemical potentials, and what symmetrising moved."""
    from ..reports.surfaces.png import plane_text

    notes = [
        f"{item.phase} {plane_text(record.miller_index)} {record.termination}: {record.note}"
        for item in found
        for record in item.surfaces
        if record.polar
    ]
    notes += [f"{item.phase}: {item.no_range}" for item in found if item.no_range]
    cells = [(f"{item.phase} with {item.potential}", item.cell.symmetrised()) for item in found if item.cell]
    return notes + [f"{name}: {cell.note}" for name, cell in cells if cell.note]


def _joined(item: InterfaceRecord) -> tuple[Any, ...]:
    return (
        f"{item.film}{item.film_plane}",
        item.film_termination,
        f"{item.substrate}{item.substrate_plane}",
        item.substrate_termination,
        item.relaxed_J_m2,
        item.rigid_J_m2,
        item.interface_energy_J_m2,
        100 * item.film_strain,
        item.placements,
        item.potential,
    )


def _joined_csv(item: InterfaceRecord) -> tuple[Any, ...]:
    """A film on a substrate in the columns of the CSV: the film stands where the crystal of a surface does."""
    own = {
        "phase": item.film,
        "plane": item.film_plane,
        "termination": item.film_termination,
        "potential": item.potential,
        "substrate": item.substrate,
        "substrate_plane": item.substrate_plane,
        "substrate_termination": item.substrate_termination,
        "work_of_adhesion_J_m2": item.relaxed_J_m2,
        "rigid_work_of_adhesion_J_m2": item.rigid_J_m2,
        "interface_energy_J_m2": item.interface_energy_J_m2,
        "film_strain": item.film_strain,
    }
    return tuple(own.get(column) for column in COLUMNS)


def _chosen(
    found: Sequence[PhaseSurfaces], interfaces: Sequence[InterfaceRecord], names: Sequence[str]
) -> tuple[list[PhaseSurfaces], list[InterfaceRecord]]:
    """Return what belongs to the phases asked for, refusing names that have no surface."""
    phases = set(_named(found, names))
    kept = [item for item in found if item.phase in phases]
    return kept, [item for item in interfaces if item.film in phases or item.substrate in phases]


def _named(found: Sequence[PhaseSurfaces], names: Sequence[str]) -> list[str]:
    """Return the phases that are asked for by name or formula."""
    from ..errors import InputError, unknown_name
    from ..structures.input.names import plain_name

    known = {name for item in found for name in (item.phase, item.formula)}
    asked = [name if name in known else plain_name(name) for name in names]
    for name, spelt in zip(names, asked, strict=True):
        if spelt not in known:
            raise InputError(unknown_name("phase with computed surfaces:", name, known))
    return list(dict.fromkeys(item.phase for item in found if item.phase in asked or item.formula in asked))


def _rows(item: PhaseSurfaces) -> list[tuple[Any, ...]]:
    from ..reports.surfaces.png import plane_text

    return [
        (item.phase, plane_text(record.miller_index), record.termination, record.surface_energy_J_m2,
         record.standard_error_J_m2, record.n_slabs, item.share_of(record),
         item.shape.mean_surface_energy_J_m2 if item.shape else None, item.potential, record.polar, None,
         record.note or None)
        for record in item.surfaces
    ]  # fmt: skip


def _rows_over_potentials(item: PhaseSurfaces) -> list[tuple[Any, ...]]:
    """One row for each face with an excess at each set of chemical potentials, in the columns of the others."""
    from ..reports.surfaces.png import plane_text

    rows = []
    for record in item.open_surfaces:
        for at in item.shapes:
            appears = at.shape is not None and at.terminations.get(record.miller_index) == record.termination
            share = at.shape.area_fractions[record.miller_index] if at.shape is not None and appears else None
            rows.append(
                (item.phase, plane_text(record.miller_index), record.termination,
                 record.line.surface_energy_J_m2(at.equilibrium.chemical_potentials),
                 record.line.fit.standard_error_J_m2, record.n_slabs, share,
                 at.shape.mean_surface_energy_J_m2 if at.shape else None, item.potential, record.charged,
                 at.equilibrium.label, None)
            )  # fmt: skip
    return rows


def _as_dict(item: PhaseSurfaces) -> dict[str, Any]:
    shape = item.shape
    cell = item.cell.symmetrised() if item.cell else None
    return {
        "phase": item.phase,
        "formula": item.formula,
        "potential": item.potential,
        "mean_surface_energy_J_m2": shape.mean_surface_energy_J_m2 if shape else None,
        "no_shape": item.no_shape or None,
        "axes": cell.description if cell else None,
        "lattice": cell.atoms.cell.cellpar().tolist() if cell else None,
        "symmetrised": (cell.note or None) if cell else None,
        "surfaces": [
            {
                "miller_index": list(record.miller_index),
                "termination": record.termination,
                "surface_energy_J_m2": record.surface_energy_J_m2,
                "standard_error_J_m2": record.standard_error_J_m2,
                "n_slabs": record.n_slabs,
                "area_fraction": item.share_of(record),
                "polar": record.polar,
                "note": record.note,
            }
            for record in item.surfaces
        ],
        "open_surfaces": [_open(record, item) for record in item.open_surfaces],
        "shapes": [_shape(at) for at in item.shapes],
        "no_range": item.no_range or None,
    }


def _open(record: OpenSurfaceRecord, item: PhaseSurfaces) -> dict[str, Any]:
    line = record.line
    return {
        "miller_index": list(record.miller_index),
        "termination": record.termination,
        "excess_of_both_faces": dict(line.excess),
        "area_A2": line.area,
        "charged": record.charged,
        "n_slabs": record.n_slabs,
        "standard_error_J_m2": line.fit.standard_error_J_m2,
        "surface_energy_at_pure_elements_J_m2": line.fit.surface_energy_J_m2,
        "slopes_J_m2_per_eV": {element: line.slope_J_m2_per_eV(element) for element in line.excess},
        "surface_energies_J_m2": {
            at.equilibrium.label: line.surface_energy_J_m2(at.equilibrium.chemical_potentials) for at in item.shapes
        },
    }


def _shape(at: ShapeAtPotentials) -> dict[str, Any]:
    return {
        "where": at.equilibrium.label,
        "chemical_potentials_eV": dict(at.equilibrium.chemical_potentials),
        "mean_surface_energy_J_m2": at.shape.mean_surface_energy_J_m2 if at.shape else None,
        "no_shape": at.no_shape or None,
        "faces": [
            {
                "miller_index": list(plane),
                "termination": at.terminations[plane],
                "surface_energy_J_m2": energy,
                "area_fraction": at.shape.area_fractions[plane],
            }
            for plane, energy in (at.shape.surface_energies_J_m2.items() if at.shape else ())
            if at.shape is not None
        ],
    }


def _interface(item: InterfaceRecord) -> dict[str, Any]:
    return {**vars(item), "interface_energy_J_m2": item.interface_energy_J_m2}
