"""A database with crystals, a wetting study and rows that no program of ours would write; and the explorer over it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.db import connect
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from amalgamics.explorer.app import create_app
from amalgamics.explorer.guard import Keys
from amalgamics.explorer.sources import Sources, open_database
from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
COOKIE = "amalgamics"


def add_odd_rows(path: Path) -> None:
    """Add a crystal with a name of markup, one that failed with a password, and rows of another program."""
    study = MadeUpStudy(StructureDatabase(path))
    silver = bulk("Ag")
    silver.rattle(0.01, seed=1)
    study.store(Candidate(SCRIPT, "library", silver, f"<b>{SCRIPT}</b>"), -1.0)
    failed = Candidate("failed one", "library", bulk("Pd"), "made up")
    study.store(failed, -1.0, failed="mongodb://me:hunter2@host/name refused <i>it</i>")
    with connect(path, type="db", use_lock_file=False) as rows:
        rows.write(molecule("H2O"), name="water", converged=True)
        rows.write(Atoms("H"), converged=True, kind="library")
        rows.write(Atoms("He", cell=[0, 0, 5], pbc=True), converged=True, kind="library", name="thin", relax_cell=True)
        data: dict[str, Any] = {"candidate": "no mapping", "phonons": [1], "lattice": float("nan")}
        rows.write(bulk("Cu"), converged=True, kind="library", name="foreign", data=data)
        twice = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 0]], cell=[3, 3, 3], pbc=True)
        rows.write(twice, converged=True, kind="library", name="overlap", data={"candidate": {"axes": 5}})
        rows.write(Atoms("X"), name="nothing")


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explorer") / "structures.db"
    study = MadeUpStudy(StructureDatabase(path))
    study.fill()
    study.add_crystals()
    add_odd_rows(path)
    return path


@pytest.fixture
def database_file(tmp_path: Path, _made: Path) -> Path:
    """A copy of the database."""
    copy = tmp_path / "structures.db"
    shutil.copy(_made, copy)
    return copy


class Visitor:
    """A browser that was let in, on the test client of Flask."""

    def __init__(self, client: FlaskClient, keys: Keys) -> None:
        self.client, self.keys = client, keys
        client.set_cookie(COOKIE, keys.key, domain="127.0.0.1")

    def ask(self, path: str, **options: Any) -> TestResponse:
        """Return the answer of an address."""
        method = options.pop("method", "GET")
        return self.client.open(path, method=method, base_url="http://127.0.0.1:1234", **options)

    def get(self, path: str, **values: Any) -> Any:
        """Return the data of an address that answers."""
        answer = self.ask(path, query_string=values)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def refused(self, path: str, status: int = 400, **values: Any) -> str:
        """Return the one line of an address that refuses."""
        answer = self.ask(path, query_string=values)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        content = answer.get_json()
        assert list(content) == ["error"]
        line: str = content["error"]
        assert line
        assert "\n" not in line
        assert "Traceback" not in line
        return line


@pytest.fixture
def visitor(database_file: Path, tmp_path: Path) -> Iterator[Visitor]:
    """A visitor of an explorer over the database, and a LaunchPad that is not there yet."""
    keys = Keys()
    sources = Sources(open_database(str(database_file)), f"sqlite:///{tmp_path}/launchpad")
    with create_app(sources, keys, cookie=COOKIE).test_client() as client:
        yield Visitor(client, keys)
