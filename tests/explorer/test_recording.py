"""Answers of the explorer's server without a server, by one process or by several."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from amalgamics.calculators.threads import ThreadLayout
from amalgamics.errors import InputError
from amalgamics.explorer import recording
from amalgamics.explorer.recording import Recording
from amalgamics.tests.conftest import MadeUpStudy
from amalgamics.workflows.database.structure_database import StructureDatabase

ASKING = """\
import sys
from amalgamics.calculators.threads import ThreadLayout
from amalgamics.explorer import recording
if __name__ == "__main__":
    recording.choose_layout = lambda n_tasks: ThreadLayout(2, 1)
    print("asking", flush=True)
    asked = [{"study": sys.argv[2], "temperature": 300 + step / 100} for step in range(10_000)]
    recording.Recording(sys.argv[1]).get_long("wetting", asked)
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> MadeUpStudy:
    made_up = MadeUpStudy(StructureDatabase(tmp_path_factory.mktemp("recorded") / "structures.db"))
    made_up.fill()
    return made_up


def test_several_processes_answer_as_one(study: MadeUpStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [{"study": study.key, "temperature": kelvin} for kelvin in (300, 350, 300, 400, -1, 310, 320, 330, 340)]
    alone, together = (_answers(study, asked, workers, monkeypatch, broken=False) for workers in (1, 2))
    assert together == alone
    assert alone[0] == alone[2] != alone[1]
    assert alone[4] is None  # refused
    assert _answers(study, asked, 2, monkeypatch, broken=True) == alone


def test_a_question_is_asked_once(study: MadeUpStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Recording(study.database.address)
    asked: list[Any] = []
    monkeypatch.setattr(here, "get", lambda name, one: asked.append((name, one)))
    assert here.get_long("wetting", [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}]) == [None] * 3
    assert asked == [("wetting", {"b": 2, "a": 1}), ("wetting", {"a": 2})]


def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.db"):
        Recording(str(tmp_path / "nowhere.db"))


def test_processes_end_with_the_one_that_asks(study: MadeUpStudy) -> None:
    asking = subprocess.Popen(
        [sys.executable, "-P", "-c", ASKING, study.database.address, study.key], stdout=subprocess.PIPE, text=True
    )
    assert asking.stdout is not None
    assert asking.stdout.readline() == "asking\n"
    children: list[psutil.Process] = []
    end = time.monotonic() + 60
    while len(children) < 2:
        assert time.monotonic() < end
        children = [one for one in psutil.Process(asking.pid).children() if "spawn_main" in " ".join(one.cmdline())]
    asking.kill()
    asking.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


def _answers(
    study: MadeUpStudy, asked: list[Any], workers: int, monkeypatch: pytest.MonkeyPatch, *, broken: bool
) -> list[Any]:
    monkeypatch.setattr(recording, "choose_layout", lambda n_tasks: ThreadLayout(min(workers, n_tasks), 1))
    monkeypatch.setattr(recording, "_open", _fail if broken else recording._open)
    return Recording(study.database.address).get_long("wetting", asked)


def _fail(database: str) -> None:
    raise OSError(f"{database} has gone")
