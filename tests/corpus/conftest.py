"""A folder for each broken input, and the imports of the verbs made beforehand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.tests.corpus.made import base
from amalgamics.tests.corpus.runner import run
from amalgamics.workflows.database.structure_database import StructureDatabase


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)


@pytest.fixture(scope="session")
def _imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run what imports most, so that a refusal is not charged with it."""
    folder = tmp_path_factory.mktemp("imports")
    (folder / "job.yaml").write_text(base() + "surfaces: {}\nphonons: {}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AMALGAMICS_DATABASE", raising=False)
        patch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
        for arguments in (["submit", "job.yaml"], ["diffraction", "Cu_fcc", "--output", "pictures"]):
            assert run(arguments, folder).code == 0


@pytest.fixture
def folder(tmp_path: Path, _imported: None) -> Path:
    """An empty working folder."""
    return tmp_path


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory, _imported: None) -> Path:
    """What a finished job leaves: a database that was read before."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "results").mkdir()
    study = MadeUpStudy(StructureDatabase(folder / "results" / "structures.db"))
    study.fill()
    study.add_crystals()
    (folder / "job.yaml").write_text(base(systems="systems: [Li-Hg]", potential="potential: chgnet"))
    (folder / "text.txt").write_text("a line of text\n")
    (folder / "page.md").write_text("# A page\n")
    (folder / "empty.xy").write_text("")
    (folder / "bytes.xy").write_bytes(bytes(range(256)))
    (folder / "folder").mkdir()
    for arguments in (["query", "Li-Hg"], ["hull", "Li-Hg"], ["wetting"], ["surfaces"]):
        run(arguments, folder)
    return folder


@pytest.fixture
def finished(tmp_path: Path, _finished: Path) -> Path:
    """A copy of that folder."""
    copy = tmp_path / "copy"
    shutil.copytree(_finished, copy)
    return copy
