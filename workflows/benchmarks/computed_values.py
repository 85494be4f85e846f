"""Computed counterparts of published values, gathered from the rows of structure databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import InputError
from ...reports.benchmarks.published import Benchmark, benchmarks
from ...reports.benchmarks.reference import composition
from ...reports.benchmarks.rules import ELECTROLYTES, SOLUTION_QUANTITIES, SURFACE_PHASES
from ...reports.benchmarks.table import BenchmarkRow, ComputedValue, compare
from ...reports.benchmarks.values import cell_values, cohesive_value, hull_values, solution_values, window_values
from ...structures.library.phases import list_phases
from ...structures.slabs.lattice_planes import densest_planes
from ...structures.symmetry import MillerIndex
from ..database.query import subsystems
from ..database.row_hulls import phase_entry
from ..database.rows import conventional_of
from ..database.selecting import CRYSTALS
from ..database.structure_database import StructureDatabase
from ..studies.films.cells import Role
from ..studies.solutions.study import stored_insertion_energies
from ..studies.surfaces.stored import stored_surfaces
from ..studies.wetting.members import insertion_estimate
from ..studies.wetting.stored import StoredStudy
from .free_atoms import free_atom_energies

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ...reports.surfaces.model import PhaseSurfaces
    from ...thermodynamics.hulls.hull import Hull


def benchmark_rows(
    databases: Sequence[StructureDatabase], potentials: Sequence[str] = ()
) -> tuple[list[BenchmarkRow], list[str]]:
    """Return every published value with the computed ones, and the potentials that gave any.

    Parameters
    ----------
    databases
        Where several have a value with the same potential, the first counts.
    potentials
        Only these, in this order; empty for all.

    Raises
    ------
    InputError
        Nothing was computed with a potential that is asked for.
    """
    values: dict[tuple[str, str, str, str], ComputedValue] = {}
    for database in databases:
        for potential in stored_potentials(database):
            for item in computed_values(database, potential):
                values.setdefault((item.quantity, item.subject, item.label, potential), item)
    found = list(dict.fromkeys(item.potential for item in values.values()))
    for potential in potentials:
        if potential not in found:
            raise InputError(
                f"nothing was computed with {potential!r} that was published; there are: {', '.join(found) or 'none'}"
            )
    chosen = list(dict.fromkeys(potentials)) or sorted(found)
    # The potentials become columns in the order in which they come.
    order = {potential: rank for rank, potential in enumerate(chosen)}
    wanted = sorted((one for one in values.values() if one.potential in order), key=lambda one: order[one.potential])
    return compare(benchmarks(), wanted), chosen


def stored_potentials(database: StructureDatabase) -> list[str]:
    """Return the potentials with which crystals were relaxed."""
    rows = database.select("relax_cell=True", sort="id")
    return list(dict.fromkeys(str(row.potential) for row in rows if row.kind in CRYSTALS))


def computed_values(database: StructureDatabase, potential: str) -> list[ComputedValue]:
    """Return every value of the benchmark table that the rows of one potential give."""
    crystals = Crystals.of(database, potential)
    found: dict[tuple[str, str, str], ComputedValue] = {}
    for item in _all_values(database, crystals):
        found.setdefault((item.quantity, item.subject, item.label), item)
    return list(found.values())


@dataclass(frozen=True)
class Crystals:
    """Crystals relaxed with one potential, the newest of each name, with the weights of the newest of all."""

    potential: str
    identity: str
    by_name: Mapping[str, AtomsRow]

    @classmethod
    def of(cls, database: StructureDatabase, potential: str) -> Crystals:
        """Gather them.

        Raises
        ------
        InputError
            There are none.
        """
        rows = database.select(where={"potential": potential, "relax_cell": True}, sort="id")
        rows = [row for row in rows if row.kind in CRYSTALS]
        if not rows:
            raise InputError(f"{database.address} has no crystal relaxed with {potential}")
        identity = str(rows[-1].potential_identity)
        return cls(potential, identity, {row.name: row for row in rows if row.potential_identity == identity})

    def within(self, elements: Iterable[str]) -> list[AtomsRow]:
        """Return the crystals of these elements alone."""
        inside = set(subsystems(sorted(elements)))
        return [row for row in self.by_name.values() if row.chemical_system in inside]

    def hull(self, elements: Iterable[str]) -> Hull | None:
        """Return the hull of these elements; None where one of them was not computed."""
        from ...thermodynamics.hulls.hull import build_hull

        wanted = sorted(elements)
        rows = self.within(wanted)
        if not set(wanted) <= {row.chemical_system for row in rows}:
            return None
        return build_hull("-".join(wanted), [phase_entry(row) for row in rows])


def _all_values(database: StructureDatabase, crystals: Crystals) -> Iterator[ComputedValue]:
    yield from _hull_values(crystals)
    for name, row in crystals.by_name.items():
        if row.kind == "library" and _has_own_cell(row):
            yield from _cells(name, row, crystals.potential)
    yield from _cohesive_values(database, crystals)
    yield from _surface_values(database, crystals)
    yield from _solution_values(database, crystals)
    yield from _window_values(database, crystals)


def _has_own_cell(row: AtomsRow) -> bool:
    """Return whether the cell was relaxed, and has the axes of the library.

    An imported single point may well have the measured cell, and one in another setting edges of other names.
    """
    calculation = row.data.get("calculation")
    if calculation is None:
        return True
    return calculation.get("steps") == "relaxation" and bool(row.data["candidate"].get("measured_lattice"))


def _hull_values(crystals: Crystals) -> Iterator[ComputedValue]:
    systems = dict.fromkeys(_system(item) for item in benchmarks() if _system(item))
    for elements in systems:
        hull = crystals.hull(elements)
        if hull is not None:
            yield from hull_values(hull, crystals.potential)


def _system(item: Benchmark) -> tuple[str, ...]:
    """Elements of the hull that a value is read from; empty for other values."""
    if item.quantity in ("formation_enthalpy", "pbe_formation_energy", "e_above_hull"):
        return tuple(sorted(composition(item.subject)))
    if item.quantity == "saturated_emf":
        return tuple(sorted((item.subject, "Hg")))
    return ()


def _cells(name: str, row: AtomsRow, potential: str) -> list[ComputedValue]:
    try:
        return cell_values(name, conventional_of(row).atoms, potential)
    except InputError:  # computed when the library still had it
        return []


def _cohesive_values(database: StructureDatabase, crystals: Crystals) -> Iterator[ComputedValue]:
    atoms = free_atom_energies(database, crystals.potential, crystals.identity)
    for item in benchmarks():
        if item.quantity == "cohesive_energy" and item.subject in atoms:
            rows = crystals.within([item.subject])
            if rows:
                lowest = min(float(row.energy_per_atom) for row in rows)
                yield cohesive_value(item.subject, crystals.potential, atoms[item.subject], lowest)


def _surface_values(database: StructureDatabase, crystals: Crystals) -> Iterator[ComputedValue]:
    try:
        surfaces, _ = stored_surfaces(database, potential=crystals.potential)
    except InputError:  # no slab was computed
        return
    for item in benchmarks():
        if item.quantity != "surface_energy":
            continue
        energies = [
            energy
            for phase in surfaces
            if phase.phase in SURFACE_PHASES.get(item.subject, ())
            for energy in [_surface_energy(phase, item.label, crystals)]
            if energy is not None
        ]
        if energies:
            yield ComputedValue(item.quantity, item.subject, crystals.potential, min(energies), item.label)


def _surface_energy(phase: PhaseSurfaces, label: str, crystals: Crystals) -> float | None:
    """Return what a label means of the computed planes of a phase, J/m²; None where they do not give it."""
    energies: dict[MillerIndex, float] = {}
    for record in phase.surfaces:  # lowest first
        energies.setdefault(phase.family(record.miller_index), record.surface_energy_J_m2)
    if label == "average":
        return phase.shape.mean_surface_energy_J_m2 if phase.shape and len(energies) > 2 else None
    if label == "lowest":
        return min(energies.values()) if len(energies) > 1 else None
    if label == "close-packed":
        row = crystals.by_name.get(phase.phase)
        if row is None:
            return None
        crystal = conventional_of(row)
        planes = densest_planes(crystal.atoms, 1, symprec=crystal.symprec)
        return energies.get(phase.family(planes[0]))
    if len(label) == 4:  # hexagonal, h k i l with i = -(h + k)
        label = label[:2] + label[3]
    if not label.isdigit():
        return None
    h, k, i = (int(digit) for digit in label)
    return energies.get(phase.family((h, k, i)))


def _solution_values(database: StructureDatabase, crystals: Crystals) -> Iterator[ComputedValue]:
    seen = set()
    wanted = {item.subject for item in benchmarks() if item.quantity in SOLUTION_QUANTITIES}
    for metal, dissolved in stored_insertion_energies(database, "Hg", crystals.potential, crystals.identity).items():
        pure = [float(one.energy_per_atom) for one in crystals.within([metal])]
        if metal in wanted and pure:
            seen.add(metal)
            hull = crystals.hull([metal, "Hg"])
            yield from solution_values(metal, dissolved.mean - min(pure), hull, crystals.potential)
    terms = f"role=solute-in-film,solvent=Hg,potential={crystals.potential}"
    studies = {row.study: row for row in database.select(terms, sort="id")}
    for key, row in reversed(studies.items()):  # of several studies of a metal the newest counts
        metal = str(row.solute)
        pure = [float(one.energy_per_atom) for one in crystals.within([metal])]
        if metal in seen or metal not in wanted or not pure or row.potential_identity != crystals.identity:
            continue
        study = StoredStudy(database, key, "", "", (0, 0, 0), "Hg", crystals.potential, solute=metal)
        estimate = insertion_estimate(study, Role.SOLUTE_IN_FILM, crystals.potential, zero=min(pure))
        if estimate is not None:
            yield from solution_values(metal, estimate.mean, crystals.hull([metal, "Hg"]), crystals.potential)


def _window_values(database: StructureDatabase, crystals: Crystals) -> Iterator[ComputedValue]:
    """Reduction onsets, where every phase that the library can build was tried: a gap would move them."""
    from ...thermodynamics.stability.electrolyte_window import electrolyte_window

    failed = {row.name for row in database.select(f"potential={crystals.potential},converged=False")}
    for name, formula in ELECTROLYTES.items():
        elements = sorted(composition(formula))
        library = {phase.key for phase in list_phases("-".join(elements), buildable=True)}
        same = [row for row in crystals.within(elements) if _same(composition(row.formula), composition(formula))]
        hull = crystals.hull(elements)
        if hull is None or not same or not library <= crystals.by_name.keys() | failed:
            continue
        lowest = min(same, key=lambda row: float(row.energy_per_atom))
        yield from window_values(electrolyte_window(hull, lowest.name), name, crystals.potential)


def _same(left: Mapping[str, float], right: Mapping[str, float]) -> bool:
    return left.keys() == right.keys() and all(abs(left[element] - right[element]) < 1e-6 for element in left)
