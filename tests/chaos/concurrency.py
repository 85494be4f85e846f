"""Several commands at once: the same job four times, and many Fireworks for four workers."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from fireworks import Firework, Workflow

from amalgamics.workflows.engine.launching import launch_workers
from amalgamics.workflows.engine.launchpad import count_by_state, open_launchpad

from .faults import Tally
from .job import Place, Result, explain
from .ledger import Ledger, settle
from .stores import Server, new_stores

AT_ONCE = 4


def same_job_at_once(folder: Path, servers: dict[str, Server], expected: Result, *, forked: bool = False) -> Tally:
    """Start the same command four times at the same moment: one workflow, and all four end well."""
    place = Place.make(folder, new_stores(folder, servers), forked=forked)
    ledger = Ledger()
    commands = [place.start("run", "job.yaml", "--workers", "1") for _ in range(AT_ONCE)]
    try:
        for command in commands:
            if (code := command.wait()) != 0:
                ledger.lost.append(f"one of four ended with {code}: {command.text().strip()[-300:]}")
        ledger.add(settle(place, expected))
    except (TimeoutError, OSError, ValueError) as error:
        ledger.lost.append(explain(error))
    return Tally(Counter({"four identical runs": 1}), ledger, 1)


def many_fireworks(url: str, task: type, allowed: str, notes: Path, number: int) -> Ledger:
    """Let two commands of two workers each take trivial Fireworks; note those that did not run exactly once.

    Parameters
    ----------
    url
        A fresh LaunchPad.
    task
        Appends a ``text`` as a line to the file ``path``.
    allowed
        Its module.
    notes
        That file.
    number
        How many Fireworks.
    """
    launchpad = open_launchpad(url)
    launchpad.bulk_add_wfs([Workflow([Firework([task(path=str(notes), text=str(one))])]) for one in range(number)])
    crews = [
        threading.Thread(target=launch_workers, args=(url,), kwargs={"n_workers": 2, "allow": [allowed]})
        for _ in range(2)
    ]
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
    return ledger
