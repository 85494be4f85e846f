"""Which crystals a ``surfaces`` section means, and their relaxations: of the job, or of the phase library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import InputError
from ....structures.slabs.lattice_planes import densest_planes, distinct_planes
from ....structures.symmetry import ConventionalCell, MillerIndex
from ...database.calculations import Calculations
from ...database.rows import conventional_of
from ..phase_names import formula_of, library_candidate, library_phase
from .settings import DEFAULT_PLANES, SurfacesSettings, refuse_four_indices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ase.db.row import AtomsRow

    from ...job import Job


def surface_phases(job: Job, settings: SurfacesSettings, *, compute: bool = False) -> dict[str, AtomsRow]:
    """Return the relaxed crystals whose surfaces are asked for, by their own names.

    Parameters
    ----------
    job
        With its relaxations.
    settings
        The ``surfaces`` section.
    compute
        Relax those phases of the library that the job does not hold; otherwise they are left out until they are there.

    Raises
    ------
    InputError
        A name stands for nothing that was relaxed, or its relaxation failed.
    """
    if settings.phases == "stable":
        names = [phase.name for hull in job.hulls for phase in hull.stable]
    elif settings.phases == "elements":
        names = list(job.spec.elements)
    else:
        names = list(settings.phases)
    found = [phase_row(job, name, compute=compute) for name in names]
    return {row.name: row for row in found if row is not None}


def adhesion_rows(job: Job, settings: SurfacesSettings, *, compute: bool = False) -> dict[str, AtomsRow]:
    """Return the relaxed crystals of the pairs, by the names the input gives them; otherwise as above."""
    names = dict.fromkeys(name for pair in settings.adhesion for name in (pair.film, pair.substrate))
    found = {name: phase_row(job, name, compute=compute) for name in names}
    return {name: row for name, row in found.items() if row is not None}


def surface_cell(settings: SurfacesSettings, row: AtomsRow) -> ConventionalCell:
    """Return the cell of a relaxed crystal that its planes refer to and its slabs are cut from."""
    return conventional_of(row, symprec=settings.symprec, axes=settings.axes)


def check_four_indices(settings: SurfacesSettings, rows: Iterable[AtomsRow]) -> None:
    """Refuse relaxed crystals whose planes were given by four indices and whose cell is not hexagonal.

    Raises
    ------
    InputError
        Naming the crystal and its cell.
    """
    for row in rows:
        refuse_four_indices(row.name, surface_cell(settings, row))


def planes_of(settings: SurfacesSettings, row: AtomsRow) -> list[MillerIndex]:
    """Return the planes to compute of a relaxed crystal, in its conventional cell."""
    cell = surface_cell(settings, row)
    if settings.miller_indices:
        return distinct_planes(cell.atoms, settings.miller_indices, symprec=cell.symprec)
    return densest_planes(cell.atoms, settings.planes or DEFAULT_PLANES, symprec=cell.symprec)


def phase_row(job: Job, name: str, *, compute: bool) -> AtomsRow | None:
    """Return the relaxation that ``name`` stands for: by name, by formula (the lowest), or from the phase library.

    None when it is of the library, not there yet, and ``compute`` is off.

    Raises
    ------
    InputError
        See :func:`surface_phases`.
    """
    known = job.crystal(name) or job.crystal(formula_of(name) or name)
    if known is not None:
        return known
    phase = library_phase(name)
    if phase is None:
        raise InputError(f"surfaces: {name!r} is not among the relaxed structures of the job")
    candidate = library_candidate(job.spec, phase)
    settings = job.spec.relaxation.settings()
    calculations = Calculations(job.database, job.spec.potential, settings)
    if compute:
        row = calculations.relax(candidate, relax_cell=settings.relax_cell)
    else:
        stored = calculations.find(candidate, relax_cell=settings.relax_cell)
        if stored is None:
            return None
        row = stored
    if not row.converged:
        raise InputError(f"surfaces: the relaxation of {candidate.name} failed: {row.data['reason']}")
    return row
