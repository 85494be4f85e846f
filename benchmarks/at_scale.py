"""(viii) Hulls and Fireworks in numbers well beyond a standard run."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fireworks import FiretaskBase, Firework, FWAction, Workflow, explicit_serialize

from .results import Mode, Result, Row, Table
from .timing import say

HULL_SYSTEM = "Li-Na-K-Mg-Hg"
PER_WORKFLOW = 200


@explicit_serialize
class Nothing(FiretaskBase):
    """A Firetask that does nothing, to see what the engine costs."""

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:  # noqa: ARG002 - the FireWorks signature
        """Return at once."""
        return FWAction()


def run_at_scale(mode: Mode) -> Result:
    """10^4 hull entries, 2000 Fireworks; a tenth of each with ``quick``."""
    scale = 1 if mode == "full" else 10
    result = Result("Hulls and Fireworks at scale")
    rows = _hull(10_000 // scale)
    with tempfile.TemporaryDirectory() as directory:
        rows += _fireworks(Path(directory) / "launchpad", 2000 // scale)
    result.tables.append(Table("One process", rows))
    return result


def _timed(what: str, run: Callable[[], Any]) -> tuple[Row, Any]:
    cpu, wall = time.process_time(), time.perf_counter()
    value = run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    say(f"  {what}: {wall:.2f} s")
    return {"": what, "wall time (s)": wall, "CPU time (s)": cpu}, value


def _hull(count: int) -> list[Row]:
    """Entries of random composition, of up to five elements, with energies below and above their elements."""
    from ..thermodynamics.hulls.hull import PhaseEntry, build_hull

    rng = np.random.default_rng(7)
    elements = HULL_SYSTEM.split("-")
    entries = [PhaseEntry(name, name, {name: 1}, 0.0, 20.0) for name in elements]
    for index in range(count - len(elements)):
        chosen = rng.choice(elements, size=int(rng.integers(2, 6)), replace=False)
        amounts = {str(symbol): float(amount) for symbol, amount in zip(chosen, rng.integers(1, 7, 5), strict=False)}
        formula = "".join(f"{symbol}{amount:g}" for symbol, amount in amounts.items())
        entries.append(PhaseEntry(f"{formula}-{index}", formula, amounts, float(rng.normal(-0.1, 0.15)), 20.0))
    row, hull = _timed(f"hull of {count} entries in five elements", lambda: build_hull(HULL_SYSTEM, entries))
    return [{**row, "result": f"{len(hull.stable)} stable, {len(hull.tie_lines)} tie lines"}]


def _fireworks(directory: Path, count: int) -> list[Row]:
    """Add workflows of 200 trivial Fireworks, count them, and run one of the workflows."""
    from ..permissions import modules_allowed
    from ..workflows.engine.launchpad import count_by_state, open_launchpad
    from ..workflows.engine.worker import Worker

    launchpad = open_launchpad(f"sqlite:///{directory}")
    first: list[int] = []

    def add() -> None:
        for number in range(count // PER_WORKFLOW):
            fireworks = [Firework([Nothing()], name=f"nothing {number}-{index}") for index in range(PER_WORKFLOW)]
            first.append(min(launchpad.add_wf(Workflow(fireworks, name=f"nothing {number}")).values()))

    added, _ = _timed(f"add {count} Fireworks", add)
    counted, states = _timed(f"count {count} Fireworks by state", lambda: count_by_state(launchpad))
    # The worker changes the working directory, to one that is gone afterwards.
    allowed = modules_allowed([Nothing.__module__])
    with allowed, tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        worker = Worker(launchpad, first[0], Path(scratch))
        ran, done = _timed(f"run {PER_WORKFLOW} of them", worker.work)
    each = 1000 * ran["wall time (s)"] / max(done, 1)
    return [
        {**added, "result": f"{1000 * added['wall time (s)'] / count:.1f} ms each"},
        {**counted, "result": ", ".join(f"{number} {state}" for state, number in states.items())},
        {**ran, "result": f"{each:.0f} ms each"},
    ]
