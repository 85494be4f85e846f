"""Repairing what a crash or ``kill -9`` leaves in a LaunchPad, and the file of a structure database.

FireWorks itself finds some of this only after hours, some never. Tasks are idempotent (a result is in the structure
database or it is not), so that making a Firework ready again is always safe, unless it still runs: nothing that a
living process may be in the middle of is touched. What can be decided for certain is decided while holding the lock of
the workflow; what cannot (a lock does not say whose it is) has to stay as it is for a while first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import shown
from ...permissions import modules_allowed
from ..database.backends.choice import open_backend
from .allowed_tasks import foreign_tasks_of_workflow
from .damage import Damage, examine
from .document_shapes import (
    OF_FIREWORKS,
    OF_LAUNCHES,
    OVER,
    fault_of_firework,
    fault_of_launch,
    fault_of_workflow,
    find,
    find_fault,
    ids_in,
    is_date,
    is_id,
    leave_alone,
    leave_workflow_alone,
    moment_of,
    name_of,
    worker_of,
)
from .heartbeats import is_lost, living_workers
from .leases import lease
from .server_watch import is_outage
from .worker_identity import is_alive, own_name

if TYPE_CHECKING:
    from fireworks import LaunchPad

logger = logging.getLogger(__name__)

# How long a workflow stays locked, or a Firework without workflow, before it is taken for damage: both last for
# milliseconds in sound operation. The second value is for when other workers live.
_PATIENCE_S = (2.0, 15.0)
_LOOK_INTERVAL_S = 0.2
# A worker reserves a Firework before it imports the modules of its tasks.
_RESERVATION_GRACE = timedelta(seconds=60)
_LOCK_TIMEOUT_S = 3
_OF_WORKFLOWS = dict.fromkeys(
    ("nodes", "links", "parent_links", "fw_states", "state", "name", "locked", "created_on", "updated_on", "metadata"),
    1,
)
_LEASE = "lease"  # its name, as earlier versions have it


@dataclass(frozen=True)
class RecoveryReport:
    """How many of each damage were repaired, and how many workflows and launches could not be read."""

    unlocked: int = 0
    unreserved: int = 0
    orphans_removed: int = 0
    refreshed: int = 0
    restarted: int = 0
    launches_ended: int = 0
    malformed: int = 0

    @property
    def total(self) -> int:
        """Number of repairs."""
        return sum(getattr(self, field.name) for field in fields(self) if field.name != "malformed")

    def __str__(self) -> str:
        unread = f"{self.malformed} that cannot be read left alone, see the warnings" if self.malformed else ""
        if not self.total:
            return f"nothing to repair; {unread}" if unread else "the LaunchPad is sound"
        words = {
            "unlocked": "workflow locks removed",
            "unreserved": "reservations released",
            "orphans_removed": "Fireworks without workflow removed",
            "refreshed": "stale states refreshed",
            "restarted": "Fireworks of dead workers made ready again",
            "launches_ended": "launches of dead workers ended that no Firework has",
        }
        repairs = [f"{getattr(self, key)} {text}" for key, text in words.items() if getattr(self, key)]
        return "recovered: " + ", ".join(repairs) + (f"; {unread}" if unread else "")


def recover(launchpad: LaunchPad, *, wait: bool = True, allow: Sequence[str] = ()) -> RecoveryReport:
    """Repair the LaunchPad and return what was done; on a sound one, nothing.

    Six kinds of damage: a workflow lock whose holder died; a Firework reserved for a worker that died before it
    noted its launch; Fireworks written before the workflow they belong to; states and links that were not carried
    over to the workflow, steps added by a finished Firework among them; Fireworks that run in a dead worker, or in
    one of another host that was silent for too long (:mod:`.heartbeats`); and launches that no Firework has.
    On a sound LaunchPad this takes a few queries; locks and Fireworks without workflow are watched for some seconds.

    Parameters
    ----------
    launchpad
        The LaunchPad, at which others may work in the meantime.
    wait
        Whether to wait while another process recovers the same LaunchPad; otherwise that is left to it.
    allow
        Modules whose tasks may be read besides our own; workflows with others are not repaired.
    """
    with modules_allowed(allow), lease(launchpad, _LEASE, wait=wait) as admitted:
        if not admitted:
            return RecoveryReport()
        unread: set[str] = set()
        living_workers(launchpad)  # strikes off those that are lost, who then end should they live after all
        unlocked, orphans = _remove_leftovers(launchpad, unread)
        unreserved = _release_reservations(launchpad)
        refreshed, restarted, locked = _repair_workflows(launchpad, unread)
        if locked:  # by someone who died after the locks were looked at, perhaps
            unlocked += _remove_leftovers(launchpad, unread)[0]
            more_refreshed, more_restarted, _ = _repair_workflows(launchpad, unread)
            refreshed, restarted = refreshed + more_refreshed, restarted + more_restarted
        restarted += _restart_lost(launchpad, unread)
        ended = _end_stray_launches(launchpad, unread)
        return RecoveryReport(unlocked, unreserved, orphans, refreshed, restarted, ended, len(unread))


def recover_database(database: str | Path) -> str:
    """Complete a structure database that was left half made, without rows; return in words what was found and done.

    Raises
    ------
    InputError
        It is damaged in a way that repairing could lose rows, or is another kind of file; it is left as it is.
    """
    return open_backend(database).recover()


def _others_live(launchpad: LaunchPad) -> bool:
    """Return whether another worker lives or may live: a registered one, or one that has a Firework running."""
    if any(name != own_name() for name in living_workers(launchpad)):
        return True
    names = set(map(worker_of, find(launchpad.launches, {"state": "RUNNING"}, {"fworker.name": 1})))
    return any(name != own_name() and is_alive(name) is not False for name in names)


def _remove_leftovers(launchpad: LaunchPad, unread: set[str]) -> tuple[int, int]:
    """Remove locks that nobody holds and Fireworks without workflow; return how many."""
    suspects = _leftovers(launchpad, unread)
    if not suspects:
        return 0, 0
    patience = _PATIENCE_S[_others_live(launchpad)]
    end = time.monotonic() + patience
    while suspects and time.monotonic() < end:
        time.sleep(_LOOK_INTERVAL_S)
        suspects &= _leftovers(launchpad, unread)
    unlocked = orphans = 0
    for kind, fw_id, updated_on in suspects:
        if kind == "lock":
            query = {"nodes": fw_id, "locked": {"$exists": True}, "updated_on": updated_on}
            unlocked += launchpad.workflows.find_one_and_update(query, {"$unset": {"locked": True}}) is not None
        else:
            orphans += launchpad.fireworks.delete_many({"fw_id": fw_id}).deleted_count
    return unlocked, orphans


def _leftovers(launchpad: LaunchPad, unread: set[str]) -> set[tuple[str, int, Any]]:
    """Return what may be left over: (kind, id, when updated). A lock that changes hands has another time.

    What cannot be read is warned of and added to ``unread``.
    """
    documents = launchpad.fireworks.find({"state": {"$ne": "RUNNING"}}, {"fw_id": 1})
    present = {fw_id for document in documents if is_id(fw_id := document.get("fw_id"))}
    found: set[tuple[str, int, Any]] = set()
    for workflow in launchpad.workflows.find({}, _OF_WORKFLOWS):
        fault = fault_of_workflow(workflow)
        if fault is not None:
            unread.add(leave_workflow_alone(workflow, f"its {fault}"))
        if fault == "nodes":
            present.clear()  # who knows which of them are its own
            continue
        present -= ids_in(workflow)
        if "locked" in workflow and fault is None:
            found.add(("lock", workflow["nodes"][0], workflow.get("updated_on")))
    return found | {("orphan", fw_id, None) for fw_id in present}


def _release_reservations(launchpad: LaunchPad) -> int:
    query = {"state": "RESERVED", "launches": []}
    reserved = list(launchpad.fireworks.find(query, {"fw_id": 1, "updated_on": 1}))
    # Asked after the look: whoever made one of these reservations had put itself on the list of workers before.
    cautious = bool(reserved) and _others_live(launchpad)
    count = 0
    for firework in reserved:
        since = firework.get("updated_on")
        if not (is_id(firework.get("fw_id")) and (since is None or is_date(since))):
            continue
        if cautious and since is not None and datetime.now(UTC) - moment_of(since) < _RESERVATION_GRACE:
            continue
        same = {**query, "fw_id": firework["fw_id"], "updated_on": since}
        count += launchpad.fireworks.find_one_and_update(same, {"$set": {"state": "READY"}}) is not None
    return count


def _repair_workflows(launchpad: LaunchPad, unread: set[str]) -> tuple[int, int, bool]:
    """Repair what can be; return how many were refreshed and restarted, and whether any workflow was locked."""
    from fireworks.core.launchpad import LockedWorkflowError

    refreshed, restarted, locked = 0, 0, False
    for workflow in list(launchpad.workflows.find({"state": {"$nin": list(OVER)}})):
        damage = examine(launchpad, workflow)
        malformed = damage.malformed or (find_fault(launchpad, workflow) if damage else None)
        if malformed:
            unread.add(leave_workflow_alone(workflow, malformed))
        if malformed or not damage:
            continue
        foreign = foreign_tasks_of_workflow(launchpad, workflow["nodes"])
        if foreign:
            logger.warning("workflow %s is not repaired: %s not allowed", name_of(workflow), ", ".join(foreign))
            continue
        try:
            damage = _repair(launchpad, workflow["nodes"][0])
        except LockedWorkflowError:
            locked = True
        except Exception as error:  # one that cannot be repaired must not keep the others from it
            logger.warning("workflow %s cannot be repaired: %s", name_of(workflow), error)
        else:
            refreshed, restarted = refreshed + len(damage.stale), restarted + len(damage.abandoned)
            for node in damage.stale:
                logger.info("its state was refreshed", extra={"event": "recovered", "fw_id": node})
            for node in damage.abandoned:
                logger.info("made ready again, its worker is dead", extra={"event": "recovered", "fw_id": node})
    return refreshed, restarted, locked


def _repair(launchpad: LaunchPad, fw_id: int) -> Damage:
    """Carry over to the workflow of ``fw_id`` what its Fireworks know, and restart the abandoned ones; return both."""
    from fireworks.core.launchpad import WFLock

    with WFLock(launchpad, fw_id, expire_secs=_LOCK_TIMEOUT_S, kill=False):
        document = launchpad.workflows.find_one({"nodes": fw_id})
        damage = examine(launchpad, document)  # again: nobody else changes the workflow now
        if not damage:
            return damage
        workflow = launchpad.get_wf_by_fw_id_lzyfw(fw_id)
        updated: set[int] = set()
        for node, state in damage.stale.items():
            if state is not None:
                # As the workflow has it: refreshing then lets the Firework's action (added steps, values for its
                # children) act, if and only if it has not reached the workflow.
                workflow.id_fw[node].state = state
            updated |= set(workflow.refresh(node, set(updated))) | {node}
        for node in damage.abandoned:
            updated |= set(workflow.rerun_fw(node, set(updated)))
        launchpad._update_wf(workflow, updated)  # noqa: SLF001 - FireWorks has no public way
        launchpad.launches.update_many(
            {"launch_id": {"$in": list(damage.lost_launches)}, "state": "RUNNING"}, {"$set": {"state": "FIZZLED"}}
        )
    return damage


def _end_stray_launches(launchpad: LaunchPad, unread: set[str]) -> int:
    """End the launches of lost workers that belong to no running Firework; return how many.

    One is left when its worker could note the launch, and not that its Firework has it: the server went away between.
    """
    count = 0
    for launch in _running_launches(launchpad, unread):
        holder = {"fw_id": launch["fw_id"], "launches": launch["launch_id"], "state": "RUNNING"}
        if launchpad.fireworks.find_one(holder, {"fw_id": 1}) is not None:
            continue
        if is_lost(launchpad, worker_of(launch)):
            same = {"launch_id": launch["launch_id"], "state": "RUNNING"}
            count += launchpad.launches.find_one_and_update(same, {"$set": {"state": "FIZZLED"}}) is not None
    return count


def _running_launches(launchpad: LaunchPad, unread: set[str]) -> list[dict[str, Any]]:
    """Return the running launches that can be read, and warn of the others."""
    found = []
    for launch in find(launchpad.launches, {"state": "RUNNING"}, OF_LAUNCHES):
        fault = fault_of_launch(launch)
        if fault is None:
            found.append(launch)
        else:
            unread.add(leave_alone(f"launch {shown(launch.get('launch_id'))} cannot be read: its {fault} is malformed"))
    return found


def _restart_lost(launchpad: LaunchPad, unread: set[str]) -> int:
    """Restart what workers run whose processes cannot be looked up from here, when they send no more heartbeat."""
    unknown = {
        launch["launch_id"]: launch["fw_id"]
        for launch in _running_launches(launchpad, unread)
        if is_alive(worker_of(launch)) is None and _firework_is_sound(launchpad, launch["fw_id"])
    }
    if not unknown:
        return 0
    query = {"launch_id": {"$in": list(unknown)}}
    allowed = []
    for launch_id in launchpad.detect_lostruns(launch_query=query)[0]:
        workflow = launchpad.workflows.find_one({"nodes": unknown[launch_id]})
        fault = find_fault(launchpad, workflow) if workflow else None
        if workflow and fault:
            unread.add(leave_workflow_alone(workflow, fault))
            continue
        foreign = foreign_tasks_of_workflow(launchpad, workflow["nodes"]) if workflow else ["it has no workflow"]
        if foreign:
            logger.warning("Firework %s is not restarted: %s", unknown[launch_id], ", ".join(foreign))
        else:
            allowed.append(launch_id)
    return sum(_restart(launchpad, launch_id) for launch_id in allowed)


def _firework_is_sound(launchpad: LaunchPad, fw_id: int) -> bool:
    return not any(map(fault_of_firework, find(launchpad.fireworks, {"fw_id": fw_id}, OF_FIREWORKS)))


def _restart(launchpad: LaunchPad, launch_id: int) -> int:
    """Restart the Firework of a launch that is lost, as FireWorks does; return how many were."""
    try:
        return len(launchpad.detect_lostruns(rerun=True, launch_query={"launch_id": launch_id})[1])
    except Exception as error:  # one that cannot be restarted must not keep the others from it
        if is_outage(error):
            raise
        logger.warning("launch %s cannot be made ready again: %s", launch_id, error)
        return 0
