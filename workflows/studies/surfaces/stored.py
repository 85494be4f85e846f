"""Surfaces and joined crystals as the database knows them, whatever input file asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError, unknown_name
from ....reports.surfaces.model import LatticeRecord, PhaseSurfaces
from ....reports.wetting.model import SurfaceRecord
from ....structures.library.phases import list_phases
from ....structures.slabs.lattice_planes import planar_cell_area
from ....structures.slabs.neutral_faces import ion_in_excess, polarity_of_series
from ....structures.space_group_settings import has_rhombohedral_lattice
from ....structures.symmetry import Axes, ConventionalCell, MillerIndex
from ....thermodynamics.surfaces.energies import check_surface_energy, fit_thickness
from ...database.rows import area_of, atoms_of, conventional_of, parse_miller
from ...database.selecting import CRYSTALS
from .open_faces import is_open, shape_of, stored_hulls, with_open_surfaces
from .phase_surfaces import SURFACES
from .slab_groups import SAME_CELL, choose_group, other_groups_note, slab_groups

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....thermodynamics.surfaces.wulff import WulffShape
    from ...database.structure_database import StructureDatabase
    from .slab_groups import SlabGroup

LAST_ORTHORHOMBIC = 74
SAME_AREA = 0.01
"""Deviation from a whole number of primitive areas above which a slab is of another plane."""


def stored_surfaces(
    database: StructureDatabase,
    *,
    potential: str | None = None,
    phases: Iterable[str] | None = None,
    group: int | None = None,
    chemical_potentials: str = "neighbours",
) -> tuple[list[PhaseSurfaces], list[str]]:
    """Return the surface energies and equilibrium shapes of the phases whose slabs are stored, and notes on them.

    Planes of one phase are always of one group of slabs, cut from one crystal and relaxed in one way; where there are
    several, a sentence names the others. A surface energy that no surface can have is left out.

    Parameters
    ----------
    database
        Where to look.
    potential
        Only of this one.
    phases
        Only these, by the names of the relaxed crystals, in this order.
    group
        Number of the group of slabs; None for the newest of those with the most planes.
    chemical_potentials
        Range for faces with an excess: between the ``neighbours`` of the phase on the hull of all that is stored, or
        the ``elements``.

    Raises
    ------
    InputError
        There is none with that potential, none of a phase that is asked for, or no such group of a phase.
    """
    of_potential = {"potential": potential} if potential else {}
    rows = database.select(where={"study": SURFACES, **of_potential}, sort="id")
    by_phase: dict[tuple[str, str], list[AtomsRow]] = {}
    for row in rows:
        by_phase.setdefault((row.substrate, row.potential), []).append(row)
    wanted = list(phases) if phases is not None else list(dict.fromkeys(name for name, _ in by_phase))
    known = {name for name, _ in by_phase}
    for name in wanted:
        if name not in known:
            raise InputError(unknown_name("phase with computed surfaces:", name, known))
    if not by_phase:
        raise InputError(f"{database.address} has no surface computed{f' with {potential}' if potential else ''}")
    found: list[PhaseSurfaces] = []
    problems: list[str] = []
    for name in wanted:
        for (phase, _), slabs in by_phase.items():
            if phase == name:
                found.append(_phase_surfaces(database, slabs, problems, group, chemical_potentials))
    return [item for item in found if item.surfaces or item.open_surfaces], problems


def bulk_row(
    database: StructureDatabase, name: str, potential: str, identity: str, volume_per_atom: float | None = None
) -> AtomsRow | None:
    """Return the newest relaxation of a crystal of that name, with that potential and its weights; None without.

    Of several, the newest of that volume per atom (Å³), where it is known.
    """
    exact = {"name": name, "potential": potential, "potential_identity": identity}
    rows = database.select(where=exact, sort="id")
    crystals = [row for row in rows if row.kind in CRYSTALS]
    if volume_per_atom is not None:
        crystals = [row for row in crystals if abs(row.volume_per_atom / volume_per_atom - 1.0) < SAME_CELL]
    return crystals[-1] if crystals else None


def _phase_surfaces(
    database: StructureDatabase,
    rows: Sequence[AtomsRow],
    problems: list[str],
    group: int | None,
    within: str,
) -> PhaseSurfaces:
    name, potential = str(rows[0].substrate), str(rows[0].potential)
    groups = slab_groups(rows)
    chosen = choose_group(groups, group, what=f"{name} with {potential}")
    bulk = bulk_row(database, name, potential, chosen.potential_identity, chosen.volume_per_atom)
    records = _group_records(name, chosen, bulk, problems)
    cell = cell_of_slabs(bulk, [slab for slabs in chosen.planes.values() for slab in slabs.values()])
    if bulk is not None and cell is None:
        problems.append(
            f"{name} with {potential}: its slabs are not of the planes that their indices name in the axes of the"
            " crystal; they were cut by another version, or with another symprec"
        )
    if note := other_groups_note(f"{name} with {potential}", chosen, groups):
        problems.append(note)
    formula = str(bulk.reduced_formula) if bulk is not None else _formula(chosen, str(rows[-1].reduced_formula))
    record = phase_record(name, formula, potential, records, bulk, cell)
    series = [slabs for slabs in _series(chosen) if is_open(slabs)]
    if not series:
        return record
    hulls = stored_hulls(database, chosen, bulk, potential) if bulk is not None else []
    return with_open_surfaces(record, series, bulk, hulls, within=within, problems=problems)


def _series(group: SlabGroup) -> list[list[AtomsRow]]:
    return [list(slabs.values()) for slabs in group.planes.values()]


def _formula(group: SlabGroup, otherwise: str) -> str:
    """Formula of the crystal, from a slab that has its composition."""
    whole = [slabs for slabs in _series(group) if len(slabs) > 1 and not is_open(slabs)]
    return str(whole[0][0].reduced_formula) if whole else otherwise


def cell_of_slabs(bulk: AtomsRow | None, slabs: Sequence[AtomsRow]) -> ConventionalCell | None:
    """Return the cell of a crystal in which the planes of its slabs have the areas that the slabs have.

    The axes as given go before the standard ones; None where neither fits, or the crystal is not known.
    """
    if bulk is None:
        return None
    for axes in ("given", "standard"):
        cell = conventional_of(bulk, axes=axes)
        if all(_fits(area_of(slab) / planar_cell_area(cell.atoms, parse_miller(slab.miller))) for slab in slabs):
            return cell
    return None


def _fits(ratio: float) -> bool:
    return abs(ratio - max(round(ratio), 1)) < SAME_AREA


def surface_records(rows: Sequence[AtomsRow], bulk: AtomsRow | None, problems: list[str]) -> list[SurfaceRecord]:
    """Return the surface energy of each plane and termination of a crystal, all from one group of slabs.

    Parameters
    ----------
    rows
        Slabs of one crystal with one potential, oldest first.
    bulk
        The relaxed crystal, where it is known.
    problems
        Takes a sentence for each plane without a surface energy, and one that names other groups.
    """
    groups = slab_groups(rows)
    chosen = choose_group(groups)
    name = str(rows[0].substrate)
    records = _group_records(name, chosen, bulk, problems)
    if note := other_groups_note(f"{name} with {rows[0].potential}", chosen, groups):
        problems.append(note)
    return records


def _group_records(name: str, group: SlabGroup, bulk: AtomsRow | None, problems: list[str]) -> list[SurfaceRecord]:
    records = []
    for slabs in _series(group):
        if is_open(slabs):
            continue
        try:
            records.append(surface_record(name, slabs, bulk))
        except InputError as error:
            problems.append(str(error))
    return records


def phase_record(
    name: str,
    formula: str,
    potential: str,
    records: Sequence[SurfaceRecord],
    bulk: AtomsRow | None,
    cell: ConventionalCell | None,
) -> PhaseSurfaces:
    """Return the surfaces of one crystal, lowest first, with its equilibrium shape; ``cell`` is that of the planes."""
    ordered = sorted(records, key=lambda record: record.surface_energy_J_m2)
    surfaces = PhaseSurfaces(
        phase=name,
        formula=formula,
        potential=potential,
        surfaces=tuple(ordered),
        space_group_number=int(bulk.get("space_group_number", 0)) if bulk is not None else 0,
        cell=cell,
    )
    shape, reason = _shape(surfaces)
    return replace(surfaces, shape=shape, no_shape=reason)


def surface_record(name: str, slabs: Sequence[AtomsRow], bulk: AtomsRow | None) -> SurfaceRecord:
    """Return the surface energy of one plane of a crystal from slabs of one computation.

    Raises
    ------
    InputError
        There are fewer than two slabs, or no surface can have such an energy.
    """
    first = slabs[0]
    title = f"{name}{first.miller} {first.termination}"
    if len(slabs) < 2:
        raise InputError(f"surface {title}: only {len(slabs)} slab relaxed, a fit needs two")
    fit = fit_thickness(
        [row.energy for row in slabs],
        [row.natoms for row in slabs],
        area_of(first),
        bulk_energy_per_atom=bulk.energy_per_atom if bulk is not None else None,
    )
    check_surface_energy(fit.surface_energy_J_m2, title)
    notes = ["mean of the two terminations"] if "|" in first.termination else []
    polar, why = _polarity(slabs)
    notes += [why] if why else []
    notes += [fit.warning] if fit.warning else []
    return SurfaceRecord(
        phase=name,
        miller_index=parse_miller(first.miller),
        termination=first.termination,
        surface_energy_J_m2=fit.surface_energy_J_m2,
        standard_error_J_m2=fit.standard_error_J_m2,
        n_slabs=fit.n_slabs,
        potential=str(first.potential),
        note="; ".join(notes),
        polar=polar,
    )


def _polarity(slabs: Sequence[AtomsRow]) -> tuple[bool | None, str]:
    """Whether the slabs of a face are polar, and what that means for the number."""
    by_size = sorted(slabs, key=lambda row: int(row.natoms))
    found = polarity_of_series(atoms_of(by_size[0]), atoms_of(by_size[-1]))
    if found is None:
        return None, ""
    charges, face_charge = found
    if face_charge == 0.0:
        return False, ""
    ion, number = ion_in_excess(str(slabs[0].termination).partition("|")[0], charges, face_charge) or ("", 0.0)
    return True, (
        "polar (Tasker type 3): of the cut as it is, whose dipole grows with the slab, not of a real face; that would"
        f" lack {number:.1f} {ion} on {area_of(slabs[0]):.0f} Å² of its upper side, moved to the lower one, or have an"
        " excess (terminations: all)"
    )


def _shape(surfaces: PhaseSurfaces) -> tuple[WulffShape | None, str]:
    energies: dict[MillerIndex, float] = {}
    seen: set[MillerIndex] = set()
    for record in surfaces.surfaces:  # lowest first: the best termination of a plane is the one that appears
        family = surfaces.family(record.miller_index)
        if family not in seen and not record.polar:
            energies[record.miller_index] = record.surface_energy_J_m2
            seen.add(family)
    if surfaces.cell is not None and len(energies) < 2 and any(record.polar for record in surfaces.surfaces):
        return None, "fewer than two planes without polar faces were computed"
    return shape_of(surfaces.cell, energies)


def lattice_record(row: AtomsRow, *, symprec: float | None = None, axes: Axes = "given") -> LatticeRecord:
    """Return the cell of a relaxed crystal; the measured one where the phase library has it in the same symmetry.

    ``symprec`` and ``axes`` are those of `conventional_of`.
    """
    from ....reports.benchmarks.published import cell_edges

    measured = next((phase for phase in list_phases(buildable=True) if phase.key == row.name), None)
    if measured is not None and measured.cell != "measured":
        measured = None
    cell = conventional_of(row, symprec=symprec, axes=axes, idealise=True)
    same = measured is not None and measured.space_group_number == cell.space_group_number
    if cell.rhombohedral or (cell.axes == "standard" and cell.space_group_number <= LAST_ORTHORHOMBIC):
        same = False  # the axes are not those that the library lists
    computed = dict(zip("abc", np.linalg.norm(cell.lattice, axis=1).tolist(), strict=True))
    edges = [
        (edge, float(computed[edge]), float(getattr(measured.lattice, edge)) if measured and same else None)
        for edge in ("a" if cell.rhombohedral else cell_edges(cell.space_group_number))
    ]
    return LatticeRecord(
        phase=row.name,
        formula=str(row.reduced_formula),
        space_group=cell.space_group,
        edges=tuple(edges),
        volume_per_atom=float(row.volume_per_atom),
        measured_volume_per_atom=measured.measured_volume_per_atom if measured else None,
        source=measured.source if measured else "",
        confidence=measured.confidence if measured else "",
        axes=_axes_text(row, cell),
        note=cell.note,
    )


def _axes_text(row: AtomsRow, cell: ConventionalCell) -> str:
    """Whose axes a cell has, in few words."""
    lattice = ""
    if has_rhombohedral_lattice(cell.space_group_number):
        angle = f"rhombohedral, α = {cell.atoms.cell.angles()[0]:.2f}°, "
        lattice = angle if cell.rhombohedral else "hexagonal, "
    if cell.axes == "standard":
        return f"{lattice}standard setting"
    return lattice + ("as the phase library lists it" if row.kind == "library" else "as given")
