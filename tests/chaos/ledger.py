"""What counts as lost, doubled, an orphan, a traceback or left over, once the same command was run again."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, fields

from amalgamics.workflows.engine.launchpad import open_launchpad

from .job import Place, Result, gone_within

_MOST_S = 10  # that processes may take to end after the command that started them


@dataclass
class Ledger:
    """What is wrong after faults, each in words; all empty when nothing is.

    Attributes
    ----------
    lost
        Calculations that are missing, have another energy, or stand otherwise in the report; Fireworks that did not
        end well; commands that failed although nothing was disturbed any more, or hung.
    doubled
        Calculations that are stored twice, and workflows of the same job that were run beside the first.
    orphans
        Fireworks without workflow, reservations, locks, launches that seem to run, leases and names of dead workers.
    tracebacks
        Commands and logs with one.
    leftovers
        Processes, and temporary folders.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    def add(self, other: Ledger, where: str = "") -> None:
        """Take over what another one holds."""
        for one in fields(self):
            getattr(self, one.name).extend(f"{where}{text}" for text in getattr(other, one.name))

    def problems(self) -> list[str]:
        """Return everything that is wrong, in words."""
        return [f"{one.name}: {text}" for one in fields(self) for text in getattr(self, one.name)]

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind."""
        return {one.name: len(getattr(self, one.name)) for one in fields(self)}


def settle(place: Place, expected: Result) -> Ledger:
    """Compare a job whose last command ended undisturbed with what it should have found and left."""
    ledger = Ledger()
    compare(Result.of(place), expected, ledger)
    look_into_launchpad(place.stores.launchpad, ledger)
    ledger.tracebacks += [where for where, text in place.logs().items() if "Traceback (most recent call last)" in text]
    living = gone_within(place.processes(), _MOST_S)
    ledger.leftovers += [f"process {process.pid} {' '.join(process.cmdline())}" for process in living]
    ledger.leftovers += [f"temporary {path.name}" for path in (place.folder / "tmp").iterdir()]
    ledger.leftovers += [str(path.name) for path in place.folder.rglob("*.unfinished")]
    return ledger


def compare(found: Result, expected: Result, ledger: Ledger) -> None:
    """Note calculations that are missing, too many, or have another energy; no digit may differ."""
    times = Counter(key for key, _ in found.energies)
    energies, wanted = dict(found.energies), dict(expected.energies)
    ledger.lost += [f"calculation {key} is missing" for key in wanted.keys() - times.keys()]
    ledger.doubled += [f"calculation {key} is stored {number} times" for key, number in times.items() if number > 1]
    ledger.doubled += [f"calculation {key} belongs to nothing" for key in times.keys() - wanted.keys()]
    for key in wanted.keys() & energies.keys():
        if energies[key] != wanted[key]:
            ledger.lost.append(f"calculation {key} has {energies[key]!r} eV, undisturbed {wanted[key]!r}")
    if found.hulls != expected.hulls:
        ledger.lost.append(f"the report has {len(found.hulls)} crystals, or other numbers than undisturbed")


def look_into_launchpad(url: str, ledger: Ledger) -> None:
    """Note what is not as it is after an undisturbed run."""
    launchpad = open_launchpad(url, create=False)
    workflows = list(launchpad.workflows.find({}))
    # A job that is over is begun anew, and finds everything stored; before that it must be gone on with.
    spans = sorted((str(workflow["created_on"]), str(workflow["updated_on"])) for workflow in workflows)
    if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans)):
        ledger.doubled.append(f"{len(workflows)} workflows of the same job, at the same time")
    nodes: set[int] = set()
    for workflow in workflows:
        nodes |= set(workflow["nodes"])
        if "locked" in workflow:
            ledger.orphans.append(f"workflow {min(workflow['nodes'])} is locked")
        if workflow["state"] != "COMPLETED":
            ledger.lost.append(f"workflow {min(workflow['nodes'])} is {workflow['state']}")
    for firework in launchpad.fireworks.find({}, {"fw_id": 1, "state": 1, "name": 1}):
        if firework["fw_id"] not in nodes:
            ledger.orphans.append(f"Firework {firework['fw_id']} ({firework['name']}) has no workflow")
        elif firework["state"] == "RESERVED":
            ledger.orphans.append(f"Firework {firework['fw_id']} is reserved")
        elif firework["state"] != "COMPLETED":
            ledger.lost.append(f"Firework {firework['fw_id']} ({firework['name']}) is {firework['state']}")
    for launch in launchpad.launches.find({"state": {"$in": ["RUNNING", "RESERVED"]}}, {"launch_id": 1, "state": 1}):
        ledger.orphans.append(f"launch {launch['launch_id']} is {launch['state']}")
    ledger.orphans += [f"worker {one['name']} is registered" for one in launchpad.db.workers.find({})]
    ledger.orphans += [f"lease of {one['by']}" for one in launchpad.db.recovery.find({})]
