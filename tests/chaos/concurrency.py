"""Several commands at once: the same job four times, and many Fireworks for four workers."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from fireworks import FiretaskBase, Firework, Workflow

from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad

from .faults import Tally
from .job import Place, Result, explain
from .ledger import Ledger, settle
from .stores import Server, new_stores

AT_ONCE = 4


def same_job_at_once(folder: Path, servers: dict[str, Server], expected: Result) -> Tally:
    """Start the same command four times at the same moment: one workflow, and all four end well."""
    place = Place.make(folder, new_stores(folder, servers))
    ledger = Ledger()
    commands = [place.start("run", "job.yaml", "--workers", "1") for _ in range(AT_ONCE)]
    try:
        for command in commands:
            if (code := command.wait()) != 0:
                ledger.lost.append(f"one of four ended with {code}: {command.text().strip()[-300:]}")
        ledger.add(settle(place, expected))
    except (TimeoutError, OSError, ValueError) as error:
        ledger.lost.append(explain(error))
    return Tally(Counter({"at-once": AT_ONCE}), ledger, 1)


class Note(FiretaskBase):  # type: ignore[misc]
    """Appends a ``text`` as a line to the file ``path``."""

    _fw_name = "{{amalgamics.tests.chaos.concurrency.Note}}"
    required_params: ClassVar[list[str]] = ["path", "text"]

    def run_task(self, fw_spec: dict[str, Any]) -> None:
        """Append the line."""
        del fw_spec
        with open(self["path"], "a") as stream:  # noqa: PTH123 - in one write, which no other one tears
            stream.write(f"{self['text']}\n")


def many_fireworks(folder: Path, servers: dict[str, Server], number: int) -> Tally:
    """Let two commands of two workers each take trivial Fireworks; note those that did not run exactly once."""
    folder.mkdir(parents=True)
    url, notes = new_stores(folder, servers).launchpad, folder / "notes"
    launchpad = open_launchpad(url)
    launchpad.bulk_add_wfs([Workflow([Firework([Note(path=str(notes), text=str(one))])]) for one in range(number)])
    options = {"n_workers": 2, "allow": [Note.__module__]}
    crews = [threading.Thread(target=launch_workers, args=(url,), kwargs=options) for _ in range(2)]
    for crew in crews:
        crew.start()
    for crew in crews:
        crew.join()
    times = Counter(notes.read_text().splitlines())
    ledger = Ledger()
    ledger.lost += [f"Firework {one} never ran" for one in range(number) if str(one) not in times]
    ledger.doubled += [f"Firework {one} ran {count} times" for one, count in times.items() if count > 1]
    states = count_by_state(launchpad)
    if states != {"COMPLETED": number}:
        ledger.orphans.append(f"states {states}")
    return Tally(Counter({"many-fireworks": number}), ledger, 1)
