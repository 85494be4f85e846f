"""What is known of the rows holds as long as nothing is written, and no longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase import Atoms

from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.workflows.database import selecting
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase


@pytest.fixture
def study(tmp_path: Path) -> MadeUpStudy:
    found = MadeUpStudy(StructureDatabase(tmp_path / "structures.db"))
    found.add_crystals()
    return found


def add_deeper(study: MadeUpStudy) -> None:
    """Store another LiHg, 0.1 eV/atom below the first."""
    atoms = Atoms("LiHg", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[3.3, 3.3, 3.6], pbc=True)
    study.store(Candidate("LiHg-deeper", "library", atoms, "made up"), -1.0)


@pytest.fixture
def reader(study: MadeUpStudy) -> StructureDatabase:
    """Another look at the same file."""
    return StructureDatabase(str(study.database.path), must_exist=True, read_only=True)


def test_members_of_hulls_are_looked_up_once_while_nothing_is_written(
    study: MadeUpStudy, reader: StructureDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    plain = selecting.texts_of

    def counting(connection: Any, key: str, ids: Any) -> dict[int, str]:
        looked_up.extend(f"{key} {row_id}" for row_id in ids)
        return plain(connection, key, ids)

    monkeypatch.setattr(selecting, "texts_of", counting)
    assert [reader.page(query).total for query in ("e_above_hull<0.001", "Li-Hg,e_above_hull<0.5")] == [3, 3]
    asked = len(looked_up)
    assert [reader.page("e_above_hull<0.001").total for _ in range(3)] == [3, 3, 3]
    assert len(looked_up) == asked
    add_deeper(study)
    reader.page("e_above_hull<0.001")
    assert len(looked_up) > asked


def test_what_is_written_elsewhere_is_seen(study: MadeUpStudy, reader: StructureDatabase) -> None:
    def compounds() -> dict[str, float]:
        return {row.name: row.e_above_hull for row in reader.page("reduced_formula=LiHg").rows}

    before = reader.backend.version()
    assert compounds() == {"LiHg": 0.0}
    assert reader.backend.version() == before
    add_deeper(study)
    assert reader.backend.version() != before
    assert compounds() == {"LiHg": pytest.approx(0.1), "LiHg-deeper": 0.0}
