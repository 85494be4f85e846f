"""The Firetasks of a ``solutions`` section: the film first, then one Firework for each solute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from .database import StructureDatabase
from .handing_on import handed_on
from .solutions_steps import SolutionStudy

if TYPE_CHECKING:
    from .spec import WorkflowSpec


@explicit_serialize
class PlanSolutions(FiretaskBase):
    """Add the step of the film and, after it, that of each solute."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        from .spec import WorkflowSpec

        spec = WorkflowSpec.model_validate(self["workflow"])
        study = study_of(spec)
        common = {"workflow_name": spec.name, "potential": spec.potential}
        section = study.section

        def firework(solute: str | None, name: str, count: int, parents: list[Firework]) -> Firework:
            task = SolutionStep(workflow=self["workflow"], solute=solute)
            structures = [f"{name} {number}" for number in range(count)]
            return Firework([task], spec={**common, "structures": structures}, name=name, parents=parents)

        film = firework(None, f"film of {section.solvent}", 2 * section.frames, [])
        steps = [
            firework(solute, f"{solute} in {section.solvent}", section.frames * section.places, [film])
            for solute in section.solutes_of(spec.systems)
        ]
        return FWAction(
            update_spec=handed_on(fw_spec),
            detours=Workflow([film, *steps]),
        )


@explicit_serialize
class SolutionStep(FiretaskBase):
    """Sample the film, or put one solute into it."""

    required_params = ("workflow", "solute")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        from .spec import WorkflowSpec

        study = study_of(WorkflowSpec.model_validate(self["workflow"]))
        if self["solute"] is None:
            study.sample()
        else:
            study.dissolve(self["solute"])
        return FWAction()


def study_of(spec: WorkflowSpec) -> SolutionStudy:
    """Return the study that the section of ``spec`` asks for."""
    if spec.solutions is None:
        raise ValueError(f"{spec.name} has no solutions section")
    return SolutionStudy(spec.solutions, spec.potential, StructureDatabase(spec.database_path))
