"""How far a workflow is as plain JSON: for ``status --json`` and the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .progress import WorkflowProgress

COUNTS = {
    "completed": ("COMPLETED",),
    "running": ("RUNNING", "RESERVED"),
    "ready": ("READY",),
    "waiting": ("WAITING",),
    "fizzled": ("FIZZLED",),
}
"""States of Fireworks under the names that they are counted by."""


def counts_of(one: WorkflowProgress) -> dict[str, int]:
    """Return the number of Fireworks under each name of :data:`COUNTS`."""
    return {name: sum(one.counts.get(state, 0) for state in states) for name, states in COUNTS.items()}


def details_of(one: WorkflowProgress) -> dict[str, Any]:
    """Return failures, running steps, calculations and the time that is left, in seconds; times as ISO 8601."""
    failures = [{"fw_id": failure.fw_id, "step": failure.name, "reason": failure.message} for failure in one.failures]
    running = [
        {
            "fw_id": step.fw_id,
            "step": step.name,
            "since": step.since.isoformat(timespec="seconds"),
            "heartbeat": step.heartbeat.isoformat(timespec="seconds"),
            "worker": step.worker,
            "alive": step.alive,
        }
        for step in one.running
    ]
    left = {"low": round(one.left.low_s), "high": None if one.left.high_s is None else round(one.left.high_s)}
    return {
        "failures": failures,
        "next_step": one.next_step,
        "calculations": {"done": one.calculations_done, "planned": one.calculations, "all_planned": one.planned},
        "per_minute": None if one.over else round(one.rate_per_minute, 2),
        "seconds_left": left | {"unknown": one.left.unknown},
        "running_steps": running,
        "workers": dict(one.workers),
    }
