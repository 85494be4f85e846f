"""Stopping in time: before the walltime of a batch job ends, or when a signal asks for it.

A worker takes no new Firework when the time left is shorter than its longest so far. What still runs when the time is
over is interrupted and made ready again: relaxations store each structure as it lands and molecular dynamics goes on
from its checkpoint, so that the next worker repeats little.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

from ...errors import InputError, shown

if TYPE_CHECKING:
    from fireworks import LaunchPad

DEFAULT_MARGIN_S = 60.0
OUT_OF_TIME = 75
"""Exit code of a worker that left work for want of time (``EX_TEMPFAIL`` of sysexits.h)."""

_SHORTEST_WORK_S = 5.0
_SQUEUE_TIMEOUT_S = 20
_DURATION = re.compile(r"(?:(\d{1,3})-)?(\d{1,3}):([0-5]\d):([0-5]\d)", re.ASCII)
_TIME_LEFT = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)", re.ASCII)


class Interrupted(BaseException):
    """A signal asked this process to end; like ``KeyboardInterrupt`` no error that anything should catch.

    Attributes
    ----------
    signal
        Which; the exit code is 128 more than its number.
    """

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(f"stopped by {self.signal.name}; the same command goes on where it stopped")

    @property
    def exit_code(self) -> int:
        """128 and the number of the signal, as shells have it."""
        return 128 + int(self.signal)


class _EndOnce:
    """The answer to a signal: raise for the first one, pass over further ones."""

    def __init__(self) -> None:
        self.told = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if not self.told:
            self.told = True
            raise Interrupted(number)


@contextlib.contextmanager
def signals_end(on_notice: Callable[[], None] | None = None) -> Iterator[None]:
    """Raise :class:`Interrupted` in the main thread for the first SIGTERM or SIGHUP within the block.

    Further ones are passed over, to the end of the outermost such block: batch systems send several, and what was
    running is being put in order. A signal that is ignored, as ``nohup`` has it, stays so.

    Parameters
    ----------
    on_notice
        Called for SIGUSR1 and SIGUSR2, by which batch systems announce that the time is nearly over; without it
        these are left as they are.
    """

    def notice(_number: int, _frame: FrameType | None) -> None:
        if on_notice:
            on_notice()

    answers: dict[signal.Signals, Any] = dict.fromkeys((signal.SIGTERM, signal.SIGHUP), _EndOnce())
    if on_notice:
        answers |= dict.fromkeys((signal.SIGUSR1, signal.SIGUSR2), notice)
    before = {number: signal.getsignal(number) for number in answers}
    for number, answer in answers.items():
        if before[number] is not signal.SIG_IGN and not isinstance(before[number], _EndOnce):
            signal.signal(number, answer)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def parse_duration(text: str, key: str) -> float:
    """Return the seconds of ``HH:MM:SS`` or ``D-HH:MM:SS``.

    Raises
    ------
    InputError
        It is neither, or nothing: ``24:00`` would be minutes for SLURM and hours for others.

    Examples
    --------
    >>> from amalgamics.workflows.engine.stopping import parse_duration
    >>> parse_duration("1-12:00:00", "walltime") / 3600
    36.0
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = _seconds(found) if found else 0
    if not seconds:
        raise InputError(f"{key}: {shown(text)} is not allowed; give HH:MM:SS or D-HH:MM:SS, e.g. 24:00:00")
    return float(seconds)


def _seconds(found: re.Match[str]) -> int:
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


class TimeLimit:
    """How long workers may go on; asked by whoever watches them.

    Parameters
    ----------
    seconds
        From now until running work is interrupted; None for ever.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self.reached = False
        """Whether anything was left undone for want of time."""
        self.interrupted: list[str] = []
        """Names of the Fireworks that ran when their workers were stopped."""

    def left_s(self) -> float | None:
        """Return the seconds left, not below zero; None when there is no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        """Return whether running work is to be interrupted now."""
        return self.left_s() == 0.0

    def end_now(self) -> None:
        """Let the time be over."""
        self._end = time.monotonic()


def time_limit(
    walltime: str | None = None, stop_before: str | None = None, environment: Mapping[str, str] = os.environ
) -> TimeLimit:
    """Return the limit of a batch job: what ends first, the given walltime or the time that SLURM has for the job.

    Parameters
    ----------
    walltime
        ``HH:MM:SS`` from now.
    stop_before
        How long before that end to have stopped; by default a minute.
    environment
        Where SLURM says which job this is.

    Raises
    ------
    InputError
        A time is not one, nothing says when the end is, or no time is left before it.
    """
    margin_s = DEFAULT_MARGIN_S if stop_before is None else parse_duration(stop_before, "stop-before")
    ends = [] if walltime is None else [parse_duration(walltime, "walltime")]
    if ends and margin_s >= ends[0]:
        raise InputError(f"stop-before: {margin_s:.0f} s before the end of a walltime of {walltime} leaves no time")
    of_job = slurm_time_left_s(environment)
    if of_job is not None:
        ends.append(of_job)
    if ends:
        return TimeLimit(max(0.0, min(ends) - margin_s))
    if stop_before is not None:
        raise InputError(f"stop-before: {shown(stop_before)} before what? give --walltime, or start it in a SLURM job")
    return TimeLimit()


def slurm_time_left_s(environment: Mapping[str, str]) -> float | None:
    """Return the seconds that SLURM leaves to the job of this process; None outside of one, or without limit.

    ``$SLURM_JOB_END_TIME`` is set by SLURM since 23.02; ``squeue`` is asked where it is not.
    """
    end = environment.get("SLURM_JOB_END_TIME", "")
    if end.isdigit():
        return max(0.0, int(end) - time.time())
    job = environment.get("SLURM_JOB_ID", "")
    if not job.isdigit():
        return None
    command = ["squeue", "--noheader", "--jobs", job, "--format", "%L"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SQUEUE_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _TIME_LEFT.fullmatch(asked.stdout.strip())
    return float(_seconds(found)) if found else None


class Pace:
    """Whether a worker should take one more Firework, by how long its earlier ones took.

    Parameters
    ----------
    seconds
        Left from now; None for ever.
    """

    def __init__(self, seconds: float | None) -> None:
        self._limit = TimeLimit(seconds)
        self._longest = _SHORTEST_WORK_S

    def allows_another(self) -> bool:
        """Return whether the time left is as long as the longest Firework so far."""
        left = self._limit.left_s()
        return left is None or left >= self._longest

    @contextlib.contextmanager
    def timing(self) -> Iterator[None]:
        """Take the time of a Firework."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._longest = max(self._longest, time.monotonic() - start)


def left_over(launchpad: LaunchPad, query: Mapping[str, Any], limit: TimeLimit) -> str:
    """Return in words what is left of the Fireworks of a query, for who starts the next worker."""
    counts: dict[str, int] = {}
    for document in launchpad.fireworks.find(dict(query), {"state": 1}):
        state = str(document.get("state"))
        counts[state] = counts.get(state, 0) + 1
    parts = [f"{counts[state]} {state.lower()}" for state in ("READY", "WAITING", "RUNNING") if counts.get(state)]
    again = f"; interrupted and ready again: {', '.join(limit.interrupted)}" if limit.interrupted else ""
    return f"stopped before the time is over; left: {', '.join(parts) or 'nothing'}{again}"
