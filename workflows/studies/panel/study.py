"""Pure liquid on many clean solids, with every dispersion model: works of adhesion beside measured angles."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from ....errors import InputError
from ..base import Step, Study, step
from ..films.cells import Role
from ..films.free_energy import take_off
from ..films.quench import first_frame, lowest, quench_film_alone, quench_frame, repeat_as_single_points
from ..films.settings import FilmOnSolidSettings
from ..films.steps import (
    chosen_terminations,
    quench_bulk_liquid,
    relax_carried_bulk,
    relax_slab,
    relax_solid,
    sample_film,
    sample_interface,
)
from ..films.stored import StoredFilms
from ..films.study import FilmStudy
from ..films.surface_states import Carried
from .plan import PanelPlan
from .settings import PanelSettings

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ....reports.panel.model import PanelReport
    from ....reports.sections import ReportSection
    from ...job import Job
    from .settings import PanelSolidSettings


logger = logging.getLogger(__name__)


class SolidOnPanel(FilmStudy[FilmOnSolidSettings, StoredFilms]):
    """The films on one solid of the panel."""

    name: ClassVar = "panel"
    section: ClassVar = "panel"
    settings_class: ClassVar = PanelSettings

    def __init__(self, job: Job, settings: PanelSettings, solid: PanelSolidSettings) -> None:
        self.job = job
        self.solid = solid
        self.settings = settings.of(solid)

    @cached_property
    def terminations(self) -> list[str]:
        """Those of its face that carry films; see :func:`~..films.steps.chosen_terminations` for what is raised."""
        return chosen_terminations(self)

    @property
    def carries(self) -> Carried:
        """What its face carries."""
        return self.settings.substrate.surface

    def plan(self) -> Sequence[Step]:
        """Return nothing: the panel plans the steps of all solids."""
        return []

    def computed(self) -> list[AtomsRow]:
        """Return the rows of this solid."""
        return [row for role in Role for row in self.all_rows(role)]

    def results(self) -> StoredFilms:
        """Return its films as the database knows them."""
        crystals = self.rows(Role.SUBSTRATE)
        formula = crystals[0].reduced_formula if crystals else self.settings.substrate.label
        return StoredFilms(
            self.database,
            self.key,
            self.settings.substrate.label,
            formula,
            self.settings.substrate.miller_index,
            self.settings.solvent,
            self.potential,
            within=self.owns,
        )

    def sections(self, results: StoredFilms) -> Sequence[ReportSection]:  # noqa: ARG002
        """Return nothing: the panel shows all solids in one section."""
        return []


class PanelStudy(Study[PanelSettings, "PanelReport"]):
    """Films of a pure liquid on each of several solids."""

    name: ClassVar = "panel"
    section: ClassVar = "panel"
    settings_class: ClassVar = PanelSettings
    needs_systems: ClassVar = False

    @cached_property
    def members(self) -> list[SolidOnPanel]:
        """The solids, in the order of the input."""
        return [SolidOnPanel(self.job, self.settings, solid) for solid in self.settings.solids]

    @property
    def potentials(self) -> tuple[str, ...]:
        """Names of all potentials that it computes with, those of single points included."""
        return tuple(dict.fromkeys(name for one in self.members for name in one.all_potentials))

    @property
    def keys(self) -> tuple[str, ...]:
        """Those of the films on each solid."""
        return tuple(member.key for member in self.members)

    def plan(self) -> Sequence[Step]:
        """Return the steps of every solid, and those of the liquid alone, as far as the database lacks them."""
        return PanelPlan(self).fill()

    @step
    def slab(self, solid: int, termination: str) -> None:
        """Relax the crystal of a solid and the slab that carries the film."""
        with self._told_by_results():
            relax_slab(self.members[solid], termination)

    @step
    def carried_bulk(self, solid: int) -> None:
        """Relax the crystal of what the face of a solid carries, which its binding to the face refers to."""
        with self._told_by_results():
            relax_carried_bulk(self.members[solid])

    @step
    def solid(self, solid: int, termination: str, potential: str) -> None:
        """Relax the slab once more with one of the potentials, held as under a film."""
        with self._told_by_results():
            relax_solid(self.members[solid], potential, termination)

    @step
    def film(self, solid: int, termination: str, seed: int) -> None:
        """Melt a film on the solid and store frames of it."""
        with self._told_by_results():
            sample_interface(self.members[solid], termination, seed)

    @step
    def quench(self, solid: int, termination: str, seed: int, frame: int, potential: str) -> None:
        """Quench one frame of the film on the solid, and its parts alone."""
        with self._told_by_results():
            quench_frame(self.members[solid], potential, termination, seed, frame)

    @step
    def free_film(self, seed: int) -> None:
        """Melt a free film in the cell of the first solid and store frames of it."""
        with self._told_by_results():
            sample_film(self.members[0], self.members[0].terminations[0], seed)

    @step
    def liquid(self, potential: str, seed: int) -> None:
        """Quench the frames of the free film, and those of the bulk liquid."""
        with self._told_by_results():
            quench_bulk_liquid(self.members[0], potential, seed)
            for frame in range(self.settings.frames):
                quench_film_alone(self.members[0], potential, seed, frame)

    @step
    def single_points(self, solid: int, termination: str, potential: str) -> None:
        """Take energies of the first frame, of its parts, and of the liquid alone, with another potential."""
        member = self.members[solid]
        base = member.base_of(potential)
        where = {"potential": base, "termination": termination}
        first = first_frame(member.rows(Role.INTERFACE, n_solute=0, **where))
        rows = [*lowest(member.rows(Role.SOLID, **where))]
        if first is not None:
            rows += member.rows(Role.INTERFACE, n_solute=0, **where, **first)
            rows += member.rows(Role.DETACHED_FILM, **where, **first)
        if solid == 0:
            rows += lowest(member.rows(Role.FILM, potential=base))
            rows += lowest(member.rows(Role.BULK_LIQUID, potential=base))
        repeat_as_single_points(member, rows, potential, base)

    @step
    def take_off(self, solid: int, termination: str) -> None:
        """Take the first film off the solid reversibly."""
        with self._told_by_results():
            take_off(self.members[solid], termination, seed=0)

    @contextlib.contextmanager
    def _told_by_results(self) -> Iterator[None]:
        """A solid that fails must not take the others with it: the results say why it is missing, and the log, too."""
        try:
            yield
        except InputError as error:
            logger.warning("panel: %s", error)

    def computed(self) -> list[AtomsRow]:
        """Return the rows of all solids."""
        return [row for member in self.members for row in member.computed()]

    def results(self) -> PanelReport:
        """Return the work of adhesion on each solid with each method, beside measured angles."""
        from .results import panel_report

        return panel_report(self)

    def sections(self, results: PanelReport) -> Sequence[ReportSection]:
        """Return the section of the panel."""
        from ....reports.panel.section import panel_section

        return [panel_section(results)]

    def report_parts(self) -> dict[str, Callable[[], Sequence[ReportSection]]]:
        """Return the mechanisms beside a wetting study of the same job, and the panel."""
        own = super().report_parts()
        return own if self.job.spec.wetting is None else {"mechanisms": self._mechanisms, **own}

    def _mechanisms(self) -> Sequence[ReportSection]:
        from ....reports.mechanisms import mechanisms_section
        from ..wetting.study import WettingStudy
        from .mechanisms import cleanings, mechanisms

        wetting, panel = WettingStudy(self.job).results(), self.results()
        found = mechanisms(wetting, panel, self.settings)
        return [mechanisms_section(found, wetting.observed, wetting.solute, cleanings(wetting, panel))]
