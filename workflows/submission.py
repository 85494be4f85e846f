"""The workflow of a job, and its place in the LaunchPad: submitted once, resumed when interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireworks import Firework, Workflow

from .. import __version__
from ..calculators.potentials.custom import code_of
from ..calculators.potentials.names import get_potential
from ..errors import InputError
from ..structures.input.reader import split_index
from .database.fingerprint import digest
from .engine.document_shapes import find_fault
from .engine.leases import lease
from .engine.recovery import recover
from .job import Job
from .output_folder import folder_for
from .studies import studies_of
from .tasks import PlanStudy, WriteReport

if TYPE_CHECKING:
    from fireworks import LaunchPad

    from .spec import WorkflowSpec


@dataclass(frozen=True)
class Submission:
    """A workflow in the LaunchPad: the ids of its first Fireworks, and whether an unfinished one was found again."""

    fw_ids: tuple[int, ...]
    resumed: bool


def spec_document(spec: WorkflowSpec) -> dict[str, Any]:
    """Return the input as plain JSON with absolute paths, so that a worker may run anywhere on the machine.

    Without the address of the LaunchPad that it is stored in: who reads it there knows that, and it may be a secret.
    Nor does it hold a password: a worker finds that of the database in its own environment.
    """
    document: dict[str, Any] = spec.model_dump(mode="json")
    document["output"] = str(spec.output_dir)
    document["database"] = str(spec.database_address)
    return document


def job_key(spec: WorkflowSpec) -> str:
    """Return the key that two submissions of the same input share, as long as the same makes their energies."""
    job = Job.of(spec, {})
    identities = {study.name: study(job).identities for study in studies_of(spec)}
    return digest([spec_document(spec), __version__, identities])


def modules_of(spec: WorkflowSpec) -> tuple[str, ...]:
    """Return the modules, calls and files that the input names as potentials of its own, which its workers may use."""
    job = Job.of(spec, {})
    names = {spec.potential, *(name for study in studies_of(spec) for name in study(job).identities)}
    own = [found for name in names if (found := get_potential(name).own) is not None]
    return tuple(sorted({code for one in own for code in code_of(one)}))


def paths_of(spec: WorkflowSpec) -> tuple[Path, ...]:
    """Return the files that the input names and the folders of its report, which its workers may use."""
    document = spec_document(spec)
    files = [Path(split_index(file)[0]) for file in _files_in(document)]
    return (spec.output_dir, folder_for(spec.output_dir, spec.potential), *files)


def _files_in(content: Any) -> Iterator[str]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key == "file" and isinstance(value, str):
                yield value
            yield from _files_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from _files_in(value)


def build_workflow(spec: WorkflowSpec) -> Workflow:
    """Return the workflow: each study that the input asks for plans its steps, one after the other, then the report.

    The crystals of the hulls come first; the other studies follow once they are known. Some relaxations may have failed
    for good reasons; what follows is made from the others and says so.
    """
    document = spec_document(spec)
    common = {"workflow_name": spec.name, "systems": list(spec.systems), "potential": str(spec.potential)}
    tasks = [(f"plan the {study.name}", PlanStudy(workflow=document, study=study.name)) for study in studies_of(spec)]
    fireworks: list[Firework] = []
    for name, task in [*tasks, ("write report", WriteReport(workflow=document))]:
        fireworks.append(Firework([task], spec=dict(common), name=name, parents=fireworks[-1:]))
    metadata = {"job": job_key(spec), "systems": list(spec.systems), "potential": str(spec.potential)}
    metadata["output"] = str(spec.output_dir)
    return Workflow(fireworks, name=spec.name, metadata=metadata)


def submit(spec: WorkflowSpec, launchpad: LaunchPad, *, retry_failed: bool = False) -> Submission:
    """Put the job into the LaunchPad, or find the unfinished one that the same input put there before.

    Fizzled Fireworks of an unfinished job are made ready again. With ``retry_failed`` the relaxations that failed
    are forgotten, so that they are tried once more; a job that ended in a failure is then planned anew.
    """
    key = job_key(spec)
    # Of several that submit the same at once, one adds the workflow and the others find it.
    with lease(launchpad, f"submit {key}"):
        return _find_or_add(spec, launchpad, key, retry_failed=retry_failed)


def _find_or_add(spec: WorkflowSpec, launchpad: LaunchPad, key: str, *, retry_failed: bool) -> Submission:
    if retry_failed:
        forget_failed(Job.of(spec))
    query = {"metadata.job": key, "state": {"$nin": ["COMPLETED", "ARCHIVED", "DEFUSED"]}}
    # One that cannot be read cannot go on: the job then starts anew, and computes nothing twice.
    unfinished = next(
        (one for one in list(launchpad.workflows.find(query)) if find_fault(launchpad, one) is None), None
    )
    if unfinished and retry_failed and _has_failed_and_rests(launchpad, unfinished["nodes"]):
        # Its steps would not be planned again, but what they found may just have been forgotten.
        launchpad.defuse_wf(unfinished["nodes"][0])
        unfinished = None
    if unfinished:
        nodes = tuple(unfinished["nodes"])
        # Whoever died may have left a lock that a rerun would wait for, for minutes and in vain.
        recover(launchpad)
        for fw_id in launchpad.get_fw_ids({"fw_id": {"$in": list(nodes)}, "state": "FIZZLED"}):
            launchpad.rerun_fw(fw_id)
        return Submission(nodes, resumed=True)
    ids = launchpad.add_wf(build_workflow(spec))
    return Submission(tuple(sorted(ids.values())), resumed=False)


def _has_failed_and_rests(launchpad: LaunchPad, nodes: Sequence[int]) -> bool:
    """Return whether a Firework of a workflow failed and none is being worked on."""
    states = {document["state"] for document in launchpad.fireworks.find({"fw_id": {"$in": list(nodes)}}, {"state": 1})}
    return "FIZZLED" in states and not states & {"RUNNING", "RESERVED"}


def forget_failed(job: Job) -> int:
    """Delete what failed of a job from the database, so that it is tried again; return how many rows."""
    failed: dict[str, None] = {}
    for study in studies_of(job.spec):
        # A study whose crystals are not relaxed yet has nothing that could have failed.
        with contextlib.suppress(InputError):
            failed |= dict.fromkeys(row.fingerprint for row in study(job).failed())
    return job.database.forget_failed(list(failed))
