"""``amalgamics benchmarks`` and ``query --export``: tables, files and pages, on a small real database."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from amalgamics.calculators.potentials.names import get_potential
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.calculators.relaxation.results import RelaxationResult
from amalgamics.cli import main as cli
from amalgamics.reports.benchmarks.table import BEGIN, COLUMNS, END
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase


@pytest.fixture
def path(tmp_path) -> Path:
    target = tmp_path / "structures.db"
    for name, symbol, a in (("Al_fcc", "Al", 4.0), ("Ag_fcc", "Ag", 4.1)):
        atoms = bulk(symbol, a=a)
        final = atoms.copy()
        final.calc = SinglePointCalculator(final, energy=0.0, forces=np.zeros((1, 3)), stress=np.zeros(6))
        result = RelaxationResult(final, 0.0, 0.0, 1, 1, 0.1)
        candidate = Candidate(name, "library", atoms, "made up")
        StructureDatabase(target).add(candidate, result, get_potential("emt"), RelaxationSettings())
    return target


@pytest.fixture
def run(monkeypatch, capsys, path):
    monkeypatch.setitem(cli.VERBS, "benchmarks", "Compare.")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            cli.main([arguments[0], *arguments[1:], "--database", str(path)])
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_the_table_shows_values_and_mean_errors(run):
    code, out, _ = run("benchmarks")
    assert code == 0
    assert "Mean absolute errors" in out
    assert "4.0000" in out  # the cell of aluminium


def test_json_and_csv_hold_every_published_value_once_for_each_potential(run):
    table = json.loads(run("benchmarks", "--json")[1])
    assert table["potentials"] == ["emt"]
    by_key = {(v["property"], v["subject"], v["label"], v["basis"]): v for v in table["values"]}
    assert len(by_key) == len(table["values"]) > 200
    edge = by_key["cell_length", "Al_fcc", "a", "experiment"]
    assert (edge["computed"], edge["potential"], edge["error_unit"]) == (pytest.approx(4.0), "emt", "%")
    assert edge["error"] == pytest.approx(100 * (4.0 / edge["reference"] - 1))
    gap = by_key["formation_enthalpy", "LiHg3", "", "experiment"]
    assert gap["computed"] is gap["potential"] is None
    assert gap["not_computed"] == "needs the hull of its elements"
    assert {item["property"] for item in table["not_compared"]} >= {"melting_point", "liquid_density"}
    rows = list(csv.DictReader(io.StringIO(run("benchmarks", "--csv")[1])))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(table["values"])


def test_free_atoms_add_cohesive_energies(run):
    before = json.loads(run("benchmarks", "--json")[1])["values"]
    after = json.loads(run("benchmarks", "--json", "--free-atoms")[1])["values"]

    def cohesive(values):
        return {v["subject"]: v["computed"] for v in values if v["property"] == "cohesive_energy" and v["computed"]}

    assert cohesive(before) == {}
    assert cohesive(after) == {"Al": pytest.approx(3.28, abs=0.02), "Ag": pytest.approx(2.96, abs=0.02)}


def test_a_page_is_updated_between_its_markers(run, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n{BEGIN}\nold\n{END}\nthe end\n", encoding="utf-8")
    code, out, _ = run("benchmarks", "--update", str(page))
    text = page.read_text(encoding="utf-8")
    assert (code, "updated" in out) == (0, True)
    assert text.startswith("# Title\n")
    assert text.endswith("the end\n")
    assert "old" not in text
    for part in ("`emt`", "## Not computed", "## Not compared", "| melting point |"):
        assert part in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["benchmarks", "--potential", "chgnet"], "nothing was computed with 'chgnet'"),
        (["benchmarks", "--update", "none.md"], "no page none.md"),
        (["query", "Al", "--export", "rows.doc"], "must end in one of .csv"),
        (["query", "Li", "--export", "rows.cif"], "no structure matches"),
    ],
)
def test_bad_input_is_one_line(run, arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {item for item in tmp_path.iterdir() if item.suffix != ".lock"}
    code, _, err = run(*arguments)
    assert code == 2
    assert told in err
    assert len(err.strip().splitlines()) == 1
    assert {item for item in tmp_path.iterdir() if item.suffix != ".lock"} == before


def test_a_page_without_markers_is_refused_and_kept(run, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing here\n", encoding="utf-8")
    code, _, err = run("benchmarks", "--update", str(page))
    assert (code, "two markers" in err) == (2, True)
    assert page.read_text(encoding="utf-8") == "nothing here\n"


@pytest.mark.parametrize("suffix", ["csv", "extxyz", "cif", "json"])
def test_query_exports_what_it_finds(run, tmp_path, suffix):
    target = tmp_path / "new" / f"rows.{suffix}"
    code, _, err = run("query", "Al,e_above_hull>1", "--export", str(target))
    assert (code, "no structure matches" in err) == (2, True)
    code, out, _ = run("query", "Al", "--export", str(target))
    assert (code, out.startswith("1 structures: ")) == (0, True)
    assert target.stat().st_size > 50
    code, out, err = run("query", "Al", "--json", "--export", str(target))
    assert [row["name"] for row in json.loads(out)] == ["Al_fcc"]
    assert str(target) in err
