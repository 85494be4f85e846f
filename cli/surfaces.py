"""``amalgamics surfaces``: stored surface energies, equilibrium shapes and work of adhesion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import CsvOption, DatabaseOption, JsonOption, PotentialOption

if TYPE_CHECKING:
    from ..reports.surfaces.model import InterfaceRecord, PhaseSurfaces

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
)
HEADINGS = ("phase", "plane", "termination", "γ (J/m²)", "± fit", "slabs", "share", "mean γ (J/m²)", "potential")


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
    """Print the surface energy of each plane, its share of the equilibrium shape, and the mean over the shape."""
    from ..reports.surfaces.section import axes_of_planes, surface_energy_section, wulff_section
    from ..workflows.database.structure_database import StructureDatabase
    from ..workflows.spec import default_database
    from ..workflows.studies.surfaces.stored import stored_interfaces, stored_surfaces
    from .output import print_json, print_notes, print_rows
    from .pictures import write_pictures

    store = StructureDatabase(database or default_database(), must_exist=True)
    names = None if phase is None or group is None else _named(stored_surfaces(store, potential=potential)[0], phase)
    found, problems = stored_surfaces(store, potential=potential, phases=names, group=group)
    interfaces, failed = stored_interfaces(store, found, potential=potential)
    print_notes([*problems, *failed])
    if phase:
        found, interfaces = _chosen(found, interfaces, phase)
    if output is not None:
        sections = [surface_energy_section(found), wulff_section(found)]
        pictures = [picture for section in sections if section for picture in section.pictures]
        write_pictures(pictures, output, as_json or as_csv)
    if as_json:
        print_json(
            {"phases": [_as_dict(item) for item in found], "interfaces": [_interface(item) for item in interfaces]}
        )
        return
    rows = [row for item in found for row in _rows(item)]
    print_rows("surface energies", COLUMNS if as_csv else HEADINGS, rows, as_json=False, as_csv=as_csv)
    if as_csv:
        return
    for sentence in axes_of_planes(found):
        typer.echo(sentence)
    if interfaces:
        joined = [
            (f"{item.film}{item.film_plane}", f"{item.substrate}{item.substrate_plane}", item.relaxed_J_m2,
             item.rigid_J_m2, item.interface_energy_J_m2, 100 * item.film_strain, item.potential)
            for item in interfaces
        ]  # fmt: skip
        columns = ("film", "substrate", "W (J/m²)", "rigid", "γ interface", "strain (%)", "potential")
        print_rows("work of adhesion", columns, joined, as_json=False, as_csv=False)


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

    known = {name for item in found for name in (item.phase, item.formula)}
    for name in names:
        if name not in known:
            raise InputError(unknown_name("phase with computed surfaces:", name, known))
    return list(dict.fromkeys(item.phase for item in found if item.phase in names or item.formula in names))


def _rows(item: PhaseSurfaces) -> list[tuple[Any, ...]]:
    from ..reports.surfaces.png import plane_text

    shares = item.shape.area_fractions if item.shape else {}
    seen: set[tuple[int, int, int]] = set()
    rows = []
    for record in item.surfaces:
        # Of several terminations of a plane the lowest appears on the shape.
        first = record.miller_index not in seen
        seen.add(record.miller_index)
        rows.append(
            (item.phase, plane_text(record.miller_index), record.termination, record.surface_energy_J_m2,
             record.standard_error_J_m2, record.n_slabs, shares.get(record.miller_index) if first else None,
             item.shape.mean_surface_energy_J_m2 if item.shape else None, item.potential)
        )  # fmt: skip
    return rows


def _as_dict(item: PhaseSurfaces) -> dict[str, Any]:
    shape = item.shape
    return {
        "phase": item.phase,
        "formula": item.formula,
        "potential": item.potential,
        "mean_surface_energy_J_m2": shape.mean_surface_energy_J_m2 if shape else None,
        "no_shape": item.no_shape or None,
        "axes": item.cell.description if item.cell else None,
        "lattice": item.cell.atoms.cell.cellpar().tolist() if item.cell else None,
        "surfaces": [
            {
                "miller_index": list(record.miller_index),
                "termination": record.termination,
                "surface_energy_J_m2": record.surface_energy_J_m2,
                "standard_error_J_m2": record.standard_error_J_m2,
                "n_slabs": record.n_slabs,
                "area_fraction": shape.area_fractions.get(record.miller_index) if shape else None,
                "note": record.note,
            }
            for record in item.surfaces
        ],
    }


def _interface(item: InterfaceRecord) -> dict[str, Any]:
    return {**vars(item), "interface_energy_J_m2": item.interface_energy_J_m2}
