"""Jobs without the command line: the same report, and an error where a step failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import amalgamics
from amalgamics.api.jobs import JobError
from amalgamics.workflows.engine.launching import Failure

JOB = """
name: tiny
systems: [Cu-Au]
potential: emt
structures: {library: [Cu_fcc, Au_fcc], prototypes: false}
database: structures.db
launchpad: sqlite:///launchpad
output: out
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(JOB, encoding="utf-8")
    return path


def test_a_job_comes_to_its_report(job: Path, tmp_path: Path) -> None:
    result = amalgamics.run(job, workers=1, progress=False)
    assert result.report == tmp_path / "out" / "report.html"
    assert result.report in result.files
    assert result.headline == json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["headline"]
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["name"] == "tiny"
    assert "report.html" in result._repr_html_()
    stored = amalgamics.Database(result.database)
    assert {row.name for row in stored.select("Cu-Au")} == {"Cu_fcc", "Au_fcc"}
    assert amalgamics.hull("Cu-Au", database=stored).potential == "emt"


def test_the_report_of_another_potential_is_left_as_it_is(job: Path, tmp_path: Path) -> None:
    other = tmp_path / "out" / "summary.json"
    other.parent.mkdir()
    other.write_text('{"potential": "chgnet+d3"}', encoding="utf-8")
    result = amalgamics.run(job, workers=1, progress=False)
    assert result.report == tmp_path / "out-emt" / "report.html"
    assert json.loads(other.read_text(encoding="utf-8")) == {"potential": "chgnet+d3"}


def test_a_step_that_failed_is_an_error_that_names_it(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amalgamics.workflows.engine.launching.launch_workers", lambda *_, **__: None)
    failed = [Failure(1, "relax Cu_fcc", "ValueError: broken", "...")]
    monkeypatch.setattr("amalgamics.workflows.engine.launching.failures", lambda *_, **__: failed)
    with pytest.raises(JobError, match="tiny did not come to its report: relax Cu_fcc: ValueError: broken"):
        amalgamics.run(job, workers=1, progress=False)


def test_a_job_that_was_interrupted_is_an_error(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amalgamics.workflows.engine.launching.launch_workers", lambda *_, **__: None)
    with pytest.raises(JobError, match="interrupted"):
        amalgamics.run(amalgamics.load_job(job), workers=1, progress=False)


def test_keys_of_a_job_are_replaced(job: Path) -> None:
    assert amalgamics.load_job(job, database="other.db").database == Path("other.db")
