"""Faces with an excess of some element: their lines against chemical potentials, and the shapes that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ....errors import InputError
from ....reports.surfaces.model import OpenSurfaceRecord, ShapeAtPotentials
from ....structures.slabs.neutral_faces import polarity_of_series
from ....structures.symmetry import ConventionalCell, MillerIndex
from ....thermodynamics.hulls.equilibria import Equilibrium, phase_equilibria
from ....thermodynamics.surfaces.open_surfaces import fit_surface_line
from ....thermodynamics.surfaces.wulff import WulffShape, wulff_shape
from ...database.row_hulls import hull_of_rows
from ...database.rows import area_of, atoms_of, parse_miller
from ..hulls.analysis import rows_for_system

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.surfaces.model import PhaseSurfaces
    from ....thermodynamics.hulls.hull import Hull
    from ...database.structure_database import StructureDatabase
    from .slab_groups import SlabGroup


def is_open(slabs: Sequence[AtomsRow]) -> bool:
    """Return whether slabs of growing thickness have another composition than what a thicker one has more."""
    counts = [Counter(row.symbols) for row in sorted(slabs, key=lambda row: int(row.natoms))]
    if len(counts) < 2:
        return False
    more = counts[-1] - counts[0]
    total, size = sum(counts[0].values()), sum(more.values())
    return any(number * size != more[symbol] * total for symbol, number in counts[0].items())


def with_open_surfaces(
    record: PhaseSurfaces,
    series: Sequence[Sequence[AtomsRow]],
    bulk: AtomsRow | None,
    hulls: Sequence[Hull],
    *,
    within: str,
    problems: list[str],
) -> PhaseSurfaces:
    """Return the surfaces of a crystal with its faces that have an excess, and its shapes over chemical potentials.

    Parameters
    ----------
    record
        With the faces that have none.
    series
        Converged slabs of growing thickness of each of the others.
    bulk
        The relaxed crystal; None where it is not known, and then there are no lines.
    hulls
        Of which one holds the crystal.
    within
        Range of the chemical potentials; see :func:`~amalgamics.thermodynamics.hulls.equilibria.phase_equilibria`.
    problems
        Takes a sentence for each face without a surface energy.
    """
    hull = _hull_with(record.phase, hulls)
    if bulk is None or hull is None:
        return replace(
            record,
            no_range=f"no hull of what was computed holds {record.phase}, so its faces with an excess have no"
            " chemical potentials to refer to",
        )
    found = []
    for slabs in series:
        try:
            found.append(_open_record(slabs, bulk, hull))
        except InputError as error:
            problems.append(f"{record.phase}{slabs[0].miller} {slabs[0].termination}: {error}")
    record = replace(record, open_surfaces=tuple(found))
    try:
        equilibria = phase_equilibria(hull, record.phase, within=within)
    except InputError as error:
        return replace(record, no_range=str(error))
    return replace(record, shapes=tuple(_shape_at(record, each) for each in equilibria))


def stored_hulls(database: StructureDatabase, group: SlabGroup, bulk: AtomsRow, potential: str) -> list[Hull]:
    """Return the hull of a crystal, from what is stored with the same potential; none where an element is missing."""
    system = "-".join(dict.fromkeys(atoms_of(bulk).get_chemical_symbols()))
    if "-" not in system:
        return []
    try:
        rows = rows_for_system(database, system, potential)
        return [hull_of_rows(system, [row for row in rows if row.potential_identity == group.potential_identity])[0]]
    except InputError:
        return []


def shape_of(cell: ConventionalCell | None, energies: dict[MillerIndex, float]) -> tuple[WulffShape | None, str]:
    """Return the equilibrium shape of a relaxed crystal, or None and why there is none.

    Parameters
    ----------
    cell
        That the planes refer to; None where the crystal is not known.
    energies
        J/m², one plane of each family.
    """
    if cell is None:
        return None, "the relaxed crystal is not in the database"
    if len(energies) < 2:
        return None, "fewer than two planes were computed"
    try:
        return wulff_shape(cell.atoms, energies, symprec=cell.symprec), ""
    except InputError as error:
        return None, str(error).removeprefix("Wulff shape: ")


def _hull_with(phase: str, hulls: Sequence[Hull]) -> Hull | None:
    """The hull of the fewest elements that has the phase."""
    holding = [hull for hull in hulls if any(each.name == phase for each in hull.phases)]
    return min(holding, key=lambda hull: len(hull.elements), default=None)


def _open_record(slabs: Sequence[AtomsRow], bulk: AtomsRow, hull: Hull) -> OpenSurfaceRecord:
    pure = {element: hull.lowest({element: 1.0}) for element in hull.elements}
    own = [element for element in hull.elements if element in bulk.symbols]
    line = fit_surface_line(
        [float(row.energy) for row in slabs],
        [Counter(row.symbols) for row in slabs],
        area_of(slabs[0]),
        {element: known.energy_per_atom for element, known in pure.items() if known is not None},
        # The axis is that of the first elements of the system, as lithium in Li-Hg.
        reference=own[-1],
        bulk_energy_per_atom=float(bulk.energy_per_atom),
    )
    by_size = sorted(slabs, key=lambda row: int(row.natoms))
    polarity = polarity_of_series(atoms_of(by_size[0]), atoms_of(by_size[-1]))
    return OpenSurfaceRecord(
        miller_index=parse_miller(slabs[0].miller),
        termination=str(slabs[0].termination),
        line=line,
        n_slabs=len(slabs),
        charged=None if polarity is None else polarity[1] != 0.0,
    )


def _shape_at(record: PhaseSurfaces, equilibrium: Equilibrium) -> ShapeAtPotentials:
    """The shape at given chemical potentials: of each plane the face of lowest energy there."""
    open_planes = {record.family(each.miller_index) for each in record.open_surfaces}
    energies: list[tuple[float, MillerIndex, str]] = [
        (each.surface_energy_J_m2, each.miller_index, each.termination)
        for each in record.surfaces
        # A mean of two faces stands for neither where both are known.
        if not each.polar and not ("|" in each.termination and record.family(each.miller_index) in open_planes)
    ]
    energies += [
        (each.line.surface_energy_J_m2(equilibrium.chemical_potentials), each.miller_index, each.termination)
        for each in record.open_surfaces
    ]
    best = {record.family(plane): (energy, plane, face) for energy, plane, face in sorted(energies, reverse=True)}
    shape, why = shape_of(record.cell, {plane: energy for energy, plane, _ in best.values()})
    return ShapeAtPotentials(equilibrium, {plane: face for _, plane, face in best.values()}, shape, why)
