"""The chaos run: ``python -m amalgamics.tests.chaos.run [--long] [--write docs/faults.md]``."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .faults import Disturber, Tally
from .job import CALCULATIONS, Place, Result, import_everything
from .stores import KILLABLE, PAIRS, Server, new_stores, servers_of, why_not
from .table import read_record, write_table

SHORT, LONG = 5, 50


def undisturbed(folder: Path, servers: dict[str, Server], *, forked: bool = False) -> tuple[Result, float]:
    """Return what the job finds when nothing happens to it, and how long it takes, s."""
    place = Place.make(folder, new_stores(folder, servers), forked=forked)
    began = time.monotonic()
    code = place.run()
    found = Result.of(place)
    if code != 0 or len(found.energies) != CALCULATIONS:
        raise RuntimeError(f"the undisturbed job ended with {code}: {place.said[-1]}")
    return found, time.monotonic() - began


def strike_pair(
    pair: str, kinds: Sequence[str], number: int, seed: int, folder: Path, *, forked: bool, record: Path | None = None
) -> Tally:
    """Put so many faults of each kind into jobs on a pair of stores."""
    with servers_of(pair, folder) as servers:
        expected, life_s = undisturbed(folder / f"{pair}-undisturbed", servers, forked=forked)
        print(f"{pair}: undisturbed {life_s:.0f} s", flush=True)
        total = Tally()
        for kind in kinds:
            began = time.monotonic()
            rng = random.Random(f"{seed} {pair} {kind}")
            tally = Disturber(pair, folder, servers, expected, life_s, rng, forked).strike(kind, number)
            print(
                f"{pair}: {kind} killed {tally.struck[kind]} times in {tally.jobs} jobs, "
                f"{time.monotonic() - began:.0f} s, {tally.ledger.counts()}",
                flush=True,
            )
            if record is not None:
                entry = {"pair": pair, "fault": f"kill -9 of {kind}", "struck": tally.struck[kind], "jobs": tally.jobs}
                with record.open("a") as stream:
                    stream.write(json.dumps(entry | tally.ledger.counts()) + "\n")
            for problem in tally.ledger.problems():
                print(f"  {problem}", flush=True)
            total.add(tally)
    return total


def main(arguments: Sequence[str] | None = None) -> None:
    """Disturb jobs on every pair of stores; exit code 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=["sqlite+embedded", "postgresql+mongodb"])
    parser.add_argument("--kinds", nargs="+")
    parser.add_argument("--number", type=int)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--record", type=Path, help="file to which counts are added, a line of JSON each")
    parser.add_argument("--write", type=Path, help="page whose table is made anew from the record")
    options = parser.parse_args(arguments)
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="amalgamics-chaos-"))
    record = options.record or folder / "record.jsonl"
    total = Tally()
    if options.long:
        import_everything(folder / "imports")
    for pair in options.pairs:
        if reason := why_not(pair):
            print(f"{pair}: left out: {reason}")
            continue
        kinds = [kind for kind in KILLABLE[pair] if not options.kinds or kind in options.kinds]
        number = options.number or (LONG if options.long else SHORT)
        total.add(strike_pair(pair, kinds, number, options.seed, folder, forked=options.long, record=record))
    if options.write:
        write_table(options.write, read_record(record))
    sys.exit(bool(total.ledger.problems()))


if __name__ == "__main__":
    main()
