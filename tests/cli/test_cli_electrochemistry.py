"""``amalgamics electrochemistry`` without a database, and on rows whose energies are made up."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.cli import main as cli
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

PHASES = [("Li_bcc", "Li", 0.0), ("Hg_alpha", "Hg", 0.0), ("LiHg3", "LiHg3", -0.24), ("LiHg_B2", "LiHg", -0.4)]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def electrochemistry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the verb in an empty directory; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.setitem(cli.VERBS, "electrochemistry", "Print capacities and potentials.")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["electrochemistry", *arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def store(folder: Path) -> None:
    """Put the phases into the default database of a folder."""
    database = StructureDatabase(folder / "results" / "structures.db")
    for name, formula, energy in PHASES:
        symbols = Atoms(formula).symbols
        positions = [[3.0 * n, 0.3 * n, 0.0] for n in range(len(symbols))]
        atoms = Atoms(symbols, positions, cell=[3.0 * len(symbols), 3, 2.3], pbc=True)
        total = energy * len(atoms)
        final = atoms.copy()
        final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
        outcome = RelaxationResult(final, total, 0.0, 3, 4, 0.1)
        candidate = Candidate(name, "library", atoms, "made up")
        database.add(candidate, outcome, get_potential("chgnet+d3"), RelaxationSettings())


def test_measured_values_need_no_database(electrochemistry: Run) -> None:
    code, output, errors = electrochemistry()
    assert code == 0
    assert errors == ""
    assert "−2.069 ⚠" in output
    rows = {row["metal"]: row for row in csv.DictReader(io.StringIO(electrochemistry("--csv")[1]))}
    assert float(rows["Li"]["solubility"]) == pytest.approx(0.0133)
    assert rows["Li"]["saturated_V"] == rows["Au"]["capacity_mAh_per_g"] == ""


def test_a_system_brings_its_plateau_steps_and_picture(electrochemistry: Run, tmp_path: Path) -> None:
    store(tmp_path)
    code, output, errors = electrochemistry("Li-Hg", "--json", "--output", "pictures")
    assert code == 0
    document = json.loads(output)
    assert document["potential"] == "chgnet+d3"
    lithium = next(row for row in document["metals"] if row["metal"] == "Li")
    assert lithium["plateau_V"] == pytest.approx(4 * 0.24)
    assert lithium["solid"] == "LiHg3"
    (amalgam,) = document["amalgams"]
    assert [step["rich"] for step in amalgam["interface_steps"]] == ["Hg", "LiHg3", "LiHg", "Li"]
    assert (tmp_path / "pictures" / "self-healing-li-hg.png").is_file()
    assert "picture:" in errors
    assert "LiHg₃" in electrochemistry("Li-Hg")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Li-Na",), "no mercury"),
        (("--output", "x"), "name one"),
        (("--temperature", "-3"), "temperature"),
        (("Li-Hg",), "database"),
    ],
)
def test_bad_input_is_one_line(electrochemistry: Run, arguments: tuple[str, ...], message: str) -> None:
    code, _, errors = electrochemistry(*arguments)
    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1
