"""Finding where the record of a workflow and the records of its Fireworks disagree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .document_shapes import OF_FIREWORKS, OF_LAUNCHES, fault_among, find, is_id, own, worker_of
from .heartbeats import is_lost

if TYPE_CHECKING:
    from fireworks import LaunchPad

_SET_BY_USER = ("PAUSED", "DEFUSED", "ARCHIVED")


@dataclass(frozen=True)
class Damage:
    """What is wrong with a workflow; false when nothing is that can be repaired.

    Attributes
    ----------
    stale
        Fireworks whose state did not reach their workflow or does not follow from it; with the state to start from
        when it is worked out again, None for the one they have.
    abandoned
        Fireworks that run in dead or lost workers.
    lost_launches
        The launches of those.
    malformed
        Which key of which document keeps the workflow from being read at all; empty when none does.
    """

    stale: dict[int, str | None] = field(default_factory=dict)
    abandoned: tuple[int, ...] = ()
    lost_launches: tuple[int, ...] = ()
    malformed: str = ""

    def __bool__(self) -> bool:
        return bool(self.stale or self.abandoned)


def examine(launchpad: LaunchPad, workflow: dict[str, Any]) -> Damage:
    """Compare the workflow with its Fireworks and their launches.

    Without the lock of the workflow the records may disagree for a moment in sound operation, too.
    """
    fireworks, launches, fault = _checked(launchpad, workflow)
    if fault is not None:
        return Damage(malformed=fault)
    known = {int(fw_id): state for fw_id, state in workflow["fw_states"].items()}
    parents: dict[int, list[int]] = {}
    for parent, children in workflow["links"].items():
        for child in children:
            parents.setdefault(child, []).append(int(parent))
    stale: dict[int, str | None] = {}
    abandoned, lost = [], []
    for fw_id, document in fireworks.items():
        state, recorded = document["state"], known.get(fw_id, document["state"])
        if state == "RUNNING":
            running = [launch for launch in launches[fw_id] if launch["state"] == "RUNNING"]
            if not running:
                stale[fw_id] = recorded if recorded in ("COMPLETED", "FIZZLED") else None
            elif all(is_lost(launchpad, worker_of(launch)) for launch in running):
                abandoned.append(fw_id)
                lost += [launch["launch_id"] for launch in running]
        elif state != recorded and state != "RESERVED":
            over = state in ("COMPLETED", "FIZZLED") and recorded not in _SET_BY_USER
            stale[fw_id] = recorded if over else None
        elif state == "WAITING" and _may_start(document, [known.get(parent) for parent in parents.get(fw_id, [])]):
            stale[fw_id] = None
    return Damage(stale, tuple(abandoned), tuple(lost))


def _checked(
    launchpad: LaunchPad, workflow: dict[str, Any]
) -> tuple[dict[int, dict[str, Any]], dict[int, list[dict[str, Any]]], str | None]:
    """Return the Fireworks of a workflow, the launches of those that run, and what of all that is malformed."""
    fault = fault_among(workflow, (), ())
    if fault is not None:
        return {}, {}, fault
    wanted = {**OF_FIREWORKS, "spec._allow_fizzled_parents": 1}
    documents = list(own(find(launchpad.fireworks, {"fw_id": {"$in": workflow["nodes"]}}, wanted)))
    fault = fault_among(workflow, documents, ())
    if fault is not None:
        return {}, {}, fault
    fireworks = {document["fw_id"]: document for document in documents}
    launches = _launches(launchpad, fireworks)
    return fireworks, launches, fault_among(workflow, (), [launch for of_one in launches.values() for launch in of_one])


def _launches(launchpad: LaunchPad, fireworks: dict[int, Any]) -> dict[int, list[dict[str, Any]]]:
    """Return the launches of each running Firework."""
    running = {fw_id: document["launches"] for fw_id, document in fireworks.items() if document["state"] == "RUNNING"}
    ids = [launch_id for launch_ids in running.values() for launch_id in launch_ids]
    found = own(find(launchpad.launches, {"launch_id": {"$in": ids}}, OF_LAUNCHES)) if ids else ()
    by_id = {launch["launch_id"]: launch for launch in found if is_id(launch.get("launch_id"))}
    return {fw_id: [by_id[id_] for id_ in launch_ids if id_ in by_id] for fw_id, launch_ids in running.items()}


def _may_start(document: dict[str, Any], parent_states: list[str | None]) -> bool:
    done = {"COMPLETED"} | ({"FIZZLED"} if document.get("spec", {}).get("_allow_fizzled_parents") else set())
    return all(state in done for state in parent_states)
