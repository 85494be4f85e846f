"""How far the molecular dynamics of this process's workers are: each worker notes it in its temporary folder."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from .scratch import own_scratch_folders

FILE = "dynamics.json"
_EVERY_S = 1.0
_FORGOTTEN_S = 60.0
"""After so long without a step, or ten times what a step takes, a run is taken for one that broke off."""


@dataclass(frozen=True)
class DynamicsProgress:
    """A run of molecular dynamics: the step it has done, of how many, and how long the others take (s)."""

    step: int
    n_steps: int
    seconds_left: float | None


class DynamicsNotes:
    """Notes the steps of one run after the other, now and then.

    Parameters
    ----------
    folder
        Of the worker.
    worker
        Its name.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self._file, self._worker = folder / FILE, worker
        self._first = (0, 0.0)
        self._last, self._noted = (0, 0), 0.0

    def __call__(self, step: int, n_steps: int) -> None:
        """Take note of a step; notes must never break a run, and cost next to nothing."""
        now = time.time()
        if step <= self._last[0] or n_steps != self._last[1]:  # another run, perhaps one that goes on
            self._first, self._noted = (step, now), 0.0
        self._last = step, n_steps
        with contextlib.suppress(OSError):
            if step == n_steps:
                self._file.unlink(missing_ok=True)
            elif now - self._noted >= _EVERY_S:
                self._noted = now
                first, begun = self._first
                note = {"worker": self._worker, "step": step, "n_steps": n_steps, "at": now}
                self._write(note | {"first_step": first, "begun": begun})

    def _write(self, note: dict[str, object]) -> None:
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(json.dumps(note), encoding="utf-8")
        Path(unfinished).replace(self._file)


def read_dynamics() -> dict[str, DynamicsProgress]:
    """Return the runs that are under way in workers of this process, by the names of these."""
    found: dict[str, DynamicsProgress] = {}
    for folder in own_scratch_folders():
        for file in folder.glob(f"*/{FILE}"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # it ended just now
                note = json.loads(file.read_text(encoding="utf-8"))
                progress = _progress(note, time.time())
                if progress is not None:
                    found[str(note["worker"])] = progress
    return found


def _progress(note: dict[str, object], now: float) -> DynamicsProgress | None:
    step, n_steps, at = int(str(note["step"])), int(str(note["n_steps"])), float(str(note["at"]))
    done = step - int(str(note["first_step"]))
    of_one = (at - float(str(note["begun"]))) / done if done > 0 else None
    if now - at > max(_FORGOTTEN_S, 10.0 * (of_one or 0.0)):
        return None
    return DynamicsProgress(step, n_steps, None if of_one is None else max(0.0, (n_steps - step) * of_one - (now - at)))
