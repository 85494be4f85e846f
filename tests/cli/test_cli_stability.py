"""``amalgamics stability`` on rows whose energies are made up."""

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
from amalgamics.cli.main import main
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

# Name, formula and energy against the elements, eV/atom.
PHASES = [
    ("Li_bcc", "Li", 0.0),
    ("Hg_alpha", "Hg", 0.0),
    ("P_black", "P", 0.0),
    ("S_alpha", "S", 0.0),
    ("LiHg3", "LiHg3", -0.24),
    ("Li2S", "Li2S", -1.56),
    ("Li3P", "Li3P", -0.69),
    ("Li3PS4-beta", "Li3PS4", -1.23),
]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def stability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the verb in a directory whose database holds the phases; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    database = StructureDatabase(tmp_path / "results" / "structures.db")
    for name, formula, energy in PHASES:
        symbols = Atoms(formula).symbols
        atoms = Atoms(symbols, [[3.0 * n, 0.3 * n, 0.0] for n in range(len(symbols))], cell=[40, 9, 8], pbc=True)
        total = energy * len(atoms)
        final = atoms.copy()
        final.calc = SinglePointCalculator(final, energy=total, forces=0 * final.positions, stress=[0.0] * 6)
        candidate = Candidate(name, "substrate" if "-" in name else "library", atoms, "made up")
        outcome = RelaxationResult(final, total, 0.0, 3, 4, 0.1)
        database.add(candidate, outcome, get_potential("chgnet+d3"), RelaxationSettings())

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["stability", *arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_the_screen_shows_reactions_plateaus_and_the_finding(stability: Run) -> None:
    code, output, errors = stability()
    assert code == 0, errors
    assert "Li3PS4-beta with chgnet+d3" in output
    assert "Li3PS4 + 8 Li -> 4 Li2S + Li3P" in output
    assert "Li3PS4-beta is reduced below 1.78 V" in output
    assert "HgS_alpha is left out" in errors


def test_json_and_csv_hold_the_same_numbers(stability: Run) -> None:
    (document,) = json.loads(stability("Li3PS4-beta", "--json")[1])
    assert document["electrolyte"] == "Li3PS4-beta"
    assert document["reduction_onset_V"] == pytest.approx((4 * 3 * 1.56 - 8 * 1.23) / 5)
    assert [one["voltage_V"] for one in document["published_onsets"]] == [1.71]
    rows = list(csv.DictReader(io.StringIO(stability("Li3PS4-beta", "--csv")[1])))
    assert [row["electrode"] for row in rows] == ["Hg_alpha", "LiHg3", "Li_bcc"]
    by_name = {one["electrode"]: one for one in document["reactions"]}
    for row in rows:
        told = by_name[row["electrode"]]["energy"]
        assert row["energy"] == ("" if told is None else str(told))


def test_electrodes_are_chosen_and_pictures_written(stability: Run, tmp_path: Path) -> None:
    code, output, errors = stability("Li3PS4-beta", "--electrodes", "LiHg3, Hg", "--output", "pictures", "--json")
    assert code == 0, errors
    (document,) = json.loads(output)
    assert [one["formula"] for one in document["reactions"]] == ["LiHg3", "Hg"]
    written = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert written == ["stability-Li3PS4-beta-reactions.png", "stability-Li3PS4-beta-reduction.png"]
    assert "picture: " in errors


def test_what_is_there_is_shown_and_what_is_not_is_told(stability: Run) -> None:
    code, output, errors = stability("Li3PS4-beta", "LLTO")
    assert code == 0
    assert "Li3PS4-beta with" in output
    assert "LLTO" in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Li3PS4-bet",), "Did you mean 'Li3PS4-beta'?"),
        (("Li3PS4-beta", "--electrodes", "NaHg"), "more than Li and Hg"),
        (("Li3PS4-beta", "--electrodes", "LiHg7"), "no energy of such a phase"),
        (("Li3PS4-beta", "--metal", "Hg"), "more than once"),
        (("Li3PS4-beta", "--potential", "emt"), "chgnet+d3"),
        (("Li3PS4-beta", "--database", "elsewhere.db"), "no structure database"),
    ],
)
def test_mistakes_end_in_one_line(stability: Run, arguments: tuple[str, ...], told: str) -> None:
    code, output, errors = stability(*arguments)
    assert code == 2
    assert output == ""
    assert told in errors
    assert errors.count("\n") == 1
