"""The study that every job has: its crystals relaxed, and the convex hulls they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from ..base import Step
from ..crystal_study import Crystals, CrystalStudy
from .analysis import hull_report
from .settings import StructureSettings

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.model import Report
    from ....reports.sections import ReportSection


class HullStudy(CrystalStudy[StructureSettings, "Report"]):
    """Relaxations of the crystals of all systems of a job."""

    name: ClassVar = "hulls"
    section: ClassVar = "structures"
    settings_class: ClassVar = StructureSettings
    default_settings: ClassVar = StructureSettings()

    @property
    def crystals(self) -> Crystals:
        """The crystals that the input asks for, and how they are relaxed."""
        settings = self.job.spec.relaxation.settings()
        return [(candidate, settings) for candidate in self.job.candidates]

    def plan(self) -> Sequence[Step]:
        """Return a step for each batch of crystals that are not relaxed yet."""
        return self.relaxations(self.crystals)

    def computed(self) -> list[AtomsRow]:
        """Return the relaxations of the job."""
        return self.job.rows

    def results(self) -> Report:
        """Return the hull of each system with what the report says of its phases."""
        return hull_report(self.job.spec.name, self.job.spec.systems, self.job.rows)

    def sections(self, results: Report) -> Sequence[ReportSection]:
        """Return all systems side by side, where there are several."""
        from ....reports.hulls.overview_section import overview_section

        return [overview_section(results)] if len(results.systems) > 1 else []

    def report_parts(self) -> dict[str, Callable[[], Sequence[ReportSection]]]:
        """Return what follows from the hulls and the relaxed crystals: comparison, diffraction, electrochemistry."""
        from ....reports.amalgams.section import electrochemistry_sections
        from .diffraction import diffraction_sections

        spec = self.job.spec
        if not spec.systems:
            return {}
        return {
            "against experiment": lambda: self.sections(self.results()),
            "diffraction": lambda: diffraction_sections(spec.systems, self.job.rows, self.job.hulls),
            "electrochemistry": lambda: electrochemistry_sections(self.job.hulls, spec.potential),
        }
