"""The stability section of a workflow input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from pydantic import ValidationError

from amalgamics.errors import InputError
from amalgamics.workflows.job import Job
from amalgamics.workflows.spec import WorkflowSpec, load_spec
from amalgamics.workflows.studies.stability.settings import StabilitySettings
from amalgamics.workflows.studies.stability.study import StabilityStudy

JOB = """
name: job
systems: [Li-Hg]
potential: chgnet+d3
structures: {prototypes: false}
stability: {electrolytes: [Li3PS4-beta]}
"""


def check(section: StabilitySettings, potential: str = "chgnet+d3", *, relax_cell: bool = True) -> None:
    """Check the section as part of a whole input."""
    relaxation = {"relax_cell": relax_cell}
    spec = WorkflowSpec(name="job", systems=["Li-Hg"], potential=potential, relaxation=relaxation, stability=section)
    section.check(spec)


def study_of(spec: WorkflowSpec) -> StabilityStudy:
    return StabilityStudy(Job.of(spec, {}))


def test_a_name_is_enough() -> None:
    section = StabilitySettings(electrolytes=["LLTO", "Li3PS4-beta"])
    assert section.names == ("LLTO", "Li3PS4-beta")
    assert (section.metal, section.solvent, section.electrodes) == ("Li", "Hg", ())
    systems = section.systems()
    assert set(systems["LLTO"].split("-")) == {"Li", "Hg", "La", "Ti", "O"}
    check(section)


def test_a_file_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk("Au").write(tmp_path / "my gold.cif")
    monkeypatch.chdir(tmp_path)
    section = StabilitySettings.model_validate({"electrolytes": ["my gold.cif"]})
    assert section.names == ("my-gold",)
    assert [solid.file for solid in section.electrolytes] == [str(tmp_path / "my gold.cif")]  # a worker runs elsewhere
    assert section.crystals()["my-gold"].get_chemical_formula() == "Au"
    again = StabilitySettings.model_validate(section.model_dump(mode="json"))
    assert again == section


def test_products_of_ones_own_are_relaxed_with_those_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bulk("LiS", "zincblende", a=6.0).write(tmp_path / "LiS.cif")
    bulk("Au").write(tmp_path / "gold.cif")
    given = {"electrolytes": ["Li3PS4-beta"], "products": ["LiS.cif"]}
    section = StabilitySettings.model_validate(given)
    check(section)
    spec = WorkflowSpec(name="job", systems=["Li-Hg"], potential="chgnet+d3", stability=section)
    kinds = {candidate.name: candidate.kind for candidate, _ in study_of(spec).crystals}
    assert kinds["LiS"] == "file"
    assert kinds["Li2S"] == "library"
    with pytest.raises(InputError, match=r"'gold' \(Au\) cannot form from any of the electrolytes with Li and Hg"):
        check(StabilitySettings.model_validate(given | {"products": ["gold.cif"]}))
    with pytest.raises(InputError, match="'LiS' is among the electrolytes too"):
        check(StabilitySettings.model_validate({"electrolytes": ["LiS.cif"], "products": ["LiS.cif"]}))
    (tmp_path / "LiS.cif").rename(tmp_path / "Li2S.cif")
    with pytest.raises(InputError, match="'Li2S' is a phase of the library, which is among the products anyway"):
        check(StabilitySettings.model_validate(given | {"products": ["Li2S.cif"]}))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"electrolytes": ["LLTOO"]}, "Did you mean 'LLTO'"),
        ({"electrolytes": ["missing.cif"]}, "no such structure file: missing.cif"),
        ({"electrolytes": []}, "at least 1"),
        ({"electrolytes": ["LLTO", "LLTO"]}, "more than once"),
        ({"electrolytes": ["LLTO"], "electrodes": ["NaHg"]}, "more than Li and Hg"),
        ({"electrolytes": ["LLTO"], "electrodes": ["Xx2"]}, "unknown element 'Xx'"),
        ({"electrolytes": ["LLTO"], "metal": "Hg"}, "names Hg more than once"),
        ({"electrolytes": ["LLTO"], "metal": "Lii"}, "unknown element"),
        ({"electrolytes": ["LLTO"], "elektrodes": ["Hg"]}, "Extra inputs"),
    ],
)
def test_mistakes_are_told(content: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        StabilitySettings.model_validate(content)


def test_what_the_fields_alone_cannot_tell_is_checked_before_any_compute(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="relax_cell"):
        check(StabilitySettings(electrolytes=["LLTO"]), "chgnet+d3", relax_cell=False)
    with pytest.raises(InputError, match="emt"):
        check(StabilitySettings(electrolytes=["LLTO"]), "emt")
    with pytest.raises(InputError, match="Li and Hg only"):
        check(StabilitySettings(electrolytes=["LiHg"]))
    places = [[0, 0, 0], [0.5, 0.5, 0.5]]
    Atoms("WLi", scaled_positions=places, cell=[4.0] * 3, pbc=True).write(tmp_path / "odd.cif")
    with pytest.raises(InputError, match="pure W"):
        check(StabilitySettings(electrolytes=[str(tmp_path / "odd.cif")]))
    bulk("Au").write(tmp_path / "Au_fcc.cif")
    with pytest.raises(InputError, match=r"give the file .* a name"):
        check(StabilitySettings(electrolytes=[str(tmp_path / "Au_fcc.cif")]))


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write an input file in an empty working directory and return its path."""
    monkeypatch.chdir(tmp_path)

    def _write(text: str) -> Path:
        path = tmp_path / "job.yaml"
        path.write_text(text)
        return path

    return _write


def test_electrolyte_and_all_its_possible_products_are_asked_for(write) -> None:
    spec = load_spec(write(JOB))
    crystals = {item.name: (item, settings) for item, settings in study_of(spec).crystals}
    assert {"Li3PS4-beta", "Li2S", "Li3P", "HgS_beta", "LiHg3", "Hg_alpha", "S_alpha"} <= set(crystals)
    assert "LaTiO3" not in crystals
    assert all(set(item.atoms.get_chemical_symbols()) <= {"Li", "P", "S", "Hg"} for item, _ in crystals.values())
    electrolyte, settings = crystals["Li3PS4-beta"]
    assert electrolyte.kind == "substrate"
    assert settings.max_steps >= 1000
    assert crystals["Li2S"][1] == spec.relaxation.settings()
    study = study_of(spec)
    keys = study.keys_of(study.crystals)
    assert len(set(keys)) == len(crystals)
    assert keys == study_of(spec).keys_of(study_of(spec).crystals)


def test_an_electrolyte_that_is_a_library_phase_is_computed_once(write) -> None:
    spec = load_spec(write(JOB.replace("Li3PS4-beta", "Li3PS4_gamma")))
    names = [item.name for item, _ in study_of(spec).crystals]
    assert names.count("Li3PS4_gamma") == 1
