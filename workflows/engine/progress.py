"""How far a workflow is, how fast it goes, and what it still takes: worked out from what its LaunchPad holds.

:func:`progress_of` is a pure function of documents, :func:`read_progress` fetches them. The time that is left is a
range: the steps of a kind that ended say how long the others of that kind take and how much that scatters. Where a
study is not planned yet, or no step of a kind has ended, there is no upper end, and it is said why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from statistics import fmean, variance
from typing import Any

from .document_shapes import (
    MALFORMED,
    OF_LAUNCHES,
    OVER,
    fault_among,
    find,
    is_date,
    is_number,
    moment_of,
    name_of,
    nodes_in,
    own,
)
from .document_shapes import OF_FIREWORKS as _CHECKED_OF_FIREWORKS
from .reading import Failure, failures_among
from .worker_identity import is_alive

RATE_WINDOW_S = 300.0
_MOVING = ("RUNNING", "RESERVED")
_HELD = ("FIZZLED", "DEFUSED", "PAUSED", "ARCHIVED")
_PLANNER = "PlanStudy"
_OVERHEAD = (_PLANNER, "WriteReport", "WriteComparison")
# How long planning a study or writing a report may take where none did yet.
_OVERHEAD_S = (0.0, 60.0)

Document = Mapping[str, Any]
Kind = tuple[str, str, str]
"""Task, study and step of a Firework: those of one kind take similar times."""


@dataclass(frozen=True)
class TimeLeft:
    """How long it takes until nothing is left to run.

    Attributes
    ----------
    low_s, high_s
        The range, in seconds; ``high_s`` is None where nobody can know.
    unknown
        Why there is no upper end; empty where there is one.
    """

    low_s: float
    high_s: float | None
    unknown: str = ""


@dataclass(frozen=True)
class StudyProgress:
    """What of one study is done; ``left`` as if it had the workers for itself."""

    name: str
    steps_done: int
    steps: int
    calculations_done: int
    calculations: int
    planned: bool
    left: TimeLeft


@dataclass(frozen=True)
class RunningStep:
    """A Firework that runs: since when, in which worker, and when that last said so (None where it never did)."""

    fw_id: int
    name: str
    since: datetime
    heartbeat: datetime
    worker: str
    alive: bool | None


@dataclass(frozen=True)
class WorkflowProgress:
    """How far one workflow is.

    Attributes
    ----------
    counts
        Number of Fireworks in each state that occurs.
    calculations_done, calculations
        Results of the steps that ended, and of all steps that are planned.
    planned
        Whether every study is planned, so that no calculations will be added.
    window_s, rate_per_minute
        The last minutes (less while it is young), and the calculations per minute that ended in them.
    left
        Time until nothing is left to run, with the workers of now.
    held
        Steps that wait for one that failed or was stopped, and cannot start.
    workers
        Number of workers by host that live, or may live: another host cannot be asked.
    malformed
        Which key of which document keeps the workflow from being read; its state is then :data:`MALFORMED`, and no
        more is known of it.
    """

    id: int
    name: str
    state: str
    updated: datetime
    metadata: Document
    counts: Mapping[str, int]
    calculations_done: int
    calculations: int
    planned: bool
    window_s: float
    rate_per_minute: float
    left: TimeLeft
    studies: tuple[StudyProgress, ...]
    running: tuple[RunningStep, ...]
    failures: tuple[Failure, ...]
    held: int
    workers: Mapping[str, int]
    locked: bool = False
    malformed: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing of it is running or can be run."""
        return not any(self.counts.get(state) for state in (*_MOVING, "READY")) and not self._may_go_on

    @property
    def _may_go_on(self) -> bool:
        return self.counts.get("WAITING", 0) > self.held

    @property
    def next_step(self) -> str:
        """What to do now, as a command where there is one; empty where it goes on by itself or is done."""
        if self.state in OVER:
            return ""
        lost = [step for step in self.running if step.alive is False]
        if lost or (self.locked and not self.workers):
            return "amalgamics recover   (a worker died)"
        if not self.over:
            return "" if self.workers else "amalgamics launch   (nobody works on it)"
        return self._advice_when_over

    @property
    def _advice_when_over(self) -> str:
        if self.malformed:
            return f"submit its input again   (left alone: {self.malformed} cannot be read)"
        if self.failures:
            return "mend the reason, then: amalgamics run INPUT.yaml   (its input; with --retry-failed all that failed)"
        if self.counts.get("PAUSED"):
            return f"amalgamics lpad resume_fws -i {self.id}   (it was paused)"
        return ""


@dataclass
class _Step:
    """A Firework with what its launches say."""

    fw_id: int
    name: str
    state: str
    kind: Kind
    results: int
    seconds: float | None = None
    ended: datetime | None = None
    launch: Document | None = None
    elapsed: float = 0.0

    @property
    def unfinished(self) -> bool:
        return self.state in {"READY", "WAITING", *_MOVING}


@dataclass
class _Estimate:
    """What the steps that are left take, all one after the other."""

    steps: Sequence[_Step]
    samples: Mapping[Kind, Sequence[float]]
    no_sample: list[str] = field(default_factory=list)

    def mean(self, kind: Kind) -> float:
        times = self.samples.get(kind) or _pooled(self.samples, kind[0])
        return fmean(times) if times else fmean(_OVERHEAD_S) if kind[0] in _OVERHEAD else 0.0

    def left_of(self, step: _Step) -> float:
        return max(0.0, self.mean(step.kind) - step.elapsed)

    @cached_property
    def total(self) -> tuple[float, float]:
        """Mean and standard deviation of the sum, in seconds."""
        counts = Counter(step.kind for step in self.steps)
        scatter = 0.0
        for kind, count in counts.items():
            times = self.samples.get(kind) or _pooled(self.samples, kind[0])
            if times:
                # One that ended says little of how they scatter: half of it is assumed.
                spread = variance(times) if len(times) > 1 else (times[0] / 2) ** 2
                scatter += count * spread + count**2 * spread / len(times)
            elif kind[0] in _OVERHEAD:
                scatter += (count * (_OVERHEAD_S[1] - _OVERHEAD_S[0]) / 4) ** 2
            else:
                self.no_sample.append(kind[2] or kind[0])
        return sum(map(self.left_of, self.steps)), scatter**0.5


def _pooled(samples: Mapping[Kind, Sequence[float]], task: str) -> list[float]:
    """Planning one study tells of planning another; steps of different kinds tell nothing of each other."""
    if task != _PLANNER:
        return []
    return [seconds for kind, times in samples.items() if kind[0] == task for seconds in times]


def progress_of(
    workflow: Document,
    fireworks: Sequence[Document],
    launches: Sequence[Document],
    *,
    workers: Sequence[str] = (),
    beats: Mapping[str, datetime] | None = None,
    failures: Sequence[Failure] = (),
    now: datetime,
    alive: Callable[[str], bool | None] = is_alive,
) -> WorkflowProgress:
    """Return how far a workflow is.

    Parameters
    ----------
    workflow, fireworks, launches
        Its documents, and those of its Fireworks and their launches.
    workers
        Names of the workers that are registered in the LaunchPad.
    beats
        When each of them gave its last sign of life, where they do.
    failures
        What is known of its Fireworks that failed.
    now
        The time to which this refers.
    alive
        Tells of the name of a worker whether it lives, None where it cannot.
    """
    by_id = {launch["launch_id"]: launch for launch in launches}
    steps = [_step(document, by_id, now) for document in fireworks]
    running = tuple(_running(step, alive, beats or {}) for step in steps if step.launch is not None)
    held = _held(steps, workflow.get("links") or {})
    ended = [step for step in steps if step.state == "COMPLETED"]
    samples: dict[Kind, list[float]] = {}
    for step in ended:
        if step.seconds is not None:
            samples.setdefault(step.kind, []).append(step.seconds)
    todo = [step for step in steps if step.unfinished and step.fw_id not in held]
    unplanned = [step.kind[1] for step in steps if step.kind[0] == _PLANNER and step.state != "COMPLETED"]
    crew = _crew(workers, running, alive)
    n_workers = _working(running) or sum(crew.values()) or 1
    window, recent = _recent(steps, launches, now)
    return WorkflowProgress(
        id=min(workflow["nodes"]),
        name=str(workflow.get("name")),
        state=str(workflow.get("state")),
        updated=_moment(workflow.get("updated_on")) or now,
        metadata=workflow.get("metadata") or {},
        counts=dict(Counter(step.state for step in steps)),
        calculations_done=sum(step.results for step in ended),
        calculations=sum(step.results for step in steps),
        planned=not unplanned,
        window_s=window,
        rate_per_minute=60 * recent / window if window else 0.0,
        left=_time_left(todo, workflow.get("links") or {}, samples, n_workers, unplanned),
        studies=_studies(steps, held, samples, n_workers, workflow.get("links") or {}),
        running=running,
        failures=tuple(failures),
        held=len(held),
        workers=crew,
        locked="locked" in workflow,
    )


def _step(document: Document, launches: Mapping[int, Document], now: datetime) -> _Step:
    spec = document.get("spec") or {}
    task = (spec.get("_tasks") or [{}])[0]
    study, step_name = (
        str(task.get(key) or "") for key in ("study", "step")
    )  # of other packages, they may be anything
    kind = (str(task.get("_fw_name", "")).strip("{}").rpartition(".")[2], study, step_name)
    structures = spec.get("structures")
    n_results = len(structures) if isinstance(structures, list) else 0
    step = _Step(document["fw_id"], str(document.get("name")), document["state"], kind, n_results)
    own = [launches[key] for key in document.get("launches") or [] if key in launches]
    for launch in own:
        if step.state == "COMPLETED" and launch.get("state") == "COMPLETED":
            begun, step.ended = _moment(launch.get("time_start")), _moment(launch.get("time_end"))
            if begun and step.ended:
                step.seconds = (step.ended - begun).total_seconds()
        elif step.state == "RUNNING" and launch.get("state") == "RUNNING":
            step.launch = launch
            begun = _moment(launch.get("time_start"))
            step.elapsed = (now - begun).total_seconds() if begun else 0.0
    return step


def _running(step: _Step, alive: Callable[[str], bool | None], beats: Mapping[str, datetime]) -> RunningStep:
    launch = step.launch or {}
    entries = [entry for entry in launch.get("state_history") or [] if entry.get("state") == "RUNNING"]
    last = entries[-1] if entries else {}
    since = _moment(launch.get("time_start")) or _moment(last.get("created_on")) or datetime.now(UTC)
    worker = str((launch.get("fworker") or {}).get("name", ""))
    heard = max(_moment(last.get("updated_on")) or since, beats.get(worker, since))
    return RunningStep(step.fw_id, step.name, since, heard, worker, alive(worker))


def _held(steps: Sequence[_Step], links: Document) -> set[int]:
    """Return the Fireworks that wait for one that failed or was stopped, directly or not."""
    children = {int(parent): list(ids) for parent, ids in links.items()}
    states = {step.fw_id: step.state for step in steps}
    reached: set[int] = set()
    look = [fw_id for fw_id, state in states.items() if state in _HELD]
    while look:
        for child in children.get(look.pop(), ()):
            if child not in reached and states.get(child) == "WAITING":
                reached.add(child)
                look.append(child)
    return reached


def _crew(
    workers: Sequence[str], running: Sequence[RunningStep], alive: Callable[[str], bool | None]
) -> dict[str, int]:
    names = {*workers, *(step.worker for step in running)}
    return dict(sorted(Counter(host_of(name) for name in names if alive(name) is not False).items()))


def _working(running: Sequence[RunningStep]) -> int:
    return len({step.worker for step in running if step.alive is not False})


def host_of(worker: str) -> str:
    """Return the host in the name of a worker, ``host:pid:start``; other names as they are."""
    parts = worker.rsplit(":", 2)
    return parts[0] if len(parts) == 3 else worker or "unknown host"


def _recent(steps: Sequence[_Step], launches: Sequence[Document], now: datetime) -> tuple[float, int]:
    """Return the length of the window for the rate, and how many calculations ended in it."""
    begun = [moment for launch in launches if (moment := _moment(launch.get("time_start")))]
    if not begun:
        return 0.0, 0
    window = min(RATE_WINDOW_S, max(0.0, (now - min(begun)).total_seconds()))
    ended = [step for step in steps if step.ended and (now - step.ended).total_seconds() <= window]
    return window, sum(step.results for step in ended)


def _time_left(
    todo: Sequence[_Step],
    links: Document,
    samples: Mapping[Kind, Sequence[float]],
    n_workers: int,
    unplanned: Sequence[str],
) -> TimeLeft:
    """Return how long ``n_workers`` take for these steps: they share the work, but not a chain of steps."""
    if not todo:
        return TimeLeft(0.0, 0.0)
    estimate = _Estimate(todo, samples)
    total, scatter = estimate.total
    middle = max(total / n_workers, _longest_chain(todo, links, estimate))
    spread = min(middle, 2 * scatter / n_workers)
    if unplanned:
        return TimeLeft(middle - spread, None, f"not planned yet: {', '.join(dict.fromkeys(unplanned))}")
    if estimate.no_sample:
        return TimeLeft(middle - spread, None, f"none has ended yet: {', '.join(dict.fromkeys(estimate.no_sample))}")
    return TimeLeft(middle - spread, middle + max(spread, 2 * scatter / n_workers))


def _longest_chain(todo: Sequence[_Step], links: Document, estimate: _Estimate) -> float:
    """Return the time of the longest chain of steps that wait for each other; without recursion, it may be long."""
    left = {step.fw_id: estimate.left_of(step) for step in todo}
    children = {int(parent): [child for child in ids if child in left] for parent, ids in links.items()}
    waiting_for = Counter(child for parent, ids in children.items() if parent in left for child in ids)
    start = dict.fromkeys(left, 0.0)
    free = [fw_id for fw_id in left if not waiting_for[fw_id]]
    while free:
        parent = free.pop()
        for child in children.get(parent, ()):
            start[child] = max(start[child], start[parent] + left[parent])
            waiting_for[child] -= 1
            if not waiting_for[child]:
                free.append(child)
    return max(start[fw_id] + left[fw_id] for fw_id in left)


def _studies(
    steps: Sequence[_Step],
    held: set[int],
    samples: Mapping[Kind, Sequence[float]],
    n_workers: int,
    links: Document,
) -> tuple[StudyProgress, ...]:
    found = []
    for name in dict.fromkeys(step.kind[1] for step in sorted(steps, key=_order) if step.kind[1]):
        own = [step for step in steps if step.kind[1] == name]
        work = [step for step in own if step.kind[0] != _PLANNER]
        planned = all(step.state == "COMPLETED" for step in own if step.kind[0] == _PLANNER)
        todo = [step for step in own if step.unfinished and step.fw_id not in held]
        done = [step for step in work if step.state == "COMPLETED"]
        left = _time_left(todo, links, samples, n_workers, [] if planned else [name])
        calculations = (sum(step.results for step in done), sum(step.results for step in work))
        found.append(StudyProgress(name, len(done), len(work), *calculations, planned, left))
    return tuple(found)


def _order(step: _Step) -> tuple[bool, float]:
    """Sort by when a step ended; what did not end comes last, planners in the order of their ids from the end."""
    return step.ended is None, step.ended.timestamp() if step.ended else -step.fw_id


def _moment(value: Any) -> datetime | None:
    return None if value is None else moment_of(value)


_OF_FIREWORKS = {
    **_CHECKED_OF_FIREWORKS,
    **{"spec.structures": 1, "spec._tasks.study": 1, "spec._tasks.step": 1},
}


def _beat(worker: Document) -> datetime | None:
    """Return when a worker gave its last sign of life; None of one that gives none, or whose document is malformed."""
    beat = worker.get("beat")
    if not (is_number(beat) and is_number(worker.get("lost_after"))):
        return None
    try:
        return datetime.fromtimestamp(beat, UTC)
    except (ValueError, OverflowError, OSError):  # no time of this world
        return None


def _first_node(workflow: Document) -> int:
    return min(nodes_in(workflow), default=0)


def _malformed(workflow: Document, fault: str, now: datetime) -> WorkflowProgress:
    """Return what can be said of a workflow that cannot be read."""
    name, updated = workflow.get("name"), workflow.get("updated_on")
    return WorkflowProgress(
        id=_first_node(workflow),
        name=name if isinstance(name, str) else name_of(workflow),
        state=MALFORMED,
        updated=(_moment(updated) if is_date(updated) else None) or now,
        metadata={},
        counts={},
        calculations_done=0,
        calculations=0,
        planned=True,
        window_s=0.0,
        rate_per_minute=0.0,
        left=TimeLeft(0.0, 0.0),
        studies=(),
        running=(),
        failures=(),
        held=0,
        workers={},
        malformed=fault,
    )


def read_progress(
    collections: Any, query: Mapping[str, Any] | None = None, *, now: datetime | None = None
) -> list[WorkflowProgress]:
    """Return how far the workflows of a LaunchPad are, the first one first.

    Parameters
    ----------
    collections
        :class:`~.reading.Collections`, or FireWorks' own ``LaunchPad``.
    query
        Which workflows, as MongoDB asks; all when not given.
    now
        The time to which this refers.
    """
    moment = now or datetime.now(UTC)
    workers = {
        document["name"]: document
        for document in collections.db.workers.find({})
        if isinstance(document.get("name"), str)
    }
    beats = {name: beat for name, document in workers.items() if (beat := _beat(document)) is not None}

    def alive(name: str) -> bool | None:
        """As this host knows it, else by the signs of life."""
        known, beat = is_alive(name), beats.get(name)
        if known is None and beat is not None:
            return (moment - beat).total_seconds() <= float(workers[name]["lost_after"])
        return known

    found = []
    for workflow in sorted(collections.workflows.find(query or {}), key=_first_node):
        of_nodes = {"fw_id": {"$in": nodes_in(workflow)}}
        fireworks = list(own(find(collections.fireworks, of_nodes, _OF_FIREWORKS)))
        launches = list(own(find(collections.launches, of_nodes, OF_LAUNCHES)))
        fault = fault_among(workflow, fireworks, launches)
        if fault is not None:
            found.append(_malformed(workflow, fault, moment))
            continue
        failed = failures_among(collections, fireworks)
        found.append(
            progress_of(
                workflow,
                fireworks,
                launches,
                workers=list(workers),
                beats=beats,
                failures=failed,
                now=moment,
                alive=alive,
            )
        )
    return found
