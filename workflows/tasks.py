"""The Firetasks: two for all studies, which plan and run their steps, and one for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from ..calculators.potentials.names import get_potential
from ..errors import InputError
from ..permissions import check_path
from .job import Job
from .job_comparison import write_job_comparison
from .output_folder import report_folder
from .report import report_of_job
from .studies.base import Step
from .studies.registry import get_study_class


@explicit_serialize
class PlanStudy(FiretaskBase):
    """Add the steps of a study, as far as the database lacks their results."""

    required_params = ("workflow", "study")
    optional_params = ("of_what",)  # ends the names of its steps, where others have the same

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        """Plan the study, and hand the manifest of the job on."""
        job = Job.of_document(self["workflow"], fw_spec.get("manifest"))
        manifest = fw_spec.get("manifest") or {
            "fingerprints": dict(job.fingerprints),
            "fresh_after": job.database.last_id(),
        }
        study = get_study_class(self["study"])(job)
        steps = study.plan()
        made = fireworks_of(steps, self["workflow"], self["study"], str(self.get("of_what", "")))
        for firework in made:
            firework.spec["identities"] = {str(name): found for name, found in study.identities.items()}
        return FWAction(
            stored_data={"steps": [step.title for step in steps]},
            update_spec={"manifest": manifest},
            detours=Workflow(made) if made else None,
        )


@explicit_serialize
class RunStep(FiretaskBase):
    """Run one step of a study; what it finds is in the database afterwards."""

    required_params = ("workflow", "study", "step", "arguments")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        """Run the step, unless a potential is no longer what it was planned for."""
        job = Job.of_document(self["workflow"], fw_spec.get("manifest"))
        study = get_study_class(self["study"])(job)
        _check_identities(study.identities, fw_spec.get("identities", {}))
        study.run(self["step"], self["arguments"])
        return FWAction()


@explicit_serialize
class WriteReport(FiretaskBase):
    """Write the report: the hulls and what the other studies of the job found."""

    required_params = ("workflow",)

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        """Write the files, and note where they are."""
        manifest = fw_spec["manifest"]
        job = Job.of_document(self["workflow"], manifest)
        folder = report_folder(job.spec.output_dir, job.spec.potential)
        paths = report_of_job(job, folder, fresh_after=int(manifest["fresh_after"]))
        return FWAction(stored_data={"paths": {key: str(path) for key, path in paths.items()}})


@explicit_serialize
class WriteComparison(FiretaskBase):
    """Write the comparison of the same job with several potentials, from what each of them found."""

    required_params = ("workflows", "output")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - each job finds its own results
        """Write the files, and note where they are."""
        check_path(Path(self["output"]), "output")
        paths = write_job_comparison([Job.of_document(one) for one in self["workflows"]], Path(self["output"]))
        return FWAction(stored_data={"paths": {key: str(path) for key, path in paths.items()}})


def _check_identities(now: Mapping[str, str], planned: Mapping[str, str]) -> None:
    """Refuse a calculator that is not the one for which the step was planned: nobody would find its results."""
    for name, identity in planned.items():
        if now.get(name, identity) != identity:
            raise InputError(
                f"potential {name!r} is not what it was when the job was planned: its code, settings or files changed"
                " since, or differ from process to process (docs/potentials.md says what counts); run the job again"
            )


def fireworks_of(steps: Sequence[Step], document: dict[str, Any], study: str, of_what: str = "") -> list[Firework]:
    """Return a Firework for each step, each after those that it names.

    Parameters
    ----------
    steps
        A plan, in an order in which it could run.
    document
        The input as plain JSON.
    study
        Name of the study.
    of_what
        Ends their names, where other steps of the workflow have the same.
    """
    made: dict[str, Firework] = {}
    for step in steps:
        if step.title in made:
            raise ValueError(f"{study}: two steps are called {step.title!r}")
        task = RunStep(workflow=document, study=study, step=step.method, arguments=dict(step.arguments))
        made[step.title] = Firework(
            [task],
            spec={
                "workflow_name": document["name"],
                "potential": str(get_potential(document["potential"]).name),
                "structures": list(step.results),
            },
            name=step.title + of_what,
            parents=[made[title] for title in step.after],
        )
    return list(made.values())
