"""``amalgamics status --watch``: the same numbers again and again, until nothing is left to run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from textwrap import TextWrapper
from typing import TYPE_CHECKING

import typer

from .chosen_workflows import find_progress, report_of
from .values import visible

if TYPE_CHECKING:
    from ..workflows.engine.progress import RunningStep, StudyProgress, TimeLeft, WorkflowProgress

_MOST_RUNNING = 8
_MOST_FAILURES = 5
_NEWEST_OVER = 3
_NARROWEST = 20
# A look should cost little of the time in between, however large the LaunchPad is.
_COST = 10.0


def watch(url: str, chosen: str | None, interval: float) -> None:
    """Show how far the workflows are until nothing is left to run, or until Ctrl-C.

    On a terminal the view is drawn again and again in place; elsewhere a block is printed each time something changed.
    Leaving it stops no work, so that Ctrl-C is no error here.
    """
    try:
        if sys.stdout.isatty():
            _live(url, chosen, interval)
        else:
            _blocks(url, chosen, interval)
    except KeyboardInterrupt:
        return


def _live(url: str, chosen: str | None, interval: float) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    found, pause = _look(url, chosen, interval)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as view:
        while True:
            lines = block(found, datetime.now(UTC))
            over = all(one.over for one in found)
            # What does not fit cannot be drawn in place: the end of it, which has the newest, is what counts.
            room = len(lines) if over else max(4, console.height - 1)
            view.update(Text("\n".join(_fitting(lines, console.width, room)), overflow="fold"), refresh=True)
            if over:
                view.vertical_overflow = "visible"
                view.refresh()
                return
            time.sleep(pause)
            found, pause = _look(url, chosen, interval)


def _fitting(lines: Sequence[str], width: int, height: int) -> list[str]:
    """Return the last lines that a terminal has room for, folded at its width."""
    wrap = TextWrapper(max(width, _NARROWEST), subsequent_indent="    ", drop_whitespace=False).wrap
    folded = [part.rstrip() for line in lines for part in wrap(line) or [""]]
    if len(folded) <= height:
        return folded
    return [f"… {len(folded) - height + 1} lines above", *folded[len(folded) - height + 1 :]]


def _blocks(url: str, chosen: str | None, interval: float) -> None:
    before: object = None
    while True:
        found, pause = _look(url, chosen, interval)
        state = [_changes(one) for one in found]
        if state != before:
            now = datetime.now(UTC)
            typer.echo("\n".join([f"{now:%Y-%m-%d %H:%M:%S} UTC", *block(found, now), ""]))
            sys.stdout.flush()
            before = state
        if all(one.over for one in found):
            return
        time.sleep(pause)


def _look(url: str, chosen: str | None, interval: float) -> tuple[list[WorkflowProgress], float]:
    """Return how far things are, and how long to wait before the next look."""
    begun = time.monotonic()
    found = find_progress(url, chosen)
    return found, max(interval, _COST * (time.monotonic() - begun))


def _changes(one: WorkflowProgress) -> object:
    """Return what a new block is printed for: not the time that went by."""
    running = [(step.fw_id, step.alive) for step in one.running]
    return one.id, one.state, sorted(one.counts.items()), running, len(one.failures), one.workers, one.next_step


def block(found: Sequence[WorkflowProgress], now: datetime) -> list[str]:
    """Return the lines of the view: of workflows that are done, only the newest few."""
    done = [one for one in found if one.state in {"COMPLETED", "ARCHIVED", "DEFUSED"}]
    left_out = done[: max(0, len(done) - _NEWEST_OVER)]
    lines = [f"{len(left_out)} earlier workflows are done"] if left_out else []
    for one in found:
        if one not in left_out:
            lines += [
                *([""] if lines else []),
                *(visible(" ".join(line.splitlines())) for line in workflow_lines(one, now)),
            ]
    return lines or ["no workflows"]


def workflow_lines(one: WorkflowProgress, now: datetime) -> list[str]:
    """Return what is shown of one workflow."""
    counts = ", ".join(f"{count} {state.lower()}" for state, count in sorted(one.counts.items()))
    more = "" if one.planned else " so far"
    lines = [
        f"{one.name} ({one.id}): {one.state.lower()}",
        f"  steps         {sum(one.counts.values())}: {counts}",
        f"  calculations  {one.calculations_done} of {one.calculations}{more} done" + _rate(one),
    ]
    if not one.over:
        lines += [f"  time left     {left_text(one.left)}", *_study_lines(one.studies)]
        lines += [f"  workers       {_workers(one)}"]
    lines += _limited([_running_line(step, now) for step in one.running], _MOST_RUNNING, "running")
    failed = [f"  failed        {one.name} ({one.fw_id}): {one.message}" for one in one.failures]
    lines += _limited(failed, _MOST_FAILURES, "failed")
    if one.held:
        lines.append(f"  held          {one.held} wait for what failed or was stopped")
    if one.next_step:
        lines.append(f"  next          {one.next_step}")
    elif one.state == "COMPLETED" and (report := report_of(one)):
        lines.append(f"  report        {report}")
    return lines


def _rate(one: WorkflowProgress) -> str:
    if one.over or not one.window_s:
        return ""
    return f", {one.rate_per_minute:.3g} a minute in the last {duration(one.window_s)}"


def _study_lines(studies: Sequence[StudyProgress]) -> list[str]:
    if len(studies) < 2:
        return []
    lines = []
    for one in studies:
        if not one.planned:
            text = "not planned yet"
        elif one.steps_done == one.steps:
            text = f"{one.calculations} calculations, done"
        else:
            text = f"{one.calculations_done} of {one.calculations} calculations, {left_text(one.left)}"
        lines.append(f"    {one.name:<18}  {text}")
    return lines


def _workers(one: WorkflowProgress) -> str:
    if not one.workers:
        return "none"
    return ", ".join(f"{count} on {host}" for host, count in one.workers.items())


def _running_line(step: RunningStep, now: datetime) -> str:
    since = duration((now - step.since).total_seconds())
    heard = duration((now - step.heartbeat).total_seconds())
    state = {True: "", False: ", its worker is dead", None: f", last heard of {heard} ago"}[step.alive]
    return f"  running       {step.name} ({step.fw_id}), for {since}{state}, {step.worker.rpartition(':')[0]}"


def _limited(lines: Sequence[str], most: int, what: str) -> Iterable[str]:
    hidden = len(lines) - most
    return [*lines[:most], f"  {what:<12}  and {hidden} more"] if hidden > 1 else lines


def left_text(left: TimeLeft) -> str:
    """Return the time that is left in words: a range, or why there is none."""
    if left.high_s is None:
        at_least = f"at least {duration(left.low_s)}" if left.low_s >= 1 else "not yet known"
        return f"{at_least} ({left.unknown})"
    low, high = duration(left.low_s), duration(left.high_s)
    return f"about {high}" if low == high else f"{low} to {high}"


def duration(seconds: float) -> str:
    """Return a time in words: ``45 s``, ``12 min``, ``3 h 05 min``, ``4 d 7 h``.

    Examples
    --------
    >>> from amalgamics.cli.watch import duration
    >>> [duration(seconds) for seconds in (4.2, 119, 3720, 200_000)]
    ['4 s', '2 min', '1 h 02 min', '2 d 7 h']
    """
    if seconds < 90:
        return f"{max(0, seconds):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
