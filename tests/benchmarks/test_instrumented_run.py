"""The job in one process, with its time shared out: what it watches is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from amalgamics.benchmarks.instrumented_run import ENGINE, HULL, RELAX, REPORT, STRUCTURES

JOB = """\
name: small
systems: [Cu-Au]
potential: emt
structures: {library: true, prototypes: {max_atoms: 2, max_candidates: 2}}
"""


def test_every_part_is_found(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    command = [sys.executable, "-P", "-m", "amalgamics.benchmarks.instrumented_run", "job.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    seconds = json.loads(done.stdout.splitlines()[-1])["wall_s"]
    assert {STRUCTURES, RELAX, HULL, REPORT} <= {name for name, spent in seconds.items() if spent > 0}
    assert any(name.startswith(ENGINE) for name in seconds)
