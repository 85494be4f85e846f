"""The Firetasks of a ``surfaces`` section: plan what to cut and join, then one Firework for each crystal or pair."""

from __future__ import annotations

from typing import Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from .database import StructureDatabase
from .handing_on import handed_on
from .phase_surfaces import N_SIZES
from .surfaces_phases import adhesion_rows, planes_of, surface_phases
from .surfaces_steps import interface_name, relax_adhesion, relax_planes


@explicit_serialize
class PlanSurfaces(FiretaskBase):
    """Relax the phases that the job does not hold, and add the steps."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        steps = plan_surfaces(self["workflow"], fw_spec["manifest"]["fingerprints"])
        return FWAction(
            stored_data={"steps": [step.name for step in steps]},
            update_spec=handed_on(fw_spec),
            detours=Workflow(steps) if steps else None,
        )


def plan_surfaces(document: dict[str, Any], fingerprints: dict[str, str]) -> list[Firework]:
    """Return the Fireworks of the section: one for all planes of a phase, one for each pair."""
    from .spec import WorkflowSpec

    spec = WorkflowSpec.model_validate(document)
    section = spec.surfaces
    if section is None:
        return []
    database = StructureDatabase(spec.database_path)
    common = {"workflow_name": spec.name, "potential": spec.potential}

    def firework(step: str, name: str, structures: list[str], **arguments: Any) -> Firework:
        task = SurfacesStep(workflow=document, step=step, arguments=arguments)
        return Firework([task], spec={**common, "structures": structures}, name=name)

    steps = []
    for name, row in surface_phases(spec, database, fingerprints, compute=True).items():
        planes = planes_of(section, row)
        slabs = [f"{name}{plane}, slab {number}" for plane in planes for number in range(N_SIZES)]
        listed = [list(plane) for plane in planes]
        steps.append(firework("surfaces", f"surfaces of {name}", slabs, fingerprint=row.fingerprint, planes=listed))
    crystals = adhesion_rows(spec, database, fingerprints, compute=True)
    for number, pair in enumerate(section.adhesion):
        film, substrate = crystals[pair.film], crystals[pair.substrate]
        title = interface_name(pair, film.name, substrate.name)
        parts = [f"{title}, part {index}" for index in range(2 + section.registries)]
        keys = {"film": film.fingerprint, "substrate": substrate.fingerprint}
        steps.append(firework("adhesion", title, parts, pair=number, **keys))
    return steps


@explicit_serialize
class SurfacesStep(FiretaskBase):
    """One step of the section, by name."""

    required_params = ("workflow", "step", "arguments")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        from .spec import WorkflowSpec

        run_surface_step(WorkflowSpec.model_validate(self["workflow"]), self["step"], self["arguments"])
        return FWAction()


def run_surface_step(spec: Any, step: str, arguments: dict[str, Any]) -> None:
    """Run one step; what it finds is in the database afterwards."""
    database = StructureDatabase(spec.database_path)
    if step == "surfaces":
        planes = [(int(h), int(k), int(i)) for h, k, i in arguments["planes"]]
        relax_planes(spec, database, arguments["fingerprint"], planes)
    elif step == "adhesion":
        relax_adhesion(spec, database, **arguments)
    else:
        raise ValueError(f"unknown step {step!r}")
