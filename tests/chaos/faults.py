"""Faults that are put into a job while it runs: what is killed when, by a seed, and what is done afterwards."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .clock import turn_clock
from .job import Command, Place, Result, explain
from .ledger import Ledger, settle
from .stores import Server, new_stores

_STRIKES_IN_ONE_JOB = 5  # before it is let run to its end
_OUTAGE_S = (0.0, 4.0)  # how long a killed server is away
_WORKER_DEATHS = 3  # that one command puts up with by itself
_STARTUP = 0.4  # share of a job's life that is over when there is a worker
_MISSED = 0.9  # what came too late to strike is tried again so much earlier
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_JUMPS_S = (-86400, -3600, -60, 60, 3600, 86400)  # of a clock


@dataclass
class Tally:
    """How often each kind of fault struck, and what was wrong afterwards."""

    struck: Counter[str] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)
    jobs: int = 0

    def add(self, other: Tally) -> None:
        """Take over what another one counted."""
        self.struck.update(other.struck)
        self.ledger.add(other.ledger)
        self.jobs += other.jobs


def moments(number: int, life_s: float, rng: random.Random) -> list[float]:
    """Return so many moments in random order, one in each of as many equal parts of a job's life."""
    found = [(part + rng.random()) / number * life_s for part in range(number)]
    rng.shuffle(found)
    return found


@dataclass
class Disturber:
    """Runs jobs and disturbs them.

    Attributes
    ----------
    pair
        Name of the pair of stores.
    folder
        Where each job gets a folder.
    servers
        The servers of the stores, by name.
    expected
        What an undisturbed job finds.
    life_s
        How long it takes.
    rng
        Says when and what.
    """

    pair: str
    folder: Path
    servers: dict[str, Server]
    expected: Result
    life_s: float
    rng: random.Random
    tally: Tally = field(default_factory=Tally)

    def strike(self, kind: str, number: int) -> Tally:
        """Disturb jobs so often in one way, run each to its end, and look at what it left."""
        planned = moments(number, self.life_s, self.rng)
        while planned:
            folder = self.folder / f"{self.pair}-{kind}-{self.tally.jobs:03d}"
            place = Place.make(folder, new_stores(folder, self.servers))
            ledger = Ledger()
            try:
                self._disturb(place, kind, planned)
                ledger.add(settle(place, self.expected))
            except (TimeoutError, OSError, RuntimeError, ValueError) as error:
                ledger.lost.append(explain(error))
            self.tally.jobs += 1
            self.tally.ledger.add(ledger, f"{folder.name}: ")
        return self.tally

    def _disturb(self, place: Place, kind: str, planned: list[float]) -> None:
        """Disturb a job at some of the planned moments, then run the same command until it ends well."""
        ways = {"run": self._kill_run, "worker": self._kill_workers, "signal": self._signal, "clock": self._turn_clock}
        way = ways.get(kind, self._kill_server)
        for _ in range(_STRIKES_IN_ONE_JOB):
            if not planned:
                break
            command = place.start("run", "job.yaml", "--workers", "2")
            self.tally.struck[kind] += way(command, kind, planned)
            if command.wait() == 0:
                return
        code = place.run()
        if code != 0:
            raise RuntimeError(f"the last, undisturbed command ended with {code}: {place.said[-1].strip()[-300:]}")

    def _kill_run(self, command: Command, _: str, planned: list[float]) -> int:
        """Kill ``run`` itself; its workers have to end by themselves."""
        moment = planned.pop()
        if command.is_over_by(moment):
            planned.insert(0, moment * _MISSED)
            return 0
        workers = command.workers()
        command.kill()
        self._see_off(workers)
        return 1

    def _signal(self, command: Command, _: str, planned: list[float]) -> int:
        """Ask ``run`` to end; it says so by its exit code, and its workers end too."""
        moment = planned.pop()
        if command.is_over_by(moment):
            planned.insert(0, moment * _MISSED)
            return 0
        workers, number = command.workers(), self.rng.choice(_SIGNALS)
        command.process.send_signal(number)
        code = command.wait()
        if code not in {128 + number, -number, 0}:  # -number before it listens to signals, 0 when it was just done
            raise RuntimeError(f"{number.name} ended run with {code}: {command.place.said[-1].strip()[-300:]}")
        self._see_off(workers)
        return int(code != 0)

    def _turn_clock(self, command: Command, _: str, planned: list[float]) -> int:
        """Let the clocks of all processes jump; they stay where they are until they jump again."""
        moment = planned.pop()
        if command.is_over_by(moment):
            planned.insert(0, moment * _MISSED)
            return 0
        turn_clock(self.rng.choice(_JUMPS_S))
        return 1

    @staticmethod
    def _see_off(workers: list[psutil.Process]) -> None:
        """Wait for workers to end.

        Raises
        ------
        RuntimeError
            One lives on.
        """
        end = time.monotonic() + 10
        while any(worker.is_running() and worker.status() != "zombie" for worker in workers):
            if time.monotonic() > end:
                raise RuntimeError("workers live on after the command that started them")
            time.sleep(0.05)

    def _kill_workers(self, command: Command, _: str, planned: list[float]) -> int:
        """Kill workers of one command, few enough that it goes on by itself."""
        struck = 0
        while struck < _WORKER_DEATHS and planned:
            while not command.workers() and command.process.poll() is None:
                time.sleep(0.02)
            moment = planned.pop()
            # A worker has a shorter life than the command that starts it.
            if command.is_over_by(command.age_s + moment * (1 - _STARTUP)) or not (workers := command.workers()):
                planned.insert(0, moment * _MISSED)
                break
            self.rng.choice(workers).kill()
            struck += 1
        return struck

    def _kill_server(self, command: Command, kind: str, planned: list[float]) -> int:
        """Kill a server, and start it again some seconds later."""
        moment, server = planned.pop(), self.servers[kind]
        if command.is_over_by(moment):
            planned.insert(0, moment * _MISSED)
            return 0
        server.kill()
        command.is_over_by(command.age_s + self.rng.uniform(*_OUTAGE_S))
        server.start()
        return 1
