"""Truncated, overwritten and foreign databases and LaunchPads: each verb says so in one line and changes nothing."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from amalgamics.tests.chaos.job import import_everything
from amalgamics.tests.corpus.runner import run

OF_LAUNCHPAD = (
    "run job.yaml --workers 1",
    "submit job.yaml",
    "launch --workers 1",
    "recover",
    "lpad get_wflows",
    "rlaunch singleshot",
)
OF_DATABASE = (
    "run job.yaml --workers 1",
    "submit job.yaml",
    "launch --workers 1",
    "recover",
    "hull Cu-Ag",
    "results job.yaml",
    "query Cu",
    "report Cu-Ag --output again",
    "benchmarks",
    "surfaces",
    "phonons Cu-Ag",
    "wetting",
    "diffraction Cu_fcc --relaxed --output pictures",
)
BLIND = ("submit", "phonons", "wetting")  # ask the database for nothing that stands in one page of this job
COLLECTIONS = ("fireworks", "workflows", "launches", "fw_id_assigner")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def overwrite(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"x" * 4096 + content[8192:])


def lose_the_head(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def be_text(path: Path) -> None:
    path.write_text("this is not a database at all\n")


def be_another_database(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoices (number INTEGER)")
    connection.execute("INSERT INTO invoices VALUES (1)")
    connection.commit()
    connection.close()


DAMAGES = (cut_off, overwrite, lose_the_head, be_text, be_another_database)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished job; to be copied."""
    folder = tmp_path_factory.mktemp("finished") / "job"
    import_everything(folder)
    return folder


@pytest.fixture
def job(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished job, of this test alone."""
    folder = shutil.copytree(finished, tmp_path / "job")
    monkeypatch.setenv("AMALGAMICS_LAUNCHPAD", f"sqlite:///{folder}/launchpad")
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in the files of a folder, but those that SQLite keeps beside its own while they are open."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".lock", ".log"}]
    return {str(path): path.read_bytes() for path in paths if not path.name.endswith(("-wal", "-shm"))}


def problems(verb: str, folder: Path, names: str, *, only: str = "") -> list[str]:
    """Return in which ways a verb does not refuse, does not say what is broken, or changes something.

    With ``only``, changes of a file of this name alone count.
    """
    before = contents(folder)
    outcome = run(verb.split(), folder)
    found = [problem for problem in outcome.problems() if not problem.startswith("left ")]
    if only.endswith(".db"):  # two verbs say first how the LaunchPad is, or that the job went there
        sound = ("output 'the LaunchPad is sound", "output 'chaos: submitted;")
        found = [problem for problem in found if not problem.startswith(sound)]
    if names not in outcome.err and "recover` says which" not in outcome.err:
        found.append(f"{names} is not named in {outcome.err!r}")
    after = contents(folder)
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    found += [f"changed {path}" for path in changed if only in path]
    return [f"{verb}: {problem}" for problem in found]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_damaged_launchpad_is_named_by_each_verb_and_left_as_it_is(
    damage: Callable[[Path], None], collection: str, job: Path
) -> None:
    path = job / "launchpad" / "collections" / "fireworks" / collection
    with contextlib.closing(sqlite3.connect(path)) as connection:  # else the log of changes would mend the file
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path)
    damaged = path.read_bytes()
    assert [text for verb in OF_LAUNCHPAD for text in problems(verb, job, str(path), only=str(path))] == []
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_named_by_each_verb_and_left_as_it_is(damage: Callable[[Path], None], job: Path) -> None:
    path = job / "results" / "structures.db"
    damage(path)
    damaged = path.read_bytes()
    # Damage in the middle is found by those that read there.
    verbs = [verb for verb in OF_DATABASE if damage is not overwrite or verb.split()[0] not in BLIND]
    assert [text for verb in verbs for text in problems(verb, job, "structures.db", only="structures.db")] == []
    assert path.read_bytes() == damaged
