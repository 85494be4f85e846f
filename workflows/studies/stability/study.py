"""Reactions of electrolytes with metals and amalgams: the crystals that this needs, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ....structures.distortions import rattled
from ...database.candidates import Candidate, gather_candidates
from ..base import Step
from ..crystal_study import Crystals, CrystalStudy
from ..hulls.settings import StructureSettings
from .analysis import StabilityOptions, stabilities
from .settings import StabilitySettings

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.sections import ReportSection
    from ....reports.stability.model import ElectrolyteStability

# A model of high symmetry may be a saddle point: the octahedra of LLTO tilt.
RATTLE = 0.05
_STEPS_OF_ELECTROLYTES = 1000
"""Least number of steps allowed: displaced at random, large cells take longer than most crystals of a hull."""


@dataclass(frozen=True)
class Stabilities:
    """The stability of each electrolyte, and why others have none."""

    electrolytes: list[ElectrolyteStability]
    problems: list[str]


class StabilityStudy(CrystalStudy[StabilitySettings, Stabilities]):
    """Electrolytes, and every library phase that they can become in contact with an electrode."""

    name: ClassVar = "stability"
    section: ClassVar = "stability"
    settings_class: ClassVar = StabilitySettings

    @cached_property
    def crystals(self) -> Crystals:
        """The crystals that are needed, with how each is relaxed.

        Those that are in the job's hulls too are the same calculations, and so are done once.
        """
        spec = self.job.spec
        settings = spec.relaxation.settings()
        systems = tuple(dict.fromkeys(self.settings.systems().values()))
        structures = StructureSettings(library=True, prototypes=False)
        products, _ = gather_candidates(spec.model_copy(update={"systems": systems, "structures": structures}))
        known = {candidate.name for candidate in products}
        patient = replace(settings, max_steps=max(settings.max_steps, _STEPS_OF_ELECTROLYTES))
        electrolytes = [
            Candidate(
                name, "substrate", rattled(crystal, RATTLE), "electrolyte, displaced at random before it is relaxed"
            )
            for name, crystal in self.settings.crystals().items()
            if name not in known
        ]
        own = [
            Candidate(solid.label, "file", solid.crystal(), "given as a product") for solid in self.settings.products
        ]
        products = [*products, *(candidate for candidate in own if candidate.name not in known)]
        return [*((item, patient) for item in electrolytes), *((item, settings) for item in products)]

    def plan(self) -> Sequence[Step]:
        """Return a step for each batch of electrolytes and reaction products that are not in the database yet."""
        return self.relaxations(self.crystals)

    def computed(self) -> list[AtomsRow]:
        """Return the relaxations of these crystals."""
        return list(self.database.find_all(self.keys_of(self.crystals)).values())

    def results(self) -> Stabilities:
        """Return reactions and windows from these crystals and those of the job."""
        keys = [*self.job.fingerprints.values(), *self.keys_of(self.crystals)]
        return Stabilities(*stabilities(StabilityOptions.of(self.settings), self.database, self.potential, keys))

    def sections(self, results: Stabilities) -> Sequence[ReportSection]:
        """Return the overview, and a section for each electrolyte."""
        from ....reports.stability.section import stability_report_sections

        return stability_report_sections(
            results.electrolytes, metal=self.settings.metal, solvent=self.settings.solvent, warnings=results.problems
        )
