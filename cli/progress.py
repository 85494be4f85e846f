"""What a person sees while workers run: a live bar, and a line for each result as it lands."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..addresses import redacted
from .values import printable, visible

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..workflows.engine.dynamics_told import DynamicsProgress
    from ..workflows.engine.progress import RunningStep, WorkflowProgress
    from ..workflows.engine.recovery import RecoveryReport
    from ..workflows.engine.stopping import TimeLimit


_OVER = ("COMPLETED", "ARCHIVED", "DEFUSED", "MALFORMED")
_SHORTEST_S = 1.0
_IN_A_LOG_S = 30.0
"""Between two lines on how far things are where there is no bar: few enough for a log, often enough to wait by."""
_MOST_RUNNING = 3


def result_line(row: AtomsRow, *, with_potential: bool = False) -> str:
    """Return the one-line result of a relaxation, with the potential at its end where there are several."""
    return f"{_result(row)}  {row.potential}" if with_potential else _result(row)


def _result(row: AtomsRow) -> str:
    if not row.converged:
        return f"  {row.name:<34} failed: {row.data['reason']}"
    if row.get("space_group") is None:
        return f"  {row.name:<60} {row.energy_per_atom:9.4f} eV/atom  {row.natoms:>3} atoms  {row.n_steps:>3} steps"
    return (
        f"  {row.name:<34} {row.energy_per_atom:9.4f} eV/atom  {row.volume_per_atom:6.2f} Å³/atom  "
        f"{row.space_group:<8} {row.n_steps:>3} steps"
    )


def progress_text(
    found: Sequence[WorkflowProgress],
    done: int,
    total: int,
    now: datetime,
    dynamics: Mapping[str, DynamicsProgress] | None = None,
) -> str:
    """Return how far unfinished workflows are in one line: counts, the time left of a single one, and what runs now.

    Of running steps it says since when they run, and of ``dynamics``, by their workers, which step they have reached:
    these take minutes for one result.
    """
    from .watch import duration, left_text

    parts = [f"{done} of {total} calculations{'' if all(one.planned for one in found) else ' planned so far'}"]
    if len(found) == 1:
        parts.append(f"time left {left_text(found[0].left)}")
    running = sorted((step for one in found for step in one.running), key=lambda step: step.since)
    names = [
        f"{step.name} for {duration((now - step.since).total_seconds())}{_steps_text(step, dynamics or {})}"
        for step in running[:_MOST_RUNNING]
    ]
    if len(running) > len(names):
        names.append(f"{len(running) - len(names)} more")
    if names:
        parts.append(f"running {', '.join(names)}")
    return "; ".join(parts)


def _steps_text(step: RunningStep, dynamics: Mapping[str, DynamicsProgress]) -> str:
    """Return how far the dynamics of a step are, in brackets after a space; "" where none run."""
    from .watch import duration

    run = dynamics.get(step.worker)
    if run is None:
        return ""
    left = "" if run.seconds_left is None else f", {duration(run.seconds_left)} left"
    return f" (dynamics: step {run.step} of {run.n_steps}{left})"


class Progress:
    """Follow the database and the LaunchPad while others work on them.

    Parameters
    ----------
    database
        Path or URL of the structure database in which results land.
    launchpad
        The LaunchPad whose Fireworks are being worked through.
    fw_id
        Id of a Firework whose workflow is being worked on; None for everything.
    with_potential
        Whether each result names its potential.
    """

    def __init__(
        self, database: Path | str, launchpad: Any, fw_id: int | None = None, *, with_potential: bool = False
    ) -> None:
        from ..workflows.database.structure_database import StructureDatabase

        self._store = StructureDatabase(database, plain_rows=True)
        self._launchpad = launchpad
        self._with_potential = with_potential
        self._query: dict[str, Any] = {} if fw_id is None else {"nodes": fw_id}
        self._last_id = self._store.last_id()
        self._bar: Any = None
        self._task: Any = None
        self._next_look = 0.0
        self._at_start: int | None = None
        self._landed = 0
        self._next_line = time.monotonic() + _IN_A_LOG_S

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        left = TextColumn("{task.fields[left]}")
        # A log file wants the lines, not the bar.
        self._bar = Bar(*columns, left, console=Console(), transient=True, disable=not sys.stdout.isatty())
        self._bar.start()
        self._task = self._bar.add_task("building structures", total=None, left="")
        return self

    def __exit__(self, *_: object) -> None:
        self.update()
        self._bar.stop()

    def update(self) -> None:
        """Print what has landed since the last call and move the bar."""
        for row in self._store.rows_after(self._last_id):
            self._last_id = int(row.id)
            line = visible(result_line(row, with_potential=self._with_potential))
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._landed += 1
        if time.monotonic() >= (self._next_line if self._bar.disable else self._next_look):
            self._look()

    def _look(self) -> None:
        """Ask the LaunchPad; this is to cost little of the time, however many Fireworks it has."""
        from ..workflows.engine.dynamics_told import read_dynamics
        from ..workflows.engine.progress import read_progress
        from .watch import left_text

        begun = time.monotonic()
        found = [one for one in read_progress(self._launchpad, self._query) if one.state not in _OVER]
        done, total = sum(one.calculations_done for one in found), sum(one.calculations for one in found)
        if self._at_start is None:
            self._at_start = done
        if total:
            dynamics = read_dynamics()
            # The LaunchPad knows of whole steps only; what has landed is finer.
            done = min(total, max(done, self._at_start + self._landed))
            left = left_text(found[0].left) if len(found) == 1 and found[0].left.high_s is not None else ""
            self._bar.update(
                self._task, description=_computing(found, dynamics), total=total, completed=done, left=left
            )
            if self._bar.disable:
                line = visible(f"  {progress_text(found, done, total, datetime.now(UTC), dynamics)}")
                self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
                sys.stdout.flush()
        cost = time.monotonic() - begun
        self._next_look = time.monotonic() + max(_SHORTEST_S, 10 * cost)
        self._next_line = time.monotonic() + max(_IN_A_LOG_S, 10 * cost)


def _computing(found: Sequence[WorkflowProgress], dynamics: Mapping[str, DynamicsProgress]) -> str:
    """What the bar is called: the step that runs longest, as dynamics do, whose result is long in coming."""
    from rich.markup import escape

    running = min((step for one in found for step in one.running), key=lambda step: step.since, default=None)
    if running is None:
        return "computing"
    run = dynamics.get(running.worker)
    steps = "" if run is None else f" {run.step}/{run.n_steps}"
    return escape(f"{_short(visible(running.name))}{steps}")


def _short(text: str, length: int = 44) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _say_what_was_repaired(repaired: RecoveryReport) -> None:
    if repaired.total:
        typer.echo(str(repaired))


def work_through(
    url: str,
    workers: int | None,
    *,
    database: Path | str,
    fw_id: int | None = None,
    allow: Sequence[str] = (),
    allow_paths: Sequence[Path] = (),
    limit: TimeLimit | None = None,
    with_potential: bool = False,
) -> None:
    """Run worker processes until nothing is left to run, showing progress; complain about what failed.

    The first SIGTERM or SIGHUP stops the workers, makes ready again what they ran, and raises
    :class:`~amalgamics.workflows.engine.stopping.Interrupted`.

    Parameters
    ----------
    url
        The LaunchPad.
    workers
        Worker processes; when None, one for each core, fewer when there is little memory.
    database
        Where results land.
    fw_id
        Work only on the workflow of this Firework; on everything when None.
    allow, allow_paths
        Modules and places that jobs may use, see :func:`~amalgamics.workflows.engine.launching.launch_workers`.
    limit
        When to stop; its ``reached`` tells afterwards whether work was left for want of time.
    with_potential
        Whether each result names its potential.
    """
    from ..workflows.engine import launching
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.engine.stopping import TimeLimit, left_over, signals_end
    from ..workflows.engine.worker import scope

    limit = limit or TimeLimit()
    launchpad = open_launchpad(url)
    with signals_end(limit.end_now), Progress(database, launchpad, fw_id, with_potential=with_potential) as progress:
        failed = launching.work_through(
            url,
            n_workers=workers,
            workflow_of=fw_id,
            on_repair=_say_what_was_repaired,
            on_tick=progress.update,
            allow=allow,
            allow_paths=allow_paths,
            database=database,
            limit=limit,
        )
    if limit.reached:
        typer.echo(left_over(launchpad, scope(launchpad, fw_id), limit), err=True)
    for failure in failed:
        typer.echo(f"error: {printable(redacted(f'{failure.name}: {failure.message}'))}", err=True)
    if failed:
        raise typer.Exit(1)
