"""A study in a folder of its own, merged into the structure database however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amalgamics.errors import InputError
from amalgamics.workflows.bundle import open_bundle
from amalgamics.workflows.database.structure_database import StructureDatabase

JOB = """
name: emt
systems: [Ag-Au]
potential: emt
structures: {prototypes: {max_candidates: 5, max_atoms: 4}}
relaxation: {fmax: 0.01}
surfaces: {phases: [Ag, Au], planes: 2}
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AMALGAMICS_")}
    command = [sys.executable, "-m", "amalgamics.cli.main", "run", "job.yaml", "--workers", "1", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def energies(path: Path) -> dict[str, float]:
    return {row.fingerprint: row.energy_per_atom for row in StructureDatabase(path).select()}


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "job.yaml").write_text(JOB)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, float]:
    """Energies of the job without a bundle, by fingerprint."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "job.yaml").write_text(JOB)
    told, _ = start(folder).communicate()
    assert "report: " in told
    return energies(folder / "results" / "structures.db")


def stop_when_something_is_found(process: subprocess.Popen[str], database: Path, number: signal.Signals) -> str:
    while not (database.is_file() and energies(database)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(number)
    return process.communicate()[0]


@pytest.mark.slow
def test_a_bundle_begins_with_what_there_is_and_ends_in_the_database(project, undisturbed, tmp_path):
    target = project / "results" / "structures.db"
    told, _ = start(project, "--bundle", str(tmp_path / "first")).communicate()
    assert f"merged into {target}: {len(undisturbed)} results added, 0 in place of failed ones, 0 were there" in told
    assert energies(target) == pytest.approx(undisturbed, abs=1e-9)
    assert (project / "results" / "emt" / "report.html").is_file()
    assert sorted(path.name for path in (project / "results").iterdir() if path.suffix != ".lock") == [
        "emt",
        "structures.db",
    ]  # its LaunchPad is in the bundle
    told, _ = start(project, "--bundle", str(tmp_path / "second")).communicate()
    assert f"0 results added, 0 in place of failed ones, {len(undisturbed)} were there" in told


@pytest.mark.slow
def test_a_killed_bundle_goes_on_with_the_same_command(project, undisturbed, tmp_path):
    process = start(project, "--bundle", str(tmp_path / "bundle"))
    stop_when_something_is_found(process, tmp_path / "bundle" / "structures.db", signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    target = project / "results" / "structures.db"
    assert not target.exists()
    told, _ = start(project, "--bundle", str(tmp_path / "bundle")).communicate()
    assert "going on with the unfinished workflow" in told
    assert energies(target) == pytest.approx(undisturbed, abs=1e-9)


def test_what_a_bundle_found_before_sigterm_is_brought_home(project, tmp_path):
    process = start(project, "--bundle", str(tmp_path / "bundle"))
    told = stop_when_something_is_found(process, tmp_path / "bundle" / "structures.db", signal.SIGTERM)
    assert process.returncode == 143, told
    assert "stopped by SIGTERM; the same command goes on where it stopped" in told
    found = energies(project / "results" / "structures.db")
    assert found
    assert found == energies(tmp_path / "bundle" / "structures.db")


def test_a_bundle_is_for_one_database(tmp_path):
    bundle = open_bundle(tmp_path / "bundle", tmp_path / "a.db")
    assert open_bundle(tmp_path / "bundle", tmp_path / "a.db") == bundle
    with pytest.raises(InputError, match=r"belongs to the database .*a\.db; give that one"):
        open_bundle(tmp_path / "bundle", tmp_path / "b.db")
    assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["report.html", "structures.db"])
def test_a_folder_with_something_else_is_no_bundle(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match="is not empty and no bundle"):
        open_bundle(tmp_path, tmp_path / "a.db")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_note_of_something_else_is_refused(tmp_path):
    (tmp_path / "bundle.json").write_text("[]")
    with pytest.raises(InputError, match="was not written by amalgamics"):
        open_bundle(tmp_path, tmp_path / "a.db")


def test_a_launchpad_is_not_for_a_bundle(project, tmp_path):
    process = start(project, "--bundle", str(tmp_path / "bundle"), "--launchpad", "sqlite:///x")
    told, _ = process.communicate()
    assert process.returncode == 2
    assert told == "error: --launchpad: sqlite:///x is not for --bundle, which has a LaunchPad of its own\n"
    assert not (tmp_path / "bundle").exists()
