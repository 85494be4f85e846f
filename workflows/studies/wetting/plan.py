"""The steps of a wetting study: what is computed after what, with which potential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..base import Step, numbered
from ..surfaces.phase_surfaces import N_SIZES

if TYPE_CHECKING:
    from .study import WettingStudy


class WettingPlan:
    """The steps of one study, gathered in the order in which they may run."""

    def __init__(self, study: WettingStudy) -> None:
        self.study = study
        self.steps: list[Step] = []

    def fill(self, planes: Sequence[tuple[str, str, Sequence[int]]], terminations: Sequence[str]) -> list[Step]:
        """Return all steps.

        Parameters
        ----------
        planes
            Of the stable phases: name, fingerprint of the relaxation, and Miller indices.
        terminations
            Of the substrate.
        """
        for phase, key, plane in planes:
            self._add("phase_surface", f"surface of {phase}{tuple(plane)}", N_SIZES, key=key, miller_index=list(plane))
        if not self.study.settings.substrate.amorphous:
            self._add("substrate_surface", f"surface of {self.study.surface_name}", N_SIZES)
        films = self._add_films(terminations[0])
        for termination in terminations:
            self._add_termination(termination, films)
        return self.steps

    def _add(self, method: str, title: str, n_results: int, after: Sequence[str] = (), **arguments: Any) -> str:
        self.steps.append(Step(method, title, numbered(title, n_results), arguments, after))
        return title

    def _slab(self, termination: str) -> str:
        """Return the title of the step that relaxes the slab, adding it the first time."""
        title = f"relax the {termination} slab"
        if all(step.title != title for step in self.steps):
            self._add("slab", title, 1, termination=termination)
        return title

    def _searched(self, potential: str) -> int:
        """Return how many places of each solute atom are relaxed: one where another potential has searched."""
        return self.study.settings.relaxed_occupations if potential == self.study.potential else 1

    def _add_films(self, termination: str) -> list[str]:
        """Add the free films, and the solute in and on them for each potential; return the steps of the latter."""
        frames = self.study.settings.frames
        slab = self._slab(termination)
        quenched = []
        for seed in range(self.study.settings.seeds):
            title = f"free film, seed {seed}"
            film = self._add("free_film", title, frames, [slab], termination=termination, seed=seed)
            # The first potential samples and searches; the others follow it.
            liquids: list[str] = []
            with_solute: list[str] = []
            for potential in self.study.potentials:
                more = {"potential": potential, "seed": seed}
                title = f"bulk liquid, seed {seed}, {potential}"
                liquids.append(self._add("bulk_liquid", title, frames, liquids[:1], **more))
                n_results = frames * (1 + 2 * self._searched(potential))
                title = f"solute in the film, seed {seed}, {potential}"
                with_solute.append(self._add("solute_in_film", title, n_results, with_solute[:1] or [film], **more))
            quenched += with_solute
        return quenched

    def _add_termination(self, termination: str, films: Sequence[str]) -> None:
        """Add the film on one termination: sampled once a seed, quenched frame by frame with every potential."""
        slab = self._slab(termination)
        solids = {
            potential: self._add(
                "solid", f"{termination} solid, {potential}", 1, [slab], termination=termination, potential=potential
            )
            for potential in self.study.potentials
        }
        quenched = self._add_quenches(termination, slab, solids)
        if self.study.settings.treatment == "free-energy":
            sampled = f"film on {termination}, seed 0"
            self._add("take_off", f"take the film off {termination}", 1, [sampled], termination=termination)
        dry = self._add_dry_faces(termination, solids, quenched)
        for potential in self.study.repeating_potentials:
            self._add(
                "single_points",
                f"single points on {termination}, {potential}",
                2 * self.study.settings.max_solute + 6,
                [*quenched, *dry, *films],
                termination=termination,
                potential=potential,
            )

    def _add_quenches(self, termination: str, slab: str, solids: dict[str, str]) -> list[str]:
        settings = self.study.settings
        quenched: list[str] = []
        for seed in range(settings.seeds):
            where: dict[str, Any] = {"termination": termination, "seed": seed}
            sampled = self._add("interface", f"film on {termination}, seed {seed}", settings.frames, [slab], **where)
            for frame in range(settings.frames):
                on_frame: list[str] = []
                for potential in self.study.potentials:
                    title = f"quench {termination}, seed {seed}, frame {frame}, {potential}"
                    n_results = 3 + settings.max_solute * self._searched(potential)
                    after = [*(on_frame[:1] or [sampled]), solids[potential]]
                    on_frame.append(
                        self._add("quench", title, n_results, after, **where, potential=potential, frame=frame)
                    )
                quenched += on_frame
        return quenched

    def _add_dry_faces(self, termination: str, solids: dict[str, str], quenched: Sequence[str]) -> list[str]:
        dry: list[str] = []
        for potential in self.study.potentials:
            # The sampling potential also takes its films off, the others follow it.
            after = [dry[0], solids[potential]] if dry else [*quenched, solids[potential]]
            own = potential == self.study.potential
            n_results = self.study.settings.max_solute * (self._searched(potential) + own)
            title = f"dry {termination} face, {potential}"
            dry.append(self._add("dry_face", title, n_results, after, termination=termination, potential=potential))
        return dry
