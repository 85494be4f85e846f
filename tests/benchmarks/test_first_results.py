"""The walks of the page of times: their pages have what they type, and the table is written between its marks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amalgamics.benchmarks import first_results
from amalgamics.benchmarks.first_results import PAGE, RESULTS, WALKS, blocks_of, update_page


@pytest.mark.parametrize("name", WALKS)
def test_a_page_has_the_files_and_commands_of_its_walk(name: str) -> None:
    one = WALKS[name]
    assert all(blocks_of(one.page, "python")[number] for number in one.blocks)
    jobs = [blocks_of(one.page, "yaml")[number].partition("\n")[0] for number in one.jobs]
    for command in one.commands:
        verb, _, argument = command.partition(" ")
        if verb == "run" and argument.startswith("examples/"):
            assert (PAGE.parents[1] / argument).is_file()
        elif verb == "run":
            assert jobs == [f"# {argument}"]


def test_the_page_holds_what_was_measured() -> None:
    page, results = PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))
    assert update_page(page, results) == page
    assert len(results["rows"]) >= 6


def test_a_walk_is_made_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(first_results, "call", lambda folder, *command: called.append((folder, *command)))
    first_results.walk(WALKS["metal"], tmp_path, Path("python"))
    assert [command[2] for command in called] == ["-c", "-m", "-m"]
    assert called[1][3:] == ("amalgamics", "run", "own-metal.yaml")
    assert (tmp_path / "own-metal.yaml").read_text(encoding="utf-8").startswith("# own-metal.yaml")


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no lines"):
        update_page("# Times", {"machine": {}, "rows": []})
