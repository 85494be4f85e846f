"""The section on the structure database in docs/workflows.md: its commands do what it says, on a file and a server."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from typer.testing import CliRunner

import amalgamics
from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.cli.main import app
from amalgamics.workflows.database.address import _OPTIONS
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

PAGE = (Path(amalgamics.__file__).parent / "docs" / "workflows.md").read_text(encoding="utf-8")
SECTION = re.split(r"^## ", PAGE.partition("## The structure database\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
EXAMPLE = "postgresql://me@db.example.org/structures"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", SECTION, flags=re.DOTALL | re.MULTILINE)
    return [body for name, body in found if name == language]


def commands() -> list[str]:
    return [line for block in blocks("") for line in block.splitlines() if line.startswith("amalgamics ")]


@pytest.fixture
def databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page names, each with a crystal of its own and one in common."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    for number, name in enumerate(("results/structures.db", "laptop.db", "desktop.db")):
        for a in (4.0, 3.5 + number / 10):
            atoms = bulk("Cu", a=a)
            atoms.calc = SinglePointCalculator(atoms, energy=-0.1, forces=0 * atoms.positions, stress=[0.0] * 6)
            candidate = Candidate(f"Cu {a}", "library", bulk("Cu", a=a), "made up")
            result = RelaxationResult(atoms, -0.1, 0.0, 3, 4, 0.1)
            StructureDatabase(name).add(candidate, result, get_potential("emt"), RelaxationSettings())
    return tmp_path


def test_the_commands_run_as_written(databases, postgresql, monkeypatch):
    server = postgresql.new_schema()
    said: dict[str, list[str]] = {}
    for command in commands():
        if command.startswith("amalgamics run"):  # tried by the tests of the command line
            continue
        words = [server if word == EXAMPLE else word for word in shlex.split(command)[1:]]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, command + result.output
        said[command] = result.stdout.splitlines()
    merged = [lines for command, lines in said.items() if "laptop.db" in command]
    assert [line.partition(": ")[2] for line in merged[0]] == ["1 added, 0 in place of failed ones, 1 were there"] * 2
    moved = [lines for command, lines in said.items() if command.endswith(EXAMPLE)]
    assert [line.partition(": ")[2] for line in moved[0]] == ["4 added, 0 in place of failed ones, 0 were there"]
    assert said["amalgamics backup --check"][0].endswith("is sound, 2 rows")
    assert len(StructureDatabase(server).select("Cu-Au")) == 4
    # With the variable that the page exports, the same commands without an option mean the server.
    monkeypatch.setenv("AMALGAMICS_DATABASE", server)
    shutil.rmtree(databases / "results")
    assert CliRunner().invoke(app, ["backup", "--check"]).stdout.splitlines()[0].endswith("is sound, 4 rows")
    assert not (databases / "results").exists()


@pytest.mark.usefixtures("databases")
def test_the_python_runs_as_written(capsys):
    (code,) = blocks("python")
    exec(code, {})
    assert capsys.readouterr().out == "1 0 1\n"


def test_the_page_names_the_options_of_an_address():
    named = {option for option in _OPTIONS if f"`{option}`" in SECTION}
    assert {option for option in _OPTIONS if not option.startswith(("ssl", "gss", "channel", "require"))} <= named
