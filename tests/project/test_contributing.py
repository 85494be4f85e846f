"""CONTRIBUTING.md is walked: every block of it is tried, and the files that it names are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ase.build import bulk
from pydantic import create_model

from amalgamics.calculators.potentials.cards import MODEL_CARDS
from amalgamics.calculators.potentials.names import UnsupportedElementError, get_potential
from amalgamics.reference.measured import Sources, load, parse
from amalgamics.reference.metals import MetalsFile
from amalgamics.structures.library import electrolytes
from amalgamics.structures.library.phases import read_library
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec
from amalgamics.workflows.studies.equation_of_state import EquationOfStateStudy
from amalgamics.workflows.studies.registry import STUDIES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FOLDERS = ("api", "calculators", "cli", "docs", "reference", "reports", "structures", "thermodynamics", "workflows")


def blocks(heading: str, language: str) -> list[str]:
    """The blocks of code under a heading."""
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", TEXT, flags=re.DOTALL | re.MULTILINE)
    return re.findall(rf"```{language}\n(.*?)```", part, flags=re.DOTALL)


def run(code: str) -> dict[str, Any]:
    """What a block of Python defines."""
    names: dict[str, Any] = {"__name__": "walk"}
    exec(compile(code, "walk", "exec", dont_inherit=True), names)
    return names


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./*]*)`", TEXT)
    assert len(named) > 10
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


def test_a_metal_is_an_entry_and_a_crystal() -> None:
    metal, crystal = blocks("Adding a metal", "yaml")
    raw = {"schema": 1, "metals": yaml.safe_load(metal), "oxidation_states": {}}
    found = parse(MetalsFile, raw, load(Sources).sources).metals["Cs"]
    (phase,) = read_library(f"schema: 1\nphases:\n{crystal}")
    assert found.phase == phase.key
    assert found.melting_point_K == pytest.approx(301.65)
    assert set(phase.atoms().get_chemical_symbols()) == {"Cs"}
    assert phase.space_group_number == 229


def test_an_electrolyte_is_a_model_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("Adding an electrolyte", "python")
    model = run(code)["model"]
    monkeypatch.setattr(electrolytes, "list_electrolytes", lambda: [model])
    assert set(electrolytes.get_electrolyte(model.name).get_chemical_symbols()) == {"Li", "O"}


def test_a_potential_is_a_card_and_a_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("Adding a potential", "python")
    monkeypatch.setitem(MODEL_CARDS, "emt-soft", None)  # so that it is gone afterwards
    run(code)
    potential = get_potential("emt-soft")
    potential.check_elements(["Cu", "Au"])
    with pytest.raises(UnsupportedElementError, match="Ni"):
        potential.check_elements(["Ni"])


def test_a_study_is_a_class(tmp_path: Path) -> None:
    (code,) = blocks("Adding a study", "python")
    walk = run(code)

    # What its line in STUDIES would do.
    settings: Any = walk["StretchingSettings"]
    Spec = create_model("Spec", __base__=WorkflowSpec, stretching=(settings, ...))
    spec = Spec(
        name="job", systems=["Cu-Au"], potential="emt", database=tmp_path / "structures.db", stretching={"strain": 0.02}
    )
    job = Job.of(spec, {})
    calculations = Calculations(job.database, "emt", spec.relaxation.settings())
    row = calculations.relax(Candidate("Cu", "file", bulk("Cu"), "test"), relax_cell=True)
    study = walk["StretchingStudy"](Job(spec, job.database, {"Cu": row.fingerprint}))
    (only,) = study.plan()
    study.run(only.method, only.arguments)
    assert study.plan() == []
    assert study.failed() == []
    (energy,) = study.results().values()
    assert 0.0 < energy < 0.1
    (section,) = study.sections(study.results())
    assert section.tables[0].rows == (("Cu", 1000 * energy),)


def test_the_study_that_it_points_to_is_one() -> None:
    assert EquationOfStateStudy in STUDIES
    assert (ROOT / "docs" / "equation-of-state.md").is_file()
