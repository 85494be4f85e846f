"""Surfaces and joined crystals as the database knows them, whatever input file asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError, unknown_name
from ..reports.surfaces_model import InterfaceRecord, LatticeRecord, PhaseSurfaces
from ..reports.wetting_model import SurfaceRecord
from ..structures.lattice_planes import conventional_cell
from ..structures.parts import LIQUID, SOLID
from ..structures.phases import list_phases
from ..thermodynamics.adhesion import AdhesionSample, check_work_of_adhesion
from ..thermodynamics.surface import check_surface_energy, fit_thickness
from ..thermodynamics.uncertainty import Estimate
from ..thermodynamics.wulff import WulffShape, wulff_shape
from .database import CRYSTALS
from .phase_surfaces import STUDY
from .stored_study import area_of, parse_miller
from .surfaces_steps import ADHESION
from .wetting_study import atoms_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .database import StructureDatabase

# Slabs of one fit have the same base; those cut from a crystal relaxed otherwise differ by more.
_SAME_AREA = 1e-3
# Metal bonds to metal more strongly than any liquid does to a solid: 2 gamma of tungsten is about 8.
PLAUSIBLE_METAL_ADHESION_J_M2 = (0.0, 8.0)


def stored_surfaces(
    database: StructureDatabase, *, potential: str | None = None, phases: Iterable[str] | None = None
) -> tuple[list[PhaseSurfaces], list[str]]:
    """Return the surface energies and equilibrium shapes of the phases whose slabs are stored, and what is wrong.

    Of several computations of a plane the newest counts. A surface energy that no surface can have is left out.

    Parameters
    ----------
    database
        Where to look.
    potential
        Only of this one.
    phases
        Only these, by the names of the relaxed crystals, in this order.

    Raises
    ------
    InputError
        There is none with that potential, or none of a phase that is asked for.
    """
    rows = database.select(f"study={STUDY}" + (f",potential={potential}" if potential else ""), sort="id")
    groups: dict[tuple[str, str], list[AtomsRow]] = {}
    for row in rows:
        groups.setdefault((row.substrate, row.potential), []).append(row)
    wanted = list(phases) if phases is not None else list(dict.fromkeys(name for name, _ in groups))
    known = {name for name, _ in groups}
    for name in wanted:
        if name not in known:
            raise InputError(unknown_name("phase with computed surfaces:", name, known))
    if not groups:
        raise InputError(f"{database.path} has no surface computed{f' with {potential}' if potential else ''}")
    found: list[PhaseSurfaces] = []
    problems: list[str] = []
    for name in wanted:
        for (phase, with_potential), slabs in groups.items():
            if phase == name:
                found.append(_phase_surfaces(database, name, with_potential, slabs, problems))
    return [item for item in found if item.surfaces], problems


def bulk_row(database: StructureDatabase, name: str, potential: str, identity: str) -> AtomsRow | None:
    """Return the newest relaxation of a crystal of that name, with that potential and its weights; None without."""
    rows = database.select(f"name={name},potential={potential},potential_identity={identity}", sort="id")
    crystals = [row for row in rows if row.kind in CRYSTALS]
    return crystals[-1] if crystals else None


def _phase_surfaces(
    database: StructureDatabase, name: str, potential: str, rows: Sequence[AtomsRow], problems: list[str]
) -> PhaseSurfaces:
    identity = rows[-1].potential_identity
    by_plane: dict[tuple[str, str], list[AtomsRow]] = {}
    for row in rows:
        if row.potential_identity == identity:
            by_plane.setdefault((row.miller, row.termination), []).append(row)
    bulk = bulk_row(database, name, potential, identity)
    records = []
    for (miller, termination), slabs in by_plane.items():
        try:
            record = _surface(name, miller, termination, _newest(slabs), bulk)
        except InputError as error:
            problems.append(str(error))
            continue
        records.append(record)
    records.sort(key=lambda record: record.surface_energy_J_m2)
    shape, reason = _shape(bulk, records)
    return PhaseSurfaces(
        phase=name,
        formula=str(rows[-1].reduced_formula),
        potential=potential,
        surfaces=tuple(records),
        space_group_number=int(bulk.get("space_group_number", 0)) if bulk is not None else 0,
        shape=shape,
        no_shape=reason,
    )


def _newest(slabs: Sequence[AtomsRow]) -> list[AtomsRow]:
    """Return the slabs of the newest computation of a plane, one of each thickness."""
    last = slabs[-1]
    alike = [
        row
        for row in slabs
        if abs(area_of(row) / area_of(last) - 1.0) < _SAME_AREA and row.get("relax_fmax") == last.get("relax_fmax")
    ]
    return list({row.n_layers: row for row in alike}.values())


def _surface(
    name: str, miller: str, termination: str, slabs: Sequence[AtomsRow], bulk: AtomsRow | None
) -> SurfaceRecord:
    title = f"{name}{miller} {termination}"
    if len(slabs) < 2:
        raise InputError(f"surface {title}: only {len(slabs)} slab relaxed, a fit needs two")
    fit = fit_thickness(
        [row.energy for row in slabs],
        [row.natoms for row in slabs],
        area_of(slabs[0]),
        bulk_energy_per_atom=bulk.energy_per_atom if bulk is not None else None,
    )
    check_surface_energy(fit.surface_energy_J_m2, title)
    notes = ["mean of the two terminations"] if "|" in termination else []
    notes += [fit.warning] if fit.warning else []
    return SurfaceRecord(
        phase=name,
        miller_index=parse_miller(miller),
        termination=termination,
        surface_energy_J_m2=fit.surface_energy_J_m2,
        standard_error_J_m2=fit.standard_error_J_m2,
        n_slabs=fit.n_slabs,
        potential=str(slabs[0].potential),
        note="; ".join(notes),
    )


def _shape(bulk: AtomsRow | None, records: Sequence[SurfaceRecord]) -> tuple[WulffShape | None, str]:
    energies: dict[tuple[int, int, int], float] = {}
    for record in records:  # lowest first: the best termination of a plane is the one that appears
        energies.setdefault(record.miller_index, record.surface_energy_J_m2)
    if bulk is None:
        return None, "the relaxed crystal is not in the database"
    if len(energies) < 2:
        return None, "fewer than two planes were computed"
    try:
        return wulff_shape(conventional_cell(atoms_of(bulk)), energies), ""
    except InputError as error:
        return None, str(error).removeprefix("Wulff shape: ")


def lattice_record(row: AtomsRow) -> LatticeRecord:
    """Return the cell of a relaxed crystal; the measured one where the phase library has it in the same symmetry."""
    from ..reports.benchmarks import cell_edges

    measured = next((phase for phase in list_phases(buildable=True) if phase.key == row.name), None)
    if measured is not None and measured.cell != "measured":
        measured = None
    same = measured is not None and measured.space_group_number == row.space_group_number
    computed = dict(zip("abc", row.data["lattice"], strict=False))
    edges = [
        (edge, float(computed[edge]), float(getattr(measured.lattice, edge)) if measured and same else None)
        for edge in cell_edges(row.space_group_number)
    ]
    return LatticeRecord(
        phase=row.name,
        formula=str(row.reduced_formula),
        space_group=str(row.space_group),
        edges=tuple(edges),
        volume_per_atom=float(row.volume_per_atom),
        measured_volume_per_atom=measured.measured_volume_per_atom if measured else None,
        source=measured.source if measured else "",
        confidence=measured.confidence if measured else "",
    )


def stored_interfaces(
    database: StructureDatabase,
    surfaces: Sequence[PhaseSurfaces],
    *,
    potential: str | None = None,
    wanted: Sequence[Mapping[str, Any]] | None = None,
) -> tuple[list[InterfaceRecord], list[str]]:
    """Return the joined crystals that are stored, the lowest registry of each, and what is wrong.

    Parameters
    ----------
    database
        Where to look.
    surfaces
        Surface energies to compare with.
    potential
        Only of this one.
    wanted
        Only pairs with these labels, in this order.
    """
    query = f"study={ADHESION}" + (f",potential={potential}" if potential else "")
    groups: dict[tuple[str, ...], list[AtomsRow]] = {}
    for row in database.select(query, sort="id"):
        groups.setdefault(_pair_key(row), []).append(row)
    failed = {_pair_key(row): row for row in database.select(f"{query},converged=False", sort="id")}
    keys = list(dict.fromkeys([*groups, *failed]))
    if wanted is not None:
        keys = [key for labels in wanted for key in keys if key[:-1] == _label_key(labels)]
    records, problems = [], []
    for key in keys:
        try:
            records.append(_interface(key, groups.get(key, []), surfaces))
        except InputError as error:
            reason = failed[key].data["reason"] if key in failed else str(error)
            problems.append(f"{key[0]}{key[2]} on {key[1]}{key[3]}: {reason}")
    return records, problems


def _label_key(labels: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(labels[name]) for name in ("film", "substrate", "film_miller", "miller"))


def _pair_key(row: AtomsRow) -> tuple[str, ...]:
    return (row.film, row.substrate, row.film_miller, row.miller, row.potential)


def _interface(key: tuple[str, ...], rows: Sequence[AtomsRow], surfaces: Sequence[PhaseSurfaces]) -> InterfaceRecord:
    film, substrate, film_plane, substrate_plane, potential = key
    joined = [row for row in rows if row.role == "interface"]
    if not joined:
        raise InputError("no interface was relaxed")
    newest = joined[-1]
    # Only what belongs to the newest computation: the same cell, the same settings, the same weights.
    alike = [row for row in rows if _same_computation(row, newest)]
    sizes = {"solid": _count(newest, SOLID), "film": _count(newest, LIQUID)}
    parts = {row.role: row for row in alike if row.natoms == sizes.get(row.role)}
    if set(parts) != {"solid", "film"}:
        raise InputError("a side alone was not relaxed")
    interfaces = [row for row in alike if row.role == "interface"]
    lowest = min(interfaces, key=lambda row: row.energy)
    area = area_of(lowest)
    relaxed = AdhesionSample(parts["solid"].energy, parts["film"].energy, lowest.energy, area, "relaxed")
    rigid = AdhesionSample(lowest.rigid_solid_energy, lowest.rigid_film_energy, lowest.energy, area, "rigid")
    name = f"{film} on {substrate}"
    check_work_of_adhesion(Estimate(relaxed.total_J_m2, None), name, PLAUSIBLE_METAL_ADHESION_J_M2)
    return InterfaceRecord(
        film=film,
        substrate=substrate,
        film_plane=film_plane,
        substrate_plane=substrate_plane,
        potential=potential,
        area=area,
        n_atoms=int(lowest.natoms),
        film_strain=float(lowest.film_strain),
        film_max_strain=float(lowest.film_max_strain),
        relaxed_J_m2=relaxed.total_J_m2,
        rigid_J_m2=rigid.total_J_m2,
        surface_energies_J_m2=(
            _known_energy(surfaces, film, film_plane, potential),
            _known_energy(surfaces, substrate, substrate_plane, potential),
        ),
        n_registries=len(interfaces),
    )


def _count(row: AtomsRow, tag: int) -> int:
    return int((atoms_of(row).get_tags() == tag).sum())


def _same_computation(row: AtomsRow, newest: AtomsRow) -> bool:
    return (
        row.termination == newest.termination
        and row.potential_identity == newest.potential_identity
        and row.get("relax_fmax") == newest.get("relax_fmax")
        and abs(area_of(row) / area_of(newest) - 1.0) < _SAME_AREA
        and (row.role != "interface" or row.natoms == newest.natoms)
    )


def _known_energy(surfaces: Sequence[PhaseSurfaces], phase: str, plane: str, potential: str) -> float | None:
    wanted = parse_miller(plane)
    for item in surfaces:
        if item.phase == phase and item.potential == potential:
            for record in item.surfaces:  # lowest first
                if "|" in record.termination:
                    continue  # a mean of two faces says nothing of the one that is joined
                if tuple(map(abs, record.miller_index)) == tuple(map(abs, wanted)):
                    return record.surface_energy_J_m2
    return None
