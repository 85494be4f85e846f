"""Run the benchmarks, write results.json beside this file and the tables in docs/benchmarks.md.

python benchmarks/run.py [--quick | --full] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amalgamics.benchmarks.machine import describe_machine
from amalgamics.benchmarks.pictures import draw_pictures
from amalgamics.benchmarks.report import update_page
from amalgamics.benchmarks.results import Mode
from amalgamics.benchmarks.timing import say
from amalgamics.calculators.threads import set_threads

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"
SCHEMA_VERSION = 1

# Name -> module of this package and function in it.
BENCHMARKS = {
    "crystals": ("crystals", "run_crystals"),
    "crystals-d3": ("crystals", "run_crystals_d3"),
    "crystals-sevennet": ("crystals", "run_crystals_sevennet"),
    "slab": ("surfaces", "run_slab"),
    "interface": ("surfaces", "run_interface"),
    "dynamics": ("surfaces", "run_dynamics"),
    "optimizers": ("optimizers", "run_optimizers"),
    "scaling": ("scaling", "run_scaling"),
    "growth": ("growth", "run_growth"),
    "workers": ("growth", "run_workers"),
    "roofline": ("roofline", "run_roofline"),
    "memory": ("memory", "run_memory"),
    "end-to-end": ("end_to_end", "run_end_to_end"),
    "hulls-and-fireworks": ("at_scale", "run_at_scale"),
    "queries": ("query", "run_queries"),
    "startup": ("startup", "run_startup"),
    "film-convergence": ("film_convergence", "run_film_convergence"),
}


def run_benchmark(name: str, mode: Mode) -> dict[str, Any]:
    """Run one benchmark and return its results as plain JSON, with the mode and the seconds it took."""
    module, function = BENCHMARKS[name]
    start = time.perf_counter()
    result = getattr(importlib.import_module(f"amalgamics.benchmarks.{module}"), function)(mode)
    return {"mode": mode, "seconds": round(time.perf_counter() - start, 1), **result.as_dict()}


def read_results() -> dict[str, Any]:
    """Return what earlier runs found, or an empty frame."""
    if RESULTS.is_file():
        stored: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
        if stored.get("schema") == SCHEMA_VERSION:
            return stored
    return {"schema": SCHEMA_VERSION, "machine": {}, "benchmarks": {}}


def write_results(results: dict[str, Any]) -> None:
    """Write the file, the page and its pictures."""
    order = list(BENCHMARKS)
    results["benchmarks"] = {name: results["benchmarks"][name] for name in order if name in results["benchmarks"]}
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(update_page(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    draw_pictures(results["benchmarks"], PAGE.parent / "images")


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and run; results are written after each benchmark, so that none is lost."""
    parser = argparse.ArgumentParser(description="Benchmarks against other tools, on one thread.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="mode", action="store_const", const="quick", help="a few minutes (default)")
    size.add_argument("--full", dest="mode", action="store_const", const="full", help="about 40 minutes")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS))
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    set_threads(1)  # before a benchmark loads NumPy or torch; for us and the peers alike
    mode: Mode = options.mode or "quick"
    names = options.only or list(BENCHMARKS)
    for number, name in enumerate(names, start=1):
        say(f"[{number}/{len(names)}] {name} ({mode})")
        outcome = run_benchmark(name, mode)
        # Read again: another benchmark may have been run meanwhile.
        results = read_results()
        results["machine"] = describe_machine()
        results["benchmarks"][name] = outcome
        write_results(results)
        for target in outcome["targets"]:
            say(f"  {'met   ' if target['met'] else 'MISSED'} {target['what']}: {target['value']:.3g}")
    say(f"written: {RESULTS.name}, {PAGE.name}")


if __name__ == "__main__":
    main()
