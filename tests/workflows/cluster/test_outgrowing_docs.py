"""The page on outgrowing one machine: its commands run as they stand, on a SLURM of two hosts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import amalgamics

PAGE = (Path(amalgamics.__file__).parent / "docs" / "outgrowing-one-machine.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_page_names_options_that_there_are():
    told: dict[str, str] = {}
    for verb, *option in re.findall(r"`?amalgamics (cluster init|[a-z]+)((?: [^\s`]+)*)", PAGE):
        if verb not in told:
            command = [sys.executable, "-m", "amalgamics.cli.main", *verb.split(), "--help"]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
            )
            told[verb] = done.stdout
        for name in re.findall(r"--[a-z-]+", " ".join(option)):
            assert f"{name} " in told[verb], f"{verb} {name}"
    assert {"run", "launch", "submit", "status", "cluster init"} <= told.keys()


@pytest.mark.slow
def test_the_commands_of_the_page_run_as_they_stand(site, slurm, mongo, tmp_path):
    (job,) = [body for language, body in BLOCKS if language == "yaml"]
    (site.folder / "job.yaml").write_text(job)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "amalgamics").write_text(f'#!/bin/sh\nexec {sys.executable} -m amalgamics.cli.main "$@"\n')
    (programs / "amalgamics").chmod(0o755)
    environment = site.environment | slurm.environment | {"PATH": f"{programs}:{os.environ['PATH']}"}
    shell = [body for language, body in BLOCKS if language == "bash"]
    assert len(shell) == 5
    printed = []
    for body in shell:
        text = body.replace("mongodb://db.example.org:27017/silver-gold", f"{mongo}/test-{uuid.uuid4().hex[:12]}")
        assert "example.org" not in text
        done = subprocess.run(
            ["bash", "-e", "-c", text], cwd=site.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{body}\n{done.stdout}{done.stderr}"
        printed.append(done.stdout)
        for submitted in re.findall(r"; submitted ([\d, ]+)", done.stdout):
            for job_id in submitted.split(", "):
                slurm.wait_for(job_id.strip(), "COMPLETED")
    assert "report: " in printed[0]
    assert printed[1].count("\n") == 6
    assert "#SBATCH --partition=main" in printed[2]
    assert re.search(r"submitted \d+, \d+, \d+", printed[3])
    assert "AgAu" in printed[4]
