"""Single points with density functional theory on the phases of a hull, at the geometries that a potential relaxed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ase.calculators.calculator import CalculatorError

from ..calculators.potentials.names import get_potential
from ..calculators.relaxation.relax import RelaxationSettings
from ..errors import InputError, shown
from ..structures.compositions import parse_formula, parse_system
from ..thermodynamics.hulls.hull import PhaseEntry, build_hull
from .database.calculations import Calculations
from .database.candidates import Candidate
from .database.row_hulls import hull_of_rows
from .database.rows import atoms_of
from .studies.hulls.analysis import rows_for_system

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..calculators.potentials.names import Potential
    from ..thermodynamics.hulls.hull import Hull, HullPhase
    from .database.structure_database import StructureDatabase

STUDY = "check-dft"
GPAW = "gpaw"
Told = Callable[[int, int, str], None]


@dataclass(frozen=True)
class CheckedPhase:
    """A phase with the potential and with the method that checks it; energies in eV/atom.

    Distances are to the hulls of the same phases, so that both hulls hold what the other does.
    """

    name: str
    formula: str
    space_group: str
    n_atoms: int
    formation_energy_per_atom: float
    formation_energy_per_atom_dft: float
    e_above_hull: float
    e_above_hull_dft: float

    @property
    def difference(self) -> float:
        """Formation energy with the potential minus that with the method, eV/atom."""
        return self.formation_energy_per_atom - self.formation_energy_per_atom_dft


@dataclass(frozen=True)
class DFTCheck:
    """The phases of a hull computed twice at one geometry.

    Attributes
    ----------
    system, potential, method
        Elements, whose geometries these are, and what checked them.
    provenance
        What fixes the energies of the method: settings, datasets, versions.
    phases
        In the order of the hull.
    failed
        Why phases are missing, by name.
    seconds
        What the single points took, now or when they were stored.
    """

    system: str
    potential: str
    method: str
    provenance: Mapping[str, Any]
    phases: tuple[CheckedPhase, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def compounds(self) -> tuple[CheckedPhase, ...]:
        """Phases of more than one element, whose formation energies say something."""
        return tuple(one for one in self.phases if len(parse_formula(one.formula)) > 1)

    @property
    def mean_absolute_difference(self) -> float | None:
        """Of the formation energies of the compounds, eV/atom; None without any."""
        found = [abs(one.difference) for one in self.compounds]
        return math.fsum(found) / len(found) if found else None

    @property
    def described(self) -> str:
        """What fixes the energies, in words: ``PBE, plane waves up to 350 eV, 4 k-points per Å⁻¹, D3, gpaw 26.7.0``."""
        parts = [str(self.provenance.get("functional") or "").upper()]
        if self.method.partition("+")[0] == GPAW:
            settings = self.provenance["settings"]
            parts.append(f"plane waves up to {settings['mode']['ecut']:g} eV")
            parts.append(f"{settings['kpts']['density']:g} k-points per Å⁻¹")
        dispersion = (self.provenance.get("dispersion") or {}).get("method")
        parts.append(dispersion.upper() if dispersion else "no dispersion")
        parts += [f"{name} {version}" for name, version in self.provenance["packages"].items() if name != "ase"]
        return ", ".join(part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        phases = [{**vars(one), "difference": one.difference} for one in self.phases]
        own = {name: getattr(self, name) for name in ("system", "potential", "method", "seconds")}
        more = {"mean_absolute_difference": self.mean_absolute_difference, "provenance": dict(self.provenance)}
        return {**own, **more, "phases": phases, "failed": dict(self.failed)}


def check_with_dft(
    database: StructureDatabase,
    system: str,
    potential: str | None = None,
    *,
    method: str | None = None,
    above_hull: float = 0.0,
    notes: list[str] | None = None,
    on_phase: Told | None = None,
) -> DFTCheck:
    """Compute the phases of a hull with another method at the geometries that are in the database.

    Each energy is stored as a single point, and taken from there the next time.

    Parameters
    ----------
    database
        With the relaxed crystals of the system.
    system
        Elements, such as ``Li-Hg``.
    potential
        Whose geometries; None where the database has one only.
    method
        Any potential that computes, such as ``gpaw+d3``; None for GPAW with the dispersion of the potential.
    above_hull
        Phases up to this distance from the hull of the potential, eV/atom.
    notes
        Takes what `rows_for_system` says, and where functional or dispersion differ.
    on_phase
        Called before each phase with how many are done, of how many, and its name.

    Raises
    ------
    InputError
        There is no hull, the method cannot compute here or lacks an element, or an element failed.
    """
    if isinstance(above_hull, bool) or not 0.0 <= above_hull < math.inf:
        raise InputError(f"above_hull: {shown(above_hull)} is not allowed; give 0 or more, in eV/atom")
    chosen = get_potential(method or GPAW)
    chosen.check_available()
    rows = rows_for_system(database, system, potential, notes)
    provenance = rows[-1].data["provenance"]
    own_dispersion = (provenance.get("dispersion") or {}).get("method")
    if method is None and own_dispersion:
        chosen = chosen.with_dispersion(own_dispersion)
    chosen.check_elements(parse_system(system))
    if notes is not None:
        notes += _unlike(str(rows[-1].potential), provenance, chosen)
    hull, _ = hull_of_rows(system, rows)
    members = [phase for phase in hull.phases if phase.stable or phase.e_above_hull <= above_hull]
    by_id = {int(row.id): row for row in rows}
    named = {phase.name: by_id[int(phase.entry_id or 0)] for phase in members}
    found, failed = _single_points(Calculations(database, chosen.name, RelaxationSettings()), named, on_phase)
    _check_elements_computed(hull, found, failed, chosen.name)
    return DFTCheck(
        system=hull.system,
        potential=str(rows[-1].potential),
        method=chosen.name,
        provenance=chosen.provenance(),
        phases=tuple(_checked([phase for phase in members if phase.name in found], hull.system, found)),
        failed=failed,
        seconds=math.fsum(float(row.data["wall_time_s"]) for row in found.values()),
    )


def _unlike(name: str, provenance: Mapping[str, Any], method: Potential) -> list[str]:
    """Say where potential and method are not meant to agree."""
    functional, own = provenance.get("functional"), (provenance.get("dispersion") or {}).get("method")
    notes = []
    if functional and method.functional and functional.lower() != method.functional.lower():
        notes.append(f"{name} is of {functional} and {method.name} of {method.functional}: the difference holds both")
    if own != method.dispersion:
        told = [one or "no dispersion" for one in (own, method.dispersion)]
        notes.append(f"{name} has {told[0]} and {method.name} {told[1]}: the difference holds that as well")
    return notes


def _single_points(
    calculations: Calculations, rows: Mapping[str, AtomsRow], on_phase: Told | None
) -> tuple[dict[str, AtomsRow], dict[str, str]]:
    """Return the row of each phase, by its name, and why others failed."""
    found: dict[str, AtomsRow] = {}
    failed: dict[str, str] = {}
    for number, (name, row) in enumerate(rows.items()):
        if on_phase:
            on_phase(number, len(rows), name)
        source = f"{name} as relaxed with {row.potential}"
        labels = {"study": STUDY, "role": "single-point"}
        candidate = Candidate(name, row.kind, atoms_of(row), source, labels=labels)
        try:
            found[name] = calculations.single_point(candidate)
        except CalculatorError as error:
            failed[name] = " ".join(str(error).split())
    return found, failed


def _check_elements_computed(hull: Hull, found: Mapping[str, AtomsRow], failed: Mapping[str, str], method: str) -> None:
    missing = [one for one in hull.elements if not any(set(row.symbols) == {one} for row in found.values())]
    if missing:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise InputError(
            f"{hull.system}: {method} gave no energy of {', '.join(missing)}, without which no hull: {reasons}"
        )


def _checked(phases: Sequence[HullPhase], system: str, found: Mapping[str, AtomsRow]) -> Iterator[CheckedPhase]:
    """Lay both hulls of the same phases beside each other."""
    own = build_hull(system, phases)
    energies = {name: float(row.energy_per_atom) for name, row in found.items()}
    with_method = build_hull(system, [_with_energy(phase, energies[phase.name]) for phase in phases])
    for phase in own.phases:
        other = with_method.phase(phase.name)
        yield CheckedPhase(
            name=phase.name,
            formula=phase.formula,
            space_group=phase.space_group,
            n_atoms=found[phase.name].natoms,
            formation_energy_per_atom=phase.formation_energy_per_atom,
            formation_energy_per_atom_dft=other.formation_energy_per_atom,
            e_above_hull=phase.e_above_hull,
            e_above_hull_dft=other.e_above_hull,
        )


def _with_energy(phase: PhaseEntry, energy_per_atom: float) -> PhaseEntry:
    return PhaseEntry(
        phase.name, phase.formula, phase.composition, energy_per_atom, phase.volume_per_atom, phase.space_group
    )
