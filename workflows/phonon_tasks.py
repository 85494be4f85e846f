"""The Firetasks of a ``phonons`` section: choose the phases once the hulls are known, then one Firework for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from .database import StructureDatabase
from .handing_on import handed_on
from .phonon_phases import phonon_phases, section_of
from .phonon_steps import ROLES, PhononStudy

if TYPE_CHECKING:
    from .spec import WorkflowSpec


@explicit_serialize
class PlanPhonons(FiretaskBase):
    """Add one Firework for each phase whose phonons are asked for and not in the database yet."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        from .spec import WorkflowSpec

        spec = WorkflowSpec.model_validate(self["workflow"])
        study = study_of(spec)
        phases = phonon_phases(spec, study.database, fw_spec["manifest"]["fingerprints"])
        missing = [row for row in phases.values() if not study.is_complete(row)]
        steps = [
            Firework(
                [PhononStep(workflow=self["workflow"], fingerprint=row.fingerprint)],
                spec={
                    "workflow_name": spec.name,
                    "potential": study.potential,
                    "structures": [f"{row.name}, {role}" for role in ROLES if role in study.roles],
                },
                name=f"phonons of {row.name}",
            )
            for row in missing
        ]
        return FWAction(
            stored_data={"phases": list(phases), "to_compute": len(steps)},
            update_spec=handed_on(fw_spec),
            detours=Workflow(steps) if steps else None,
        )


@explicit_serialize
class PhononStep(FiretaskBase):
    """Relax one phase tightly and compute its phonons."""

    required_params = ("workflow", "fingerprint")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        from .spec import WorkflowSpec

        study = study_of(WorkflowSpec.model_validate(self["workflow"]))
        row = study.database.find(self["fingerprint"])
        if row is None:
            raise RuntimeError(f"{study.database.path} has no relaxation {self['fingerprint']} any more")
        study.compute(row)
        found = study.find(row)
        return FWAction(stored_data={"converged": {role: bool(item.converged) for role, item in found.items()}})


def study_of(spec: WorkflowSpec) -> PhononStudy:
    """Return the phonons that the section of ``spec`` asks for."""
    section = section_of(spec)
    return PhononStudy(section, section.potential_of(spec), StructureDatabase(spec.database_path))


def failed_phonon_keys(spec: WorkflowSpec) -> list[str]:
    """Return the fingerprints of what failed before with the potential of the section, to be tried again."""
    study = study_of(spec)
    failed = study.database.select(f"potential={study.potential},kind=solid,converged=False")
    return [row.fingerprint for row in failed if row.get("role") in ROLES]
