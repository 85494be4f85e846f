"""The steps of a wetting study: what is computed after what, with which potential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....calculators.potentials.names import get_potential
from ..base import Step, numbered
from ..surfaces.phase_surfaces import N_SIZES

if TYPE_CHECKING:
    from .study import WettingStudy


class WettingPlan:
    """The steps of one study, gathered in an order in which they may run."""

    def __init__(self, study: WettingStudy) -> None:
        self.study = study
        self.steps: list[Step] = []
        self._crystals: list[str] = []

    def phase_surfaces(self, planes: Sequence[tuple[str, str, Sequence[int]]]) -> list[Step]:
        """Return the steps that need the hull: the surfaces of the stable phases.

        Parameters
        ----------
        planes
            Name of each phase, fingerprint of its relaxation, and Miller indices.
        """
        for phase, key, plane in planes:
            self._add("phase_surface", f"surface of {phase}{tuple(plane)}", N_SIZES, key=key, miller_index=list(plane))
        return self.steps

    def films(self, terminations: Sequence[str], n_variants: int) -> list[Step]:
        """Return the steps that need no hull: the substrate, and films on it and alone.

        Parameters
        ----------
        terminations
            Of the substrate.
        n_variants
            How many variants of its crystal are relaxed.
        """
        label = self.study.settings.substrate.label
        for variant in range(n_variants):
            self._crystals.append(self._add("substrate", f"crystal of {label}, variant {variant}", 1, variant=variant))
        if not self.study.settings.substrate.amorphous:
            self._add("substrate_surface", f"surface of {self.study.surface_name}", N_SIZES, self._crystals)
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
            self._add("slab", title, 1, self._crystals, termination=termination)
        return title

    def _searched(self, potential: str) -> int:
        """Return how many places of each solute atom are relaxed: one where another potential has searched."""
        return self.study.settings.relaxed_occupations if potential == self.study.potential else 1

    def _add_films(self, termination: str) -> list[str]:
        """Add the free films, the solute in and on them and the bulk liquid, for each potential; return the latter."""
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
            quenched += [*with_solute, *liquids]
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
            sampled = self._film(termination, 0, self.study.settings.frames - 1)
            self._add("take_off", f"take the film off {termination}", 1, [sampled], termination=termination)
        dry = self._add_dry_faces(termination, solids, quenched)
        for potentials in self._sharing_dispersion():
            self._add_single_points(termination, potentials, [*quenched, *dry, *films])

    def _sharing_dispersion(self) -> list[list[str]]:
        """Return the potentials of single points, together those that have one dispersion energy of one structure.

        Its three-body sums take most of the time, and are remembered within a process.
        """
        together: dict[tuple[str | None, ...], list[str]] = {}
        for name in self.study.repeating_potentials:
            known = get_potential(name)
            shared = (known.dispersion, known.functional, self.study.base_of(name))
            together.setdefault(shared if known.dispersion else (name,), []).append(name)
        return list(together.values())

    def _add_single_points(self, termination: str, potentials: Sequence[str], last: Sequence[str]) -> None:
        """Add those on the first frame, once it is quenched, and the others, after ``last``."""
        settings, names = self.study.settings, " and ".join(potentials)
        first, *others = map(str, potentials)
        what: dict[str, Any] = {"termination": termination, "potential": first}
        if others:
            what["others"] = others
        title = f"single points on the first film on {termination}, {names}"
        quenched = self._quench(termination, 0, 0, self.study.base_of(first))
        n_results = len(potentials) * (settings.max_solute + 2)
        before = self._add("first_single_points", title, n_results, [quenched], **what)
        n_results = len(potentials) * (settings.max_solute + 4)
        self._add("single_points", f"single points on {termination}, {names}", n_results, [*last, before], **what)

    @staticmethod
    def _film(termination: str, seed: int, frame: int) -> str:
        return f"film on {termination}, seed {seed}, frame {frame}"

    @staticmethod
    def _quench(termination: str, seed: int, frame: int, potential: str) -> str:
        return f"quench {termination}, seed {seed}, frame {frame}, {potential}"

    def _add_quenches(self, termination: str, slab: str, solids: dict[str, str]) -> list[str]:
        settings = self.study.settings
        quenched: list[str] = []
        for seed in range(settings.seeds):
            where: dict[str, Any] = {"termination": termination, "seed": seed}
            sampled = slab
            for frame in range(settings.frames):
                # One step a frame: the first is quenched while the film is followed to the next.
                title = self._film(termination, seed, frame)
                sampled = self._add("interface", title, 1, [sampled], **where, frame=frame)
                on_frame: list[str] = []
                for potential in self.study.potentials:
                    title = self._quench(termination, seed, frame, potential)
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
