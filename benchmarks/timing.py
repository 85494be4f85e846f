"""Timing of peers in turn: A, B, A, B, ... in one process, then medians and the median of the ratios."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Clock = Callable[[], float]


def say(message: str) -> None:
    """Show progress on stderr."""
    print(message, file=sys.stderr, flush=True)


@dataclass
class Measurement:
    """What one peer took in each round, and what it returned.

    Attributes
    ----------
    cpu_s, wall_s
        Seconds of each round. CPU time is that of this process: user and system, all threads.
    values
        What the peer returned in each round.
    """

    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        """Median CPU time of a round, s."""
        return statistics.median(self.cpu_s)

    @property
    def wall(self) -> float:
        """Median wall time of a round, s."""
        return statistics.median(self.wall_s)


def interleave(
    peers: Mapping[str, Callable[[int], Any]],
    rounds: int,
    *,
    label: str = "",
    cpu_clock: Clock = time.process_time,
    wall_clock: Clock = time.perf_counter,
) -> dict[str, Measurement]:
    """Run every peer once in each round, one after the other.

    Parameters
    ----------
    peers
        Name of each peer and what to run, called with the number of the round.
    rounds
        How many rounds.
    label
        What to call this in the progress; nothing is shown without.
    cpu_clock, wall_clock
        Clocks, s.

    Raises
    ------
    ValueError
        There are no peers or no rounds.
    """
    if not peers or rounds < 1:
        raise ValueError("give at least one peer and one round")
    measured = {name: Measurement() for name in peers}
    for number in range(rounds):
        for name, run in peers.items():
            cpu, wall = cpu_clock(), wall_clock()
            value = run(number)
            cpu, wall = cpu_clock() - cpu, wall_clock() - wall
            measured[name].cpu_s.append(cpu)
            measured[name].wall_s.append(wall)
            measured[name].values.append(value)
            if label:
                say(f"  {label}: round {number + 1} of {rounds}, {name}: {cpu:.2f} s CPU, {wall:.2f} s wall")
    return measured


def speedup(of: Measurement, over: Measurement, *, wall: bool = False) -> float:
    """Return how many times faster ``of`` is than ``over``: the median over the rounds, each compared with itself."""
    pairs = zip(over.wall_s, of.wall_s, strict=True) if wall else zip(over.cpu_s, of.cpu_s, strict=True)
    return statistics.median(slow / fast for slow, fast in pairs)
