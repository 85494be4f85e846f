"""Which crystals a ``surfaces`` section means, and their relaxations: of the job, or of the phase library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..calculators.registry import get_potential
from ..errors import InputError, nearest
from ..structures.lattice_planes import MillerIndex, conventional_cell, densest_planes, distinct_planes
from ..structures.phases import Phase, list_phases
from ..structures.systems import parse_formula
from .calculations import Calculations
from .candidates import Candidate, gather_candidates
from .database import reduced_formula
from .fingerprint import fingerprint
from .row_hulls import hull_of_rows
from .surfaces_spec import DEFAULT_PLANES, SurfacesSection
from .wetting_study import atoms_of

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from .database import StructureDatabase
    from .spec import WorkflowSpec


def check_name(spec: WorkflowSpec, name: str) -> list[str]:
    """Return the elements of the phase that ``name`` stands for.

    Raises
    ------
    InputError
        Neither the job nor the phase library has it.
    """
    phase = _library_phase(name)
    if phase is not None:
        return sorted(phase.elements)
    candidates, _ = gather_candidates(spec)
    formula = _formula(name)
    for candidate in candidates:
        if name == candidate.name or (formula and formula == reduced_formula(candidate.atoms)):
            return sorted(set(candidate.atoms.get_chemical_symbols()))
    library = [word for phase in list_phases(buildable=True) for word in (phase.key, phase.formula) if word]
    close = nearest(name, [*(candidate.name for candidate in candidates), *library])
    hint = f" Did you mean {close}?" if close else ""
    raise InputError(f"surfaces: neither the job nor the phase library has {name!r}.{hint}")


def surface_phases(
    spec: WorkflowSpec, database: StructureDatabase, fingerprints: Mapping[str, str], *, compute: bool = False
) -> dict[str, AtomsRow]:
    """Return the relaxed crystals whose surfaces are asked for, by their own names.

    Parameters
    ----------
    spec
        The job, with its ``surfaces`` section.
    database
        Where the relaxations are.
    fingerprints
        Of the relaxations of the job, by name.
    compute
        Relax those phases of the library that the job does not hold; otherwise they are left out until they are there.

    Raises
    ------
    InputError
        A name stands for nothing that was relaxed, or its relaxation failed.
    """
    section = _section(spec)
    rows = _job_rows(database, fingerprints)
    if section.phases == "stable":
        hulls = [hull_of_rows(system, rows)[0] for system in spec.systems]
        names = [phase.name for hull in hulls for phase in hull.stable]
    elif section.phases == "elements":
        names = list(spec.elements)
    else:
        names = list(section.phases)
    found = [phase_row(spec, database, rows, name, compute=compute) for name in names]
    return {row.name: row for row in found if row is not None}


def adhesion_rows(
    spec: WorkflowSpec, database: StructureDatabase, fingerprints: Mapping[str, str], *, compute: bool = False
) -> dict[str, AtomsRow]:
    """Return the relaxed crystals of the pairs, by the names the input gives them; otherwise as above."""
    rows = _job_rows(database, fingerprints)
    names = dict.fromkeys(name for pair in _section(spec).adhesion for name in (pair.film, pair.substrate))
    found = {name: phase_row(spec, database, rows, name, compute=compute) for name in names}
    return {name: row for name, row in found.items() if row is not None}


def planes_of(section: SurfacesSection, row: AtomsRow) -> list[MillerIndex]:
    """Return the planes to compute of a relaxed crystal, in its conventional cell."""
    conventional = conventional_cell(atoms_of(row))
    if section.miller_indices:
        return distinct_planes(conventional, section.miller_indices)
    return densest_planes(conventional, section.planes or DEFAULT_PLANES)


def phase_row(
    spec: WorkflowSpec, database: StructureDatabase, rows: Sequence[AtomsRow], name: str, *, compute: bool
) -> AtomsRow | None:
    """Return the relaxation that ``name`` stands for: by name, by formula (the lowest), or from the phase library.

    None when it is of the library, not there yet, and ``compute`` is off.

    Raises
    ------
    InputError
        See :func:`surface_phases`.
    """
    exact = [row for row in rows if row.name == name]
    formula = _formula(name)
    same = exact or [row for row in rows if formula and row.reduced_formula == formula]
    if same:
        return min(same, key=lambda row: row.energy_per_atom)
    phase = _library_phase(name)
    if phase is None:
        raise InputError(f"surfaces: {name!r} is not among the relaxed structures of the job")
    candidate = _candidate(spec, phase)
    settings = spec.relaxation.settings()
    if compute:
        row = Calculations(database, spec.potential, settings).relax(candidate, relax_cell=settings.relax_cell)
    else:
        row = database.find(fingerprint(candidate.atoms, get_potential(spec.potential), settings))
    if row is not None and not row.converged:
        raise InputError(f"surfaces: the relaxation of {candidate.name} failed: {row.data['reason']}")
    return row


def _section(spec: WorkflowSpec) -> SurfacesSection:
    if spec.surfaces is None:
        raise InputError("the input has no surfaces section")
    return spec.surfaces


def _job_rows(database: StructureDatabase, fingerprints: Mapping[str, str]) -> list[AtomsRow]:
    return [row for row in database.find_all(list(fingerprints.values())).values() if row.converged]


def _candidate(spec: WorkflowSpec, phase: Phase) -> Candidate:
    """The candidate of a library phase, the same that a job with it has."""
    only = spec.structures.model_copy(update={"library": (phase.key,), "prototypes": False, "files": ()})
    return gather_candidates(spec.model_copy(update={"structures": only}))[0][0]


def _formula(name: str) -> str | None:
    """The reduced formula that a name is, None where it is none."""
    from pymatgen.core import Composition

    try:
        parse_formula(name)
    except InputError:
        return None
    return str(Composition(name).reduced_formula)


def _library_phase(name: str) -> Phase | None:
    """The phase of the library with this key, or the first of this formula that can be built."""
    phases = list_phases(buildable=True)
    for phase in phases:
        if phase.key == name:
            return phase
    formula = _formula(name)
    fitting = [phase for phase in phases if formula and phase.formula and _formula(phase.formula) == formula]
    return min(fitting, key=lambda phase: phase.role != "phase", default=None)
