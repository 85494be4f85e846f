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
from .studies.base import Step, Study
from .studies.registry import get_study_class, studies_of


@explicit_serialize
class PlanStudy(FiretaskBase):
    """Add the steps of a study, as far as the database lacks their results."""

    required_params = ("workflow", "study")
    # What ends the names of its steps, where others have the same; whether to plan what needs no other study.
    optional_params = ("of_what", "at_once")

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        """Plan the study, and hand the manifest of the job on, unless that is for others to do."""
        job = Job.of_document(self["workflow"], fw_spec.get("manifest"))
        study = get_study_class(self["study"])(job)
        if self.get("at_once"):
            return self._action(study, study.plan_at_once(), 0, {})
        manifest = fw_spec.get("manifest") or {
            "fingerprints": dict(job.fingerprints),
            "fresh_after": job.database.last_id(),
        }
        names = [one.name for one in studies_of(job.spec)]
        later = names[names.index(study.name) + 1 :]
        # Each of these is planned once the steps before it have ended, and most add some of their own.
        return self._action(study, study.plan(), 2 * len(later), {"manifest": manifest})

    def _action(
        self, study: Study[Any, Any], steps: Sequence[Step], waiting: int, handed_on: dict[str, Any]
    ) -> FWAction:
        made = fireworks_of(steps, self["workflow"], self["study"], str(self.get("of_what", "")), waiting=waiting)
        for firework in made:
            firework.spec["identities"] = {str(name): found for name, found in study.identities.items()}
        return FWAction(
            stored_data={"steps": [step.title for step in steps]},
            update_spec=handed_on,
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


def fireworks_of(
    steps: Sequence[Step], document: dict[str, Any], study: str, of_what: str = "", *, waiting: int = 0
) -> list[Firework]:
    """Return a Firework for each step, each after those that it names.

    What the most must wait for goes first, as long chains of steps set how long the whole takes.

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
    waiting
        Length of the chain of Fireworks that follows the last of them.
    """
    made: dict[str, Firework] = {}
    lengths = _chain_lengths(steps)
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
                "_priority": lengths[step.title] + waiting,
            },
            name=step.title + of_what,
            parents=[made[title] for title in step.after],
        )
    return list(made.values())


def _chain_lengths(steps: Sequence[Step]) -> dict[str, int]:
    """Return of each step how many must run one after the other from it on, itself included."""
    lengths: dict[str, int] = {}
    for step in reversed(steps):
        lengths.setdefault(step.title, 1)
        for title in step.after:
            lengths[title] = max(lengths.get(title, 1), lengths[step.title] + 1)
    return lengths
