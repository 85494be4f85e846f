"""What a person sees while workers run: a live bar, and a line for each result as it lands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..addresses import redacted
from .values import printable, visible

if TYPE_CHECKING:
    from ase.db.row import AtomsRow

    from ..workflows.engine.recovery import RecoveryReport
    from ..workflows.engine.stopping import TimeLimit


def result_line(row: AtomsRow) -> str:
    """Return the one-line result of a relaxation."""
    if not row.converged:
        return f"  {row.name:<34} failed: {row.data['reason']}"
    if row.get("space_group") is None:
        return f"  {row.name:<60} {row.energy_per_atom:9.4f} eV/atom  {row.natoms:>3} atoms  {row.n_steps:>3} steps"
    return (
        f"  {row.name:<34} {row.energy_per_atom:9.4f} eV/atom  {row.volume_per_atom:6.2f} Å³/atom  "
        f"{row.space_group:<8} {row.n_steps:>3} steps"
    )


class Progress:
    """Follow the database and the LaunchPad while others work on them.

    Parameters
    ----------
    database
        Path or URL of the structure database in which results land.
    launchpad
        The LaunchPad whose Fireworks are being worked through.
    """

    def __init__(self, database: Path | str, launchpad: Any) -> None:
        from ..workflows.database.structure_database import StructureDatabase

        self._store = StructureDatabase(database)
        self._launchpad = launchpad
        self._last_id = self._store.last_id()
        self._bar: Any = None
        self._counts: dict[int, int] = {}
        self._task: Any = None

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        # A log file wants the lines, not the bar.
        self._bar = Bar(*columns, console=Console(), transient=True, disable=not sys.stdout.isatty())
        self._bar.start()
        self._task = self._bar.add_task("building structures", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.update()
        self._bar.stop()

    def update(self) -> None:
        """Print what has landed since the last call and move the bar."""
        done = 0
        for row in self._store.rows_after(self._last_id):
            self._last_id = int(row.id)
            self._bar.console.print(visible(result_line(row)), markup=False, highlight=False, soft_wrap=True)
            done += 1
        self._count_structures()
        if self._counts:
            total = sum(self._counts.values())
            self._bar.update(self._task, description="computing", total=total, advance=done)

    def _count_structures(self) -> None:
        """Note how many results each unfinished Firework brings; steps may be added at any time."""
        query = {"spec.structures": {"$exists": True}, "state": {"$nin": ["COMPLETED", "ARCHIVED", "DEFUSED"]}}
        for document in self._launchpad.fireworks.find(query, {"fw_id": 1, "spec.structures": 1}):
            self._counts[int(document["fw_id"])] = len(document["spec"]["structures"])


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
    """
    from ..workflows.engine import launching
    from ..workflows.engine.launchpad import open_launchpad
    from ..workflows.engine.stopping import TimeLimit, left_over, signals_end
    from ..workflows.engine.worker import scope

    limit = limit or TimeLimit()
    launchpad = open_launchpad(url)
    with signals_end(limit.end_now), Progress(database, launchpad) as progress:
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
