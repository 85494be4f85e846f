"""The workflow of a job, and its place in the LaunchPad: submitted once, resumed when interrupted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fireworks import FiretaskBase, Firework, Workflow

from .. import __version__
from ..calculators.registry import get_potential
from .candidates import gather_candidates
from .database import StructureDatabase
from .fingerprint import fingerprint, potential_identity
from .phase_surfaces import STUDY
from .phonon_tasks import PlanPhonons, failed_phonon_keys
from .solutions_tasks import PlanSolutions, study_of
from .stability_candidates import stability_keys
from .stability_tasks import PlanStability
from .surfaces_steps import ADHESION
from .surfaces_tasks import PlanSurfaces
from .tasks import AssembleHulls, BuildStructures, WriteReport
from .wetting_study import WettingStudy
from .wetting_tasks import PlanWetting

if TYPE_CHECKING:
    from fireworks import LaunchPad

    from .spec import WorkflowSpec

# Section of the input, the task that adds the steps of the study, and its name.
STUDIES: tuple[tuple[str, type[FiretaskBase], str], ...] = (
    ("phonons", PlanPhonons, "plan the phonons"),
    ("surfaces", PlanSurfaces, "plan the surfaces"),
    ("solutions", PlanSolutions, "plan the solutions"),
    ("stability", PlanStability, "plan the stability study"),
    ("wetting", PlanWetting, "plan the wetting study"),
)


@dataclass(frozen=True)
class Submission:
    """A workflow in the LaunchPad: the ids of its first Fireworks, and whether an unfinished one was found again."""

    fw_ids: tuple[int, ...]
    resumed: bool


def spec_document(spec: WorkflowSpec) -> dict[str, Any]:
    """Return the input as plain JSON with absolute paths, so that a worker may run anywhere on the machine."""
    document = spec.model_dump(mode="json")
    document["output"] = str(spec.output_dir)
    document["database"] = str(spec.database_path)
    if spec.wetting is not None and spec.wetting.substrate.file is not None:
        document["wetting"]["substrate"]["file"] = str(spec.wetting.substrate.file.expanduser().resolve())
    return document


def job_key(spec: WorkflowSpec) -> str:
    """Return the key that two submissions of the same input share; of a user's calculator, with the same code."""
    own = [potential_identity(get_potential(spec.potential))] if ":" in spec.potential else []
    content = json.dumps([spec_document(spec), __version__, *own], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def build_workflow(spec: WorkflowSpec) -> Workflow:
    """Return the workflow: build, then (added once the structures are known) relax in batches, hull, report.

    The studies that the input has a section for come one after the other; each adds its steps once the hull is known.
    """
    document = spec_document(spec)
    common = {"workflow_name": spec.name, "systems": list(spec.systems), "potential": spec.potential}
    build = Firework([BuildStructures(workflow=document)], spec=dict(common), name="build structures")
    # Some relaxations may have failed for good reasons; the hull is built from the others and says so.
    hull = Firework([AssembleHulls(workflow=document)], spec=dict(common), name="assemble hulls", parents=[build])
    steps = [build, hull]
    for section, plan, name in STUDIES:
        if getattr(spec, section) is not None:
            steps.append(Firework([plan(workflow=document)], spec=dict(common), name=name, parents=[steps[-1]]))
    steps.append(
        Firework([WriteReport(workflow=document)], spec=dict(common), name="write report", parents=[steps[-1]])
    )
    metadata = {"job": job_key(spec), "systems": list(spec.systems), "potential": spec.potential}
    metadata["output"] = str(spec.output_dir)
    return Workflow(steps, name=spec.name, metadata=metadata)


def submit(spec: WorkflowSpec, launchpad: LaunchPad, *, retry_failed: bool = False) -> Submission:
    """Put the job into the LaunchPad, or find the unfinished one that the same input put there before.

    Fizzled Fireworks of an unfinished job are made ready again. With ``retry_failed`` the relaxations that failed
    are forgotten, so that they are tried once more.
    """
    if retry_failed:
        candidates, _ = gather_candidates(spec)
        potential, settings = get_potential(spec.potential), spec.relaxation.settings()
        keys = [fingerprint(item.atoms, potential, settings) for item in candidates]
        database = StructureDatabase(spec.database_path)
        if spec.wetting is not None:
            failed = database.select(f"study={WettingStudy.of(spec).key},converged=False")
            keys += [row.fingerprint for row in failed]
        if spec.phonons is not None:
            keys += failed_phonon_keys(spec)
        if spec.solutions is not None:
            failed = database.select(f"study={study_of(spec).key},converged=False")
            keys += [row.fingerprint for row in failed]
        if spec.stability is not None:
            keys += stability_keys(spec)
        if spec.surfaces is not None:
            for study in (STUDY, ADHESION):
                query = f"study={study},potential={spec.potential},converged=False"
                keys += [row.fingerprint for row in database.select(query)]
        database.forget_failed(keys)
    unfinished = launchpad.workflows.find_one(
        {"metadata.job": job_key(spec), "state": {"$nin": ["COMPLETED", "ARCHIVED", "DEFUSED"]}}
    )
    if unfinished:
        nodes = tuple(unfinished["nodes"])
        for fw_id in launchpad.get_fw_ids({"fw_id": {"$in": list(nodes)}, "state": "FIZZLED"}):
            launchpad.rerun_fw(fw_id)
        return Submission(nodes, resumed=True)
    ids = launchpad.add_wf(build_workflow(spec))
    return Submission(tuple(sorted(ids.values())), resumed=False)


def workflow_nodes(launchpad: LaunchPad, fw_id: int) -> list[int]:
    """Return the ids of all Fireworks in the workflow of ``fw_id``, those added while it ran included."""
    document = launchpad.workflows.find_one({"nodes": fw_id}, {"nodes": 1})
    return list(document["nodes"]) if document else []
