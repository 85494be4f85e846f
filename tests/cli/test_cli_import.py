"""``amalgamics import`` as a user meets it: a table, the refused at the end, and what the other verbs make of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from ase.build import bulk

from amalgamics.cli.import_calculations import MOST_REFUSED
from amalgamics.tests import calculation_files as made
from amalgamics.tests.corpus.runner import Outcome, run

CRYSTALS = {
    "Li": (bulk("Li", "bcc", a=3.44), -1.9),
    "Hg": (bulk("Hg", "fcc", a=4.6), -0.2),
    "LiHg": (bulk("LiHg", "cesiumchloride", a=3.29), -3.0),
    "LiHg3": (bulk("LiHg", "zincblende", a=6.4), -2.2),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    for name, (atoms, energy) in CRYSTALS.items():
        made.write(tmp_path / "runs" / name / "vasprun.xml", made.vasprun(atoms, energy))
    made.write(tmp_path / "runs" / "broken" / "vasprun.xml", "<modeling>")
    return tmp_path


def imported(folder: Path, *more: str) -> Outcome:
    return run(["import", "runs", "--label", "pbe", *more], folder)


def test_what_is_taken_is_a_table_and_what_is_not_comes_last(folder):
    outcome = imported(folder)
    assert outcome.code == 0
    assert outcome.out.startswith("dft:pbe")
    assert outcome.out.count("stored") == 4
    last = outcome.err.strip().splitlines()
    assert last[-2] == "4 stored, 0 there already, 1 refused"
    assert last[-1].startswith("refused: runs/broken/vasprun.xml: the file is cut off")
    assert str(folder) not in outcome.out + outcome.err
    again = imported(folder)
    assert again.out.count("there already") == 4
    assert "0 stored, 4 there already, 1 refused" in again.err


def test_json_and_csv_hold_the_same(folder):
    dry = imported(folder, "--dry-run", "--json")
    found = json.loads(dry.out)
    assert found["potential"] == "dft:pbe"
    assert [row["status"] for row in found["calculations"]] == ["new"] * 4
    assert [one["file"] for one in found["refused"]] == ["runs/broken/vasprun.xml"]
    assert not (folder / "results").exists()
    rows = list(csv.DictReader(io.StringIO(imported(folder, "--csv").out)))
    assert [row["name"] for row in rows] == [row["name"] for row in found["calculations"]]
    energies = [float(row["energy_per_atom"]) for row in rows]
    assert energies == pytest.approx([row["energy_per_atom"] for row in found["calculations"]])


def test_the_other_verbs_take_the_label(folder):
    imported(folder)
    hull = json.loads(run(["hull", "Li-Hg", "--json"], folder).out)
    assert hull["potential"] == "dft:pbe"
    by_formula = {phase["formula"]: phase for phase in hull["phases"] if phase["e_above_hull"] == 0}
    assert by_formula["LiHg"]["formation_energy_per_atom"] == pytest.approx(-0.45)
    assert by_formula["LiHg"]["published_pbe_formation_energy_per_atom"] == -0.3689
    assert by_formula["LiHg"]["source"] == "VASP 6.3.2, PBE, 400 eV, LiHg/vasprun.xml"
    assert hull["voltage_steps"][0]["to"] == "LiHg"
    assert "published PBE" in run(["hull", "Li-Hg", "--potential", "dft:pbe"], folder).out
    rows = json.loads(run(["query", "Li-Hg,potential=dft:pbe,e_above_hull>0.1", "--json"], folder).out)
    assert [row["name"] for row in rows] == ["LiHg3"]
    assert run(["electrochemistry", "Li-Hg", "--potential", "dft:pbe"], folder).code == 0
    written = run(["report", "Li-Hg", "--potential", "dft:pbe", "--output", "page"], folder)
    assert written.code == 0
    page = (folder / "page" / "report.html").read_text(encoding="utf-8")
    assert "formation energy, published PBE" in page
    assert "LiHg/vasprun.xml" in page
    assert str(folder) not in page
    entries = run(["query", "Li-Hg", "--export", "all.json"], folder)
    assert entries.code == 0
    # what another label takes from there agrees
    again = json.loads(run(["import", "all.json", "--label", "copy", "--json"], folder).out)
    assert len(again["calculations"]) == 4
    other = json.loads(run(["hull", "Li-Hg", "--potential", "dft:copy", "--json"], folder).out)
    assert [phase["e_above_hull"] for phase in other["phases"]] == pytest.approx(
        [phase["e_above_hull"] for phase in hull["phases"]]
    )


def test_two_labels_are_two_potentials(folder):
    imported(folder)
    run(["import", "runs", "--label", "other"], folder)
    outcome = run(["hull", "Li-Hg"], folder)
    assert outcome.code == 2
    assert "was computed with dft:other, dft:pbe; choose one with --potential" in outcome.err


def test_without_anything_to_take_it_is_an_error(folder):
    outcome = run(["import", "runs/broken/vasprun.xml", "--label", "pbe"], folder)
    assert outcome.problems() == []
    assert outcome.err.startswith("error: runs/broken/vasprun.xml: the file is cut off")
    several = run(["import", "runs", "--label", "pbe", "--system", "Na-Hg"], folder)
    assert several.code == 0  # mercury lies within
    none = run(["import", "runs", "--label", "none", "--system", "Na-K"], folder)
    *lines, last = none.err.splitlines()
    assert (none.code, none.out) == (2, "")
    assert "refused: runs/Hg/vasprun.xml: it holds Hg, outside Na-K" in lines
    assert len(lines) == 5
    assert last == "error: import: none of 5 calculations was taken, each for its reason"


def test_of_very_many_refused_files_the_first_are_told(folder):
    for number in range(MOST_REFUSED + 3):
        made.write(folder / "many" / str(number) / "vasprun.xml", "<modeling>")
    *lines, last = run(["import", "many", "--label", "pbe"], folder).err.splitlines()
    assert len(lines) == MOST_REFUSED + 1
    assert lines[-1] == "refused: 3 more; --json holds all"
    assert last.startswith(f"error: import: none of {MOST_REFUSED + 3} calculations")


def test_none_taken_is_told_in_json_too(folder):
    outcome = run(["import", "runs/broken/vasprun.xml", "--label", "pbe", "--json"], folder)
    assert outcome.code == 2
    assert json.loads(outcome.out)["calculations"] == []


def test_a_job_does_not_compute_with_a_label(folder):
    (folder / "job.yaml").write_text("name: job\nsystems: [Li-Hg]\npotential: dft:pbe\n")
    outcome = run(["submit", "job.yaml"], folder)
    assert outcome.problems() == []
    assert "'dft:pbe' is a name of imported energies, and nothing can be computed with it" in outcome.err


def test_what_was_packed_and_what_stands_at_an_address_is_told_without_it(folder):
    """Names of files may hold what a terminal would obey."""
    odd = folder / "runs" / "a\x1b[31m.extxyz"
    odd.write_text("1\n")
    outcome = imported(folder)
    assert "\x1b" not in outcome.err + outcome.out
    assert outcome.code == 0
