"""The chaos run: ``python -m amalgamics.tests.chaos.run [--long] [--write docs/faults.md]``."""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from . import clock
from .concurrency import many_fireworks, same_job_at_once
from .disks import SIZES_KIB, can_mount, fill_disks, lock_disks
from .faults import Disturber, Tally, moments
from .job import CALCULATIONS, Place, Result, import_everything
from .stores import KILLABLE, PAIRS, Server, new_stores, servers_of, why_not
from .table import read_record, write_table

SHORT, LONG = 5, 50
LABELS = {
    "signal": "SIGTERM, SIGHUP or SIGINT to run",
    "clock": "clock jumps by up to a day",
    "at-once": "the same command four times at once",
    "many-fireworks": "trivial Fireworks for four workers",
    "full-disk": "full disk",
    "read-only": "read-only disk",
}
"""Faults besides kills, by the names of ``--kinds``, and what the table calls them."""


def undisturbed(folder: Path, servers: dict[str, Server]) -> tuple[Result, float]:
    """Return what the job finds when nothing happens to it, and how long it takes, s."""
    place = Place.make(folder, new_stores(folder, servers))
    began = time.monotonic()
    code = place.run()
    found = Result.of(place)
    if code != 0 or len(found.energies) != CALCULATIONS:
        raise RuntimeError(f"the undisturbed job ended with {code}: {place.said[-1]}")
    return found, time.monotonic() - began


def kinds_of(pair: str, chosen: Sequence[str] | None) -> list[str]:
    """Return the faults for a pair of stores, in their order, those that were chosen if any were."""
    kinds = [*KILLABLE[pair], "signal", "at-once", "many-fireworks"]
    if pair == "sqlite+embedded" and can_mount(Path(tempfile.gettempdir())):
        kinds += ["full-disk", "read-only"]
    if clock.can_turn():
        kinds.append("clock")
    return [kind for kind in kinds if not chosen or kind in chosen]


def strike_pair(pair: str, kinds: Sequence[str], number: int, seed: int, folder: Path, record: Path) -> Tally:
    """Put so many faults of each kind into jobs on a pair of stores, and add the counts to a record."""
    with servers_of(pair, folder) as servers:
        expected, life_s = undisturbed(folder / f"{pair}-undisturbed", servers)
        print(f"{pair}: undisturbed {life_s:.0f} s", flush=True)
        total = Tally()
        for kind in kinds:
            began = time.monotonic()
            rng = random.Random(f"{seed} {pair} {kind}")
            if kind == "at-once":
                tally = same_job_at_once(folder / f"{pair}-at-once", servers, expected)
            elif kind == "many-fireworks":
                tally = many_fireworks(folder / f"{pair}-many", servers, 8 * number)
            elif kind == "full-disk":
                sizes = SIZES_KIB if number >= len(SIZES_KIB) else SIZES_KIB[:: len(SIZES_KIB) // number]
                tally = fill_disks(pair, folder, servers, expected, sizes)
            elif kind == "read-only":
                tally = lock_disks(pair, folder, servers, expected, moments(number, life_s, rng))
            else:
                tally = Disturber(pair, folder, servers, expected, life_s, rng).strike(kind, number)
            label = LABELS.get(kind, f"kill -9 of {kind}")
            counts = {"struck": tally.struck[kind], "jobs": tally.jobs} | tally.ledger.counts()
            print(f"{pair}: {label}: {time.monotonic() - began:.0f} s, {counts}", flush=True)
            with record.open("a") as stream:
                stream.write(json.dumps({"pair": pair, "fault": label} | counts) + "\n")
            for problem in tally.ledger.problems():
                print(f"  {problem}", flush=True)
            total.add(tally)
    return total


def main(arguments: Sequence[str] | None = None) -> None:
    """Disturb jobs on every pair of stores; exit code 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"{LONG} faults of each kind instead of {SHORT}")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=["sqlite+embedded", "postgresql+mongodb"])
    parser.add_argument("--kinds", nargs="+", help=f"of processes, or of {', '.join(LABELS)}; all unless given")
    parser.add_argument("--number", type=int, help="faults of each kind")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--record", type=Path, help="file to which counts are added, a line of JSON each")
    parser.add_argument("--write", type=Path, help="page whose table is made anew from the record")
    options = parser.parse_args(arguments)
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="amalgamics-chaos-"))
    record = options.record or folder / "record.jsonl"
    number = options.number or (LONG if options.long else SHORT)
    import_everything(folder / "imports")
    bad = False
    for pair in options.pairs:
        if reason := why_not(pair):
            print(f"{pair}: left out: {reason}")
            continue
        kinds = [kind for kind in kinds_of(pair, options.kinds) if kind != "clock" or clock.is_turned()]
        if kinds:
            bad |= bool(strike_pair(pair, kinds, number, options.seed, folder, record).ledger.problems())
        if len(kinds) < len(kinds_of(pair, options.kinds)):
            bad |= turn_clocks(pair, number, options.seed, folder / f"{pair}-clock", record)
    if options.write:
        write_table(options.write, read_record(record))
    sys.exit(bad)


def turn_clocks(pair: str, number: int, seed: int, folder: Path, record: Path) -> bool:
    """Let the clocks of jobs jump, in a process whose clock can; return whether anything was lost."""
    folder.mkdir()
    command = [sys.executable, "-P", "-m", "amalgamics.tests.chaos.run", "--kinds", "clock", "--pairs", pair]
    command += ["--number", str(number), "--seed", str(seed), "--folder", str(folder), "--record", str(record)]
    return subprocess.run(command, env=os.environ | clock.environment(folder), check=False).returncode != 0


if __name__ == "__main__":
    main()
