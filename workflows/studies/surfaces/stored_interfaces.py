"""Joined crystals of the database: the work of adhesion of each pair of faces, beside surface energies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....errors import InputError
from ....reports.surfaces.model import InterfaceRecord, PhaseSurfaces
from ....structures.tags import LIQUID, SOLID
from ....thermodynamics.uncertainty import Estimate
from ....thermodynamics.wetting.adhesion import AdhesionSample, check_work_of_adhesion
from ...database.rows import area_of, atoms_of, parse_miller
from .joined_crystals import ADHESION
from .slab_groups import SAME_CELL, settings_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...database.structure_database import StructureDatabase

# Metal bonds to metal more strongly than any liquid does to a solid: 2 gamma of tungsten is about 8.
PLAUSIBLE_METAL_ADHESION_J_M2 = (0.0, 8.0)


def stored_interfaces(
    database: StructureDatabase,
    surfaces: Sequence[PhaseSurfaces],
    *,
    potential: str | None = None,
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
    """
    exact: dict[str, str | float] = {"study": ADHESION, **({"potential": potential} if potential else {})}
    groups: dict[tuple[str, ...], list[AtomsRow]] = {}
    for row in database.select(where=exact, sort="id"):
        groups.setdefault(_pair_key(row), []).append(row)
    failed = {_pair_key(row): row for row in database.select(where={**exact, "converged": False}, sort="id")}
    keys = list(dict.fromkeys([*groups, *failed]))
    records, problems = [], []
    for key in keys:
        try:
            record = interface_record(_newest_joined(groups.get(key, [])), surfaces)
        except InputError as error:
            problems.append(f"{_title(key)}: {failed[key].data['reason'] if key in failed else error}")
            continue
        records.append(record)
        if record.warning:
            problems.append(f"{_title(key)}: {record.warning}")
    return records, problems


def _pair_key(row: AtomsRow) -> tuple[str, ...]:
    """What is joined, with what, and by which faces; a pair that could not be joined has none."""
    return (row.film, row.substrate, row.film_miller, row.miller, row.potential, row.get("termination", ""))


def _title(key: tuple[str, ...]) -> str:
    faces = f", {key[5].replace('|', ' on ')}" if key[5] else ""
    return f"{key[0]}{key[2]} on {key[1]}{key[3]}{faces}"


def _newest_joined(rows: Sequence[AtomsRow]) -> list[AtomsRow]:
    """Return what belongs to the newest computation of a pair: the same cell, the same settings, the same weights."""
    joined = [row for row in rows if row.role == "interface"]
    return [row for row in rows if _same_computation(row, joined[-1])] if joined else []


def interface_record(rows: Sequence[AtomsRow], surfaces: Sequence[PhaseSurfaces]) -> InterfaceRecord:
    """Return the work of adhesion of two joined crystals in their lowest stacking.

    Parameters
    ----------
    rows
        Interfaces and sides alone of one computation.
    surfaces
        Surface energies to compare with.

    Raises
    ------
    InputError
        No interface or no side was relaxed, or two crystals cannot hold together like this.
    """
    interfaces = [row for row in rows if row.role == "interface"]
    if not interfaces:
        raise InputError("no interface was relaxed")
    lowest = min(interfaces, key=lambda row: row.energy)
    parts = _sides(rows, lowest)
    area = area_of(lowest)
    relaxed = AdhesionSample(parts["solid"].energy, parts["film"].energy, lowest.energy, area, "relaxed")
    rigid = AdhesionSample(lowest.rigid_solid_energy, lowest.rigid_film_energy, lowest.energy, area, "rigid")
    film, substrate, film_plane, substrate_plane, potential, faces = _pair_key(lowest)
    film_face, _, substrate_face = faces.partition("|")
    name = f"{film}{film_plane} {film_face} on {substrate}{substrate_plane} {substrate_face}"
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
        surface_energies_J_m2=_known_energies(surfaces, lowest),
        n_registries=len(interfaces),
        n_placements=int(lowest.get("n_placements", 0)),
        n_orientations=int(lowest.get("n_orientations", 0)),
        continued=bool(lowest.get("continued", 0)),
        same_plane=film == substrate and _same_plane(surfaces, film, film_plane, substrate_plane),
        film_termination=film_face,
        substrate_termination=substrate_face,
    )


def _sides(rows: Sequence[AtomsRow], interface: AtomsRow) -> dict[str, AtomsRow]:
    """Return substrate and film alone, by their roles, as they are in an interface."""
    sizes = {"solid": _count(interface, SOLID), "film": _count(interface, LIQUID)}
    # The film alone has several energies where orientations strain it along different directions of its own.
    states = {"solid": 0, "film": interface.get("strain_state", 0)}
    found = {
        row.role: row
        for row in rows
        if row.natoms == sizes.get(row.role) and row.get("orientation", 0) == states[row.role]
    }
    if set(found) != {"solid", "film"}:
        raise InputError("a side alone was not relaxed")
    return found


def _count(row: AtomsRow, tag: int) -> int:
    return int((atoms_of(row).get_tags() == tag).sum())


def _same_computation(row: AtomsRow, newest: AtomsRow) -> bool:
    return (
        row.termination == newest.termination
        and row.potential_identity == newest.potential_identity
        and settings_of(row) == settings_of(newest)
        and abs(area_of(row) / area_of(newest) - 1.0) < SAME_CELL
        and (row.role != "interface" or row.natoms == newest.natoms)
    )


def _known_energies(surfaces: Sequence[PhaseSurfaces], row: AtomsRow) -> tuple[float | None, float | None]:
    """Surface energies of film and substrate; of two faces of a crystal that only slabs with both have, their mean."""
    film, substrate, film_plane, substrate_plane, potential, faces = _pair_key(row)
    film_face, _, substrate_face = faces.partition("|")
    own = (
        _known_energy(surfaces, film, film_plane, film_face, potential),
        _known_energy(surfaces, substrate, substrate_plane, substrate_face, potential),
    )
    if own == (None, None) and film == substrate and _same_plane(surfaces, film, film_plane, substrate_plane):
        for both in (f"{film_face}|{substrate_face}", f"{substrate_face}|{film_face}"):
            mean = _known_energy(surfaces, film, film_plane, both, potential)
            if mean is not None:
                return mean, mean
    return own


def _known_energy(
    surfaces: Sequence[PhaseSurfaces], phase: str, plane: str, termination: str, potential: str
) -> float | None:
    wanted = parse_miller(plane)
    for item in surfaces:
        if item.phase == phase and item.potential == potential:
            for record in item.surfaces:  # lowest first
                if record.termination != termination:
                    continue  # another face of the plane, or a mean of two
                if item.family(record.miller_index) == item.family(wanted):
                    return record.surface_energy_J_m2
    return None


def _same_plane(surfaces: Sequence[PhaseSurfaces], phase: str, one: str, other: str) -> bool:
    planes = parse_miller(one), parse_miller(other)
    return any(item.phase == phase and item.family(planes[0]) == item.family(planes[1]) for item in surfaces)
