"""Repairing what a crash or ``kill -9`` leaves in a LaunchPad.

FireWorks itself finds some of this only after hours, some never. Tasks are idempotent (a result is in the structure
database or it is not), so that making a Firework ready again is always safe.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .worker_identity import is_alive, living_workers

if TYPE_CHECKING:
    from fireworks import LaunchPad

# What another living process may be in the middle of is left alone for so long.
_GRACE = timedelta(seconds=60)
_OVER = ("COMPLETED", "ARCHIVED", "DEFUSED")


@dataclass(frozen=True)
class RecoveryReport:
    """How many of each damage were repaired."""

    unlocked: int = 0
    unreserved: int = 0
    orphans_removed: int = 0
    refreshed: int = 0
    restarted: int = 0

    @property
    def total(self) -> int:
        """Number of repairs."""
        return sum(getattr(self, field.name) for field in fields(self))

    def __str__(self) -> str:
        if not self.total:
            return "the LaunchPad is sound"
        words = {
            "unlocked": "workflow locks removed",
            "unreserved": "reservations released",
            "orphans_removed": "Fireworks without workflow removed",
            "refreshed": "stale states refreshed",
            "restarted": "Fireworks of dead workers made ready again",
        }
        repairs = [f"{getattr(self, key)} {text}" for key, text in words.items() if getattr(self, key)]
        return "recovered: " + ", ".join(repairs)


def recover(launchpad: LaunchPad) -> RecoveryReport:
    """Repair the LaunchPad and return what was done; on a sound one, nothing.

    Five kinds of damage: a workflow lock whose holder died; a Firework reserved for a worker that died before it
    noted its launch; Fireworks written before the workflow they belong to; states and links that were not carried
    over to the workflow, steps added by a finished Firework among them; and Fireworks that run in a dead worker.
    Fireworks of living workers are never touched; while any lives, the first three are left alone for a minute.
    """
    cautious = bool(living_workers(launchpad))
    unlocked = _remove_locks(launchpad, cautious)
    unreserved = _release_reservations(launchpad, cautious)
    orphans = _remove_orphans(launchpad, cautious)
    refreshed = _refresh_stale(launchpad, cautious)
    restarted = _restart_abandoned(launchpad)
    return RecoveryReport(unlocked, unreserved, orphans, refreshed, restarted)


def _settled(updated: Any, cautious: bool) -> bool:
    """Return whether a record is old enough to be nobody's work in progress."""
    if not cautious or updated is None:
        return True
    when = datetime.fromisoformat(updated) if isinstance(updated, str) else updated
    return datetime.now(UTC) - (when if when.tzinfo else when.replace(tzinfo=UTC)) > _GRACE


def _remove_locks(launchpad: LaunchPad, cautious: bool) -> int:
    count = 0
    for workflow in list(launchpad.workflows.find({"locked": {"$exists": True}}, {"nodes": 1, "updated_on": 1})):
        if _settled(workflow["updated_on"], cautious):
            launchpad.workflows.find_one_and_update({"nodes": workflow["nodes"][0]}, {"$unset": {"locked": True}})
            count += 1
    return count


def _release_reservations(launchpad: LaunchPad, cautious: bool) -> int:
    count = 0
    reserved = launchpad.fireworks.find({"state": "RESERVED"}, {"fw_id": 1, "launches": 1, "updated_on": 1})
    for firework in list(reserved):
        launches = list(launchpad.launches.find({"launch_id": {"$in": firework["launches"]}, "state": "RESERVED"}))
        if not launches and _settled(firework["updated_on"], cautious):
            launchpad.fireworks.find_one_and_update(
                {"fw_id": firework["fw_id"], "state": "RESERVED"}, {"$set": {"state": "READY"}}
            )
            count += 1
    return count


def _remove_orphans(launchpad: LaunchPad, cautious: bool) -> int:
    members = {node for workflow in launchpad.workflows.find({}, {"nodes": 1}) for node in workflow["nodes"]}
    orphans = [
        firework["fw_id"]
        for firework in launchpad.fireworks.find({}, {"fw_id": 1, "updated_on": 1})
        if firework["fw_id"] not in members and _settled(firework["updated_on"], cautious)
    ]
    if orphans:
        launchpad.fireworks.delete_many({"fw_id": {"$in": orphans}})
    return len(orphans)


def _refresh_stale(launchpad: LaunchPad, cautious: bool) -> int:
    """Carry over to each workflow what its Fireworks know and it does not."""
    count = 0
    for workflow in list(launchpad.workflows.find({"state": {"$nin": list(_OVER)}})):
        if not _settled(workflow["updated_on"], cautious):
            continue
        known = {int(key): state for key, state in workflow["fw_states"].items()}
        documents = launchpad.fireworks.find(
            {"fw_id": {"$in": workflow["nodes"]}}, {"fw_id": 1, "state": 1, "launches": 1}
        )
        actual = {document["fw_id"]: document for document in documents}
        parents: dict[int, list[int]] = {}
        for parent, children in workflow["links"].items():
            for child in children:
                parents.setdefault(child, []).append(int(parent))
        for fw_id, document in actual.items():
            state = document["state"]
            if state == "RUNNING" and not _launch_over(launchpad, document["launches"]):
                continue
            waits_for_nothing = state == "WAITING" and all(
                actual[parent]["state"] == "COMPLETED" for parent in parents.get(fw_id, []) if parent in actual
            )
            if state == "COMPLETED" and known.get(fw_id) not in ("COMPLETED", None):
                # Its action (added steps, values for its children) did not reach the workflow: let it act again.
                launchpad.fireworks.find_one_and_update({"fw_id": fw_id}, {"$set": {"state": "RUNNING"}})
            elif state != "RUNNING" and not waits_for_nothing:
                continue
            launchpad._refresh_wf(fw_id)
            count += 1
    return count


def _launch_over(launchpad: LaunchPad, launch_ids: list[int]) -> bool:
    query = {"launch_id": {"$in": launch_ids}, "state": {"$in": ["COMPLETED", "FIZZLED"]}}
    return launchpad.launches.find_one(query, {"launch_id": 1}) is not None


def _restart_abandoned(launchpad: LaunchPad) -> int:
    count = 0
    active = launchpad.launches.find(
        {"state": {"$in": ["RUNNING", "RESERVED"]}}, {"fw_id": 1, "launch_id": 1, "fworker": 1}
    )
    for launch in list(active):
        if is_alive(launch["fworker"]["name"]) is False:
            document = launchpad.fireworks.find_one({"fw_id": launch["fw_id"]}, {"state": 1, "launches": 1})
            if (
                document
                and document["state"] in {"RUNNING", "RESERVED"}
                and launch["launch_id"] in document["launches"]
            ):
                launchpad.rerun_fw(launch["fw_id"])
                count += 1
    # FireWorks' own heartbeat serves for workers whose process cannot be looked up from here.
    lost = launchpad.detect_lostruns(rerun=True)[1] if _foreign_runs(launchpad) else []
    return count + len(lost)


def _foreign_runs(launchpad: LaunchPad) -> bool:
    running = launchpad.launches.find({"state": "RUNNING"}, {"fworker": 1})
    return any(is_alive(launch["fworker"]["name"]) is None for launch in running)
