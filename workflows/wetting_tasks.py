"""The Firetasks of a wetting study: each unpacks its spec and calls one plain function, which stores what it finds."""

from __future__ import annotations

from typing import Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from .database import StructureDatabase
from .dry_face import fill_dry_face
from .phase_surfaces import N_SIZES, relax_phase_surface, relax_surface, stable_phase_surfaces
from .quench import quench_film, quench_interface
from .single_points import repeat_with
from .spec import WorkflowSpec
from .wetting_steps import (
    chosen_terminations,
    quench_bulk_liquid,
    relax_slab,
    relax_solid,
    relax_substrate,
    sample_film,
    sample_interface,
)
from .wetting_study import WettingStudy


@explicit_serialize
class PlanWetting(FiretaskBase):
    """Relax the substrate and, now that the stable phases are known, add the steps of the study."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        spec = WorkflowSpec.model_validate(self["workflow"])
        database = StructureDatabase(spec.database_path)
        study = WettingStudy.of(spec)
        relax_substrate(study, database)  # once, before several steps ask for it
        terminations = chosen_terminations(study)
        planes = stable_phase_surfaces(spec, database, fw_spec["manifest"]["fingerprints"])
        steps = _Steps(self["workflow"], spec)
        for phase, key, miller_index in planes:
            name, plane = f"surface of {phase}", list(miller_index)
            steps.add("phase surface", name, N_SIZES, fingerprint=key, miller_index=plane)
        if not study.section.substrate.amorphous:
            steps.add("substrate surface", f"surface of {study.surface_name}", N_SIZES)
        films = _add_films(steps, study, terminations[0])
        for termination in terminations:
            _add_termination(steps, study, termination, films)
        return FWAction(
            stored_data={"terminations": terminations, "phase_surfaces": [list(plane) for plane in planes]},
            update_spec={"manifest": fw_spec["manifest"], "terminations": terminations},
            detours=Workflow(steps.fireworks),
        )


class _Steps:
    """Fireworks of one study, each with as many structures as the progress bar will see of it."""

    def __init__(self, document: dict[str, Any], spec: WorkflowSpec) -> None:
        self.document = document
        self.common = {"workflow_name": spec.name, "potential": spec.potential}
        self.fireworks: list[Firework] = []

    def add(
        self, step: str, name: str, n_results: int, *, parents: list[Firework] | None = None, **arguments: Any
    ) -> Firework:
        firework = Firework(
            [WettingStep(workflow=self.document, step=step, arguments=arguments)],
            spec={**self.common, "structures": [f"{name} {number}" for number in range(n_results)]},
            name=name,
            parents=parents or [],
        )
        self.fireworks.append(firework)
        return firework


def _add_films(steps: _Steps, study: WettingStudy, termination: str) -> list[Firework]:
    """Add the free films, and the solute in and on them for each potential; return the Fireworks of the latter."""
    section = study.section
    slab = steps.add("slab", f"relax the {termination} slab", 1, termination=termination)
    quenched = []
    for seed in range(section.seeds):
        film = steps.add(
            "free film", f"free film, seed {seed}", section.frames, parents=[slab], termination=termination, seed=seed
        )
        # The first potential samples and searches; the others follow it.
        liquids: list[Firework] = []
        with_solute: list[Firework] = []
        for potential in study.potentials:
            more = {"potential": potential, "seed": seed}
            what = f"bulk liquid, seed {seed}, {potential}"
            liquids.append(steps.add("bulk liquid", what, section.frames, parents=liquids[:1], **more))
            n_results = section.frames * (1 + 2 * _searched(study, potential))
            what = f"solute in the film, seed {seed}, {potential}"
            with_solute.append(steps.add("solute in film", what, n_results, parents=with_solute[:1] or [film], **more))
        quenched += with_solute
    return quenched


def _searched(study: WettingStudy, potential: str) -> int:
    """Return how many places of each solute atom are relaxed: one where another potential has searched."""
    return study.section.relaxed_occupations if potential == study.potential else 1


def _add_termination(steps: _Steps, study: WettingStudy, termination: str, films: list[Firework]) -> None:
    """Add the film on one termination: sampled once a seed, quenched frame by frame with every potential."""
    section = study.section
    slab = next((step for step in steps.fireworks if step.name == f"relax the {termination} slab"), None)
    slab = slab or steps.add("slab", f"relax the {termination} slab", 1, termination=termination)
    solids = {}
    for potential in study.potentials:
        more = {"termination": termination, "potential": potential}
        solids[potential] = steps.add("solid", f"{termination} solid, {potential}", 1, parents=[slab], **more)
    quenched: list[Firework] = []
    for seed in range(section.seeds):
        where: dict[str, Any] = {"termination": termination, "seed": seed}
        sampled = steps.add("interface", f"film on {termination}, seed {seed}", section.frames, parents=[slab], **where)
        for frame in range(section.frames):
            on_frame: list[Firework] = []
            for potential in study.potentials:
                name = f"quench {termination}, seed {seed}, frame {frame}, {potential}"
                parents = [*(on_frame[:1] or [sampled]), solids[potential]]
                n_results = 3 + section.max_solute * _searched(study, potential)
                arguments = {**where, "potential": potential, "frame": frame}
                on_frame.append(steps.add("quench", name, n_results, parents=parents, **arguments))
            quenched += on_frame
    dry: list[Firework] = []
    for potential in study.potentials:
        # The sampling potential also takes its films off, the others follow it.
        parents = [dry[0], solids[potential]] if dry else [*quenched, solids[potential]]
        n_results = section.max_solute * (_searched(study, potential) + (potential == study.potential))
        name, more = f"dry {termination} face, {potential}", {"termination": termination, "potential": potential}
        dry.append(steps.add("dry face", name, n_results, parents=parents, **more))
    for potential in study.single_points:
        parents = [*quenched, *dry, *films]
        steps.add(
            "single points",
            f"single points on {termination}, {potential}",
            2 * section.max_solute + 6,
            parents=parents,
            termination=termination,
            potential=potential,
        )


@explicit_serialize
class WettingStep(FiretaskBase):
    """One step of a study, by name."""

    required_params = ("workflow", "step", "arguments")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        spec = WorkflowSpec.model_validate(self["workflow"])
        run_step(spec, self["step"], self["arguments"])
        return FWAction()


def run_step(spec: WorkflowSpec, step: str, arguments: dict[str, Any]) -> None:
    """Run one step of the study of ``spec``; what it finds is in the database afterwards."""
    study, database = WettingStudy.of(spec), StructureDatabase(spec.database_path)
    if step == "phase surface":
        relax_phase_surface(spec, database, arguments["fingerprint"], tuple(arguments["miller_index"]))
    elif step == "substrate surface":
        plane = study.section.substrate.miller_index
        relax_surface(spec, database, study.section.substrate.label, relax_substrate(study, database), plane)
    elif step == "slab":
        relax_slab(study, database, **arguments)
    elif step == "solid":
        relax_solid(study, database, **arguments)
    elif step == "interface":
        sample_interface(study, database, **arguments)
    elif step == "free film":
        sample_film(study, database, **arguments)
    elif step == "quench":
        quench_interface(study, database, **arguments)
    elif step == "solute in film":
        for frame in range(study.section.frames):
            quench_film(study, database, frame=frame, **arguments)
    elif step == "bulk liquid":
        quench_bulk_liquid(study, database, **arguments)
    elif step == "dry face":
        fill_dry_face(study, database, **arguments)
    elif step == "single points":
        repeat_with(study, database, **arguments)
    else:
        raise ValueError(f"unknown step {step!r}")
