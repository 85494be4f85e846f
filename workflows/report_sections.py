"""What a report holds beyond the hulls: the sections of each study, and why one that was asked for is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import InputError
from ..reports.electrochemistry_section import electrochemistry_sections
from ..reports.overview_section import overview_section
from .analysis import hull_report
from .diffraction_analysis import diffraction_sections
from .phonon_analysis import phonon_sections
from .row_hulls import hull_of_rows
from .solutions_analysis import solutions_sections
from .stability_analysis import StabilityOptions, stability_sections
from .stability_candidates import stability_keys
from .stored_study import get_study
from .surfaces_analysis import surfaces_sections, wulff_section_of
from .wetting_analysis import wetting_report
from .wetting_options import WettingOptions
from .wetting_study import WettingStudy

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..reports.sections import ReportSection
    from ..reports.wetting_model import WettingReport
    from .database import StructureDatabase
    from .spec import WorkflowSpec


def report_sections(
    spec: WorkflowSpec, database: StructureDatabase, rows: Sequence[AtomsRow], fingerprints: Mapping[str, str]
) -> tuple[list[ReportSection], list[str]]:
    """Return the sections of every study of the job, and a warning for each that has none.

    A study that failed does not take the report of the others with it.
    """
    hulls = [hull_of_rows(system, rows)[0] for system in spec.systems]
    studies: dict[str, Callable[[], list[ReportSection]]] = {}
    if len(spec.systems) > 1:
        studies["against experiment"] = lambda: [overview_section(hull_report(spec.name, spec.systems, rows))]
    studies["diffraction"] = lambda: diffraction_sections(spec.systems, rows, hulls)
    studies["electrochemistry"] = lambda: electrochemistry_sections(hulls, spec.potential)
    if (solutions := spec.solutions) is not None:
        studies["solutions"] = lambda: solutions_sections(solutions, database, spec.potential, hulls)
    if spec.phonons is not None:
        studies["phonons"] = lambda: phonon_sections(spec, database, fingerprints)
    if (stability := spec.stability) is not None:
        keys = [*fingerprints.values(), *stability_keys(spec)]
        studies["stability"] = lambda: stability_sections(
            StabilityOptions.of(stability), database, spec.potential, keys
        )
    if spec.surfaces is not None:
        studies["surfaces"] = lambda: surfaces_sections(spec, database, fingerprints)
    elif spec.wetting is not None:
        shapes = wulff_section_of(database, spec.potential, [row.name for row in rows])
        studies["equilibrium shapes"] = lambda: [shapes] if shapes is not None else []
    sections: list[ReportSection] = []
    warnings = []
    for name, build in studies.items():
        try:
            sections += build()
        except InputError as error:
            warnings.append(f"{name}: {error}")
    return sections, warnings


def wetting_of_job(
    spec: WorkflowSpec, database: StructureDatabase, terminations: Sequence[str]
) -> tuple[WettingReport | None, list[str]]:
    """Return the wetting report of the job, None without one, and why there is none where one was asked for."""
    if spec.wetting is None:
        return None, []
    study = WettingStudy.of(spec)
    try:
        stored = get_study(database, study=study.key)
        options = WettingOptions(
            temperature_K=spec.wetting.temperature_K,
            terminations=tuple(terminations),
            # Another job may have added others to the same study.
            potentials=stored.potentials_among((*study.potentials, *study.single_points)),
        )
        return wetting_report(spec.name, stored, options, preset=spec.wetting.preset), []
    except InputError as error:
        return None, [f"no contact angle: {error}"]
