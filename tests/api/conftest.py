"""A directory as a user of the documentation has it: with the examples, and a database that a job has filled."""

from __future__ import annotations

from pathlib import Path

import pytest

import amalgamics
from amalgamics.calculators.relaxation.relax import RelaxationSettings
from amalgamics.structures.library.phases import get_phase
from amalgamics.workflows.database.calculations import Calculations
from amalgamics.workflows.database.candidates import Candidate
from amalgamics.workflows.database.structure_database import StructureDatabase

ROOT = Path(amalgamics.__file__).parent
JOB = """
name: hull
systems: [Cu-Au]
potential: emt
structures: {prototypes: false}
"""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``results/structures.db`` with copper, gold and CuAu, ``hull.yaml``, and the examples."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "hull.yaml").write_text(JOB, encoding="utf-8")
    calculations = Calculations(
        StructureDatabase(folder / "results" / "structures.db"), "emt", RelaxationSettings(fmax=0.02)
    )
    gold = get_phase("Au_fcc").atoms()
    ordered = gold.copy()
    ordered.symbols[[0, 1]] = "Cu"
    for name, atoms in (("Cu_fcc", get_phase("Cu_fcc").atoms()), ("Au_fcc", gold), ("CuAu", ordered)):
        calculations.relax(Candidate(name, "library", atoms, "made for the test"), relax_cell=True)
    return folder


@pytest.fixture
def user_folder(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(filled)
    monkeypatch.delenv("AMALGAMICS_DATABASE", raising=False)
    monkeypatch.delenv("AMALGAMICS_LAUNCHPAD", raising=False)
    return filled
