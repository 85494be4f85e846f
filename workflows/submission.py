"""The workflow of a job, and its place in the LaunchPad: submitted once, resumed when interrupted."""

from __future__ import annotations

import contextlib
import shutil
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
from .database.fingerprint import digest, potential_identity
from .database.structure_database import StructureDatabase
from .engine.document_shapes import find_fault
from .engine.leases import lease
from .engine.recovery import recover
from .job import Job
from .output_folder import folder_for
from .potential_notices import potentials_of
from .studies.registry import studies_of
from .tasks import PlanStudy, WriteComparison, WriteReport

if TYPE_CHECKING:
    from fireworks import LaunchPad

    from .spec import ComparedJobs, WorkflowSpec


_WORKED_ON = {"RUNNING", "RESERVED"}
# Takes no time, and what it adds may be the longest chain of all.
_BEGINNING = 1000


@dataclass(frozen=True)
class Submission:
    """A workflow in the LaunchPad.

    Attributes
    ----------
    fw_ids
        Ids of its first Fireworks.
    resumed
        Whether an unfinished one was found again.
    set_aside
        How many results of before were set aside for it.
    """

    fw_ids: tuple[int, ...]
    resumed: bool
    set_aside: int = 0


def spec_document(spec: WorkflowSpec) -> dict[str, Any]:
    """Return the input as plain JSON with absolute paths, so that a worker may run anywhere on the machine.

    Without the address of the LaunchPad that it is stored in: who reads it there knows that, and it may be a secret.
    Nor does it hold a password: a worker finds that of the database in its own environment.
    """
    document: dict[str, Any] = spec.model_dump(mode="json")
    document["output"] = str(spec.output_dir)
    document["database"] = str(spec.database_address)
    return document


def job_key(job: WorkflowSpec | ComparedJobs) -> str:
    """Return the key that two submissions of the same input share, as long as the same makes their energies."""
    content = [
        [
            spec_document(spec),
            __version__,
            {study.name: study(Job.of(spec, {})).identities for study in studies_of(spec)},
        ]
        for spec in job.jobs
    ]
    return digest(content[0] if len(content) == 1 else content)


def modules_of(job: WorkflowSpec | ComparedJobs) -> tuple[str, ...]:
    """Return the modules, calls and files that the input names as potentials of its own, which its workers may use."""
    names = {name for spec in job.jobs for name in potentials_of(spec)}
    own = [found for name in names if (found := get_potential(name).own) is not None]
    return tuple(sorted({code for one in own for code in code_of(one)}))


def paths_of(job: WorkflowSpec | ComparedJobs) -> tuple[Path, ...]:
    """Return the files that the input names and the folders of its reports, which its workers may use."""
    files = [Path(split_index(file)[0]) for spec in job.jobs for file in _files_in(spec_document(spec))]
    folders = {at for one in (*job.jobs, job) for at in (one.output_dir, folder_for(one.output_dir, one.potential))}
    return (*sorted(folders), *files)


def _files_in(content: Any) -> Iterator[str]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key == "file" and isinstance(value, str):
                yield value
            yield from _files_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from _files_in(value)


def build_workflow(job: WorkflowSpec | ComparedJobs) -> Workflow:
    """Return the workflow: each study that the input asks for plans its steps, one after the other, then the report.

    The crystals of the hulls come first; the other studies follow once they are known. Some relaxations may have failed
    for good reasons; what follows is made from the others and says so. With several potentials there is such a chain
    for each, beside the others, and their comparison when all have their reports.
    """
    chains = [_chain(spec, f", {spec.potential}" if len(job.jobs) > 1 else "") for spec in job.jobs]
    fireworks = [firework for chain in chains for firework in chain]
    if len(chains) > 1:
        task = WriteComparison(workflows=[spec_document(spec) for spec in job.jobs], output=str(job.output_dir))
        ends = [chain[-1] for chain in chains]
        fireworks.append(Firework([task], spec=_common(job), name="write comparison", parents=ends))
    metadata = {"job": job_key(job), "systems": list(job.systems), "potential": str(job.potential)}
    metadata["output"] = str(job.output_dir)
    return Workflow(fireworks, name=job.name, metadata=metadata)


def _common(job: WorkflowSpec | ComparedJobs) -> dict[str, Any]:
    return {"workflow_name": job.name, "systems": list(job.systems), "potential": str(job.potential)}


def _chain(spec: WorkflowSpec, of_what: str) -> list[Firework]:
    """Return the Fireworks of a job with one potential; ``of_what`` ends their names.

    Each follows the one before, but for the beginning of studies that need no other: that has none before it, and only
    the report, which is the last, waits for what it adds.
    """
    document, common, studies = spec_document(spec), _common(spec), studies_of(spec)
    chain: list[Firework] = []
    begun: list[Firework] = []
    for number, study in enumerate(studies):
        # The planning of a study and its steps, and as much for each one after it.
        waiting = {**common, "_priority": 2 * (len(studies) - number)}
        task = PlanStudy(workflow=document, study=study.name, of_what=of_what)
        chain.append(Firework([task], spec=waiting, name=f"plan the {study.name}{of_what}", parents=chain[-1:]))
        if study.begins_at_once:
            task = PlanStudy(workflow=document, study=study.name, of_what=of_what, at_once=True)
            first = {**common, "_priority": _BEGINNING}
            begun.append(Firework([task], spec=first, name=f"begin the {study.name}{of_what}"))
    report = WriteReport(workflow=document)
    parents = [*chain[-1:], *begun]
    return [*chain, *begun, Firework([report], spec=common, name=f"write report{of_what}", parents=parents)]


def submit(
    job: WorkflowSpec | ComparedJobs, launchpad: LaunchPad, *, retry_failed: bool = False, recompute: bool = False
) -> Submission:
    """Put the job into the LaunchPad, or find the unfinished one that the same input put there before.

    Fizzled Fireworks of an unfinished job are made ready again. With ``retry_failed`` the relaxations that failed
    are forgotten, so that they are tried once more; a job that ended in a failure is then planned anew. With
    ``recompute`` it is planned anew in any case, and takes nothing from the database (`set_results_aside`).

    Raises
    ------
    InputError
        It is to be computed anew while it is being worked on.
    """
    key = job_key(job)
    # Of several that submit the same at once, one adds the workflow and the others find it.
    with lease(launchpad, f"submit {key}"):
        return _find_or_add(job, launchpad, key, retry_failed=retry_failed, recompute=recompute)


def _find_or_add(
    job: WorkflowSpec | ComparedJobs, launchpad: LaunchPad, key: str, *, retry_failed: bool, recompute: bool
) -> Submission:
    query = {"metadata.job": key, "state": {"$nin": ["COMPLETED", "ARCHIVED", "DEFUSED"]}}
    # One that cannot be read cannot go on: the job then starts anew, and computes nothing twice.
    unfinished = next(
        (one for one in list(launchpad.workflows.find(query)) if find_fault(launchpad, one) is None), None
    )
    if unfinished and recompute:
        recover(launchpad)
        if _states(launchpad, unfinished["nodes"]) & _WORKED_ON:
            raise InputError(f"{job.name} is being worked on; stop that before it is computed anew")
    aside = set_results_aside(job) if recompute else 0
    if retry_failed and not recompute:
        for spec in job.jobs:
            forget_failed(Job.of(spec))
    # Its steps would not be planned again, but what they found may just have been forgotten.
    if unfinished and (recompute or (retry_failed and _has_failed_and_rests(launchpad, unfinished["nodes"]))):
        launchpad.defuse_wf(unfinished["nodes"][0])
        unfinished = None
    if unfinished:
        nodes = tuple(unfinished["nodes"])
        # Whoever died may have left a lock that a rerun would wait for, for minutes and in vain.
        recover(launchpad)
        for fw_id in launchpad.get_fw_ids({"fw_id": {"$in": list(nodes)}, "state": "FIZZLED"}):
            launchpad.rerun_fw(fw_id)
        return Submission(nodes, resumed=True)
    ids = launchpad.add_wf(build_workflow(job))
    return Submission(tuple(sorted(ids.values())), resumed=False, set_aside=aside)


def planned_fingerprints(launchpad: LaunchPad, fw_id: int) -> dict[str, str] | None:
    """Return the fingerprints of the crystals of a job with one potential, as they were when it was planned.

    To find them again takes as long as to build all crystals. None where the workflow of ``fw_id`` has none.
    """
    nodes = (launchpad.workflows.find_one({"nodes": fw_id}, {"nodes": 1}) or {}).get("nodes", [])
    for document in launchpad.fireworks.find({"fw_id": {"$in": nodes}}, {"spec.manifest.fingerprints": 1}):
        found = document.get("spec", {}).get("manifest", {}).get("fingerprints")
        if found:
            return dict(found)
    return None


def _states(launchpad: LaunchPad, nodes: Sequence[int]) -> set[str]:
    fireworks = launchpad.fireworks.find({"fw_id": {"$in": list(nodes)}}, {"state": 1})
    return {document["state"] for document in fireworks}


def _has_failed_and_rests(launchpad: LaunchPad, nodes: Sequence[int]) -> bool:
    """Return whether a Firework of a workflow failed and none is being worked on."""
    states = _states(launchpad, nodes)
    return "FIZZLED" in states and not states & _WORKED_ON


def forget_failed(job: Job) -> int:
    """Delete what failed of a job from the database, so that it is tried again; return how many rows."""
    failed: dict[str, None] = {}
    for study in studies_of(job.spec):
        # A study whose crystals are not relaxed yet has nothing that could have failed.
        with contextlib.suppress(InputError):
            failed |= dict.fromkeys(row.fingerprint for row in study(job).failed())
    return job.database.forget_failed(list(failed))


def set_results_aside(job: WorkflowSpec | ComparedJobs) -> int:
    """Set aside what the database holds of a job, so that all of it is computed anew; return how many rows.

    Of a potential that cannot be known completely these are the results of other jobs, too: energies of before and
    after would meet in one hull. What a dynamics run left half done with it is deleted.
    """
    keys: dict[str, None] = {}
    database = StructureDatabase(job.database_address)
    for spec in job.jobs:
        one = Job(spec, database)
        for study in studies_of(spec):
            with contextlib.suppress(InputError):  # there can be none yet
                keys |= dict.fromkeys(row.fingerprint for row in study(one).computed())
        unknown = [found for name in potentials_of(spec) if (found := get_potential(name)).unknown]
        keys |= dict.fromkeys(key for found in unknown for key in database.fingerprints_of(potential_identity(found)))
        if unknown:
            _delete_checkpoints(one)
    return database.set_aside(list(keys))


def _delete_checkpoints(job: Job) -> None:
    keys = [key for study in studies_of(job.spec) for key in study(job).keys]
    names = tuple({name for key in keys for name in (key, key.replace(" ", "_").replace("/", "_"))})
    for path in job.spec.checkpoint_folder.glob("*"):
        if path.name.startswith(names):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
