"""Amalgam films while a cell strips and plates: nothing but the hulls of the job is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from ....errors import InputError
from ..base import Step, Study
from .analysis import Angles, FreeEnergies, cycled_films
from .settings import HOST, CyclingSettings, metals_with_mercury

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.cycling.model import CyclingReport
    from ....reports.phonons.model import ThermalSystem
    from ....reports.sections import ReportSection
    from ....thermodynamics.hulls.hull import Hull


class CyclingStudy(Study[CyclingSettings, "CyclingReport"]):
    """Films of the job's amalgams through rest and cycles."""

    name: ClassVar = "cycling"
    section: ClassVar = "cycling"
    settings_class: ClassVar = CyclingSettings

    def plan(self) -> Sequence[Step]:
        """Return nothing: it follows from the hulls."""
        return []

    def computed(self) -> list[AtomsRow]:
        """Return nothing: there are no calculations of its own."""
        return []

    def results(self) -> CyclingReport:
        """Return the films of each metal, from the hulls of the job."""
        systems = metals_with_mercury(self.job.spec.systems)
        hulls = {hull.system: hull for hull in self.job.hulls}
        wanted = self.settings.metals or tuple(systems)
        found = {metal: hulls[systems[metal]] for metal in wanted if systems[metal] in hulls}
        angles, problem = self._angles()
        report = cycled_films(found, self.settings, self.potential, angles, free=self._free_energies())
        return replace(report, problems=(*report.problems, *problem))

    def sections(self, results: CyclingReport) -> Sequence[ReportSection]:
        """Return one section for all films."""
        from ....reports.cycling.section import cycling_sections

        return cycling_sections(results)

    def _free_energies(self) -> dict[str, FreeEnergies]:
        """Hulls of free energies by the metal, where the job has phonons of the phases."""
        if self.job.spec.phonons is None:
            return {}
        from ..phonons.study import PhononStudy

        def hulls_of(thermal: ThermalSystem) -> FreeEnergies:
            def at(kelvin: float) -> Hull | None:
                found = thermal.hull_with(kelvin, thermal.imaginary)
                return None if found is None else found.hull

            return FreeEnergies(at, thermal.potential)

        systems = {frozenset(one.system.split("-")): one for one in PhononStudy(self.job).results() if one.hulls}
        wanted = metals_with_mercury(self.job.spec.systems)
        return {
            metal: hulls_of(systems[key])
            for metal, system in wanted.items()
            if (key := frozenset(system.split("-"))) in systems
        }

    def _angles(self) -> tuple[Angles | None, list[str]]:
        """Angles of the saturated liquid in both limits of the job's wetting; or none, and why if it was asked for."""
        if self.job.spec.wetting is None or self.settings.contact_angles_deg is not None:
            return None, []
        from ..wetting.study import WettingStudy

        try:
            report = WettingStudy(self.job).results()
        except InputError as error:
            return None, [f"no contact angle of the job's wetting, so that the liquid touches everything: {error}"]
        if report.solvent != HOST:
            return None, [f"the job's wetting is of {report.solvent}, so that here the liquid touches everything"]
        point = report.curve.at(report.key_x[-1])
        limits = [one for one in (point.fresh, point.equilibrated) if one is not None]
        angles = Angles(
            min(one.theta_low_deg for one in limits),
            max(one.theta_high_deg for one in limits),
            f"wetting of {report.substrate} by {report.solute} in {report.solvent}, both limits of the dry face with"
            " their bands",
        )
        return angles, []
