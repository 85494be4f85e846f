"""The steps of a panel: what is computed after what, solid by solid."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....errors import InputError
from ..base import Step, numbered
from ..films.surface_states import Carried

if TYPE_CHECKING:
    from .study import PanelStudy, SolidOnPanel


class PanelPlan:
    """The steps of one panel, gathered in the order in which they may run."""

    def __init__(self, study: PanelStudy) -> None:
        self.study = study
        self.steps: list[Step] = []

    def fill(self) -> list[Step]:
        """Return all steps; a solid without a face that can carry a film has none, the results say why."""
        liquids: list[str] = []
        for number, member in enumerate(self.study.members):
            with contextlib.suppress(InputError):
                for termination in member.terminations:
                    slab = self._add(
                        "slab", f"relax {member.surface_name} {termination}", 1, solid=number, termination=termination
                    )
                    if not self.steps[1:]:
                        liquids = self._add_liquid(member, slab)
                    self._add_films(number, member, termination, slab, liquids)
                if member.carries is not Carried.CLEAN:
                    self._add("carried_bulk", f"crystal of what {member.surface_name} carries", 1, solid=number)
        return self.steps

    def _add(self, method: str, title: str, n_results: int, after: Sequence[str] = (), **arguments: Any) -> str:
        self.steps.append(Step(method, title, numbered(title, n_results), arguments, after))
        return title

    def _add_liquid(self, member: SolidOnPanel, slab: str) -> list[str]:
        """Add the free film and the bulk liquid, sampled once a seed, quenched with every potential."""
        settings, quenched = self.study.settings, []
        for seed in range(settings.seeds):
            film = self._add("free_film", f"free film, seed {seed}", settings.frames, [slab], seed=seed)
            before: list[str] = []
            for potential in member.potentials:
                title = f"free film and bulk liquid, seed {seed}, {potential}"
                before.append(
                    self._add(
                        "liquid", title, 2 * settings.frames, before[:1] or [film], seed=seed, potential=potential
                    )
                )
            quenched += before
        return quenched

    def _add_films(
        self, number: int, member: SolidOnPanel, termination: str, slab: str, liquids: Sequence[str]
    ) -> None:
        """Add the films on one face, their quenches and the single points on them."""
        settings, face = self.study.settings, f"{member.surface_name} {termination}"
        where: dict[str, Any] = {"solid": number, "termination": termination}
        solids = {
            potential: self._add("solid", f"{face} alone, {potential}", 1, [slab], **where, potential=potential)
            for potential in member.potentials
        }
        quenched = []
        for seed in range(settings.seeds):
            sampled = self._add("film", f"film on {face}, seed {seed}", settings.frames, [slab], **where, seed=seed)
            for frame in range(settings.frames):
                before: list[str] = []
                for potential in member.potentials:
                    title = f"quench {face}, seed {seed}, frame {frame}, {potential}"
                    after = [*(before[:1] or [sampled]), solids[potential]]
                    more = {"seed": seed, "frame": frame, "potential": potential}
                    before.append(self._add("quench", title, 3, after, **where, **more))
                quenched += before
        if settings.treatment == "free-energy":
            sampled = f"film on {face}, seed 0"
            self._add("take_off", f"take the film off {face}", 1, [sampled], **where)
        for potential in member.repeating_potentials:
            title = f"single points on {face}, {potential}"
            after = [*quenched, *(liquids if number == 0 else ())]
            self._add("single_points", title, 3, after, **where, potential=potential)
