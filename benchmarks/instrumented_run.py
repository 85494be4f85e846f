"""The job of ``amalgamics run`` in one process, with the time shared out between its parts.

``python -m amalgamics.benchmarks.instrumented_run INPUT.yaml`` prints the seconds of each part as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path

from .stopwatch import Stopwatch

IMPORT, MODEL, STRUCTURES, RELAX = "import", "load the model", "build structures", "relax"
SYMMETRY, DATABASE, HULL, REPORT, ENGINE = "symmetry of results", "database", "hulls", "report", "workflow engine"


def share_out(input_file: Path) -> Stopwatch:
    """Run the job in the working directory and return the stopwatch."""
    watch = Stopwatch()
    # Every import of a module that is not there yet goes through this function.
    watch.watch(importlib._bootstrap, "_find_and_load", IMPORT)
    with watch.section(f"{ENGINE}: other"):
        from fireworks.core import rocket_launcher

        from ..calculators.potentials.chgnet import evaluator as lean_chgnet
        from ..calculators.potentials.names import Potential
        from ..calculators.relaxation import batch
        from ..workflows import job, report
        from ..workflows import submission as builder
        from ..workflows.database import structure_database as database
        from ..workflows.engine import launchpad
        from ..workflows.engine.worker import Worker
        from ..workflows.spec import load_spec
        from ..workflows.studies import crystal_study
        from ..workflows.studies.hulls import analysis

        store = database.StructureDatabase
        for owner, attribute, name in (
            (job, "gather_candidates", STRUCTURES),
            (crystal_study, "relax_many", RELAX),
            (analysis, "hull_of_rows", HULL),
            (report, "report_sections", REPORT),
            (report, "write_report", REPORT),
            (database, "find_symmetry", SYMMETRY),
            (lean_chgnet, "load_network", MODEL),
            (batch, "get_calculator", MODEL),
            (Potential, "provenance", f"{DATABASE}: describe the potential"),
            (database, "fingerprint", f"{DATABASE}: fingerprints"),
            (crystal_study, "fingerprint", f"{DATABASE}: fingerprints"),
            (store, "add", f"{DATABASE}: add rows"),
            (store, "find", f"{DATABASE}: find rows"),
            (store, "find_all", f"{DATABASE}: find rows"),
            (store, "last_id", f"{DATABASE}: find rows"),
            (builder, "submit", f"{ENGINE}: submit"),
            (launchpad, "open_launchpad", f"{ENGINE}: open the LaunchPad"),
            (Worker, "_ready_ids", f"{ENGINE}: find ready Fireworks"),
            (rocket_launcher, "launch_rocket", f"{ENGINE}: launch Fireworks"),
        ):
            watch.watch(owner, attribute, name)
        spec = load_spec(input_file)
        pad = launchpad.open_launchpad(spec.launchpad)
        first = builder.submit(spec, pad).fw_ids[0]
        with tempfile.TemporaryDirectory() as scratch:
            Worker(pad, first, Path(scratch)).work()
        state = pad.workflows.find_one({"nodes": first}, {"state": 1})["state"]
    if state != "COMPLETED":
        raise RuntimeError(f"the workflow ended as {state}")
    return watch


if __name__ == "__main__":
    found = share_out(Path(sys.argv[1]))
    print(json.dumps({"cpu_s": found.cpu_s, "wall_s": found.wall_s}))
