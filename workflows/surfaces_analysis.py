"""From the rows of a ``surfaces`` section to the sections of its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import InputError
from ..reports.surfaces_section import adhesion_section, lattice_section, surface_energy_section
from ..reports.wulff_section import wulff_section
from .phase_surfaces import STUDY
from .stored_surfaces import lattice_record, stored_interfaces, stored_surfaces
from .surfaces_phases import adhesion_rows, planes_of, surface_phases
from .surfaces_steps import adhesion_labels
from .wetting_study import miller_text

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..reports.sections import ReportSection
    from ..reports.surfaces_model import PhaseSurfaces
    from .database import StructureDatabase
    from .spec import WorkflowSpec
    from .surfaces_spec import SurfacesSection


def surfaces_sections(
    spec: WorkflowSpec, database: StructureDatabase, fingerprints: Mapping[str, str]
) -> list[ReportSection]:
    """Return the sections of the job's surfaces: cells, surface energies, equilibrium shapes, work of adhesion.

    Parameters
    ----------
    spec
        The job; without a ``surfaces`` section there are none.
    database
        Where the results are.
    fingerprints
        Of the relaxations of the job, by name: ``manifest["fingerprints"]``.
    """
    section = spec.surfaces
    if section is None:
        return []
    rows = surface_phases(spec, database, fingerprints)
    crystals = adhesion_rows(spec, database, fingerprints)
    try:
        phases, problems = stored_surfaces(database, potential=spec.potential, phases=_computed(database, spec, rows))
    except InputError as error:
        phases, problems = [], [str(error)]
    problems += _left_out(database, section, spec.potential, rows, phases)
    wanted = [
        adhesion_labels(pair, crystals[pair.film].name, crystals[pair.substrate].name)
        for pair in section.adhesion
        if pair.film in crystals and pair.substrate in crystals
    ]
    interfaces, failed = stored_interfaces(database, phases, potential=spec.potential, wanted=wanted)
    cells = {row.name: row for row in [*rows.values(), *crystals.values()]}
    found = [
        lattice_section([lattice_record(row) for row in cells.values()]),
        surface_energy_section(phases, warnings=problems),
        wulff_section(phases),
        adhesion_section(interfaces, warnings=failed),
    ]
    return [item for item in found if item is not None]


def wulff_section_of(
    database: StructureDatabase, potential: str, phases: Sequence[str] | None = None
) -> ReportSection | None:
    """Return the equilibrium shapes of the phases whose surfaces are stored, None when there are none to show.

    Parameters
    ----------
    database
        Where the slabs are.
    potential
        Of the energies.
    phases
        Only these; names without slabs are passed over.
    """
    try:
        found, _ = stored_surfaces(database, potential=potential)
    except InputError:
        return None
    return wulff_section([item for item in found if phases is None or item.phase in phases])


def _computed(database: StructureDatabase, spec: WorkflowSpec, rows: Mapping[str, AtomsRow]) -> list[str]:
    known = {row.substrate for row in database.select(f"study={STUDY},potential={spec.potential}")}
    return [name for name in rows if name in known]


def _left_out(
    database: StructureDatabase,
    section: SurfacesSection,
    potential: str,
    rows: Mapping[str, AtomsRow],
    phases: Sequence[PhaseSurfaces],
) -> list[str]:
    """Say which planes that were asked for have no energy, and why."""
    done = {(item.phase, record.miller_index) for item in phases for record in item.surfaces}
    failed: dict[tuple[str, str], AtomsRow] = {}
    for row in database.select(f"study={STUDY},potential={potential},converged=False", sort="id"):
        failed.setdefault((row.substrate, row.miller), row)
    missing = []
    for name, row in rows.items():
        for plane in planes_of(section, row):
            if (name, plane) in done:
                continue
            problem = failed.get((name, f"({miller_text(plane)})"))
            reason = problem.data["reason"] if problem is not None else "no slab has the composition of the crystal"
            missing.append(f"{name}({miller_text(plane)}) has no surface energy: {reason}")
    return missing
